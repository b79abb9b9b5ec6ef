"""Whether a process of ours is ready: `python -IS probe.py PORT`, the health check of its container.

It runs every few seconds in every container, so it imports nothing but a socket.
"""

import socket
import sys

TIMEOUT_S = 4


def is_ready(port: int) -> bool:
    """Ask for /health/ready on this machine."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(64).split(b" ")[1:2] == [b"200"]


if __name__ == "__main__":
    sys.exit(not is_ready(int(sys.argv[1])))
