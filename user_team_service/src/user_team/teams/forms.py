"""Forms of assignments inside other pages, and of moving them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import PaginationInlineFormSet

from user_team.administration.scoped import SafeAutocompleteSelect
from user_team.teams.models import Team, UserAssignment
from user_team.tenancy import own_rows
from user_team.users.models import User


class MemberFormSet(PaginationInlineFormSet):
    """Assignments on the page of their project or team; the same one twice is an error of the form."""

    def clean(self) -> None:
        super().clean()
        seen = set()
        for form in self.forms:
            if self._should_delete_form(form) or not form.cleaned_data.get("user"):
                continue
            place = (form.cleaned_data["user"], form.cleaned_data.get("team"))
            if place in seen:
                form.add_error("user", _("This person is here twice."))
            seen.add(place)


class TeamMemberFormSet(MemberFormSet):
    """The team's page says the team, and so the project."""

    def _construct_form(self, i: int, **kwargs: Any) -> forms.ModelForm:
        form = super()._construct_form(i, **kwargs)
        form.instance.project_id = self.instance.project_id
        return form


class MemberForm(forms.ModelForm):
    """An assignment on the page of its project or team."""

    class Meta:
        model = UserAssignment
        fields = ("user", "application_url")

    def _get_validation_exclusions(self) -> set[str]:
        """Project and team may be no fields here, but they are known, so uniqueness can be checked."""
        return super()._get_validation_exclusions() - {"project", "team"}


class MoveForm(forms.Form):
    """Where to move the selected assignments."""

    team = forms.ModelChoiceField(label=gettext_lazy("new team"), queryset=Team.objects.none())

    def __init__(self, *args: Any, mover: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = own_rows(Team.objects.all(), mover)
        widget = SafeAutocompleteSelect(UserAssignment._meta.get_field("team"), admin.site)
        widget.choices = self.fields["team"].choices
        self.fields["team"].widget = widget
