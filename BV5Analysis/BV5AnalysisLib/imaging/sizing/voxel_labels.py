"""The voxels around centerline points that their vessels are drawn into."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.size_classes import SizeClass
from ..model.volume import Grid, Volume
from ..numerics.balls import map_balls, voxels_in_balls

AS_MEASURED = 255
"""Label of vessel voxels in a segment that is no size class: their class is by area."""

ROUNDING_MM = 1e-3
"""More than points and grids are off after they were written to files and read again."""

SPARSE = 3
"""Of so many points in a row along a branch one is looked at first, which is faster."""

_AS_MEASURED_COLUMN = max(SizeClass) + 1
"""Column of `CoreLabels.votes` for `AS_MEASURED`."""

_CHANGED = 16
"""Bit added to the classes of points that have changed; classes are less."""


@dataclass(frozen=True)
class VoxelLabelConstants(MethodConstants):
    """Tuned numbers of drawing vessels into voxels; no volume or percentage depends on them."""

    core_radii: float = constant(
        0.9,
        "1",
        "Share of its radius within which all voxels of lung are a vessel's.",
        "Chosen by eye: close to the whole, less what is off by the centerline's position.",
    )
    core_voxels: float = constant(
        0.5,
        "voxels",
        "Least radius of that core, in the largest side of a voxel.",
        "Thin vessels still show as an unbroken line of voxels.",
    )
    reach_radii: float = constant(
        1.35,
        "1",
        "Radii within which voxels that are more blood than lung are a vessel's.",
        "Chosen by eye: vessels are not quite round.",
    )
    reach_more_mm: float = constant(
        0.5, "mm", "How much further than that.", "Chosen by eye: about the blur."
    )


CONSTANTS = VoxelLabelConstants()


def core_radius_mm(centerlines: Centerlines, grid: Grid) -> np.ndarray:
    """Radius (n,) within which all voxels of lung are drawn."""
    return np.asarray(
        np.maximum(
            CONSTANTS.core_radii * centerlines.radius_mm,
            CONSTANTS.core_voxels * grid.spacing_zyx.max(),
        )
    )


def reach_mm(centerlines: Centerlines, grid: Grid) -> np.ndarray:
    """Radius (n,) beyond which nothing is drawn."""
    around_mm = CONSTANTS.reach_radii * centerlines.radius_mm + CONSTANTS.reach_more_mm
    return np.asarray(np.maximum(around_mm, core_radius_mm(centerlines, grid)))


def label_vessels(
    scan: Volume,
    lungs: Volume,
    centerlines: Centerlines,
    calibration: Calibration,
) -> Volume:
    """Voxels of the vessels, labeled by size class, on the scan's grid.

    Along each centerline the voxels within the vessel's radius, and those a little beyond that are
    more blood than lung. Wider vessels are drawn over thinner ones.

    Parameters
    ----------
    scan : Volume
        HU.
    lungs : Volume
        `LungLabel` values on the scan's grid.
    centerlines : Centerlines
        Vessels with sizes and classes.
    calibration : Calibration
        Attenuation of parenchyma and of blood.

    Returns
    -------
    Volume
        uint8 `SizeClass` values.
    """
    grid = scan.grid
    labels = np.zeros(grid.shape, np.uint8)
    core, widest = core_radius_mm(centerlines, grid), reach_mm(centerlines, grid)
    center = grid.world_to_index(centerlines.points_mm)
    scan_hu, lung = scan.array.reshape(-1), lungs.array.reshape(-1)

    def drawn(
        point: np.ndarray, voxel: tuple[np.ndarray, ...], distance: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        flat = np.ravel_multi_index(voxel, grid.shape)
        keep = (distance <= core[point]) | (scan_hu[flat] >= calibration.half_blood_hu)
        keep &= lung[flat] != 0
        return flat[keep], centerlines.size_class[point[keep]]

    for flat, size_class in map_balls(drawn, grid.shape, center, grid.spacing_zyx, widest):
        labels.reshape(-1)[flat] = size_class
    return Volume(labels, grid)


@dataclass(frozen=True, eq=False)
class CoreLabels:
    """Labels found in the cores of n points.

    Attributes
    ----------
    votes : numpy.ndarray
        (n, 7) voxels by label: none, the four size classes, hilar, `AS_MEASURED`.
    labeled_voxels : numpy.ndarray
        (n,) labeled ones, with those that rounding may have moved out of the core.
    """

    votes: np.ndarray
    labeled_voxels: np.ndarray

    def of_points(self, chosen: np.ndarray) -> CoreLabels:
        """Rows of some points."""
        return CoreLabels(self.votes[chosen], self.labeled_voxels[chosen])

    def followed_by(self, other: CoreLabels) -> CoreLabels:
        """Rows of both."""
        return CoreLabels(
            np.concatenate([self.votes, other.votes]),
            np.concatenate([self.labeled_voxels, other.labeled_voxels]),
        )

    @property
    def _classes(self) -> np.ndarray:
        return self.votes[:, 1:_AS_MEASURED_COLUMN]

    def most_frequent(self, otherwise: np.ndarray) -> np.ndarray:
        """Size class (n,) of most voxels; `otherwise` (n,) where none has a class."""
        most = self._classes.argmax(axis=1) + 1
        return np.where(self._classes.any(axis=1), most, otherwise).astype(np.uint8)

    def of_half(self, drawn_voxels: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
        """Size class (n,) of over half as many voxels as there were; `otherwise` (n,) if none."""
        most = self._classes.argmax(axis=1) + 1
        enough = 2 * self._classes.max(axis=1) > drawn_voxels
        return np.where(enough, most, otherwise).astype(np.uint8)

    @property
    def is_as_measured(self) -> np.ndarray:
        """(n,) whether most voxels are in no size class."""
        return np.asarray(self.votes[:, _AS_MEASURED_COLUMN] > self._classes.max(axis=1))


def labels_in_cores(labels: Volume, centerlines: Centerlines) -> CoreLabels:
    """Count labels in the core of each point.

    Where the core of a thin vessel holds no voxel's center, the nearest voxel stands in.

    Parameters
    ----------
    labels : Volume
        uint8, `SizeClass` values or `AS_MEASURED`, 0 outside vessels.
    centerlines : Centerlines
        n points.

    Returns
    -------
    CoreLabels
        One row a point.
    """
    count, kinds = len(centerlines.points_mm), _AS_MEASURED_COLUMN + 1
    grid = labels.grid
    flat_labels = labels.array.reshape(-1)
    center = grid.world_to_index(centerlines.points_mm)
    to_nearest = np.linalg.norm((center - np.rint(center)) * grid.spacing_zyx, axis=1)
    core = np.maximum(core_radius_mm(centerlines, grid), to_nearest + ROUNDING_MM)

    def counted(
        point: np.ndarray, voxel: tuple[np.ndarray, ...], distance: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        label = np.minimum(flat_labels[np.ravel_multi_index(voxel, grid.shape)], kinds - 1)
        # Voxels come ball by ball.
        first = np.concatenate([[True], point[1:] != point[:-1]])[: len(point)]
        points, index = point[first], np.cumsum(first) - 1
        in_core = distance <= core[point]
        column = index[in_core] * kinds + label[in_core]
        votes = np.bincount(column, minlength=len(points) * kinds).reshape(-1, kinds)
        return points, votes, np.bincount(index, label > 0)

    votes, labeled = np.zeros((count, kinds), np.int32), np.zeros(count, np.int32)
    radius = core + ROUNDING_MM
    for points, counts, any_label in map_balls(
        counted, grid.shape, center, grid.spacing_zyx, radius
    ):
        votes[points], labeled[points] = counts, any_label
    return CoreLabels(votes, labeled)


def as_drawn(centerlines: Centerlines, vessels: Volume) -> Centerlines:
    """Remember what was drawn, so that later edits of it can be recognized.

    Parameters
    ----------
    centerlines : Centerlines
        As measured.
    vessels : Volume
        Their voxels, `SizeClass` values.

    Returns
    -------
    Centerlines
        With `drawn_voxels` and `drawn_class`.
    """
    return with_drawn(centerlines, labels_in_cores(vessels, centerlines))


def with_drawn(centerlines: Centerlines, seen: CoreLabels) -> Centerlines:
    """Remember labels that were counted already, as `as_drawn` does."""
    return dataclasses.replace(
        centerlines,
        drawn_voxels=seen.votes[:, 1:].sum(axis=1, dtype=np.int32),
        drawn_class=seen.most_frequent(centerlines.size_class),
    )


def within_reach(centerlines: Centerlines, grid: Grid) -> np.ndarray:
    """Voxels that the vessels of these points may be drawn into.

    Parameters
    ----------
    centerlines : Centerlines
        Vessels.
    grid : Grid
        Of the voxels.

    Returns
    -------
    numpy.ndarray
        Bool, shape ``grid.shape``; half a voxel more than `label_vessels` draws at most.
    """
    return _voxels_near(centerlines.points_mm, _reach_with_room(centerlines, grid), grid)


def beyond_reach(labels: Volume, centerlines: Centerlines) -> np.ndarray:
    """Labeled voxels that `within_reach` does not have, found faster.

    Parameters
    ----------
    labels : Volume
        0 outside vessels.
    centerlines : Centerlines
        n points.

    Returns
    -------
    numpy.ndarray
        (m,) places of the voxels in the flat array.
    """
    grid, points = labels.grid, centerlines.points_mm
    reach = _reach_with_room(centerlines, grid)
    # Points of a line reach over their neighbors' voxels: a few of them leave little to look at.
    near = _voxels_near(points[::SPARSE], reach[::SPARSE], grid)
    for mark, label in zip(near, labels.array, strict=True):
        np.logical_and(~mark, label, out=mark)
    return _not_near(np.flatnonzero(near), points, reach, grid)


def beyond_reach_now(
    beyond: np.ndarray,
    labels: Volume,
    before: Centerlines,
    keep: np.ndarray,
    now: Centerlines,
) -> np.ndarray:
    """Give what `beyond_reach` does after points went and came, looking only around these.

    Parameters
    ----------
    beyond : numpy.ndarray
        (m,) `beyond_reach` of the points before.
    labels : Volume
        0 outside vessels.
    before : Centerlines
        n points.
    keep : numpy.ndarray
        (n,) bool, which of them are left.
    now : Centerlines
        The points that are left, in their order and as wide as before, and then any others.

    Returns
    -------
    numpy.ndarray
        (k,) places of the voxels in the flat array.
    """
    grid = labels.grid
    lost_mm, reach = before.points_mm[~keep], _reach_with_room(before, grid)[~keep]
    if len(lost_mm):
        box, lost = _box_near(lost_mm, reach, grid)
        index = np.nonzero(lost & (labels.array[box] != 0))
        index = tuple(along + side.start for along, side in zip(index, box, strict=True))
        beyond = np.union1d(beyond, np.ravel_multi_index(index, grid.shape))
    return _not_near(beyond, now.points_mm, _reach_with_room(now, grid), grid)


def _not_near(
    voxels: np.ndarray, points_mm: np.ndarray, reach_mm: np.ndarray, grid: Grid
) -> np.ndarray:
    """Those of a few voxels, places in the flat array, that no point reaches."""
    if len(voxels) == 0 or len(points_mm) == 0:
        return voxels
    index = np.unravel_index(voxels, grid.shape)
    places = cKDTree(
        grid.index_to_world(np.stack(index, axis=1)), balanced_tree=False, compact_nodes=False
    )
    farthest = reach_mm + ROUNDING_MM
    distance, _ = places.query(points_mm, distance_upper_bound=farthest.max())
    close = distance <= farthest
    if not close.any():
        return voxels
    box, near = _box_near(points_mm[close], reach_mm[close], grid)
    in_box = [along - side.start for along, side in zip(index, box, strict=True)]
    inside = np.ones(len(voxels), bool)
    for along, size in zip(in_box, near.shape, strict=True):
        inside &= (along >= 0) & (along < size)
    inside[inside] = near[tuple(along[inside] for along in in_box)]
    return voxels[~inside]


def _reach_with_room(centerlines: Centerlines, grid: Grid) -> np.ndarray:
    """How far (n,) from each point the middles of its voxels may be, mm: half a voxel more."""
    half_voxel_mm = 0.5 * float(np.linalg.norm(grid.spacing_zyx))
    return np.asarray(reach_mm(centerlines, grid) + half_voxel_mm)


def _box_near(
    points_mm: np.ndarray, radius_mm: np.ndarray, grid: Grid
) -> tuple[tuple[slice, ...], np.ndarray]:
    """Box of the grid around balls, and the voxels in it that are in any ball."""
    center = grid.world_to_index(points_mm)
    out = radius_mm[:, None] / grid.spacing_zyx
    shape = np.array(grid.shape)
    first = np.clip(np.floor((center - out).min(axis=0)).astype(int), 0, shape - 1)
    stop = np.clip(np.ceil((center + out).max(axis=0)).astype(int) + 1, first + 1, shape)
    box = tuple(slice(*side) for side in zip(first, stop, strict=True))
    length_z, length_y, length_x = (int(length) for length in stop - first)
    size = (length_z, length_y, length_x)
    return box, voxels_in_balls(size, center - first, grid.spacing_zyx, radius_mm)


def _voxels_near(points_mm: np.ndarray, radius_mm: np.ndarray, grid: Grid) -> np.ndarray:
    return voxels_in_balls(grid.shape, grid.world_to_index(points_mm), grid.spacing_zyx, radius_mm)


def relabeled(
    ct: Volume | None,
    labels: Volume,
    centerlines: Centerlines,
    calibration: Calibration,
    changed: np.ndarray,
) -> Volume:
    """Give labeled voxels the class that their vessel has now.

    Parameters
    ----------
    ct : Volume or None
        HU, by which thin vessels keep their bright voxels beside wide ones.
    labels : Volume
        Labels as edited.
    centerlines : Centerlines
        n points.
    calibration : Calibration
        Attenuation of parenchyma and of blood.
    changed : numpy.ndarray
        (n,) bool, points whose class has changed. Of the others' voxels only those that are
        `AS_MEASURED` change.

    Returns
    -------
    Volume
        uint8 `SizeClass` values; no voxel more or less is labeled.
    """
    # The largest value that labels can have: finding the maximum is faster than comparing.
    if not changed.any() and labels.array.max(initial=0) < AS_MEASURED:
        return labels
    unsettled = labels.array == AS_MEASURED
    grid = labels.grid
    everywhere = Volume((labels.array > 0).view(np.uint8), grid)
    marked = dataclasses.replace(
        centerlines,
        size_class=(centerlines.size_class + _CHANGED * changed.astype(np.uint8)).astype(np.uint8),
    )
    rims = ct if ct is not None else Volume(np.broadcast_to(np.float32(np.inf), grid.shape), grid)
    drawn = label_vessels(rims, everywhere, marked, calibration).array
    result = np.where((drawn & _CHANGED) | unsettled, drawn & ~np.uint8(_CHANGED), labels.array)
    # Painted around a vessel where it is not drawn: of the vessel's class all the same.
    missing = unsettled & (drawn == 0)
    if missing.any():
        tree = cKDTree(centerlines.points_mm)
        nearest = tree.query(grid.index_to_world(np.argwhere(missing)))[1]
        result[missing] = centerlines.size_class[nearest]
    return Volume(result.astype(np.uint8), grid)
