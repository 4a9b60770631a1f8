"""Controlled growth of an airway tree: fronts that stop where they would leak.

All branches grow at once, one voxel layer a step. Each branch has its own threshold; a branch whose
front grows wider than its parent has leaked into parenchyma, is taken back and grown again more
strictly. After Schlathölter et al. (SPIE 2002) and van Ginneken et al. (MICCAI 2008).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from ..model.constants import MethodConstants, constant
from .growth_image import GrowthImage


@dataclass(frozen=True)
class GrowthRules(MethodConstants):
    """When a growing branch counts as leaking."""

    widening: float = constant(
        1.8,
        "1",
        "A front this many times as wide as the parent's is a leak.",
        "Airways get narrower at forks. Chosen by eye on three scans.",
    )
    opening: float = constant(
        3.0,
        "1",
        "A front this many times as wide as the branch's first ones is a leak.",
        "Chosen by eye on three scans.",
    )
    first_diameters: float = constant(
        0.12,
        "1",
        "Length of a branch that shows how wide it began, in diameters of the trachea.",
        "2 mm in an adult: past the rounded front that comes out of a fork.",
    )
    least_width: float = constant(
        0.025,
        "1",
        "Fronts up to this share of the trachea's area never are a leak.",
        "A lumen a sixth as wide as the trachea: beyond the segmental bronchi.",
    )
    fewest_voxels: int = constant(
        8,
        "voxels",
        "Nor are fronts of so few voxels.",
        "Thin airways widen by a voxel or two, whatever a voxel's size.",
    )
    fewest_layers: int = constant(
        3,
        "voxels",
        "No length of a branch is judged by fewer fronts.",
        "One or two say how voxels lie, whatever a voxel's size.",
    )
    typical_diameters: float = constant(
        0.25,
        "1",
        "Shorter branches count as wide as their parent; in diameters of the trachea.",
        "So little says no more than the parent does.",
    )
    most_children: int = constant(
        4,
        "1",
        "More branches than this at one place are a leak.",
        "Airways fork in two, seldom in three. Chosen by eye on three scans.",
    )
    least_piece: float = constant(
        0.05,
        "1",
        "Smaller parts of a front, as a share of it, are noise and no branch.",
        "Chosen by eye on three scans.",
    )
    doubtful_diameters: float = constant(
        0.17,
        "1",
        "Length before a leak that may belong to it already, in diameters of the trachea.",
        "A leak opens over about its own width before its front is too wide.",
    )
    least_diameters: float = constant(
        0.12,
        "1",
        "Shorter ways than this between two forks are too short; in diameters of the trachea.",
        "Airways run some way between forks; parenchyma's gaps fork at once.",
    )
    most_restless: int = constant(
        2,
        "1",
        "Growth ends after so many forks that come too soon after one another.",
        "Chosen by eye on three scans.",
    )
    seed_width: float = constant(
        2.0,
        "1",
        "Width of the trachea's fronts, in seeds: a slice of its lumen.",
        "The first front goes up and down at once.",
    )


CONSTANTS = GrowthRules()


@dataclass(frozen=True)
class Scale:
    """Size of the trachea, which all lengths and widths of growth are measured by.

    Attributes
    ----------
    diameter, area : float
        Of its lumen, in voxels.
    """

    diameter: float
    area: float

    def voxels(self, diameters: float) -> int:
        """Voxels in a length that is given in diameters of the trachea."""
        return max(1, round(diameters * self.diameter))

    def layers(self, diameters: float) -> int:
        """Fronts in such a length; enough of them to tell more than how voxels lie."""
        return max(CONSTANTS.fewest_layers, self.voxels(diameters))


@dataclass
class AirwayBranch:
    """One stretch of airway between two bifurcations, while it grows.

    Attributes
    ----------
    threshold : float
        Voxels below it, HU, belong to the lumen.
    parent_width : float
        Voxels in a typical front of the branch it comes from.
    scale : Scale
        Size of the trachea.
    parent : int
        Place of the branch it comes from in the list that `grow_airways` gives; -1 for the first.
    layers : list of numpy.ndarray
        Flat voxel indices, front after front; the first is the branch's seed.
    before_leak : list of numpy.ndarray
        The most layers that any try had before it leaked.
    restless : int
        How many forks came too soon after one another before it.
    """

    threshold: float
    parent_width: float
    scale: Scale
    parent: int = -1
    layers: list[np.ndarray] = field(default_factory=list)
    before_leak: list[np.ndarray] = field(default_factory=list)
    restless: int = 0

    @property
    def size(self) -> int:
        """Voxels in it."""
        return sum(len(layer) for layer in self.layers)

    @property
    def root_width(self) -> float:
        """Voxels in its first fronts, on average; 0 if it has none."""
        first = self.layers[: self.scale.layers(CONSTANTS.first_diameters)]
        return sum(len(layer) for layer in first) / max(len(first), 1)

    @property
    def width(self) -> float:
        """Voxels in a typical front, at most the parent's; the shorter, the more it is as that."""
        if not self.layers:
            return self.parent_width
        typical = self.scale.layers(CONSTANTS.typical_diameters)
        own = float(np.median([len(layer) for layer in self.layers]))
        share = min(len(self.layers) / typical, 1)
        return self.parent_width + share * min(own - self.parent_width, 0)


