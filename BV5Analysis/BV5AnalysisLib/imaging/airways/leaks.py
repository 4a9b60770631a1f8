"""Leaks in a finished airway tree: what no wall encloses, holds too much air, or forks too soon.

The tree is judged apart from how it grew. A lumen has a brighter wall all around it, however thin
and blurred; a leak has parenchyma, of which as much is bright as chance wants. What chance wants is
read from dark spots in the lungs of the same scan, so that noise, kernel and dose do not matter.
Airways are long for their width, too, while gaps in parenchyma fork at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from .growth import AirwayBranch
from .growth_image import GrowthImage


@dataclass(frozen=True)
class LeakConstants(MethodConstants):
    """When a part of the tree is no airway."""

    enclosed: float = constant(
        0.45,
        "1",
        "How far from chance (0) to a wall all around (1) the surface of an airway is, at least.",
        "Subtrees with more than 1000 ways out: airways 0.45 to 1 but for a few in noisy ground"
        " glass (0.3), leaks -0.5 to 0.46 (random chests of 35, 50 and 80 HU noise).",
    )
    bright_percent: float = constant(
        75.0,
        "%",
        "Percentile of the lungs' voxels above which one is bright.",
        "Walls and vessels, and a fifth of plain parenchyma with its noise.",
    )
    reach: float = constant(
        0.1,
        "1",
        "How far outside of the lumen something bright is looked for, in diameters of the trachea.",
        "2 mm in an adult: the wall of a segmental bronchus with its blur.",
    )
    most_diameters: float = constant(
        64.0,
        "diameter³",
        "Air in a branch and all that it leads to, in cubes of its diameter, at most.",
        "Branches are three diameters long, and each generation holds as much air as the last:"
        " 2.4 diameter³. Scans show up to twelve of them (30), a short first stretch less wide.",
    )
    least_length: float = constant(
        1.5,
        "diameter",
        "Length of branches on average, in their own diameters, in a part of the tree that forks.",
        "Airways run three diameters from fork to fork (Weibel 1963): half of that. Parts of 0.2 mL"
        " and more: airways 2 to 10, leaks 0.5 to 1.4 (random chests of 20 to 80 HU noise).",
    )
    fewest_branches: int = constant(
        3,
        "1",
        "Fewer branches than this say nothing about how long branches are.",
        "One fork; the last branches are cut short by where growth ends.",
    )
    samples: int = constant(
        20000,
        "1",
        "Dark spots of the lungs, about, that tell what chance wants.",
        "Shares are known to half a percent, in no time.",
    )


CONSTANTS = LeakConstants()


def without_leaks(
    image: GrowthImage, branches: list[AirwayBranch], lung: np.ndarray
) -> list[AirwayBranch]:
    """Cut leaking parts off a tree, each at its root.

    Parameters
    ----------
    image : GrowthImage
        What the tree grew in.
    branches : list of AirwayBranch
        The tree, parents before their children.
    lung : numpy.ndarray
        Flat indices of voxels in the lungs, parenchyma for the most part.

    Returns
    -------
    list of AirwayBranch
        Those that are left.

    Notes
    -----
    Own method.
    """
    surface = _Surface(image, branches)
    above, total = surface.above_chance(lung)
    air = np.array([branch.size for branch in branches], float)
    length = np.array([len(branch.layers) for branch in branches], float)
    across = np.sqrt(4 / np.pi * air / np.maximum(length, 1))
    count = np.ones(len(branches))
    leaks = np.zeros(len(branches), bool)
    # From the tips: a sound branch must not be cut for the leak that hangs on it.
    for number in range(len(branches) - 1, -1, -1):
        branch = branches[number]
        diameter = np.sqrt(4 * max(branch.width, branch.root_width, 1) / np.pi)
        open_lumen = above[number] < CONSTANTS.enclosed * total[number]
        restless = length[number] < CONSTANTS.least_length * across[number]
        restless &= count[number] >= CONSTANTS.fewest_branches
        too_much = air[number] > CONSTANTS.most_diameters * diameter**3
        leaks[number] = open_lumen or restless or too_much
        if branch.parent >= 0 and not leaks[number]:
            for sums in (above, total, air, length, across, count):
                sums[branch.parent] += sums[number]
    for number, branch in enumerate(branches):
        leaks[number] |= branch.parent >= 0 and leaks[branch.parent]
    # The trachea was found by its shape, and stays.
    leaks[0] = False
    return [branch for branch, leak in zip(branches, leaks, strict=True) if not leak]


class _Surface:
    """What lies just outside of the voxels of a tree."""

    def __init__(self, image: GrowthImage, branches: list[AirwayBranch]) -> None:
        _, rows, columns = image.shape
        steps = np.array([1, columns, rows * columns])
        self.steps = np.concatenate([steps, -steps])
        self.image = image
        scale = branches[0].scale
        self.reach = max(2, scale.voxels(CONSTANTS.reach))
        self.branches = branches
        self.lumen = np.zeros(np.prod(image.shape), bool)
        for branch in branches:
            for layer in branch.layers:
                self.lumen[layer] = True

    def above_chance(self, lung: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ways out of each branch, and how many of them are bright beyond chance."""
        above, total = (np.zeros(len(self.branches)) for _ in range(2))
        if not len(lung):
            return total, total
        lung = lung[~self.lumen[lung]]
        hu = self.image.at(lung)
        median_hu, usual_hu = np.percentile(hu, (50, CONSTANTS.bright_percent))
        # What growth above the lungs' median leaves out is brighter still, be it wall or not.
        levels: dict[float, tuple[float, float]] = {}
        for number, branch in enumerate(self.branches):
            if not branch.layers:
                continue
            edge_hu = max(branch.threshold, median_hu)
            if edge_hu not in levels:
                left_out = hu[hu >= edge_hu]
                bright_hu = float(np.median(left_out)) if len(left_out) else usual_hu
                bright_hu = max(bright_hu, usual_hu)
                levels[edge_hu] = bright_hu, self._chance(lung[hu < edge_hu], edge_hu, bright_hu)
            bright_hu, chance = levels[edge_hu]
            ways = self._ways(np.concatenate(branch.layers))
            # Holes of noise and gaps between branches are not outside.
            out = ~np.logical_or.reduce([self.lumen[way] for way in ways])
            count = np.count_nonzero(out)
            bright = np.count_nonzero(self._brightest(ways)[out] > bright_hu)
            above[number] = (bright - chance * count) / (1 - chance)
            total[number] = count
        return above, total

    def _chance(self, dark: np.ndarray, threshold: float, bright_hu: float) -> float:
        """Share of ways out of dark spots in parenchyma that meet something bright."""
        dark = dark[:: max(1, len(dark) // CONSTANTS.samples)]
        ways = self._ways(dark)
        out = self.image.at(ways[0]) >= threshold
        bright = np.count_nonzero(self._brightest(ways)[out] > bright_hu)
        # One more of each kind: no share of 0 or 1 from a few spots.
        return (bright + 1) / (np.count_nonzero(out) + 2)

    def _ways(self, voxel: np.ndarray) -> list[np.ndarray]:
        """Voxels one, two and more steps away in six directions, one more than is searched."""
        last = len(self.lumen) - 1
        steps = range(1, self.reach + 2)
        return [np.clip(voxel[:, None] + far * self.steps, 0, last) for far in steps]

    def _brightest(self, ways: list[np.ndarray]) -> np.ndarray:
        """Attenuation of the brightest of the next voxels."""
        brightest: np.ndarray = np.maximum.reduce([self.image.at(way) for way in ways[:-1]])
        return brightest
