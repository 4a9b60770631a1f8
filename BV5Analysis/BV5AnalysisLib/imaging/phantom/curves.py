"""Smooth curves along the branches of trees, and cross sections along curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from ..model.constants import MethodConstants, constant
from .growth import Tree
from .rendering import Tubes


@dataclass(frozen=True)
class PhantomCurveConstants(MethodConstants):
    """Numbers of the curves that branches follow."""

    knot_mm: float = constant(
        2.0, "mm", "Distance of the knots along a branch, at most.", "Chosen by eye: smooth."
    )
    sharpest_bend: float = constant(
        0.8,
        "1",
        "Radius of a tube over its bend's radius at most.",
        "At 1 a tube would fold upon itself.",
    )
    follow: float = constant(
        0.7,
        "1",
        "How much a child as wide as its parent leaves in the parent's direction.",
        "Chosen by eye: wide children bend little, side branches leave at an angle.",
    )


CONSTANTS = PhantomCurveConstants()


@dataclass(frozen=True, eq=False)
class CurvedTree:
    """Knots along the branches of several trees; n knots, b branches.

    A branch's first knot is its parent's last, so branches stay joined when knots move.

    Attributes
    ----------
    knot_mm : numpy.ndarray
        (n, 3) world points.
    before : numpy.ndarray
        (n,) knot before each one on the way from the root; a root's own index.
    branch : numpy.ndarray
        (n,) branch of each knot; a root belongs to its first branch.
    last_knot, parent : numpy.ndarray
        (b,) last knot and parent branch, -1 for trunks.
    radius_mm, lobe, side, tree : numpy.ndarray
        (b,) radius, lobe (-1 for several), lung, and number of the tree.
    """

    knot_mm: np.ndarray
    before: np.ndarray
    branch: np.ndarray
    last_knot: np.ndarray
    parent: np.ndarray
    radius_mm: np.ndarray
    lobe: np.ndarray
    side: np.ndarray
    tree: np.ndarray

    @property
    def branch_count(self) -> int:
        """Number of branches."""
        return len(self.parent)


def curve_trees(trees: list[Tree], step_mm: float) -> CurvedTree:
    """Bend trees smoothly: each child leaves towards its end, drawn to its parent's direction.

    Parameters
    ----------
    trees : list of Tree
        Straight trees.
    step_mm : float
        Rough distance between knots.

    Returns
    -------
    CurvedTree
        All trees, one after the other.
    """
    knots, before, owner, last, parents = [], [], [], [], []
    count = branches = 0
    for tree in trees:
        start_mm = tree.start_mm
        chord = tree.end_mm - start_mm
        length = np.linalg.norm(chord, axis=1)
        heading = chord / np.maximum(length, 1e-9)[:, None]
        upstream = heading[np.maximum(tree.parent, 0)]
        # The larger child follows its parent more than a side branch does.
        share = (tree.radius_mm / tree.radius_mm[np.maximum(tree.parent, 0)])[:, None] ** 2
        leave = unit_vectors(heading + CONSTANTS.follow * share * upstream)
        onward = heading.copy()
        for child in np.flatnonzero(tree.parent >= 0):
            mother = tree.parent[child]
            onward[mother] += (
                heading[child] * tree.radius_mm[child] ** 2 / tree.radius_mm[mother] ** 2
            )
        onward = unit_vectors(onward)
        knots.append(tree.root_mm[None])
        before.append(np.array([count]))
        owner.append(np.array([branches]))
        root, count = count, count + 1
        ends = np.empty(len(chord), np.intp)
        for branch in range(len(chord)):
            pieces = max(int(np.ceil(length[branch] / step_mm)), 2)
            s = np.linspace(0, 1, pieces + 1)[1:, None]
            knots.append(
                (1 - s) ** 2 * (1 + 2 * s) * start_mm[branch]
                + s**2 * (3 - 2 * s) * tree.end_mm[branch]
                + length[branch] * s * (1 - s) ** 2 * leave[branch]
                - length[branch] * s**2 * (1 - s) * onward[branch]
            )
            chain = np.arange(count - 1, count + pieces - 1)
            chain[0] = root if tree.parent[branch] < 0 else ends[tree.parent[branch]]
            before.append(chain)
            owner.append(np.full(pieces, branches + branch))
            count += pieces
            ends[branch] = count - 1
        last.append(ends)
        parents.append(np.where(tree.parent < 0, -1, tree.parent + branches))
        branches += len(chord)
    return CurvedTree(
        np.concatenate(knots),
        np.concatenate(before),
        np.concatenate(owner),
        np.concatenate(last),
        np.concatenate(parents),
        np.concatenate([tree.radius_mm for tree in trees]),
        np.concatenate([tree.lobe for tree in trees]),
        np.concatenate([np.full(len(tree.parent), tree.side) for tree in trees]),
        np.concatenate([np.full(len(tree.parent), i) for i, tree in enumerate(trees)]),
    )


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) of length 1 in the same directions; those of no length stay 0."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9))


def sections_along(
    knot_mm: np.ndarray, radius_mm: np.ndarray, step_mm: float
) -> tuple[Tubes, np.ndarray]:
    """Cut a smooth curve through knots into cross sections of even step.

    Parameters
    ----------
    knot_mm : numpy.ndarray
        (k, 3) knots.
    radius_mm : numpy.ndarray
        (k,) radius at the knots.
    step_mm : float
        Longest step.

    Returns
    -------
    tubes : Tubes
        m cross sections, each in the middle of its step.
    place : numpy.ndarray
        (m,) place along the knots, 0 at the first to 1 at the last.
    """
    chord = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(knot_mm, axis=0), axis=1))])
    spline = CubicSpline(chord, knot_mm, bc_type="natural")
    count = max(int(np.ceil(chord[-1] * 1.02 / step_mm)), 1)
    fine = np.linspace(0, chord[-1], 4 * count + 1)
    speed = np.linalg.norm(spline(fine, 1), axis=1)
    arc = np.concatenate([[0], np.cumsum((speed[1:] + speed[:-1]) / 2 * np.diff(fine))])
    middle = (np.arange(count) + 0.5) / count * arc[-1]
    at = np.interp(middle, arc, fine)
    velocity, change = spline(at, 1), spline(at, 2)
    pace = np.linalg.norm(velocity, axis=1, keepdims=True)
    tangent = velocity / pace
    across = change - (change * tangent).sum(axis=1, keepdims=True) * tangent
    radius = np.interp(at, chord, radius_mm)
    curvature = across / pace**2
    # A tube cannot bend within its own radius; the few that would are filled as if they did not.
    sharp = np.linalg.norm(curvature, axis=1) * radius / CONSTANTS.sharpest_bend
    tubes = Tubes(
        spline(at),
        tangent,
        np.zeros(count),
        radius,
        np.full(count, arc[-1] / count),
        curvature / np.maximum(sharp, 1)[:, None],
    )
    return tubes, at / chord[-1]
