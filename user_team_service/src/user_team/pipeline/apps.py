from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PipelineConfig(AppConfig):
    """What change data capture needs in this database, and how it is doing."""

    name = "user_team.pipeline"
    label = "pipeline"
    verbose_name = _("Change capture")

    def ready(self) -> None:
        from user_team.pipeline.grants import grant_capture_role, grant_viewer_role

        post_migrate.connect(grant_capture_role, sender=self)
        post_migrate.connect(grant_viewer_role, sender=self)
