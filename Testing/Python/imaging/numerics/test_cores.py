"""The cores of a process, and that no result depends on how many there are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import BV5AnalysisLib
import pytest
from BV5AnalysisLib.imaging.numerics import control_groups, cores


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Files of a Linux machine with 16 cores that this process may use."""
    monkeypatch.setattr(control_groups, "PROC", tmp_path / "proc")
    monkeypatch.setattr(control_groups, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)), raising=False)

    def write(path: str, text: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


def test_the_affinity_counts(machine):
    assert cores.usable_cores() == 16


def test_a_quota_of_processors(machine):
    machine("proc/self/cgroup", "0::/jobs/42\n")
    machine("cgroup/jobs/cpu.max", "250000 100000\n")
    machine("cgroup/jobs/42/cpu.max", "max 100000\n")
    assert cores.usable_cores() == 3


def test_a_quota_of_version_1(machine):
    machine("proc/self/cgroup", "4:memory:/docker/a\n3:cpu,cpuacct:/docker/a\n")
    machine("cgroup/cpu/docker/a/cpu.cfs_quota_us", "400000\n")
    machine("cgroup/cpu/docker/a/cpu.cfs_period_us", "100000\n")
    machine("cgroup/cpu/cpu.cfs_quota_us", "-1\n")
    assert cores.usable_cores() == 4


def test_garbled_files_are_no_quota(machine):
    machine("cgroup/cpu.max", "many few")
    assert cores.usable_cores() == 16


def test_there_is_always_one(machine):
    machine("cgroup/cpu.max", "1000 100000")
    assert cores.usable_cores() == 1


def test_a_share_is_at_least_one_core():
    with pytest.raises(ValueError, match="at least one core, not 0"):
        cores.use_cores(0)


def test_every_pool_of_threads_asks_for_the_share():
    library = Path(BV5AnalysisLib.__file__).parent
    greedy = [
        path.name
        for path in library.rglob("*.py")
        if re.search(r"PoolExecutor\(\)|workers=-1|n_jobs=", path.read_text(encoding="utf-8"))
    ]
    assert greedy == []


ANALYSIS = """
import sys
from pathlib import Path
from BV5AnalysisLib.imaging.numerics.cores import use_cores
share, scan, out = int(sys.argv[1]), *map(Path, sys.argv[2:])
use_cores(share)
from BV5AnalysisLib.commandline.batch_step import MeasureCase
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.batch.batch_case import BatchCase
MeasureCase(out, Parameters(), report=False)(BatchCase("case", (scan,)))
"""


@pytest.mark.slow
def test_results_do_not_depend_on_the_cores(tmp_path):
    """Every file of a case is the same, byte by byte, with one thread and with three."""
    size = ("--spacing", "2", "2", "2", "--scale", "0.6")
    bv5 = (sys.executable, "-m", "BV5AnalysisLib")
    subprocess.run([*bv5, "phantom", "-o", tmp_path / "phantom", *size], check=True)
    written = {}
    for share in (1, 3):
        out = tmp_path / f"with {share}"
        out.mkdir()
        script = [sys.executable, "-c", ANALYSIS, str(share)]
        subprocess.run([*script, tmp_path / "phantom" / "ct.nrrd", out], check=True)
        written[share] = {path.name: path.read_bytes() for path in (out / "case").iterdir()}
    assert "measurements.csv" in written[1]
    assert written[3].keys() == written[1].keys()
    assert [name for name in written[1] if written[3][name] != written[1][name]] == []
