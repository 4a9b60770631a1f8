"""One random chest analyzed and held against its truth, in a process of its own."""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.pipeline import analyze

from .airway_scores import airway_score
from .blood_scores import blood_score, opacity_shares
from .lung_scores import lung_score
from .pictures import draw_chest
from .true_hilum import intrapulmonary_ml
from .truth import ChestTruth, chest_of


def answer(seed: int, cache: Path | None, pictures: Path | None) -> dict[str, Any]:
    """Make, analyze and score the chest of a seed.

    Parameters
    ----------
    seed : int
        Of the chest.
    cache : pathlib.Path, optional
        Where made chests are kept.
    pictures : pathlib.Path, optional
        Folder for the chest's picture.

    Returns
    -------
    dict
        Plain values: ``spec`` and ``truth``; and ``refused`` with the message, ``crashed`` with the
        exception, or ``lungs``, ``airways``, ``blood``, ``opacity_pct`` and ``findings``.
    """
    start = time.perf_counter()
    truth = chest_of(seed, cache)
    made = time.perf_counter()
    # The generator draws thicker slices than it was asked for where the scan gets too large.
    spec = truth.spec | {"slice_mm": float(truth.grid.spacing[2])}
    row: dict[str, Any] = {"seed": seed, "spec": spec, "truth": facts(truth), "findings": []}
    result = None
    try:
        result = analyze(truth.volume.to_sitk())
    except AnalysisError as error:
        row["refused"] = str(error)
    except Exception as error:  # noqa: BLE001 - what the benchmark is to count.
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        row["crashed"] = f"{type(error).__name__}: {error} ({where})"
    row["seconds"] = {"made": made - start, "analyzed": time.perf_counter() - made}
    if result is not None:
        airways = result.airways.array.astype(bool)
        row["lungs"] = lung_score(truth, result.lungs.array, airways).to_dict()
        row["airways"] = airway_score(truth, airways).to_dict()
        inside_ml = intrapulmonary_ml(truth, result.parameters)
        row["blood"] = blood_score(truth, result, inside_ml).to_dict()
        row["opacity_pct"] = opacity_shares(result)
        row["findings"] = [
            {"code": each.code, "severity": str(each.severity), "value": each.value}
            for each in result.findings
        ]
    if pictures is not None:
        draw_chest(truth, result, row, pictures / f"seed{seed}.png")
    return row


def facts(truth: ChestTruth) -> dict[str, Any]:
    """Take from the truth what checks and tables ask."""
    return {
        "lung_ml": truth.about["lung_ml"],
        "tpbv_ml": truth.tpbv_ml,
        "bv5_pct": truth.bv5_pct,
        "hidden_ml": sum(truth.about["hidden"].values()),
        "share_of_lung": {name: float(part) for name, part in truth.share_of_lung.items()},
        "cut_mm2": cut_mm2(truth),
    }


def cut_mm2(truth: ChestTruth) -> float:
    """Area of lung in the outermost planes of the image; the largest of the six."""
    areas = []
    spacing = truth.grid.spacing_zyx
    for axis in range(3):
        pixel_mm2 = float(np.prod(np.delete(spacing, axis)))
        areas += [
            pixel_mm2 * np.count_nonzero(np.take(truth.lungs, plane, axis)) for plane in (0, -1)
        ]
    return float(max(areas))


def main() -> None:
    """Write the answer to a job, given as JSON, into a file."""
    job = json.loads(sys.argv[1])
    cache, pictures = (Path(job[name]) if job[name] else None for name in ("cache", "pictures"))
    found = answer(job["seed"], cache, pictures)
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
