"""The vessel forest as one network, across the gaps between its trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.work_image import WorkImage
from ..numerics.cores import cores
from ..numerics.neighbors import nearest
from ..vessels.branches import Branches


@dataclass(frozen=True)
class NetworkConstants(MethodConstants):
    """Tuned numbers of joining branches to a network."""

    points_apart: int = constant(
        3,
        "1",
        "Every how many points along a branch are nodes, besides its ends.",
        "2 mm: areas along a branch are medians over a longer stretch.",
    )
    reach_mm: float = constant(
        6.0,
        "mm",
        "Widest gap between the surfaces of two vessels over which an end is joined.",
        "Where trees of the hilum are broken they are closer. Chosen by eye.",
    )
    neighbors: int = constant(
        64,
        "1",
        "Nearest nodes that an end may be joined to.",
        "More than lie within `reach_mm` but for the densest hila. With 16 lines doubled in one"
        " trunk left no room for the next trunk, and a point more or less led the blood of half a"
        " lung another way.",
    )
    gap_places: tuple[float, ...] = constant(
        (0.25, 0.5, 0.75),
        "1",
        "Where along a gap the image is read, as shares of its length.",
        "As many as a gap has voxels.",
    )
    least_mm2: float = constant(
        0.3, "mm²", "Least area to compute a radius from.", "The thinnest vessel that is found."
    )
    resistance_mm: tuple[float, float] = constant(
        (0.5, 3.0),
        "mm",
        "Least and largest radius that the resistance of a piece of vessel is computed from.",
        "Beyond these it would let one narrow or one wide piece decide about a way.",
    )
    gap_resistance: float = constant(
        40.0,
        "1",
        "How many times more a gap of lung resists than a vessel as wide.",
        "A way over a gap is the last resort. Chosen on phantoms between 10 and 200.",
    )
    outside_resistance: float = constant(
        3.0,
        "1",
        "How many times more the straight way to the heart resists than a vessel as wide.",
        "No vessel's way is as long. Chosen on phantoms between 3 and 10.",
    )


CONSTANTS = NetworkConstants()

ENOUGH_MM2 = 1e6
"""Larger than any area: what a spanning tree of least weight subtracts areas from."""


SHORTEST_MM = 1e-3
"""Length of links between nodes at one place."""


@dataclass(frozen=True, eq=False)
class VesselNetwork:
    """Nodes along branches and what joins them; m nodes, k links.

    Attributes
    ----------
    node : numpy.ndarray
        (m,) points of the branches that are nodes, rising.
    position_mm : numpy.ndarray
        (m, 3) in the work frame.
    csa_mm2 : numpy.ndarray
        (m,) areas.
    links : numpy.ndarray
        (k, 2) numbers of nodes.
    length_mm : numpy.ndarray
        (k,) of the links.
    gap : numpy.ndarray
        (k,) 0 where a link is as bright as blood, 1 where it leads through plain lung.
    """

    node: np.ndarray
    position_mm: np.ndarray
    csa_mm2: np.ndarray
    links: np.ndarray
    length_mm: np.ndarray
    gap: np.ndarray

    @property
    def radius_mm(self) -> np.ndarray:
        """(m,) of a circle of the area."""
        return np.asarray(np.sqrt(np.maximum(self.csa_mm2, CONSTANTS.least_mm2) / np.pi))

    @cached_property
    def steady_mm2(self) -> np.ndarray:
        """(m,) largest area close by: a single narrow reading is no narrow vessel."""
        return self.spread(self.csa_mm2, 1.0, 1.0, 2.0, np.flatnonzero(self.csa_mm2 > 1.0))

    def spread(
        self, values: np.ndarray, radii: float, more_mm: float, fade_mm: float, chosen: np.ndarray
    ) -> np.ndarray:
        """Largest value within a ball around each chosen node, fading out at the ball's surface.

        Parameters
        ----------
        values : numpy.ndarray
            (m,) not negative.
        radii, more_mm, fade_mm : float
            The ball's radius in the node's own and what is added, and the layer around that in
            which values fade to 0.
        chosen : numpy.ndarray
            (c,) numbers of nodes; the others keep their value.

        Returns
        -------
        numpy.ndarray
            (m,) at least `values`.
        """
        result = values.astype(float)
        of, other, distance_mm = self._in_balls(chosen, radii, more_mm + fade_mm)
        full_mm = radii * self.radius_mm[of] + more_mm
        faded = values[other] * np.clip(1 - (distance_mm - full_mm) / fade_mm, 0, 1)
        np.maximum.at(result, of, faded)
        return result

    def caliber_mm2(self) -> np.ndarray:
        """Area (m,) of the widest vessel that each node lies inside of, itself at least."""
        result = self.csa_mm2.astype(float)
        wide = np.flatnonzero(self.csa_mm2 > np.pi)
        of, other, distance_mm = self._in_balls(wide, 1.0, 0.0)
        depth = np.clip(2 * (1 - distance_mm / self.radius_mm[of]), 0, 1)
        np.maximum.at(result, other, self.csa_mm2[of] * depth)
        return result

    def widest_way_mm2(self, leaving: np.ndarray) -> np.ndarray:
        """Area at the narrowest place of the widest way out.

        Parameters
        ----------
        leaving : numpy.ndarray
            (m,) how surely a vessel may leave the lung at each node, 0 to 1.

        Returns
        -------
        numpy.ndarray
            (m,) mm²; the area at the way's end counts times `leaving` there.

        Notes
        -----
        The widest ways from all nodes to one place are those of the maximum spanning tree (Hu TC.
        The maximum capacity route problem. Operations Research 1961;9:898-900).
        """
        count = len(self.csa_mm2)
        area = self.steady_mm2
        through = area[self.links].min(axis=1) * (1 - self.gap)
        graph = self._with_outside(ENOUGH_MM2 - through, ENOUGH_MM2 - area * leaving)
        tree = csgraph.minimum_spanning_tree(graph)
        order, before = csgraph.breadth_first_order(tree + tree.T, count, directed=False)
        edges = (tree + tree.T).tocsr()
        wide = ENOUGH_MM2 - np.asarray(edges[order[1:], before[order[1:]]]).ravel()
        narrowest = [0.0] * count + [np.inf]
        for node, parent, area_mm2 in zip(
            order[1:].tolist(), before[order[1:]].tolist(), wide.tolist(), strict=True
        ):
            narrowest[node] = min(narrowest[parent], area_mm2)
        return np.array(narrowest[:count])

    def fed_mm2(self, own_mm2: np.ndarray, way_mm: np.ndarray) -> np.ndarray:
        """Area of the vessels whose blood passes each node on its way to the heart.

        Parameters
        ----------
        own_mm2 : numpy.ndarray
            (m,) area that each node brings in if less comes from the periphery.
        way_mm : numpy.ndarray
            (m,) straight way from each node to the heart.

        Returns
        -------
        numpy.ndarray
            (m,) mm².
        """
        count = len(self.csa_mm2)
        resistance = 1 / np.clip(self.radius_mm, *CONSTANTS.resistance_mm) ** 2
        # What arrives at a node comes from farther off: no link may be of no length.
        cost = np.maximum(self.length_mm, SHORTEST_MM) * resistance[self.links].min(axis=1)
        cost *= 1 + CONSTANTS.gap_resistance * self.gap
        graph = self._with_outside(cost, CONSTANTS.outside_resistance * way_mm * resistance)
        distance, before = csgraph.dijkstra(
            graph, directed=False, indices=np.array([count]), return_predecessors=True
        )
        parent = before[0].tolist()
        far_first = np.argsort(-distance[0, :count], kind="stable").tolist()
        arriving = [0.0] * (count + 1)
        own = own_mm2.tolist()
        fed = np.zeros(count)
        for node in far_first:
            passing = max(arriving[node], own[node])
            fed[node] = passing
            arriving[parent[node]] += passing
        return fed

    def along_branches(self, values: np.ndarray, branches: Branches) -> np.ndarray:
        """Values (n,) at all points of the branches, linear between nodes (m,)."""
        return np.asarray(np.interp(np.arange(len(branches.position_mm)), self.node, values))

    def _in_balls(
        self, chosen: np.ndarray, radii: float, more_mm: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Chosen node, node in its ball, and their distance, for all such pairs."""
        reach_mm = radii * self.radius_mm[chosen] + more_mm
        tree = cKDTree(self.position_mm)
        lists = tree.query_ball_point(self.position_mm[chosen], reach_mm, workers=cores())
        counts = [len(inside) for inside in lists]
        of = np.repeat(chosen, counts)
        other = np.concatenate([np.empty(0, int), *map(np.asarray, lists)]).astype(int)
        distance_mm = np.linalg.norm(self.position_mm[of] - self.position_mm[other], axis=1)
        return of, other, distance_mm

    def _with_outside(self, weight: np.ndarray, outside: np.ndarray) -> sparse.csr_matrix:
        """Network of all nodes and one more, outside of the lungs, by least weight (all > 0)."""
        count = len(self.csa_mm2)
        low = np.concatenate([self.links.min(axis=1), np.arange(count)])
        high = np.concatenate([self.links.max(axis=1), np.full(count, count)])
        weights = np.maximum(np.concatenate([weight, outside]), np.finfo(np.float32).tiny)
        order = np.lexsort((weights, high, low))
        low, high, weights = low[order], high[order], weights[order]
        first = np.ones(len(low), bool)
        first[1:] = (np.diff(low) != 0) | (np.diff(high) != 0)
        return sparse.csr_matrix(
            (weights[first], (low[first], high[first])), shape=(count + 1, count + 1)
        )


