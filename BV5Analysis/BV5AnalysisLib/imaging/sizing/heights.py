"""How high lines stand out for their area: vessels as their blur says, haze and noise less."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..lungs.hila import ramp
from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.work_image import WorkImage
from ..vessels.branches import Branches
from .blur import Blur
from .cross_sections import CrossSections
from .middles import AROUND_VARIANCE, middles_hu
from .tree_order import TreeOrder


@dataclass(frozen=True)
class HeightConstants(MethodConstants):
    """Numbers of comparing heights with those of a scan's own vessels."""

    along_mm: float = constant(
        4.0,
        "mm",
        "How far to both sides along a line its height is averaged.",
        "Quiets noise; a lump is as long.",
    )
    least_contrast_hu: float = constant(
        50.0, "HU", "Least contrast of blood to divide by.", "As in cross-sections."
    )
    least_height: float = constant(
        0.05, "1", "Least height of a vessel to divide by.", "Thinner ones are not counted."
    )
    areas_mm2: tuple[float, ...] = constant(
        (1.25, 1.7, 2.3, 3.2, 4.5, 6.5, 9.0, 13.0, 20.0),
        "mm²",
        "Bounds of areas within which the scan's own vessels are compared.",
        "By 40 %: kernels and noise change heights little within.",
    )
    reference: float = constant(
        0.6,
        "1",
        "Share of a range's vessels that are lower than the height that is typical.",
        "The median, with room for lines that are no vessels, which are low.",
    )
    fewest_ml: tuple[float, float] = constant(
        (0.01, 0.02),
        "mL",
        "Blood in a range from which it begins to tell what is typical, and tells it alone.",
        "Half a centimeter of a vessel of 2 mm², and one.",
    )
    sure_way: tuple[float, float] = constant(
        (0.5, 0.8),
        "1",
        "Way out over the caliber from which vessels are surely such.",
        "As `way` of the tree's order, with room.",
    )
    plain: tuple[float, float] = constant(
        (0.2, 0.1),
        "1",
        "Air that the surroundings have lost, of opacity and of plain lung.",
        "Ground glass begins at 0.11 on average.",
    )
    clear: tuple[float, float] = constant(
        (0.6, 0.9),
        "1",
        "Share of directions free of neighbors of such vessels.",
        "Nine of ten lines of healthy lung have 0.88 or more.",
    )


CONSTANTS = HeightConstants()


@dataclass(frozen=True, eq=False)
class Heights:
    """How high lines stand out; n points.

    Attributes
    ----------
    expected : numpy.ndarray
        (n,) height of a vessel of a point's area over its contrast, 0 to 1, by the blur.
    relative : numpy.ndarray
        (n,) height over that, and over what is typical of the scan's own vessels: about 1 for
        vessels, less for what is wider and fainter than its area says.
    """

    expected: np.ndarray
    relative: np.ndarray


def relative_heights(
    branches: Branches,
    csa_mm2: np.ndarray,
    sections: CrossSections,
    image: WorkImage,
    calibration: Calibration,
    blur: Blur,
    order: TreeOrder,
) -> Heights:
    """Compare the middles of lines with those of vessels of the same area.

    A blurred disc of area A has the height 1 - exp(-A / 2πs²) of its contrast. What is fainter
    than blood reaches the same integral only by being wider: a patch of ground glass, a ridge of
    noise in it, tissue without contrast agent among vessels with it. Kernels and noise change
    heights of all vessels, so that they are compared with the scan's own.

    Parameters
    ----------
    branches : Branches
        Centerlines; n points.
    csa_mm2 : numpy.ndarray
        (n,) areas.
    sections : CrossSections
        Backgrounds.
    image : WorkImage
        Where the middles are read.
    calibration : Calibration
        Attenuation of blood and parenchyma.
    blur : Blur
        Of the image.
    order : TreeOrder
        Which lines are surely vessels.

    Returns
    -------
    Heights
        Continuous in areas and attenuation.

    Notes
    -----
    Own method; the height of blurred discs as in `blur_measurement`.
    """
    background_hu = np.asarray(sections.background_hu, float)
    contrast_hu = np.maximum(calibration.blood_hu - background_hu, CONSTANTS.least_contrast_hu)
    height = (middles_hu(branches.position_mm, image) - background_hu) / contrast_hu
    read_mm2 = AROUND_VARIANCE * np.asarray(image.spacing) ** 2
    spot_mm2 = blur.across_mm2(branches.tangent, read_mm2)
    expected = _along(branches, 1 - np.exp(-csa_mm2 / (2 * np.pi * spot_mm2)))
    ratio = _along(branches, height) / np.maximum(expected, CONSTANTS.least_height)
    span_hu = max(calibration.blood_hu - calibration.parenchyma_hu, 1.0)
    lost = (background_hu - calibration.parenchyma_hu) / span_hu
    sure = csa_mm2 * branches.step_mm * order.share * order.lasting[:, 1]
    sure = sure * ramp(order.way, CONSTANTS.sure_way) * ramp(lost, CONSTANTS.plain)
    sure = sure * ramp(sections.clean, CONSTANTS.clear)
    return Heights(expected, ratio / _typical(ratio, csa_mm2, sure))


def _along(branches: Branches, values: np.ndarray) -> np.ndarray:
    """Mean (n,) of values along each branch around each point."""
    start, branch = branches.branch_start, branches.branch_id
    steps = np.maximum(1, np.rint(CONSTANTS.along_mm / branches.step_mm).astype(int))
    at = np.arange(len(values))
    low = np.maximum(start[branch], at - steps)
    high = np.minimum(start[branch + 1], at + steps + 1)
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((total[high] - total[low]) / (high - low))


def _typical(ratio: np.ndarray, csa_mm2: np.ndarray, sure_mm3: np.ndarray) -> np.ndarray:
    """Read what is typical (n,) of surely vessels of each point's area; 1 where there are none."""
    bounds = np.array(CONSTANTS.areas_mm2)
    levels = np.ones(len(bounds) - 1)
    blood_mm3 = np.zeros(len(levels))
    for number, (low, high) in enumerate(pairwise(bounds)):
        inside = np.flatnonzero((csa_mm2 >= low) & (csa_mm2 < high) & (sure_mm3 > 0))
        if len(inside) == 0:
            continue
        rising = inside[np.argsort(ratio[inside])]
        weight = np.cumsum(sure_mm3[rising])
        blood_mm3[number] = weight[-1]
        levels[number] = np.interp(CONSTANTS.reference * weight[-1], weight, ratio[rising])
    place = np.log(bounds[:-1] * bounds[1:]) / 2
    levels = _bridged(levels, ramp(blood_mm3 / 1000, CONSTANTS.fewest_ml), place)
    return np.asarray(np.interp(np.log(np.maximum(csa_mm2, 0.1)), place, levels))


TINY = 1e-9
"""What keeps equations solvable where no level is known; moves none that is."""


def _bridged(levels: np.ndarray, known: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Levels (k,) that are their own by as much as they are known, else the line between others.

    By as much as none is known all are 1.
    """
    count = len(levels)
    between = np.zeros((count, count))
    between[0, 1] = between[-1, -2] = 1.0
    for number in range(1, count - 1):
        before, here, after = place[number - 1 : number + 2]
        between[number, number - 1] = (after - here) / (after - before)
        between[number, number + 1] = (here - before) / (after - before)
    unknown = 1 - known
    system = np.eye(count) - (unknown * (1 - TINY))[:, None] * between
    bridged = np.linalg.solve(system, known * levels + unknown * TINY)
    return np.asarray(1 + known.max() * (bridged - 1))
