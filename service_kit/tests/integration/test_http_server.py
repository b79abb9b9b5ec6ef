"""The real server on a real socket: what never reaches the application, and how it stops."""

import asyncio
import socket

import httpx2
import pytest
from fastapi import Request
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from service_kit.health import Health
from service_kit.http import HttpServer, PortTakenError, create_app


@pytest.fixture(scope="module")
async def port(serving):
    app = create_app(title="t", version="1", health=Health(), allowed_hosts=["127.0.0.1"])
    async with serving(app) as (it, _):
        yield it


async def talk(port, request):
    """Send raw bytes and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 20_000, b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X-Many: a\r\n" * 3000 + b"X-Last: 1", b"431"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1", b"414"),
    ],
    ids=["header", "headers", "path"],
)
async def test_what_is_too_long_is_refused(port, head, status):
    answer = await talk(port, head + b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"a" * 140_000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Evil\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    ],
    ids=["header", "no host", "two hosts", "negative", "two lengths", "no colon", "tls"],
)
async def test_what_is_no_http_request_is_a_problem(port, request_bytes):
    answer = await talk(port, request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b"evil" not in answer.lower()


async def test_a_header_with_a_line_break_adds_no_header_to_the_answer(port):
    answer = await talk(
        port,
        b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"X-Request-ID: a\nSet-Cookie: evil=1\r\n\r\n",
    )
    assert b"set-cookie" not in answer.lower()


@pytest.mark.parametrize("kind", ["text/csv", "application/json"])
async def test_who_hangs_up_in_the_middle_of_a_body_makes_no_failure(serving, kind):
    app = create_app(title="t", version="1", health=Health())

    @app.post("/files/")
    async def upload(request: Request) -> int:
        return len(await request.body())

    with capture_logs() as logs:
        async with serving(app) as (port, _), asyncio.timeout(10):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST /files/ HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: 9\r\n\r\n"
            writer.write(head.encode() + b"[1,")
            await writer.drain()
            await asyncio.sleep(0.1)
            writer.close()
            while not logs:
                await asyncio.sleep(0.01)
    assert [(entry["event"], entry["status"]) for entry in logs] == [("http_request", None)]
    failures = {"method": "POST", "route": "/files/", "status": "500"}
    assert REGISTRY.get_sample_value("http_request_seconds_count", failures) is None


async def test_a_taken_port_names_the_setting(port):
    server = HttpServer(
        create_app(title="t", version="1", health=Health()),
        host="127.0.0.1",
        port=port,
        port_variable="TASK_MEETING_API_PORT",
    )
    with pytest.raises(PortTakenError, match=rf"127.0.0.1:{port} \(TASK_MEETING_API_PORT\)"):
        await server.run()


async def test_no_answer_waits_for_the_acknowledgement_of_its_head(unused_tcp_port):
    server = HttpServer(None, host="127.0.0.1", port=unused_tcp_port, port_variable="PORT")
    with server._bind() as listener, socket.create_connection(("127.0.0.1", unused_tcp_port)):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_stopping_lets_a_request_end(serving):
    app = create_app(title="t", version="1", health=Health())
    begun = asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        begun.set()
        await asyncio.sleep(0.5)
        return "done"

    async with serving(app) as (port, server), httpx2.AsyncClient() as client:
        answer = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/slow"))
        await begun.wait()
        server.stop()
        assert (await answer).json() == "done"
