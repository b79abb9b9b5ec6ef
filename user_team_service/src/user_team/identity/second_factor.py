"""The second factor of signing in: codes of an app (TOTP, RFC 6238) and recovery codes, by django-otp."""

import re

from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from user_team.users.models import User

RECOVERY_CODES = 10
_NAME = "admin"
_APP_CODE = re.compile(r"[0-9]{6}")
_RECOVERY_CODE = re.compile(r"[a-z2-7]{8}")


def has_one(person: User) -> bool:
    """Whether the person has set one up, and so must give a code at every sign-in."""
    return TOTPDevice.objects.devices_for_user(person, confirmed=True).exists()


@transaction.atomic
def accepts(person: User, code: str) -> bool:
    """Whether the code is right now. Each is good once; wrong ones make the next wait longer and longer."""
    if _APP_CODE.fullmatch(code):
        device = TOTPDevice.objects.devices_for_user(person, confirmed=True).select_for_update().first()
    elif _RECOVERY_CODE.fullmatch(code):
        device = StaticDevice.objects.devices_for_user(person).select_for_update().first()
    else:
        return False
    return device is not None and device.verify_token(code)


def begin(person: User) -> TOTPDevice:
    """The device that the person is setting up, with its secret; not asked for before it is confirmed."""
    waiting = TOTPDevice.objects.devices_for_user(person, confirmed=False).first()
    return waiting or TOTPDevice.objects.create(user=person, name=_NAME, confirmed=False)


@transaction.atomic
def confirm(person: User, code: str) -> list[str]:
    """Switch the device on that `begin` gave, and give new recovery codes; none when the code is wrong."""
    device = TOTPDevice.objects.devices_for_user(person, confirmed=False).select_for_update().first()
    if device is None or not _APP_CODE.fullmatch(code) or not device.verify_token(code):
        return []
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return _recovery_codes(person)


@transaction.atomic
def remove(person: User) -> None:
    """Sign in by password alone again."""
    TOTPDevice.objects.devices_for_user(person).delete()
    StaticDevice.objects.devices_for_user(person).delete()


def _recovery_codes(person: User) -> list[str]:
    StaticDevice.objects.devices_for_user(person).delete()
    device = StaticDevice.objects.create(user=person, name=_NAME)
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes
