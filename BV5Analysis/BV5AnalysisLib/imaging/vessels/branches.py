"""Ridge points linked into branches, smoothed and evenly spaced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from ..numerics.cores import cores
from ..numerics.curves import smooth_curves
from .ridge_points import RidgePoints

SAMPLE_STEP_MM = 0.7
"""Distance of the points along a branch."""

TWIG_MM = 1.5
"""Side twigs up to this, or the width of their vessel, are jitter of ridge points."""

MAXIMUM_GAP_MM = 3.0
"""Longest gap along a vessel that is bridged, as where noise or a crossing hides it."""


@dataclass(frozen=True, eq=False)
class Branches:
    """Branches of a vessel forest in the work frame; n points, b branches.

    Attributes
    ----------
    position_mm, tangent : numpy.ndarray
        (n, 3) in the work frame (z, y, x), branch after branch.
    scale_mm : numpy.ndarray
        (n,) scale of the ridge points behind each point.
    step_mm : numpy.ndarray
        (n,) length of centerline that each point stands for.
    branch_start : numpy.ndarray
        (b + 1,) index of each branch's first point; the last entry is n.
    end_node : numpy.ndarray
        (b, 2) number of the node at the branch's first and last end; branches that share a number
        meet there.
    tree : numpy.ndarray
        (b,) number of the connected tree that a branch belongs to.
    """

    position_mm: np.ndarray
    tangent: np.ndarray
    scale_mm: np.ndarray
    step_mm: np.ndarray
    branch_start: np.ndarray
    end_node: np.ndarray
    tree: np.ndarray

    @property
    def branch_id(self) -> np.ndarray:
        """(n,) branch that each point belongs to."""
        return np.repeat(np.arange(len(self.branch_start) - 1), np.diff(self.branch_start))


def link_branches(points: RidgePoints, minimum_length_mm: float) -> Branches:
    """Link ridge points into a forest and cut it into branches.

    Points are neighbors where they lie along one another's direction; the minimum spanning forest
    of the neighborhoods, weighed by distance and misalignment, is the vessel tree. Open ends are
    joined to the vessel they point at. Side twigs no longer than the vessel is wide are jitter.

    Parameters
    ----------
    points : RidgePoints
        Center points.
    minimum_length_mm : float
        Trees shorter than this in all are dropped.

    Returns
    -------
    Branches
        Points every `SAMPLE_STEP_MM` or so on the smoothed branches; empty without points.

    References
    ----------
    Jomier J, LeDigarcher V, Aylward SR. Automatic vascular tree formation using the Mahalanobis
    distance. MICCAI 2005, LNCS 3750:806-812 (spanning trees of vessels). The neighborhoods, their
    weights, and what becomes of open ends and twigs are the project's own.
    """
    if len(points) == 0:
        return _sampled(points, sparse.csr_matrix((0, 0)))
    points = _without_doubles(points)
    along = _aligned_pairs(points)
    forest = _spanning_forest(len(points), along)
    forest = _spanning_forest(len(points), along.and_also(_pairs_from_open_ends(points, forest)))
    points, forest = _without_short_trees(points, forest, minimum_length_mm)
    points, forest = _without_twigs(points, forest)
    return _sampled(points, forest)


def pick_points(branches: Branches, chosen: np.ndarray) -> Branches:
    """Chosen points (k,), each a branch of its own; for measuring a sample of them."""
    count = len(chosen)
    return Branches(
        branches.position_mm[chosen],
        branches.tangent[chosen],
        branches.scale_mm[chosen],
        branches.step_mm[chosen],
        np.arange(count + 1),
        np.arange(2 * count).reshape(-1, 2),
        branches.tree[branches.branch_id[chosen]],
    )


def keep_points(branches: Branches, keep: np.ndarray) -> Branches:
    """Branches cut where points are left out.

    Parameters
    ----------
    branches : Branches
        Centerlines.
    keep : numpy.ndarray
        (n,) bool.

    Returns
    -------
    Branches
        The points to keep, each run of them a branch. Cut ends meet nothing.
    """
    if keep.all():
        return branches
    chosen = np.flatnonzero(keep)
    branch = branches.branch_id[chosen]
    first = np.ones(len(chosen), bool)
    first[1:] = (np.diff(chosen) > 1) | (np.diff(branch) > 0)
    starts = np.append(np.flatnonzero(first), len(chosen))
    branch = branch[starts[:-1]]
    ends = chosen[np.stack([starts[:-1], starts[1:] - 1], axis=1)].reshape(-1, 2)
    was_end = ends == np.stack(
        [branches.branch_start[branch], branches.branch_start[branch + 1] - 1], axis=1
    )
    fresh = branches.end_node.max(initial=0) + 1 + np.arange(ends.size).reshape(ends.shape)
    return Branches(
        branches.position_mm[chosen],
        branches.tangent[chosen],
        branches.scale_mm[chosen],
        branches.step_mm[chosen],
        starts,
        np.where(was_end, branches.end_node[branch], fresh),
        branches.tree[branch],
    )


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Possible connections: (m, 2) point numbers and (m,) weights."""

    points: np.ndarray
    weight: np.ndarray

    def and_also(self, other: _Pairs) -> _Pairs:
        return _Pairs(
            np.concatenate([self.points, other.points]),
            np.concatenate([self.weight, other.weight]),
        )