def vessel_network(
    branches: Branches, csa_mm2: np.ndarray, image: WorkImage, calibration: Calibration
) -> VesselNetwork:
    """Join branches at their junctions, and their open ends to vessels close by.

    Parameters
    ----------
    branches : Branches
        Centerlines.
    csa_mm2 : numpy.ndarray
        (n,) areas.
    image : WorkImage
        Read in the gaps.
    calibration : Calibration
        Attenuation of parenchyma and of blood.

    Returns
    -------
    VesselNetwork
        Of all branches.
    """
    start, branch = branches.branch_start, branches.branch_id
    is_node = (np.arange(len(branch)) - start[branch]) % CONSTANTS.points_apart == 0
    ends = np.stack([start[:-1], start[1:] - 1], axis=1)
    is_node[ends] = True
    node = np.flatnonzero(is_node)
    number = np.cumsum(is_node) - 1
    position_mm = branches.position_mm[node]

    along = np.flatnonzero(branch[node][1:] == branch[node][:-1])
    links = [np.stack([along, along + 1], axis=1), _at_junctions(number[ends], branches.end_node)]
    nothing = [np.zeros(len(pairs)) for pairs in links]
    over = _over_gaps(number[ends].ravel(), position_mm, csa_mm2[node])
    over = over[_apart(over, number[ends], branch[node], branches.end_node)]
    dark = _darkness(position_mm[over], image, calibration)
    pairs = np.concatenate([*links, over])
    return VesselNetwork(
        node,
        position_mm,
        csa_mm2[node],
        pairs,
        np.linalg.norm(np.diff(position_mm[pairs], axis=1)[:, 0], axis=1),
        np.concatenate([*nothing, dark]),
    )


