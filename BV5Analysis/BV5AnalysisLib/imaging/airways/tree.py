"""The airways: lumen of the trachea and bronchi."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..lungs import chest as survey
from ..lungs.chest import IN_PLANE, Chest
from ..model.volume import Volume
from .growth import GrowthRules, grow_airways

TRACHEA_HU = -850.0
TRACHEA_MM2 = (40.0, 700.0)
TRACHEA_LENGTH_MM = 15.0
MIDLINE_MM = 45.0
DARK_PERCENT = 20.0
SLAB_MM = 10.0
ENOUGH_VOXELS = 2000
DARKEST_HU = -1000
STRICTER_HU = 20
LUMEN_EDGE_HU = -600
WIDE_VOXELS = 3


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
    rules = GrowthRules(thresholds=tuple(range(loosest, DARKEST_HU, -STRICTER_HU)))
    lumen = np.zeros(hu.shape, bool)
    for branch in grow_airways(leveled, seed, rules):
        lumen.flat[np.concatenate(branch.layers)] = True
    airways = np.zeros(volume.array.shape, bool)
    airways[box] = _whole_lumen(lumen, hu)
    return airways


def _dark_parenchyma(volume: Volume, chest: Chest) -> np.ndarray:
    """HU below which only a fifth of the lungs' voxels lie, by row (y) from front to back.

    Fewer than a third of the voxels of a noisy field never hang together far, so growth below this
    level does not get lost in parenchyma. Gravity makes the front darker than the back.
    """
    lungs = np.argwhere(chest.inner_air & (chest.hu.array > survey.CONSTANTS.gas_hu))
    z, y, x = (lungs * chest.factor).T
    hu = volume.array[z, y, x]
    usual = np.percentile(hu, DARK_PERCENT)
    row_mm = volume.grid.spacing[1]
    slab = (y * row_mm / SLAB_MM).astype(int)
    level = np.full(slab.max() + 1, usual)
    for number, count in enumerate(np.bincount(slab)):
        if count >= ENOUGH_VOXELS:
            level[number] = min(usual, np.percentile(hu[slab == number], DARK_PERCENT))
    rows = (np.arange(volume.array.shape[1]) + 0.5) * row_mm / SLAB_MM
    return np.interp(rows, np.arange(len(level)) + 0.5, level)


def _whole_lumen(lumen: np.ndarray, hu: np.ndarray) -> np.ndarray:
    """Lumen with the holes of noise filled, and wide airways widened to half their wall's height.

    In narrow ones parenchyma may be next: they stay as they grew.
    """
    where = ndimage.find_objects(lumen.view(np.uint8))[0]
    box = tuple(slice(max(s.start - 4, 0), s.stop + 4) for s in where)
    grown = ndimage.binary_closing(lumen[box], iterations=1)
    core = ndimage.binary_erosion(grown, iterations=WIDE_VOXELS)
    reach = ndimage.binary_dilation(core, iterations=WIDE_VOXELS + 2)
    whole = lumen.copy()
    whole[box] |= reach & (hu[box] < LUMEN_EDGE_HU)
    return whole


def find_trachea(chest: Chest) -> np.ndarray:
    """Find the trachea: a round, dark, upright tube near the midline above the lungs' middle.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.

    Returns
    -------
    numpy.ndarray
        Bool, coarse; the trachea and no more than the start of the main bronchi.

    Raises
    ------
    AnalysisError
        No such tube.
    """
    dark = chest.inner_air & (chest.hu.array < TRACHEA_HU)
    labels, _ = ndimage.label(dark, IN_PLANE)
    area = np.bincount(labels.ravel()) * float(np.prod(chest.grid.spacing_zyx[1:]))
    fits = (area >= TRACHEA_MM2[0]) & (area <= TRACHEA_MM2[1])
    fits[0] = False
    tubes, _ = ndimage.label(fits[labels])
    best, best_score = 0, 0.0
    spacing = chest.grid.spacing_zyx
    middle_x = _midline(chest)
    air_z = np.flatnonzero(chest.inner_air.any((1, 2)))
    for number, where in enumerate(ndimage.find_objects(tubes), start=1):
        length = (where[0].stop - where[0].start) * spacing[0]
        if length < TRACHEA_LENGTH_MM or where[0].stop < air_z.mean():
            continue
        voxels = np.argwhere(tubes[where] == number)
        x = voxels[:, 2].mean() + where[2].start
        off_midline = abs(x - middle_x) * spacing[2]
        if off_midline < MIDLINE_MM:
            score = length * (1 - off_midline / MIDLINE_MM)
            if score > best_score:
                best, best_score = number, score
    if best == 0:
        raise AnalysisError(
            "No trachea was found: this seems to be no chest CT, or it starts below the trachea;"
            " give a scan of the whole chest."
        )
    return tubes == best


def _midline(chest: Chest) -> float:
    """Coarse x index of the body's middle."""
    profile = (chest.hu.array > -250).sum((0, 1))
    return float((profile * np.arange(len(profile))).sum() / profile.sum())


def _airway_box(
    volume: Volume, chest: Chest, trachea: np.ndarray, seed_z: int
) -> tuple[slice, ...]:
    """Scan voxels from below the larynx down, as wide as the air inside the body."""
    box = []
    for axis, factor in enumerate(chest.factor):
        others = tuple(other for other in range(3) if other != axis)
        inside = np.flatnonzero(chest.inner_air.any(others))
        top = _larynx(trachea, seed_z) if axis == 0 else inside[-1] + 2
        stop = min(top * factor, volume.array.shape[axis])
        box.append(slice(max((inside[0] - 1) * factor, 0), stop))
    return tuple(box)


def _larynx(trachea: np.ndarray, seed_z: int) -> int:
    """First coarse slice above the seed that is much narrower or wider than the trachea."""
    area = np.count_nonzero(trachea, axis=(1, 2))
    usual = np.median(area[area > 0])
    # The seed's own slice stays, whatever its width, and one above: growth needs room around.
    above = area[seed_z + 2 :]
    other = np.flatnonzero((above < 0.5 * usual) | (above > 2.0 * usual))
    return seed_z + 2 + (int(other[0]) if len(other) else len(above))


def _seed_slice(trachea: np.ndarray) -> int:
    """Coarse slice safely between larynx and carina."""
    slices = np.flatnonzero(trachea.any((1, 2)))
    return int(slices[int(0.4 * (len(slices) - 1))])


def _seed(
    hu: np.ndarray, chest: Chest, trachea: np.ndarray, seed_z: int, box: tuple[slice, ...]
) -> np.ndarray:
    """Flat indices, in the box, of the tracheal lumen in the seed slice."""
    z = seed_z * chest.factor[0] + chest.factor[0] // 2 - box[0].start
    center = [f // 2 for f in chest.factor[1:]]
    y, x = (np.argwhere(trachea[seed_z]) * chest.factor[1:] + center).T
    labels, _ = ndimage.label(hu[z] < TRACHEA_HU)
    touched = np.bincount(labels[y - box[1].start, x - box[2].start], minlength=2)
    touched[0] = 0
    return np.flatnonzero(labels.ravel() == touched.argmax()) + z * hu[0].size
