"""Vessels that a user painted, measured."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.cutting import joined
from ..model.size_classes import SizeClass
from ..model.volume import Grid
from ..numerics.curves import Curves, smooth_curves
from ..numerics.neighbors import nearest
from ..parameters import Parameters
from ..sizing import branch_sizes
from ..sizing.intrapulmonary import class_by_place
from ..vessels import linking
from .known_vessels import KnownVessels, gaps_mm, origin_of
from .painted_pieces import EditedScan, Piece, blood_of_piece, painted_pieces
from .voxel_paths import trace_paths


@dataclass(frozen=True)
class AddedVesselConstants(MethodConstants):
    """Tuned numbers of measuring painted vessels."""

    centering_points: int = constant(
        7,
        "1",
        "How many points along a line share the middle of their voxels.",
        "5 mm: a path from voxel to voxel becomes a line. Chosen by eye.",
    )
    class_points: int = constant(
        5,
        "1",
        "How many points along a line share the class of their voxels.",
        "No voxel may be nearest to a point: its neighbors' class is its own, too.",
    )
    lone_error: float = constant(
        0.5,
        "1",
        "Error of the area of a line too short for two independent readings, as a share of it.",
        "What is painted roughly is known to a factor of two at best. Chosen by eye.",
    )


CONSTANTS = AddedVesselConstants()


@dataclass(frozen=True, eq=False)
class _Frame:
    """Frame of a piece's box: places are index * spacing, mm."""

    grid: Grid
    first: np.ndarray

    @classmethod
    def of(cls, piece: Piece, grid: Grid) -> _Frame:
        return cls(grid, np.array([side.start for side in piece.box]))

    def in_world(self, place_mm: np.ndarray) -> np.ndarray:
        """World points (n, 3), LPS mm, of places (n, 3)."""
        return self.grid.index_to_world(self.index(place_mm))

    def index(self, place_mm: np.ndarray) -> np.ndarray:
        """Fractional indices (n, 3) in the scan of places (n, 3)."""
        return np.asarray(place_mm / self.grid.spacing_zyx + self.first)


def measure_added(
    painted: np.ndarray, scan: EditedScan, vessels: Centerlines, parameters: Parameters
) -> Centerlines:
    """Measure vessels that were painted where none had been found.

    Each connected piece is a tree of paths along its middle. Its area is the blood of its voxels
    by their attenuation, with those just beyond that the blur carries blood into, over its length.
    A line that begins or ends beside a known vessel is taken to go on up to it.

    Parameters
    ----------
    painted : numpy.ndarray
        Bool (z, y, x), the voxels to measure.
    scan : EditedScan
        In which they were painted.
    vessels : Centerlines
        Those that are known.
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
    added = no_centerlines()
    pieces = painted_pieces(painted, scan.grid.spacing_zyx)
    if not pieces:
        return added
    known = KnownVessels.of(vessels, scan.grid)
    for piece in pieces:
        added = joined(added, _measured(piece, scan, known, parameters))
    return _placed(added, vessels, known, parameters)


def _placed(
    added: Centerlines, vessels: Centerlines, known: KnownVessels, parameters: Parameters
) -> Centerlines:
    """Tell hilar ones: as they are painted, or else as the nearest known vessel."""
    around = np.ones(len(added.points_mm))
    if len(vessels.points_mm):
        around = vessels.lung_around[nearest(known.tree, added.points_mm)[1]]
    hilar = added.size_class == SizeClass.HILAR
    around = np.where(added.class_by_hand, np.where(hilar, 0.0, 1.0), around)
    by_place = class_by_place(added.csa_mm2, around, parameters)
    classes = np.where(added.class_by_hand, added.size_class, by_place).astype(np.uint8)
    return dataclasses.replace(added, size_class=classes, lung_around=around)


def no_centerlines() -> Centerlines:
    """Centerlines without a point."""
    none = np.zeros(0)
    return Centerlines.measured(
        np.zeros((0, 3)), np.zeros(1, int), none, none.astype(np.uint8), none, none
    )


def _measured(
    piece: Piece, scan: EditedScan, known: KnownVessels, parameters: Parameters
) -> Centerlines:
    """Branches of one piece."""
    grid = scan.grid
    frame = _Frame.of(piece, grid)
    voxel_mm = np.argwhere(piece.mask) * grid.spacing_zyx
    depth_mm = ndimage.distance_transform_edt(piece.mask, sampling=grid.spacing_zyx).max()

    def is_whole(place_mm: np.ndarray) -> np.ndarray:
        """Whether cross-sections there are clear of the voxels beside known vessels."""
        return np.asarray(known.beyond_mm(frame.in_world(place_mm)) >= depth_mm)

    root = origin_of(frame.in_world(voxel_mm), known)
    paths = trace_paths(piece.mask, grid.spacing_zyx, None if root is None else voxel_mm[root])
    # Around the end of a known vessel what is left of a cross-section is a ring, which has no arms.
    paths = [paths[0], *(path for path in paths[1:] if is_whole(path).any())]
    curves = _lines(paths, voxel_mm)
    point = cKDTree(curves.position_mm)
    blood_ml, blood_mm = blood_of_piece(piece, scan)
    point_ml = np.bincount(nearest(point, blood_mm)[1], blood_ml, len(curves.step_mm))
    csa, error = _areas_of_lines(curves, point_ml, is_whole(curves.position_mm))
    painted = _painted_class(
        curves.start, nearest(point, voxel_mm)[1], scan.labels.array[piece.box][piece.mask]
    )
    length_mm = curves.step_mm + _gaps_mm(curves, csa, frame, known)
    # Smoothing may carry the line of a piece that touches the scan's border over it.
    index = np.clip(frame.index(curves.position_mm), 0, np.array(grid.shape) - 1)
    lines = Centerlines.measured(
        points_mm=grid.index_to_world(index),
        branch_start=curves.start,
        csa_mm2=csa,
        size_class=np.where(painted > 0, painted, parameters.size_class(csa)).astype(np.uint8),
        point_volume_ml=csa * length_mm / 1000,
        point_length_mm=length_mm,
        csa_error_mm2=error,
    )
    return dataclasses.replace(lines, class_by_hand=painted > 0)


def _gaps_mm(curves: Curves, csa_mm2: np.ndarray, frame: _Frame, known: KnownVessels) -> np.ndarray:
    """Length (n,) missing between the outer ends of lines and known vessels."""
    half = curves.step_mm[:, None] / 2 * curves.tangent
    half[curves.start[:-1]] *= -1
    ends_mm = frame.in_world(curves.position_mm + half)
    outward = (ends_mm - frame.in_world(curves.position_mm)) * 2 / curves.step_mm[:, None]
    return gaps_mm(curves, ends_mm, outward, np.sqrt(csa_mm2 / np.pi), known)


def _areas_of_lines(
    curves: Curves, point_ml: np.ndarray, whole: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Areas (n,) and the errors (b,) of each line's mean area, mm²; see `_areas`."""
    csa, error = np.empty(len(point_ml)), np.empty(len(curves.start) - 1)
    for number, (start, stop) in enumerate(pairwise(curves.start)):
        line = slice(start, stop)
        csa[line], error[number] = _areas(point_ml[line], curves.step_mm[line], whole[line])
    return csa, error


