"""Projects, teams, assignments and news in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, ForeignKey, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from user_team.administration import concurrency
from user_team.administration.history_pages import ChangeLogAdmin
from user_team.administration.scoped import ScopedAdmin, ScopedChoicesMixin, ScopedFilter
from user_team.history import event_model
from user_team.imports.admin import SafeImportExportMixin
from user_team.teams import actions
from user_team.teams.forms import InlineForm, MemberForm, MemberFormSet, TeamMemberForm
from user_team.teams.models import News, Project, Team, UserAssignment
from user_team.teams.resources import ProjectResource, TeamResource, UserAssignmentResource
from user_team.users.models import Role

MEMBERS_PER_PAGE = 25


class ProjectMembersInline(ScopedChoicesMixin, TabularInline):
    model = UserAssignment
    form = MemberForm
    formset = MemberFormSet
    fields = ("user", "team", "application_url", concurrency.FIELD)
    autocomplete_fields = ("user",)
    extra = 0
    per_page = MEMBERS_PER_PAGE
    hide_title = True
    verbose_name_plural = _("people")
    ordering = ("user_name", "id")

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Only the project's own teams; a new project has none yet."""
        if db_field.name == "team":
            project = request.resolver_match and request.resolver_match.kwargs.get("object_id")
            kwargs["queryset"] = Team.objects.filter(project=project) if project else Team.objects.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class TeamMembersInline(ScopedChoicesMixin, TabularInline):
    model = UserAssignment
    form = TeamMemberForm
    formset = MemberFormSet
    fields = ("user", "application_url", concurrency.FIELD)
    autocomplete_fields = ("user",)
    extra = 0
    per_page = MEMBERS_PER_PAGE
    hide_title = True
    verbose_name_plural = _("people")
    ordering = ("user_name", "id")


class TeamsInline(TabularInline):
    model = Team
    form = InlineForm
    fields = ("name", concurrency.FIELD)
    extra = 0
    show_change_link = True
    hide_title = True


@admin.register(Project)
class ProjectAdmin(SafeImportExportMixin, ScopedAdmin):
    resource_classes = [ProjectResource]
    list_display = ("name", "organization", "teams_", "people")
    list_select_related = ("organization",)
    list_filter = (("organization", ScopedFilter),)
    search_fields = ("name", "organization__name")
    ordering = ("name", "pk")
    autocomplete_fields = ("organization",)
    fields = ("organization", "name", "oid")
    readonly_fields = ("oid",)
    inlines = (TeamsInline, ProjectMembersInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        teams = Count("teams", distinct=True)
        people = Count("assignments__user", distinct=True)
        return super().get_queryset(request).annotate(teams_count=teams, people_count=people)

    @display(description=_("teams"), ordering="teams_count")
    def teams_(self, project: Any) -> int:
        return project.teams_count

    @display(description=_("people"), ordering="people_count")
    def people(self, project: Any) -> int:
        return project.people_count


@admin.register(Team)
class TeamAdmin(SafeImportExportMixin, ScopedAdmin):
    resource_classes = [TeamResource]
    list_display = ("name", "project", "people")
    list_select_related = ("project",)
    list_filter = (("project", ScopedFilter),)
    search_fields = ("name", "project__name")
    ordering = ("project__name", "name")
    autocomplete_fields = ("project",)
    fields = ("project", "name", "oid")
    readonly_fields = ("oid",)
    inlines = (TeamMembersInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return (
            super()
            .get_queryset(request)
            .select_related("project")
            .annotate(people_count=Count("assignments__user", distinct=True))
        )

    @display(description=_("people"), ordering="people_count")
    def people(self, team: Any) -> int:
        return team.people_count


@admin.register(UserAssignment)
class UserAssignmentAdmin(SafeImportExportMixin, ScopedAdmin):
    resource_classes = [UserAssignmentResource]
    list_display = ("person", "project_name", "team_name", "role", "application", "created_at")
    list_filter = (
        ("project", ScopedFilter),
        ("team", ScopedFilter),
        ("user", ScopedFilter),
        ("user__role", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    )
    search_fields = ("user_name", "user_email", "project_name", "team_name")
    ordering = ("user_name", "project_name", "team_name")
    autocomplete_fields = ("user", "project", "team")
    fields = ("user", "project", "team", "application_url", "created_at", "import_oid")
    readonly_fields = ("created_at", "import_oid")
    actions = (actions.move_to_team, actions.end_assignments)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's own deletion: "End assignments" asks briefly, however many are selected."""
        available = super().get_actions(request)
        available.pop("delete_selected", None)
        return available

    @display(description=_("person"), ordering="user_name", header=True)
    def person(self, assignment: UserAssignment) -> list[str]:
        return [assignment.user_name, assignment.user_email]

    @display(
        description=_("role"),
        ordering="user_role",
        label={Role.EMPLOYEE.value: "default", Role.MANAGER.value: "info", Role.ADMIN.value: "warning"},
    )
    def role(self, assignment: UserAssignment) -> tuple[str, Any]:
        return assignment.user_role, Role(assignment.user_role).label

    @display(description=_("application"), ordering="application_url")
    def application(self, assignment: UserAssignment) -> str | None:
        if not assignment.application_url:
            return None
        link = '<a href="{}" target="_blank" rel="noopener noreferrer" class="text-primary-600">{}</a>'
        return format_html(link, assignment.application_url, _("open"))


@admin.register(News)
class NewsAdmin(ScopedAdmin):
    list_display = ("title", "organization", "team", "published_at")
    list_filter = (
        ("organization", ScopedFilter),
        ("team", ScopedFilter),
        ("published_at", RangeDateTimeFilter),
    )
    search_fields = ("title", "body")
    autocomplete_fields = ("organization", "team")
    list_select_related = ("organization", "team__project")
    fields = ("organization", "team", "title", "body", "published_at", "announced_at", "oid")
    readonly_fields = ("announced_at", "oid")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Without a time from the address: it is text there, which the form's two fields cannot show."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        initial.pop("published_at", None)
        return initial


@admin.register(event_model(Project), event_model(Team))
class NamedChangeLogAdmin(ChangeLogAdmin):
    search_fields = ("name",)


@admin.register(event_model(UserAssignment))
class UserAssignmentChangeLogAdmin(ChangeLogAdmin):
    search_fields = ("user_name", "user_email", "project_name", "team_name")
