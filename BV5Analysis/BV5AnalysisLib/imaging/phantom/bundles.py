"""Arteries and bronchi side by side along the axis of their common bundle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from .curves import CurvedTree, unit_vectors


@dataclass(frozen=True)
class BundleConstants(MethodConstants):
    """Numbers of arteries with their bronchi."""

    lumen_to_artery: float = constant(
        0.75,
        "1",
        "Radius of a bronchus' lumen over that of its artery.",
        "Healthy adults have about 0.7, more with age (Matsuoka et al. 2003, AJR 180:513).",
    )
    smallest_lumen_mm: float = constant(
        0.5,
        "mm",
        "Radius of the lumen below which an airway ends.",
        "That of terminal bronchioles is about 0.3 mm; below the resolution of CT all the same.",
    )
    wall_to_diameter: float = constant(
        0.12, "1", "Thickness of a bronchus' wall over the lumen's diameter.", "Chosen by eye."
    )
    thinnest_wall_mm: float = constant(
        0.3, "mm", "Least thickness of a wall.", "Chosen by eye: that of small bronchi."
    )
    gap_mm: float = constant(
        0.2, "mm", "Between the surfaces of bronchus and artery.", "Chosen by eye: next to nothing."
    )
    shift_mm: float = constant(
        5.0,
        "mm",
        "Length over which a child goes from its parent's side to its own, with the parent's"
        " diameter on top.",
        "Chosen by eye: no kinks.",
    )
    first_side: tuple[float, float, float] = constant(
        (0.0, 0.85, 0.5),
        "1",
        "Direction (x, y, z) from artery to bronchus at the hilum.",
        "Chosen by eye: behind and above.",
    )


CONSTANTS = BundleConstants()


def lumen_radius(artery_radius_mm: np.ndarray, sizes: BundleConstants | None = None) -> np.ndarray:
    """Radius of the lumen beside an artery of a radius; 0 where the airway has ended.

    `sizes` are taken in place of the module's constants, here and below.
    """
    sizes = sizes or CONSTANTS
    lumen = sizes.lumen_to_artery * artery_radius_mm
    return np.where(lumen >= sizes.smallest_lumen_mm, lumen, 0.0)


def wall_thickness(lumen_radius_mm: np.ndarray, sizes: BundleConstants | None = None) -> np.ndarray:
    """Thickness of an airway's wall: a share of the diameter, but for the smallest airways."""
    sizes = sizes or CONSTANTS
    share_mm = sizes.wall_to_diameter * 2 * lumen_radius_mm
    return np.asarray(np.maximum(sizes.thinnest_wall_mm, share_mm))


def bundle_radius(
    artery_radius_mm: np.ndarray, airways: bool, sizes: BundleConstants | None = None
) -> np.ndarray:
    """Radius of the circle around artery and airway."""
    sizes = sizes or CONSTANTS
    lumen = lumen_radius(artery_radius_mm, sizes)
    outer = lumen + wall_thickness(lumen, sizes)
    both = artery_radius_mm + outer + sizes.gap_mm / 2
    return np.where((lumen > 0) & airways, both, artery_radius_mm)


@dataclass(frozen=True, eq=False)
class Bundles:
    """Curves beside the axes of a curved tree, knot by knot.

    Attributes
    ----------
    artery_mm, airway_mm : numpy.ndarray
        (n, 3) knots; the airway's mean something only where there is one.
    lumen_mm : numpy.ndarray
        (b,) radius of the lumen by branch, 0 where there is none.
    """

    artery_mm: np.ndarray
    airway_mm: np.ndarray
    lumen_mm: np.ndarray


