"""One real scan, changed in one way and analyzed, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.pipeline import analyze
from scan_changes.one_case import numbers

from .scan_conditions import scan_of


def answer(path: Path, name: str) -> dict[str, Any]:
    """Analyze a changed scan.

    Parameters
    ----------
    path : pathlib.Path
        File or DICOM folder.
    name : str
        Of the change.

    Returns
    -------
    dict
        ``bv5_pct``, ``tpbv_ml``, ``bv5_ml``, and the same ``_below`` the top slices of this very
        analysis; or ``none`` where the scan does not allow it, ``refused`` where the analysis does.
    """
    try:
        scan = scan_of(path, name)
        if scan is None:
            return {"none": "its slices are as thick already"}
        return numbers(analyze(scan))
    except AnalysisError as error:
        return {"refused": str(error)}


def main() -> None:
    """Write the answer to a job, given as JSON, into a file."""
    job = json.loads(sys.argv[1])
    found = answer(Path(job["path"]), job["change"])
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
