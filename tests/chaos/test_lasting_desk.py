"""A desk whose server dies at a commit enters in its ledger what really happened, and nothing else."""

from contextlib import contextmanager

import psycopg2
import pytest

from harness.desk import LastingDesk, Undo
from harness.ledger import Ledger


@pytest.fixture
def desk(running):
    desk = LastingDesk(running.stack.service_dsn("USER_TEAM"))
    yield desk
    desk.close()


@pytest.fixture
def cut(desk, monkeypatch):
    """The next commit's answer is lost, with the commit itself or without it."""

    def cut(*, committed: bool):
        whole = desk._sql.transaction

        @contextmanager
        def transaction():
            monkeypatch.undo()
            with whole():
                yield
                if not committed:
                    desk._sql.close()
            desk._sql.close()
            raise psycopg2.OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(desk._sql, "transaction", transaction)

    return cut


ACTIONS = {
    "assign": lambda desk, living: desk.assign(desk.company.people[1], desk.company.places[0]),
    "change": lambda desk, living: desk.link(living, "https://apply.example/1"),
    "end": lambda desk, living: desk.end(living),
}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_a_commit_whose_answer_was_lost_is_entered(desk, cut, action):
    living = desk.assign(desk.company.people[0], desk.company.places[0])
    before = len(versions(desk.ledger))
    cut(committed=True)
    action(desk, living)
    assert len(versions(desk.ledger)) == before + 1


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_a_commit_that_was_lost_is_not(desk, cut, action):
    living = desk.assign(desk.company.people[0], desk.company.places[0])
    before = versions(desk.ledger)
    cut(committed=False)
    with pytest.raises(Undo):
        action(desk, living)
    assert versions(desk.ledger) == before


def versions(ledger: Ledger) -> list:
    return [version for versions in ledger.versions.values() for version in versions]
