"""Tubes beside what could swell, hide or split them: neighbors, airways, the chest wall, forks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.phantom import ChestWall, StraightAirway, StraightTube, tube_phantom
from BV5AnalysisLib.imaging.phantom.bundles import CONSTANTS, wall_thickness
from scipy.spatial.transform import Rotation

from straight_tubes.rows import BLOOD_HU, PLAIN_HU, directions

SPACINGS_MM = ((0.7, 0.7, 0.7), (0.7, 0.7, 1.25))
PSF_MM = 0.55
NOISE_HU = 25.0
ROOM_MM = 44.0
LENGTH_MM = 32.0

PAIRS_MM2 = ((1.25, 1.25), (2.0, 2.0), (5.0, 5.0), (1.25, 10.0), (2.0, 20.0), (10.0, 20.0))
PAIR_GAPS_MM = (0.5, 1.0, 2.0, 3.0)

LUMEN_RADII_MM = (0.5, 0.8, 1.2, 1.8, 3.0)
AIRWAY_GAPS_MM = (0.0, 0.5)

WALL_CSAS_MM2 = (1.25, 2.0, 5.0, 10.0)
WALL_GAPS_MM = (0.0, 0.5, 1.0, 2.0)
MASK_ERRORS_MM = (0.0, 0.7, -0.7)
"""How far beyond the pleura the lung mask ends: true, and a voxel too wide or too tight."""

FORK_CSAS_MM2 = (3.5, 8.0, 20.0, 50.0)
FORK_RATIOS = (1.0, 0.6)
"""Radius of the thinner child over that of the wider one."""

FORK_BALL_MM = 11.0
"""Around a fork, within which blood is compared."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Tubes, what is beside them, and how they were seen.

    Attributes
    ----------
    kind, label : str, tuple
        Table, and the row in it.
    tubes : list of StraightTube
        All vessels.
    spacing_mm : tuple of float
        Voxel size.
    seed : int
        Of the noise.
    chest_wall : ChestWall or None
        Soft tissue on one side.
    mask_error_mm : float
        How far beyond the wall's surface the lung mask ends.
    """

    kind: str
    label: tuple
    tubes: list[StraightTube]
    spacing_mm: tuple[float, float, float]
    seed: int
    chest_wall: ChestWall | None = None
    mask_error_mm: float = 0.0

    def scan(self) -> tuple[Volume, np.ndarray]:
        """HU volume and the lungs in it, bool."""
        size = tuple(round(ROOM_MM / step) for step in self.spacing_mm)
        volume = tube_phantom(
            self.tubes,
            size=size,
            spacing_mm=self.spacing_mm,
            psf_sigma_mm=(PSF_MM,) * 3,
            parenchyma_hu=PLAIN_HU,
            blood_hu=BLOOD_HU,
            noise_hu=NOISE_HU,
            seed=self.seed,
            chest_wall=self.chest_wall,
        ).volume
        lungs = np.ones(volume.array.shape, bool)
        if self.chest_wall is not None:
            points = volume.grid.index_to_world(np.indices(lungs.shape).reshape(3, -1).T)
            depth = self.chest_wall.depth_mm(points).reshape(lungs.shape)
            lungs = depth < self.mask_error_mm
        return volume, lungs


def scenes(quick: bool, seeds: int = 1) -> Iterator[Scene]:
    """All scenes, in several directions and voxel sizes, each somewhere within a voxel."""
    numbers = (1, 6) if quick else (1, 3, 5, 6, 8, 10)
    for seed, spacing, number in product(range(seeds), SPACINGS_MM, numbers):
        rng = np.random.default_rng([seed, number, round(100 * spacing[2])])
        direction = directions()[number]
        side = np.cross(direction, rng.standard_normal(3))
        side /= np.linalg.norm(side)
        for make in (pairs, arteries, under_pleura, forks):
            for scene in make(direction, side):
                shift = rng.uniform(-0.5, 0.5, 3) * spacing
                yield _moved(
                    replace(scene, spacing_mm=spacing, seed=int(rng.integers(2**31))), shift
                )


def _moved(scene: Scene, shift: np.ndarray) -> Scene:
    tubes = [replace(t, center_mm=tuple(np.array(t.center_mm) + shift)) for t in scene.tubes]
    wall = scene.chest_wall
    if wall is not None:
        unit = np.array(wall.normal) / np.linalg.norm(wall.normal)
        wall = replace(wall, distance_mm=wall.distance_mm + float(unit @ shift))
    return replace(scene, tubes=tubes, chest_wall=wall)


def pairs(direction: np.ndarray, side: np.ndarray) -> Iterator[Scene]:
    """Set two parallel vessels with lung between them."""
    for (one, other), gap in product(PAIRS_MM2, PAIR_GAPS_MM):
        apart = np.sqrt(one / np.pi) + np.sqrt(other / np.pi) + gap
        tubes = [
            StraightTube(one, tuple(direction), tuple(-apart / 2 * side), LENGTH_MM),
            StraightTube(other, tuple(direction), tuple(apart / 2 * side), LENGTH_MM),
        ]
        yield Scene("pair", (one, other, gap), tubes, SPACINGS_MM[0], 0)


def arteries(direction: np.ndarray, side: np.ndarray) -> Iterator[Scene]:
    """Put an artery beside the airway that goes with its size."""
    for lumen, gap in product(LUMEN_RADII_MM, AIRWAY_GAPS_MM):
        csa = float(np.pi * (lumen / CONSTANTS.lumen_to_artery) ** 2)
        wall = float(wall_thickness(lumen))
        airway = StraightAirway(float(np.pi * lumen**2), wall, gap, tuple(side))
        # So that the pair is in the middle.
        center = -0.5 * (lumen + wall) * side
        tube = StraightTube(csa, tuple(direction), tuple(center), LENGTH_MM, airway)
        yield Scene("airway", (lumen, csa, gap), [tube], SPACINGS_MM[0], 0)


def under_pleura(direction: np.ndarray, side: np.ndarray) -> Iterator[Scene]:
    """Run a vessel along the chest wall."""
    for csa, gap, error in product(WALL_CSAS_MM2, WALL_GAPS_MM, MASK_ERRORS_MM):
        at = 6.0
        center = tuple((at - gap - np.sqrt(csa / np.pi)) * side)
        tube = StraightTube(csa, tuple(direction), center, LENGTH_MM)
        wall = ChestWall(tuple(side), at)
        yield Scene("pleura", (error, csa, gap), [tube], SPACINGS_MM[0], 0, wall, error)


def forks(direction: np.ndarray, side: np.ndarray) -> Iterator[Scene]:
    """Let a vessel divide by Murray's law; the wider child bends off less."""
    turn = Rotation.from_matrix(np.stack([direction, side, np.cross(direction, side)], axis=1))
    for csa, ratio in product(FORK_CSAS_MM2, FORK_RATIOS):
        tubes = [
            replace(
                tube,
                direction=tuple(turn.apply(tube.direction)),
                center_mm=tuple(turn.apply(tube.center_mm)),
            )
            for tube in fork(csa, ratio)
        ]
        yield Scene("fork", (csa, ratio), tubes, SPACINGS_MM[0], 0)


