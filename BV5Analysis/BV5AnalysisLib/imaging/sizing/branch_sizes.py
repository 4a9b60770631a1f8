"""Areas along branches made steady, and what of each branch is its own blood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..numerics.neighbors import nearest
from ..numerics.rows import keep_values, row_medians, row_percentiles, running_medians
from ..vessels.branches import Branches
from .cross_sections import CrossSections


@dataclass(frozen=True)
class BranchSizeConstants(MethodConstants):
    """Tuned numbers of areas along branches."""

    window_mm: float = constant(
        6.3, "mm", "Length over which the median of the areas is taken.", "Chosen by eye."
    )
    thin_mm2: float = constant(
        3.0,
        "mm²",
        "Area below which a branch is thin, and its readings are noisier.",
        "Chosen by eye: at the usual noise, readings below scatter by a tenth or more.",
    )
    thin_window_mm: float = constant(
        20.0, "mm", "Length of the median for thin branches.", "Chosen by eye."
    )
    least_swollen_percentile: float = constant(
        10.0,
        "%",
        "Percentile of the areas of a branch that never gets away from its junctions, taken for"
        " its area.",
        "Measured on phantoms: within 5 % of the truth in the median, where the lower quartile is"
        " 8 to 17 % above.",
    )
    wider: float = constant(
        1.18,
        "1",
        "Ratio of radii at which a vessel is half way to be the wider one of two.",
        "Chosen on phantoms: children of an even fork, 1.26 times thinner than their parent, must"
        " be thinner; otherwise their first part counts twice.",
    )
    wider_ramp: float = constant(
        0.05,
        "1",
        "How far below and above `wider` a vessel becomes the wider one.",
        "Blood must not change hands at once where two vessels are about as wide. Ends below 1.26.",
    )
    surface_ramp_mm: float = constant(
        0.35,
        "mm",
        "How far inside and outside a wider vessel's surface a point's blood becomes its own.",
        "Half the distance of points: what a point stands for lies on both sides.",
    )
    carried_readings: int = constant(
        3,
        "1",
        "Readings next to a junction whose median stands in for those that cannot be read.",
        "The fewest of which one that is off does not count: it would be carried on over the whole"
        " length that the junction hides.",
    )
    junction_margin_mm: float = constant(
        0.8,
        "mm",
        "Past the vessels' edges at a junction, where areas cannot be read yet.",
        "About the blur's standard deviation of a usual scan.",
    )
    reading_mm: float = constant(
        2.1,
        "mm",
        "Distance from which on readings along a branch are independent.",
        "The width of the blur: about three standard deviations.",
    )
    unread_share: float = constant(
        0.3,
        "1",
        "Error, as a share of the area, of a branch as short as `reading_mm` that is all junction.",
        "Measured on phantoms, where such areas scatter by 25 to 50 %.",
    )
    clean_share: float = constant(
        0.4,
        "1",
        "Share of directions free of neighbors, below which a cross-section takes over the area of"
        " its branch.",
        "Chosen by eye.",
    )
    narrowest_mm: float = constant(
        0.5,
        "mm",
        "Radius from which on a vessel may hold the start of a thinner one.",
        "Chosen by eye: inside thinner ones there is next to no blood to count twice.",
    )
    search_radii: float = constant(
        2.5,
        "1",
        "How far off a wider vessel is looked for, in the least radius of its step.",
        "Chosen by eye: more than the ratio `wider`, so that none is missed.",
    )
    search_more_mm: float = constant(
        1.0, "mm", "How much further than that.", "Chosen by eye: more than a point's distance."
    )
    nearest_points: int = constant(
        3,
        "1",
        "Nearest points of wider vessels that are looked at.",
        "Chosen by eye: the nearest may be of the branch itself.",
    )


CONSTANTS = BranchSizeConstants()

TINY_MM = 1e-6
"""Radius of what has none, to divide by."""


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
    rough = np.clip(row_medians(sections.csa_mm2, branches.branch_start), 0, None)
    beyond_mm = _beyond_junctions(branches, np.sqrt(rough / np.pi))
    readable = (beyond_mm > 0) & (sections.clean >= CONSTANTS.clean_share)
    csa = _running_median(branches, sections, readable, beyond_mm)
    radius_mm = np.sqrt(csa / np.pi)
    own = _share_outside_wider(branches, radius_mm)
    volume_mm3 = own * csa * branches.step_mm + _fork_volume_mm3(branches, csa)
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
    widest, next_widest = widest[divides], next_widest[divides]
    share = _as_wider(radius[widest], radius[next_widest])
    np.add.at(volume, end[widest], share * 2 / 3 * np.pi * radius[widest] ** 3)
    return volume


def _as_wider(radius_mm: np.ndarray, than_mm: np.ndarray) -> np.ndarray:
    """How far, from 0 to 1, vessels are the wider ones of two."""
    above = radius_mm / np.maximum(than_mm, TINY_MM) - CONSTANTS.wider
    return np.asarray(np.clip(0.5 + above / (2 * CONSTANTS.wider_ramp), 0.0, 1.0))


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
        meeting[node] > 1, widest[node] + radius_mm[:, None] + CONSTANTS.junction_margin_mm, -np.inf
    )
    beyond: np.ndarray = (from_ends - blocked[branch]).min(axis=1)
    return beyond


def _running_median(
    branches: Branches, sections: CrossSections, readable: np.ndarray, beyond_mm: np.ndarray
) -> np.ndarray:
    """Median along each branch over its readable points, the nearest standing in for the rest.

    A branch that just gets beyond its junctions, or just not, takes its area in part from the point
    that gets farthest.
    """
    csa, start, branch = sections.csa_mm2, branches.branch_start, branches.branch_id
    if not len(csa):
        return np.empty(0)
    step_mm = branches.step_mm[start[:-1]]
    clean = sections.clean >= CONSTANTS.clean_share
    clean_mm = np.where(clean, beyond_mm, -np.inf)
    farthest_mm = np.maximum.reduceat(clean_mm, start[:-1])
    share = np.clip(0.5 + farthest_mm / step_mm, 0.0, 1.0)
    smooth = np.zeros(len(share))
    if (share < 1).any():
        # Too short to get away from its junctions: the least swollen reading must do, but not one
        # that the lungs' edge cuts.
        usable = clean | np.isneginf(farthest_mm)[branch]
        short = keep_values(csa, start, usable & (share < 1)[branch])
        least = row_percentiles(*short, CONSTANTS.least_swollen_percentile)
        smooth[share < 1] = (1 - share[share < 1]) * least
    smooth = smooth[branch]
    if (share > 0).any():
        known = readable & (share > 0)[branch]
        unread = (share > 0) & ~np.logical_or.reduceat(known, start[:-1])
        farthest = np.flatnonzero(unread[branch] & (clean_mm == farthest_mm[branch]))
        known[farthest[np.unique(branch[farthest], return_index=True)[1]]] = True
        area = _between_known(csa, known, branches)
        is_thin = row_medians(area, start) < CONSTANTS.thin_mm2
        window_mm = np.where(is_thin, CONSTANTS.thin_window_mm, CONSTANTS.window_mm)
        width = np.minimum(np.rint(window_mm / step_mm).astype(int), np.diff(start)) // 2 * 2 + 1
        steady = share[branch] * running_medians(area, start, width)
        smooth += np.where(share[branch] > 0, steady, 0.0)
    return np.asarray(np.clip(smooth, 0.0, None))


def _between_known(values: np.ndarray, known: np.ndarray, branches: Branches) -> np.ndarray:
    """Values (n,) of known points, linear between those of a branch, and carried on beyond them.

    What is carried on past the junctions is no single reading. Of branches without any known point
    the result means nothing.
    """
    place, branch = np.flatnonzero(known), branches.branch_id[known]
    _, lowest = np.unique(branch, return_index=True)
    highest = np.append(lowest[1:], len(branch)) - 1
    start, stop = branches.branch_start[branch[lowest]], branches.branch_start[branch[lowest] + 1]
    values = values[place]
    count = np.minimum(highest - lowest + 1, CONSTANTS.carried_readings)
    hidden = place[lowest] > start
    values[lowest[hidden]] = _medians_from(values, lowest, count)[hidden]
    hidden = place[highest] < stop - 1
    values[highest[hidden]] = _medians_from(values, highest - count + 1, count)[hidden]
    at = np.concatenate([place, start, stop - 1])
    of = np.concatenate([values, values[lowest], values[highest]])
    at, order = np.unique(at, return_index=True)
    return np.asarray(np.interp(np.arange(len(known)), at, of[order]))


def _medians_from(values: np.ndarray, first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Medians (b,) of so many values (b,) from the first (b,) on."""
    rows = np.concatenate([[0], np.cumsum(count)])
    index = np.arange(rows[-1]) + np.repeat(first - rows[:-1], count)
    return row_medians(values[index], rows)


