"""Failed sign-ins and lock-outs in the log, without the name that was tried."""

import logging
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_login_failed

log = logging.getLogger(__name__)


def connect() -> None:
    user_login_failed.connect(_on_login_failed, dispatch_uid="log_login_failed")
    user_locked_out.connect(_on_locked_out, dispatch_uid="log_locked_out")


def _on_login_failed(**_: Any) -> None:
    log.warning("sign-in failed")


def _on_locked_out(**_: Any) -> None:
    log.warning("too many failed sign-ins: locked out for a while")
