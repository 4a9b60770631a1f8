"""Ridge points linked into branches, smoothed and evenly spaced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..numerics.curves import smooth_curves
from ..numerics.neighbors import nearest
from .branches import Branches
from .forest import Pairs, paths_of, spanning_forest
from .ridge_points import RidgePoints


@dataclass(frozen=True)
class LinkingConstants(MethodConstants):
    """Tuned numbers of linking ridge points into branches."""

    sample_step_mm: float = constant(
        0.7,
        "mm",
        "Distance of the points along a branch.",
        "About a voxel of a usual scan: finer points show the same voxels.",
    )
    double_voxels: float = constant(
        0.4,
        "voxels",
        "Points nearer than this to one another are one point, found from two voxels.",
        "Less than half a voxel, the distance of points that follow one another. Chosen by eye.",
    )
    reach_voxels: float = constant(
        2.2,
        "voxels",
        "Farthest that the next point along a vessel may be.",
        "The diagonal of a voxel (1.7) and the points' stray. Chosen by eye.",
    )
    neighbors: int = constant(
        12,
        "1",
        "Points around a point, the nearest ones, that may follow it.",
        "Enough for what lies beside it on a jittered ridge. Chosen by eye.",
    )
    side_by_side_voxels: float = constant(
        0.8,
        "voxels",
        "Points nearer than this may lie side by side on one jittered ridge: the way from one to"
        " the other need not follow the vessel.",
        "Below one voxel, the distance of points that follow one another. Chosen by eye.",
    )
    least_alike: float = constant(
        0.5,
        "1",
        "Least cosine between the directions of points that follow one another.",
        "60 degrees: sharper bends do not occur within two voxels. Chosen by eye.",
    )
    least_along: float = constant(
        0.6,
        "1",
        "Least cosine between a point's direction and the way to the next point.",
        "53 degrees: less than that to a neighboring vessel. Chosen by eye.",
    )
    longest_gap_mm: float = constant(
        3.0,
        "mm",
        "Longest gap along a vessel that is bridged, as where noise or a crossing hides it.",
        "Chosen by eye.",
    )
    parent_scales: float = constant(
        1.5,
        "1",
        "Distance from a parent's center at which a side branch may end, in the parent's scales.",
        "A side branch ends at its parent's wall, a radius of about √2 scales from the center.",
    )
    ahead_neighbors: int = constant(
        24,
        "1",
        "Points around an open end, the nearest ones, that it may be joined to.",
        "Its own vessel takes up some of them. Chosen by eye.",
    )
    least_ahead: float = constant(
        0.8,
        "1",
        "Least cosine between an open end's direction and the way to what it is joined to.",
        "37 degrees. Chosen by eye.",
    )
    gap_weight: float = constant(
        100.0,
        "1",
        "How much heavier a pair over a gap is than one along a vessel.",
        "Far heavier than any pair along a vessel, so that it joins only what is apart otherwise.",
    )
    twig_mm: float = constant(
        1.5,
        "mm",
        "Side twigs up to this length, or to the width of their vessel, are jitter.",
        "Two voxels of a usual scan. Chosen by eye.",
    )
    twig_scales: float = constant(
        2.0,
        "1",
        "Longest twig, in scales of the vessel that it sits on.",
        "A vessel's radius is √2 scales: what does not get clear of its wall. Chosen by eye.",
    )
    trunk_ratio: float = constant(
        0.7,
        "1",
        "Ratio of scales above which a twig is as wide as its vessel: a trunk that the lungs' edge"
        " cuts short.",
        "One step of the scales, 1/√2, is as wide. Chosen by eye.",
    )
    trunk_scales: float = constant(
        1.2,
        "1",
        "Longest twig as wide as its vessel, in scales of the vessel.",
        "Less than a vessel's radius, so that trunks at the lungs' edge stay. Chosen by eye.",
    )
    twig_rounds: int = constant(
        2,
        "1",
        "How often twigs are taken off.",
        "Twigs may sit on twigs.",
    )


CONSTANTS = LinkingConstants()


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
        Points every `sample_step_mm` or so on the smoothed branches; empty without points.

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
    forest = spanning_forest(len(points), along)
    forest = spanning_forest(len(points), along.joined(_pairs_from_open_ends(points, forest)))
    points, forest = _without_short_trees(points, forest, minimum_length_mm)
    points, forest = _without_twigs(points, forest)
    return _sampled(points, forest)


def _without_doubles(points: RidgePoints) -> RidgePoints:
    """Drop the weaker of two points that neighboring voxels put in one place."""
    pairs = cKDTree(points.position_mm).query_pairs(
        CONSTANTS.double_voxels * points.step_mm.min(), output_type="ndarray"
    )
    first_is_weaker = points.strength_hu[pairs[:, 0]] < points.strength_hu[pairs[:, 1]]
    keep = np.ones(len(points), bool)
    keep[np.where(first_is_weaker, pairs[:, 0], pairs[:, 1])] = False
    return points[keep]


def _aligned_pairs(points: RidgePoints) -> Pairs:
    """Pairs of points that follow each other along a vessel."""
    reach = CONSTANTS.reach_voxels * points.step_mm
    tree = cKDTree(points.position_mm)
    # The nearest of all is the point itself.
    distance, neighbor = nearest(tree, points.position_mm, CONSTANTS.neighbors + 1, reach.max())
    asking = np.repeat(np.arange(len(points)), CONSTANTS.neighbors)
    neighbor, distance = neighbor[:, 1:].ravel(), distance[:, 1:].ravel()
    keep = neighbor < len(points)
    asking, neighbor, distance = asking[keep], neighbor[keep], distance[keep]
    keep = distance <= np.maximum(reach[asking], reach[neighbor])
    asking, neighbor, distance = asking[keep], neighbor[keep], distance[keep]
    way = (points.position_mm[neighbor] - points.position_mm[asking]) / distance[:, None]
    here = np.abs((way * points.direction[asking]).sum(axis=1))
    there = np.abs((way * points.direction[neighbor]).sum(axis=1))
    alike = np.abs((points.direction[asking] * points.direction[neighbor]).sum(axis=1))
    voxel_mm = np.minimum(points.step_mm[asking], points.step_mm[neighbor])
    side_by_side = distance < CONSTANTS.side_by_side_voxels * voxel_mm
    along = (here > CONSTANTS.least_along) & (there > CONSTANTS.least_along)
    keep = (alike > CONSTANTS.least_alike) & (along | side_by_side)
    weight = distance * (2 - np.minimum(here, there))
    return Pairs(np.stack([asking, neighbor], axis=1)[keep], weight[keep])


def _pairs_from_open_ends(points: RidgePoints, forest: sparse.csr_matrix) -> Pairs:
    """Pairs that join an open end to what lies ahead of it: over a gap, or into a wider vessel."""
    inner = np.diff(forest.indptr)
    ends = np.nonzero(inner == 1)[0]
    previous = forest.indices[forest.indptr[ends]]
    outward = points.position_mm[ends] - points.position_mm[previous]
    direction = points.direction[ends] * np.sign(
        (outward * points.direction[ends]).sum(axis=1, keepdims=True)
    )
    tree = csgraph.connected_components(forest, directed=False)[1]
    reach = CONSTANTS.longest_gap_mm + CONSTANTS.parent_scales * points.scale_mm
    count = CONSTANTS.ahead_neighbors
    distance, neighbor = nearest(
        cKDTree(points.position_mm), points.position_mm[ends], count, reach.max()
    )
    end = np.repeat(np.arange(len(ends)), count)
    neighbor, distance = neighbor.ravel(), distance.ravel()
    keep = (neighbor < len(points)) & (distance > 0)
    end, neighbor, distance = end[keep], neighbor[keep], distance[keep]
    way = (points.position_mm[neighbor] - points.position_mm[ends[end]]) / distance[:, None]
    ahead = (way * direction[end]).sum(axis=1)
    keep = (tree[neighbor] != tree[ends[end]]) & (distance <= reach[neighbor])
    keep &= ahead > CONSTANTS.least_ahead
    weight = CONSTANTS.gap_weight * distance * (2 - ahead)
    return Pairs(np.stack([ends[end], neighbor], axis=1)[keep], weight[keep])


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
    for _ in range(CONSTANTS.twig_rounds):
        number, start = paths_of(forest)
        first, last = number[start[:-1]], number[start[1:] - 1]
        is_free = np.diff(forest.indptr) == 1
        root, tip = np.where(is_free[first], [last, first], [first, last])
        as_wide = points.scale_mm[tip] > CONSTANTS.trunk_ratio * points.scale_mm[root]
        scales = np.where(as_wide, CONSTANTS.trunk_scales, CONSTANTS.twig_scales)
        short_mm = np.maximum(CONSTANTS.twig_mm, scales * points.scale_mm[root])
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
    length: np.ndarray = arc[start[1:] - 1] - arc[start[:-1]]
    return length


def _sampled(points: RidgePoints, forest: sparse.csr_matrix) -> Branches:
    tree = csgraph.connected_components(forest, directed=False)[1]
    number, start = paths_of(forest)
    curves = smooth_curves(
        points.position_mm[number], points.scale_mm[number], start, CONSTANTS.sample_step_mm
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
