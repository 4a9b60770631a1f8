"""The outer tree: bronchi found by their walls, as far as they hang on the airways that grew.

Growth ends where the blur makes a lumen as bright as the lung around. Such a lumen still is a dark
ridge with a wall around, and was found as one. What hangs on the tree by such ridges is airway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..model.volume import Grid
from ..numerics.balls import draw_balls
from ..numerics.neighbors import nearest
from . import growth


@dataclass(frozen=True)
class OuterTreeConstants(MethodConstants):
    """What hangs on the tree, and how wide its lumen is."""

    lumen_share: float = constant(
        0.78,
        "1",
        "Radius of the lumen over that of the middle of the wall.",
        "Walls are three fifths of the area of small bronchi (Nakano 2000): the outer radius is"
        " 1.58 of the lumen's, the middle 1.29.",
    )
    gap_mm: float = constant(
        3.0,
        "mm",
        "Longest gap between two points of one airway, and to the tree.",
        "Forks and crossing vessels hide the ring for that long, no longer.",
    )
    crowd_mm: float = constant(
        10.0,
        "mm",
        "How far around a point of a bronchus others are counted.",
        "Several diameters of the bronchi looked at, and more than a honeycomb's cells (3 to 10).",
    )
    most_crowded: float = constant(
        2.5,
        "1",
        "Length of bronchi within that reach, as a multiple of its diameter, at most.",
        "A bronchus alone has 1, at a fork 1.5, between two forks 2 to 2.5. In a honeycomb, whose"
        " cells have walls, too, it is 5 to 10.",
    )
    most_diameters: float = constant(
        30.0,
        "diameter³",
        "Air in a bronchus and all that it leads to, in cubes of its diameter, at most.",
        "Branches are three diameters long, and each generation holds as much air as the last: 2.4"
        " diameter³; twelve of them.",
    )


CONSTANTS = OuterTreeConstants()


def with_outer_tree(
    airways: np.ndarray, grid: Grid, index: np.ndarray, wall_radius_mm: np.ndarray
) -> np.ndarray:
    """Add the lumen of bronchi that hang on the airways.

    From the tree outward, each point is reached over the shortest way along others. What is much
    wider than the way to it is another structure; what leads to more air than an airway of its
    caliber, such as a honeycomb, is none.

    Parameters
    ----------
    airways : numpy.ndarray
        Bool, (z, y, x), lumen of trachea and bronchi as they grew.
    grid : Grid
        Of `airways`.
    index : numpy.ndarray
        (n, 3) fractional voxels on the axes of bronchi, which have a ring of wall around.
    wall_radius_mm : numpy.ndarray
        (n,) from there to the middle of the wall.

    Returns
    -------
    numpy.ndarray
        Bool, (z, y, x): at least `airways`.

    Notes
    -----
    Own method; the shortest ways are Dijkstra's.
    """
    if not len(index) or not airways.any():
        return airways
    radius_mm = CONSTANTS.lumen_share * wall_radius_mm
    position_mm = index * grid.spacing_zyx
    alone = np.flatnonzero(_crowded(position_mm) <= CONSTANTS.most_crowded)
    if not len(alone):
        return airways
    index, radius_mm = index[alone], radius_mm[alone]
    hanging = _hanging(position_mm[alone], radius_mm, _surface_mm(airways, grid))
    lumen = airways.copy()
    # A lumen is a voxel wide at least.
    least_mm = 0.5 * float(np.min(grid.spacing_zyx))
    drawn_mm = np.maximum(radius_mm[hanging], least_mm)
    draw_balls(lumen, True, index[hanging], grid.spacing_zyx, drawn_mm)
    return lumen


def _surface_mm(airways: np.ndarray, grid: Grid) -> np.ndarray:
    """Voxels (n, 3) at the surface of the lumen, mm from the scan's first voxel."""
    box = ndimage.find_objects(airways.view(np.uint8))[0]
    inside = airways[box]
    voxel = np.argwhere(inside & ~ndimage.binary_erosion(inside))
    surface_mm: np.ndarray = (voxel + [along.start for along in box]) * grid.spacing_zyx
    return surface_mm


