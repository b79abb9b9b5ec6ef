"""A second factor: set up in the admin, asked for at every sign-in from then on, recoverable."""

import re
from base64 import b32decode

import pytest
import time_machine
from django.test import Client
from django_otp.oath import totp

PASSWORD = "correct horse battery"
PAGE = "/admin/second-factor/"
ASKED = "Enter the current one-time code"


class App:
    """An authenticator app that has scanned the QR code."""

    def __init__(self, page):
        text = page.content.decode()
        assert "data:image/svg+xml;base64," in text
        self._key = b32decode(re.search(r'id="secret">(\w+)<', text)[1])

    def code(self):
        return f"{totp(self._key):06}"

    def wrong(self):
        return f"{(totp(self._key) + 1) % 1_000_000:06}"


@pytest.fixture
def clock():
    """Time moves by the test: each code is good once, in its 30 seconds."""
    with time_machine.travel(1_790_000_000, tick=False) as traveller:
        yield traveller


@pytest.fixture
def app(admin, clock):
    """The superuser's, who has set it up."""
    app = App(admin.get(PAGE))
    app.set_up = admin.post(PAGE, {"code": app.code()})
    clock.shift(30)
    return app


def enter(**more):
    return Client().post("/admin/login/", {"username": "root", "password": PASSWORD, **more})


def ask_token(**more):
    return Client().post("/api/token", {"username": "root", "password": PASSWORD, **more})


def recovery_codes(app):
    return re.findall(r"<li>([a-z2-7]{8})</li>", app.set_up.content.decode())


def test_it_is_on_only_after_a_right_code(admin, clock):
    app = App(admin.get(PAGE))
    assert "wrong or no longer good" in admin.post(PAGE, {"code": app.wrong()}).content.decode()
    assert enter().status_code == 302, "nothing is asked before it works"
    clock.shift(30)
    assert App(admin.get(PAGE)).code() == app.code(), "the secret is the one that was scanned"
    assert "The second factor is on" in admin.post(PAGE, {"code": app.code()}).content.decode()
    assert ASKED in enter().content.decode()


def test_every_sign_in_asks_for_a_code_from_then_on(app, clock):
    for code in ("", "000", app.wrong(), "x" * 16, "12345\x00"):
        assert enter(otp=code).status_code == 200, code
        clock.shift(120)  # wrong codes make the next one wait
    code = app.code()
    assert enter(otp=code).status_code == 302
    assert enter(otp=code).status_code == 200, "each code is good once"


def test_guessing_codes_is_slowed_down(app):
    assert enter(otp=app.wrong()).status_code == 200
    assert enter(otp=app.code()).status_code == 200, "too soon"


def test_scripts_must_send_one_too(app, clock):
    for more in ({}, {"otp": app.wrong()}):
        refused = ask_token(**more)
        assert refused.status_code == 401
        assert refused.json()["otp_required"] is True
    assert "otp_required" not in Client().post("/api/token", {"username": "root", "password": "x"}).json()
    clock.shift(60)
    assert ask_token(otp=app.code()).status_code == 200


def test_a_recovery_code_works_once_instead(app):
    codes = recovery_codes(app)
    assert len(set(codes)) == 10
    assert enter(otp=codes[0]).status_code == 302
    assert ask_token(otp=codes[1]).status_code == 200
    assert enter(otp=codes[0]).status_code == 200


def test_it_is_switched_off_with_a_code(admin, app, clock):
    assert admin.post(PAGE, {"code": app.wrong()}).status_code == 200
    assert ASKED in enter().content.decode()
    clock.shift(60)
    assert App(admin.post(PAGE, {"code": app.code()}))
    assert enter().status_code == 302


def test_a_superuser_resets_somebody_s(admin, app, superuser, company, sign_in):
    page = f"/admin/users/user/{superuser.pk}"
    assert "Reset the second factor" in admin.get(f"{page}/change/").content.decode()
    other = company.administrator()
    colleague = sign_in(other)
    assert colleague.post(f"{page}/reset_second_factor/", {"_form_submitted": "True"}).status_code == 403
    assert ask_token().status_code == 401
    assert admin.get(f"{page}/reset_second_factor/").status_code == 200, "asks first"
    assert ask_token().status_code == 401
    assert admin.post(f"{page}/reset_second_factor/", {"_form_submitted": "True"}).status_code == 200
    assert ask_token().status_code == 200
    assert "Reset the second factor" not in admin.get(f"{page}/change/").content.decode()


def test_the_page_is_for_those_who_are_signed_in(company, sign_in):
    assert Client().get(PAGE).url.startswith("/admin/login/")
    plain = sign_in(company.person())
    assert plain.get(PAGE).status_code == 302
