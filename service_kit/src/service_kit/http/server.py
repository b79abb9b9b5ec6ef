"""uvicorn as a part of a process: it is told when to stop, and leaves signals to its owner."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from service_kit.http.problem import MEDIA_TYPE, Problem, problem_response

GRACEFUL_SHUTDOWN_S = 10
# Memory that a connection may take before anything looks at its request: more than any limit on a part of it,
# so that what is a little too long gets the answer that says so.
_MAX_HEAD_BYTES = 131_072
_BACKLOG = 2048


class PortTakenError(Exception):
    """Something else listens where this server should."""


class HttpServer:
    """A part for `process.serve`: serves `app` until it is stopped."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, port_variable: str) -> None:
        """`port_variable` is the setting's name, for the message when the port is taken."""
        self._address = (host, port)
        self._port_variable = port_variable
        self._server = _Server(_config(app))

    @property
    def started(self) -> bool:
        """Whether it answers requests."""
        return self._server.started

    async def run(self) -> None:
        """Serve until `stop` is called; requests that are under way get time to end.

        Raises:
            PortTakenError: the port is in use.
        """
        await self._server.serve(sockets=[self._bind()])

    def stop(self) -> None:
        self._server.should_exit = True

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        try:
            listener = socket.create_server(self._address, family=family, backlog=_BACKLOG)
        except OSError as error:
            host, port = self._address
            raise PortTakenError(
                f"cannot listen on {host}:{port} ({self._port_variable}): {error}"
            ) from error
        # For its connections: asyncio, unlike uvloop, leaves it out when a socket names no protocol. The body
        # of an answer would wait 40 ms for the client to acknowledge the head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """h11 rather than httptools: it bounds the size of a request's head, which httptools buffers whole."""

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP at all in the same shape as every other error."""
        answer = problem_response(Problem(400, msg), None)
        head = h11.Response(
            status_code=400,
            reason=b"Bad Request",
            headers=[
                (b"content-type", MEDIA_TYPE.encode()),
                (b"content-length", str(len(answer.body)).encode()),
                (b"connection", b"close"),
            ],
        )
        for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Nothing here needs the client's address, so nobody's X-Forwarded-For is believed.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
    )
