"""All tubes of a chest as cross sections: vessels, airway lumina, walls; and who owns overlaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ..model.constants import MethodConstants, constant
from . import anatomy as body
from .anatomy import PhantomAnatomy
from .bundles import Bundles, wall_thickness
from .curves import CurvedTree, sections_along
from .rendering import Tubes
from .spacing import close_pairs, related


@dataclass(frozen=True)
class PlumbingConstants(MethodConstants):
    """Radii of the mediastinum's tubes, and how overlaps are looked for.

    Where these tubes run is drawn by eye, as the anatomy is.
    """

    trunk_radius_mm: float = constant(
        11.0, "mm", "Radius of the pulmonary trunk.", "Healthy adults: 22 to 29 mm across."
    )
    artery_radius_mm: tuple[float, float] = constant(
        (10.0, 8.0),
        "mm",
        "Radius of a pulmonary artery at the trunk and half way to the hilum.",
        "Chosen by eye: between the trunk's and that of the tree.",
    )
    trachea_radius_mm: float = constant(
        8.5, "mm", "Radius of the trachea's lumen.", "Healthy adults: 13 to 25 mm across."
    )
    bronchus_radius_mm: tuple[float, float] = constant(
        (6.5, 5.5),
        "mm",
        "Radius of a main bronchus' lumen at the carina and half way to the hilum.",
        "Chosen by eye: between the trachea's and that of the tree.",
    )
    probe_radii: float = constant(
        0.4,
        "1",
        "Length, in radii, that one cross section stands for in looking for overlaps.",
        "Chosen by eye: short enough for bends.",
    )
    probe_room: float = constant(
        0.1,
        "1",
        "Share by which that length is longer at each end.",
        "For the wedges that open on the outer side of a bend.",
    )


CONSTANTS = PlumbingConstants()


class Material(IntEnum):
    """What a tube is of; the lower wins where tubes overlap."""

    BLOOD = 0
    LUMEN = 1
    WALL = 2


@dataclass(frozen=True, eq=False)
class Plumbing:
    """Cross sections of all tubes; m of them.

    Attributes
    ----------
    tubes : Tubes
        Their geometry.
    material : numpy.ndarray
        (m,) `Material` values.
    branch : numpy.ndarray
        (m,) branch of the curved trees; beyond these for tubes of the mediastinum.
    csa_mm2 : numpy.ndarray
        (m,) area of the branch, without walls.
    is_cap : numpy.ndarray
        (m,) bool, in the rounded end of a branch, past its centerline.
    trees : CurvedTree
        The branches.
    """

    tubes: Tubes
    material: np.ndarray
    branch: np.ndarray
    csa_mm2: np.ndarray
    is_cap: np.ndarray
    trees: CurvedTree


def lay_pipes(
    trees: CurvedTree,
    bundles: Bundles,
    is_artery: np.ndarray,
    anatomy: PhantomAnatomy,
    step_mm: float,
) -> Plumbing:
    """Cut all curves into cross sections.

    Parameters
    ----------
    trees : CurvedTree
        Branches, with their knots on the bundles' axes.
    bundles : Bundles
        Knots of arteries and airways.
    is_artery : numpy.ndarray
        (b,) bool.
    anatomy : PhantomAnatomy
        For the tubes of the mediastinum.
    step_mm : float
        Distance between cross sections.

    Returns
    -------
    Plumbing
        All tubes.
    """
    parts: list[tuple[Tubes, Material, int, float, bool]] = []
    first_knot = np.flatnonzero(np.diff(trees.branch, prepend=-1))
    has_child = np.bincount(trees.parent[trees.parent >= 0], minlength=trees.branch_count) > 0

    def add(points: np.ndarray, radius: np.ndarray | float, branch: int, kind: Material) -> None:
        radius = np.broadcast_to(radius, len(points))
        tubes, _ = sections_along(points, radius, step_mm)
        wall = wall_thickness(tubes.outer_mm)
        rounded = branch >= trees.branch_count or has_child[branch]
        pieces = [(tubes, False)] + ([(_cap(tubes, step_mm), True)] if rounded else [])
        for piece, is_cap in pieces:
            parts.append((piece, kind, branch, float(np.pi * radius[-1] ** 2), is_cap))
        if kind == Material.LUMEN:
            ring = Tubes(
                tubes.center_mm,
                tubes.tangent,
                tubes.outer_mm,
                tubes.outer_mm + wall,
                tubes.step_mm,
                tubes.curvature,
            )
            parts.append((ring, Material.WALL, branch, float(np.pi * radius[-1] ** 2), False))

    for branch in range(trees.branch_count):
        chain = np.arange(first_knot[branch], trees.last_knot[branch] + 1)
        chain = np.concatenate([[trees.before[chain[0]]], chain])[int(trees.parent[branch] < 0) :]
        radius = trees.radius_mm[branch]
        add(bundles.artery_mm[chain], radius, branch, Material.BLOOD)
        if bundles.lumen_mm[branch] > 0:
            add(bundles.airway_mm[chain], bundles.lumen_mm[branch], branch, Material.LUMEN)
    number = trees.branch_count
    for points, radius, kind in _mediastinal(trees, bundles, is_artery, anatomy):
        add(points, radius, number, kind)
        number += 1
    count = [len(tubes.step_mm) for tubes, *_ in parts]
    columns = list(zip(*parts, strict=True))
    return Plumbing(
        Tubes(
            *(
                np.concatenate([getattr(tubes, name) for tubes in columns[0]])
                for name in Tubes.__dataclass_fields__
            )
        ),
        np.repeat(np.array(columns[1], np.uint8), count),
        np.repeat(np.array(columns[2]), count),
        np.repeat(np.array(columns[3]), count),
        np.repeat(np.array(columns[4]), count),
        trees,
    )


def _cap(tubes: Tubes, step_mm: float) -> Tubes:
    """Half a ball at the end of a tube, as cross sections; it closes the gaps of a fork."""
    radius, tangent = tubes.outer_mm[-1], tubes.tangent[-1]
    end = tubes.center_mm[-1] + tangent * tubes.step_mm[-1] / 2
    count = max(int(np.ceil(radius / step_mm)), 2)
    edges = np.linspace(0, radius, count + 1)
    # The radius that gives each slice of the half ball its exact volume.
    area2 = radius**2 - (edges[1:] ** 3 - edges[:-1] ** 3) / (3 * np.diff(edges))
    return Tubes(
        end + 0.5 * (edges[1:] + edges[:-1])[:, None] * tangent,
        np.tile(tangent, (count, 1)),
        np.zeros(count),
        np.sqrt(area2),
        np.diff(edges),
        np.zeros((count, 3)),
    )


def _mediastinal(
    trees: CurvedTree, bundles: Bundles, is_artery: np.ndarray, anatomy: PhantomAnatomy
) -> Iterator[tuple[np.ndarray, np.ndarray | float, Material]]:
    """Trachea, main bronchi, central arteries and veins: knots, radii and material."""
    scale = anatomy.scale
    carina = scale * np.array(body.CONSTANTS.carina_mm)
    trunk = scale * np.array([8.0, -14.0, 8.0])
    outflow = scale * np.array([[16.0, -40.0, -16.0], [14.0, -28.0, -2.0]])
    yield np.vstack([outflow, trunk]), CONSTANTS.trunk_radius_mm * scale, Material.BLOOD
    bronchi = bundles.lumen_mm.max() > 0
    if bronchi:
        top = scale * np.array([[0.0, 4.0, 170.0], [0.0, 8.0, 110.0], [0.0, 14.0, 65.0]])
        yield np.vstack([top, carina]), CONSTANTS.trachea_radius_mm * scale, Material.LUMEN
    for branch in np.flatnonzero(trees.parent < 0):
        # Two knots of the trunk: tubes reach into it, or a gap would open at the joint.
        joint = np.flatnonzero(trees.branch == branch)[:2]
        side = trees.side[branch]
        if is_artery[branch]:
            end = bundles.artery_mm[joint]
            middle = 0.5 * (trunk + end[0]) + scale * np.array([0.0, 2.0, 4.0])
            first, middle_mm = CONSTANTS.artery_radius_mm
            own = trees.radius_mm[branch]
            radius = np.array([first * scale, middle_mm * scale, own, own])
            yield np.array([trunk, middle, *end]), radius, Material.BLOOD
        else:
            start = trees.knot_mm[joint[::-1]]
            middle = start[1] - scale * np.array([4.0 * side, 0.0, 0.0])
            atrium = scale * np.array([6.0 * side, 18.0, -22.0])
            yield np.array([*start, middle, atrium]), trees.radius_mm[branch], Material.BLOOD
        if is_artery[branch] and bronchi:
            end = bundles.airway_mm[joint]
            middle = 0.5 * (carina + end[0]) + scale * np.array([0.0, 0.0, 2.0])
            first, middle_mm = CONSTANTS.bronchus_radius_mm
            own = bundles.lumen_mm[branch]
            radius = np.array([first * scale, middle_mm * scale, own, own])
            yield np.array([carina, middle, *end]), radius, Material.LUMEN


class Overlaps:
    """Finds which points of a tube lie inside another tube that wins.

    Blood wins over lumen over wall; among equals the larger tube, so that a child starts at its
    parent's surface.

    Parameters
    ----------
    plumbing : Plumbing
        All tubes.
    """

    def __init__(self, plumbing: Plumbing) -> None:
        tubes = plumbing.tubes
        self._plumbing = plumbing
        probe, half, group = _probes(plumbing)
        reach = tubes.outer_mm[probe] + half
        first, second, _ = close_pairs(tubes.center_mm[probe], reach, 0.0)
        differ = plumbing.branch[probe[first]] != plumbing.branch[probe[second]]
        # A wall and a lumen of one branch are made to fit, as are a branch and its own cap.
        first, second = first[differ], second[differ]
        order = np.lexsort((-plumbing.branch, -plumbing.csa_mm2, plumbing.material))
        rank = np.empty(len(order), int)
        rank[order] = np.arange(len(order))
        swap = rank[probe[first]] < rank[probe[second]]
        loser, winner = np.where(swap, second, first), np.where(swap, first, second)
        # From losing probes to all the cross sections that they stand for.
        members = np.argsort(group, kind="stable")
        starts = np.searchsorted(group[members], np.arange(len(probe) + 1))
        count = (starts[1:] - starts[:-1])[loser]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        section = members[np.repeat(starts[:-1][loser], count) + within]
        winner = np.repeat(winner, count)
        order = np.argsort(section, kind="stable")
        self._winner = winner[order]
        self._start = np.searchsorted(section[order], np.arange(len(tubes.step_mm) + 1))
        self._probe, self._half = probe, half
        self._foreign = self._find_foreign()

    def _find_foreign(self) -> np.ndarray:
        """(pairs,) bool: the two tubes do not meet at a fork, so their overlap is a fault."""
        plumbing = self._plumbing
        section = np.repeat(np.arange(len(plumbing.branch)), np.diff(self._start))
        winner = self._probe[self._winner]
        a, b = plumbing.branch[section], plumbing.branch[winner]
        in_trees = (a < plumbing.trees.branch_count) & (b < plumbing.trees.branch_count)
        kin = related(plumbing.trees, np.where(in_trees, a, 0), np.where(in_trees, b, 0))
        blood = plumbing.material == Material.BLOOD
        same = blood[section] == blood[winner]
        return np.asarray(in_trees & ~(kin & same))

    def inside(self, section: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which points belong to another tube.

        Parameters
        ----------
        section : numpy.ndarray
            (m,) cross sections that the points fill.
        points : numpy.ndarray
            (m, k, 3) points, mm.

        Returns
        -------
        lost, foreign : numpy.ndarray
            (m, k) bool: inside a winning tube; inside one that it should not even touch.
        """
        lost = np.zeros(points.shape[:2], bool)
        foreign = np.zeros(points.shape[:2], bool)
        tubes = self._plumbing.tubes
        count = self._start[section + 1] - self._start[section]
        # The pairs of the j-th winner of each cross section at a time: each row occurs once.
        for j in range(count.max(initial=0)):
            row = np.flatnonzero(count > j)
            pair = self._start[section[row]] + j
            winner = self._winner[pair]
            probe = self._probe[winner]
            offset = points[row] - tubes.center_mm[probe][:, None]
            along = np.einsum("mkc,mc->mk", offset, tubes.tangent[probe])
            across2 = np.einsum("mkc,mkc->mk", offset, offset) - along**2
            hit = (abs(along) <= self._half[winner][:, None]) & (
                across2 < tubes.outer_mm[probe][:, None] ** 2
            )
            lost[row] |= hit
            foreign[row] |= hit & self._foreign[pair][:, None]
        return lost, foreign


def _probes(plumbing: Plumbing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every few cross sections one that stands for its neighbors.

    Returns the probes (p,), half of the length each stands for (p,), and each cross section's
    probe (m,).
    """
    tubes = plumbing.tubes
    run = np.cumsum(
        np.diff(plumbing.branch * 8 + plumbing.material * 2 + plumbing.is_cap, prepend=-1) != 0
    )
    start = np.flatnonzero(np.diff(run, prepend=0))
    place = np.arange(len(run)) - start[run - 1]
    wanted = CONSTANTS.probe_radii * tubes.outer_mm / tubes.step_mm
    every = np.maximum(np.rint(wanted), 1).astype(int)
    every = np.where(plumbing.is_cap, 1, every[start][run - 1])
    key = np.flatnonzero(place % every == 0)
    group = np.searchsorted(key, np.arange(len(run)), side="right") - 1
    size = np.bincount(group)
    probe = key + size // 2
    # With an even number of cross sections none is in the middle.
    off_middle = np.where(size % 2 == 0, 0.5, 0.0)
    half = tubes.step_mm[probe] * (size / 2 + CONSTANTS.probe_room * size + off_middle)
    return probe, half, group
