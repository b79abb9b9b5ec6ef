"""Passwords are made up once, kept from others, and may be chosen."""

from pathlib import Path

from local_stack.credentials import NAMES, load_or_create


def test_passwords_are_generated_once(tmp_path: Path) -> None:
    first = load_or_create(tmp_path / "secrets.env", {})
    assert set(first) == set(NAMES)
    assert len(set(first.values())) == len(NAMES)
    assert load_or_create(tmp_path / "secrets.env", {}) == first


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    load_or_create(tmp_path / "state" / "secrets.env", {})
    assert (tmp_path / "state" / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_a_chosen_password_wins_and_is_not_written_down(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    assert load_or_create(file, {"POSTGRES_PASSWORD": "chosen"})["POSTGRES_PASSWORD"] == "chosen"
    assert "chosen" not in file.read_text()


def test_a_password_that_is_missing_in_an_older_file_is_added(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    file.write_text("POSTGRES_PASSWORD=old\n")
    values = load_or_create(file, {})
    assert values["POSTGRES_PASSWORD"] == "old"
    assert set(values) == set(NAMES)
