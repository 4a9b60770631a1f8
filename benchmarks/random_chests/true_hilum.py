"""True blood of a random chest with the hilum apart, by the program's own definition of it.

The definition is applied to the true lungs, airways and opacities: what is compared is how well a
scan lets it be followed, not whether it is a good one.
"""

from __future__ import annotations

import numpy as np
from BV5AnalysisLib.imaging.lungs.anatomy import Anatomy
from BV5AnalysisLib.imaging.lungs.hila import Places, find_hila
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.intrapulmonary import hilar_share, share_of_lung_around

from .truth import OPACITIES, ChestTruth

CLASSES = ("below_floor", "bv5", "bv5_10", "bv10")


def intrapulmonary_ml(truth: ChestTruth, parameters: Parameters) -> dict[str, float]:
    """Visible blood by class that is not hilar, mL.

    Parameters
    ----------
    truth : ChestTruth
        With centerlines of its visible vessels.
    parameters : Parameters
        Class bounds, and where the hilum begins.
    """
    share = 1 - hilar_share(lung_around(truth), parameters)
    bounds = (parameters.minimum_csa_mm2, *parameters.class_bounds_mm2)
    kind = np.searchsorted(bounds, truth.csa_mm2, side="right")
    held = np.bincount(kind, truth.point_ml * share, len(CLASSES))
    return dict(zip(CLASSES, map(float, held), strict=True))


def lung_around(truth: ChestTruth) -> np.ndarray:
    """Share (n,) of lung around the points of true vessels, in the true lungs."""
    chest = survey_chest(truth.volume)
    airways = truth.airways > 0
    hila = find_hila(truth.lungs, airways, chest)
    anatomy = Anatomy(truth.lungs, airways, chest, hila)
    index = truth.grid.world_to_index(truth.points_mm)
    nearest = np.clip(np.rint(index).astype(int), 0, np.array(truth.lungs.shape) - 1)
    places = Places(index * truth.grid.spacing_zyx, truth.lungs[tuple(nearest.T)])
    opaque = chest.shrunk(np.isin(truth.kinds, OPACITIES))
    return share_of_lung_around(places, anatomy, opaque)
