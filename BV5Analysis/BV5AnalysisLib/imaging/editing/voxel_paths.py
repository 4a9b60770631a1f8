"""Lines through the middle of vessels that were painted, voxel by voxel."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..numerics.neighbors import nearest


@dataclass(frozen=True)
class PathConstants(MethodConstants):
    """Tuned numbers of tracing paths through painted voxels."""

    most_voxels: int = constant(
        60_000,
        "voxels",
        "Pieces of more are looked at in blocks of voxels.",
        "A second's work. Chosen by eye.",
    )
    covered: float = constant(
        1.3,
        "1",
        "How far a path accounts for the voxels around it, as a multiple of its depth.",
        "A vessel that is not quite round is farther across than its depth. Chosen by eye.",
    )
    widened: float = constant(
        1.5,
        "1",
        "Length along a path over which the greatest depth counts, as a multiple of the depth.",
        "At its ends a path leaves the middle for a corner. Chosen by eye.",
    )
    tip_far: float = constant(
        3.0,
        "1",
        "Distance from its tip at which a line's last direction begins, in widths.",
        "Chosen by eye.",
    )
    tip_near: float = constant(
        1.5,
        "1",
        "Distance from its tip at which it ends, in widths.",
        "Past the bend towards the corner. Chosen by eye.",
    )


CONSTANTS = PathConstants()


@dataclass(frozen=True, eq=False)
class _Voxels:
    """Voxels of a connected mask, or blocks of them; n nodes.

    `place_mm` (n, 3), `depth_mm` (n,) from the wall, `step_mm` from one to the next, and the
    lengths (n, n) between neighbors.
    """

    place_mm: np.ndarray
    depth_mm: np.ndarray
    step_mm: float
    lengths: sparse.csr_matrix


def trace_paths(
    mask: np.ndarray, spacing: np.ndarray, root_mm: np.ndarray | None = None
) -> list[np.ndarray]:
    """Paths along a connected mask: its longest one, and those that branch off.

    Each is the shortest path within the mask that keeps to its middle. Side branches that stay
    close to the path that they leave are dropped.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (z, y, x), one connected piece.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    root_mm : numpy.ndarray, optional
        (3,) where the vessel comes from; the first path starts at the voxel nearest to it.

    Returns
    -------
    list of numpy.ndarray
        (k, 3) points in index * spacing, from where a path starts, or leaves the vessel of another
        one, to its tip; two or more each. Free ends reach half a voxel past their last voxel.

    Notes
    -----
    Own implementation after Sato M, Bitter I, Bender MA, Kaufman AE, Nakajima M. TEASAR:
    tree-structure extraction algorithm for accurate and robust skeletons. Pacific Graphics
    2000:281-289.
    """
    voxels = _voxels(mask, spacing)
    count = len(voxels.place_mm)
    if count == 1:
        half = np.array([voxels.step_mm / 2, 0.0, 0.0])
        return [np.stack([voxels.place_mm[0] - half, voxels.place_mm[0] + half])]
    root = _root(voxels, root_mm)
    distance, _ = _shortest_ways(voxels.lengths, root)
    _, before = _shortest_ways(_longer_at_the_wall(voxels), root)
    paths: list[np.ndarray] = []
    on_path, covered = np.zeros(count, bool), np.zeros(count, bool)
    width = np.zeros(count)
    while not covered.all():
        tip = int(np.where(covered, -1.0, distance).argmax())
        path = _way_from_tree(tip, before, on_path)
        covered[tip] = True
        if paths:
            path = _beyond_walls(voxels, path, np.flatnonzero(on_path), width)
            if len(path) == 0:
                continue
        width[path] = np.maximum(width[path], _width_along(voxels, path))
        on_path[path] = True
        paths.append(path)
        asking = np.flatnonzero(~covered)
        off_mm, node = nearest(cKDTree(voxels.place_mm[path]), voxels.place_mm[asking])
        reach_mm = CONSTANTS.covered * width[path][node] + voxels.step_mm
        covered[asking[off_mm <= reach_mm]] = True
    lines = [voxels.place_mm[path] for path in paths]
    if root_mm is None:
        lines[0] = _with_true_tip(lines[0][::-1], width[paths[0]][::-1], voxels.step_mm)[::-1]
    return [
        _with_true_tip(line, width[path][-len(line) :], voxels.step_mm)
        for line, path in zip(lines, paths, strict=True)
    ]


def _beyond_walls(
    voxels: _Voxels, path: np.ndarray, known: np.ndarray, width: np.ndarray
) -> np.ndarray:
    """Part of a path outside the vessels of known paths; none if it does not get away from them."""
    off_mm, node = nearest(cKDTree(voxels.place_mm[known]), voxels.place_mm[path])
    inside = off_mm <= width[known][node]
    start = int(np.flatnonzero(inside)[-1])
    beyond = path[start:]
    far = _arc_mm(voxels, beyond)[-1] > width[known][node[start]] + voxels.step_mm
    return beyond if far else path[:0]


def _arc_mm(voxels: _Voxels, path: np.ndarray) -> np.ndarray:
    """Length along a path up to each of its nodes."""
    steps = np.linalg.norm(np.diff(voxels.place_mm[path], axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _width_along(voxels: _Voxels, path: np.ndarray) -> np.ndarray:
    """Depth of a vessel along a path, which at its ends may leave the middle for a corner."""
    arc, depth = _arc_mm(voxels, path), voxels.depth_mm[path]
    near = np.abs(arc[:, None] - arc) <= CONSTANTS.widened * depth
    width: np.ndarray = np.where(near, depth, 0.0).max(axis=1)
    return width


def _voxels(mask: np.ndarray, spacing: np.ndarray) -> _Voxels:
    depth = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    index, depth = np.argwhere(mask), depth[mask]
    place, size = index * spacing, 1
    if len(index) > CONSTANTS.most_voxels:
        index, place, depth, size = _coarser(index, place, depth)
    first, second = _neighbors(index)
    length = np.linalg.norm(place[first] - place[second], axis=1)
    lengths = sparse.csr_matrix((length, (first, second)), shape=(len(index),) * 2)
    return _Voxels(place, depth, size * float(spacing.mean()), lengths)


def _coarser(
    index: np.ndarray, place: np.ndarray, depth: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Blocks of voxels, few enough: indices, middles, greatest depths, and voxels along a side."""
    size, filled = 1, index
    while len(filled) > CONSTANTS.most_voxels:
        size *= 2
        shape = tuple(index.max(axis=0) // size + 1)
        block = np.ravel_multi_index(tuple((index // size).T), shape)
        voxels = np.bincount(block)
        filled = np.flatnonzero(voxels)
    middle = np.stack([np.bincount(block, column)[filled] for column in place.T], axis=1)
    deepest = np.zeros(len(voxels))
    np.maximum.at(deepest, block, depth)
    indices = np.stack(np.unravel_index(filled, shape), axis=1)
    return indices, middle / voxels[filled, None], deepest[filled], size


def _neighbors(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of numbers of indices (n, 3) that touch by a side, an edge or a corner, both ways."""
    low = index.min(axis=0) - 1
    number = np.full(index.max(axis=0) - low + 2, -1)
    number[tuple((index - low).T)] = np.arange(len(index))
    pairs = []
    for offset in product((-1, 0, 1), repeat=3):
        if any(offset):
            other = number[tuple((index - low + offset).T)]
            pairs.append(np.stack([np.flatnonzero(other >= 0), other[other >= 0]]))
    first, second = np.concatenate(pairs, axis=1)
    return first, second


def _root(voxels: _Voxels, root_mm: np.ndarray | None) -> int:
    """Node nearest to the given place, or else at one end."""
    if root_mm is not None:
        return int(np.linalg.norm(voxels.place_mm - root_mm, axis=1).argmin())
    return int(_shortest_ways(voxels.lengths, 0)[0].argmax())


def _shortest_ways(lengths: sparse.csr_matrix, node: int) -> tuple[np.ndarray, np.ndarray]:
    """Length (n,) of the shortest way from one node to each, and the node (n,) before it there."""
    return csgraph.dijkstra(lengths, indices=np.array(node), return_predecessors=True)


def _longer_at_the_wall(voxels: _Voxels) -> sparse.csr_matrix:
    """Lengths between neighbors, stretched the more the less deep they lie."""
    lengths = voxels.lengths.tocoo()
    depth = np.minimum(voxels.depth_mm[lengths.row], voxels.depth_mm[lengths.col])
    stretched = lengths.data * (voxels.depth_mm.max() / depth) ** 2
    return sparse.csr_matrix((stretched, (lengths.row, lengths.col)), shape=lengths.shape)


def _way_from_tree(tip: int, before: np.ndarray, on_path: np.ndarray) -> np.ndarray:
    """Nodes from the root, or from a path that is met, to a tip."""
    way = [tip]
    while not on_path[way[-1]] and before[way[-1]] >= 0:
        way.append(int(before[way[-1]]))
    return np.array(way[::-1])


def _with_true_tip(points: np.ndarray, width: np.ndarray, step_mm: float) -> np.ndarray:
    """Points (k, 3) of a line with its tip on its axis, at the outside of the last voxel.

    The voxel that is farthest off lies in a corner of the end, and the path bends towards it.
    """
    if len(points) == 1:
        half = np.array([step_mm / 2, 0.0, 0.0])
        return np.stack([points[0] - half, points[0] + half])
    to_tip = np.linalg.norm(points - points[-1], axis=1)
    width_mm = max(float(np.median(width)), step_mm)
    from_far = np.flatnonzero(to_tip > CONSTANTS.tip_far * width_mm)
    from_near = np.flatnonzero(to_tip > CONSTANTS.tip_near * width_mm)
    # Too short to have a direction of its own, it ends where it ends.
    base, last = len(points) - 1, 0
    if len(from_far) and from_near[-1] > from_far[-1]:
        base, last = from_near[-1], from_far[-1]
    way = points[base] - points[last]
    axis = way / np.linalg.norm(way)
    along = max(float((points[-1] - points[base]) @ axis), 0.0)
    return np.concatenate([points[: base + 1], [points[base] + axis * (along + step_mm / 2)]])
