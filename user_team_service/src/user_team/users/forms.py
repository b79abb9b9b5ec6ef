"""Forms of people."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelect2Widget

from user_team.administration.concurrency import VersionedForm
from user_team.users.models import User
from user_team.validators import time_zones


def _time_zone_choices() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(time_zones())]


class TimeZoneField(forms.TypedChoiceField):
    """All IANA zones, searchable."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Time zone"),
            choices=_time_zone_choices,
            widget=UnfoldAdminSelect2Widget,
            initial="UTC",
            **kwargs,
        )


class SignInForm(AuthenticationForm):
    """Refuses names longer than any person's; the record of failed sign-ins could not hold them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(
            MaxLengthValidator(User._meta.get_field("username").max_length)
        )


class PersonAddForm(UserCreationForm):
    """A new person: with a password if they are to sign in here, without one if not."""

    time_zone = TimeZoneField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Most people never sign in to the admin.
        self.fields["usable_password"].initial = "false"


class PersonForm(VersionedForm, UserChangeForm):
    time_zone = TimeZoneField()

    class Meta(UserChangeForm.Meta):
        model = User
