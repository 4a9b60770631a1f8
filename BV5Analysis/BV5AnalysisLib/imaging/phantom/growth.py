"""Trees that fill the lungs, and their radii.

A branch splits the part of the lung that it serves in two, and sends a child towards each part's
middle, until a branch serves one seed point: the volume-filling method of Tawhai, Pullan & Hunter
(2000, Ann Biomed Eng 28:793), used for pulmonary arteries by Burrowes, Hunter & Tawhai (2005,
J Appl Physiol 99:731). Radii follow from the seeds up by Murray's law (1926, PNAS 12:207).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from .anatomy import RIGHT, PhantomAnatomy


@dataclass(frozen=True)
class GrowthConstants(MethodConstants):
    """Numbers of growing trees."""

    murray_exponent: float = constant(
        3.0, "1", "Power of the radius that is kept at forks.", "Murray's law (1926, PNAS 12:207)."
    )
    advance: float = constant(
        0.42,
        "1",
        "Part of the way to the middle of what it serves that a branch goes.",
        "Tawhai et al. (2000, Ann Biomed Eng 28:793) take 0.4.",
    )
    advance_large: float = constant(
        0.25, "1", "The same of large branches.", "Chosen by eye: these fork sooner."
    )
    large_serves: int = constant(
        60, "1", "Terminal vessels that a large branch serves, more than.", "Chosen by eye."
    )
    widest_angle_deg: float = constant(
        62.0,
        "°",
        "Angle from its parent's direction that a branch leaves at, at most.",
        "Tawhai et al. (2000) limit it to 60°.",
    )
    shortest_mm: float = constant(2.0, "mm", "Least length of a branch.", "Chosen by eye.")
    pruned_csa_mm2: float = constant(
        3.0,
        "mm²",
        "Area below which vessels may be pruned.",
        "Chosen by eye: most of what BV5 counts, 1.25 to 5 mm².",
    )
    jitter_cells: float = constant(
        0.3,
        "1",
        "How far the end of a vessel may be from its place in the lattice, in cells.",
        "Chosen by eye: no lattice is seen, and no two ends meet.",
    )
    pleura_mm: float = constant(
        2.5, "mm", "Distance of vessels' ends from the pleura, at least.", "Chosen by eye."
    )
    fissure_mm: float = constant(
        1.5, "mm", "Distance of vessels' ends from the fissures, at least.", "Chosen by eye."
    )
    flow_spread: float = constant(
        0.35,
        "1",
        "Standard deviation of the logarithm of a terminal vessel's flow.",
        "Chosen by eye: the lung that each serves varies by about a third.",
    )
    least_split: float = constant(
        0.28,
        "1",
        "Least share of what its parent serves that a child serves.",
        "Chosen by eye: trees are asymmetric.",
    )
    trunk_outside_mm: float = constant(
        16.0, "mm", "Length of a trunk before the hilum.", "Chosen by eye."
    )
    trunk_inside_mm: float = constant(
        6.0, "mm", "Length of a trunk past the hilum.", "Chosen by eye."
    )
    artery_yz_mm: tuple[float, float] = constant(
        (4.0, 4.0), "mm", "Place (y, z) of the artery from the hilum.", "Chosen by eye."
    )
    superior_vein_yz_mm: tuple[float, float] = constant(
        (-19.0, -6.0),
        "mm",
        "Place of the superior vein from the right hilum.",
        "Chosen by eye: in front of the artery and below.",
    )
    left_vein_higher_mm: float = constant(
        2.0, "mm", "How much higher it is on the left.", "Chosen by eye."
    )
    inferior_vein_yz_mm: tuple[float, float] = constant(
        (6.0, -27.0), "mm", "Place of the inferior vein from the hilum.", "Chosen by eye."
    )


CONSTANTS = GrowthConstants()


@dataclass(frozen=True, eq=False)
class Tree:
    """A binary tree of straight branches; b branches, parents before children.

    Attributes
    ----------
    root_mm : numpy.ndarray
        (3,) start of branch 0.
    end_mm : numpy.ndarray
        (b, 3) end of each branch, where its children start.
    parent : numpy.ndarray
        (b,) parent branch, -1 for branch 0.
    radius_mm : numpy.ndarray
        (b,) radius.
    lobe : numpy.ndarray
        (b,) lobe that the whole branch serves, -1 where it serves several.
    side : int
        Lung.
    """

    root_mm: np.ndarray
    end_mm: np.ndarray
    parent: np.ndarray
    radius_mm: np.ndarray
    lobe: np.ndarray
    side: int

    @property
    def start_mm(self) -> np.ndarray:
        """(b, 3) start of each branch."""
        return np.where(self.parent[:, None] < 0, self.root_mm, self.end_mm[self.parent])

    def keep(self, kept: np.ndarray) -> Tree:
        """Tree without some branches; a kept branch's parent must be kept."""
        number = np.cumsum(kept) - 1
        parent = self.parent[kept]
        return Tree(
            self.root_mm,
            self.end_mm[kept],
            np.where(parent < 0, -1, number[parent]),
            self.radius_mm[kept],
            self.lobe[kept],
            self.side,
        )


