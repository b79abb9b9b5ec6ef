"""Organizations, people and groups in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm

from user_team.administration.history_pages import ChangeLogAdmin
from user_team.administration.scoped import ScopedAdmin, ScopedFilter
from user_team.history import event_model
from user_team.identity import second_factor
from user_team.identity.permissions import ROLE_GROUPS, may_act_as
from user_team.imports.admin import SafeImportExportMixin
from user_team.teams.models import UserAssignment
from user_team.tenancy import grantable_roles, may_edit_person, own_rows, signed_in
from user_team.users.forms import PersonAddForm, PersonForm, TimeZoneInput
from user_team.users.models import Organization, Role, User
from user_team.users.resources import OrganizationResource, UserResource

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    """The groups of the roles stay, and keep their names: by these a role finds its permissions."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("name",) if obj is not None and obj.name in ROLE_GROUPS else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_fixed = obj is not None and obj.name in ROLE_GROUPS
        return super().has_delete_permission(request, obj) and not is_fixed


@admin.register(Organization)
class OrganizationAdmin(SafeImportExportMixin, ScopedAdmin):
    resource_classes = [OrganizationResource]
    list_display = ("name", "people", "projects_")
    ordering = ("name",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                people_count=Count("users", distinct=True),
                projects_count=Count("projects", distinct=True),
            )
        )

    @display(description=_("people"), ordering="people_count")
    def people(self, organization: Any) -> int:
        return organization.people_count

    @display(description=_("projects"), ordering="projects_count")
    def projects_(self, organization: Any) -> int:
        return organization.projects_count


@admin.register(User)
class UserAdmin(SafeImportExportMixin, ScopedAdmin, BaseUserAdmin):
    """People. Rights in the admin are given by superusers only."""

    form = PersonForm
    add_form = PersonAddForm
    change_password_form = AdminPasswordChangeForm
    resource_classes = [UserResource]

    list_display = ("person", "email", "organization", "role_", "locale", "time_zone", "is_active")
    list_select_related = ("organization",)
    list_filter = (
        ("organization", ScopedFilter),
        ("role", ChoicesDropdownFilter),
        ("locale", ChoicesDropdownFilter),
        "is_active",
        "is_staff",
    )
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("last_name", "first_name", "username")
    autocomplete_fields = ("organization",)
    filter_horizontal = ("groups", "user_permissions")
    readonly_fields = ("oid", "last_login", "date_joined")
    actions_detail = ("reset_second_factor",)

    _about = ("first_name", "last_name", "email", "organization", "role", "locale", "time_zone")
    _rights = ("is_staff", "is_superuser", "groups", "user_permissions")
    add_fieldsets = (
        (None, {"fields": ("username", *_about)}),
        (_("Signing in"), {"fields": ("usable_password", "password1", "password2")}),
    )
    fieldsets = (
        (None, {"fields": ("username", *_about)}),
        (_("Signing in"), {"fields": ("password", "is_active", *_rights)}),
        (_("Details"), {"fields": ("oid", "last_login", "date_joined"), "classes": ("collapse",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if not request.user.is_superuser:
            for _name, options in fieldsets:
                options["fields"] = [field for field in options["fields"] if field not in self._rights]
        return fieldsets

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        if not request.user.is_superuser and "organization" in form.base_fields:
            form.base_fields["organization"].required = True
            form.base_fields["organization"].initial = signed_in(request).organization_id
        if "time_zone" in form.base_fields:
            form.base_fields["time_zone"].widget = TimeZoneInput()
        if "role" in form.base_fields:
            form.base_fields["role"].choices = self._role_choices(request, obj)
        return form

    @staticmethod
    def _role_choices(request: HttpRequest, obj: User | None) -> list[tuple[str, Any]]:
        """What the editor may give, and what the person has already."""
        allowed = {*grantable_roles(signed_in(request)), *([Role(obj.role)] if obj else [])}
        return [(role.value, role.label) for role in Role if role in allowed]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or may_edit_person(signed_in(request), obj)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes themselves, nor takes along assignments in other organizations."""
        if obj is None:
            return super().has_delete_permission(request)
        return (
            obj.pk != request.user.pk
            and super().has_delete_permission(request, obj)
            and may_edit_person(signed_in(request), obj)
            and not _has_assignments_elsewhere(signed_in(request), obj)
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's signature
        """Not of somebody who may do more in the suite: with their password, one could do it too."""
        person: Any = self.get_object(request, unquote(id))
        if person is None or may_act_as(signed_in(request), person):
            return super().user_change_password(request, id, form_url)
        messages.error(
            request, gettext("%s may do more in the suite than you: you cannot set their password.") % person
        )
        return HttpResponseRedirect(reverse("admin:users_user_change", args=[person.pk]))

    @action(
        description=_("Reset the second factor"),
        icon="phonelink_erase",
        permissions=["reset_second_factor"],
        dialog={
            "title": _("Reset the second factor?"),
            "description": _("The person signs in by password alone until they set up a new one."),
            "form_class": None,
            "form_submit_text": _("Reset"),
        },
    )
    def reset_second_factor(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        person: Any = self.get_object(request, object_id)
        second_factor.remove(person)
        messages.success(request, gettext("%s now signs in by password alone.") % person)
        return HttpResponse(headers={"HX-Redirect": reverse("admin:users_user_change", args=[object_id])})

    def has_reset_second_factor_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """For a superuser, on the page of somebody who has one."""
        person: Any = self.get_object(request, object_id)
        return request.user.is_superuser and person is not None and second_factor.has_one(person)

    @display(description=_("person"), ordering="last_name", header=True)
    def person(self, user: User) -> list[str]:
        return [str(user), user.username]

    @display(
        description=_("role"),
        ordering="role",
        label={Role.EMPLOYEE.value: "default", Role.MANAGER.value: "info", Role.ADMIN.value: "warning"},
    )
    def role_(self, user: User) -> tuple[str, str]:
        return user.role, user.get_role_display()


@admin.register(event_model(User))
class UserChangeLogAdmin(ChangeLogAdmin):
    search_fields = ("username", "first_name", "last_name", "email")


def _has_assignments_elsewhere(editor: User, person: User) -> bool:
    if editor.is_superuser:
        return False
    theirs = UserAssignment.objects.filter(user=person)
    return theirs.exclude(pk__in=own_rows(theirs, editor).values("pk")).exists()
