"""Failed sign-ins and lock-outs in the log, without the name that was tried; what a new password ends."""

import logging
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_login_failed
from django.db.models.signals import post_save

from user_team.users.models import User

log = logging.getLogger(__name__)


def connect() -> None:
    user_login_failed.connect(_on_login_failed, dispatch_uid="log_login_failed")
    user_locked_out.connect(_on_locked_out, dispatch_uid="log_locked_out")
    post_save.connect(_on_saved, sender=User, dispatch_uid="end_grants")


def _on_login_failed(**_: Any) -> None:
    log.warning("sign-in failed")


def _on_locked_out(**_: Any) -> None:
    log.warning("too many failed sign-ins: locked out for a while")


def _on_saved(instance: Any, **_: Any) -> None:
    """Django ends the sessions of an old password; what applications got in the person's name, we do.

    A sign-in that renews the hash of the same password says of it that it is no change.
    """
    from user_team.identity import grants  # noqa: PLC0415 - its models come after those of people

    if instance._password is not None:  # noqa: SLF001 - as Django's own `save` asks
        grants.end(instance)