def grow_airways(
    image: GrowthImage,
    seed: np.ndarray,
    thresholds: tuple[float, ...],
    scale: Scale,
    most_voxels: int,
) -> list[AirwayBranch]:
    """Grow an airway tree from a seed front.

    Parameters
    ----------
    image : GrowthImage
        Leveled attenuation.
    seed : numpy.ndarray
        Flat indices of the tracheal lumen in one slice.
    thresholds : tuple of float
        HU, tried in turn where a branch leaks, the loosest first.
    scale : Scale
        Size of the trachea.
    most_voxels : int
        A tree of more voxels than that has got lost in the lungs.

    Returns
    -------
    list of AirwayBranch
        The accepted branches, parents before their children; empty ones where growth was given up.
        No branch at all where growth got lost.
    """
    return _Growth(image, thresholds, scale).run(seed, most_voxels)


class _Growth:
    def __init__(self, image: GrowthImage, thresholds: tuple[float, ...], scale: Scale) -> None:
        self.rules = CONSTANTS
        self.scale = scale
        self.loosest_first = thresholds
        self.image = image
        _, rows, columns = image.shape
        # Zeros take no memory where growth never comes.
        self.owner = np.zeros(np.prod(image.shape), np.int32)
        self.place = np.zeros(self.owner.shape, np.int32)
        self.faces = np.array([1, columns, rows * columns])
        self.faces = np.concatenate([self.faces, -self.faces])
        steps = [(z, y, x) for z in (0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1)]
        offsets = [(z * rows + y) * columns + x for z, y, x in steps]
        self.half_neighbors = np.array([offset for offset in offsets if offset > 0])
        # Number 0 is "nobody"; branches are numbered from 1.
        self.branches: list[AirwayBranch] = [AirwayBranch(0, 0.0, scale)]
        self.thresholds = np.zeros(1024, np.float32)
        self.widths = np.zeros(1024)

    def run(self, seed: np.ndarray, most_voxels: int) -> list[AirwayBranch]:
        """Grow until no front moves, or too much has grown."""
        self.fronts: list[np.ndarray] = []
        width = self.rules.seed_width * len(seed)
        self._start(AirwayBranch(self.loosest_first[0], width, self.scale), seed)
        gone_through = 0
        # What is taken back and grown again counts, too: each threshold may go through it once.
        most = most_voxels * len(self.loosest_first)
        while self.fronts and gone_through <= most:
            front = np.concatenate(self.fronts)
            gone_through += len(front)
            self.fronts = []
            front, number = self._next_layer(front)
            if len(front):
                self._judge(front, number)
        if sum(branch.size for branch in self.branches) > most_voxels:
            return []
        return [] if self.fronts else self.branches[1:]

    def _start(self, branch: AirwayBranch, seed: np.ndarray) -> None:
        number = len(self.branches)
        if number == len(self.thresholds):
            self.thresholds = np.concatenate([self.thresholds, np.zeros_like(self.thresholds)])
            self.widths = np.concatenate([self.widths, np.zeros_like(self.widths)])
        self.branches.append(branch)
        self.thresholds[number] = branch.threshold
        self.widths[number] = branch.parent_width
        self.owner[seed] = number
        branch.layers = [seed]
        self.fronts.append(seed)

    def _next_layer(self, front: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Voxels beside the fronts that their branches may enter, and by which branch."""
        number = np.repeat(self.owner[front], len(self.faces))
        voxel = (front[:, None] + self.faces).ravel()
        free = self.owner[voxel] == 0
        voxel, number = voxel[free], number[free]
        dark = self.image.at(voxel) < self.thresholds[number]
        voxel, number = voxel[dark], number[dark]
        # Where two meet the one of the wider parent goes on: a mirrored scan has the mirrored tree.
        order = np.lexsort((-self.widths[number], voxel))
        voxel, number = voxel[order], number[order]
        first = np.diff(voxel, prepend=-1) > 0
        return voxel[first], number[first]

    def _judge(self, voxel: np.ndarray, number: np.ndarray) -> None:
        """Let each branch's new layer go on, fork, or be taken back."""
        self.owner[voxel] = number
        piece = self._pieces(voxel, number)
        order = np.lexsort((piece, number))
        voxel, number, piece = voxel[order], number[order], piece[order]
        new_branch = np.flatnonzero(np.diff(number, prepend=-1))
        for start, stop in zip(new_branch, [*new_branch[1:], len(voxel)], strict=True):
            branch_number = int(number[start])
            layer = voxel[start:stop]
            cuts = np.flatnonzero(np.diff(piece[start:stop])) + 1
            self._advance(branch_number, layer, np.split(layer, cuts))

    def _advance(self, number: int, layer: np.ndarray, pieces: list[np.ndarray]) -> None:
        branch = self.branches[number]
        least = max(self.rules.fewest_voxels, self.rules.least_width * self.scale.area)
        widest = max(least, self._allowed_width(branch))
        children = [p for p in pieces if len(p) >= self.rules.least_piece * len(layer)]
        if len(layer) > widest or len(children) > self.rules.most_children:
            self.owner[layer] = 0
            self._retry(number)
        elif len(children) == 1:
            branch.layers.append(layer)
            self.fronts.append(layer)
        else:
            soon = len(branch.layers) < self.scale.layers(self.rules.least_diameters)
            restless = branch.restless + 1 if soon else 0
            if restless > self.rules.most_restless:
                self.owner[layer] = 0
                return
            for piece in children:
                child = AirwayBranch(
                    branch.threshold, branch.width, self.scale, number - 1, restless=restless
                )
                self._start(child, piece)

    def _allowed_width(self, branch: AirwayBranch) -> float:
        """Voxels that the next front may have: not much wider than the parent, nor the branch."""
        own = self.rules.opening * branch.root_width
        return min(self.rules.widening * branch.parent_width, own)

    def _retry(self, number: int) -> None:
        """Take a leaking branch back and grow it more strictly, or give it up."""
        branch = self.branches[number]
        self.owner[np.concatenate(branch.layers)] = 0
        doubtful = self.scale.layers(self.rules.doubtful_diameters)
        seed, sound = branch.layers[0], branch.layers[:-doubtful]
        if len(sound) > len(branch.before_leak):
            branch.before_leak = sound
        branch.layers = []
        stricter = [t for t in self.loosest_first if t < branch.threshold]
        if not stricter:
            self._settle(number)
            return
        branch.threshold = stricter[0]
        self.thresholds[number] = branch.threshold
        seed = seed[self.image.at(seed) < branch.threshold]
        if len(seed):
            self.owner[seed] = number
            branch.layers = [seed]
            self.fronts.append(seed)
        else:
            self._settle(number)

    def _settle(self, number: int) -> None:
        """Keep what a branch had before it leaked, and let it grow no more."""
        branch = self.branches[number]
        branch.layers = branch.before_leak
        for layer in branch.layers:
            self.owner[layer] = number

    def _pieces(self, voxel: np.ndarray, number: np.ndarray) -> np.ndarray:
        """Give each voxel the number of its connected piece: 26 neighbors, same branch."""
        self.place[voxel] = np.arange(1, len(voxel) + 1)
        other = self.place[np.minimum(voxel[:, None] + self.half_neighbors, len(self.place) - 1)]
        self.place[voxel] = 0
        row, column = np.nonzero(other)
        joined = other[row, column] - 1
        same = number[joined] == number[row]
        row, joined = row[same], joined[same]
        # Rows come in order, so that the matrix needs no sorting: fronts are small and many.
        starts = np.searchsorted(row, np.arange(len(voxel) + 1))
        graph = csr_array((np.ones(len(row)), joined, starts), shape=(len(voxel),) * 2)
        return connected_components(graph, directed=False)[1]
