"""How long it takes from a commit in the admin's database until the mail server has the mail.

    .venv/bin/python -m benchmarks.mail_latency.run [--rounds 4]

It starts the whole suite with a mail server that notes when each mail's last dot comes. Assignments are
committed one by one at a steady rate, each of another person; the rates take turns. In one case more the
mail server has closed its connections before each commit, as servers do with idle ones. All moments are
those of this machine's clock; those in databases are PostgreSQL's own commit times.

A run counts only if every commit reached both projections and brought one mail, accepted at once.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from signal import SIGINT
from typing import Any

import asyncpg
import psycopg2
from benchmarks.frame import append, quantile
from benchmarks.mail.server import Server

from local_stack.testing import Stack

HERE = Path(__file__).parent
CONNECTIONS = 4
# Seconds of each case in a round; the first mails of all are for caches and count for nothing.
CASE_S = {1: 20, 10: 10, 100: 5}
RECONNECTS = 10
WARM_UP, WARM_UP_RATE = 100, 20
DEADLINE_S = 60
SHARES = (0.5, 0.95, 0.99)
GOAL_MS = 10
# Before a commit: the mail server's goodbye must have arrived.
BEFORE_S = 0.3
# What the admin's connections have set in a request (user_team.settings, pghistory's middleware).
AS_THE_ADMIN = {
    "pgtrigger.ignore": "{}",
    "pghistory.context_metadata": "{}",
    "pghistory.context_id": "6f1c3cbe-3f28-4f15-b1f1-0c2f3c0b6a11",
}
COMPANY = """
    INSERT INTO users_organization (name) VALUES ('Benchmark');
    INSERT INTO teams_project (name, oid, organization_id)
    SELECT 'Project', gen_random_uuid(), max(id) FROM users_organization;
    INSERT INTO users_user (password, is_superuser, username, is_staff, is_active, date_joined, oid,
        first_name, last_name, email, role, locale, time_zone)
    SELECT '!', false, 'p' || n, false, true, now(), gen_random_uuid(), 'Person', 'Number ' || n,
        'p' || n || '@company' || n % 50 || '.example', 'employee', (ARRAY['en', 'ru'])[1 + n % 2],
        'Europe/Berlin'
    FROM generate_series(1, {people}) n;
"""
ASSIGN = """
    INSERT INTO teams_userassignment (user_id, project_id)
    SELECT u.id, p.id FROM users_user u, teams_project p WHERE u.username = $1 RETURNING id
"""
# The row of an attempt is written again at its end; this one keeps the commit of its beginning.
BEGINNINGS = """
    CREATE TABLE attempt_begun (notification_id uuid PRIMARY KEY);
    CREATE FUNCTION attempt_begun() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO attempt_begun VALUES (NEW.notification_id); RETURN NEW; END $$;
    CREATE TRIGGER attempt_begun BEFORE INSERT ON attempt FOR EACH ROW EXECUTE FUNCTION attempt_begun()
"""


def moment(of: str) -> str:
    return f"extract(epoch FROM pg_xact_commit_timestamp({of}.xmin))::float"


COMMITTED = f"SELECT id, {moment('a')} FROM teams_userassignment a WHERE id = ANY(%s)"
PROJECTED = f"""
    SELECT id, extract(epoch FROM published_at)::float, {moment("a")} FROM assignment a WHERE id = ANY(%s)
"""
# A mail is written in the transaction that writes the notifier's own projection.
MAILED = f"""
    SELECT a.id, {moment("a")}, {moment("b")}, {moment("t")}, n.message_id, n.state || ' ' || n.attempts
    FROM assignment a JOIN notification n ON n.assignment_id = a.id
    JOIN attempt t ON t.notification_id = n.id JOIN attempt_begun b ON b.notification_id = n.id
    WHERE a.id = ANY(%s)
