"""Projects, their teams, and who works where."""

import uuid
from typing import Any

import pghistory
from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from user_team import copies
from user_team.fields import HttpUrlField, LineField
from user_team.history import tracked_events
from user_team.teams import announcements
from user_team.users.models import Organization
from user_team.validators import validate_text


@pghistory.track(
    *tracked_events(),
    meta={"verbose_name": _("change of a project"), "verbose_name_plural": _("changes of projects")},
)
class Project(models.Model):
    """Something an organization's people work on."""

    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="projects"
    )
    name = LineField(_("name"), max_length=200)
    oid = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["name"]
        triggers = copies.PROJECT_TRIGGERS
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                name="teams_project_name_unique",
                violation_error_message=_("This organization already has a project with this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track(
    *tracked_events(),
    meta={"verbose_name": _("change of a team"), "verbose_name_plural": _("changes of teams")},
)
class Team(models.Model):
    """A part of a project's people."""

    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="teams"
    )
    name = LineField(_("name"), max_length=200)
    oid = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["project__name", "name"]
        triggers = copies.TEAM_TRIGGERS
        constraints = [
            models.UniqueConstraint(
                "project",
                Lower("name"),
                name="teams_team_name_unique",
                violation_error_message=_("This project already has a team with this name."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} / {self.name}"

    def clean(self) -> None:
        """A team with members stays in its project: its assignments name both."""
        if self.pk and self.assignments.exclude(project_id=self.project_id).exists():
            raise ValidationError(
                {"project": _("The team has members, so it cannot move to another project.")}
            )


@pghistory.track(
    *tracked_events(),
    exclude=["row_lsn", "import_oid"],
    meta={"verbose_name": _("change of an assignment"), "verbose_name_plural": _("changes of assignments")},
)
class UserAssignment(models.Model):
    """A person's place in a project and, maybe, in one of its teams. Ending an assignment deletes its row.

    The table is public: every change of a row becomes a message, with these columns in this order. Copies are
    kept by the database (`user_team.copies`); what is written into them here is ignored.
    """

    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="assignments"
    )
    team = models.ForeignKey(
        Team,
        verbose_name=_("team"),
        on_delete=models.CASCADE,
        related_name="assignments",
        null=True,
        blank=True,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="assignments",
    )
    # Copies.
    project_name = models.CharField(_("project name"), max_length=200, editable=False)
    team_name = models.CharField(_("team name"), max_length=200, null=True, editable=False)  # noqa: DJ001 - no team, no name
    user_oid = models.UUIDField(_("person's public id"), editable=False)
    user_email = models.CharField(_("person's e-mail"), max_length=254, editable=False)
    user_name = models.CharField(_("person's name"), max_length=301, editable=False)
    user_role = models.CharField(_("person's role"), max_length=16, editable=False)
    project_oid = models.UUIDField(_("project's public id"), editable=False)
    team_oid = models.UUIDField(_("team's public id"), null=True, editable=False)
    # Not a copy.
    application_url = HttpUrlField(
        _("application"),
        max_length=500,
        null=True,
        blank=True,
        help_text=_("Link to the person's onboarding request; it is sent to them by e-mail."),
    )
    # Copies.
    user_locale = models.CharField(_("person's language"), max_length=2, null=True, editable=False)  # noqa: DJ001 - public column
    user_time_zone = models.CharField(_("person's time zone"), max_length=64, null=True, editable=False)  # noqa: DJ001 - public column
    # Set by the database.
    created_at = models.DateTimeField(_("since"), db_default=Now(), editable=False)
    row_lsn = models.BigIntegerField(null=True, editable=False)
    # One for all rows of a file. Whoever mails people can so tell one act from many.
    import_oid = models.UUIDField(
        _("import"),
        null=True,
        editable=False,
        help_text=_("The file import that the last change was part of; empty, if it was made by hand."),
    )

    COPIES = (
        *(
            "project_name",
            "team_name",
            "user_oid",
            "user_email",
            "user_name",
            "user_role",
            "project_oid",
            "team_oid",
        ),
        *("user_locale", "user_time_zone"),
    )

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["-id"]
        triggers = copies.ASSIGNMENT_TRIGGERS
        constraints = [
            models.UniqueConstraint(
                fields=["user", "project", "team"],
                name="teams_userassignment_unique",
                nulls_distinct=False,
                violation_error_message=_("This person already has this assignment."),
            ),
            models.CheckConstraint(
                condition=models.Q(application_url__isnull=True)
                | models.Q(application_url__iregex=r"^https?://\S+$"),
                name="teams_userassignment_http_url",
                violation_error_message=_("Only http and https links are allowed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_name}: {self.place}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, then read back what the database filled in."""
        super().save(*args, **kwargs)
        self.refresh_from_db(fields=[*self.COPIES, "row_lsn", "import_oid"])

    def clean(self) -> None:
        if self.team and self.project_id and self.team.project_id != self.project_id:
            raise ValidationError({"team": _("This team belongs to another project.")})

    @property
    def place(self) -> str:
        return f"{self.project_name} / {self.team_name}" if self.team_name else self.project_name


class News(models.Model):
    """Something an organization tells its people, or those of one team.

    Publishing it tells them, once: `user_team.teams.announcements`.
    """

    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="news"
    )
    team = models.ForeignKey(
        Team,
        verbose_name=_("team"),
        on_delete=models.CASCADE,
        related_name="news",
        null=True,
        blank=True,
        help_text=_("Whom it is for. Empty: everybody of the organization."),
    )
    title = LineField(_("title"), max_length=200)
    body = models.TextField(_("text"), max_length=20_000, validators=[validate_text])
    published_at = models.DateTimeField(
        _("published"),
        null=True,
        blank=True,
        help_text=_(
            "Empty: a draft. When news is published for the first time, everybody whom it is for is told by "
            "e-mail. Changing it, withdrawing it and publishing it again tells nobody."
        ),
    )
    oid = models.UUIDField(_("public id"), db_default=RandomUUID(), unique=True, editable=False)
    # Set by the database.
    announced_at = models.DateTimeField(_("people were told"), null=True, editable=False)

    class Meta:
        verbose_name = _("news item")
        verbose_name_plural = _("news")
        ordering = ["-published_at", "-id"]
        triggers = announcements.TRIGGERS

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        problems = {}
        if self.team and self.organization_id and self.team.project.organization_id != self.organization_id:
            problems["team"] = _("This team belongs to another organization.")
        if self.published_at and self.published_at > timezone.now() + announcements.LENIENCE:
            problems["published_at"] = _(
                "This is in the future, and news cannot be scheduled: it is published when it is saved."
            )
        if problems:
            raise ValidationError(problems)
