"""Analyze one scan with one constant moved: a process of its own, so that none sees another's.

Run by `processes.run_apart`: takes a `Question` as JSON and the file to write its answer to.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from BV5AnalysisLib.imaging.numerics.cores import use_cores


def answer(question: dict) -> dict:
    """Measure what the question asks."""
    # One core a case, several cases at a time: this takes least time in all. Before numpy loads.
    use_cores(1)
    from BV5AnalysisLib.imaging.errors import AnalysisError  # noqa: PLC0415
    from BV5AnalysisLib.imaging.pipeline import analyze  # noqa: PLC0415
    from BV5AnalysisLib.imaging.reading.scan_reader import read_scan  # noqa: PLC0415

    from constant_moves import constants  # noqa: PLC0415

    read = constants.record_reads() if question["record"] else set()
    if question["constant"] is not None:
        constants.put_in_place(*question["constant"], as_tuples(question["value"]))
    start = time.perf_counter()
    scan = read_scan(question["path"])
    try:
        result = analyze(scan)
    except AnalysisError as error:
        return {"refused": str(error)}
    both, included = result.measurements[0], result.measurements_hilum_included[0]
    return {
        "bv5_pct": both.bv5_pct,
        "tpbv_ml": both.tpbv_ml,
        "hilum_included": [included.bv5_pct, included.tpbv_ml],
        "read": sorted(read),
        "seconds": time.perf_counter() - start,
    }


def as_tuples(value: object) -> object:
    """Tuples, which JSON makes lists of."""
    return tuple(as_tuples(part) for part in value) if isinstance(value, list) else value


if __name__ == "__main__":
    found = json.dumps(answer(json.loads(sys.argv[1])))
    Path(sys.argv[2]).write_text(found, encoding="utf-8")