def seed_points(
    anatomy: PhantomAnatomy, side: int, volume_ml: float, half_cell: bool, rng: np.random.Generator
) -> np.ndarray:
    """Points spread evenly over one lung, each the end of a vessel.

    Parameters
    ----------
    anatomy : PhantomAnatomy
        The lung and its fissures.
    side : int
        Which lung.
    volume_ml : float
        Lung around each point.
    half_cell : bool
        Points of the other lattice, so that veins end between arteries.
    rng : numpy.random.Generator
        Jitter.

    Returns
    -------
    numpy.ndarray
        (n, 3) world points, mm.
    """
    lung = anatomy.lungs[side]
    cell = 10.0 * volume_ml ** (1 / 3)
    extent = lung.step_mm * np.array(lung.values.shape[::-1])
    axes = [np.arange(o, o + e, cell) for o, e in zip(lung.origin_mm, extent, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    jitter = CONSTANTS.jitter_cells
    points = points + cell * (0.5 * half_cell + rng.uniform(-jitter, jitter, points.shape))
    points = points[lung.at(points) > CONSTANTS.pleura_mm]
    depth_mm = anatomy.lobe_depth(points, side, anatomy.lobe(points, side))
    return np.asarray(points[depth_mm > CONSTANTS.fissure_mm])


def grow(
    root_mm: np.ndarray,
    trunk_end_mm: np.ndarray,
    seeds: np.ndarray,
    seed_lobe: np.ndarray,
    side: int,
    terminal_csa_mm2: float,
    rng: np.random.Generator,
) -> Tree:
    """Grow one tree.

    Parameters
    ----------
    root_mm, trunk_end_mm : numpy.ndarray
        (3,) ends of the first branch.
    seeds : numpy.ndarray
        (n, 3) points to reach.
    seed_lobe : numpy.ndarray
        (n,) their lobes; the tree splits by lobe first.
    side : int
        Lung, carried along.
    terminal_csa_mm2 : float
        Typical area of the last branches.
    rng : numpy.random.Generator
        Asymmetry of the splits and of the flows.

    Returns
    -------
    Tree
        Branches in the order they grew.
    """
    ends, parents, lobes, served = (
        [trunk_end_mm],
        [-1],
        [_common(seed_lobe)],
        [np.arange(len(seeds))],
    )
    waiting = [(0, _unit(trunk_end_mm - root_mm))]
    while waiting:
        branch, direction = waiting.pop()
        mine = served[branch]
        if len(mine) == 1:
            continue
        for part in _split(seeds, seed_lobe, mine, direction, rng):
            start = ends[branch]
            if len(part) == 1:
                end = seeds[part[0]]
            else:
                way = seeds[part].mean(axis=0) - start
                length = np.linalg.norm(way)
                heading = _limit_angle(way / max(length, 1e-9), direction)
                is_large = len(part) > CONSTANTS.large_serves
                advance = CONSTANTS.advance_large if is_large else CONSTANTS.advance
                end = start + heading * max(advance * length, CONSTANTS.shortest_mm)
            ends.append(end)
            parents.append(branch)
            lobes.append(_common(seed_lobe[part]))
            served.append(part)
            waiting.append((len(ends) - 1, _unit(end - start)))
    # A terminal vessel's flow varies as the lung that it serves does.
    flow = rng.lognormal(0.0, CONSTANTS.flow_spread, len(seeds))
    terminal_mm = np.sqrt(terminal_csa_mm2 / np.pi)
    total = np.array([flow[part].sum() for part in served])
    return Tree(
        np.asarray(root_mm, float),
        np.array(ends),
        np.array(parents),
        terminal_mm * total ** (1 / CONSTANTS.murray_exponent),
        np.array(lobes),
        side,
    )


def prune(tree: Tree, fraction: float, rng: np.random.Generator) -> Tree:
    """Cut off a fraction of the peripheral vessels, whole twigs; the rest keeps its radii."""
    small = np.pi * tree.radius_mm**2 < CONSTANTS.pruned_csa_mm2
    twig = small & (tree.parent >= 0)
    first = twig & ~small[np.maximum(tree.parent, 0)]
    gone = first & (rng.random(len(first)) < fraction)
    for branch in np.flatnonzero(tree.parent >= 0):
        gone[branch] |= gone[tree.parent[branch]]
    return tree.keep(~gone)


def _split(
    seeds: np.ndarray,
    seed_lobe: np.ndarray,
    mine: np.ndarray,
    direction: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Two parts of the seeds that a branch serves: by lobe, then by the plane along it."""
    lobes = np.unique(seed_lobe[mine])
    if len(lobes) > 1:
        first = seed_lobe[mine] == lobes[0]
        return mine[first], mine[~first]
    centered = seeds[mine] - seeds[mine].mean(axis=0)
    flat = centered - np.outer(centered @ direction, direction)
    widest = np.linalg.svd(flat, full_matrices=False)[2][0] if len(mine) < 50 else _main_axis(flat)
    order = np.argsort(flat @ widest, kind="stable")
    share = rng.uniform(CONSTANTS.least_split, 1 - CONSTANTS.least_split)
    cut = int(np.clip(round(len(mine) * share), 1, len(mine) - 1))
    return mine[order[:cut]], mine[order[cut:]]


def _main_axis(points: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.eigh(points.T @ points)[1][:, -1])


def _common(lobes: np.ndarray) -> int:
    return int(lobes[0]) if (lobes == lobes[0]).all() else -1


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / max(np.linalg.norm(vector), 1e-9))


def _limit_angle(heading: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Heading, turned towards the direction if it is off by more than the widest angle."""
    widest = np.deg2rad(CONSTANTS.widest_angle_deg)
    if heading @ direction >= np.cos(widest):
        return heading
    aside = _unit(heading - (heading @ direction) * direction)
    return np.asarray(np.cos(widest) * direction + np.sin(widest) * aside)


def plant(
    anatomy: PhantomAnatomy,
    side: int,
    terminal_csa_mm2: float,
    terminal_volume_ml: float,
    rng: np.random.Generator,
) -> tuple[Tree, list[Tree]]:
    """Grow the artery tree and the two vein trees of one lung.

    Parameters
    ----------
    anatomy : PhantomAnatomy
        Where the lung is.
    side : int
        Which lung.
    terminal_csa_mm2, terminal_volume_ml : float
        Area of the last vessels and the lung that each serves.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    arteries : Tree
        Trunk from the mediastinum through the hilum.
    veins : list of Tree
        The superior vein, of upper and middle lobe, and the inferior vein.
    """
    scale, hilum = anatomy.scale, anatomy.hilum_mm[side]
    out = np.array([side, 0.0, 0.0])

    def seeds(half_cell: bool) -> tuple[np.ndarray, np.ndarray]:
        points = seed_points(anatomy, side, terminal_volume_ml, half_cell, rng)
        return points, anatomy.lobe(points, side)

    def tree(offset_yz: tuple[float, float], points: np.ndarray, lobes: np.ndarray) -> Tree:
        gate = hilum + scale * np.array([0.0, *offset_yz])
        return grow(
            gate - CONSTANTS.trunk_outside_mm * scale * out,
            gate + CONSTANTS.trunk_inside_mm * scale * out,
            points,
            lobes,
            side,
            terminal_csa_mm2,
            rng,
        )

    points, lobes = seeds(half_cell=False)
    arteries = tree(CONSTANTS.artery_yz_mm, points, lobes)
    points, lobes = seeds(half_cell=True)
    lower = lobes == 2
    y, z = CONSTANTS.superior_vein_yz_mm
    z += 0.0 if side == RIGHT else CONSTANTS.left_vein_higher_mm
    superior = tree((y, z), points[~lower], lobes[~lower])
    inferior = tree(CONSTANTS.inferior_vein_yz_mm, points[lower], lobes[lower])
    return arteries, [superior, inferior]
