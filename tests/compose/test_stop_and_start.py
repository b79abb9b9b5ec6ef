"""`docker compose down` and `up`: all containers are new ones, and everything is as it was."""

import pytest

from harness.compose import Compose
from harness.suite import Suite

pytestmark = pytest.mark.target("compose")


def test_data_outlives_the_containers(running: Suite, compose: Compose):
    """Nothing is lost, work goes on, and nobody is mailed again."""
    desk = running.desk()
    ann, bob, *_ = desk.company.people
    kept = desk.assign(ann, desk.company.places[1])
    assert running.problems(desk) == []
    before = running.picture()

    running.close()
    compose.down()
    assert compose.containers() == []
    compose.up()

    assert running.picture() == before
    desk.assign(bob, desk.company.places[1])
    assert running.problems(desk) == []
    assert kept in running.tasks.living([ann.oid])
    after = running.picture()
    assert {mail: after["caught"][mail] for mail in before["caught"]} == before["caught"]
    assert len(after["intents"]) == len(before["intents"]) + 1
