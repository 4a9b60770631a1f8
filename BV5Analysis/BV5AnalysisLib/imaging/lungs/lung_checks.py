"""Doubts about the lungs that were found: air that nobody claims, flat faces, odd proportions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.size_classes import LungLabel
from ..numerics.distances import distance_mm
from .rib_space import fluid_finding, rib_space_finding
from .sides import check_both
from .survey import Chest


@dataclass(frozen=True)
class LungCheckConstants(MethodConstants):
    """Limits beyond which lungs are not believed."""

    lung_like_hu: float = constant(
        60.0,
        "HU",
        "How much brighter than air what looks like lung is, at least.",
        "Inflated lung is brighter by 100 HU; blankets and foam are as air.",
    )
    majority: float = constant(
        0.5,
        "1",
        "Share of a coarse voxel that lung has to fill.",
        "The majority of its voxels.",
    )
    least_piece: float = constant(
        0.01,
        "1",
        "Smallest piece of air that looks like lung and is none, as a share of the lungs.",
        "A segment of a lung holds 5 %.",
    )
    lost: float = constant(
        0.02,
        "1",
        "Share of the lungs that such pieces hold together, from which lung is lost.",
        "Dice falls by 0.01; two segments in five are seen at once.",
    )
    airless_mm: float = constant(
        15.0,
        "mm",
        "Distance from air of a given mask, beyond which the mask holds something else than lung.",
        "No vessel inside a lung has its middle so far from air; the heart has most of it.",
    )
    airless: float = constant(
        0.02,
        "1",
        "Share of a given mask that is so far from air, from which the mask is doubted.",
        "A heart of 600 mL in lungs of 5 L: 0.04.",
    )
    vessel_to_half: float = constant(
        0.25,
        "1",
        "Brightness of vessels in coarse voxels, on the way from air of the piece (0) to the"
        " threshold between air and tissue (1).",
        "A vessel of half a square millimeter in a voxel of 2 mm; nearly four times the noise that"
        " 80 HU leave there.",
    )
    vessel_share: float = constant(
        0.01,
        "1",
        "Share of such a piece under the lungs that vessels fill, from which it is lung.",
        "Vessels of lung fill 5 % of it, at 2 mm; gas of bowel has less than 0.1 %, with noise"
        " as well.",
    )
    flat_share: float = constant(
        0.05,
        "1",
        "Area of one flat face between lung and other air, as a share of the largest axial area of"
        " both lungs.",
        "A lung ends at tissue. Where it opens into a main bronchus the face has 1 %.",
    )
    left_share: tuple[float, float] = constant(
        (0.25, 0.68),
        "1",
        "Least and largest share of the left lung.",
        "0.46 with a standard deviation of 0.02 in healthy adults (Kramer et al., Scand J Clin Lab"
        " Invest 2012); a lung collapsed by half is beyond.",
    )
    fullness: tuple[float, float] = constant(
        (0.07, 0.5),
        "1",
        "Least and largest volume of both lungs by the cube of their common width.",
        "About 0.25 at full inspiration at any age, as chests grow alike; half of that in full"
        " expiration.",
    )
    end_difference: float = constant(
        0.35,
        "1",
        "Largest difference of height of the two lungs' tops or bottoms by the higher lung's"
        " height.",
        "The right diaphragm is 2 cm higher; one that is paralyzed 8 cm of 28.",
    )


CONSTANTS = LungCheckConstants()

BEYOND = 4
"""Coarse voxels from the lungs to what is joined to them: two of the edge, and two with air."""


VESSEL_GAP = 3
"""Coarse voxels: half of what a vessel, with the layer that was taken off around it, leaves out."""


@dataclass(frozen=True, eq=False)
class LungDoubts:
    """What speaks against a segmentation of the lungs.

    Attributes
    ----------
    findings : tuple of Finding
        ``lung_lost`` (value: % of the lungs), ``flat_cut`` (cm²), ``implausible_lungs``,
        ``airless_at_ribs`` (% of a lung) and ``pleural_fluid`` (mL).
    unclaimed_air : numpy.ndarray
        Bool, (z, y, x), on the coarse grid: air that looks like lung and belongs to none.
    """

    findings: tuple[Finding, ...]
    unclaimed_air: np.ndarray


def doubt_lungs(
    chest: Chest, labels: np.ndarray, airways: np.ndarray, fluid: np.ndarray | None = None
) -> LungDoubts:
    """Look for signs that lung was lost, or that something else was taken for lung.

    None of them rests on how the lungs were found, but that known fluid at the ribs is no sign.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.
    labels : numpy.ndarray
        `LungLabel` values on the scan's grid.
    airways : numpy.ndarray
        Bool, lumen of trachea and bronchi on the scan's grid.
    fluid : numpy.ndarray, optional
        Bool, coarse: what is known to be fluid between lungs and ribs.

    Returns
    -------
    LungDoubts
        Findings of severity error, and how much fluid there is.

    Raises
    ------
    AnalysisError
        A lung fills no coarse voxel.
    """
    shares = [chest.shrunk(labels == label) for label in LungLabel]
    sides = [share > CONSTANTS.majority for share in shares]
    check_both(sides[0], sides[1])
    lumen = chest.shrunk(airways) > 0
    lungs = sides[0] | sides[1]
    unclaimed = _unclaimed_air(chest, lungs, lumen)
    findings = [
        _lung_lost(_share_of(lungs, unclaimed)),
        _flat_cut(chest, shares[0] + shares[1], lungs, lumen),
        _implausible(chest, sides),
        rib_space_finding(chest, sides, fluid),
        fluid_finding(chest, fluid),
    ]
    return LungDoubts(tuple(finding for finding in findings if finding is not None), unclaimed)


def doubt_given_lungs(chest: Chest, labels: np.ndarray, airways: np.ndarray) -> LungDoubts:
    """Look for lung that a given mask leaves out, which may be meant so.

    Parameters
    ----------
    chest, labels, airways
        As of `doubt_lungs`.

    Returns
    -------
    LungDoubts
        ``lung_lost`` and ``mask_beyond_lungs`` as warnings, if at all.

    Raises
    ------
    AnalysisError
        The mask holds next to nothing of a lung: too little for any of what follows.
    """
    _check_enough(chest, labels)
    lungs = chest.shrunk(labels > 0) > CONSTANTS.majority
    unclaimed = _unclaimed_air(chest, lungs, chest.shrunk(airways) > 0)
    findings = [_given_lost(_share_of(lungs, unclaimed)), _given_airless(chest, lungs)]
    return LungDoubts(tuple(finding for finding in findings if finding is not None), unclaimed)


def _check_enough(chest: Chest, labels: np.ndarray) -> None:
    """Refuse a mask that fills no coarse voxel of a lung, as of a slip of the brush."""
    enough = [bool((chest.shrunk(labels == side) > CONSTANTS.majority).any()) for side in LungLabel]
    if all(enough):
        return
    missing = [
        side.name.lower() for side, there in zip(LungLabel, enough, strict=True) if not there
    ]
    which = "both lungs" if len(missing) == len(enough) else f"the {missing[0]} lung"
    raise AnalysisError(
        f"The lung mask holds next to nothing of {which}: without airways, less than"
        f" {max(chest.grid.spacing):.1f} mm of it at any place. Give one that covers both lungs, or"
        " none to have them segmented."
    )


def _given_airless(chest: Chest, lungs: np.ndarray) -> Finding | None:
    """Say that a mask holds what no lung is around, such as the heart."""
    air = lungs & (chest.hu.array < chest.half_hu)
    if not air.any():
        return None
    far = lungs & (distance_mm(~air, chest.grid) > CONSTANTS.airless_mm)
    share = float(far.sum()) / float(lungs.sum())
    if share < CONSTANTS.airless:
        return None
    return Finding(
        "mask_beyond_lungs",
        Severity.WARNING,
        f"The lung mask that was given holds tissue far from any air ({100 * share:.0f} % of it),"
        " such as the heart, or lung without air: it counts as lung volume. Vessels there are"
        " hilar. Give one of the lungs alone if that is not meant.",
        100 * share,
    )


def _given_lost(share: float) -> Finding | None:
    """Say that a mask leaves out a share of the lungs."""
    if share < CONSTANTS.lost:
        return None
    return Finding(
        "lung_lost",
        Severity.WARNING,
        f"Air that looks like lung is not in the lung mask that was given ({100 * share:.0f} % of"
        " it): the numbers are of the mask alone. Give one of both whole lungs if that is not"
        " meant.",
        100 * share,
    )


def _unclaimed_air(chest: Chest, lungs: np.ndarray, airways: np.ndarray) -> np.ndarray:
    """Bool, coarse: air like lung beside, above or below the lungs that belongs to none.

    It is joined to the lungs; or enclosed, and has no lung above it or vessels inside. Bowel is
    enclosed below the lungs, and empty; blankets, pillows and foam are not enclosed, or lie in
    front of or behind the lungs.
    """
    hu = chest.hu.array
    like_lung = (hu < chest.half_hu) & (hu > chest.air_hu + CONSTANTS.lung_like_hu)
    # Edges of tissue and air are as bright: what is lung is so all around.
    like_lung = ndimage.binary_erosion(like_lung, np.ones((3, 3, 3), bool), border_value=1)
    like_lung &= ~ndimage.binary_dilation(lungs | airways, iterations=2)
    where = ndimage.find_objects(lungs.view(np.uint8))[0]
    level = np.zeros(hu.shape[1:], bool)
    middle = (hu.shape[2] - 1) / 2 if not airways.any() else np.argwhere(airways)[:, 2].mean()
    reach = max(middle - where[2].start, where[2].stop - 1 - middle)
    columns = np.abs(np.arange(hu.shape[2]) - middle) <= reach
    level[where[1]] = columns
    like_lung &= level
    pieces, count = ndimage.label(like_lung)
    if count == 0:
        return like_lung
    sizes = np.bincount(pieces.ravel())
    keep = sizes >= CONSTANTS.least_piece * np.count_nonzero(lungs)
    keep[0] = False
    spaces, _ = ndimage.label(chest.inner_air)
    of_lungs = np.zeros(spaces.max() + 1, bool)
    of_lungs[spaces[lungs]] = True
    of_lungs[0] = False
    above = np.logical_or.accumulate(lungs[::-1], axis=0)[::-1]
    beyond = ndimage.binary_dilation(lungs, iterations=BEYOND, mask=hu < chest.half_hu)
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        if keep[number]:
            here = pieces[box] == number
            space = spaces[box][here]
            under_lung = above[box][here].mean() >= CONSTANTS.majority
            enclosed = space.any() and (
                not under_lung or _vessels_in(here, hu[box], chest.half_hu) > CONSTANTS.vessel_share
            )
            joined = of_lungs[space].any() or beyond[box][here].any()
            keep[number] = bool(joined) or bool(enclosed)
    unclaimed: np.ndarray = keep[pieces]
    return unclaimed


def _vessels_in(piece: np.ndarray, hu: np.ndarray, half_hu: float) -> float:
    """Share of a piece of air, with the gaps in it closed, that is brighter than its air."""
    margin = VESSEL_GAP
    closed = ndimage.binary_closing(np.pad(piece, margin), iterations=margin)
    inside = closed[margin:-margin, margin:-margin, margin:-margin]
    air_hu = float(np.median(hu[piece]))
    vessel_hu = air_hu + CONSTANTS.vessel_to_half * (half_hu - air_hu)
    return np.count_nonzero(hu[inside] > vessel_hu) / np.count_nonzero(inside)


def _share_of(lungs: np.ndarray, unclaimed: np.ndarray) -> float:
    return float(np.count_nonzero(unclaimed)) / max(1.0, float(np.count_nonzero(lungs)))


def _lung_lost(share: float) -> Finding | None:
    if share < CONSTANTS.lost:
        return None
    return Finding(
        "lung_lost",
        Severity.ERROR,
        f"Air that looks like lung is not in the lungs that were found ({100 * share:.0f} % of"
        " them): the numbers cannot be used; give a lung mask.",
        100 * share,
    )


def _next(between: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Bool: outside, or between with outside before it along the first axis."""
    reached = outside.copy()
    reached[1:] |= between[1:] & outside[:-1]
    return reached


