"""A taken port is explained."""

import os
import socket
from collections.abc import Iterator

import pytest

from local_stack.errors import StackError
from local_stack.portcheck import _OFFSETS, CHOSEN_PORTS, free_offset, holder, is_free, require_free
from local_stack.settings import Ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_listener_is_noticed_and_named(taken: int) -> None:
    assert not is_free(taken)
    assert f"(pid {os.getpid()})" in holder(taken)


def test_nobody_holds_a_free_port(taken: int) -> None:
    assert holder(taken + 1) == "" or not is_free(taken + 1)


def test_the_error_names_the_variable_and_the_process(taken: int) -> None:
    ports = Ports(kafka_port=taken)
    with pytest.raises(StackError, match=rf"KAFKA_PORT={taken} is used by \S+ \(pid {os.getpid()}\)"):
        require_free(ports, ["KAFKA_PORT"])


def test_the_ports_of_other_parts_do_not_matter(taken: int) -> None:
    require_free(Ports(kafka_port=taken, smtp_port=taken + 1), [])


def test_an_offset_is_found_where_all_ports_are_free() -> None:
    offset = free_offset()
    assert all(is_free(port + offset) for port in Ports().model_dump().values())


def test_a_stack_never_has_a_port_that_is_chosen_one_by_one() -> None:
    """Stacks on containers and without them may start side by side."""
    stacks = {port + offset for port in Ports().model_dump().values() for offset in _OFFSETS}
    assert stacks.isdisjoint(CHOSEN_PORTS)
