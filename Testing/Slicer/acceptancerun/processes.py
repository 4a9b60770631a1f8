"""Processes that a process started: which there are, and ending all of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Processes below one, parents before children; zombies do not count."""
    children = defaultdict(list)
    for child, parent in _parents().items():
        children[parent].append(child)
    found, waiting = [], [pid]
    while waiting:
        for child in children[waiting.pop(0)]:
            found.append(child)
            waiting.append(child)
    return found


def command_of(pid: int) -> str:
    """Command line of a process; empty if it cannot be had."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def own_line(pid: int) -> set[int]:
    """This process and those between it and one further up."""
    parents, line, current = _parents(), {os.getpid()}, os.getpid()
    while current in parents and parents[current] not in (pid, 0, 1):
        current = parents[current]
        line.add(current)
    return line


def end_tree(pid: int) -> None:
    """Kill a process and all below it, but not the one that calls."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], check=False)
        return
    spared = own_line(pid)
    for each in [pid, *descendants(pid)]:
        if each not in spared:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def _parents() -> dict[int, int]:
    """Parent of each process; of none on Windows, where nothing plain tells."""
    if sys.platform == "win32":
        return {}
    if Path("/proc/self/stat").exists():
        return dict(_of_proc())
    with subprocess.Popen(
        ["ps", "-axo", "pid=,ppid=,stat="], stdout=subprocess.PIPE, text=True
    ) as listing:
        rows = [line.split()[:3] for line in listing.stdout]
    return {
        int(pid): int(parent)
        for pid, parent, state in rows
        if not state.startswith("Z") and int(pid) != listing.pid
    }


def _of_proc():
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # It has ended.
            # The name, in parentheses, may hold spaces.
            state, parent = text.rpartition(")")[2].split()[:2]
            if state != "Z":
                yield int(folder.name), int(parent)
