"""Where the time of an analysis goes: the functions with the most seconds of their own.

A process of its own, started by speed.py. A profiler sees one thread only, so pools of threads run
their work one after the other here; the seconds are those of one processor.
"""

from __future__ import annotations

import concurrent.futures
import cProfile
import json
import pstats
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

COUNT = 25


class OneAfterTheOther:
    """Stands in for a pool of threads."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> OneAfterTheOther:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, work: Callable, *arguments: Iterable) -> list:
        """Do all the work now."""
        return list(map(work, *arguments))

    def submit(self, work: Callable, *arguments: object) -> concurrent.futures.Future:
        """Do one piece of work now."""
        done = concurrent.futures.Future()
        done.set_result(work(*arguments))
        return done


def main() -> None:
    """Print the costliest functions of an analysis of the scan on the command line, as JSON."""
    concurrent.futures.ThreadPoolExecutor = OneAfterTheOther
    from BV5AnalysisLib import cli  # noqa: PLC0415  after the pool is replaced

    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["analyze", sys.argv[1], "-o", f"{folder}/case", "--no-report"]
        profile.enable()
        status = cli.main([*arguments, "--progress", "json"])
        profile.disable()
    if status:
        sys.exit(status)
    stats = pstats.Stats(profile).stats
    costliest = sorted(stats.items(), key=lambda item: -item[1][2])[:COUNT]
    rows = [
        {"function": _name(*where), "seconds": own, "calls": calls}
        for where, (calls, _, own, *_) in costliest
    ]
    print(json.dumps(rows))


def _name(path: str, line: int, function: str) -> str:
    module = Path(path).stem if line else ""
    return f"{module}.{function}" if module else function.strip("<>{}")


if __name__ == "__main__":
    main()
