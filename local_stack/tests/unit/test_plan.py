"""The plan can be carried out."""

import re
from graphlib import TopologicalSorter

from connector import definition
from local_stack.connect import READABLE
from local_stack.parts import Process
from local_stack.plan import PLAN, port_variables, within
from local_stack.settings import Ports
from local_stack.state import Scope

BY_NAME = {part.name: part for part in PLAN}


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(PLAN)


def test_every_need_exists_and_none_is_circular() -> None:
    TopologicalSorter({part.name: part.needs for part in PLAN}).prepare()
    assert {need for part in PLAN for need in part.needs} <= BY_NAME.keys()


def test_the_infrastructure_needs_no_service() -> None:
    infra = {part.name for part in within(Scope.INFRA)}
    assert all(set(part.needs) <= infra for part in within(Scope.INFRA))
    assert {"postgres", "kafka", "connect", "mail"} <= infra


def test_every_port_belongs_to_one_process() -> None:
    assert sorted(port_variables(Scope.ALL)) == sorted(name.upper() for name in Ports.model_fields)


def test_every_process_listens_somewhere() -> None:
    assert all(part.ports for part in PLAN if isinstance(part, Process))


def test_the_worker_may_read_exactly_what_the_connectors_refer_to() -> None:
    needed = {name for connector in definition.load_all() for name in connector.variables}
    assert {name for name in needed if not re.fullmatch(READABLE, name)} == set()
    assert set(READABLE.split("|")) == needed
