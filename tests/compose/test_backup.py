"""Backup and restore of all databases: the way back, the way there again, and what happens on the way.

Faults, row 19: the source goes back to an older state, and consumers follow it without a mail.
"""

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.compose import Compose
from harness.compose_files import BASE, ROOT, TESTS
from harness.database import Row, Sql
from harness.desk import Desk
from harness.suite import Suite
from harness.waiting import until

pytestmark = pytest.mark.target("compose")

DATABASES = {"USER_TEAM": "user_team", "TASK_MEETING": "task_meeting", "NOTIFICATION": "notification"}
COMPARED = ("id", "project_id", "team_id", "user_oid", "user_name", "project_name", "application_url")

# A meeting that people were told of three times.
MEETING = """
    INSERT INTO meeting (title, agenda, minutes, organizer_oid, start, duration_s, all_day, time_zone,
        exceptions, status, sequence, version, created_at, updated_at)
    VALUES ('Планёрка', '', '', %s, now(), 3600, false, 'UTC', '[]', 'scheduled', 3, 4, now(), now())
"""
SEQUENCES = "SELECT sequence FROM meeting WHERE organizer_oid = %s"


class Operator:
    """Somebody who runs the commands behind `make backup` and `make restore`."""

    def __init__(self, compose: Compose, folder: Path) -> None:
        env_file = str(compose.env_file)
        files = [f"--file={ROOT / file}" for file in (BASE, TESTS)]
        options = ["--project-name", compose.project, "--env-file", env_file, *files]
        self.folder = folder
        self._environment = {
            **compose.machine,
            "COMPOSE": " ".join(["docker", "compose", *options]),
            "ENV_FILE": env_file,
            "BACKUPS": str(folder),
        }

    def backup(self) -> Path:
        """Make a backup and return its folder."""
        known = set(self.folder.glob("*"))
        done = self.run("backup")
        assert done.returncode == 0, done.stdout
        (made,) = set(self.folder.glob("*")) - known
        return made

    def restore(self, backup: Path) -> str:
        """Restore a backup and return what was said."""
        done = self.run("restore", FROM=str(backup), YES="1")
        assert done.returncode == 0, done.stdout
        return done.stdout

    def restore_until(self, line: str, backup: Path) -> str:
        """Begin a restore and kill it as soon as it says this."""
        output = ""
        with self._start("restore", FROM=str(backup), YES="1") as process:
            for said in process.stdout:
                output += said
                if said.startswith(line):
                    os.killpg(process.pid, signal.SIGKILL)
        assert output.splitlines()[-1].startswith(line), output
        return output

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with self._start(command, **environment) as process:
            output, _ = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    def _start(self, command: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [ROOT / "deploy" / "bin" / command],
            env={**self._environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def operator(compose: Compose, running: Suite, tmp_path: Path) -> Iterator[Operator]:
    yield Operator(compose, tmp_path / "backups")
    running.close()


@pytest.fixture(scope="module")
def whole_backup(compose: Compose, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests that look what is done with a backup, and not at what is in it."""
    return Operator(compose, tmp_path_factory.mktemp("backups")).backup()


@pytest.fixture
def backup(whole_backup: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return shutil.copytree(whole_backup, tmp_path / whole_backup.name)


@pytest.fixture
def superuser(compose: Compose) -> Iterator[Sql]:
    sql = Sql(compose.dsn())
    yield sql
    sql.close()


def source(compose: Compose, desk: Desk) -> list[Row]:
    """What the admin's database says of a company's assignments."""
    sql = Sql(compose.service_dsn("USER_TEAM"))
    columns = ", ".join(COMPARED)
    query = f"SELECT {columns} FROM teams_userassignment WHERE user_email LIKE %s ORDER BY id"
    rows = sql.rows(query, [f"{desk.company.marker}%"])
    sql.close()
    return rows


def projected(running: Suite, desk: Desk) -> list[list[Row]]:
    """What each projection says of them."""
    people = [person.oid for person in desk.company.people]
    living = [projection.living(people) for projection in running.projections]
    return [[{name: rows[id_][name] for name in COMPARED} for id_ in sorted(rows)] for rows in living]


def epoch(running: Suite) -> int:
    return running.tasks.sql.value("SELECT max(epoch) FROM assignment")


def names(superuser: Sql) -> list[str]:
    rows = superuser.rows("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
    return [row["datname"] for row in rows]


def test_everything_is_as_it_was_nobody_is_mailed_and_work_goes_on(
    running: Suite, compose: Compose, operator: Operator, superuser: Sql
):
    desk = running.desk()
    ann, bob, cid, dan, eve, *_ = desk.company.people
    here, there, *_ = desk.company.places
    stays, moves, goes = [desk.assign(person, here) for person in (ann, bob, cid)]
    assert running.problems(desk) == []
    compose.hold("notification-sender")
    desk.assign(dan, here)  # his mail waits when the backup is made, and is sent after that
    running.wait_shown(desk.ledger)
    running.tasks.sql.run(MEETING, [ann.oid])
    then, old_epoch = source(compose, desk), epoch(running)
    backup = operator.backup()
    compose.release("notification-sender")

    desk.move(moves, there)
    desk.end(goes)
    desk.assign(eve, there)
    assert running.problems(desk) == []
    caught = running.mailbox.times(desk.company.marker)
    assert caught.total() == 4 + 3
    running.close()
    before = names(superuser)
    said = operator.restore(backup)

    assert source(compose, desk) == then
    assert projected(running, desk) == [then, then]
    assert epoch(running) == old_epoch + 1
    assert running.tasks.sql.value(SEQUENCES, [ann.oid]) > 3, "calendars would ignore its next change"
    assert f"SOURCE_EPOCH is {old_epoch + 1}" in said
    slots = superuser.rows("SELECT slot_name, database, active FROM pg_replication_slots ORDER BY 1")
    assert slots == [
        {"slot_name": name, "database": database, "active": True}
        for name, database in (
            ("debezium_slot", "django_db"),
            ("django_outbox_slot", "django_db"),
            ("task_outbox_slot", "db_task"),
        )
    ]
    assert names(superuser) == before
    states = {row["recipient"]: row["state"] for row in running.notifications(desk.company.marker)}
    accepted = dict.fromkeys((ann.email, bob.email, cid.email), "accepted")
    assert states == {**accepted, dan.email: "unconfirmed"}

    desk.link(stays, "https://apply.example/after")
    until(
        lambda: projected(running, desk) == [source(compose, desk)] * 2, "the change is shown", timeout_s=60
    )
    until(lambda: running.mailbox.times(desk.company.marker) != caught, "it is mailed", timeout_s=60)
    news = running.wait_mailed(desk.company.marker)
    assert [(row["recipient"], row["kind"]) for row in news if row["epoch"] == old_epoch + 1] == [
        (ann.email, "changed")
    ]
    assert (running.mailbox.times(desk.company.marker) - caught).total() == 1


def test_whenever_it_is_killed_the_stack_comes_back_whole(
    running: Suite, compose: Compose, operator: Operator, superuser: Sql
):
    desk = running.desk()
    ann, bob, *_ = desk.company.people
    desk.assign(ann, desk.company.places[0])
    assert running.problems(desk) == []
    then = source(compose, desk)
    backup = operator.backup()
    desk.assign(bob, desk.company.places[1])
    assert running.problems(desk) == []
    now, caught = source(compose, desk), running.mailbox.times(desk.company.marker)
    running.close()

    operator.restore_until("Setting the consumers", backup)
    compose.up()
    assert source(compose, desk) == now
    until(lambda: projected(running, desk) == [now, now], "the present data are back", timeout_s=60)
    running.close()

    operator.restore_until("Starting everything", backup)
    compose.up()
    assert source(compose, desk) == then
    until(lambda: projected(running, desk) == [then, then], "the backup is there", timeout_s=60)
    assert running.mailbox.times(desk.company.marker) == caught
    for left in [name for name in names(superuser) if "_before_" in name]:
        compose.compose("exec", "-T", "postgres", "dropdb", "--username=postgres", left)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("spoil", "file", "reason"),
    [
        (flip, "task_meeting.dump", "damaged"),
        (cut, "notification.dump", "damaged"),
        (Path.unlink, "user_team.dump", "missing"),
        (cut, "manifest", "cut off"),
        (Path.unlink, "manifest", "no manifest"),
    ],
)
def test_a_spoilt_backup_is_refused_before_anything_is_touched(
    compose: Compose, operator: Operator, backup: Path, spoil, file, reason
):
    spoil(backup / file)
    before = {container.id: container.run for container in compose.containers()}
    variables = compose.env_file.read_text()
    done = operator.run("restore", FROM=str(backup), YES="1")
    assert done.returncode == 1
    assert reason in done.stdout
    assert done.stdout.splitlines()[-2:] == ["Nothing was touched.", "(docs/runbooks/backup.md)"]
    assert {container.id: container.run for container in compose.containers()} == before
    assert compose.env_file.read_text() == variables


def test_a_backup_that_cannot_be_restored_replaces_nothing(
    compose: Compose, operator: Operator, superuser: Sql, backup: Path
):
    """Its sums are right, but PostgreSQL does not understand it."""
    spoilt = backup / "notification.dump"
    spoilt.write_bytes(b"from a newer PostgreSQL")
    manifest = (backup / "manifest").read_text().splitlines()
    line = f"file notification.dump 23 {hashlib.sha256(spoilt.read_bytes()).hexdigest()}"
    changed = [line if " notification.dump " in old else old for old in manifest]
    (backup / "manifest").write_text("\n".join(changed) + "\n")
    running_since = {it.service: it.run for it in compose.containers() if it.is_running}
    before = names(superuser)
    done = operator.run("restore", FROM=str(backup), YES="1")
    assert done.returncode != 0
    assert "Nothing was replaced, and what ran still runs." in done.stdout
    assert names(superuser) == before
    assert {it.service: it.run for it in compose.containers() if it.is_running} == running_since


def test_nothing_is_replaced_without_a_yes(operator: Operator, backup: Path):
    done = operator.run("restore", FROM=str(backup))
    assert done.returncode == 1
    assert "say YES=1" in done.stdout


def test_only_its_owner_can_read_a_backup_and_a_failed_one_is_removed(operator: Operator):
    backup = operator.backup()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (backup, *backup.iterdir())}
    dumps = {f"{name}.dump": 0o600 for name in DATABASES.values()}
    assert modes == {backup.name: 0o700, "manifest": 0o600, **dumps}
    failed = operator.run("backup", NOTIFICATION_DB_NAME="nothing_of_that_name")
    assert failed.returncode != 0
    assert "The backup failed and was removed" in failed.stdout
    assert list(operator.folder.iterdir()) == [backup]
