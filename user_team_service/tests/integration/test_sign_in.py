"""Signing in, and what keeps others out."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from user_team.users.models import Role, User

LOGIN = "/admin/login/"
PASSWORD = "correct horse battery"


def attempt(client, password=PASSWORD, username="root", **more):
    return client.post(LOGIN, {"username": username, "password": password}, **more)


def is_signed_in(client):
    return client.get("/admin/").status_code == 200


def test_signing_in_leads_to_the_start_page(superuser, client):
    response = attempt(client)
    assert response.url == "/admin/"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/x", "javascript:alert(1)", "///evil", "\\\\evil"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(superuser, client, target):
    response = client.post(
        f"{LOGIN}?next={target}", {"username": "root", "password": PASSWORD, "next": target}
    )
    assert response.url == "/admin/"
    assert client.post("/i18n/setlang/", {"language": "ru", "next": target}).url == "/"


def test_guessing_is_locked_out_even_with_the_right_password_at_last(superuser, client):
    for _ in range(4):
        assert attempt(client, "wrong").status_code == 200
    locked = attempt(client, "wrong")
    assert locked.status_code == 429
    assert "Too many failed sign-ins" in locked.content.decode()
    assert attempt(client).status_code == 429
    assert not is_signed_in(client)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "X-Client-IP"])
def test_a_made_up_address_does_not_open_the_lock(superuser, client, header):
    for number in range(6):
        response = attempt(client, "wrong", headers={header: f"203.0.113.{number}"})
    assert response.status_code == 429


def test_guessing_from_one_place_does_not_lock_the_owner_out(superuser, client):
    for _ in range(6):
        attempt(client, "wrong", REMOTE_ADDR="203.0.113.7")
    assert attempt(client).status_code == 302


@pytest.mark.parametrize("username", ["a\x00b", "x" * 10_000, "'; DROP TABLE users_user; --", ""])
def test_odd_names_are_form_errors(superuser, client, username):
    assert attempt(client, username=username).status_code in {200, 429}


def test_forms_without_a_token_are_refused(superuser):
    browser = Client(enforce_csrf_checks=True)
    assert attempt(browser).status_code == 403
    browser.force_login(superuser, backend="django.contrib.auth.backends.ModelBackend")
    for page in (
        "teams/project/add/",
        "teams/project/import/",
        "teams/userassignment/",
        "users/user/1/password/",
    ):
        assert browser.post(f"/admin/{page}", {"name": "x"}).status_code == 403


def test_a_foreign_host_name_is_refused(client):
    assert client.get(LOGIN, headers={"Host": "evil.example"}).status_code == 400
    assert client.get(LOGIN, headers={"X-Forwarded-Host": "evil.example"}).status_code == 200


def test_neither_the_log_nor_the_page_says_who_tried(superuser, client, caplog):
    caplog.set_level("DEBUG", logger="user_team")
    caplog.set_level("INFO")
    for _ in range(6):
        attempt(client, "wrong", username="secret.person")
    assert "sign-in failed" in caplog.text
    assert "locked out" in caplog.text
    assert "secret.person" not in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_people_who_are_no_staff_stay_out(company, client):
    company.person(username="plain", password=PASSWORD)
    assert attempt(client, username="plain").status_code == 200
    assert not is_signed_in(client)


def test_pages_forbid_framing_foreign_content_and_sniffing(superuser, client):
    headers = client.get(LOGIN).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    attempt(client)
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"


def test_the_language_is_switched_and_kept(admin):
    admin.post("/i18n/setlang/", {"language": "ru", "next": "/admin/"})
    assert "Назначения" in admin.get("/admin/").content.decode()
    admin.post("/i18n/setlang/", {"language": "en", "next": "/admin/"})
    assert "Assignments" in admin.get("/admin/").content.decode()


class TestEnsureSuperuser:
    @pytest.fixture(autouse=True)
    def chosen(self, db, monkeypatch):
        monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "boss")
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "boss@example.com")

    def run(self):
        out = StringIO()
        call_command("ensure_superuser", stdout=out)
        return out.getvalue()

    def test_it_creates_the_administrator_once(self):
        assert "created" in self.run()
        boss = User.objects.get(username="boss")
        assert boss.check_password(PASSWORD)
        assert (boss.is_superuser, boss.role, boss.email) == (True, Role.ADMIN, "boss@example.com")
        boss.set_password("changed since")
        boss.save()
        assert "exists" in self.run()
        assert User.objects.get(username="boss").check_password("changed since")

    def test_it_gives_nobody_rights_they_did_not_have(self, company):
        company.person(username="boss")
        with pytest.raises(CommandError, match="no superuser"):
            self.run()
        assert not User.objects.get(username="boss").is_superuser

    def test_without_a_password_it_says_so(self, monkeypatch):
        monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD")
        with pytest.raises(CommandError, match="DJANGO_SUPERUSER_PASSWORD"):
            self.run()
