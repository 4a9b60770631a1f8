"""A command run as its own process: wall and CPU seconds and peak memory, step by step.

The steps are those that ``--progress json`` tells. Seconds and memory are read from outside, so
that nothing in the program changes what is measured. Kept free of numpy: on Linux a process' peak
memory counts that of the process that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

START = "start"
END = "end"


@dataclass(frozen=True)
class Cost:
    """What something took; the peak is None where the system does not tell."""

    wall_s: float
    cpu_s: float
    peak_gb: float | None


@dataclass(frozen=True)
class Run:
    """One run of a command.

    Attributes
    ----------
    total : Cost
        Of the process, from its start to its end.
    steps : dict of str to Cost
        Of each step in order, with `START` before the first one and `END` after the last one.
    """

    total: Cost
    steps: dict[str, Cost]


class CommandFailed(Exception):
    """The command did not end with status 0."""


def watch(command: Sequence[str]) -> Run:
    """Run a command that prints its progress as JSON, and take the cost of each of its steps.

    Parameters
    ----------
    command : sequence of str
        Program and arguments; lines of its output that are no progress are passed over.

    Returns
    -------
    Run
        Its costs.

    Raises
    ------
    CommandFailed
        The command's exit status is not 0.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    marks = [(START, start, 0.0)]
    peaks: list[float | None] = []
    with process.stdout as lines:
        for line in lines:
            step = _step(line)
            if step is None or step == marks[-1][0]:
                continue
            peaks.append(_peak_since_last_gb(process.pid))
            now = time.perf_counter()
            marks.append((END if step == "done" else step, now, _cpu_s(process.pid)))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailed(f"{' '.join(command)} ended with status {process.returncode}")
    peaks.append(None)
    marks.append(("", time.perf_counter(), usage.ru_utime + usage.ru_stime))
    steps = {
        name: Cost(later[1] - wall, later[2] - cpu, peak)
        for (name, wall, cpu), later, peak in zip(marks, marks[1:], peaks, strict=False)
    }
    # The system's own record counts what started the process, too: only where no step's is known.
    known = [peak for peak in peaks if peak is not None]
    highest = max(known, default=usage.ru_maxrss * 1024 / 1e9)
    return Run(Cost(marks[-1][1] - start, marks[-1][2], highest), steps)


def _step(line: str) -> str | None:
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return content.get("step") if isinstance(content, dict) else None


def _cpu_s(pid: int) -> float:
    """CPU seconds of a running process, all its threads; NaN where the system has no /proc."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return float("nan")
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_since_last_gb(pid: int) -> float | None:
    """Highest resident memory since the last call, GB; None where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    lines = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    if not lines:
        return None
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return int(lines[0].split()[1]) * 1024 / 1e9
