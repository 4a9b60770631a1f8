"""The error stream: silenced only for a program that owns it, once at a time, and restored."""

import io
import os
import subprocess
import sys
import threading

import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging.reading import quiet
from BV5AnalysisLib.imaging.reading.quiet import (
    STDERR,
    own_error_stream,
    quiet_readers,
    unredirected,
)
from helpers.descriptors import left_alone, streams

WAIT = 120.0


def shown() -> bool:
    return sitk.ProcessObject.GetGlobalWarningDisplay()


def is_silenced() -> bool:
    with open(os.devnull) as nowhere:  # noqa: PTH123
        status = os.fstat(nowhere.fileno())
    return streams()[STDERR] == (status.st_dev, status.st_ino)


def test_nothing_is_touched_unless_the_program_asks(monkeypatch, capfd):
    with left_alone(monkeypatch), quiet_readers():
        assert shown()
        os.write(STDERR, b"heard")
    assert capfd.readouterr().err == "heard"


def test_a_reader_is_silenced_and_the_stream_comes_back(capfd):
    before = streams()
    with own_error_stream():
        assert streams() == before
        with quiet_readers():
            assert is_silenced()
            assert not shown()
            os.write(STDERR, b"from C++")
        assert streams() == before
        assert shown()
        os.write(STDERR, b"a crash")
    assert capfd.readouterr().err == "a crash"


def test_readers_that_overlap_leave_the_stream_as_it_was(capfd):
    """The first in is the first out: each restoring what it found would leave it silenced."""
    before = streams()
    first_in, second_in, first_out = (threading.Event() for _ in range(3))
    seen = []

    def first():
        with quiet_readers():
            first_in.set()
            second_in.wait(WAIT)
        seen.append(is_silenced())
        first_out.set()

    def second():
        first_in.wait(WAIT)
        with quiet_readers():
            second_in.set()
            first_out.wait(WAIT)
            seen.append(is_silenced())
        seen.append(is_silenced())

    with own_error_stream():
        threads = [threading.Thread(target=each) for each in (first, second)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(WAIT)
    assert seen == [True, True, False]
    assert streams() == before
    assert shown()


def test_many_threads_in_any_order(capfd):
    before, barrier = streams(), threading.Barrier(8)

    def read():
        for _ in range(200):
            barrier.wait(WAIT)
            with quiet_readers():
                assert is_silenced()

    with own_error_stream():
        threads = [threading.Thread(target=read) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(WAIT)
        assert not barrier.broken
    assert streams() == before


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_a_reader_restores_it(error, capfd):
    before = streams()
    with own_error_stream(), pytest.raises(error), quiet_readers():
        raise error
    assert streams() == before
    assert shown()


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupt_while_it_is_turned_restores_it(when, monkeypatch, capfd):
    before, turn = streams(), quiet._point_nowhere

    def interrupted():
        if when == "after":
            turn()
        raise KeyboardInterrupt

    monkeypatch.setattr(quiet, "_point_nowhere", interrupted)
    with own_error_stream(), pytest.raises(KeyboardInterrupt), quiet_readers():
        pytest.fail("It was interrupted before.")
    assert streams() == before
    assert shown()


def test_nested_readers_and_programs(capfd):
    before = streams()
    with own_error_stream(), own_error_stream():
        with quiet_readers():
            with quiet_readers():
                assert is_silenced()
            assert is_silenced()
        assert streams() == before
    with quiet_readers():
        assert streams() == before


def test_a_stream_in_memory_stays_in_place(monkeypatch):
    memory = io.StringIO()
    monkeypatch.setattr(sys, "stderr", memory)
    with own_error_stream(), quiet_readers():
        print("told", file=sys.stderr)
        assert sys.stderr is memory
    assert memory.getvalue() == "told\n"


def run(code: str, **options) -> subprocess.CompletedProcess:
    head = "import os, subprocess, sys, threading\n"
    head += "from BV5AnalysisLib.imaging.reading.quiet import *\n"
    head += "from BV5AnalysisLib.imaging.reading.quiet import own_error_stream, quiet_readers\n"
    return subprocess.run(
        [sys.executable, "-c", head + code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        **options,
    )


def test_what_python_prints_meanwhile_comes_through():
    """By another thread, that found the stream before the reader came, and by this one."""
    done = run(
        """
before = sys.stderr
with own_error_stream():
    held, inside, printed = sys.stderr, threading.Event(), threading.Event()
    def tell():
        inside.wait(120)
        print("by a thread", file=held)
        printed.set()
    thread = threading.Thread(target=tell)
    thread.start()
    with quiet_readers():
        os.write(2, b"from C++")
        inside.set()
        printed.wait(120)
        print("by the reader", file=sys.stderr)
    thread.join()
print("after", file=sys.stderr)
assert sys.stderr is before
"""
    )
    assert done.stderr.splitlines() == ["by a thread", "by the reader", "after"]


CHILD = "[sys.executable, '-c', 'import os; os.write(2, b\"child \")']"


def test_children_started_meanwhile_are_heard():
    done = run(
        f"""
from BV5AnalysisLib.imaging.reading.quiet import unredirected
with own_error_stream(), quiet_readers():
    with unredirected():
        child = subprocess.Popen({CHILD})
    child.wait()
    if hasattr(os, "fork"):
        pid = os.fork()
        if not pid:
            os.write(2, b"forked ")
            with quiet_readers():
                os.write(2, b"lost ")
            os.write(2, b"forked ")
            os._exit(0)
        os.waitpid(pid, 0)
    os.write(2, b"lost ")
os.write(2, b"end")
"""
    )
    forked = "forked forked " if hasattr(os, "fork") else ""
    assert done.stderr == f"child {forked}end"


def test_starting_a_child_keeps_readers_out_meanwhile(capfd):
    before, turned = streams(), threading.Event()

    def read():
        with quiet_readers():
            turned.set()

    with own_error_stream():
        thread = threading.Thread(target=read)
        with unredirected():
            thread.start()
            assert not turned.wait(0.2)
            assert streams() == before
        thread.join(WAIT)
    assert turned.is_set()
    assert streams() == before


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors as a shell does")
def test_a_closed_error_stream_is_not_opened(tmp_path):
    """Its number may stand for any file that was opened since."""
    done = run(
        f"""
os.close(2)
with own_error_stream():
    file = os.open({str(tmp_path / "data")!r}, os.O_CREAT | os.O_WRONLY)
    assert file == 2
    with quiet_readers():
        os.write(file, b"kept")
"""
    )
    assert done.stderr == ""
    assert (tmp_path / "data").read_bytes() == b"kept"