def lay_side_by_side(
    trees: CurvedTree,
    is_artery: np.ndarray,
    airways: bool,
    sizes: BundleConstants | None = None,
) -> Bundles:
    """Put arteries to one side of their axis, airways to the other, touching or nearly so.

    Where a bundle forks, the airway lies above or below the plane of the fork, so that airway and
    artery fork side by side. Between forks it turns about the axis.

    Parameters
    ----------
    trees : CurvedTree
        Axes of bundles, and veins, which stay as they are.
    is_artery : numpy.ndarray
        (b,) bool.
    airways : bool
        False leaves the arteries on the axes.
    sizes : BundleConstants, optional
        In place of the module's.

    Returns
    -------
    Bundles
        New knots.
    """
    sizes = sizes or CONSTANTS
    half_gap_mm, first_side = sizes.gap_mm / 2, np.array(sizes.first_side)
    lumen = np.where(is_artery & airways, lumen_radius(trees.radius_mm, sizes), 0.0)
    artery, airway = trees.knot_mm.copy(), trees.knot_mm.copy()
    aside = np.zeros_like(trees.knot_mm)
    to_artery = np.where(lumen > 0, lumen + wall_thickness(lumen, sizes) + half_gap_mm, 0.0)
    to_airway = trees.radius_mm + half_gap_mm
    normal = _fork_normals(trees, lumen)
    first_knot = np.flatnonzero(np.diff(trees.branch, prepend=-1))
    for branch in np.flatnonzero(is_artery):
        mother = trees.parent[branch]
        if lumen[branch] == 0 and (mother < 0 or lumen[mother] == 0):
            continue
        chain = np.arange(first_knot[branch], trees.last_knot[branch] + 1)
        if mother < 0:
            aside[chain[0]] = first_side
            mother = branch
        previous = trees.before[chain[0]]
        knots = trees.knot_mm[np.concatenate([[previous], chain])]
        tangents = unit_vectors(np.gradient(knots, axis=0))[1:]
        run = np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))
        sides = _carry(aside[previous] if previous != chain[0] else first_side, tangents)
        sides = _turn_towards(sides, tangents, normal[branch], run / max(run[-1], 1e-9))
        aside[chain] = sides
        shift = sizes.shift_mm + 2 * trees.radius_mm[mother]
        blend = np.clip(run / min(shift, max(run[-1], 1e-9)), 0, 1)[:, None]
        blend = blend**2 * (3 - 2 * blend)
        artery[chain] -= sides * (to_artery[mother] * (1 - blend) + to_artery[branch] * blend)
        airway[chain] += sides * (to_airway[mother] * (1 - blend) + to_airway[branch] * blend)
    return Bundles(artery, airway, lumen)


def _fork_normals(trees: CurvedTree, lumen: np.ndarray) -> np.ndarray:
    """(b, 3) normal of the plane in which a branch's children leave; zero without airway fork."""
    leaving = (
        trees.knot_mm[trees.last_knot]
        - trees.knot_mm[np.where(trees.parent < 0, 0, trees.last_knot[np.maximum(trees.parent, 0)])]
    )
    normal = np.zeros_like(leaving)
    partner = np.full(trees.branch_count, -1)
    for branch in np.flatnonzero((trees.parent >= 0) & (lumen[np.maximum(trees.parent, 0)] > 0)):
        mother = trees.parent[branch]
        if partner[mother] >= 0:
            normal[mother] = np.cross(leaving[partner[mother]], leaving[branch])
        partner[mother] = branch
    return unit_vectors(normal)


def _carry(start: np.ndarray, tangents: np.ndarray) -> np.ndarray:
    """Carry a direction along a curve, always across it."""
    sides = np.empty_like(tangents)
    side = start
    for index, tangent in enumerate(tangents):
        side = side - (side @ tangent) * tangent
        side = side / max(np.linalg.norm(side), 1e-9)
        sides[index] = side
    return sides


def _turn_towards(
    sides: np.ndarray, tangents: np.ndarray, normal: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Turn directions about the curve so that the last one lies along a normal, either way."""
    last, tangent = sides[-1], tangents[-1]
    target = normal - (normal @ tangent) * tangent
    if np.linalg.norm(target) < 0.2:
        return sides
    target = target * np.sign(target @ last or 1.0)
    angle = np.arctan2(np.cross(last, target) @ tangent, last @ target)
    turn = (angle * share)[:, None]
    return np.asarray(sides * np.cos(turn) + np.cross(tangents, sides) * np.sin(turn))
