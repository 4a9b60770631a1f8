"""The airways: lumen of the trachea and bronchi."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..lungs import survey
from ..lungs.survey import Chest
from ..lungs.trachea import find_trachea
from ..model.constants import MethodConstants, constant
from ..model.volume import Volume
from .growth import grow_airways


@dataclass(frozen=True)
class TreeConstants(MethodConstants):
    """Tuned numbers of finding the trachea and of what growth starts from."""

    trachea_hu: float = constant(
        -850.0,
        "HU",
        "Voxels of the trachea are darker.",
        "Air, with room for noise and thin walls. Chosen by eye on three scans.",
    )
    dark_percent: float = constant(
        20.0,
        "%",
        "Percentile of the lungs' voxels that growth stays below.",
        "Fewer than a third of the voxels of a noisy field never hang together far, so growth does"
        " not get lost in parenchyma.",
    )
    slab_mm: float = constant(
        10.0,
        "mm",
        "Thickness of the layers, front to back, that have a level each.",
        "Gravity makes the front darker than the back. Chosen by eye on three scans.",
    )
    enough_voxels: int = constant(
        2000,
        "voxels",
        "Layers with fewer have the level of the whole lungs.",
        "A percentile of fewer is not steady. Chosen by eye on three scans.",
    )
    darkest_hu: int = constant(
        -1000,
        "HU",
        "The strictest threshold stays above this.",
        "Air, by definition.",
    )
    stricter_hu: int = constant(
        20,
        "HU",
        "Step from one threshold to the next stricter one.",
        "About the noise of a usual scan. Chosen by eye on three scans.",
    )
    lumen_edge_hu: float = constant(
        -600.0,
        "HU",
        "Edge of the lumen of wide airways.",
        "Half way from air to wall, as the blur leaves it. Chosen by eye on three scans.",
    )
    wide_voxels: int = constant(
        3,
        "voxels",
        "Radius from which an airway is wide.",
        "In narrower ones parenchyma may be next: they stay as they grew. Chosen by eye on three"
        " scans.",
    )
    edge_voxels: int = constant(
        2,
        "voxels",
        "How far past what grew the lumen of wide airways may reach.",
        "Chosen by eye on three scans.",
    )
    larynx_ratios: tuple[float, float] = constant(
        (0.5, 2.0),
        "1",
        "Multiples of the trachea's median area below and above which the larynx begins.",
        "Chosen by eye on three scans.",
    )
    seed_height: float = constant(
        0.4,
        "1",
        "Where along the trachea growth starts, from its lower end.",
        "Safely between larynx and carina. Chosen by eye on three scans.",
    )


CONSTANTS = TreeConstants()

ROOM_VOXELS = 4
"""Around what grew, for what it is widened into."""


def segment_airways(volume: Volume, chest: Chest) -> np.ndarray:
    """Segment the lumen of trachea and bronchi.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU, LPS axes.
    chest : Chest
        The same scan, surveyed.

    Returns
    -------
    numpy.ndarray
        Bool, (z, y, x), on the scan's grid.

    Raises
    ------
    AnalysisError
        No trachea is in the scan.
    """
    trachea = find_trachea(chest)
    seed_z = _seed_slice(trachea)
    box = _airway_box(volume, chest, trachea, seed_z)
    hu = np.ascontiguousarray(volume.array[box])
    seed = _seed(hu, chest, trachea, seed_z, box)
    level = _dark_parenchyma(volume, chest)[box[1]]
    loosest = int(level.max())
    leveled = hu - np.rint(level - loosest).astype(hu.dtype)[:, None]
    thresholds = tuple(range(loosest, CONSTANTS.darkest_hu, -CONSTANTS.stricter_hu))
    lumen = np.zeros(hu.shape, bool)
    for branch in grow_airways(leveled, seed, thresholds):
        lumen.flat[np.concatenate(branch.layers)] = True
    airways = np.zeros(volume.array.shape, bool)
    airways[box] = _whole_lumen(lumen, hu)
    return airways


def _dark_parenchyma(volume: Volume, chest: Chest) -> np.ndarray:
    """HU below which only the darkest of the lungs' voxels lie, by row (y) from front to back."""
    lungs = np.argwhere(chest.inner_air & (chest.hu.array > survey.CONSTANTS.gas_hu))
    z, y, x = chest.voxels(lungs).T
    hu = volume.array[z, y, x]
    usual = np.percentile(hu, CONSTANTS.dark_percent)
    row_mm = volume.grid.spacing[1]
    slab = (y * row_mm / CONSTANTS.slab_mm).astype(int)
    level = np.full(slab.max() + 1, usual)
    for number, count in enumerate(np.bincount(slab)):
        if count >= CONSTANTS.enough_voxels:
            level[number] = min(usual, np.percentile(hu[slab == number], CONSTANTS.dark_percent))
    rows = (np.arange(volume.array.shape[1]) + 0.5) * row_mm / CONSTANTS.slab_mm
    return np.asarray(np.interp(rows, np.arange(len(level)) + 0.5, level))


