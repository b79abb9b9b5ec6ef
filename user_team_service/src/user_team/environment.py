"""Typed reading of environment variables: the only place where this service looks at them."""

import os

from django.core.exceptions import ImproperlyConfigured

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def number(name: str, default: int) -> int:
    """The variable as an integer; `ImproperlyConfigured` names the variable when it is none."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from None


def flag(name: str, *, default: bool) -> bool:
    """The variable as a yes or no; `ImproperlyConfigured` names the variable when it is neither."""
    value = text(name, str(default)).strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}")


def words(name: str, default: str = "") -> list[str]:
    """The variable's comma-separated words, without blanks."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
