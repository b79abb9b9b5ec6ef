"""How often a mail comes twice when senders are killed at random moments under load.

    .venv/bin/python -m benchmarks.mail_repeats.run [--kills 200] [--lanes 4] [--answer-ms 2]

It starts a stack of its own and a mail server in a process of its own that counts Message-IDs. Senders are
forked from a process that has loaded all, so that of each life little is its start, and killed with SIGKILL
at a random moment of their sending. At the end one sender is left alone until nothing waits. A run counts
only if every mail has come, none came more than twice, and none came twice that is not known to be in doubt.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg2
from benchmarks.frame import append

import notification.sender
from local_stack.testing import Stack
from notification.settings import Settings
from service_kit import process
from service_kit.logging import configure_logging

HERE = Path(__file__).parent
FILL = HERE.parent / "mail" / "fill.sql"
FORK = multiprocessing.get_context("fork")
# More than are sent: the load must not end before the killing does.
MAILS_PER_KILL = 400
# In mails; and the moment of the kill lies somewhere within the next few.
LONGEST_LIFE, LAST_MOMENTS_S = 200, 0.02
LEASE_S = 1
DEADLINE_S = 900
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
ANSWERS = {b"EHLO": b"250 catcher\r\n", b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}


async def answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, file: Path, delay_s: float
) -> None:
    """One connection. A mail is written down, then accepted: as a server does that loses nothing."""
    writer.write(b"220 catcher\r\n")
    # Whoever was killed resets the connection, or leaves a message without its end.
    killed = suppress(ConnectionResetError, asyncio.IncompleteReadError)
    with file.open("ab", buffering=0) as caught, killed:
        while line := await reader.readline():
            verb = line[:4].upper()
            writer.write(ANSWERS.get(verb, b"250 ok\r\n"))
            if verb == b"DATA":
                message = await reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(delay_s)
                caught.write(MESSAGE_ID.search(message)[1] + b"\n")
                writer.write(b"250 ok\r\n")
    writer.close()


def catch(port: int, file: Path, delay_s: float) -> None:
    """The mail server's process."""

    async def serve() -> None:
        server = await asyncio.start_server(
            lambda *ends: answer(*ends, file, delay_s), "127.0.0.1", port, limit=2**20
        )
        await server.serve_forever()

    asyncio.run(serve())


def send(environment: Mapping[str, str]) -> None:
    """A sender's process, as `python -m notification sender` has it."""
    os.environ.update(environment)
    configure_logging(service="notification.sender", level="CRITICAL", log_format="json")
    process.run(notification.sender.run_sender(Settings()))


def start(work: Callable[..., None], *arguments: object) -> BaseProcess:
    started = FORK.Process(target=work, args=arguments, daemon=True)
    started.start()
    return started


def caught(file: Path) -> Counter[str]:
    return Counter(file.read_text().split()) if file.exists() else Counter()


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)


def kill_one(environment: Mapping[str, str], file: Path, chance: random.Random) -> None:
    """Let a sender live for a random number of mails, and a random moment more."""
    lives_until = caught(file).total() + chance.randint(1, LONGEST_LIFE)
    sender = start(send, environment)
    wait_for(lambda: caught(file).total() >= lives_until, "a sender does not get on")
    time.sleep(chance.uniform(0, LAST_MOMENTS_S))
    os.kill(sender.pid, signal.SIGKILL)
    sender.join()


def measure(stack: Stack, folder: Path, kills: int, lanes: int, delay_s: float) -> dict[str, float]:
    environment = {
        **stack.environment,
        "NOTIFICATION_SMTP_PORT": str(int(stack.variables["SMTP_PORT"]) + 2000),
        "NOTIFICATION_SENDER_PORT": str(int(stack.variables["NOTIFICATION_SENDER_PORT"]) + 1000),
        "NOTIFICATION_SENDER_WORKERS": str(lanes),
        "NOTIFICATION_SENDER_LEASE_SECONDS": str(LEASE_S),
        "NOTIFICATION_DOMAIN_LIMITS": json.dumps({}),
    }
    os.environ.update(environment)
    subprocess.run([sys.executable, "-m", "notification", "migrate"], env=environment, check=True)
    database = psycopg2.connect(stack.service_dsn("NOTIFICATION"))
    database.autocommit = True
    cursor = database.cursor()
    cursor.execute(FILL.read_text(encoding="utf-8"), {"count": kills * MAILS_PER_KILL})
    # What each sender would compile at its start is compiled once, before they are forked.
    composer = notification.sender.build_composer(Settings())
    notification.sender.build_composer = lambda _settings: composer
    file, chance = folder / "caught", random.Random(1)
    server = start(catch, int(environment["NOTIFICATION_SMTP_PORT"]), file, delay_s)
    for number in range(kills):
        kill_one(environment, file, chance)
        print(f"\r{number + 1} kills, {caught(file).total()} mails", end="", flush=True)
    sent_under_fire = len(caught(file))
    # What no sender has touched is left out: it would say nothing of deaths.
    cursor.execute("DELETE FROM notification WHERE state = 'queued' AND attempts = 0")
    last = start(send, environment)

    def nothing_waits() -> bool:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM notification WHERE state IN ('queued', 'retrying', 'sending'))"
        )
        return bool(cursor.fetchone()[0])

    wait_for(nothing_waits, "mails are left")
    os.kill(last.pid, signal.SIGKILL)
    os.kill(server.pid, signal.SIGKILL)
    times = caught(file)
    cursor.execute("SELECT message_id, state, in_doubt FROM notification")
    rows = cursor.fetchall()
    doubtful = {message_id for message_id, _, in_doubt in rows if in_doubt}
    repeated = {message_id for message_id, count in times.items() if count > 1}
    assert set(times) >= {message_id for message_id, state, _ in rows if state == "accepted"}, (
        "a mail is lost"
    )
    assert max(times.values()) <= 2, "a mail came a third time"
    assert repeated <= doubtful, "a mail came twice, and nobody knows"
    return {
        "kills": kills,
        "lanes": lanes,
        "answer_ms": delay_s * 1e3,
        "mails": sent_under_fire,
        "in_doubt": len(doubtful),
        "repeats": len(repeated),
        "unconfirmed": sum(state == "unconfirmed" for _, state, _ in rows),
        "repeats_per_kill": round(len(repeated) / kills, 3),
        "repeats_per_mail": round(len(repeated) / sent_under_fire, 6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--answer-ms", type=float, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Stack(Path(name) / "stack") as stack:
        result = measure(stack, Path(name), options.kills, options.lanes, options.answer_ms / 1e3)
    print(f"\n{result}")
    append(HERE / "results.csv", list(result), [result.values()])


if __name__ == "__main__":
    main()
