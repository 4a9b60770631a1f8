"""Which of the air inside the body is lung: what the airways reach, and no bowel or esophagus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant
from ..numerics.distances import distance_mm
from .survey import Chest


@dataclass(frozen=True)
class AeratedConstants(MethodConstants):
    """Tuned numbers of telling lung from other air."""

    lung_to_half: float = constant(
        0.5,
        "1",
        "Where the threshold that separates organs lies, from the lungs' median (0) to that between"
        " air and tissue (1).",
        "Half way: walls of two blurred millimeters are brighter, ground glass that is darker keeps"
        " a lung in one piece; what is brighter is given to the organ that is next to it.",
    )
    gas_hu: float = constant(
        40.0,
        "HU",
        "How much brighter than air the median of gas is, at most.",
        "Lung is brighter by 50 HU unless it is destroyed by emphysema.",
    )
    least_core_ml: float = constant(
        0.2,
        "mL",
        "Smallest piece that is judged by itself.",
        "A cube of 6 mm: smaller ones go with the piece that is nearest.",
    )
    open_contact: float = constant(
        0.15,
        "1",
        "Area open to lung, by volume^(2/3), from which a piece is lung, also one as dark as gas.",
        "Bullae and honeycombs have no wall that coarse voxels show: a sixth of a cube's face and"
        " more is open. Gaps in a blurred diaphragm are a few voxels.",
    )
    largest_cyst_ml: float = constant(
        10.0,
        "mL",
        "Largest piece under lung that is lung wherever it is joined to it at the strict"
        " threshold.",
        "Cysts of honeycombs are up to 25 mm wide, which is 8 mL, and walls close them off at many"
        " places; larger pieces of lung are wide open to it, bowel is at a breach of its wall.",
    )
    column_share: float = constant(
        0.5,
        "1",
        "Share of a piece's columns with lung further down (or up) from which it lies above"
        " (below) lung.",
        "The majority. Below bowel there is no lung; above a whole lung there is none.",
    )
    whole_lung: float = constant(
        0.05,
        "1",
        "Share of the air in the chest from which a piece may be a whole lung.",
        "A lung shrunk to a tenth of the other has more, bowel beside the lungs rarely has.",
    )
    reach_mm: float = constant(
        15.0,
        "mm",
        "How far from a core air is lung in any case.",
        "The rim of a lung is thinner. Farther off, gaps below arms may be joined to it by gas in"
        " the chest wall.",
    )
    outside: float = constant(
        0.1,
        "1",
        "Area shared with outside air, by volume^(2/3), from which such air is outside, too.",
        "Half of `open_contact` of the survey, as the piece was cut off at one side. Ground glass"
        " and honeycombs have none.",
    )
    least_lungs_ml: float = constant(
        30.0,
        "mL",
        "Air in both lungs below which there are none.",
        "Half of what a newborn's lungs hold at the end of expiration.",
    )


CONSTANTS = AeratedConstants()

CONTACT_STEPS = 2
"""Voxels that the cores of two pieces which are open to each other are apart, at most."""

NO_LUNGS = "No lungs were found: is it a chest CT? Give a scan of the whole chest, or a lung mask."


def aerated_lungs(
    chest: Chest, trachea: np.ndarray, airways: np.ndarray, large_airways: np.ndarray
) -> np.ndarray:
    """Find the air of both lungs.

    At a threshold stricter than that between air and tissue, organs are separate pieces. Those
    that bronchi run in are lung; so are those that are open to lung without a wall between, unless
    they are gas, or lie under lung, behind a small gap, and those with lung beneath. The rest of
    the air belongs to the piece that is nearest.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.
    trachea : numpy.ndarray
        Bool, coarse; empty if the scan shows none.
    airways : numpy.ndarray
        Bool, coarse: lumen of trachea and bronchi.
    large_airways : numpy.ndarray
        Bool, coarse: trachea and main bronchi with their wall, which are no lung.

    Returns
    -------
    numpy.ndarray
        Bool, coarse.

    Raises
    ------
    AnalysisError
        There is no lung.
    """
    chest_air = _air_of_chest(chest, trachea) & ~large_airways
    if chest.volume_ml(chest_air) < CONSTANTS.least_lungs_ml:
        raise AnalysisError(NO_LUNGS)
    box = ndimage.find_objects(chest_air.view(np.uint8))[0]
    air, hu = chest_air[box], chest.hu.array[box]
    lung_hu = float(np.median(hu[air]))
    strict = air & (hu < lung_hu + CONSTANTS.lung_to_half * (chest.half_hu - lung_hu))
    cores, count = ndimage.label(ndimage.binary_erosion(strict, border_value=1))
    if count == 0:
        raise AnalysisError(NO_LUNGS)
    sizes = np.bincount(cores.ravel(), minlength=count + 1)
    milliliters = sizes * chest.grid.voxel_volume_ml
    judged = [int(n) for n in np.flatnonzero(milliliters >= CONSTANTS.least_core_ml) if n > 0]
    medians = np.concatenate(
        [[np.inf], np.atleast_1d(ndimage.median(hu, cores, np.arange(1, count + 1)))]
    )
    gas = medians < chest.air_hu + CONSTANTS.gas_hu
    boxes = ndimage.find_objects(cores)
    is_lung = np.zeros(count + 1, bool)
    is_lung[np.unique(cores[ndimage.binary_dilation(airways & ~large_airways)[box]])] = True
    is_lung[0] = False
    large = CONSTANTS.whole_lung * np.count_nonzero(air)
    for number in sorted(judged, key=lambda piece: (-sizes[piece], medians[piece])):
        if sizes[number] >= large and not gas[number] and not is_lung[number]:
            is_lung[number] = not _beside(cores, number, boxes, is_lung, above=True)
    pieces, _ = ndimage.label(strict)
    open_to_lung = np.zeros(pieces.max() + 1, bool)
    open_to_lung[pieces[is_lung[cores]]] = True
    open_to_lung[0] = False
    waiting = [number for number in judged if not is_lung[number]]
    added = True
    while added:
        added = False
        known = is_lung.copy()
        for number in waiting:
            where = _around(boxes[number - 1], CONTACT_STEPS + 1)
            here = cores[where] == number
            # Under lung lies bowel, which may be as bright, and whose wall noise may breach.
            may_be_bowel = milliliters[number] > CONSTANTS.largest_cyst_ml and _beside(
                cores, number, boxes, known, above=True
            )
            through = strict if may_be_bowel else air
            joined = not may_be_bowel and bool(open_to_lung[pieces[where][here][0]])
            is_lung[number] = (
                (joined and not gas[number])
                or _contact(here, known[cores[where]], through[where])
                >= CONSTANTS.open_contact * sizes[number] ** (2 / 3)
                or _beside(cores, number, boxes, known, above=False)
            )
            added |= bool(is_lung[number])
        waiting = [number for number in waiting if not is_lung[number]]
    other = np.zeros(count + 1, bool)
    other[judged] = ~is_lung[judged]
    lung: np.ndarray = np.zeros_like(chest_air)
    lung[box] = _nearer(air, is_lung[cores], other[cores], chest)
    lung[box] &= ~_open_to_outside(lung[box], is_lung[cores], chest, box)
    if chest.volume_ml(lung) < CONSTANTS.least_lungs_ml:
        raise AnalysisError(NO_LUNGS)
    return lung


def _air_of_chest(chest: Chest, trachea: np.ndarray) -> np.ndarray:
    """Air that the trachea reaches, and spaces like it that lie in front of and behind it.

    A lung whose bronchus is blocked, or too narrow for the coarse grid, is such a space. Foam in a
    table and the air below it lie behind the trachea, bowel below.
    """
    pieces, count = ndimage.label(chest.inner_air)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    take = np.zeros(count + 1, bool)
    take[pieces[trachea]] = True
    take[0] = False
    if trachea.any():
        place = np.argwhere(trachea)
        lowest, level = int(place[:, 0].min()), float(place[:, 1].mean())
    else:
        tissue = np.count_nonzero(chest.hu.array > chest.half_hu, axis=(0, 2))
        share = np.cumsum(tissue) / tissue.sum()
        lowest, level = chest.hu.array.shape[0] - 1, float(np.searchsorted(share, 0.5))
    least = CONSTANTS.whole_lung * sizes[1:].sum()
    for number, where in enumerate(ndimage.find_objects(pieces), start=1):
        if take[number] or sizes[number] < least:
            continue
        around = where[1].start < level < where[1].stop - 1
        median = float(np.median(chest.hu.array[where][pieces[where] == number]))
        lung_like = median > chest.air_hu + CONSTANTS.gas_hu
        take[number] = around and where[0].stop > lowest and lung_like
    found: np.ndarray = take[pieces]
    return found


def _around(box: tuple[slice, ...], margin: int) -> tuple[slice, ...]:
    """Box with a margin; beyond the array it ends by itself."""
    return tuple(slice(max(along.start - margin, 0), along.stop + margin) for along in box)


def _contact(piece: np.ndarray, lung: np.ndarray, through: np.ndarray) -> float:
    """Area, in voxels' faces, across which a piece is open to lung."""
    near_piece = ndimage.binary_dilation(piece, iterations=CONTACT_STEPS, mask=through)
    near_lung = ndimage.binary_dilation(lung, iterations=CONTACT_STEPS, mask=through)
    return np.count_nonzero(near_piece & near_lung) / CONTACT_STEPS


