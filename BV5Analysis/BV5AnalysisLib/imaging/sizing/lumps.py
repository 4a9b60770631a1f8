"""Which thin lines are small lumps of opacity, or haze and noise in it, instead of vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lungs.hila import ramp
from ..model.constants import MethodConstants, constant
from ..numerics.grid_spread import GridSpread
from .branch_sizes import SizedBranches
from .heights import Heights
from .tree_order import TreeOrder


@dataclass(frozen=True)
class LumpConstants(MethodConstants):
    """What tells lumps and haze from thin vessels; pairs are the ends of a ramp."""

    thin_mm2: tuple[float, float] = constant(
        (16.0, 8.0),
        "mm²",
        "Caliber from which on nothing is judged here, and below which all is.",
        "Goes over into what is judged by tree order.",
    )
    counted_mm2: tuple[float, float] = constant(
        (1.0, 1.5),
        "mm²",
        "Area from which lines begin to count for what is around, and count in full.",
        "Around the floor: noise has many thinner ones, which count in no volume.",
    )
    faint: tuple[float, float] = constant(
        (0.5, 0.7),
        "1",
        "Height over that of the scan's own vessels of the area, of haze and of a vessel.",
        "Ground glass and noise in it: 0.4 to 0.6; 95 % of the blood of vessels is above 0.75.",
    )
    enhanced_hu: tuple[float, float] = constant(
        (110.0, 170.0),
        "HU",
        "Blood from which the lack of contrast agent begins to tell lumps, and does.",
        "Tissue of 40 HU has 0.85 of the contrast of blood of 200 HU.",
    )
    without_agent: tuple[float, float] = constant(
        (0.74, 0.88),
        "1",
        "Height over that of the scan's own vessels, of tissue without agent and of a vessel.",
        "Consolidations in scans with 200 to 450 HU: 0.65 to 0.85; veins of an early phase 0.9.",
    )
    readable: tuple[float, float] = constant(
        (0.5, 0.8),
        "1",
        "Height by the blur from which that begins to be read, and is read in full.",
        "Lower middles are mostly partial volume.",
    )
    step_mm: float = constant(
        5.0, "mm", "Spacing of the grid that lines are averaged on.", "A third of `around_mm`."
    )
    around_mm: float = constant(
        15.0,
        "mm",
        "Standard deviation of the Gaussian that lines are averaged with.",
        "Disease fills volumes of centimeters; a misread line stands alone.",
    )
    some: tuple[float, float] = constant(
        (0.04, 0.12),
        "1",
        "Share of thin lines around that are no vessels, by which such a line stays counted, and"
        " does not.",
        "Means of healthy chests: 0.004 to 0.01; with small consolidations 0.05 to 0.5.",
    )
    crowd: tuple[float, float] = constant(
        (0.1, 0.3),
        "1",
        "The same from which lines begin to be judged strictly, and are.",
        "There most of what is doubtful is none. Chosen on random chests.",
    )
    of_all: float = constant(
        2.0,
        "1",
        "How many times these shares is that of lines of all calibers that comes to the same.",
        "Hila and the heart's border have wide lines that are no vessels in healthy lungs, too.",
    )
    least_ml: float = constant(
        1e-4, "mL", "Blood on a node of the grid below which nothing is said.", "Next to none."
    )


CONSTANTS = LumpConstants()


def vessel_shares(
    position_mm: np.ndarray,
    sized: SizedBranches,
    order: TreeOrder,
    heights: Heights,
    blood_hu: float,
) -> np.ndarray:
    """Judge how much of each thin line is vessel.

    A lump is wider than what it hangs on and short for its width; haze and noise are fainter than
    a vessel of their area. Either happens to vessels at times, where one is misread. So what
    looks like a lump is taken for one where such lines make up more of the blood around than they
    do in healthy lungs, and judged the more strictly the more they are: the odds that a line is a
    vessel are those of its surroundings times its own.

    Parameters
    ----------
    position_mm : numpy.ndarray
        (n, 3) points of the lines in the work frame.
    sized : SizedBranches
        Their areas and blood.
    order : TreeOrder
        Their calibers, what they last, and what of them is vessel by their order.
    heights : Heights
        How high they stand out.
    blood_hu : float
        Attenuation of blood.

    Returns
    -------
    numpy.ndarray
        (n,) 0 to 1; continuous in all of these.

    Notes
    -----
    Own method.
    """
    if len(position_mm) == 0:
        return np.empty(0)
    thin = ramp(order.caliber_mm2, CONSTANTS.thin_mm2)
    clear = ramp(heights.relative, CONSTANTS.faint)
    tube = order.lasting[:, 0] * clear
    agent = _with_agent(heights, blood_hu)
    blood_ml = counted_ml(sized)
    around = _Around(position_mm)
    of_thin = around(1 - tube, blood_ml * order.share * thin)
    of_all = around(1 - order.share * (1 - thin * (1 - tube)), blood_ml)
    around_here = np.maximum(of_thin, of_all / CONSTANTS.of_all)
    crowd = ramp(around_here, CONSTANTS.crowd)
    strict = order.lasting[:, 1] * clear * agent
    share = 1 - ramp(around_here, CONSTANTS.some) * (1 - tube)
    share *= 1 - crowd * (1 - strict)
    return np.asarray(thin * share + (1 - thin))


def counted_ml(sized: SizedBranches) -> np.ndarray:
    """Blood (n,) of lines that are wide enough to count, gradually around the floor, mL."""
    return np.asarray(sized.volume_ml * ramp(sized.csa_mm2, CONSTANTS.counted_mm2))


def _with_agent(heights: Heights, blood_hu: float) -> np.ndarray:
    """How surely (n,) lines hold the contrast agent that the scan's blood holds."""
    enhanced = float(ramp(np.asarray(blood_hu), CONSTANTS.enhanced_hu))
    readable = ramp(heights.expected, CONSTANTS.readable)
    return np.asarray(
        1 - enhanced * readable * (1 - ramp(heights.relative, CONSTANTS.without_agent))
    )


class _Around:
    """Means of values around points, weighted."""

    def __init__(self, position_mm: np.ndarray) -> None:
        index = position_mm / CONSTANTS.step_mm
        first = np.floor(index.min(axis=0))
        shape = tuple((np.floor(index.max(axis=0)) - first + 2).astype(int).tolist())
        sigma = CONSTANTS.around_mm / CONSTANTS.step_mm
        self._spread = GridSpread(index - first, shape, sigma)

    def __call__(self, values: np.ndarray, weight_ml: np.ndarray) -> np.ndarray:
        """Mean (n,) around each point."""
        total, sums = self._spread(weight_ml), self._spread(weight_ml * values)
        return self._spread.at_points(sums / np.maximum(total, CONSTANTS.least_ml))
