"""Whether branches of confidence p are in their true class about p of the time.

Each found branch of a chest phantom is held against the true vessels that it runs along; its true
class is that of their mean area. Prints a table of phantoms that the error model was made on, and
one of others; writes them into ``confidence.md`` with ``--write``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.sizing.confidence import branch_class, class_confidence
from chest_phantoms.matching import SAME_WAY, pieces_of
from chest_phantoms.tables import table
from resuming import HERE
from scipy.spatial import cKDTree

REPORT = HERE / "confidence.md"
SEEDS = {"tuned on": (3, 5, 6), "held out": (9, 11, 12)}
SCANNERS = (
    {"spacing_mm": (0.7, 0.7, 1.0), "noise_hu": 20.0},
    {"spacing_mm": (0.7, 0.7, 1.25), "noise_hu": 35.0},
    {"spacing_mm": (0.75, 0.75, 2.0), "noise_hu": 15.0},
)
SCALE = 0.6
EDGES = np.array([0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0])
NEIGHBORS = 24
LEAST_MATCHED = 0.7
"""Share of a branch's length that must run along true vessels."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Branches with what is said of them and what holds; k branches.

    `confidence` (k,) as given, `right` (k,) whether the class is the true one.
    """

    confidence: np.ndarray
    right: np.ndarray


def true_areas(found: Centerlines, true: Centerlines) -> np.ndarray:
    """Mean true area of each found branch.

    Parameters
    ----------
    found, true : Centerlines
        As measured, and as they are.

    Returns
    -------
    numpy.ndarray
        (b,) mm²; NaN where too little of a branch runs along true vessels.
    """
    vessels, pieces = pieces_of(true), pieces_of(found)
    count = min(NEIGHBORS, len(vessels))
    distance, nearest = cKDTree(vessels.position_mm).query(
        found.points_mm, k=np.arange(1, count + 1)
    )
    alike = abs((pieces.tangent[:, None] * vessels.tangent[nearest]).sum(axis=2)) >= SAME_WAY
    room = np.hypot(vessels.reach_mm[nearest], vessels.length_mm[nearest] / 2)
    fit = alike & (distance <= room)
    first = nearest[np.arange(len(fit)), fit.argmax(axis=1)]
    matched_mm = found.point_length_mm * fit.any(axis=1)
    along_mm = found.branch_sum(matched_mm)
    area = found.branch_sum(matched_mm * vessels.csa_mm2[first]) / np.maximum(along_mm, 1e-9)
    return np.where(along_mm >= LEAST_MATCHED * found.length_mm, area, np.nan)


def judged(found: Centerlines, true: Centerlines, parameters: Parameters) -> Judged:
    """Confidence of the branches that run along true vessels, and whether they are right."""
    area = true_areas(found, true)
    known = np.isfinite(area)
    right = branch_class(found, parameters) == parameters.size_class(np.nan_to_num(area))
    return Judged(class_confidence(found, parameters)[known], right[known])


def calibration_rows(all_judged: list[Judged]) -> Iterator[tuple[float, float, int, float, float]]:
    """Rows of least and most confidence, branches, mean confidence, share in the true class."""
    confidence = np.concatenate([each.confidence for each in all_judged])
    right = np.concatenate([each.right for each in all_judged])
    bins = np.clip(np.digitize(confidence, EDGES) - 1, 0, len(EDGES) - 2)
    for number in np.unique(bins):
        mine = bins == number
        low, high = EDGES[number : number + 2]
        yield low, high, int(mine.sum()), confidence[mine].mean(), right[mine].mean()


def measured(seed: int, scanner: dict) -> Judged:
    """Make, analyze and judge one phantom."""
    phantom = chest_phantom(ChestPhantomSpec(seed=seed, scale=SCALE, **scanner))
    result = analyze(phantom.volume.to_sitk(), lungs=phantom.lungs)
    return judged(result.centerlines, phantom.centerlines, result.parameters)


def report() -> str:
    """Both tables, as Markdown."""
    text = ["# Confidence of size classes", "", __doc__.split("\n\n")[1].replace("\n", " "), ""]
    for title, seeds in SEEDS.items():
        found = [measured(*each) for each in zip(seeds, SCANNERS, strict=True)]
        rows = [
            (f"{low:g} – {high:g}", str(count), f"{mean:.3f}", f"{right:.3f}")
            for low, high, count, mean, right in calibration_rows(found)
        ]
        head = ("confidence", "branches", "mean confidence", "in the true class")
        text += [f"## Phantoms {title}", "", table(head, rows), ""]
    return "\n".join(text)


def main() -> None:
    """Carry out the command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.name}")
    options = parser.parse_args()
    text = report()
    print(text)
    if options.write:
        REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