def _crowded(position_mm: np.ndarray) -> np.ndarray:
    """Length (n,) of bronchi around each point, over the diameter of what is looked at."""
    tree = cKDTree(position_mm)
    step_mm = nearest(tree, position_mm, 2)[0][:, 1]
    usual_mm = np.median(step_mm[np.isfinite(step_mm)]) if len(position_mm) > 1 else 0.0
    around = tree.query_ball_point(position_mm, CONSTANTS.crowd_mm, return_length=True)
    return np.asarray(around * usual_mm / (2 * CONSTANTS.crowd_mm))


def _hanging(position_mm: np.ndarray, radius_mm: np.ndarray, tree_mm: np.ndarray) -> np.ndarray:
    """Which points (n,) hang on the tree and are no wider, and hold no more, than airways do."""
    way_mm, before = _ways(position_mm, tree_mm)
    order = np.argsort(way_mm, kind="stable")
    order = order[np.isfinite(way_mm[order])]
    good = _no_wider(order, before, radius_mm)
    return _no_more_air(order[good[order]], before, radius_mm, _step_mm(position_mm, before))


def _ways(position_mm: np.ndarray, tree_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Length (n,) of the shortest way from the tree, and the point before; -1 at the tree."""
    count = len(position_mm)
    pairs = cKDTree(position_mm).query_pairs(CONSTANTS.gap_mm, output_type="ndarray")
    apart_mm = np.linalg.norm(position_mm[pairs[:, 0]] - position_mm[pairs[:, 1]], axis=1)
    to_tree_mm = nearest(cKDTree(tree_mm), position_mm)[0]
    touching = np.flatnonzero(to_tree_mm <= CONSTANTS.gap_mm)
    first = np.concatenate([pairs[:, 0], np.full(len(touching), count)])
    second = np.concatenate([pairs[:, 1], touching])
    # Squared, so that the way goes from point to point and takes no short cuts; never zero.
    cost = np.concatenate([apart_mm, to_tree_mm[touching]]) ** 2 + 1e-6
    graph = sparse.csr_array((cost, (first, second)), shape=(count + 1,) * 2)
    way, before = csgraph.dijkstra(
        graph, directed=False, indices=np.array([count]), return_predecessors=True
    )
    way, before = way[0, :count], before[0, :count]
    return way, np.where((before < 0) | (before == count), -1, before)


def _no_wider(order: np.ndarray, before: np.ndarray, radius_mm: np.ndarray) -> np.ndarray:
    """Bool (n,): the way to it has no leap of caliber, as in growth."""
    most = np.sqrt(growth.CONSTANTS.widening)
    good = np.zeros(len(radius_mm), bool)
    narrowest_mm = radius_mm.copy()
    for point in order.tolist():
        previous = before[point]
        if previous < 0:
            good[point] = True
            continue
        good[point] = good[previous] and radius_mm[point] <= most * narrowest_mm[previous]
        narrowest_mm[point] = min(radius_mm[point], narrowest_mm[previous])
    return good


def _step_mm(position_mm: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Distance (n,) to the point before; 0 at the tree."""
    step_mm: np.ndarray = np.linalg.norm(position_mm - position_mm[before], axis=1)
    return np.where(before < 0, 0, step_mm)


def _no_more_air(
    order: np.ndarray, before: np.ndarray, radius_mm: np.ndarray, step_mm: np.ndarray
) -> np.ndarray:
    """Bool (n,): what hangs on it is no more air than airways of its caliber lead to."""
    air = np.pi * radius_mm**2 * step_mm
    most = CONSTANTS.most_diameters * (2 * radius_mm) ** 3
    too_much = np.zeros(len(radius_mm), bool)
    for point in order[::-1].tolist():
        too_much[point] = air[point] > most[point]
        if before[point] >= 0 and not too_much[point]:
            air[before[point]] += air[point]
    good = np.zeros(len(radius_mm), bool)
    for point in order.tolist():
        good[point] = not too_much[point] and (before[point] < 0 or good[before[point]])
    return good
