"""CONTRIBUTING.md says how a kind of mail is added: whoever does just that has one."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import notification

REPOSITORY = Path(__file__).parents[3]
EXAMPLE = REPOSITORY / "contracts" / "examples" / "task-bus" / "reopened.json"
PACKAGE = Path(notification.__file__).parent
# A process of its own, as it has another package of the same name.
PROBE = """
import asyncio, json, sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from notification.events import TASK_TOPIC
from notification.handlers import build_routes
from notification.kinds import Kind, deliveries
from notification.mail.kinds import about
from notification.mail.preview.letters import samples
from notification.mail.render import FOLDER, Renderer
from notification.service.record import ChangeRecorder
from service_kit.clock import SystemClock
from service_kit.db import Database
from service_kit.messages import Message

KIND, EXAMPLE, URL = sys.argv[1:]


async def queue():
    recorder = ChangeRecorder(
        clock=SystemClock(),
        max_event_age=timedelta(days=36500),
        notify_renames=False,
        mail_domain="a.example",
    )
    (route,) = [route for route in build_routes(recorder) if route.topic == TASK_TOPIC]
    example = json.loads(Path(EXAMPLE).read_text())
    headers = tuple((name, value.encode()) for name, value in example["headers"].items())
    message = Message(TASK_TOPIC, 0, 0, b"1", json.dumps(example["value"]).encode(), headers)
    database = Database(URL, application_name="probe")
    async with database.transaction() as session:
        await route.handle(session, [route.decode(message)])
        rows = await session.execute(text("SELECT kind, user_oid::text, state FROM notification"))
        queued = [list(row) for row in rows]
    await database.close()
    return queued


def words(locale):
    page = Renderer().render(samples(locale)[KIND])
    return {"subject": page.subject, "text": page.text, "html": page.html, "about": about(Kind(KIND), locale)}


print(json.dumps({
    "queued": asyncio.run(queue()),
    "en": words("en"),
    "ru": words("ru"),
    "choices": deliveries(KIND),
    "files": sorted(file.name for file in (FOLDER / KIND).iterdir()),
}))
"""


@pytest.fixture(scope="module")
def steps():
    """The numbered steps of the section, without the indentation of their list."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.split(r"\n#+ ", text.partition("### A kind of mail\n")[2])[0]
    return [re.sub(r"^   ", "", step, flags=re.MULTILINE) for step in re.split(r"\n\d\. ", section)[1:]]


@pytest.fixture
def package(tmp_path, steps):
    """A copy of the package, with these steps done."""
    root = tmp_path / "notification"
    shutil.copytree(PACKAGE, root, ignore=shutil.ignore_patterns("__pycache__"))
    for step in steps:
        follow(root, step)
    return root


def follow(root, step):
    """Do what one step says with the file or the folder that it names first."""
    place = root / re.search(r"`([\w/]+(?:/|\.\w+))`", step)[1]
    block = re.search(r"```\w+\n(.*?)```", step, re.DOTALL)
    if place.suffix == ".py":
        # The first line is there; what follows it comes after.
        text, (first, *new) = place.read_text(encoding="utf-8"), block[1].splitlines(keepends=True)
        assert text.count(first) == 1, first
        place.write_text(text.replace(first, "".join([first, *new])), encoding="utf-8")
    elif place.suffix == ".po":
        place.write_text(f"{place.read_text(encoding='utf-8')}\n{block[1]}", encoding="utf-8")
    else:
        place.mkdir()
        for name, text in re.findall(r"^\| `([\w.]+)` \|.*\| `(.*)` \|$", step, re.MULTILINE):
            (place / name).write_text(f"{text}\n", encoding="utf-8")


def test_whoever_follows_the_steps_has_a_kind_of_mail(package, steps, database_url):
    assert len(steps) == 5
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    url = database_url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", PROBE, "task_reopened", EXAMPLE, url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assignee = json.loads(EXAMPLE.read_text(encoding="utf-8"))["value"]["data"]["assignee_oid"]
    assert made["queued"] == [["task_reopened", assignee, "queued"]]
    assert made["choices"] == ["immediately", "hourly", "daily", "off"]
    assert made["files"] == sorted(file.name for file in (PACKAGE / "templates" / "task_completed").iterdir())
    assert made["en"]["subject"].startswith("Open again: ")
    assert made["ru"]["subject"].startswith("Снова открыта: ")
    assert "Ваша задача снова открыта" in made["ru"]["html"]
    assert "По ней ещё есть что сделать." in made["ru"]["text"]
    assert made["ru"]["about"] == "Ваши задачи, которые снова открыты"
