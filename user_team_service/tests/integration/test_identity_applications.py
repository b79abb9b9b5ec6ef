"""Superusers register applications in the admin; a secret is shown once and kept as a hash."""

import re

import pytest
from django.contrib.auth.hashers import check_password

from user_team.identity.models import Application
from user_team.identity.permissions import NAMES, suite_permissions

ADD = "/admin/identity/application/add/"
SERVICE = {
    "name": "Reports",
    "client_type": "confidential",
    "authorization_grant_type": "client-credentials",
    "redirect_uris": "",
    "post_logout_redirect_uris": "",
    "allowed_origins": "",
}
SHOWN = re.compile(r"<code>(\w{128})</code>")


@pytest.fixture
def service(admin):
    page = admin.post(ADD, SERVICE, follow=True)
    return Application.objects.get(), SHOWN.search(page.content.decode())[1]


def proves_itself(client, application, secret):
    form = {"grant_type": "client_credentials", "client_id": application.client_id, "client_secret": secret}
    return client.post("/o/token/", form).status_code == 200


def test_a_new_service_is_told_its_secret_once(admin, service, client):
    application, secret = service
    assert application.client_secret != secret
    assert check_password(secret, application.client_secret)
    again = admin.get(f"/admin/identity/application/{application.pk}/change/").content.decode()
    assert not SHOWN.search(again)
    assert application.client_secret not in again
    assert proves_itself(client, application, secret)


def test_its_permissions_are_chosen_from_those_of_the_suite(admin, service):
    application, _secret = service
    page = f"/admin/identity/application/{application.pk}/change/"
    assert admin.get(page).content.decode().count('name="permissions"') == len(NAMES)
    chosen = suite_permissions().get(codename="tasks.read")
    admin.post(page, {**SERVICE, "permissions": [chosen.pk]})
    assert application.permissions.get() == chosen


def test_a_new_secret_ends_the_old_one(admin, service, client):
    application, old = service
    path = f"/admin/identity/application/{application.pk}/renew_secret/"
    assert admin.get(path).status_code == 200, "asks first"
    assert proves_itself(client, application, old)
    done = admin.post(path, {"_form_submitted": "True"})
    new = SHOWN.search(admin.get(done.headers["HX-Redirect"]).content.decode())[1]
    assert not proves_itself(client, application, old)
    assert proves_itself(client, application, new)


@pytest.mark.parametrize("key", ["abc", "0", "9" * 30])
def test_an_application_that_does_not_exist_gets_no_secret(admin, key):
    page = f"/admin/identity/application/{key}/renew_secret/"
    assert admin.post(page, {"_form_submitted": "True"}).status_code == 403


def test_forms_offer_and_take_only_what_this_provider_does(admin):
    text = admin.get(ADD).content.decode()
    assert not re.search(r'value="(implicit|password|openid-hybrid|urn:[^"]*)"', text)
    web = {**SERVICE, "client_type": "public", "authorization_grant_type": "authorization-code"}
    assert "redirect_uris cannot be empty" in admin.post(ADD, web).content.decode()
    for uri in ("javascript:alert(1)", "https://*.example/", "ftp://web.example/", "https://web.example/#x"):
        assert admin.post(ADD, {**web, "redirect_uris": uri}).status_code == 200, uri
    assert admin.post(ADD, {**SERVICE, "authorization_grant_type": "password"}).status_code == 200
    assert not Application.objects.exists()
    page = admin.post(ADD, {**web, "redirect_uris": "https://web.example/cb"}, follow=True)
    assert Application.objects.get().algorithm == "RS256"
    assert not SHOWN.search(page.content.decode()), "a public application has no use for a secret"


def test_nobody_but_superusers_sees_them_and_nobody_sees_tokens(admin, local_admin, service):
    application, _secret = service
    pages = ("", "add/", f"{application.pk}/change/", f"{application.pk}/renew_secret/")
    for page in pages:
        assert local_admin.get(f"/admin/identity/application/{page}").status_code == 403
        assert admin.get(f"/admin/identity/application/{page}").status_code == 200
    for kind in ("oauth2_provider/accesstoken", "oauth2_provider/refreshtoken", "otp_totp/totpdevice"):
        assert admin.get(f"/admin/{kind}/").status_code == 404
