"""Organizations and people as tables."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from import_export.fields import Field

from user_team.imports.resources import NamedWidget, SafeResource
from user_team.tenancy import grantable_roles, may_edit_person
from user_team.users.models import Organization, Role, User

_FORMER_ROLES = {"user": Role.EMPLOYEE.value}  # what files of the first team management call it


class OrganizationResource(SafeResource):
    class Meta(SafeResource.Meta):
        model = Organization
        fields = ("name",)
        import_id_fields = ("name",)


class UserResource(SafeResource):
    """People, found by user name. Rights in the admin and passwords are neither imported nor exported."""

    organization = Field("organization", "organization")

    class Meta(SafeResource.Meta):
        model = User
        fields = (
            "username",
            "email",
            "first_name",
            "last_name",
            "organization",
            "role",
            "locale",
            "time_zone",
        )
        import_id_fields = ("username",)

    def __init__(self, *, user: User, **options: Any) -> None:
        super().__init__(user=user, **options)
        self.fields["organization"].widget = NamedWidget(self._organization)

    def before_import_row(self, row: dict[str, str], row_number: int = 0, **options: Any) -> None:
        super().before_import_row(row, row_number, **options)
        row["role"] = _FORMER_ROLES.get(row["role"], row["role"])

    def _organization(self, name: str, _row: dict[str, str]) -> Organization:
        return self.find(Organization, _("There is no organization “%s”.") % name, name__iexact=name)

    def after_init_instance(self, instance: User, new: bool, row: dict[str, str], **_options: Any) -> None:  # noqa: FBT001 - import-export's signature
        if new:
            instance.set_unusable_password()
        elif not may_edit_person(self.user, instance):
            raise ValidationError(_("Only a superuser may change people who sign in here."))

    def before_save_instance(self, instance: User, row: dict[str, str], **_options: Any) -> None:
        if instance.organization is None and not self.user.is_superuser:
            raise ValidationError(_("The organization is missing."))
        if instance.role not in grantable_roles(self.user):
            raise ValidationError(_("You cannot give the role “%s”.") % instance.role)
