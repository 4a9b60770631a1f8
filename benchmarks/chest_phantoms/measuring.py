"""One chest phantom measured by this program, and in today's ways, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import ChestPhantom, ChestPhantomSpec, chest_phantom, disease
from BV5AnalysisLib.imaging.pipeline import analyze
from todays_ways.ways import WAYS, Sized, forget

from chest_phantoms.matching import line_pieces, pieces_of
from chest_phantoms.scoring import CLASSES, Score, classes_ml, score
from chest_phantoms.truth import Truth


def measure(phantom: ChestPhantom, truth: Truth, *, true_lungs: bool) -> tuple[Score, float]:
    """Measure a phantom by this program.

    Parameters
    ----------
    phantom : ChestPhantom
        What to measure.
    truth : Truth
        Of the phantom.
    true_lungs : bool
        Give the true lungs rather than let the program segment them.

    Returns
    -------
    score : Score
        Against the truth.
    dice : float
        Overlap of the lungs with the true ones.
    """
    result = analyze(phantom.volume.to_sitk(), lungs=phantom.lungs if true_lungs else None)
    found = score(
        truth,
        classes_ml(phantom.measurements[0]),
        pieces_of(result.centerlines),
        classes_ml(result.measurements_hilum_included[0]),
        result.parameters,
    )
    return found, dice(result.lungs.array > 0, phantom.lungs.array > 0)


def measure_ways(phantom: ChestPhantom, truth: Truth) -> dict[str, Score]:
    """Measure a phantom in today's ways, which are given its true lungs and attenuations.

    Parameters
    ----------
    phantom : ChestPhantom
        What to measure.
    truth : Truth
        Of the phantom.

    Returns
    -------
    dict of str to Score
        By way. They depend on nothing that this program finds.
    """
    spec, parameters = phantom.spec, Parameters()
    lungs = phantom.lungs.array > 0
    parenchyma_hu = spec.parenchyma_hu + disease.CONSTANTS.expiration_hu * spec.expiration
    scores = {}
    for name, way in WAYS.items():
        sized = way(phantom.volume, lungs, parenchyma_hu, spec.blood_hu)
        line = line_pieces(sized.line_mm, sized.line_csa_mm2, sized.line_step_mm)
        found_ml = blood_in_lungs(sized, phantom, lungs, parameters)
        scores[name] = score(truth, classes_ml(phantom.measurements[0]), line, found_ml, parameters)
    forget()
    return scores


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Overlap of two masks, 1 where they are the same."""
    both = np.count_nonzero(one & other)
    return 2 * both / max(np.count_nonzero(one) + np.count_nonzero(other), 1)


def blood_in_lungs(
    sized: Sized, phantom: ChestPhantom, lungs: np.ndarray, parameters: Parameters
) -> dict[str, float]:
    """Blood by class of pieces inside the lungs, mL.

    Parameters
    ----------
    sized : Sized
        Pieces of one of today's ways.
    phantom : ChestPhantom
        For its grid.
    lungs : numpy.ndarray
        Bool, where blood counts.
    parameters : Parameters
        Class bounds.
    """
    index = np.rint(phantom.volume.grid.world_to_index(sized.points_mm)).astype(int)
    index = np.clip(index, 0, np.array(lungs.shape) - 1)
    inside = lungs[tuple(index.T)]
    blood = np.bincount(
        parameters.size_class(sized.csa_mm2[inside]),
        sized.volume_ml[inside],
        minlength=max(SizeClass) + 1,
    )
    return {kind.name: float(blood[kind]) for kind in CLASSES}


def answers(job: dict[str, Any]) -> dict[str, Any]:
    """Make the phantom of a job's ``spec`` and answer its ``ours`` and ``ways`` as far as asked."""
    phantom = chest_phantom(ChestPhantomSpec(**job["spec"]))
    truth = Truth.of(phantom)
    found = {}
    if "ours" in job:
        mine, overlap = measure(phantom, truth, true_lungs=job["ours"]["true_lungs"])
        found["ours"] = {"score": mine.to_dict(), "dice": overlap}
    if "ways" in job:
        found["ways"] = {
            name: each.to_dict() for name, each in measure_ways(phantom, truth).items()
        }
    return found


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(answers(json.loads(sys.argv[1]))), encoding="utf-8")
