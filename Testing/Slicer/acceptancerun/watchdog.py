"""A process of its own that ends a Slicer that hangs, and reports one that crashed.

    python -m acceptancerun.watchdog FOLDER PID

It hears on its standard input, one JSON object a line, which step begins and how long it may take.
The other end of that pipe is open as long as Slicer lives: when it closes, Slicer has ended, and
so does this process. Each step's first guard is in Slicer itself (`guard`); this one comes a little
later, for what that cannot end, such as a hang in Slicer's own exit.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path

from .page import write_page
from .processes import end_tree
from .records import FAILED, TRACES, StepRecord, read_report

GRACE_SECONDS = 10.0
"""How much later than the guard in Slicer this one acts."""
START_SECONDS = 120.0
EXIT = "exit"


def watch(folder: Path, pid: int, source: object, grace: float = GRACE_SECONDS) -> int:
    """Watch until Slicer ends, or ends it; return 0 if it ended as it should.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder of the run.
    pid : int
        Process of Slicer.
    source : file
        Lines such as ``{"step": "analyze", "limit": 60}``.
    grace : float
        Seconds to wait longer than each limit.
    """
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=_read, args=(source, lines), daemon=True).start()
    step, limit, since = "start", START_SECONDS, time.monotonic()
    while True:
        try:
            line = lines.get(timeout=max(0.0, since + limit + grace - time.monotonic()))
        except queue.Empty:
            _fail(folder, step, f"Slicer hung for {limit:g} s, and was ended.", True)
            end_tree(pid)
            return 1
        if line is None:
            break
        step, limit, since = line["step"], line["limit"], time.monotonic()
    if step == EXIT:
        if not _timed_out(folder):
            return 0
        _fail(folder, step, f"Slicer did not exit within {limit:g} s, and was ended.", True)
        return 1
    took_long = _timed_out(folder)
    why = f"took longer than {limit:g} s, and Slicer was ended." if took_long else "Slicer ended."
    _fail(folder, step, why, took_long, time.monotonic() - since)
    return 1


def _read(source: object, lines: queue.Queue) -> None:
    for line in source:
        lines.put(json.loads(line))
    lines.put(None)


def _timed_out(folder: Path) -> bool:
    return "Timeout (" in _traces(folder)


def _traces(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / TRACES).read_text(encoding="utf-8", errors="replace")
    return ""


def _fail(folder: Path, name: str, why: str, hung: bool, seconds: float = 0.0) -> None:
    """Write the report's end in place of Slicer, with the step as failed."""
    report = read_report(folder)
    found = [step for step in report.steps if step.name == name]
    record = found[0] if found else StepRecord(name, "Slicer ends" if name == EXIT else name)
    if not found:
        report.steps.append(record)
    record.result = FAILED
    record.seconds = record.seconds or seconds
    record.messages.insert(0, why if hung else f"{why} It may have crashed; its log says more.")
    if traces := _traces(folder):
        record.messages.append(traces)
    report.write(folder)
    write_page(folder, report)
    _print(f"FAILED  {name}: {why}\n{report.closing}\n", folder)


def _print(text: str, folder: Path) -> None:
    """Print where Slicer was started: what it hands down is a pipe that ends with it."""
    (folder / "closing.txt").write_text(text, encoding="utf-8")
    out = _launcher_output()
    try:
        os.write(1 if out is None else out, f"\n{text}".encode())
    except OSError as error:
        print(error, file=sys.stderr)


def _launcher_output() -> int | None:
    """Descriptor of what Slicer's launcher, its parent, prints to; None where it is not known."""
    for pid in sys.argv[3:4]:
        with contextlib.suppress(OSError):
            return os.open(f"/proc/{pid}/fd/1", os.O_WRONLY | os.O_APPEND)
    return None


if __name__ == "__main__":
    sys.exit(watch(Path(sys.argv[1]), int(sys.argv[2]), sys.stdin))