def _beside(
    cores: np.ndarray,
    number: int,
    boxes: list[tuple[slice, ...]],
    is_lung: np.ndarray,
    above: bool,
) -> bool:
    """Whether most columns of a piece have lung above its highest, or below its lowest voxel."""
    box = boxes[number - 1]
    columns = (slice(None), *box[1:])
    here, lung = cores[columns] == number, is_lung[cores[columns]]
    if above:
        here, lung = here[::-1], lung[::-1]
    end = here.argmax(axis=0)
    until = np.logical_or.accumulate(lung, axis=0)
    y, x = np.nonzero(here.any(axis=0))
    return bool(until[end[y, x], y, x].mean() >= CONSTANTS.column_share)


def _open_to_outside(
    lung: np.ndarray, core: np.ndarray, chest: Chest, box: tuple[slice, ...]
) -> np.ndarray:
    """Pieces of air away from the cores that share much of their surface with outside air."""
    steps = round(CONSTANTS.reach_mm / float(np.mean(chest.grid.spacing)))
    rest = lung & ~ndimage.binary_dilation(core, iterations=steps, mask=lung)
    pieces, count = ndimage.label(rest)
    outer = (chest.hu.array < chest.half_hu) & ~chest.inner_air
    at_outer = ndimage.binary_dilation(outer)[box]
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    contact = np.bincount(pieces[at_outer], minlength=count + 1)
    is_open = contact >= CONSTANTS.outside * sizes ** (2 / 3)
    is_open[0] = False
    outside: np.ndarray = is_open[pieces]
    return outside


def _nearer(air: np.ndarray, lung: np.ndarray, other: np.ndarray, chest: Chest) -> np.ndarray:
    """Air that is nearer to lung than to other organs."""
    if not other.any():
        return air
    nearer = distance_mm(~lung, chest.grid) < distance_mm(~other, chest.grid)
    pieces, count = ndimage.label(air & nearer)
    with_core = np.zeros(count + 1, bool)
    with_core[pieces[lung]] = True
    with_core[0] = False
    result: np.ndarray = with_core[pieces]
    return result