def _flat_cut(
    chest: Chest, share: np.ndarray, lungs: np.ndarray, airways: np.ndarray
) -> Finding | None:
    """Report flat faces at which lung ends at other air inside the scan."""
    spacing = chest.grid.spacing_zyx
    # What the field of view cuts is told otherwise, and is no doubt.
    known = ndimage.binary_dilation(airways | chest.padding, iterations=2)
    air = (chest.hu.array < chest.half_hu) & ~known
    # At the edge of a lung blocks are in part lung: air beyond such a one is beyond the lung.
    partly = air & ~lungs & (share > 0)
    other_air = air & (share == 0)
    axial_cm2 = float(np.prod(spacing[1:])) / 100
    limit_cm2 = CONSTANTS.flat_share * float(np.max(lungs.sum(axis=(1, 2)))) * axial_cm2
    largest_cm2, direction = 0.0, ""
    for axis, name in enumerate(("axial", "coronal", "sagittal")):
        inside, between, outside = (
            np.moveaxis(array, axis, 0) for array in (lungs, partly, other_air)
        )
        before = _next(between, outside)
        behind = _next(between[::-1], outside[::-1])[::-1]
        faces = [
            np.count_nonzero(inside[1:] & before[:-1], axis=(1, 2)),
            np.count_nonzero(inside[:-1] & behind[1:], axis=(1, 2)),
        ]
        area_cm2 = float(np.max(faces) * np.prod(spacing) / spacing[axis] / 100)
        if area_cm2 > largest_cm2:
            largest_cm2, direction = area_cm2, name
    if largest_cm2 <= limit_cm2:
        return None
    return Finding(
        "flat_cut",
        Severity.ERROR,
        f"The lungs that were found end at a flat {direction} face of {largest_cm2:.0f} cm² inside"
        " the scan, with air beyond: the numbers cannot be used; give a lung mask.",
        largest_cm2,
    )


