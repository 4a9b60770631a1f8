"""How far lines go on about as wide as they are: vessels do for long, lumps for a few widths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from ..lungs.hila import ramp
from ..model.constants import MethodConstants, constant
from .vessel_network import ENOUGH_MM2, VesselNetwork


@dataclass(frozen=True)
class LastingConstants(MethodConstants):
    """How long and how wide what goes on has to be; pairs are the ends of a ramp."""

    widths: tuple[float, float] = constant(
        (8.0, 24.0),
        "1",
        "Length of lines about as wide, over a point's width, of a lump and of a vessel.",
        "A lump is about as long as wide, its ridges fork, and others touch it. In scans without"
        " opacities 99 % of the blood of vessels is above 20, most above 1000.",
    )
    as_wide: tuple[float, float] = constant(
        (0.25, 0.45),
        "1",
        "Area over a point's own from which lines begin to be about as wide, and are.",
        "Half of a vessel's width: a misread area does not end it.",
    )
    strict_widths: tuple[float, float] = constant(
        (8.0, 32.0), "1", "`widths` where lumps crowd.", "Lumps that touch make longer chains."
    )
    strict_as_wide: tuple[float, float] = constant(
        (0.7, 0.9),
        "1",
        "`as_wide` where lumps crowd.",
        "A vessel's area scatters by a tenth along it and grows towards the hilum; lumps hang on"
        " thinner vessels.",
    )


CONSTANTS = LastingConstants()


def lasting(network: VesselNetwork, caliber_mm2: np.ndarray) -> np.ndarray:
    """Judge how surely lines go on for longer than lumps do.

    From each point everything connected over places at least so wide is taken, for all widths:
    the wider, the less. A vessel hangs on wider ones, and soon has the whole tree. A lump is
    longer than a few widths only where vessels thinner than itself count as its continuation.

    Parameters
    ----------
    network : VesselNetwork
        m nodes.
    caliber_mm2 : numpy.ndarray
        (m,) their calibers.

    Returns
    -------
    numpy.ndarray
        (m, 2) 0 to 1, with reserve and strictly; continuous in areas and lengths.

    Notes
    -----
    What is connected at each level is known from the maximum spanning tree (Hu TC. The maximum
    capacity route problem. Operations Research 1961;9:898-900). How it is judged is the project's
    own.
    """
    area = network.steady_mm2
    parent, length_mm, level_mm2 = _merges(network, area)
    own = np.maximum(area, 0.1)
    width_mm = 2 * np.sqrt(np.maximum(caliber_mm2, 0.1) / np.pi)
    count = len(area)
    result = np.zeros((count, 2))
    rules = (
        (CONSTANTS.widths, CONSTANTS.as_wide),
        (CONSTANTS.strict_widths, CONSTANTS.strict_as_wide),
    )
    for column, (widths, as_wide) in enumerate(rules):
        active = np.arange(count)
        group = parent[active]
        while len(active := active[group >= 0]):
            group = group[group >= 0]
            wide = ramp(level_mm2[group] / own[active], as_wide)
            long = ramp(length_mm[group] / width_mm[active], widths)
            result[active, column] = np.maximum(result[active, column], np.minimum(wide, long))
            # Farther up what is connected gets longer and narrower.
            going = (wide > result[active, column]) & (long < 1)
            active, group = active[going], parent[group[going]]
    return result


def _merges(
    network: VesselNetwork, area_mm2: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Join nodes, and groups of them, by the widest links first.

    Returns (g,) parents of nodes and groups (-1 for none), lengths, and areas at the last link.
    """
    count = len(area_mm2)
    through = area_mm2[network.links].min(axis=1) * (1 - network.gap)
    low, high = network.links.min(axis=1), network.links.max(axis=1)
    used = np.flatnonzero((low != high) & (through > 0))
    # Of several links between two nodes the widest counts.
    order = used[np.lexsort((-through[used], high[used], low[used]))]
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    order = order[first]
    weight = ENOUGH_MM2 - through[order]
    graph = sparse.csr_matrix((weight, (low[order], high[order])), shape=(count, count))
    tree = csgraph.minimum_spanning_tree(graph).tocoo()
    links = np.stack([tree.row, tree.col], axis=1)
    apart = network.position_mm[links[:, 0]] - network.position_mm[links[:, 1]]
    wide = ENOUGH_MM2 - tree.data
    falling = np.argsort(-wide, kind="stable")
    groups = count + len(falling)
    parent, top = [-1] * groups, list(range(groups))
    length, level = [0.0] * groups, [0.0] * groups

    def topmost(node: int) -> int:
        while top[node] != node:
            top[node] = top[top[node]]
            node = top[node]
        return node

    ordered = zip(
        links[falling].tolist(),
        np.linalg.norm(apart, axis=1)[falling].tolist(),
        wide[falling].tolist(),
        strict=True,
    )
    for group, (ends, apart_mm, area) in enumerate(ordered, start=count):
        one, other = (topmost(end) for end in ends)
        parent[one] = parent[other] = top[one] = top[other] = group
        length[group] = length[one] + length[other] + apart_mm
        level[group] = area
    return np.array(parent), np.array(length), np.array(level)