def _without_doubles(points: RidgePoints) -> RidgePoints:
    """Drop the weaker of two points that neighboring voxels put in one place."""
    pairs = cKDTree(points.position_mm).query_pairs(
        0.4 * points.step_mm.min(), output_type="ndarray"
    )
    first_is_weaker = points.strength_hu[pairs[:, 0]] < points.strength_hu[pairs[:, 1]]
    keep = np.ones(len(points), bool)
    keep[np.where(first_is_weaker, pairs[:, 0], pairs[:, 1])] = False
    return points[keep]


def _aligned_pairs(points: RidgePoints) -> _Pairs:
    """Pairs of points that follow each other along a vessel."""
    reach = 2.2 * points.step_mm
    distance, neighbor = cKDTree(points.position_mm).query(
        points.position_mm, k=13, distance_upper_bound=reach.max(), workers=cores()
    )
    asking = np.repeat(np.arange(len(points)), 12)
    neighbor, distance = neighbor[:, 1:].ravel(), distance[:, 1:].ravel()
    keep = neighbor < len(points)
    asking, neighbor, distance = asking[keep], neighbor[keep], distance[keep]
    keep = distance <= np.maximum(reach[asking], reach[neighbor])
    asking, neighbor, distance = asking[keep], neighbor[keep], distance[keep]
    way = (points.position_mm[neighbor] - points.position_mm[asking]) / distance[:, None]
    here = np.abs((way * points.direction[asking]).sum(axis=1))
    there = np.abs((way * points.direction[neighbor]).sum(axis=1))
    alike = np.abs((points.direction[asking] * points.direction[neighbor]).sum(axis=1))
    # Points less than a voxel apart may lie side by side on one jittered ridge.
    side_by_side = distance < 0.8 * np.minimum(points.step_mm[asking], points.step_mm[neighbor])
    keep = (alike > 0.5) & (((here > 0.6) & (there > 0.6)) | side_by_side)
    weight = distance * (2 - np.minimum(here, there))
    return _Pairs(np.stack([asking, neighbor], axis=1)[keep], weight[keep])


def _pairs_from_open_ends(points: RidgePoints, forest: sparse.csr_matrix) -> _Pairs:
    """Pairs that join an open end to what lies ahead of it: over a gap, or into a wider vessel."""
    inner = np.diff(forest.indptr)
    ends = np.nonzero(inner == 1)[0]
    previous = forest.indices[forest.indptr[ends]]
    outward = points.position_mm[ends] - points.position_mm[previous]
    direction = points.direction[ends] * np.sign(
        (outward * points.direction[ends]).sum(axis=1, keepdims=True)
    )
    tree = csgraph.connected_components(forest, directed=False)[1]
    # A side branch ends at its parent's wall, a radius of about √2 scales from the parent's center.
    reach = MAXIMUM_GAP_MM + 1.5 * points.scale_mm
    distance, neighbor = cKDTree(points.position_mm).query(
        points.position_mm[ends], k=24, distance_upper_bound=reach.max(), workers=cores()
    )
    end = np.repeat(np.arange(len(ends)), 24)
    neighbor, distance = neighbor.ravel(), distance.ravel()
    keep = (neighbor < len(points)) & (distance > 0)
    end, neighbor, distance = end[keep], neighbor[keep], distance[keep]
    way = (points.position_mm[neighbor] - points.position_mm[ends[end]]) / distance[:, None]
    ahead = (way * direction[end]).sum(axis=1)
    keep = (tree[neighbor] != tree[ends[end]]) & (ahead > 0.8) & (distance <= reach[neighbor])
    # Far heavier than any pair along a vessel, so that it only joins what is not joined yet.
    weight = 100 * distance * (2 - ahead)
    return _Pairs(np.stack([ends[end], neighbor], axis=1)[keep], weight[keep])


