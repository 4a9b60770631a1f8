"""Costs of a command's steps, read from outside."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from timing import watching
from timing.watching import END, START, CommandFailed, watch

WORK = """
import json, pathlib, time

status = pathlib.Path("/proc/self/status")
can_wait = pathlib.Path("/proc/self/clear_refs").exists()

def kilobytes(name):
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))

def say(step):
    # The peak is above what is in use until the reader, however late, has taken it.
    del_at_once = b"1" * 50_000_000
    del del_at_once
    print(json.dumps({"step": step, "fraction": 0.5}), flush=True)
    end = time.monotonic() + 120
    while can_wait and kilobytes("VmHWM") > kilobytes("VmRSS") + 25_000:
        if time.monotonic() > end:
            raise SystemExit("nobody reads the progress")
        time.sleep(0.01)

print("no progress", flush=True)
say("memory")
filled = b"1" * 200_000_000
print(json.dumps({"step": "memory", "fraction": 0.9}), flush=True)
del filled
say("processor")
say("done")
"""


@pytest.fixture(scope="module")
def run():
    return watch([sys.executable, "-c", WORK])


def test_every_step_is_told_once_in_order(run):
    assert list(run.steps) == [START, "memory", "processor", END]


def test_steps_add_up_to_the_whole(run):
    assert sum(step.wall_s for step in run.steps.values()) == pytest.approx(run.total.wall_s)


def test_seconds_belong_to_their_step(monkeypatch):
    wall, cpu = iter([0.0, 1.0, 3.0, 7.0, 15.0]), iter([0.5, 2.0, 5.0])
    monkeypatch.setattr(watching, "time", SimpleNamespace(perf_counter=lambda: next(wall)))
    monkeypatch.setattr(watching, "_cpu_s", lambda pid: next(cpu))
    run = watch([sys.executable, "-c", WORK])
    assert [step.wall_s for step in run.steps.values()] == [1.0, 2.0, 4.0, 8.0]
    assert [step.cpu_s for step in run.steps.values()][:3] == [0.5, 1.5, 3.0]
    assert run.total.wall_s == 15.0
    assert run.total.cpu_s == pytest.approx(5.0 + run.steps[END].cpu_s)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells it")
def test_processor_time_is_that_of_the_process():
    tick = 2 / os.sysconf("SC_CLK_TCK")
    before = sum(os.times()[:2])
    read = watching._cpu_s(os.getpid())
    assert before - tick <= read <= sum(os.times()[:2]) + tick


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells it")
def test_memory_belongs_to_its_step(run):
    assert run.steps["memory"].peak_gb > 0.2
    # The memory was given back before, and the peak is that of the step alone.
    assert run.steps["processor"].peak_gb < 0.1
    assert run.total.peak_gb == run.steps["memory"].peak_gb


def test_a_failure_is_none_of_the_figures():
    with pytest.raises(CommandFailed, match="status 3"):
        watch([sys.executable, "-c", "raise SystemExit(3)"])
