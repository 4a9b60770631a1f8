"""Found centerlines against true ones: which piece lies on which vessel, and how near.

Pure functions on points in world mm; what a phantom's truth is, `truth.py` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from scipy.spatial import cKDTree

WIDER = 1.15
"""A vessel is the wider one of two from this ratio of radii on, as in the analysis."""

SAME_WAY = 0.8
"""Cosine of the largest angle between two pieces of the same vessel."""

NEIGHBORS = 6


@dataclass(frozen=True, eq=False)
class Pieces:
    """Short straight pieces of vessels; n of them.

    Attributes
    ----------
    position_mm, tangent : numpy.ndarray
        (n, 3) middle and unit direction, world.
    length_mm, csa_mm2, volume_ml : numpy.ndarray
        (n,) length, cross-sectional area, and the blood that counts for the piece.
    """

    position_mm: np.ndarray
    tangent: np.ndarray
    length_mm: np.ndarray
    csa_mm2: np.ndarray
    volume_ml: np.ndarray

    @property
    def radius_mm(self) -> np.ndarray:
        """(n,) radius of the circle of the same area."""
        return np.sqrt(self.csa_mm2 / np.pi)

    @property
    def reach_mm(self) -> np.ndarray:
        """(n,) how far off its line a vessel still counts as found."""
        return np.maximum(1.0, 0.5 * self.radius_mm)

    def take(self, chosen: np.ndarray) -> Pieces:
        """Only the pieces of an index array or mask."""
        return Pieces(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.length_mm)


def pieces_of(lines: Centerlines) -> Pieces:
    """Cut centerlines into pieces, one a point.

    `Centerlines` hold the blood of whole branches. It is shared out by area times length among the
    points outside wider vessels, as within those the blood is the wider vessel's.

    Parameters
    ----------
    lines : Centerlines
        True or found.

    Returns
    -------
    Pieces
        In the order of the points; their volumes add up to the branches'.
    """
    branch = lines.branch_id
    length = (lines.length_mm / np.diff(lines.branch_start))[branch]
    tangent = np.zeros((len(branch), 3))
    for start, stop in pairwise(lines.branch_start):
        if stop - start > 1:
            tangent[start:stop] = np.gradient(lines.points_mm[start:stop], axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    bare = Pieces(lines.points_mm, tangent, length, lines.csa_mm2, np.zeros(len(branch)))
    own = ~inside_wider(bare, branch)
    # A branch that lies within others altogether still shares out what it has.
    own |= (np.bincount(branch, own, lines.branch_count) == 0)[branch]
    share = np.where(own, lines.csa_mm2 * length, 0.0)
    whole = np.bincount(branch, share, lines.branch_count)
    volume = share * (lines.volume_ml / np.maximum(whole, 1e-12))[branch]
    return Pieces(lines.points_mm, tangent, length, lines.csa_mm2, volume)


def inside_wider(pieces: Pieces, branch: np.ndarray) -> np.ndarray:
    """Which pieces lie within a wider vessel of another branch.

    Parameters
    ----------
    pieces : Pieces
        All of a tree.
    branch : numpy.ndarray
        (n,) number of each one's branch.

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    inside = np.zeros(len(pieces), bool)
    radius = pieces.radius_mm
    for chosen in _octaves(radius):
        distance, nearest = distance_to(pieces.take(chosen), pieces.position_mm)
        other = chosen[nearest]
        inside |= (
            (distance < radius[other])
            & (radius[other] > WIDER * radius)
            & (branch[other] != branch)
        )
    return inside


def line_pieces(points_mm: np.ndarray, csa_mm2: np.ndarray, length_mm: np.ndarray) -> Pieces:
    """Pieces of a line of which only points are known, such as a skeleton's voxels.

    Parameters
    ----------
    points_mm : numpy.ndarray
        (n, 3) world points.
    csa_mm2, length_mm : numpy.ndarray
        (n,) area and length that each stands for.

    Returns
    -------
    Pieces
        Directions fitted to the nearest points; blood is area times length.
    """
    volume = csa_mm2 * length_mm / 1000
    if len(points_mm) < 2:
        return Pieces(points_mm, np.zeros((len(points_mm), 3)), length_mm, csa_mm2, volume)
    nearest = cKDTree(points_mm).query(points_mm, k=min(9, len(points_mm)))[1]
    offset = points_mm[nearest] - points_mm[nearest].mean(axis=1, keepdims=True)
    tangent = np.linalg.eigh(np.einsum("nki,nkj->nij", offset, offset))[1][:, :, 2]
    return Pieces(points_mm, tangent, length_mm, csa_mm2, volume)