def _lines(paths: list[np.ndarray], voxel_mm: np.ndarray) -> Curves:
    """Smooth lines along paths, in the middle of the voxels (m, 3)."""
    place = np.concatenate(paths)
    start = np.cumsum([0, *map(len, paths)])
    curves = smooth_curves(place, np.zeros(len(place)), start, linking.CONSTANTS.sample_step_mm)
    return dataclasses.replace(curves, position_mm=_centered(curves, voxel_mm))


def _painted_class(start: np.ndarray, owner: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Size class (n,) that most voxels around each point were painted in; 0 for none.

    Parameters
    ----------
    start : numpy.ndarray
        (b + 1,) first point of each line, ending in n.
    owner, label : numpy.ndarray
        (m,) nearest point and label of each painted voxel.
    """
    kinds = max(SizeClass) + 2
    column = np.minimum(label, kinds - 1)
    votes = np.bincount(owner * kinds + column, minlength=start[-1] * kinds).reshape(-1, kinds)
    painted = np.zeros(start[-1], int)
    for first, stop in pairwise(start):
        count = CONSTANTS.class_points
        around = ndimage.uniform_filter1d(votes[first:stop].astype(float), count, axis=0)
        painted[first:stop] = around.argmax(axis=1)
    return np.where(painted < kinds - 1, painted, 0)


def _centered(curves: Curves, voxel_mm: np.ndarray) -> np.ndarray:
    """Points (n, 3) of curves moved into the middle of the voxels (m, 3) around them.

    Paths go from voxel to voxel, and the middle of a vessel may lie between them.
    """
    owner = nearest(cKDTree(curves.position_mm), voxel_mm)[1]
    count = len(curves.position_mm)
    off = voxel_mm - curves.position_mm[owner]
    off -= (off * curves.tangent[owner]).sum(axis=1, keepdims=True) * curves.tangent[owner]
    total = np.stack([np.bincount(owner, column, count) for column in off.T], axis=1)
    voxels = np.bincount(owner, minlength=count)
    moved = curves.position_mm.copy()
    for start, stop in pairwise(curves.start):
        around = min(CONSTANTS.centering_points, stop - start)
        sums = ndimage.uniform_filter1d(total[start:stop], around, axis=0, mode="nearest")
        counts = ndimage.uniform_filter1d(voxels[start:stop].astype(float), around, mode="nearest")
        moved[start:stop] += sums / np.maximum(counts, 1e-9)[:, None]
    return moved


def _areas(
    point_ml: np.ndarray, step_mm: np.ndarray, whole: np.ndarray
) -> tuple[np.ndarray, float]:
    """Areas (n,) along one line, and the error of their mean.

    Parameters
    ----------
    point_ml, step_mm : numpy.ndarray
        (n,) blood nearest to each point, and the length that it stands for.
    whole : numpy.ndarray
        (n,) bool, points whose cross-section is all there; the others take over the area of the
        nearest of these.
    """
    if not whole.any():
        whole = np.ones(len(whole), bool)
    window = max(1, min(round(branch_sizes.CONSTANTS.window_mm / step_mm[0]), len(step_mm)))
    rough = np.where(whole, 1000 * point_ml / step_mm, 0.0)
    known = ndimage.uniform_filter1d(whole.astype(float), window, mode="nearest")
    smooth = ndimage.uniform_filter1d(rough, window, mode="nearest") / np.maximum(known, 1e-9)
    smooth = np.clip(smooth, 0, None) * whole
    # All blood counts, and only once.
    held_mm3 = 1000 * max(float(point_ml[whole].sum()), 0.0)
    csa = smooth * (held_mm3 / max(float((smooth * step_mm).sum()), 1e-9))
    csa = np.interp(np.arange(len(csa)), np.flatnonzero(whole), csa[whole])
    apart = max(1, round(branch_sizes.CONSTANTS.reading_mm / step_mm[0]))
    # The last one may be of fewer points.
    readings = (np.add.reduceat(rough[whole], np.arange(0, whole.sum(), apart)) / apart)[:-1]
    if len(readings) < 2:
        return csa, CONSTANTS.lone_error * float(csa.mean())
    return csa, float(readings.std(ddof=1) / np.sqrt(len(readings)))
