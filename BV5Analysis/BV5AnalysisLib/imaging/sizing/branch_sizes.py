"""Areas along branches made steady, and what of each branch is its own blood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..numerics.cores import cores
from ..vessels.branches import Branches
from .cross_sections import CrossSections

WINDOW_MM = 6.3
"""Length over which the median of the areas is taken."""

THIN_MM2 = 3.0
THIN_WINDOW_MM = 20.0
"""The same for thin vessels, whose areas are the noisier."""

LEAST_SWOLLEN = 10
"""Percentile of the areas of a branch that never gets away from its junctions; on phantoms it is
within 5 % of the truth in the median, where the lower quartile is 8 to 17 % above."""

WIDER = 1.15
"""A vessel is the wider one of two from this ratio of radii on."""

JUNCTION_MARGIN_MM = 0.8
"""Blur past the vessels' edges at a junction, where areas cannot be read yet."""

READING_MM = 2.1
"""Distance from which on readings along a branch are independent: the width of the blur."""

UNREAD_SHARE = 0.3
"""Error of the area of a branch as short as `READING_MM` that is all junction, as a share of it;
measured on phantoms, where such areas scatter by 25 to 50 %."""

CLEAN_SHARE = 0.4
"""Cross-sections with fewer free directions take over the area of their branch."""


@dataclass(frozen=True, eq=False)
class SizedBranches:
    """Areas and blood of branch points; n points.

    Attributes
    ----------
    csa_mm2 : numpy.ndarray
        (n,) area, steady along the branch.
    volume_ml : numpy.ndarray
        (n,) blood of the piece of branch that a point stands for; 0 inside a wider vessel, whose
        blood it is.
    csa_error_mm2 : numpy.ndarray
        (b,) standard error of each branch's mean area.
    """

    csa_mm2: np.ndarray
    volume_ml: np.ndarray
    csa_error_mm2: np.ndarray


def size_branches(branches: Branches, sections: CrossSections) -> SizedBranches:
    """Smooth areas along branches and give every piece of blood to one vessel.

    Noise must not flip a vessel's size class back and forth, so the area is a running median along
    the branch. Where a branch leaves a wider vessel its own area cannot be read; it is carried on
    from where it can.

    Parameters
    ----------
    branches : Branches
        Centerlines.
    sections : CrossSections
        Areas as measured, one a point of `branches`.

    Returns
    -------
    SizedBranches
        Steady areas and the blood of each point, one a point of `branches`.

    Notes
    -----
    Own method.
    """
    rough = np.clip(_branch_median(branches, sections.csa_mm2), 0, None)
    readable = (_beyond_junctions(branches, np.sqrt(rough / np.pi)) > 0) & (
        sections.clean >= CLEAN_SHARE
    )
    csa = _running_median(branches, sections, readable)
    radius_mm = np.sqrt(csa / np.pi)
    own = _clearance_of_wider(branches, radius_mm) > 0
    volume_mm3 = np.where(own, csa * branches.step_mm, 0.0) + _fork_volume_mm3(branches, csa)
    return SizedBranches(csa, volume_mm3 / 1000, _mean_area_error(branches, sections, readable))


def _fork_volume_mm3(branches: Branches, csa_mm2: np.ndarray) -> np.ndarray:
    """Blood (n,) of forks, at the end of the branch that divides.

    Within a radius of the fork the thinner branches count for nothing, being inside the wider one;
    that space is the half ball that closes the wider branch.
    """
    volume = np.zeros(len(csa_mm2))
    nodes, node = np.unique(branches.end_node, return_inverse=True)
    node = node.reshape(-1, 2).ravel()
    end = np.stack([branches.branch_start[:-1], branches.branch_start[1:] - 1], axis=1).ravel()
    radius = np.sqrt(csa_mm2[end] / np.pi)
    order = np.lexsort((-radius, node))
    first = np.searchsorted(node[order], np.arange(len(nodes)))
    second = np.minimum(first + 1, len(order) - 1)
    widest, next_widest = order[first], order[second]
    divides = (node[widest] == node[next_widest]) & (widest != next_widest)
    divides &= radius[widest] > WIDER * radius[next_widest]
    np.add.at(volume, end[widest[divides]], 2 / 3 * np.pi * radius[widest[divides]] ** 3)
    return volume


def _branch_median(branches: Branches, values: np.ndarray) -> np.ndarray:
    """Median (b,) of each branch's values."""
    pieces = pairwise(branches.branch_start)
    return np.array([np.median(values[start:stop]) for start, stop in pieces])


