"""What the Makefile can do."""

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = re.compile(r"No rule to make target [`'](?P<target>[^']+)'")


def missing_targets(targets: Collection[str]) -> set[str]:
    """Those that make has no rule for. Nothing is run."""
    asked = subprocess.run(
        ["make", "--dry-run", "--keep-going", *sorted(targets)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"},
    )
    return {found["target"] for found in UNKNOWN.finditer(asked.stderr)}
