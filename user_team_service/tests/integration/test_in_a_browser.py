"""The admin's main ways in a real browser, on the real server."""

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b32decode
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django_otp.oath import totp
from playwright.sync_api import expect, sync_playwright

from user_team.identity.models import Application
from user_team.users.models import Role, User

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT_MS = 15_000
PASSWORD = "correct horse battery"
EXAMPLES = Path(__file__).parents[3] / "examples" / "company"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"
)


@pytest.fixture
def site(stack, committed_company, people):
    """The address of the service as it is run: gunicorn, on this test's database."""
    root = User.objects.create_superuser(
        "root", "root@example.com", role=Role.ADMIN, time_zone="Europe/Moscow"
    )
    User.objects.filter(pk=root.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    at = connection.settings_dict
    environment = {
        **stack.environment,
        "USER_TEAM_DB_NAME": at["NAME"],
        "USER_TEAM_PORT": str(port),
        "USER_TEAM_SECRET_KEY": "only for tests, but long enough to be a key of the usual length",
        "USER_TEAM_ALLOWED_HOSTS": "127.0.0.1",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "python:user_team.gunicorn", "user_team.wsgi"]
    server = subprocess.Popen(command, env=environment, cwd="/")
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_ready(address, server, timeout=60):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not become ready")


@pytest.fixture
def chromium(site):
    """Runs only between what uses the database here: Django refuses that beside its loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(site, chromium):
    """A signed-in window; whatever the browser complains about fails the test."""
    context = chromium.new_context(base_url=site, viewport={"width": 1400, "height": 1000}, locale="en-GB")
    context.set_default_timeout(TIMEOUT_MS)
    window = context.new_page()
    complaints = []
    window.on("pageerror", lambda error: complaints.append(str(error)))
    window.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(window)
    yield window
    context.close()
    assert complaints == []


@pytest.fixture
def people(committed_company):
    return [committed_company.person(first_name="Anna", last_name=f"Orlova{n}") for n in range(2)]


def sign_in(window, password=PASSWORD):
    window.goto("/admin/")
    window.fill("[name=username]", "root")
    window.fill("[name=password]", password)
    window.click("#login-form [type=submit]")


def choose(window, field, text):
    """Pick from a select2 autocomplete as a person does: open, type, click."""
    window.locator(f"#id_{field} + .select2").click()
    window.locator(".select2-search__field").last.fill(text)
    window.locator(".select2-results__option", has_text=text).first.click()


def add_assignment(window, person="Orlova0", team="Backend"):
    window.goto("/admin/teams/userassignment/add/")
    choose(window, "user", person)
    choose(window, "project", "Acme site")
    choose(window, "team", team)
    window.click("[name=_save]")
    window.wait_for_url("**/admin/teams/userassignment/")


def run_action(window, name):
    window.locator("[name=_selected_action]").first.check()
    window.select_option("[name=action]", name)
    window.get_by_role("button", name=re.compile("^(Run|Выполнить)$")).click()


def test_signing_in_with_a_wrong_and_then_the_right_password(site, chromium):
    window = chromium.new_page(base_url=site)
    sign_in(window, "wrong")
    expect(window.get_by_text("Please enter the correct").first).to_be_visible()
    sign_in(window)
    expect(window.locator("#pipeline-health")).to_have_attribute("data-state", "absent")
    window.close()


def test_an_assignment_is_added_moved_and_its_history_read(page):
    add_assignment(page)
    expect(page.locator("#result_list").get_by_text("Backend")).to_be_visible()
    run_action(page, "move_to_team")
    choose(page, "team", "Frontend")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text("Moved to Acme site / Frontend.")).to_be_visible()
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("link", name="History").first.click()
    page.wait_for_url("**/history/")
    for word in ("root", "Changed", "Backend", "Frontend"):
        expect(page.locator("table").first).to_contain_text(word)


def test_assignments_are_ended_after_a_question(page):
    add_assignment(page)
    run_action(page, "end_assignments")
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("1 assignment ended.")).to_be_visible()


def test_an_import_shows_a_dry_run_before_it_is_confirmed(page):
    for kind, name in (("users/organization", "1-organizations"), ("users/user", "2-people")):
        page.goto(f"/admin/{kind}/import/")
        page.set_input_files("[name=import_file]", EXAMPLES / f"{name}.csv")
        page.select_option("[name=format]", "0")
        page.locator("form [type=submit]").last.click()
        expect(page.locator("[name=import_file_name]")).to_have_count(1)
        page.locator("form:has([name=import_file_name]) [type=submit]").click()
        page.wait_for_url(f"**/admin/{kind}/")
        expect(page.get_by_text("Import finished")).to_be_visible()
    expect(page.get_by_text("60 new")).to_be_visible()


def test_a_bad_file_is_reported_line_by_line(page, tmp_path):
    table = tmp_path / "bad.csv"
    table.write_text("organization,name\nAcme,Good\nNowhere,Bad\n")
    page.goto("/admin/teams/project/import/")
    page.set_input_files("[name=import_file]", table)
    page.select_option("[name=format]", "0")
    page.locator("form [type=submit]").last.click()
    expect(page.get_by_text("There is no organization “Nowhere”.")).to_be_visible()
    expect(page.locator("[name=import_file_name]")).to_have_count(0)


def test_the_language_is_switched_in_the_menu(page):
    page.context.add_cookies([{"name": "django_language", "value": "ru", "url": page.url}])
    page.reload()
    expect(page.get_by_role("link", name="Назначения").first).to_be_visible()
    expect(page.get_by_text("Изменения для других служб")).to_be_visible()


@pytest.fixture
def web(committed_company):
    """An application at another address, which asks for people's consent."""
    return Application.objects.create(
        name="Web client",
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="http://web.localhost:9/signed-in",
    )


def test_consent_leads_back_to_the_application_and_a_second_factor_is_set_up(web, page):
    page.route("http://web.localhost:9/**", lambda route: route.fulfill(body="Welcome"))
    query = f"client_id={web.client_id}&response_type=code&scope=openid&code_challenge={'x' * 43}"
    page.goto(f"/o/authorize/?{query}&code_challenge_method=S256&redirect_uri={web.redirect_uris}")
    expect(page.get_by_text("act in the suite with your rights")).to_be_visible()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("http://web.localhost:9/signed-in?code=*")
    page.goto("/admin/second-factor/")
    key = page.locator("#secret").inner_text()
    page.fill("[name=code]", f"{totp(b32decode(key)):06}")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
