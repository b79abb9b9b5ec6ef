"""Free TCP ports of this machine."""

import random
from collections.abc import Iterable

from local_stack import portcheck


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """Name → a port that nobody listens on at this moment, each another one.

    Local stacks that start later do not take them either.
    """
    among = random.sample(portcheck.CHOSEN_PORTS, len(portcheck.CHOSEN_PORTS))
    ports = (port for port in among if portcheck.is_free(port))
    return dict(zip(sorted(names), ports, strict=False))
