"""Logs: quoted, followed, and bounded."""

import itertools
from pathlib import Path

import pytest

from local_stack import logs
from local_stack.errors import StackError


def test_the_tail_ends_where_the_log_ends(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("".join(f"{number}\n" for number in range(100)))
    assert logs.tail(log, 2) == "98\n99"
    assert logs.tail(log, 50, start=logs.size(log) - 3) == "99"


def test_a_log_that_does_not_exist_has_no_tail(tmp_path: Path) -> None:
    assert logs.tail(tmp_path / "none.log", 5) == ""


def test_a_log_above_the_limit_is_cut_while_a_child_goes_on_writing(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    with log.open("ab", buffering=0) as child:
        child.write(b"x" * 100)
        logs.bound(tmp_path, limit=50)
        child.write(b"after\n")
    assert log.read_bytes() == b"after\n"
    assert logs.size(tmp_path / "part.log.1") == 100


def test_a_log_below_the_limit_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "part.log").write_text("short\n")
    logs.bound(tmp_path, limit=50)
    assert [file.name for file in tmp_path.iterdir()] == ["part.log"]


def test_following_shows_complete_lines_only(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("old\n")
    news = logs._news({log: logs.size(log)})
    with log.open("a") as stream:
        stream.write("one\ntwo\nhal")
        stream.flush()
        assert next(news) == (log, ["one", "two"])
        stream.write("f\n")
        stream.flush()
        assert next(news) == (log, ["half"])


def test_following_goes_on_after_a_cut(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("long enough\n")
    news = logs._news({log: logs.size(log)})
    log.write_text("new\n")
    assert list(itertools.islice(news, 1)) == [(log, ["new"])]


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "kafka.log").touch()
    with pytest.raises(StackError, match=r"There is no log kafak .* there are: kafka"):
        logs.show(tmp_path, "kafak", follow=False)
