"""Vessels that a user painted, measured."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from .branches import SAMPLE_STEP_MM
from .centerlines import Centerlines
from .curves import Curves, smooth_curves
from .cutting import joined
from .drawnvoxels import AS_MEASURED, reach_mm
from .measurements import Calibration
from .parameters import Parameters
from .profiles import READING_MM, WINDOW_MM
from .sizeclasses import SizeClass
from .sizing import LEAST_CONTRAST_HU
from .volume import Grid, Volume
from .voxelpaths import trace_paths
from .widevessels import RIM_MM

RING_MM = 3.0
"""How far past the rim the surroundings are looked at, for their attenuation."""

FEWEST_RING_VOXELS = 30

CENTERING_POINTS = 7
"""How many points along a line share the middle of their voxels."""

EVERY_NEIGHBOR = np.ones((3, 3, 3), bool)


@dataclass(frozen=True, eq=False)
class _Piece:
    """One connected piece of painted voxels, in its box.

    `number` is its value in `numbers` (z, y, x), which holds all painted pieces; `box` says where
    that is in the scan.
    """

    number: int
    numbers: np.ndarray
    box: tuple[slice, slice, slice]

    @property
    def mask(self) -> np.ndarray:
        return self.numbers == self.number


def measure_added(
    ct: Volume | None,
    lungs: Volume,
    labels: Volume,
    painted: np.ndarray,
    vessels: Centerlines,
    calibration: Calibration,
    parameters: Parameters,
) -> Centerlines:
    """Measure vessels that were painted where none had been found.

    Each connected piece is a tree of paths through its middle. Its area is the blood of its voxels
    by their attenuation, with those just beyond that the blur carries blood into, over its length.
    A piece that begins beside a known vessel is taken to come from its surface.

    Parameters
    ----------
    ct : Volume or None
        HU; without it each painted voxel is all blood.
    lungs : Volume
        `LungLabel` values.
    labels : Volume
        uint8 `SizeClass` values or `AS_MEASURED`, 0 outside vessels.
    painted : numpy.ndarray
        Bool, the voxels to measure.
    vessels : Centerlines
        Those that are known.
    calibration : Calibration
        Attenuation of blood and parenchyma.
    parameters : Parameters
        Class bounds, for what is not painted in a class.

    Returns
    -------
    Centerlines
        Branches of the painted vessels, in classes as painted.

    Notes
    -----
    Own method.
    """
    added = _none()
    for piece in _pieces(painted, lungs.grid.spacing_zyx):
        added = joined(added, _measured(piece, ct, lungs, labels, vessels, calibration, parameters))
    return added


def _none() -> Centerlines:
    none = np.zeros(0)
    return Centerlines.measured(
        np.zeros((0, 3)), np.zeros(1, int), none, none.astype(np.uint8), none, none
    )


def _pieces(painted: np.ndarray, spacing: np.ndarray) -> list[_Piece]:
    """Find connected pieces, each in a box with room for its rim and its surroundings."""
    (whole,) = ndimage.find_objects(painted.view(np.uint8)) or [None]
    if whole is None:
        return []
    room = np.ceil((RIM_MM + RING_MM) / spacing).astype(int) + 1
    whole = _widened(whole, room, painted.shape)
    numbers, _ = ndimage.label(painted[whole], EVERY_NEIGHBOR)
    pieces = []
    for number, found in enumerate(ndimage.find_objects(numbers), start=1):
        inner = _widened(found, room, numbers.shape)
        box = tuple(
            slice(outer.start + side.start, outer.start + side.stop)
            for outer, side in zip(whole, inner, strict=True)
        )
        pieces.append(_Piece(number, numbers[inner], box))
    return pieces


def _widened(box: tuple[slice, ...], room: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(max(side.start - more, 0), min(side.stop + more, size))
        for side, more, size in zip(box, room, shape, strict=True)
    )


def _measured(
    piece: _Piece,
    ct: Volume | None,
    lungs: Volume,
    labels: Volume,
    vessels: Centerlines,
    calibration: Calibration,
    parameters: Parameters,
) -> Centerlines:
    """Branches of one piece."""
    grid = lungs.grid
    spacing = grid.spacing_zyx
    first = np.array([side.start for side in piece.box])
    root, gap_mm = _origin(grid.index_to_world(np.argwhere(piece.mask) + first), vessels, grid)
    index = np.argwhere(piece.mask)
    root_mm = None if root is None else index[root] * spacing
    paths = trace_paths(piece.mask, spacing, root_mm)
    start = np.cumsum([0, *map(len, paths)])
    place = np.concatenate(paths)
    curves = smooth_curves(place, np.zeros(len(place)), start, SAMPLE_STEP_MM)
    position = _centered(curves, index * spacing)
    tree = cKDTree(position)

    blood_ml, blood_mm = _blood(piece, ct, lungs, labels, calibration)
    point_ml = np.bincount(tree.query(blood_mm)[1], blood_ml, len(curves.step_mm))
    painted = labels.array[piece.box][piece.mask]
    votes = np.zeros((len(curves.step_mm), AS_MEASURED + 1), np.int32)
    np.add.at(votes, (tree.query(index * spacing)[1], painted), 1)

    branch = np.repeat(np.arange(len(paths)), np.diff(curves.start))
    csa = np.empty(len(curves.step_mm))
    error = np.empty(len(paths))
    for number in range(len(paths)):
        mine = branch == number
        csa[mine], error[number] = _areas(point_ml[mine], curves.step_mm[mine])
        # No voxel is nearest to some points of a coarse path: their neighbors' class is theirs.
        votes[mine] = ndimage.uniform_filter1d(100 * votes[mine], 5, axis=0, mode="nearest")
    by_area = parameters.size_class(csa)
    most = votes.argmax(axis=1)
    in_class = (most >= min(SizeClass)) & (most <= max(SizeClass))
    length_mm, volume_ml = curves.step_mm.copy(), csa * curves.step_mm / 1000
    if gap_mm > 0:
        # From the known vessel's surface up to where its own voxels end.
        length_mm[0] += gap_mm
        volume_ml[0] += csa[0] * gap_mm / 1000
    lines = Centerlines.measured(
        points_mm=grid.index_to_world(position / spacing + first),
        branch_start=curves.start,
        csa_mm2=csa,
        size_class=np.where(in_class, most, by_area).astype(np.uint8),
        point_volume_ml=volume_ml,
        point_length_mm=length_mm,
        csa_error_mm2=error,
    )
    return dataclasses.replace(lines, class_by_hand=in_class)


def _centered(curves: Curves, voxel_mm: np.ndarray) -> np.ndarray:
    """Points (n, 3) of curves moved into the middle of the voxels (m, 3) around them.

    Paths go from voxel to voxel, and the middle of a vessel may lie between them.
    """
    owner = cKDTree(curves.position_mm).query(voxel_mm)[1]
    count = len(curves.position_mm)
    off = voxel_mm - curves.position_mm[owner]
    off -= (off * curves.tangent[owner]).sum(axis=1, keepdims=True) * curves.tangent[owner]
    total = np.stack([np.bincount(owner, column, count) for column in off.T], axis=1)
    voxels = np.bincount(owner, minlength=count)
    moved = curves.position_mm.copy()
    for start, stop in pairwise(curves.start):
        around = min(CENTERING_POINTS, stop - start)
        sums = ndimage.uniform_filter1d(total[start:stop], around, axis=0, mode="nearest")
        counts = ndimage.uniform_filter1d(voxels[start:stop].astype(float), around, mode="nearest")
        moved[start:stop] += sums / np.maximum(counts, 1e-9)[:, None]
    return moved


def _origin(piece_mm: np.ndarray, vessels: Centerlines, grid: Grid) -> tuple[int | None, float]:
    """Where a piece hangs on a known vessel.

    Parameters
    ----------
    piece_mm : numpy.ndarray
        (m, 3) its voxels, LPS mm.
    vessels : Centerlines
        Known vessels.
    grid : Grid
        Of the voxels.

    Returns
    -------
    voxel : int or None
        The one nearest to a known vessel's surface; None where none is near.
    gap_mm : float
        From that surface to the voxel's near side.
    """
    reach = reach_mm(vessels, grid)
    step = float(np.linalg.norm(grid.spacing_zyx))
    room = reach.max(initial=0.0) + 2 * step
    low, high = piece_mm.min(axis=0) - room, piece_mm.max(axis=0) + room
    near = np.flatnonzero(((vessels.points_mm > low) & (vessels.points_mm < high)).all(axis=1))
    if len(near) == 0:
        return None, 0.0
    distance, nearest = cKDTree(vessels.points_mm[near]).query(piece_mm, k=np.arange(1, 9))
    nearest = near[np.minimum(nearest, len(near) - 1)]
    if (distance - reach[nearest]).min() > 1.5 * step:
        return None, 0.0
    from_surface = (distance - vessels.radius_mm[nearest]).min(axis=1)
    voxel = int(from_surface.argmin())
    return voxel, max(0.0, float(from_surface[voxel]) - float(grid.spacing_zyx.mean()) / 2)


def _blood(
    piece: _Piece, ct: Volume | None, lungs: Volume, labels: Volume, calibration: Calibration
) -> tuple[np.ndarray, np.ndarray]:
    """Blood (m,) of voxels, mL, and their places (m, 3) in the box, mm."""
    spacing = lungs.grid.spacing_zyx
    voxel_ml = lungs.grid.voxel_volume_ml
    if ct is None:
        index = np.argwhere(piece.mask)
        return np.full(len(index), voxel_ml), index * spacing
    off_mm, nearest = ndimage.distance_transform_edt(
        piece.numbers == 0, sampling=spacing, return_indices=True
    )
    hu = ct.array[piece.box]
    free = (labels.array[piece.box] == 0) & (lungs.array[piece.box] > 0)
    mine = free & (piece.numbers[tuple(nearest)] == piece.number) & (off_mm <= RIM_MM)
    mine |= piece.mask
    ring = free & (off_mm > RIM_MM) & (off_mm <= RIM_MM + RING_MM)
    background = _background_hu(hu[ring], calibration)
    contrast = max(calibration.blood_hu - background, LEAST_CONTRAST_HU)
    fraction = (hu[mine].astype(float) - background) / contrast
    return fraction * voxel_ml, np.argwhere(mine) * spacing


def _background_hu(hu: np.ndarray, calibration: Calibration) -> float:
    """Mean attenuation of the surroundings, without what stands out from their median."""
    if len(hu) < FEWEST_RING_VOXELS:
        return calibration.parenchyma_hu
    level = float(np.median(hu))
    window = max(40.0, 1.2 * calibration.noise_hu)
    for _ in range(3):
        near = np.abs(hu - level) < window
        level = float(hu[near].mean(dtype=float)) if near.any() else level
    return level


def _areas(point_ml: np.ndarray, step_mm: np.ndarray) -> tuple[np.ndarray, float]:
    """Areas (n,) along one branch from the blood (n,) nearest to each point, and their error."""
    window = max(1, min(round(WINDOW_MM / step_mm[0]), len(step_mm)))
    rough = 1000 * point_ml / step_mm
    smooth = np.clip(ndimage.uniform_filter1d(rough, window, mode="nearest"), 0, None)
    whole_mm3 = 1000 * max(float(point_ml.sum()), 0.0)
    # All blood counts, and only once.
    csa = smooth * (whole_mm3 / max(float((smooth * step_mm).sum()), 1e-9))
    apart = max(1, round(READING_MM / step_mm[0]))
    readings = np.add.reduceat(rough, np.arange(0, len(rough), apart)) / apart
    if len(readings) < 3:
        return csa, 0.5 * float(csa.mean())
    # The last one may be of fewer points.
    readings = readings[:-1]
    return csa, float(readings.std(ddof=1) / np.sqrt(len(readings)))