def _implausible(chest: Chest, sides: list[np.ndarray]) -> Finding | None:
    """Report proportions that no pair of lungs has."""
    spacing = chest.grid.spacing_zyx
    right, left = sides
    lungs = right | left
    where = ndimage.find_objects(lungs.view(np.uint8))[0]
    z_cut = lungs[0].any() or lungs[-1].any()
    volume_ml = [chest.volume_ml(side) for side in sides]
    total_ml = sum(volume_ml)
    width_cm = (where[2].stop - where[2].start) * spacing[2] / 10
    fullness = total_ml / width_cm**3
    left_share = volume_ml[1] / total_ml
    heights = [np.flatnonzero(side.any(axis=(1, 2)))[[0, -1]] for side in sides]
    height = max(int(np.ptp(ends)) for ends in heights) + 1
    ends = np.abs(heights[0] - heights[1]) / height
    odd, value = "", 0.0
    lowest, highest = CONSTANTS.left_share
    if not lowest <= left_share <= highest:
        odd, value = f"the left lung has {100 * left_share:.0f} % of their volume", left_share
    elif not z_cut and ends.max() > CONSTANTS.end_difference:
        end = "top" if ends[1] > ends[0] else "bottom"
        odd, value = f"one ends far above the other at the {end}", float(ends.max())
    lowest, highest = CONSTANTS.fullness
    if not odd and (fullness > highest or (fullness < lowest and not z_cut)):
        size = "small" if fullness < lowest else "large"
        odd, value = f"{total_ml / 1000:.1f} L are {size} for their width", fullness
    if not odd:
        return None
    return Finding(
        "implausible_lungs",
        Severity.ERROR,
        f"The lungs that were found have odd proportions: {odd}. Lung may be lost or not aerated;"
        " look at them before any number is used, or give a lung mask.",
        value,
    )
