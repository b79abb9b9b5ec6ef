"""Refresh tokens: each is good once, and one that comes back ends all that came of its sign-in."""

from django.contrib.auth.hashers import make_password
from django.test import Client


def test_each_gives_the_next_one_and_a_token_of_what_is_true_now(web, person, read):
    first = web.tokens()
    type(person).objects.update(role="manager")
    second = web.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert read(second["access_token"], "team-suite")["role"] == "manager"


def test_one_that_comes_back_was_stolen_and_ends_the_whole_family(web, userinfo):
    first = web.tokens()
    second = web.refresh(first["refresh_token"]).json()
    third = web.refresh(second["refresh_token"]).json()
    unrelated = web.tokens()
    assert web.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.refresh(third["refresh_token"]).json()["error"] == "invalid_grant"
    assert userinfo(third["access_token"]).status_code == 401
    assert web.refresh(unrelated["refresh_token"]).status_code == 200


def test_those_of_inactive_people_and_of_other_applications_are_refused(web, person, userinfo, other_web):
    tokens = web.tokens()
    assert other_web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    tokens = web.tokens()
    type(person).objects.update(is_active=False)
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401


def test_a_new_password_ends_them_all(web, person, userinfo, admin):
    """Whoever changes it because somebody knows it must not leave that somebody signed in."""
    code, tokens = web.code(), web.tokens()
    new = {"password1": "stapler battery 7", "password2": "stapler battery 7", "usable_password": "true"}
    assert admin.post(f"/admin/users/user/{person.pk}/password/", new).status_code == 302
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.exchange(code).json()["error"] == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401
    assert web.authorize().url.startswith("/o/sign-in/")


def test_so_does_taking_the_password_away(web, person, userinfo):
    code, tokens = web.code(), web.tokens()
    person.set_unusable_password()
    person.save()
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.exchange(code).json()["error"] == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401


def test_a_renewed_hash_of_the_same_password_ends_none(web, person):
    """Django makes it at a sign-in after its way of hashing has changed."""
    tokens = web.tokens()
    old = make_password("correct horse battery", hasher="pbkdf2_sha256")
    type(person).objects.update(password=old)
    form = {"username": "anna", "password": "correct horse battery"}
    assert Client().post("/api/token", form).status_code == 200
    assert type(person).objects.get().password != old, "renewed"
    assert web.refresh(tokens["refresh_token"]).status_code == 200


def test_a_revoked_one_is_over(web):
    tokens = web.tokens()
    form = {"token": tokens["refresh_token"], "client_id": web.client_id}
    assert Client(enforce_csrf_checks=True).post("/o/revoke_token/", form).status_code == 200
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_database_keeps_none_of_them(web):
    tokens = web.tokens()
    rows = [
        *web.application.accesstoken_set.values_list("token", flat=True),
        *web.application.refreshtoken_set.values_list("token", flat=True),
    ]
    assert len(rows) == 2
    assert not set(rows) & set(tokens.values())
