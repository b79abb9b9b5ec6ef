"""A context that belongs to no running stack."""

from pathlib import Path

import pytest

from local_stack.environment import Context, build


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return build({"LOCAL_STATE_DIR": str(tmp_path / "state"), "PATH": "/usr/bin:/bin"})