def _beyond_junctions(branches: Branches, radius_mm: np.ndarray) -> np.ndarray:
    """Distance (n,) along the branch from where the vessels at its junctions are out of the way."""
    nodes, node = np.unique(branches.end_node, return_inverse=True)
    node = node.reshape(-1, 2)
    meeting = np.bincount(node.ravel(), minlength=len(nodes))
    widest = np.zeros(len(nodes))
    np.maximum.at(widest, node.ravel(), np.repeat(radius_mm, 2))
    branch = branches.branch_id
    along = np.cumsum(branches.step_mm) - branches.step_mm / 2
    start = np.concatenate([[0], np.cumsum(branches.step_mm)])[branches.branch_start]
    from_ends = np.stack([along - start[branch], start[branch + 1] - along], axis=1)
    blocked = np.where(
        meeting[node] > 1, widest[node] + radius_mm[:, None] + JUNCTION_MARGIN_MM, -np.inf
    )
    return (from_ends - blocked[branch]).min(axis=1)


def _running_median(
    branches: Branches, sections: CrossSections, readable: np.ndarray
) -> np.ndarray:
    """Median along each branch over its readable points, the nearest standing in for the rest."""
    smooth = np.empty(len(readable))
    for start, stop in pairwise(branches.branch_start):
        piece = slice(start, stop)
        known = np.nonzero(readable[piece])[0]
        if len(known) == 0:
            # Too short to get away from its junctions: the least swollen reading must do, but not
            # one that the lungs' edge cuts.
            clean = sections.clean[piece] >= CLEAN_SHARE
            area = sections.csa_mm2[piece]
            smooth[piece] = np.percentile(area[clean] if clean.any() else area, LEAST_SWOLLEN)
            continue
        area = np.interp(np.arange(stop - start), known, sections.csa_mm2[piece][known])
        window_mm = THIN_WINDOW_MM if np.median(area) < THIN_MM2 else WINDOW_MM
        width = min(round(window_mm / branches.step_mm[start]), len(area)) // 2 * 2 + 1
        smooth[piece] = ndimage.median_filter(area, size=width, mode="nearest")
    return np.clip(smooth, 0.0, None)


def _mean_area_error(
    branches: Branches, sections: CrossSections, readable: np.ndarray
) -> np.ndarray:
    """Estimate the standard error (b,) of each branch's mean area, mm².

    Readings of points nearer than `READING_MM` show the same noise. The scatter is taken from
    readings that far apart, half their squared difference, so that taper does not count as noise.
    A branch that never gets away from its junctions goes by its least readings. How far they lie
    below the middle one says how much its junctions swell it, and so how wrong they may be, too; on
    a short one all are swollen alike, and `UNREAD_SHARE` has to do.
    """
    error = np.empty(len(branches.branch_start) - 1)
    for branch, (start, stop) in enumerate(pairwise(branches.branch_start)):
        area = sections.csa_mm2[start:stop][readable[start:stop]]
        apart = max(1, round(READING_MM / branches.step_mm[start]))
        if len(area) > apart:
            variance = np.mean((area[apart:] - area[:-apart]) ** 2) / 2
            error[branch] = np.sqrt(variance * apart / len(area))
        else:
            area = sections.csa_mm2[start:stop]
            least = np.percentile(area, LEAST_SWOLLEN)
            length_mm = (stop - start) * branches.step_mm[start]
            unread = UNREAD_SHARE * least * min(1.0, READING_MM / length_mm)
            error[branch] = np.hypot(np.median(area) - least, unread)
    return error


def _clearance_of_wider(branches: Branches, radius_mm: np.ndarray) -> np.ndarray:
    """Distance (n,) from each point to the surface of the closest wider vessel, mm.

    Negative inside it; infinite where none is near.
    """
    clearance = np.full(len(radius_mm), np.inf)
    branch = branches.branch_id
    for low, chosen in _by_radius(radius_mm):
        asking = np.flatnonzero(radius_mm < low)
        distance, nearest = cKDTree(branches.position_mm[chosen]).query(
            branches.position_mm[asking], k=3, distance_upper_bound=2.5 * low + 1, workers=cores()
        )
        for column in range(3):
            found = np.flatnonzero(nearest[:, column] < len(chosen))
            self_, other = asking[found], chosen[nearest[found, column]]
            wider = (branch[other] != branch[self_]) & (radius_mm[other] > WIDER * radius_mm[self_])
            gap = distance[found, column] - radius_mm[other]
            np.minimum.at(clearance, self_[wider], gap[wider])
    return clearance


def _by_radius(radius_mm: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """Points by steps of radius no wider than `WIDER`, with the least radius of each step.

    Within a step no vessel is wider than another, so that a vessel's own points do not hide the
    wider one beside them.
    """
    low = 0.5
    while low <= radius_mm.max(initial=0.0):
        chosen = np.flatnonzero((radius_mm >= low) & (radius_mm < WIDER * low))
        if len(chosen):
            yield low, chosen
        low *= WIDER