def _mean_area_error(
    branches: Branches, sections: CrossSections, readable: np.ndarray
) -> np.ndarray:
    """Estimate the standard error (b,) of each branch's mean area, mm².

    Readings of points nearer than `reading_mm` show the same noise. The scatter is taken from
    readings that far apart, half their squared difference, so that taper does not count as noise.
    The area of a branch that is near junctions everywhere is taken from its least readings. How far
    they lie below the median shows how much the junctions enlarge its areas, and so how wrong they
    may be; on a short branch all are enlarged alike, and `unread_share` is used.
    """
    csa, start, branch = sections.csa_mm2, branches.branch_start, branches.branch_id
    step_mm = branches.step_mm[start[:-1]]
    error = np.empty(len(step_mm))
    apart = np.maximum(1, np.rint(CONSTANTS.reading_mm / step_mm).astype(int))
    count = np.bincount(branch[readable], minlength=len(step_mm))
    enough = count > apart
    read, stop = csa[readable], np.cumsum(count)
    for number in np.flatnonzero(enough):
        area, lag = read[stop[number] - count[number] : stop[number]], apart[number]
        variance = np.mean((area[lag:] - area[:-lag]) ** 2) / 2
        error[number] = np.sqrt(variance * lag / len(area))
    few = keep_values(csa, start, ~enough[branch])
    least = row_percentiles(*few, CONSTANTS.least_swollen_percentile)
    length_mm = (np.diff(start) * step_mm)[~enough]
    unread = CONSTANTS.unread_share * least * np.minimum(1.0, CONSTANTS.reading_mm / length_mm)
    error[~enough] = np.hypot(row_medians(*few) - least, unread)
    return error


