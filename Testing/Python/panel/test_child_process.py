"""A command beside Slicer: its output as it grows, and its end. Real processes."""

import importlib
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

WAIT = 20.0


@pytest.fixture
def start(slicer_app, tmp_path):
    """Start Python code as a child; what is left of it ends with the test."""
    module = importlib.import_module("BV5AnalysisLib.panel.process.child_process")
    output = importlib.import_module("BV5AnalysisLib.panel.process.output")
    logs, started = [], []

    def make(code: str, *command: str):
        log = output.Log(tmp_path, ["command"])
        logs.append(log)
        folder = tmp_path / f"child{len(started)}"
        folder.mkdir()
        child = module.ChildProcess([*(command or [sys.executable, "-c", code])], folder, log)
        started.append(child)
        return child

    yield make
    for child in started:
        child.end()
    for log in logs:
        log.close(keep=False)


def followed(child, until=None) -> list[str]:
    """Lines until something holds, by default the end."""
    lines, end = [], time.monotonic() + WAIT
    while not child.ended and not (until and until(lines)):
        assert time.monotonic() < end, f"Only {lines[-5:]}"
        lines += child.poll()
        time.sleep(0.005)
    return lines


def open_files() -> set[str]:
    folder = Path("/proc/self/fd")
    return {str(entry.readlink()) for entry in folder.iterdir() if entry.is_symlink()}


def test_lines_come_as_they_are_complete_and_nobody_waits(start):
    threads = threading.active_count()
    child = start(
        "import sys\n"
        "print('one', end='', flush=True)\n"
        "print(' and', flush=True)\n"
        "print('not yet', end='', flush=True)\n"
        "sys.stdin.read()"
    )
    assert followed(child, until=bool) == ["one and"]
    for _ in range(5):
        assert child.poll() == []
    assert not child.ended
    assert threading.active_count() == threads
    child.end()


def test_what_has_no_end_of_line_counts_at_the_end(start):
    child = start(
        "import sys; sys.stdout.write('a\\nb'); sys.stderr.write('bv5: c is no chest; give one.')"
        "; sys.exit(1)"
    )
    assert followed(child) == ["a", "b"]
    assert (child.exitStatus, child.crashed) == (1, False)
    assert child.says == "c is no chest; give one."
    assert child.poll() == []


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        ("bv5: first\\nTraceback\\nbv5: last", "last"),
        ("usage: bv5\\nbv5 batch: error: --jobs is wrong", "--jobs is wrong"),
        ("Warning: bv5: not at the start", ""),
    ],
)
def test_why_it_ended_is_taken_from_its_errors(start, printed, says):
    child = start(f"import sys; print('{printed}', file=sys.stderr); sys.exit(2)")
    followed(child)
    assert child.says == says


def test_more_output_than_a_pipe_or_a_poll_takes(start):
    code = (
        "for i in range(40000): print('x' * 99)\nimport sys\nprint('y' * 300000, file=sys.stderr)"
    )
    child = start(code)
    lines = followed(child)
    assert len(lines) == 40000
    assert set(lines) == {"x" * 99}


def test_a_crash_is_told_apart(start):
    killed = start("import os; os.abort()")
    followed(killed)
    assert killed.crashed
    launched = start(
        "import sys; print('error: [x] exit abnormally - Report', file=sys.stderr); sys.exit(1)"
    )
    followed(launched)
    assert launched.crashed


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")
def test_a_program_that_cannot_be_started_leaves_nothing_open(start, tmp_path):
    before = open_files()
    with pytest.raises(OSError, match="No such file"):
        start("", str(tmp_path / "nowhere"))
    # The log, which the test made.
    assert [name for name in open_files() - before if "child" in name] == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
def test_ending_is_quick_even_for_a_process_that_ignores_all(start):
    code = "import signal, time\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)\n"
    child = start(code + "print('ready', flush=True)\ntime.sleep(60)")
    followed(child, until=bool)
    child.end()
    assert child._process.poll() == -signal.SIGKILL
    child.end()


def test_a_process_may_end_by_itself_when_its_input_closes(start):
    child = start("import sys; print('ready', flush=True); sys.stdin.read(); sys.exit(3)")
    followed(child, until=bool)
    child.end(patience=WAIT)
    assert child.exitStatus == 3


def test_its_input_closes_with_slicer(tmp_path):
    """Whatever Slicer ends by: a process that starts a child, and is killed."""
    library = Path(importlib.import_module("BV5AnalysisLib").__file__).parents[1]
    code = """
import subprocess, sys, time
child = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
process = subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=library, text=True
    )
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    end = time.monotonic() + WAIT
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not Path(f"/proc/{pid}").exists()
    parent.stdout.close()
