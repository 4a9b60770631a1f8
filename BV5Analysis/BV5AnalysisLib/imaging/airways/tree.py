"""The airways: lumen of the trachea and bronchi."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..lungs.survey import Chest
from ..model.constants import MethodConstants, constant
from ..model.volume import Volume
from . import air_levels
from .air_levels import lung_noise, measure_levels, tracheal_air
from .growth import AirwayBranch, Scale, grow_airways
from .growth_image import GrowthImage
from .leaks import without_leaks


@dataclass(frozen=True)
class TreeConstants(MethodConstants):
    """Tuned numbers of what growth starts from, and of wide airways' lumen."""

    trachea_edge_hu: float = constant(
        150.0,
        "HU",
        "Edge of the tracheal lumen that growth starts from, above its air.",
        "Well past the noise, well below lung that may lie close to the trachea.",
    )
    most_diameters: float = constant(
        30.0,
        "diameter³",
        "Air in all airways at most, in cubes of the trachea's diameter.",
        "Branches are three diameters long, and each generation holds as much air as the last: 2.4"
        " diameter³. Twelve generations, more than any scan shows: 175 mL in an adult, whose"
        " airways hold 50 to 100 mL.",
    )
    wide: float = constant(
        0.125,
        "1",
        "Radius from which an airway is wide, in diameters of the trachea.",
        "2 mm in an adult. In narrower ones parenchyma may be next: they stay as they grew.",
    )
    edge: float = constant(
        0.08,
        "1",
        "How far past what grew the lumen of wide airways may reach, in diameters of the trachea.",
        "1.5 mm in an adult: the blurred edge of the lumen.",
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


def segment_airways(volume: Volume, chest: Chest, trachea: np.ndarray) -> np.ndarray:
    """Segment the lumen of trachea and bronchi.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU, LPS axes.
    chest : Chest
        The same scan, surveyed.
    trachea : numpy.ndarray
        Bool, coarse, as `find_trachea` gives it.

    Returns
    -------
    numpy.ndarray
        Bool, (z, y, x), on the scan's grid.

    Raises
    ------
    AnalysisError
        The scan shows no trachea, or one without air.
    """
    if not trachea.any():
        raise AnalysisError(
            "No trachea was found: this seems to be no chest CT, or it starts below the trachea;"
            " give a scan of the whole chest."
        )
    seed_z = _seed_slice(trachea)
    air_hu = tracheal_air(volume, chest, trachea)
    box = _airway_box(volume, chest, trachea, seed_z)
    image = GrowthImage.of(volume, box, lung_noise(volume, chest))
    levels = measure_levels(image, chest, trachea)
    seed, scale = _seed(image, chest, trachea, seed_z, levels.air_hu)
    image = image.leveled(levels.offset_hu())
    # Between the lungs walls are thick; in the lungs such thresholds leak, and others do not.
    in_lungs = levels.thresholds()
    branches = []
    for thresholds in (in_lungs, levels.looser_thresholds() + in_lungs):
        grown = _grown(image, seed, thresholds, scale)
        branches += without_leaks(image, grown, levels.lung)
    voxels = np.concatenate([layer for branch in branches for layer in branch.layers])
    return _on_scan(voxels, volume, image, air_hu + air_levels.CONSTANTS.lumen_edge_hu, scale)


def _grown(
    image: GrowthImage, seed: np.ndarray, thresholds: tuple[float, ...], scale: Scale
) -> list[AirwayBranch]:
    """Grow with ever stricter thresholds, until growth does not get lost."""
    most = int(CONSTANTS.most_diameters * scale.diameter**3)
    for first in range(len(thresholds)):
        branches = grow_airways(image, seed, thresholds[first:], scale, most)
        if branches:
            return branches
    return [AirwayBranch(thresholds[-1], scale.area, scale, layers=[seed])]


def _on_scan(
    voxels: np.ndarray, volume: Volume, image: GrowthImage, edge_hu: float, scale: Scale
) -> np.ndarray:
    """Lumen on the scan's voxels; wide airways are widened to a share of their wall's height.

    `voxels` are flat indices into the growth image.
    """
    wide, edge = scale.voxels(CONSTANTS.wide), scale.voxels(CONSTANTS.edge)
    place = np.unravel_index(voxels, image.shape)
    # Two more than the lumen is widened by, as closing needs one.
    lowest = [max(int(along.min()) - edge - 2, 0) for along in place]
    highest = [int(along.max()) + edge + 3 for along in place]
    part = tuple(
        slice(low, min(high, size))
        for low, high, size in zip(lowest, highest, image.shape, strict=True)
    )
    lumen = np.zeros([along.stop - along.start for along in part], bool)
    lumen[tuple(along - low for along, low in zip(place, lowest, strict=True))] = True
    grown = ndimage.binary_closing(lumen)
    core = ndimage.binary_erosion(grown, iterations=wide)
    reach = ndimage.binary_dilation(core, iterations=wide + edge)
    planes = image.planes()
    first, stop = np.searchsorted(planes, (part[0].start, part[0].stop))
    chosen = planes[first:stop] - part[0].start
    starts = [along.start for along in image.box]
    box = (
        slice(starts[0] + first, starts[0] + stop),
        *(slice(starts[n] + part[n].start, starts[n] + part[n].stop) for n in (1, 2)),
    )
    airways = np.zeros(volume.array.shape, bool)
    airways[box] = lumen[chosen] | (reach[chosen] & (volume.array[box] < edge_hu))
    return airways


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
    image: GrowthImage, chest: Chest, trachea: np.ndarray, seed_z: int, air_hu: float
) -> tuple[np.ndarray, Scale]:
    """Flat indices of the tracheal lumen in the seed slice, and the size of the trachea."""
    lumina: dict[int, np.ndarray] = {}
    for coarse_z in np.flatnonzero(trachea.any((1, 2))).tolist():
        inside = np.argwhere(trachea[coarse_z])
        coarse = np.column_stack([np.full(len(inside), coarse_z), inside])
        z, y, x = image.cubes_at(*chest.voxels(coarse).T)
        # No farther than a coarse voxel around: lung may lie behind a wall thinner than a voxel.
        first = np.maximum((y.min() - chest.factor[1], x.min() - chest.factor[2]), 1)
        last = np.minimum(
            (y.max() + chest.factor[1], x.max() + chest.factor[2]), np.array(image.shape[1:]) - 2
        )
        rows, columns = (np.arange(first[axis], last[axis] + 1) for axis in (0, 1))
        cubes = (z[0] * image.shape[1] + rows[:, None]) * image.shape[2] + columns
        labels, _ = ndimage.label(image.at(cubes) < air_hu + CONSTANTS.trachea_edge_hu)
        touched = np.bincount(labels[y - first[0], x - first[1]], minlength=2)
        touched[0] = 0
        if touched.any():
            lumina[coarse_z] = cubes[labels == touched.argmax()]
    if seed_z not in lumina:
        raise AnalysisError(
            "The trachea holds no air to start from; give the original chest CT in Hounsfield"
            " units, or a lung mask."
        )
    area = float(np.median([len(lumen) for lumen in lumina.values()]))
    return lumina[seed_z], Scale(float(np.sqrt(4 * area / np.pi)), area)
