"""Settings: their defaults, the ports, and what an unusable value says."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from local_stack.environment import build
from local_stack.errors import StackError
from local_stack.paths import ROOT
from local_stack.settings import StackSettings, with_dotenv


def test_the_offset_shifts_every_port() -> None:
    plain = StackSettings.load({}).ports.model_dump()
    shifted = StackSettings.load({"PORT_OFFSET": "1000"}).ports.model_dump()
    assert shifted == {name: port + 1000 for name, port in plain.items()}


def test_an_offset_that_leaves_the_range_names_the_variables() -> None:
    with pytest.raises(StackError, match=r"PORT_OFFSET=60000 is too big: .*KAFKA_PORT"):
        _ = StackSettings.load({"PORT_OFFSET": "60000"}).ports


def test_an_unusable_value_names_its_variable() -> None:
    with pytest.raises(StackError, match=r"KAFKA_PORT: .*integer"):
        StackSettings.load({"KAFKA_PORT": "many"})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert StackSettings.load({"KAFKA_PORT": ""}).kafka_port == 9092


def test_the_example_shows_every_setting_with_its_default() -> None:
    example = dotenv_values(ROOT / ".env.example")
    defaults = {name.upper(): str(value) for name, value in StackSettings().model_dump().items()}
    assert {name: example.get(name) for name in defaults} == defaults


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("KAFKA_PORT=1\nCONNECT_PORT=2\nSMTP_PORT=\n")
    values = with_dotenv({"KAFKA_PORT": "3"}, file)
    assert values == {"KAFKA_PORT": "3", "CONNECT_PORT": "2"}


def test_a_child_that_reads_the_exported_variables_finds_the_same_ports(tmp_path: Path) -> None:
    context = build({"LOCAL_STATE_DIR": str(tmp_path), "PORT_OFFSET": "500"})
    assert build(context.exported).ports == context.ports


def test_tokens_are_issued_and_verified_at_the_stack_s_own_port(tmp_path: Path) -> None:
    """Whatever a copied .env says: two stacks side by side never take each other's tokens."""
    given = {"LOCAL_STATE_DIR": str(tmp_path), "PORT_OFFSET": "500", "AUTH_ISSUER": "http://127.0.0.1:8000"}
    exported = build(given).exported
    assert exported["AUTH_ISSUER"] == "http://127.0.0.1:8500"
    assert exported["AUTH_JWKS_URL"] == "http://127.0.0.1:8500/.well-known/jwks.json"
    assert exported["AUTH_AUDIENCE"] == "team-suite"


def test_mail_never_leaves_the_machine(tmp_path: Path) -> None:
    context = build({"LOCAL_STATE_DIR": str(tmp_path), "NOTIFICATION_SMTP_HOST": "smtp.example.org"})
    assert context.exported["NOTIFICATION_SMTP_HOST"] == "127.0.0.1"
    assert context.exported["NOTIFICATION_SMTP_PORT"] == context.exported["SMTP_PORT"]