def distance_to(pieces: Pieces, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance from points to the nearest piece.

    Parameters
    ----------
    pieces : Pieces
        n of them, taken as straight segments.
    points_mm : numpy.ndarray
        (m, 3) world points.

    Returns
    -------
    distance_mm, index : numpy.ndarray
        (m,) distance, infinite without pieces, and the piece.
    """
    best = np.full(len(points_mm), np.inf)
    index = np.zeros(len(points_mm), int)
    if not len(pieces) or not len(points_mm):
        return best, index
    count = min(NEIGHBORS, len(pieces))
    nearest = cKDTree(pieces.position_mm).query(points_mm, k=count)[1].reshape(-1, count)
    for column in nearest.T:
        offset = points_mm - pieces.position_mm[column]
        half = pieces.length_mm[column] / 2
        along = np.clip((offset * pieces.tangent[column]).sum(axis=1), -half, half)
        distance = np.linalg.norm(offset - along[:, None] * pieces.tangent[column], axis=1)
        nearer = distance < best
        best[nearer], index[nearer] = distance[nearer], column[nearer]
    return best, index


def nearest_in_reach(
    pieces: Pieces, reach_mm: np.ndarray, points_mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the piece that each point lies on, where pieces reach differently far.

    Parameters
    ----------
    pieces : Pieces
        n of them.
    reach_mm : numpy.ndarray
        (n,) how far each one reaches.
    points_mm : numpy.ndarray
        (m, 3) world points.

    Returns
    -------
    index : numpy.ndarray
        (m,) the piece whose reach is used up least, -1 where no reach suffices.
    used : numpy.ndarray
        (m,) distance as a share of the reach.
    """
    index = np.full(len(points_mm), -1)
    used = np.full(len(points_mm), np.inf)
    for chosen in _octaves(reach_mm):
        distance, nearest = distance_to(pieces.take(chosen), points_mm)
        share = distance / reach_mm[chosen[nearest]]
        better = (share < used) & (share <= 1)
        index[better], used[better] = chosen[nearest[better]], share[better]
    return index, used


def clearance(pieces: Pieces, radius_mm: np.ndarray, points_mm: np.ndarray) -> np.ndarray:
    """Distance from points to the surface of the nearest tube.

    Parameters
    ----------
    pieces : Pieces
        n pieces of tubes.
    radius_mm : numpy.ndarray
        (n,) radius of the tubes.
    points_mm : numpy.ndarray
        (m, 3) world points.

    Returns
    -------
    numpy.ndarray
        (m,) mm, negative inside, infinite without tubes.
    """
    gap = np.full(len(points_mm), np.inf)
    for chosen in _octaves(radius_mm):
        distance, nearest = distance_to(pieces.take(chosen), points_mm)
        gap = np.minimum(gap, distance - radius_mm[chosen[nearest]])
    return gap


def found_pieces(true: Pieces, found: Pieces) -> np.ndarray:
    """Which true pieces have a found centerline of whatever size within reach.

    Parameters
    ----------
    true, found : Pieces
        n and m pieces.

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    return distance_to(found, true.position_mm)[0] <= true.reach_mm


def area_ratios(true: Pieces, found: Pieces) -> np.ndarray:
    """Found over true area of each true piece.

    Read off the nearest found piece that runs the same way; pieces without blood of their own,
    inside wider vessels, are left out.

    Parameters
    ----------
    true, found : Pieces
        n and m pieces.

    Returns
    -------
    numpy.ndarray
        (n,) ratio, NaN where no such piece is in reach.
    """
    found = found.take(found.volume_ml > 0)
    ratio = np.full(len(true), np.nan)
    if not len(found) or not len(true):
        return ratio
    count = min(NEIGHBORS, len(found))
    distance, nearest = (
        column.reshape(len(true), count)
        for column in cKDTree(found.position_mm).query(true.position_mm, k=count)
    )
    alike = abs((true.tangent[:, None] * found.tangent[nearest]).sum(axis=2)) >= SAME_WAY
    # Half a step along the line does not count as off the line.
    room = np.hypot(true.reach_mm[:, None], found.length_mm[nearest] / 2)
    fit = alike & (distance <= room)
    first = fit.argmax(axis=1)
    rows = np.flatnonzero(fit.any(axis=1))
    ratio[rows] = found.csa_mm2[nearest[rows, first[rows]]] / true.csa_mm2[rows]
    return ratio


def _octaves(values: np.ndarray) -> list[np.ndarray]:
    """Group positive values by half octaves, so that like reaches are searched together."""
    band = np.floor(2 * np.log2(np.maximum(values, 1e-3))).astype(int)
    return [np.flatnonzero(band == number) for number in np.unique(band)]
