"""Taken ports: found before anything starts, and explained."""

import random
import socket
from collections.abc import Iterable
from contextlib import suppress

import psutil

from local_stack.environment import HOST
from local_stack.errors import StackError
from local_stack.settings import Ports

_OFFSETS = range(10_000, 20_000)
"""With these every default port stays between the well-known ones and `CHOSEN_PORTS`."""
CHOSEN_PORTS = range(29_100, 32_700)
"""Ports that no stack with such an offset has, and no outgoing connection (below the ephemeral ones)."""
_TRIES = 50


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Who listens on a port, as ``name (pid 1)``; empty if the system does not tell us."""
    with suppress(psutil.AccessDenied, psutil.NoSuchProcess):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,)
            if listens and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""


def require_free(ports: Ports, variables: Iterable[str]) -> None:
    """Check the ports of these variables.

    Raises:
        StackError: naming every variable whose port is taken and, if it can be known, by whom.
    """
    taken = [(name, getattr(ports, name.lower())) for name in variables]
    taken = [(name, port) for name, port in taken if not is_free(port)]
    if taken:
        lines = [
            f"  {name}={port}" + (f" is used by {who}" if (who := holder(port)) else "")
            for name, port in taken
        ]
        raise StackError(
            "These ports are taken:\n" + "\n".join(lines) + "\n"
            "Stop what uses them, choose others in .env, or shift all of them with PORT_OFFSET=1000."
        )


def free_offset() -> int:
    """A PORT_OFFSET with which every default port is free at this moment.

    Raises:
        StackError: none was found.
    """
    defaults = Ports().model_dump().values()
    for offset in random.sample(_OFFSETS, _TRIES):
        if all(is_free(port + offset) for port in defaults):
            return offset
    raise StackError(f"No free range of ports found in {_TRIES} tries")
