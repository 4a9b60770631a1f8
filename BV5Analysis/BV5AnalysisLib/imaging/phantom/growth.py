"""Trees that fill the lungs, and their radii.

A branch splits the part of the lung that it serves in two, and sends a child towards each part's
middle, until a branch serves one seed point: the volume-filling method of Tawhai, Pullan & Hunter
(2000, Ann Biomed Eng 28:793), used for pulmonary arteries by Burrowes, Hunter & Tawhai (2005,
J Appl Physiol 99:731). Radii follow from the seeds up by Murray's law (1926, PNAS 12:207).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import RIGHT, Anatomy

MURRAY_EXPONENT = 3.0
# Part of the way to the middle of what it serves that a branch goes: large ones fork sooner.
ADVANCE = {"large": 0.25, "small": 0.42}
LARGE_SERVES = 60
WIDEST_ANGLE = np.deg2rad(62)
SHORTEST_MM = 2.0
PRUNED_CSA_MM2 = 3.0


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
    anatomy: Anatomy, side: int, volume_ml: float, half_cell: bool, rng: np.random.Generator
) -> np.ndarray:
    """Points spread evenly over one lung, each the end of a vessel.

    Parameters
    ----------
    anatomy : Anatomy
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
    points = points + cell * (0.5 * half_cell + rng.uniform(-0.3, 0.3, points.shape))
    points = points[lung.at(points) > 2.5]
    return points[anatomy.lobe_depth(points, side, anatomy.lobe(points, side)) > 1.5]


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
                advance = ADVANCE["large" if len(part) > LARGE_SERVES else "small"]
                end = start + heading * max(advance * length, SHORTEST_MM)
            ends.append(end)
            parents.append(branch)
            lobes.append(_common(seed_lobe[part]))
            served.append(part)
            waiting.append((len(ends) - 1, _unit(end - start)))
    # A terminal vessel's flow varies as the lung that it serves does.
    flow = rng.lognormal(0.0, 0.35, len(seeds))
    terminal_mm = np.sqrt(terminal_csa_mm2 / np.pi)
    total = np.array([flow[part].sum() for part in served])
    return Tree(
        np.asarray(root_mm, float),
        np.array(ends),
        np.array(parents),
        terminal_mm * total ** (1 / MURRAY_EXPONENT),
        np.array(lobes),
        side,
    )


def prune(tree: Tree, fraction: float, rng: np.random.Generator) -> Tree:
    """Cut off a fraction of the peripheral vessels, whole twigs; the rest keeps its radii."""
    small = np.pi * tree.radius_mm**2 < PRUNED_CSA_MM2
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
    cut = int(np.clip(round(len(mine) * rng.uniform(0.28, 0.72)), 1, len(mine) - 1))
    return mine[order[:cut]], mine[order[cut:]]


def _main_axis(points: np.ndarray) -> np.ndarray:
    return np.linalg.eigh(points.T @ points)[1][:, -1]


def _common(lobes: np.ndarray) -> int:
    return int(lobes[0]) if (lobes == lobes[0]).all() else -1


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(np.linalg.norm(vector), 1e-9)


def _limit_angle(heading: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Heading, turned towards the direction if it is off by more than the widest angle."""
    if heading @ direction >= np.cos(WIDEST_ANGLE):
        return heading
    aside = _unit(heading - (heading @ direction) * direction)
    return np.cos(WIDEST_ANGLE) * direction + np.sin(WIDEST_ANGLE) * aside


def plant(
    anatomy: Anatomy,
    side: int,
    terminal_csa_mm2: float,
    terminal_volume_ml: float,
    rng: np.random.Generator,
) -> tuple[Tree, list[Tree]]:
    """Grow the artery tree and the two vein trees of one lung.

    Parameters
    ----------
    anatomy : Anatomy
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

    def tree(offset: tuple[float, float, float], points: np.ndarray, lobes: np.ndarray) -> Tree:
        gate = hilum + scale * np.array(offset)
        return grow(
            gate - 16 * scale * out,
            gate + 6 * scale * out,
            points,
            lobes,
            side,
            terminal_csa_mm2,
            rng,
        )

    points, lobes = seeds(half_cell=False)
    arteries = tree((0, 4, 4), points, lobes)
    points, lobes = seeds(half_cell=True)
    lower = lobes == 2
    upper = 0 if side == RIGHT else 2
    superior = tree((0, -19, -6 + upper), points[~lower], lobes[~lower])
    inferior = tree((0, 6, -27), points[lower], lobes[lower])
    return arteries, [superior, inferior]
