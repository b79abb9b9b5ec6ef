"""Forms of assignments inside other pages, and of moving them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import PaginationInlineFormSet

from user_team.administration.concurrency import VersionedForm
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
            team = form.cleaned_data.get("team")
            place = (form.cleaned_data["user"].pk, team and team.pk)
            if place in seen:
                form.add_error("user", _("This person is here twice."))
            seen.add(place)


class InlineForm(VersionedForm):
    """A row on the page of something else: of such rows only those are saved that were changed on it."""

    def refuse_if_changed_since(self, seen: int) -> None:
        if self.has_changed():
            super().refuse_if_changed_since(seen)


class MemberForm(InlineForm):
    """An assignment on the page of its project or team."""

    class Meta:
        model = UserAssignment
        fields = ("user", "application_url")

    def clean(self) -> dict[str, Any] | None:
        """Uniqueness, which Django leaves out where the page says the project or the team."""
        cleaned = super().clean()
        user, team = self.cleaned_data.get("user"), self.cleaned_data.get("team")
        same = UserAssignment.objects.filter(user=user, project=self._project_id(), team=team and team.pk)
        if user and (team is None or team.pk) and same.exclude(pk=self.instance.pk).exists():
            self.add_error("user", _("This person already has this assignment."))
        return cleaned

    def _project_id(self) -> int | None:
        """None if the row names another project than the page's, which is its error."""
        project = self.cleaned_data.get("project")
        return project and project.pk


class TeamMemberForm(MemberForm):
    """The team's page says the team, and so the project."""

    def clean(self) -> dict[str, Any] | None:
        self.instance.project_id = self._project_id()
        return super().clean()

    def _project_id(self) -> int | None:
        team = self.cleaned_data.get("team")
        return team and team.project_id


class MoveForm(forms.Form):
    """Where to move the selected assignments."""

    team = forms.ModelChoiceField(label=gettext_lazy("new team"), queryset=Team.objects.none())

    def __init__(self, *args: Any, mover: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team: Any = self.fields["team"]
        team.queryset = own_rows(Team.objects.all(), mover)
        team.widget = SafeAutocompleteSelect(UserAssignment._meta.get_field("team"), admin.site)
        team.widget.choices = team.choices