"""
ACCEPTED = "SELECT count(*) FROM notification WHERE assignment_id IS NOT NULL AND state = 'accepted'"
STAGES = {
    "published": "in Kafka",
    "projected": "in the task service's projection",
    "queued": "the mail's row is written",
    "begun": "its attempt is committed",
    "handed": "MAIL FROM is at the server",
    "accepted": "accepted: the last dot is at the server",
    "settled": "its end is recorded",
}
AFTER = "accepted, after the projection"


@dataclass(slots=True)
class Case:
    """What is committed in what way, and in milliseconds after each commit the moments of its stages."""

    name: str
    rate: float
    number: int
    reconnects: bool = False
    took_ms: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in (*STAGES, AFTER)})


class Bench:
    """The running suite, and who is yet to be assigned."""

    def __init__(self, stack: Stack, server: Server, people: int) -> None:
        self.stack, self.server = stack, server
        self._person = count(1)
        self._assigned = 0
        self._execute("USER_TEAM", COMPANY.format(people=people))
        self._execute("NOTIFICATION", BEGINNINGS)

    def measure(self, case: Case) -> None:
        ids = asyncio.run(self._commit(case))
        self._wait(len(ids))
        moments = self._moments(ids)
        for id_ in ids:
            committed, *stages = moments[id_]
            for name, at in zip(STAGES, stages, strict=True):
                case.took_ms[name].append((at - committed) * 1e3)
            case.took_ms[AFTER].append(case.took_ms["accepted"][-1] - case.took_ms["projected"][-1])

    async def _commit(self, case: Case) -> list[int]:
        """Commit at a steady rate, whatever each takes; returns the ids of the assignments."""
        dsn = self.stack.service_dsn("USER_TEAM")
        pool = asyncpg.create_pool(
            dsn, min_size=CONNECTIONS, max_size=CONNECTIONS, server_settings=AS_THE_ADMIN
        )
        async with pool:
            begin, tasks = time.monotonic() + BEFORE_S, []
            for number in range(case.number):
                await asyncio.sleep(begin + number / case.rate - BEFORE_S - time.monotonic())
                if case.reconnects:
                    self.server.ask("DROP")
                await asyncio.sleep(begin + number / case.rate - time.monotonic())
                tasks.append(asyncio.create_task(pool.fetchval(ASSIGN, f"p{next(self._person)}")))
            return await asyncio.gather(*tasks)

    def _wait(self, mails: int) -> None:
        """Until so many mails more are recorded as accepted: nothing of a case is left to do."""
        deadline = time.monotonic() + DEADLINE_S
        self._assigned += mails
        while self._rows("NOTIFICATION", ACCEPTED)[0][0] < self._assigned:
            assert time.monotonic() < deadline, "mails do not arrive"
            time.sleep(0.3)

    def _moments(self, ids: Sequence[int]) -> Mapping[int, list[float]]:
        """By assignment: its commit, and its stages, in seconds."""
        committed = dict(self._rows("USER_TEAM", COMMITTED, ids))
        projected = {id_: moments for id_, *moments in self._rows("TASK_MEETING", PROJECTED, ids)}
        seen: dict[str, list[tuple[float, float]]] = {}
        for message_id, *moments in json.loads(self.server.ask("SEEN")):
            seen.setdefault(message_id, []).append(moments)
        found = {}
        for id_, queued, begun, settled, message_id, ended in self._rows("NOTIFICATION", MAILED, ids):
            ((handed, accepted),) = seen[message_id]
            assert ended == "accepted 1", "a mail that needs a second attempt counts for nothing"
            found[id_] = [committed[id_], *projected[id_], queued, begun, handed, accepted, settled]
        assert found.keys() == set(ids), "a run that loses something counts for nothing"
        return found

    def _rows(self, service: str, query: str, ids: Sequence[int] = ()) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.stack.service_dsn(service))
        with connection, connection.cursor() as cursor:
            cursor.execute(query, [list(ids)] if ids else None)
            rows = cursor.fetchall()
        connection.close()
        return rows

    def _execute(self, service: str, statements: str) -> None:
        connection = psycopg2.connect(self.stack.service_dsn(service))
        with connection, connection.cursor() as cursor:
            cursor.execute(statements)
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    cases = [Case(f"{rate} a second", rate, rate * seconds) for rate, seconds in CASE_S.items()]
    cases.append(Case("1 a second, each over a new connection", 1, RECONNECTS, reconnects=True))
    people = WARM_UP + options.rounds * sum(case.number for case in cases)
    with suite() as (stack, server):
        bench = Bench(stack, server, people)
        bench.measure(Case("warm-up", WARM_UP_RATE, WARM_UP))
        for number in range(options.rounds):
            for case in cases:
                bench.measure(case)
            print(f"round {number + 1} of {options.rounds}", flush=True)
    report(cases)
    columns = ["load", "case", "stage", "mails", "p50_ms", "p95_ms", "p99_ms"]
    append(HERE / "results.csv", columns, rows(cases))


@contextmanager
def suite() -> Iterator[tuple[Stack, Server]]:
    """The suite as it is deployed, but for the mail server; its databases keep the times of commits."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        stack = running.enter_context(Stack(folder / "stack"))
        keep_commit_times(stack)
        stack.start_services()
        stack.hold("mail")
        server = Server(stack.smtp_address[1], "benchmarks.mail_latency.recorder")
        running.callback(server.stop)
        yield stack, server


def keep_commit_times(stack: Stack) -> None:
    connection = psycopg2.connect(stack.dsn())
    connection.autocommit = True
    connection.cursor().execute("ALTER SYSTEM SET track_commit_timestamp = on")
    connection.close()
    stack.kill("postgres", SIGINT)
    stack.wait_ready()


def rows(cases: Sequence[Case]) -> Iterator[tuple[object, ...]]:
    """What is kept of each case and stage."""
    load = f"{os.getloadavg()[2]:.1f}"
    for case in cases:
        for stage, took_ms in case.took_ms.items():
            figures = (f"{quantile(took_ms, share):.1f}" for share in SHARES)
            yield load, case.name, stage, len(took_ms), *figures


def report(cases: Sequence[Case]) -> None:
    for case in cases:
        print(f"\n{case.name}, {len(case.took_ms[AFTER])} mails: p50, p95, p99 in ms after the commit")
        for stage, took_ms in case.took_ms.items():
            figures = "".join(f"{quantile(took_ms, share):9.1f}" for share in SHARES)
            print(f"{figures}  {STAGES.get(stage, stage)}")
        projected, accepted = (quantile(case.took_ms[stage], 0.5) for stage in ("projected", "accepted"))
        print(f"  accepted less projected, at p50: {accepted - projected:.1f} ms (goal {GOAL_MS})")


if __name__ == "__main__":
    main()