def _whole_lumen(lumen: np.ndarray, hu: np.ndarray) -> np.ndarray:
    """Lumen with holes of noise filled, and wide airways widened to half their wall's height."""
    where = ndimage.find_objects(lumen.view(np.uint8))[0]
    box = tuple(slice(max(s.start - ROOM_VOXELS, 0), s.stop + ROOM_VOXELS) for s in where)
    grown = ndimage.binary_closing(lumen[box], iterations=1)
    core = ndimage.binary_erosion(grown, iterations=CONSTANTS.wide_voxels)
    steps = CONSTANTS.wide_voxels + CONSTANTS.edge_voxels
    reach = ndimage.binary_dilation(core, iterations=steps)
    whole = lumen.copy()
    whole[box] |= reach & (hu[box] < CONSTANTS.lumen_edge_hu)
    return whole


def _airway_box(
    volume: Volume, chest: Chest, trachea: np.ndarray, seed_z: int
) -> tuple[slice, ...]:
    """Scan voxels from below the larynx down, as wide as the air inside the body."""
    box = []
    for axis, factor in enumerate(chest.factor):
        others = tuple(other for other in range(3) if other != axis)
        inside = np.flatnonzero(chest.inner_air.any(others))
        top = _larynx(trachea, seed_z) if axis == 0 else inside[-1] + 2
        stop = min(top * factor + chest.first[axis], volume.array.shape[axis])
        box.append(slice(max((inside[0] - 1) * factor + chest.first[axis], 0), stop))
    return tuple(box)


def _larynx(trachea: np.ndarray, seed_z: int) -> int:
    """First coarse slice above the seed that is much narrower or wider than the trachea."""
    area = np.count_nonzero(trachea, axis=(1, 2))
    usual = np.median(area[area > 0])
    # The seed's own slice stays, whatever its width, and one above: growth needs room around.
    above = area[seed_z + 2 :]
    narrow, wide = CONSTANTS.larynx_ratios
    other = np.flatnonzero((above < narrow * usual) | (above > wide * usual))
    return seed_z + 2 + (int(other[0]) if len(other) else len(above))


def _seed_slice(trachea: np.ndarray) -> int:
    """Coarse slice safely between larynx and carina."""
    slices = np.flatnonzero(trachea.any((1, 2)))
    return int(slices[int(CONSTANTS.seed_height * (len(slices) - 1))])


def _seed(
    hu: np.ndarray, chest: Chest, trachea: np.ndarray, seed_z: int, box: tuple[slice, ...]
) -> np.ndarray:
    """Flat indices, in the box, of the tracheal lumen in the seed slice."""
    place = np.argwhere(trachea[seed_z])
    slices = np.full((len(place), 1), seed_z)
    z_all, y, x = chest.voxels(np.concatenate([slices, place], axis=1)).T
    z = int(z_all[0]) - box[0].start
    labels, _ = ndimage.label(hu[z] < CONSTANTS.trachea_hu)
    touched = np.bincount(labels[y - box[1].start, x - box[2].start], minlength=2)
    touched[0] = 0
    seed: np.ndarray = np.flatnonzero(labels.ravel() == touched.argmax()) + z * hu[0].size
    return seed
