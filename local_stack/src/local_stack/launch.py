"""Runs one command of the stack: ``launch.py PARENT_PID UID GID PROGRAM ARGUMENTS...``.

Started as a script before every child, because what it does must happen in the child itself: drop
the privileges (PostgreSQL refuses to run as root), then, on Linux, ask the kernel to kill it when
the supervisor dies, however it dies. In this order, since a change of user clears that request.
UID and GID are ``-`` when they stay as they are, PROGRAM is a path. Only the standard library, so that it
starts fast, and no import once the privileges are gone: the other user may not be able to read it.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _drop_privileges(uid: str, gid: str) -> None:
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the request was made
        sys.exit(1)


if __name__ == "__main__":
    parent_pid, user, group, *command = sys.argv[1:]
    _drop_privileges(user, group)
    _die_with(int(parent_pid))
    os.execv(command[0], command)  # noqa: S606 (the point of this script)
