"""Forms of people."""

from functools import cache
from typing import Any

from django.core.validators import MaxLengthValidator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.forms import AuthenticationForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from user_team.administration.concurrency import VersionedForm
from user_team.users.models import User
from user_team.validators import time_zones


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
    """Refuses names longer than any person's; the record of failed sign-ins could not hold them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(
            MaxLengthValidator(User._meta.get_field("username").max_length)
        )


class PersonAddForm(UserCreationForm):
    """A new person: with a password if they are to sign in here, without one if not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Most people never sign in to the admin.
        self.fields["usable_password"].initial = "false"


class PersonForm(VersionedForm, UserChangeForm):
    class Meta(UserChangeForm.Meta):
        model = User
