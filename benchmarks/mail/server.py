"""The mail server of a benchmark, in a process of its own."""

import socket
import subprocess
import sys
import time

from benchmarks.frame import ROOT


class Server:
    """The server's process, asked over a connection of our own."""

    def __init__(self, port: int, module: str = "benchmarks.mail.null_server") -> None:
        self.port = port
        self.process = subprocess.Popen([sys.executable, "-m", module, str(port)], cwd=ROOT)
        self._socket = self._connect()
        self._stream = self._socket.makefile("rb")
        self._stream.readline()

    def taken(self) -> int:
        """How many mails it has taken so far."""
        return int(self.ask("NOOP"))

    def ask(self, command: str) -> str:
        """What it answers, without the code."""
        self._socket.sendall(f"{command}\r\n".encode())
        return self._stream.readline().decode().strip().partition(" ")[2]

    def stop(self) -> None:
        self._socket.close()
        self.process.terminate()
        self.process.wait()

    def _connect(self) -> socket.socket:
        for _ in range(100):
            try:
                return socket.create_connection(("127.0.0.1", self.port))
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise TimeoutError("the null server does not start")
