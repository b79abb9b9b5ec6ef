"""`.env.example` says everything that can be set, and nothing that cannot."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

import connector.settings
import notification.settings
import task_meeting.settings
from connector import definition
from local_stack import credentials
from local_stack.settings import StackSettings

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (
    task_meeting.settings.Settings,
    notification.settings.Settings,
    connector.settings.ConnectorSettings,
)
DJANGO = ROOT / "user_team_service" / "src" / "user_team"
COMPOSE_FILES = sorted(ROOT.glob("docker-compose*.yml"))
# ${NAME:-default}, ${NAME:?what is wrong} or ${NAME}; $${…} is not Compose's.
REFERENCE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>(?:[^{}]|\{[^{}]*\})*))?\}")
READERS = {"text", "number", "flag", "words"}


def of_settings(settings: type[BaseModel]) -> Iterator[str]:
    """The variables that a settings class reads."""
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        yield _alias(field) or f"{prefix}{name}".upper()


def _alias(field: FieldInfo) -> str | None:
    alias = field.validation_alias
    assert alias is None or isinstance(alias, str), "a variable has one name"
    return alias


def of_django() -> Iterator[str]:
    """The names that the Django service passes to its `environment` module, its only way to variables."""
    for file in DJANGO.rglob("*.py"):
        for call in calls(file):
            if ast.unparse(call.func).removeprefix("environment.") in READERS and call.args:
                first = call.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value


def of_compose() -> Iterator[re.Match[str]]:
    """Every reference to a variable in the compose files."""
    for file in COMPOSE_FILES:
        lines = file.read_text(encoding="utf-8").splitlines()
        for line in lines:
            yield from REFERENCE.finditer(
                line.partition(" #")[0] if not line.lstrip().startswith("#") else ""
            )


def calls(file: Path) -> Iterable[ast.Call]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.fixture(scope="module")
def documented() -> dict[str, str]:
    values = dotenv_values(ROOT / ".env.example", interpolate=False)
    return {name: value or "" for name, value in values.items()}


def test_every_variable_is_documented_and_every_documented_one_is_read(documented):
    read = {name for settings in SETTINGS for name in of_settings(settings)}
    read |= set(of_django())
    read |= set(of_settings(StackSettings)) | set(credentials.NAMES)
    read |= set(definition.load().variables) | {reference["name"] for reference in of_compose()}
    assert read - documented.keys() == set(), "not in .env.example"
    assert documented.keys() - read == set(), "nobody reads these"


def test_django_reads_variables_in_one_module_only():
    readers = ("os.environ[", "os.environ.get", "getenv")
    elsewhere = [
        file.name
        for file in DJANGO.rglob("*.py")
        if file != DJANGO / "environment.py"
        and any(reader in file.read_text(encoding="utf-8") for reader in readers)
    ]
    assert elsewhere == []


@pytest.mark.parametrize("settings", [*SETTINGS, StackSettings], ids=lambda settings: settings.__module__)
def test_the_documented_values_are_the_defaults(documented, settings):
    names = dict(zip(settings.model_fields, of_settings(settings), strict=True))
    wrong = {
        names[name]: (documented[names[name]], field.default)
        for name, field in settings.model_fields.items()
        if not field.is_required() and documented[names[name]] != as_text(field.default)
    }
    assert wrong == {}


def test_the_defaults_of_the_compose_files_are_the_documented_ones(documented):
    """A password has none: Compose stops without it."""
    wrong = {
        (reference["name"], reference["text"])
        for reference in of_compose()
        if reference["text"] != documented[reference["name"]] and reference["kind"] != "?"
    }
    assert wrong == set()
    required = {reference["name"] for reference in of_compose() if reference["kind"] == "?"}
    assert required == {name for name in documented if name.endswith(("_PASSWORD", "_KEY", "_SECRETS"))} - {
        "NOTIFICATION_SMTP_PASSWORD"
    }


def as_text(default: object) -> str:
    """A default as somebody would write it into a file of variables."""
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case tuple():
            return ",".join(default)
        case dict():
            return json.dumps({key: value.model_dump(exclude_none=True) for key, value in default.items()})
        case SecretStr():
            return default.get_secret_value()
        case _:
            return str(default)