def _share_outside_wider(branches: Branches, radius_mm: np.ndarray) -> np.ndarray:
    """Share (n,) of the blood of each point that no wider vessel of another branch holds."""
    own = np.ones(len(radius_mm))
    branch = branches.branch_id
    for low, chosen in _by_radius(radius_mm):
        asking = np.flatnonzero(radius_mm < low)
        distance, index = nearest(
            cKDTree(branches.position_mm[chosen]),
            branches.position_mm[asking],
            CONSTANTS.nearest_points,
            within=CONSTANTS.search_radii * low + CONSTANTS.search_more_mm,
        )
        for column in range(CONSTANTS.nearest_points):
            found = np.flatnonzero(index[:, column] < len(chosen))
            self_, other = asking[found], chosen[index[found, column]]
            held = _as_wider(radius_mm[other], radius_mm[self_]) * (branch[other] != branch[self_])
            depth = radius_mm[other] - distance[found, column]
            held *= np.clip(0.5 + depth / (2 * CONSTANTS.surface_ramp_mm), 0.0, 1.0)
            np.minimum.at(own, self_, 1 - held)
    return own


def _by_radius(radius_mm: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """Points by steps of radius too small for one to be wider, with each step's least radius.

    Within a step no vessel is wider than another, so that a vessel's own points do not hide the
    wider one beside them.
    """
    low, step = CONSTANTS.narrowest_mm, CONSTANTS.wider - CONSTANTS.wider_ramp
    while low <= radius_mm.max(initial=0.0):
        chosen = np.flatnonzero((radius_mm >= low) & (radius_mm < step * low))
        if len(chosen):
            yield low, chosen
        low *= step
