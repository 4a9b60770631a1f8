"""Which lines tell a mesh from a tree, how much each counts, and where it is summed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..lungs.hila import Hila, ramp
from ..model.constants import MethodConstants, constant
from ..numerics.grid_spread import GridSpread
from ..numerics.neighbors import nearest
from ..vessels.branches import Branches
from .tree_order import CONSTANTS as ORDER


@dataclass(frozen=True)
class MeshLineConstants(MethodConstants):
    """Which lines are evidence; pairs are the ends of a ramp."""

    step_mm: float = constant(
        4.0, "mm", "Spacing of the grid that lines are averaged on.", "Less than `around_mm`."
    )
    around_mm: float = constant(
        5.0,
        "mm",
        "Standard deviation of the Gaussian that lines are averaged with.",
        "Takes in some ten lines; cells of honeycombs and secondary lobules are 3 to 20 mm wide.",
    )
    seen_mm2: tuple[float, float] = constant(
        (0.3, 0.9),
        "mm²",
        "Area from which a line begins to be evidence, and is in full.",
        "Lines in the noise are thinner; they hold no blood that counts, and end as often as those"
        " of a mesh. The floor of BV5 is above.",
    )
    depth_mm: tuple[float, float] = constant(
        (-1.0, 1.5),
        "mm",
        "Depth below the lungs' surface from which lines begin to be evidence, and are in full.",
        "The surface is known to half a coarse voxel of 2.2 mm. Fibrosis begins at the pleura.",
    )
    rim_mm: tuple[float, float] = constant(
        (6.0, 3.0),
        "mm",
        "Depth from which lines are no evidence of a rim under the pleura, and are in full.",
        "Fibrosis begins under the pleura, often as a rim thinner than `around_mm`. Deep enough for"
        " a cell or two. Tried beside (8, 4), which found a little less on two random chests.",
    )
    beside_mm: tuple[float, float] = constant(
        (1.0, 4.0),
        "mm",
        "Gap to the surface of a wide vessel from which a line begins to be evidence, and is in"
        " full.",
        "There its neighbor is that vessel, and a sharp kernel draws its edge. The widest gap is"
        " about twice the blur.",
    )


CONSTANTS = MeshLineConstants()


@dataclass(frozen=True, eq=False)
class Lattice:
    """Nodes that stay where they are when the outermost line comes or goes.

    Attributes
    ----------
    first : numpy.ndarray
        (3,) place of the first node in steps from the scan's first voxel.
    shape : tuple of int
        Number of nodes (z, y, x).
    """

    first: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def around(cls, points_mm: np.ndarray) -> Lattice:
        """Nodes with room for the Gaussian around points (n, 3), mm along the scan's axes."""
        room = np.ceil(3 * CONSTANTS.around_mm / CONSTANTS.step_mm)
        first = np.floor(points_mm.min(axis=0) / CONSTANTS.step_mm) - room
        size = np.ceil(points_mm.max(axis=0) / CONSTANTS.step_mm) + room + 1 - first
        return cls(first, tuple(size.astype(int).tolist()))

    @property
    def first_mm(self) -> np.ndarray:
        """Place (3,) of the first node, mm from the scan's first voxel."""
        return self.first * CONSTANTS.step_mm

    def smoothed(self, values: np.ndarray) -> np.ndarray:
        """Values (z, y, x) of the nodes, averaged with the Gaussian."""
        return np.asarray(ndimage.gaussian_filter(values, CONSTANTS.around_mm / CONSTANTS.step_mm))

    def sums(self, points_mm: np.ndarray) -> GridSpread:
        """Sum values of points (n, 3) on the nodes, averaged with the Gaussian."""
        index = points_mm / CONSTANTS.step_mm - self.first
        return GridSpread(index, self.shape, CONSTANTS.around_mm / CONSTANTS.step_mm)

    def lung(self, hila: Hila, rim: bool = False) -> np.ndarray:
        """Share (z, y, x) around each node that is lung, or its rim, where lines are evidence."""
        counts = ramp(hila.depth_mm, CONSTANTS.depth_mm)
        if rim:
            counts *= in_rim(hila.depth_mm)
        around = ndimage.gaussian_filter(
            counts.astype(np.float32), CONSTANTS.around_mm / hila.step_mm, mode="constant"
        )
        offset = (self.first_mm - hila.first_mm) / hila.step_mm
        scale = CONSTANTS.step_mm / hila.step_mm
        return np.asarray(
            ndimage.affine_transform(around, scale, offset, output_shape=self.shape, order=1)
        )


def weigh_lines(
    branches: Branches, csa_mm2: np.ndarray, caliber_mm2: np.ndarray, depth_mm: np.ndarray
) -> np.ndarray:
    """How much each point counts as evidence of a mesh or of a tree.

    Wide lines do not, and neither does what noise draws, what lies at the lungs' surface, or what
    has a wide vessel beside it.

    Parameters
    ----------
    branches : Branches
        Centerlines; n points.
    csa_mm2 : numpy.ndarray
        (n,) areas.
    caliber_mm2 : numpy.ndarray
        (n,) area of the widest line that each point lies in.
    depth_mm : numpy.ndarray
        (n,) depth below the lungs' surface.

    Returns
    -------
    numpy.ndarray
        (n,) 0 to 1.
    """
    weight = 1 - ramp(caliber_mm2, ORDER.judged_mm2)
    weight *= ramp(csa_mm2, CONSTANTS.seen_mm2) * ramp(depth_mm, CONSTANTS.depth_mm)
    wide = np.flatnonzero(caliber_mm2 > ORDER.judged_mm2[0])
    if len(wide):
        radius_mm = np.sqrt(caliber_mm2[wide] / np.pi)
        distance_mm, index = nearest(
            cKDTree(branches.position_mm[wide]),
            branches.position_mm,
            within=CONSTANTS.beside_mm[1] + radius_mm.max(),
        )
        near = np.flatnonzero(index < len(wide))
        neighbor = index[near]
        free = ramp(distance_mm[near] - radius_mm[neighbor], CONSTANTS.beside_mm)
        weight[near] *= 1 - (1 - free) * ramp(caliber_mm2[wide][neighbor], ORDER.judged_mm2)
    return np.asarray(weight)


def in_rim(depth_mm: np.ndarray) -> np.ndarray:
    """How surely places of such depths are in the rim of the lungs, 0 to 1."""
    return ramp(depth_mm, CONSTANTS.rim_mm)


def open_ends(branches: Branches) -> np.ndarray:
    """Count open ends at each point (n,): ends of branches that meet no other."""
    _, number, times = np.unique(branches.end_node.ravel(), return_inverse=True, return_counts=True)
    is_open = (times == 1)[number.reshape(-1)]
    end = np.stack([branches.branch_start[:-1], branches.branch_start[1:] - 1], axis=1).ravel()
    return np.bincount(end, is_open, minlength=len(branches.position_mm))