def _spanning_forest(count: int, pairs: _Pairs) -> sparse.csr_matrix:
    """Symmetric minimum spanning forest with the pairs' weights."""
    low, high = pairs.points.min(axis=1), pairs.points.max(axis=1)
    # A pair may come twice, once from each side; its lesser weight counts.
    order = np.lexsort((pairs.weight, high, low))
    low, high, weight = low[order], high[order], pairs.weight[order]
    first = np.ones(len(low), bool)
    first[1:] = (np.diff(low) != 0) | (np.diff(high) != 0)
    graph = sparse.csr_matrix((weight[first], (low[first], high[first])), shape=(count, count))
    tree = csgraph.minimum_spanning_tree(graph)
    return (tree + tree.T).tocsr()


def _without_short_trees(
    points: RidgePoints, forest: sparse.csr_matrix, minimum_length_mm: float
) -> tuple[RidgePoints, sparse.csr_matrix]:
    tree_count, tree = csgraph.connected_components(forest, directed=False)
    rows = np.repeat(np.arange(len(points)), np.diff(forest.indptr))
    edge_mm = np.linalg.norm(points.position_mm[rows] - points.position_mm[forest.indices], axis=1)
    # Each edge stands in the matrix from both sides.
    length_mm = np.bincount(tree[rows], edge_mm / 2, tree_count)
    keep = length_mm[tree] >= minimum_length_mm
    return points[keep], forest[keep][:, keep]


def _without_twigs(
    points: RidgePoints, forest: sparse.csr_matrix
) -> tuple[RidgePoints, sparse.csr_matrix]:
    """Drop side twigs that do not leave the vessel they sit on."""
    # Twigs may sit on twigs.
    for _ in range(2):
        number, start = _end_to_end(_paths(forest))
        first, last = number[start[:-1]], number[start[1:] - 1]
        is_free = np.diff(forest.indptr) == 1
        root, tip = np.where(is_free[first], [last, first], [first, last])
        # One as wide as its vessel is a trunk that the lungs' edge cuts short.
        as_wide = points.scale_mm[tip] > 0.7 * points.scale_mm[root]
        short_mm = np.maximum(TWIG_MM, np.where(as_wide, 1.2, 2.0) * points.scale_mm[root])
        is_twig = is_free[first] != is_free[last]
        is_twig &= _lengths_mm(points.position_mm[number], start) < short_mm
        drop = np.zeros(len(points), bool)
        drop[number[np.repeat(is_twig, np.diff(start))]] = True
        drop[root[is_twig]] = False
        points, forest = points[~drop], forest[~drop][:, ~drop]
    return points, forest


def _lengths_mm(position_mm: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Length of each row of points."""
    arc = np.zeros(len(position_mm))
    arc[1:] = np.cumsum(np.linalg.norm(np.diff(position_mm, axis=0), axis=1))
    return arc[start[1:] - 1] - arc[start[:-1]]


def _end_to_end(paths: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Paths in one array, and where each starts; the last entry is the array's length."""
    return np.concatenate([np.empty(0, int), *paths]), np.cumsum([0, *map(len, paths)])


def _paths(forest: sparse.csr_matrix) -> list[np.ndarray]:
    """Cut a forest at its junctions: one array of point numbers a branch, ends included."""
    starts, neighbors = forest.indptr.tolist(), forest.indices.tolist()
    counts = np.diff(forest.indptr)
    degree = counts.tolist()
    paths = []
    # Each path is met at both of its ends; walking it once is enough.
    walked = set()
    for end in np.nonzero((counts > 0) & (counts != 2))[0].tolist():
        for following in neighbors[starts[end] : starts[end + 1]]:
            if (end, following) in walked:
                continue
            before, here = end, following
            path = [before, here]
            while degree[here] == 2:
                one, two = neighbors[starts[here] : starts[here] + 2]
                before, here = here, two if one == before else one
                path.append(here)
            walked.add((here, before))
            paths.append(np.array(path))
    return paths


def _sampled(points: RidgePoints, forest: sparse.csr_matrix) -> Branches:
    tree = csgraph.connected_components(forest, directed=False)[1]
    number, start = _end_to_end(_paths(forest))
    curves = smooth_curves(
        points.position_mm[number], points.scale_mm[number], start, SAMPLE_STEP_MM
    )
    ends = number[np.stack([start[:-1], start[1:] - 1], axis=1)]
    return Branches(
        curves.position_mm,
        curves.tangent,
        curves.scale_mm,
        curves.step_mm,
        curves.start,
        ends,
        tree[ends[:, 0]],
    )
