"""What the Makefile does with the consumers' answers."""

import subprocess

import pytest

from harness.makefile import ROOT


@pytest.mark.parametrize("target", ["parked", "redrive"])
@pytest.mark.parametrize("failing", ["task-meeting", "notification", "nobody"])
def test_both_consumers_are_asked_whatever_the_first_answers(tmp_path, target, failing):
    compose = tmp_path / "compose"
    compose.write_text(f'#!/bin/sh\necho "$3"\ncase $3 in {failing}*) exit 1;; esac\n')
    compose.chmod(0o755)
    done = subprocess.run(
        ["make", target, f"COMPOSE={compose}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["task-meeting-consumer", "notification-consumer"]
    assert (done.returncode == 0) == (failing == "nobody")
