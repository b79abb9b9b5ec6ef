"""The service as it is run: processes, their exit codes and what they say."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as it:
        return it.getsockname()[1]


@pytest.fixture
async def environment(template, admin_url, identity):
    """Of a service with an empty database, ports and an issuer of tokens of its own, and no Kafka."""
    async with template.clone() as url:
        with identity.key_server() as keys:
            yield {
                "AUTH_JWKS_URL": keys,
                **{name: value for name, value in os.environ.items() if not name.startswith("TASK_MEETING_")},
                "POSTGRES_HOST": url.host,
                "POSTGRES_PORT": str(url.port),
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
                "TASK_MEETING_DB_NAME": url.database,
                "TASK_MEETING_DB_USER": url.username,
                "TASK_MEETING_DB_PASSWORD": url.password or "none",
                "TASK_MEETING_API_PORT": str(free_port()),
                "TASK_MEETING_CONSUMER_PORT": str(free_port()),
                "TASK_MEETING_JOBS_PORT": str(free_port()),
            }


@pytest.fixture
def start(environment):
    """Start `python -m task_meeting …`; whatever still runs at the end is killed."""
    processes = []

    def run(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "task_meeting", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def answer(port, path, seconds=60, **headers):
    """The first answer of a server that is starting."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return httpx2.get(f"http://127.0.0.1:{port}{path}", headers=headers)
        except httpx2.ConnectError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)


def stop(process):
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def wait_ready(port):
    """The report of a process that has become ready."""
    deadline = time.monotonic() + 60
    while (report := answer(port, "/health/ready").json())["status"] != "ok":
        assert time.monotonic() < deadline, report
        time.sleep(0.05)
    return report


def test_the_api_serves_until_it_is_told_to_stop(start, environment, identity):
    process = start("api")
    port = environment["TASK_MEETING_API_PORT"]
    assert wait_ready(port)["checks"] == {"database": "ok", "token_keys": "ok"}
    assert answer(port, "/api/users/", **identity.headers()).json()["total"] == 0
    assert "python_info" in answer(port, "/metrics").text
    returncode, output = stop(process)
    assert returncode == 0
    assert environment["TASK_MEETING_DB_PASSWORD"] not in output


def test_a_consumer_without_kafka_lives_is_not_ready_and_stops_when_told(start, environment):
    process = start("consumer")
    port = environment["TASK_MEETING_CONSUMER_PORT"]
    assert answer(port, "/health/live").status_code == 200
    ready = answer(port, "/health/ready")
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "ok")
    assert stop(process)[0] == 0


def test_the_process_that_does_jobs_is_ready_when_it_is_connected_and_stops_when_told(start, environment):
    process = start("jobs")
    port = environment["TASK_MEETING_JOBS_PORT"]
    assert wait_ready(port)["checks"] == {"database": "ok", "jobs": "ok"}
    assert "reassign_stalled_seconds 0.0" in answer(port, "/metrics").text
    returncode, output = stop(process)
    assert (returncode, environment["TASK_MEETING_DB_PASSWORD"] in output) == (0, False)


def test_a_taken_port_is_a_clear_error(start, environment):
    with socket.create_server(("127.0.0.1", int(environment["TASK_MEETING_API_PORT"]))):
        process = start("api")
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "TASK_MEETING_API_PORT" in output


def test_migrating_again_changes_nothing_and_nothing_is_parked(start):
    for arguments in (["migrate"], ["parked", "redrive"]):
        process = start(*arguments)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output


def test_the_offsets_are_left_alone_when_kafka_does_not_answer(start):
    process = start("offsets", "to-end")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Nothing was changed" in output
