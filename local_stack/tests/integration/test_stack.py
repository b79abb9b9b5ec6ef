"""The shared stack: what runs in it, and who may do what."""

import time
from contextlib import suppress

import asyncpg
import httpx2
import psutil
import pytest

from local_stack.errors import StackError
from local_stack.state import PartPhase
from local_stack.status import memory_bytes
from local_stack.testing import Stack


async def fetch(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def passwords(stack: Stack) -> list[str]:
    secret = ("PASSWORD", "KEY")
    return [value for name, value in stack.variables.items() if name.endswith(secret) and value]


async def test_postgres_decodes_its_log_and_knows_cyrillic(stack: Stack) -> None:
    assert await fetch(stack.dsn(), "SHOW wal_level") == "logical"
    assert await fetch(stack.dsn(), "SELECT lower('ПРИВЕТ')") == "привет"
    assert await fetch(stack.dsn(), "SELECT 'Анна' ILIKE 'аННА'")
    assert int(str(await fetch(stack.dsn(), "SELECT current_setting('server_version_num')"))) >= 180000


@pytest.mark.parametrize("service", ["USER_TEAM", "TASK_MEETING", "NOTIFICATION"])
async def test_a_service_owns_its_database_and_enters_no_other(stack: Stack, service: str) -> None:
    own = stack.variables[f"{service}_DB_NAME"]
    assert await fetch(stack.service_dsn(service), "SELECT current_database()") == own
    assert await fetch(
        stack.service_dsn(service), "SELECT has_database_privilege(current_database(), 'CREATE')"
    )
    for other in {"django_db", "db_task", "db_notification", "postgres", "template1"} - {own}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="CONNECT"):
            await fetch(stack.service_dsn(service).replace(f"/{own}", f"/{other}"), "SELECT 1")


@pytest.mark.parametrize("role", ["user_team", "task_meeting", "notification", "debezium"])
async def test_a_role_has_no_rights_over_the_server(stack: Stack, role: str) -> None:
    connection = await asyncpg.connect(stack.dsn())
    try:
        rights = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", role)
    finally:
        await connection.close()
    assert rights
    assert not any(rights[name] for name in ("rolsuper", "rolcreatedb", "rolcreaterole", "rolbypassrls"))
    assert rights["rolreplication"] == (role == "debezium")


async def test_a_password_is_needed(stack: Stack) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(stack.dsn(user="postgres", password="guess"))


def test_nothing_listens_for_other_machines(stack: Stack) -> None:
    supervisor = psutil.Process(stack.state().supervisor.pid)
    for process in supervisor.children(recursive=True):
        # PostgreSQL's processes come and go.
        with suppress(psutil.NoSuchProcess):
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    assert connection.laddr[0] in {"127.0.0.1", "::ffff:127.0.0.1"}, connection


def test_no_password_is_on_a_command_line(stack: Stack) -> None:
    supervisor = psutil.Process(stack.state().supervisor.pid)
    for process in supervisor.children(recursive=True):
        command = " ".join(process.cmdline())
        assert not [password for password in passwords(stack) if password in command]


def test_no_password_is_in_a_log(stack: Stack) -> None:
    for log in stack.log("x").parent.glob("*.log"):
        text = log.read_text(errors="replace")
        assert not [password for password in passwords(stack) if password in text], log


@pytest.mark.parametrize("program", ["kafka", "connect"])
def test_a_java_program_starts_from_its_cache(stack: Stack, program: str) -> None:
    process = stack.part(program).process
    assert process
    assert [flag for flag in psutil.Process(process.pid).cmdline() if flag.startswith("-XX:AOTCache=")]
    assert "[aot" not in stack.log(program).read_text()


def test_the_infrastructure_is_small(stack: Stack) -> None:
    assert memory_bytes(stack.state().supervisor) < 1200 * 2**20


def test_a_killed_child_is_started_again_and_that_is_reported(stack: Stack) -> None:
    before = stack.part("mail")
    stack.kill("mail")
    stack.wait_ready("mail")
    after = stack.part("mail")
    assert after.process != before.process
    assert after.restarts == before.restarts + 1
    assert httpx2.get(f"{stack.mail_url}/api/messages/").is_success


def test_a_held_part_is_down_until_it_is_released(stack: Stack) -> None:
    stack.hold("mail")
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(stack.mail_url)
    assert stack.part("mail").phase is PartPhase.HELD
    stack.release("mail")
    stack.wait_ready("mail")
    assert httpx2.get(stack.mail_url).is_success


async def test_connect_is_ready_again_soon_after_it_was_killed(stack: Stack) -> None:
    stack.kill("connect")
    begin = time.monotonic()
    stack.wait_ready("connect")
    assert time.monotonic() - begin < 30
    assert httpx2.get(f"{stack.connect_url}/connectors").is_success


def test_a_part_that_does_not_run_cannot_be_killed(stack: Stack) -> None:
    with pytest.raises(StackError, match="cluster does not run"):
        stack.kill("cluster")
