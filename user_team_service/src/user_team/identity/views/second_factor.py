"""The page on which somebody sets up, or switches off, the second factor of their own sign-in."""

import base64
from io import BytesIO

import qrcode
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django_otp.plugins.otp_totp.models import TOTPDevice
from qrcode.image.svg import SvgPathImage
from unfold.widgets import UnfoldAdminTextInputWidget

from user_team.identity import second_factor
from user_team.tenancy import signed_in
from user_team.users.models import User


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=16,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
    )


@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Switch on with a code of the new device, off with a code of the present one."""
    person = signed_in(request)
    form = CodeForm(request.POST or None)
    recovery_codes = _switch(person, form) if form.is_valid() else []
    is_on = second_factor.has_one(person)
    context = {
        **admin.site.each_context(request),
        **({} if is_on else _to_scan(second_factor.begin(person))),
        "title": _("Second factor"),
        "is_on": is_on,
        "recovery_codes": recovery_codes,
        "form": form if form.errors else CodeForm(),
    }
    return TemplateResponse(request, "identity/second_factor.html", context)


def _switch(person: User, form: CodeForm) -> list[str]:
    """On, which gives the recovery codes, or off; an error of the form when the code is wrong."""
    code = form.cleaned_data["code"]
    if not second_factor.has_one(person):
        if recovery_codes := second_factor.confirm(person, code):
            return recovery_codes
    elif second_factor.accepts(person, code):
        second_factor.remove(person)
        return []
    form.add_error("code", _("This code is wrong or no longer good."))
    return []


def _to_scan(device: TOTPDevice) -> dict[str, str]:
    """The secret for an app: as a picture, and to type."""
    picture = BytesIO()
    qrcode.make(device.config_url, image_factory=SvgPathImage).save(picture)
    encoded = base64.b64encode(picture.getvalue()).decode()
    return {
        "qr_code": f"data:image/svg+xml;base64,{encoded}",
        "secret": base64.b32encode(device.bin_key).decode(),
    }
