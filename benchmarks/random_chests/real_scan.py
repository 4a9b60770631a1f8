"""One real scan analyzed and drawn, in a process of its own."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan

from .blood_scores import opacity_shares
from .pictures import draw_scan


def answer(path: Path, picture: Path) -> dict[str, Any]:
    """Analyze a scan and draw what was found.

    Parameters
    ----------
    path : pathlib.Path
        DICOM folder or image file.
    picture : pathlib.Path
        PNG to write.

    Returns
    -------
    dict
        ``scan``; ``refused`` with the message, or figures and ``findings``.
    """
    row: dict[str, Any] = {"scan": path.name}
    start = time.perf_counter()
    try:
        result = analyze(read_scan(path))
    except AnalysisError as error:
        return row | {"refused": str(error)}
    both, right, left = result.measurements[:3]
    draw_scan(path.name, result, picture)
    return row | {
        "seconds": time.perf_counter() - start,
        "lung_ml": [right.lung_volume_ml, left.lung_volume_ml],
        "tpbv_ml": [right.tpbv_ml, left.tpbv_ml],
        "bv5_pct": [both.bv5_pct, right.bv5_pct, left.bv5_pct],
        "blood_hu": result.calibration.blood_hu,
        "opacity_pct": opacity_shares(result),
        "findings": [f"{each.code} ({each.severity})" for each in result.findings],
    }


def main() -> None:
    """Write the answer to a job, given as JSON, into a file."""
    job = json.loads(sys.argv[1])
    found = answer(Path(job["path"]), Path(job["picture"]))
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
