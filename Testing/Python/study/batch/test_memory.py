"""How many cases fit: by cores, memory, and the limits of a container."""

import sys
from types import SimpleNamespace

import pytest
from BV5AnalysisLib.imaging.numerics import control_groups
from BV5AnalysisLib.study.batch import memory
from BV5AnalysisLib.study.batch.memory import SHARE, bytes_for, worker_count

USUAL = memory.USUAL_VOXELS
GB = 10**9


def fitting(count: int, voxels: int) -> int:
    """Least available memory in which so many scans fit."""
    return int(count * bytes_for(voxels) / SHARE) + 1


def test_as_many_as_fit_but_not_more_than_cores_or_cases():
    assert worker_count([USUAL] * 100, 8, fitting(5, USUAL)) == 5
    assert worker_count([USUAL] * 100, 8, fitting(5, USUAL) - 2) == 4
    assert worker_count([USUAL] * 100, 4, 1000 * GB) == 4
    assert worker_count([USUAL] * 3, 8, 1000 * GB) == 3


def test_there_is_always_one():
    assert worker_count([USUAL] * 100, 8, 0) == 1
    assert worker_count([], 8, 1000 * GB) == 1
    assert worker_count([USUAL] * 100, 8, None) == 1


def test_one_huge_scan_does_not_slow_the_others():
    assert worker_count([USUAL] * 99 + [100 * USUAL], 8, fitting(5, USUAL)) == 5


def test_a_scan_of_unknown_size_is_a_usual_one_and_larger_ones_need_more():
    assert bytes_for(0) == bytes_for(USUAL)
    assert bytes_for(2 * USUAL) > bytes_for(USUAL) > 2 * GB


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Files of a Linux machine with 16 GB available, and no psutil."""
    monkeypatch.setattr(memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(control_groups, "PROC", tmp_path / "proc")
    monkeypatch.setattr(control_groups, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setitem(sys.modules, "psutil", None)
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(
        "MemTotal: 32000000 kB\nMemFree: 1000 kB\nMemAvailable: 16000000 kB\n"
    )

    def write(path: str, text: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


def test_memory_of_the_machine(machine):
    assert memory.available_bytes() == 16_000_000 * 1024


def test_psutil_is_asked_where_there_is_one(machine, monkeypatch):
    monkeypatch.setitem(
        sys.modules,
        "psutil",
        SimpleNamespace(virtual_memory=lambda: SimpleNamespace(available=5 * GB)),
    )
    assert memory.available_bytes() == 5 * GB


def test_a_containers_limit_counts_without_what_it_can_give_back(machine):
    machine("proc/self/cgroup", "0::/jobs/42\n")
    machine("cgroup/jobs/memory.max", "8000000000\n")
    machine("cgroup/jobs/memory.current", "5000000000\n")
    machine("cgroup/jobs/memory.stat", "anon 1\ninactive_file 2000000000\n")
    machine("cgroup/jobs/42/memory.max", "max\n")
    machine("cgroup/jobs/42/memory.current", "5000000000\n")
    assert memory.available_bytes() == 5 * GB


def test_a_containers_limit_of_version_1(machine):
    machine("proc/self/cgroup", "4:memory:/docker/a\n3:cpu:/docker/a\n")
    machine("cgroup/memory/docker/a/memory.limit_in_bytes", "4000000000\n")
    machine("cgroup/memory/docker/a/memory.usage_in_bytes", "1000000000\n")
    assert memory.available_bytes() == 3 * GB


def test_a_full_container_has_nothing_left_and_not_less(machine):
    machine("cgroup/memory.max", "1000")
    machine("cgroup/memory.current", "5000")
    assert memory.available_bytes() == 0


def test_garbled_files_are_no_limit(machine):
    machine("cgroup/memory.max", "?")
    machine("cgroup/memory.current", "")
    assert memory.available_bytes() == 16_000_000 * 1024
