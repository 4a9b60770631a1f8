"""Where thin lines form a mesh, as in fibrosis, instead of a tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..lungs.anatomy import Anatomy
from ..lungs.hila import Places, ramp
from ..model.constants import MethodConstants, constant
from ..numerics.grid_spread import GridSpread
from ..vessels.branches import Branches
from .cross_sections import CrossSections
from .tree_order import CONSTANTS as ORDER
from .tree_order import TreeOrder


@dataclass(frozen=True)
class MeshConstants(MethodConstants):
    """What tells a mesh of thin lines from a tree; pairs are the ends of a ramp."""

    step_mm: float = constant(
        4.0, "mm", "Spacing of the grid that lines are averaged on.", "Less than `around_mm`."
    )
    around_mm: float = constant(
        5.0,
        "mm",
        "Standard deviation of the Gaussian that lines are averaged with.",
        "Takes in some ten lines; cells of honeycombs and secondary lobules are 3 to 20 mm wide.",
    )
    flat: tuple[float, float] = constant(
        (0.08, 0.12),
        "1",
        "Mean flatness of cross-sections, of a tree and of a mesh.",
        "Lines of a mesh are edges of walls. Random chests: below 0.1 for 95 % of the lines of"
        " healthy lung, above 0.1 for 95 % in fibrosis.",
    )
    ends_per_mm: tuple[float, float] = constant(
        (0.10, 0.14),
        "1/mm",
        "Open ends by length of the lines, of a tree and of a mesh.",
        "A spanning forest opens each cell of a mesh. Random chests: below 0.1 for 95 % of healthy"
        " lung, above 0.14 for 95 % in fibrosis.",
    )
    clear: tuple[float, float] = constant(
        (0.92, 0.86),
        "1",
        "Mean share of directions free of neighbors, of a tree and of a mesh.",
        "Random chests: above 0.88 for 90 % of healthy lung, below 0.87 for 95 % in fibrosis.",
    )
    uneven_hu: tuple[float, float] = constant(
        (28.0, 42.0),
        "HU",
        "Standard deviation of the lines' surroundings, of a tree and of a mesh.",
        "Cells hold air, or denser lung. Random chests and an angiogram: below 40 HU for 75 % of"
        " healthy lung, above 47 HU for 95 % in fibrosis.",
    )
    mm_per_ml: tuple[float, float] = constant(
        (18.0, 26.0),
        "mm/mL",
        "Length of thin lines by volume, of a tree and of a mesh.",
        "Walls come on top of vessels. Random chests in fibrosis: 36 in the median, above 22 for"
        " 95 %. In consolidated lung of COVID-19, where few vessels are seen: 13 to 19.",
    )
    agreed: tuple[float, float] = constant(
        (0.4, 0.7),
        "1",
        "Mean of the evidence around that is no mesh, and that is one.",
        "Disease fills volumes; around a fissure or a hilum the evidence is in spots.",
    )
    least_mm_per_ml: float = constant(
        0.5,
        "mm/mL",
        "Length of lines by volume below which nothing is said.",
        "A twentieth of what healthy lung has.",
    )


CONSTANTS = MeshConstants()


@dataclass(frozen=True, eq=False)
class Mesh:
    """Where thin lines form a mesh, on a coarse grid along the scan's axes.

    Attributes
    ----------
    share : numpy.ndarray
        (z, y, x) how surely they do, 0 to 1.
    first_mm : numpy.ndarray
        (3,) place of the first node, mm from the scan's first voxel.
    """

    share: np.ndarray
    first_mm: np.ndarray

    def at(self, scan_mm: np.ndarray) -> np.ndarray:
        """Share (n,) at places (n, 3), mm along the scan's axes; 0 beyond the grid."""
        index = (scan_mm - self.first_mm) / CONSTANTS.step_mm
        share = ndimage.map_coordinates(self.share, index.T, order=1)
        return np.asarray(np.clip(share, 0, 1))

    def on_chest(self, anatomy: Anatomy) -> np.ndarray:
        """Share (z, y, x) on the coarse grid of a scan's survey."""
        hila = anatomy.hila
        offset = (hila.first_mm - self.first_mm) / CONSTANTS.step_mm
        scale = np.asarray(hila.step_mm) / CONSTANTS.step_mm
        shape = anatomy.chest.hu.array.shape
        return np.asarray(
            ndimage.affine_transform(self.share, scale, offset, output_shape=shape, order=1)
        )

    def lines(self, order: TreeOrder, places: Places) -> np.ndarray:
        """How surely (n,) each point is of a thin line of a mesh, 0 to 1."""
        thin = 1 - ramp(order.caliber_mm2, ORDER.judged_mm2)
        return np.asarray(self.at(places.scan_mm) * thin)