def _apart(
    pairs: np.ndarray, ends: np.ndarray, branch: np.ndarray, end_node: np.ndarray
) -> np.ndarray:
    """Whether the branches of two nodes (k, 2), the first an end, do not meet at that end.

    Where they do, a link past their junction would let blood pass by a part of the branch.
    """
    junction = np.full(len(branch), -1)
    junction[ends] = end_node
    at_end, other = junction[pairs[:, 0]], branch[pairs[:, 1]]
    return np.asarray((end_node[other] != at_end[:, None]).all(axis=1))


def _at_junctions(ends: np.ndarray, end_node: np.ndarray) -> np.ndarray:
    """Pairs (k, 2) of the first end at each junction and the others there."""
    end, junction = ends.ravel(), end_node.ravel()
    order = np.argsort(junction, kind="stable")
    end, junction = end[order], junction[order]
    first = end[np.searchsorted(junction, junction)]
    return np.asarray(np.stack([first, end], axis=1)[first != end])


def _over_gaps(ends: np.ndarray, position_mm: np.ndarray, csa_mm2: np.ndarray) -> np.ndarray:
    """Pairs (k, 2) of an end and a node close by."""
    radius_mm = np.sqrt(np.maximum(csa_mm2, CONSTANTS.least_mm2) / np.pi)
    count = CONSTANTS.neighbors
    distance, other = nearest(
        cKDTree(position_mm),
        position_mm[ends],
        count,
        CONSTANTS.reach_mm + 2 * radius_mm.max(initial=0.0),
    )
    end, other, distance = np.repeat(ends, count), other.ravel(), distance.ravel()
    found = other < len(position_mm)
    end, other, distance = end[found], other[found], distance[found]
    close = distance - radius_mm[end] - radius_mm[other] < CONSTANTS.reach_mm
    return np.asarray(np.stack([end, other], axis=1)[close])


def _darkness(ends_mm: np.ndarray, image: WorkImage, calibration: Calibration) -> np.ndarray:
    """How much like lung (k,) the darkest place is on the way between two ends (k, 2, 3)."""
    lowest = np.full(len(ends_mm), np.inf)
    for share in CONSTANTS.gap_places:
        place = (ends_mm[:, 0] * (1 - share) + ends_mm[:, 1] * share) / image.spacing
        lowest = np.minimum(
            lowest, ndimage.map_coordinates(image.hu, place.T, order=1, mode="nearest")
        )
    span_hu = max(calibration.half_blood_hu - calibration.parenchyma_hu, 1.0)
    return np.asarray(np.clip((calibration.half_blood_hu - lowest) / span_hu, 0, 1))
