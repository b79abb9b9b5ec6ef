"""Parts that need no database."""

import json
import logging
import sys

import pytest
from django.core.exceptions import ValidationError

from user_team.administration.deletion import SHOWN, shortened
from user_team.imports.resources import defused, plain
from user_team.logs import JsonFormatter
from user_team.users.models import Role
from user_team.validators import validate_line, validate_text, validate_time_zone


@pytest.mark.parametrize("text", ["Анна-Мария О’Коннор", "Zoë 🙂", "李小龍", "a\u0301", "name, (x) [y] <z>"])
def test_visible_text_is_fine(text):
    validate_line(text)


@pytest.mark.parametrize("char", "\n\r\t\x00\x1b\x7f\x85\u200b\u200e\u202e\u2028\u2066\ufeff\ue000\ud800")
def test_invisible_characters_are_refused(char):
    with pytest.raises(ValidationError):
        validate_line(f"a{char}b")


def test_a_text_may_have_lines_but_nothing_hidden():
    validate_text("one\r\n\ttwo")
    with pytest.raises(ValidationError):
        validate_text("one\u202etwo")


def test_time_zones_are_names_not_paths():
    validate_time_zone("America/Argentina/Buenos_Aires")
    for name in ("UTC+3", "", "../UTC", "europe/moscow"):
        with pytest.raises(ValidationError):
            validate_time_zone(name)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "plain", "'quoted", "'=1", ""])
def test_what_is_defused_is_never_run_and_comes_back(text):
    assert not defused(text).startswith(("=", "+", "-", "@", "\t"))
    if text.isprintable() and not text.startswith("'="):
        assert plain(defused(text)) == text


def test_long_lists_are_cut_at_every_level():
    tree = ["parent", [f"child {n}" for n in range(SHOWN + 3)], *[f"row {n}" for n in range(SHOWN)]]
    short = shortened(tree)
    assert short[1][-1] == "… and 3 more"
    assert short[-1] == "… and 1 more"
    assert len(short) == SHOWN + 2
    assert shortened(["a", ["b"]]) == ["a", ["b"]]


def test_roles_are_ordered():
    assert Role.up_to("manager") == [Role.EMPLOYEE, Role.MANAGER]


def test_a_log_line_is_one_json_object():
    try:
        int("boom")
    except ValueError:
        record = logging.LogRecord(
            "user_team", logging.ERROR, __file__, 1, "two\nlines %s", ("x",), sys.exc_info()
        )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    written = json.loads(line)
    assert (written["level"], written["event"]) == ("error", "two\nlines x")
    assert "boom" in written["exception"]
