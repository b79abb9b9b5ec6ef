"""Organizations and the people in them."""

import uuid

import pghistory
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from user_team import copies
from user_team.fields import LineField
from user_team.history import tracked_events
from user_team.validators import validate_line, validate_time_zone


class Organization(models.Model):
    """A company, or a part of one, with administrators of its own."""

    name = LineField(_("name"), max_length=200)
    oid = models.UUIDField(_("public id"), db_default=RandomUUID(), unique=True, editable=False)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="users_organization_name_unique",
                violation_error_message=_("There is already an organization with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person may do in the suite, from least to most. Rights in this admin are another matter."""

    EMPLOYEE = "employee", _("Employee")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Administrator")

    @classmethod
    def up_to(cls, role: str) -> list["Role"]:
        """The roles that a person of this role may give to others."""
        ranked = list(cls)
        return ranked[: ranked.index(cls(role)) + 1]


class Locale(models.TextChoices):
    """The languages the suite writes its e-mails in."""

    EN = "en", "English"
    RU = "ru", "Русский"


@pghistory.track(
    *tracked_events(),
    exclude=["password", "last_login"],
    meta={"verbose_name": _("change of a person"), "verbose_name_plural": _("changes of people")},
)
class User(AbstractUser):
    """A person. Most people never sign in here: they only have assignments."""

    oid = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    first_name = LineField(_("first name"), max_length=150, blank=True)
    last_name = LineField(_("last name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), validators=[validate_line])
    organization = models.ForeignKey(
        Organization,
        verbose_name=_("organization"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.EMPLOYEE)
    locale = models.CharField(
        _("language of e-mails"), max_length=2, choices=Locale.choices, default=Locale.EN
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_("An IANA name such as Europe/Moscow."),
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["last_name", "first_name", "username"]
        triggers = copies.USER_TRIGGERS
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="users_user_email_unique",
                violation_error_message=_("There is already a person with this e-mail."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username
