"""Move trees apart, off the pleura and off the fissures, without tearing or kinking them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from .anatomy import SIDES, PhantomAnatomy
from .curves import CurvedTree, unit_vectors

SIZES_MM = (0.0, 1.2, 3.0, np.inf)
"""Bounds of radius of groups that close pairs are looked for in; no pair depends on them."""


@dataclass(frozen=True)
class SpacingConstants(MethodConstants):
    """Numbers of moving trees apart."""

    rounds: int = constant(60, "1", "Rounds of pushing.", "Chosen by eye: few overlaps are left.")
    last_rounds: int = constant(
        10, "1", "Last rounds, in which pushes are not exaggerated.", "Chosen by eye."
    )
    exaggeration: float = constant(
        1.6, "1", "Push over the gap that is missing, before these.", "Chosen by eye: faster."
    )
    smoothings: int = constant(
        3, "1", "Times that a push is spread to the knots beside.", "Chosen by eye: no kinks."
    )
    stiffness_per_mm: float = constant(
        0.08,
        "1/mm",
        "Share, per radius, of the way to the middle of its neighbors that a knot goes each round.",
        "Chosen by eye: thick vessels do not bend sharply.",
    )
    most_stiffness: float = constant(0.6, "1", "That share at most.", "Chosen by eye.")
    gap_mm: float = constant(
        0.4, "mm", "Between the surfaces of vessels that do not meet.", "Chosen by eye."
    )
    pleura_gap_mm: float = constant(
        1.5, "mm", "Between a vessel's surface and the pleura.", "Chosen by eye."
    )
    fissure_gap_mm: float = constant(
        1.0, "mm", "Between a vessel's surface and a fissure.", "Chosen by eye."
    )

    gate_near_mm: float = constant(
        26.0,
        "mm",
        "Distance from the hilum up to which there are no walls.",
        "Chosen by eye: trunks pass the medial surface there, and fissures are incomplete.",
    )
    gate_far_mm: float = constant(
        40.0, "mm", "Distance from the hilum where walls are full.", "Chosen by eye."
    )


CONSTANTS = SpacingConstants()


def wall_share(points_mm: np.ndarray, hilum_mm: np.ndarray, scale: float) -> np.ndarray:
    """How much of a wall, pleura or fissure, there is at points.

    Parameters
    ----------
    points_mm : numpy.ndarray
        (..., 3) points.
    hilum_mm : numpy.ndarray
        (3,) the hilum of their lung.
    scale : float
        Of the body.

    Returns
    -------
    numpy.ndarray
        (...) 0 near the hilum to 1 far from it.
    """
    near_mm, far_mm = CONSTANTS.gate_near_mm, CONSTANTS.gate_far_mm
    distance = np.linalg.norm(points_mm - hilum_mm, axis=-1) / scale
    return np.asarray(np.clip((distance - near_mm) / (far_mm - near_mm), 0, 1))


def separate(
    trees: CurvedTree,
    reach_mm: np.ndarray,
    anatomy: PhantomAnatomy,
    tick: Callable[[float], None],
    rounds: int | None = None,
) -> np.ndarray:
    """Move knots so that trees keep clear of each other and of the lungs' surfaces.

    Each round pushes knots that are too close apart, the thinner one farther, then spreads the
    push along the branches.

    Parameters
    ----------
    trees : CurvedTree
        Where they are.
    reach_mm : numpy.ndarray
        (b,) radius of all that runs along a branch.
    anatomy : PhantomAnatomy
        Surfaces to keep off.
    tick : callable
        Called with the fraction done.
    rounds : int, optional
        In place of the module's.

    Returns
    -------
    numpy.ndarray
        (n, 3) knots.
    """
    points = trees.knot_mm.copy()
    radius = reach_mm[trees.branch]
    fixed = trees.before == np.arange(len(points))
    # Thick vessels do not bend sharply.
    is_end = np.bincount(trees.before, minlength=len(points)) == 0
    stiff = np.minimum(CONSTANTS.stiffness_per_mm * radius, CONSTANTS.most_stiffness)
    stiffness = np.where(is_end | fixed, 0.0, stiff)[:, None]
    rounds = rounds or CONSTANTS.rounds
    for index in range(rounds):
        tick(index / rounds)
        push = _push_apart(points, trees, radius)
        push += _push_inside(points, trees, radius, anatomy)
        push[fixed] = 0
        for _ in range(CONSTANTS.smoothings):
            push = _spread(push, trees.before)
            push[fixed] = 0
        is_early = index < rounds - CONSTANTS.last_rounds
        points += push * (CONSTANTS.exaggeration if is_early else 1.0)
        points += stiffness * (_spread(points, trees.before) - points)
    return points


def close_pairs(
    points: np.ndarray, radius: np.ndarray, gap_mm: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of points nearer than their radii and a gap, found by classes of size.

    Parameters
    ----------
    points : numpy.ndarray
        (n, 3).
    radius : numpy.ndarray
        (n,).
    gap_mm : float
        To be kept between the surfaces.

    Returns
    -------
    first, second, distance : numpy.ndarray
        (p,) each, first < second.
    """
    groups = [np.flatnonzero((radius >= low) & (radius < high)) for low, high in pairwise(SIZES_MM)]
    groups = [group for group in groups if len(group)]
    found = []
    kd_trees = [cKDTree(points[group]) for group in groups]
    for i, (group, kd_tree) in enumerate(zip(groups, kd_trees, strict=True)):
        for other, other_tree in zip(groups[i:], kd_trees[i:], strict=True):
            reach = radius[group].max() + radius[other].max() + gap_mm
            pairs = kd_tree.sparse_distance_matrix(other_tree, reach, output_type="ndarray")
            first, second, distance = group[pairs["i"]], other[pairs["j"]], pairs["v"]
            near = distance < radius[first] + radius[second] + gap_mm
            near &= (first < second) if other is group else True
            found.append((first[near], second[near], distance[near]))
    first, second, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    return first, second, distance


