"""Forms of people."""

import logging
from functools import cache
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm as BaseAuthenticationForm
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from user_team.administration.concurrency import VersionedForm
from user_team.identity import second_factor
from user_team.users.models import User
from user_team.validators import time_zones

log = logging.getLogger(__name__)


class TimeZoneInput(UnfoldAdminTextInputWidget):
    """A text field that suggests all IANA zones; the options of a select would be rendered one by one."""

    def __init__(self) -> None:
        super().__init__(attrs={"list": "time_zones", "autocomplete": "off"})

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return super().render(*args, **kwargs) + _suggestions()


@cache
def _suggestions() -> SafeString:
    options = format_html_join("", '<option value="{}">', ((name,) for name in sorted(time_zones())))
    return format_html('<datalist id="time_zones">{}</datalist>', options)


class SignInForm(AuthenticationForm):
    """Name, password, and a one-time code of those who have set up a second factor.

    Refuses names longer than any person's; the record of failed sign-ins could not hold them.
    """

    otp = forms.CharField(
        label=_("One-time code"),
        help_text=_("Only if you have set it up: of your app, or a recovery code."),
        required=False,
        max_length=16,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(
            MaxLengthValidator(User._meta.get_field("username").max_length)
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        person = self.get_user()
        if person is not None and second_factor.has_one(person):
            self._ask_for_code(person, cleaned.get("otp", ""))
        return cleaned

    @staticmethod
    def _ask_for_code(person: User, code: str) -> None:
        if not second_factor.accepts(person, code):
            log.warning("sign-in failed: no right one-time code")
            raise ValidationError(_("Enter the current one-time code of your app, or a recovery code."))


class PersonSignInForm(SignInForm):
    """For applications that people sign in to: one need not be staff."""

    def confirm_login_allowed(self, user: Any) -> None:
        BaseAuthenticationForm.confirm_login_allowed(self, user)


class PersonAddForm(UserCreationForm):
    """A new person: with a password if they are to sign in here, without one if not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Most people never sign in to the admin.
        self.fields["usable_password"].initial = "false"


class PersonForm(VersionedForm, UserChangeForm):
    class Meta(UserChangeForm.Meta):
        model = User