def fork(csa_mm2: float, ratio: float) -> list[StraightTube]:
    """Parent along x that ends at the origin, and two children in the plane of x and y.

    Radii follow Murray's law, r³ = r₁³ + r₂³. Children leave at the angles that Murray's minimum
    of work gives them.
    """
    parent = np.sqrt(csa_mm2 / np.pi)
    wide = parent / (1 + ratio**3) ** (1 / 3)
    thin = ratio * wide
    cosines = (
        (parent**4 + wide**4 - thin**4) / (2 * parent**2 * wide**2),
        (parent**4 + thin**4 - wide**4) / (2 * parent**2 * thin**2),
    )
    angles = np.arccos(cosines) * (1, -1)
    half = LENGTH_MM / 4
    tubes = [StraightTube(csa_mm2, (1.0, 0.0, 0.0), (-half, 0.0, 0.0), 2 * half, round_ends=True)]
    for radius, angle in zip((wide, thin), angles, strict=True):
        axis = np.array([np.cos(angle), np.sin(angle), 0.0])
        tubes.append(
            StraightTube(
                float(np.pi * radius**2),
                tuple(axis),
                tuple(half * axis),
                2 * half,
                round_ends=True,
            )
        )
    return tubes


@cache
def fork_ml(csa_mm2: float, ratio: float) -> float:
    """Blood within `FORK_BALL_MM` of a fork, counted on a fine lattice, mL."""
    fine = 0.15
    at = np.arange(-FORK_BALL_MM, FORK_BALL_MM, fine) + fine / 2
    x, y, z = np.meshgrid(at, at, at[abs(at) < 5], indexing="ij")
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    points = points[(points**2).sum(axis=1) < FORK_BALL_MM**2]
    inside = np.zeros(len(points), bool)
    for tube in fork(csa_mm2, ratio):
        offset = points - tube.center_mm
        along = offset @ np.array(tube.direction)
        beyond = np.maximum(abs(along) - tube.length_mm / 2, 0)
        inside |= (offset**2).sum(axis=1) - along**2 + beyond**2 < tube.radius_mm**2
    return float(inside.sum() * fine**3 / 1000)
