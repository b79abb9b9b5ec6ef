"""Settings are safe unless the environment says where they need not be."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from user_team import environment

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def manage(*command, **variables):
    """A management command in a process of its own, with these variables and no others."""
    clean = {"PATH": os.environ["PATH"], "USER_TEAM_SECRET_KEY": KEY, **variables}
    return subprocess.run(
        [sys.executable, "-m", "user_team", *command], env=clean, capture_output=True, text=True, check=False
    )


def test_the_deployment_check_is_clean_behind_a_real_name():
    done = manage("check", "--deploy", "--fail-level", "INFO", USER_TEAM_ALLOWED_HOSTS="team.example")
    assert done.returncode == 0, done.stderr


def test_internal_names_do_not_switch_tls_off_or_on():
    program = "from user_team import settings as s; print(s._TLS, s.ALLOWED_HOSTS)"
    for public, tls in (("team.example", True), ("127.0.0.1", False)):
        variables = {"USER_TEAM_ALLOWED_HOSTS": public, "USER_TEAM_INTERNAL_HOSTS": "user-team"}
        done = subprocess.run(
            [sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == f"{tls} {[public, 'user-team']}"


def test_on_loopback_only_the_warnings_about_tls_remain():
    done = manage("check", "--deploy")
    assert {word.strip("():?") for word in done.stderr.split() if "security.W" in word} == {
        "security.W004",  # HSTS
        "security.W008",  # redirect to HTTPS
        "security.W012",  # session cookie
        "security.W016",  # CSRF cookie
    }


def test_without_a_key_nothing_starts():
    done = subprocess.run(
        [sys.executable, "-c", "import user_team.wsgi"], env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "USER_TEAM_SECRET_KEY is not set" in done.stderr


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("1", True), ("No", False), ("", False)])
def test_flags(monkeypatch, value, expected):
    monkeypatch.setenv("A_FLAG", value)
    assert environment.flag("A_FLAG", default=not expected) is expected


def test_a_wrong_value_names_its_variable(monkeypatch):
    monkeypatch.setenv("A_VALUE", "several")
    with pytest.raises(ImproperlyConfigured, match="A_VALUE"):
        environment.flag("A_VALUE", default=False)
    with pytest.raises(ImproperlyConfigured, match="A_VALUE"):
        environment.number("A_VALUE", 1)


def test_words_may_be_spaced(monkeypatch):
    monkeypatch.setenv("WORDS", " a , b,,")
    assert environment.words("WORDS") == ["a", "b"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_the_whole_process_logs_in_the_chosen_format(log_format):
    program = "import user_team.gunicorn as g, logging.config as c; c.dictConfig(g.logconfig_dict)\n"
    program += "import logging; logging.getLogger('gunicorn.error').info('listening')"
    variables = {"LOG_FORMAT": log_format}
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True
    )
    (line,) = done.stderr.splitlines()
    assert "listening" in line
    assert line.startswith("{") == (log_format == "json")
