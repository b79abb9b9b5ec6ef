"""Places that PostgreSQL's user can reach."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from local_stack import pghome
from local_stack.errors import StackError
from local_stack.paths import StatePaths

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root cannot run PostgreSQL itself")


def test_a_folder_below_a_private_one_cannot_be_reached(tmp_path: Path) -> None:
    inner = tmp_path / "private" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    (tmp_path / "private").chmod(0o700)
    assert not pghome.reachable(inner)


def test_a_public_folder_can_be_reached() -> None:
    assert pghome.reachable(Path("/usr"))


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    """A state folder below pytest's private one."""
    paths = StatePaths(tmp_path / "state")
    paths.root.mkdir()
    return paths


@as_root
def test_root_gets_a_shelter_that_goes_when_its_state_folder_does(paths: StatePaths, tmp_path: Path) -> None:
    place = pghome.prepare(paths)
    assert place.run_as
    assert pghome.reachable(place.data.parent)
    assert pghome.reachable(place.binaries / "postgres")
    assert paths.postgres.resolve() == paths.shelter
    paths.root.rename(tmp_path / "elsewhere")

    other = replace(paths, root=tmp_path / "another")
    other.root.mkdir()
    pghome.prepare(other)
    assert not paths.shelter.exists()
    pghome.remove_shelter(other)
    assert not other.shelter.exists()


@as_root
def test_a_shelter_of_somebody_else_is_not_touched(paths: StatePaths) -> None:
    paths.shelter.mkdir()
    os.chown(paths.shelter, 65534, 65534)
    try:
        with pytest.raises(StackError, match="belongs to somebody else"):
            pghome.prepare(paths)
        assert paths.shelter.exists()
    finally:
        paths.shelter.rmdir()
