"""How fast the notifier's sender empties a queue of mails into a server that takes everything.

    .venv/bin/python -m benchmarks.mail.run [--mails 20000] [--repeat 5] [--long 100000]

It starts a stack of its own and a null SMTP server in a process of its own. The sender, two senders, the
floor and a connection for each mail take turns, so that a machine that gets slower slows all of them; slow
ones get fewer mails, and what is compared are rates. A run counts only if every mail was accepted once. With
`--long` one more run looks at the sender's memory now and then.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import psutil
import psycopg2
from benchmarks.frame import ROOT, append
from benchmarks.mail.picture import draw
from benchmarks.mail.server import Server

from local_stack.testing import Stack

HERE = Path(__file__).parent
LANES = 32
# The start of a process, and of its templates, is left out: it is the same seconds for any number of mails.
FROM, TO = 0.2, 0.95
SLOW, FAST = 20, 2
TIMEOUT_S = 600
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Run:
    """One run's figures; processor milliseconds are those of the sending processes and of PostgreSQL."""

    case: str
    mails: int
    per_second: float
    cpu_ms_per_mail: float
    postgres_ms_per_mail: float
    memory_mib: float


class Bench:
    """The stack, the null server, and what every case needs of them."""

    def __init__(self, stack: Stack, server: Server, folder: Path) -> None:
        self.stack, self.server = stack, server
        self.environment = {
            **stack.environment,
            "NOTIFICATION_SMTP_PORT": str(server.port),
            "NOTIFICATION_SENDER_WORKERS": str(LANES),
            "NOTIFICATION_DOMAIN_LIMITS": "{}",
            "NOTIFICATION_BURST_SECONDS": "0",
            "LOG_LEVEL": "ERROR",
        }
        self.postgres = psutil.Process(stack.part("postgres").process.pid)
        self.message = folder / "message"
        self.database = psycopg2.connect(stack.service_dsn("NOTIFICATION"))
        self.database.autocommit = True

    def fill(self, count: int) -> None:
        with self.database.cursor() as cursor:
            cursor.execute((HERE / "fill.sql").read_text(encoding="utf-8"), {"count": count})

    def left(self) -> int:
        """How many mails are not accepted."""
        with self.database.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM notification WHERE state <> 'accepted' OR attempts <> 1")
            return int(cursor.fetchone()[0])

    @contextmanager
    def sender(self, number: int) -> Iterator[psutil.Process]:
        port = int(self.stack.variables["NOTIFICATION_SENDER_PORT"]) + 1000 + number
        environment = {**self.environment, "NOTIFICATION_SENDER_PORT": str(port)}
        command = [sys.executable, "-m", "notification", "sender"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()

    def measure_senders(self, count: int, mails: int) -> Run:
        self.fill(mails)
        begun_at = self.server.taken()
        with ExitStack() as running:
            senders = [running.enter_context(self.sender(number)) for number in range(count)]
            self._wait(begun_at + mails * FROM)
            first, cpu, begin = self.server.taken(), self._cpu(senders), time.perf_counter()
            self._wait(begun_at + mails * TO)
            seconds, sent = time.perf_counter() - begin, self.server.taken() - first
            spent = [after - before for after, before in zip(self._cpu(senders), cpu, strict=True)]
            memory = max(sender.memory_info().rss for sender in senders) / MIB
            self._wait(begun_at + mails)
        assert self.server.taken() - begun_at == mails, "a run that repeats or loses counts for nothing"
        assert self.left() == 0
        name = "the sender" if count == 1 else f"{count} senders"
        return Run(
            name, mails, round(sent / seconds), *(round(s * 1e3 / sent, 3) for s in spent), round(memory)
        )

    def measure_peer(self, case: str, mails: int, *arguments: str) -> Run:
        """A peer prints how many seconds it took."""
        begun_at, before = self.server.taken(), self._cpu([])[1]
        command = [sys.executable, str(HERE / "peers.py"), arguments[0], str(self.server.port), str(mails)]
        process = psutil.Popen(
            [*command, *arguments[1:]], cwd=ROOT, env=self.environment, stdout=subprocess.PIPE
        )
        memory, cpu_s = 0, 0.0
        while process.poll() is None:
            try:
                memory = max(memory, process.memory_info().rss)
                cpu_s = sum(process.cpu_times()[:2])
            except psutil.Error:
                break
            time.sleep(0.02)
        seconds = float(process.communicate()[0])
        assert self.server.taken() - begun_at == mails, "a run that loses mails counts for nothing"
        postgres_s = self._cpu([])[1] - before
        spent = (round(s * 1e3 / mails, 3) for s in (cpu_s, postgres_s))
        return Run(case, mails, round(mails / seconds), *spent, round(memory / MIB))

    def measure_memory(self, mails: int, samples: int = 20) -> list[float]:
        """The sender's memory in MiB, after each of so many equal parts of the mails."""
        self.fill(mails)
        begun_at = self.server.taken()
        with self.sender(0) as process:
            memory = []
            for part in range(1, samples + 1):
                self._wait(begun_at + mails * part / samples)
                memory.append(round(process.memory_info().rss / MIB, 1))
        assert self.server.taken() - begun_at == mails
        return memory

    def _cpu(self, processes: list[psutil.Process]) -> tuple[float, float]:
        return sum(map(cpu_s, processes)), cpu_s(self.postgres)

    def _wait(self, count: float) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while self.server.taken() < count:
            assert time.monotonic() < deadline, "the mails do not get on"
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--long", type=int, default=0)
    options = parser.parse_args()
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        stack = running.enter_context(Stack(folder / "stack"))
        server = Server(int(stack.variables["SMTP_PORT"]) + 2000)
        running.callback(server.stop)
        bench = Bench(stack, server, folder)
        migrate = [sys.executable, "-m", "notification", "migrate"]
        subprocess.run(migrate, cwd=ROOT, env=bench.environment, check=True)
        bench.message.write_bytes(a_message(bench))
        runs = []
        for _ in range(options.repeat):
            for run in a_round(bench, options.mails):
                print(run, flush=True)
                runs.append(run)
        append(HERE / "results.csv", [field.name for field in fields(Run)], map(astuple, runs))
        report(runs)
        if options.long:
            memory = bench.measure_memory(options.long)
            append(HERE / "memory.csv", ["mails", "memory_mib"], [(options.long, mib) for mib in memory])
            print(f"memory over {options.long:,} mails: {min(memory)} to {max(memory)} MiB")


def a_round(bench: Bench, mails: int) -> Iterator[Run]:
    """Each case once."""
    ready = mails * FAST // LANES * LANES
    yield bench.measure_peer("floor", ready, "floor", str(LANES), str(bench.message))
    yield bench.measure_senders(1, mails)
    yield bench.measure_senders(2, mails)
    for workers in (1, 4):
        # One to spare for each: the last ones are locked by others when they are looked for.
        bench.fill(mails // SLOW + workers)
        case = "a connection for each mail" + ("" if workers == 1 else f", {workers} at once")
        yield bench.measure_peer(case, mails // SLOW // workers * workers, "plain", str(workers))


def a_message(bench: Bench) -> bytes:
    """One of the messages, as the sender writes it."""
    bench.fill(1)
    command = [sys.executable, str(HERE / "peers.py"), "message"]
    return subprocess.run(command, cwd=ROOT, env=bench.environment, check=True, stdout=subprocess.PIPE).stdout


def cpu_s(process: psutil.Process) -> float:
    """Processor seconds of a process and of what it has started, those that have ended among them."""
    total = 0.0
    for part in (process, *process.children(recursive=True)):
        times = part.cpu_times()
        total += times.user + times.system
    return total + process.cpu_times().children_user + process.cpu_times().children_system


def report(runs: list[Run]) -> None:
    """Print the medians, and draw them."""
    cases = list(dict.fromkeys(run.case for run in runs))
    rates = {case: [run.per_second for run in runs if run.case == case] for case in cases}
    middle = {case: statistics.median(rates[case]) for case in cases}
    for case in cases:
        spread = f"{min(rates[case]):,.0f} to {max(rates[case]):,.0f}"
        of = [run for run in runs if run.case == case]
        costs = [
            statistics.median(getattr(run, name) for run in of)
            for name in ("cpu_ms_per_mail", "postgres_ms_per_mail", "memory_mib")
        ]
        print(f"{case}: {middle[case]:,.0f}/s ({spread})")
        print(f"  ms a mail {costs[0]}, PostgreSQL {costs[1]}; {costs[2]} MiB")
    sender = middle["the sender"]
    print(f"of the floor: {sender / middle['floor']:.2f}")
    print(f"times a connection for each mail: {sender / middle['a connection for each mail']:.1f}")
    draw(HERE / "rates.svg", rates)


if __name__ == "__main__":
    main()