def find_mesh(
    branches: Branches, order: TreeOrder, sections: CrossSections, places: Places
) -> Mesh:
    """Find where thin lines form a mesh.

    Vessels are trees: their lines fork without loops, are long for the ends that they have, and
    are round. The lines of reticulation and honeycombing are edges of walls between cells: they go
    on sideways, have others close by, end often once their loops are opened, fill the lung more
    densely, and air of the cells alternates with denser lung beside them. No line can be told by
    itself, as vessels run within the walls; all of this evidence together, averaged over the
    surroundings, tells where a mesh is. Directions are no evidence: thick slices show few lines
    along their axis.

    Parameters
    ----------
    branches : Branches
        Centerlines; n points.
    order : TreeOrder
        Their calibers; wide lines are no evidence.
    sections : CrossSections
        What was read across them.
    places : Places
        Where the points are in the scan.

    Returns
    -------
    Mesh
        Continuous in all of them.

    Notes
    -----
    Own method. Patterns after Hansell DM et al. Fleischner Society: glossary of terms for thoracic
    imaging. Radiology 2008;246:697-722.
    """
    at_mm = places.scan_mm
    if len(at_mm) == 0:
        return Mesh(np.zeros((1, 1, 1)), np.zeros(3))
    # Nodes stay where they are when the outermost line comes or goes.
    room = np.ceil(3 * CONSTANTS.around_mm / CONSTANTS.step_mm)
    first = np.floor(at_mm.min(axis=0) / CONSTANTS.step_mm) - room
    size = np.ceil(at_mm.max(axis=0) / CONSTANTS.step_mm) + room + 1 - first
    sigma = CONSTANTS.around_mm / CONSTANTS.step_mm
    shape = tuple(size.astype(int).tolist())
    spread = GridSpread(at_mm / CONSTANTS.step_mm - first, shape, sigma)
    thin = 1 - ramp(order.caliber_mm2, ORDER.judged_mm2)
    length_mm = branches.step_mm * thin
    total = spread(length_mm)
    least = CONSTANTS.least_mm_per_ml / 1000 * CONSTANTS.step_mm**3
    known = np.maximum(total, least)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(spread(length_mm * values) / known)

    hu = np.asarray(sections.background_hu, float)
    uneven_hu = np.sqrt(np.maximum(mean(hu**2) - mean(hu) ** 2, 0))
    evidence = ramp(uneven_hu, CONSTANTS.uneven_hu)
    evidence *= ramp(mean(np.clip(sections.flatness, 0, 1)), CONSTANTS.flat)
    evidence *= ramp(mean(sections.clean), CONSTANTS.clear)
    evidence *= ramp(spread(_open_ends(branches) * thin) / known, CONSTANTS.ends_per_mm)
    per_ml = total / (CONSTANTS.step_mm**3 / 1000)
    evidence *= ramp(per_ml, CONSTANTS.mm_per_ml)
    around = ndimage.gaussian_filter(evidence * total, sigma)
    around /= np.maximum(ndimage.gaussian_filter(total, sigma), least)
    return Mesh(ramp(around, CONSTANTS.agreed), first * CONSTANTS.step_mm)


def _open_ends(branches: Branches) -> np.ndarray:
    """Count open ends at each point (n,): ends of branches that meet no other."""
    _, number, times = np.unique(branches.end_node.ravel(), return_inverse=True, return_counts=True)
    is_open = (times == 1)[number.reshape(-1)]
    end = np.stack([branches.branch_start[:-1], branches.branch_start[1:] - 1], axis=1).ravel()
    return np.bincount(end, is_open, minlength=len(branches.position_mm))
