"""One scan or random chest, changed in one way and analyzed, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.orientation import Orientation
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.scan import Scan
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan, scan_from_image
from BV5AnalysisLib.imaging.sizing.blood_volumes import counted_ml
from BV5AnalysisLib.imaging.sizing.intrapulmonary import class_by_size
from random_chests.truth import chest_of

from .changes import BY_NAME, TOP_SLICES, Change


def answer(volume: Volume, change: Change) -> dict[str, Any]:
    """Analyze a changed scan.

    Parameters
    ----------
    volume : Volume
        LPS axes.
    change : Change
        What to change.

    Returns
    -------
    dict
        ``bv5_pct``, ``tpbv_ml`` and ``bv5_ml``, and the same without the blood in the top slices;
        or ``same`` where reading leaves nothing of the change, ``none`` where the scan does not
        allow it, ``refused`` where the analysis does.
    """
    changed = change.apply(volume)
    if changed is None:
        return {"none": "no air at this edge"}
    try:
        scan = scan_from_image(changed.to_sitk())
        if change.is_absorbed and is_same(scan, scan_from_image(volume.to_sitk())):
            return {"same": True}
        return numbers(analyze(scan))
    except AnalysisError as error:
        return {"refused": str(error)}


def is_same(one: Scan, other: Scan) -> bool:
    """Whether voxels and grid are the same, to the last bit."""
    return one.volume.grid == other.volume.grid and one.sha256 == other.sha256


def numbers(result: AnalysisResult) -> dict[str, float]:
    """BV5 %, TPBV and BV5, of all and of what lies below the top slices."""
    row, lines = result.measurements[0], result.centerlines
    grid = result.scan.volume.grid
    height = grid.world_to_index(lines.points_mm)[:, 0]
    lower = height < grid.shape[0] - TOP_SLICES - 0.5
    below = counted_ml(lines, result.parameters)[lower]
    kind = class_by_size(lines, result.parameters)[lower]
    tpbv_ml = float(below[kind != SizeClass.BELOW_FLOOR].sum())
    bv5_ml = float(below[kind == SizeClass.BV5].sum())
    return {
        "bv5_pct": row.bv5_pct,
        "tpbv_ml": row.tpbv_ml,
        "bv5_ml": row.bv5_ml,
        "bv5_pct_below": 100 * bv5_ml / tpbv_ml if tpbv_ml else float("nan"),
        "tpbv_ml_below": tpbv_ml,
        "bv5_ml_below": bv5_ml,
    }


def subject(job: dict[str, Any]) -> Volume:
    """Scan of a path, or random chest of a seed, LPS axes."""
    if "seed" in job:
        return chest_of(job["seed"], Path(job["cache"])).volume
    volume = read_scan(Path(job["path"])).volume
    turned = Orientation.of(volume.grid).turned(volume)
    return turned.with_array(np.asarray(turned.array))


def main() -> None:
    """Write the answer to a job, given as JSON, into a file."""
    job = json.loads(sys.argv[1])
    found = answer(subject(job), BY_NAME[job["change"]])
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
