"""Free TCP ports of this machine."""

import random
from collections.abc import Iterable

from local_stack import portcheck

# Below the range from which systems take the ports of outgoing connections.
_RANGE = range(20_000, 32_000)


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """Name → a port that nobody listens on at this moment, each another one."""
    ports = (port for port in random.sample(_RANGE, len(_RANGE)) if portcheck.is_free(port))
    return dict(zip(sorted(names), ports, strict=False))
