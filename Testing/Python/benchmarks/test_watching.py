"""Costs of a command's steps, read from outside."""

import sys
from pathlib import Path

import pytest
from timing.watching import END, START, CommandFailed, watch

WORK = """
import json, time

def say(step):
    print(json.dumps({"step": step, "fraction": 0.5}), flush=True)
    time.sleep(0.5)  # On a busy machine the reader may be late.

print("no progress", flush=True)
say("memory")
filled = b"1" * 200_000_000
say("memory")
del filled
say("processor")
end = time.process_time() + 0.3
while time.process_time() < end:
    pass
say("done")
"""


@pytest.fixture(scope="module")
def run():
    return watch([sys.executable, "-c", WORK])


def test_every_step_is_told_once_in_order(run):
    assert list(run.steps) == [START, "memory", "processor", END]


def test_steps_add_up_to_the_whole(run):
    assert sum(step.wall_s for step in run.steps.values()) == pytest.approx(run.total.wall_s)
    assert run.steps["processor"].wall_s > run.steps["processor"].cpu_s > 0


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells it")
def test_processor_time_and_memory_belong_to_their_step(run):
    assert run.steps["processor"].cpu_s >= 0.25
    assert run.steps["memory"].cpu_s < 0.25
    assert run.steps["memory"].peak_gb > 0.2
    # The memory was given back before, and the peak is that of the step alone.
    assert run.steps["processor"].peak_gb < 0.1
    assert run.total.peak_gb == run.steps["memory"].peak_gb


def test_a_failure_is_none_of_the_figures():
    with pytest.raises(CommandFailed, match="status 3"):
        watch([sys.executable, "-c", "raise SystemExit(3)"])