def _push_apart(points: np.ndarray, trees: CurvedTree, radius: np.ndarray) -> np.ndarray:
    """Push (n, 3) between trees, and between branches of a tree that do not meet."""
    first, second, distance = close_pairs(points, radius, CONSTANTS.gap_mm)
    apart = ~related(trees, trees.branch[first], trees.branch[second])
    first, second, distance = first[apart], second[apart], distance[apart]
    missing = radius[first] + radius[second] + CONSTANTS.gap_mm - distance
    way = (points[first] - points[second]) / np.maximum(distance, 1e-6)[:, None]
    share = radius[second] ** 2 / (radius[first] ** 2 + radius[second] ** 2)
    push = np.zeros_like(points)
    number = np.zeros(len(points))
    for index, part in ((first, share), (second, share - 1)):
        np.add.at(push, index, way * (missing * part)[:, None])
        np.add.at(number, index, 1)
    return np.asarray(push / np.sqrt(np.maximum(number, 1))[:, None])


def related(trees: CurvedTree, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether branches (p,) are the same, parent and child, siblings, or one step further."""
    up = np.where(trees.parent < 0, np.arange(trees.branch_count), trees.parent)
    a_line, b_line = [a, up[a], up[up[a]]], [b, up[b], up[up[b]]]
    result = np.zeros(len(a), bool)
    for x in a_line:
        for y in b_line:
            result |= x == y
    return result


def _push_inside(
    points: np.ndarray, trees: CurvedTree, radius: np.ndarray, anatomy: PhantomAnatomy
) -> np.ndarray:
    """Push (n, 3) off the pleura and the fissures."""
    push = np.zeros_like(points)
    for side in SIDES:
        # Trunks come from the mediastinum, through the pleura.
        inner = (trees.side == side) & (trees.parent >= 0)
        mine = np.flatnonzero(inner[trees.branch])
        lung, hilum = anatomy.lungs[side], anatomy.hilum_mm[side]
        closed = wall_share(points[mine], hilum, anatomy.scale)
        shallow = radius[mine] + CONSTANTS.pleura_gap_mm - lung.at(points[mine])
        out = (shallow > 0) & (closed > 0)
        push[mine[out]] += (
            unit_vectors(lung.gradient_at(points[mine[out]])) * (shallow * closed)[out, None]
        )
        lobe = trees.lobe[trees.branch[mine]]
        walls = [(anatomy.oblique[side], np.where(lobe == 2, -1, 1), lobe >= 0)]
        if side == SIDES[0]:
            walls.append(
                (anatomy.horizontal, np.where(lobe == 1, -1, 1), (lobe == 0) | (lobe == 1))
            )
        for wall, sign, applies in walls:
            missing = radius[mine] + CONSTANTS.fissure_gap_mm - sign * wall.at(points[mine])
            near = applies & (missing > 0) & (closed > 0)
            normal = unit_vectors(wall.gradient_at(points[mine[near]]))
            push[mine[near]] += normal * (sign * missing * closed)[near, None]
    return push


def _spread(values: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Mean of each knot's value (n, 3) and its neighbors' along the branches."""
    total = values + values[before]
    number = np.full(len(values), 2.0)
    np.add.at(total, before, values)
    np.add.at(number, before, 1)
    return np.asarray(total / number[:, None])
