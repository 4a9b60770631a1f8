"""Where thin lines form a mesh, as in fibrosis, instead of a tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..lungs.hila import Hila, Places, ramp
from ..model.constants import MethodConstants, constant
from ..vessels.branches import Branches
from .cross_sections import CrossSections
from .mesh_lines import CONSTANTS as LINES
from .mesh_lines import Lattice, in_rim, open_ends, weigh_lines
from .tree_order import TreeOrder


@dataclass(frozen=True)
class MeshConstants(MethodConstants):
    """What tells a mesh of thin lines from a tree.

    Of evidence, the value that says nothing, and by how much the logarithm of the odds of a mesh
    rises: by each e-fold, or from no directions to all. Other pairs are the ends of a ramp.
    """

    flat: tuple[float, float] = constant(
        (0.135, 3.0),
        "1",
        "Evidence of the mean flatness of cross-sections.",
        "Lines of a mesh are edges of walls. Fitted by logistic regression, with the other three,"
        " to the lines of six random chests with fibrosis, of three without, and of three real"
        " scans without; lines of BV5 count by their blood. Medians in healthy lung and in"
        " fibrosis: 0.04 to 0.09 and 0.17 to 0.19.",
    )
    clear: tuple[float, float] = constant(
        (0.82, -10.0),
        "1",
        "Evidence of the mean share of directions free of neighbors.",
        "Fitted. Medians: 0.90 to 0.98 and 0.59 to 0.79.",
    )
    ends_per_mm: tuple[float, float] = constant(
        (0.11, 3.4),
        "1/mm",
        "Evidence of open ends by length of the lines.",
        "A spanning forest opens each cell of a mesh. Fitted. Medians: 0.04 to 0.07 and 0.16 to"
        " 0.18.",
    )
    mm_per_ml: tuple[float, float] = constant(
        (21.0, 3.7),
        "mm/mL",
        "Evidence of the length of lines by volume of lung.",
        "Walls come on top of vessels. Fitted. Medians: 13 to 21 and 24 to 36.",
    )
    most: float = constant(
        3.0,
        "1",
        "Largest logarithm of the odds, either way, that one kind of evidence has, and all have.",
        "Odds of 20: no sign decides alone, and no place outvotes its surroundings.",
    )
    least_lung: float = constant(
        0.1,
        "1",
        "Least share of lung around that the length of lines is divided by.",
        "Half of it is lung at a flat surface, an eighth in a corner, a third in the rim.",
    )
    doubt_mm_per_ml: float = constant(
        2.0,
        "mm/mL",
        "Length of lines by volume that count as a tree beforehand.",
        "A tenth of what a mesh has: a few lines at the edge of the lungs prove nothing.",
    )
    agreed: tuple[float, float] = constant(
        (0.5, 1.5),
        "1",
        "Mean logarithm of the odds around that is no mesh, and that is one.",
        "Disease fills volumes; around a fissure or a hilum the evidence is in spots. More than 0,"
        " as healthy lung is more frequent than fibrosis.",
    )
    vessel_mm2: tuple[float, float] = constant(
        (4.0, 8.0),
        "mm²",
        "Caliber from which a line in a mesh may be a vessel, if it has a way out.",
        "Thinner lines are walls for the most part (63 to 91 % of their blood), whatever their way"
        " out: cells share walls with vessels.",
    )
    vessel_way: tuple[float, float] = constant(
        (0.7, 1.0),
        "1",
        "Area at the narrowest place of the way out of the lung over the own area, of a line of a"
        " mesh and of a vessel in it.",
        "Vessels get wider towards the hilum: of 5 to 12 mm² half have 0.8 to 1 or more, lines of a"
        " mesh as wide 0.2 to 0.4.",
    )
    wide_mm2: tuple[float, float] = constant(
        (8.0, 16.0),
        "mm²",
        "Caliber from which a line in a mesh begins to be a vessel whatever its way, and is one.",
        "Lines of a mesh are not as wide; what is wide is judged by tree order already.",
    )


CONSTANTS = MeshConstants()

TINY = 1e-9
"""What quotients and logarithms are kept above."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Where thin lines form a mesh, on a coarse grid along the scan's axes.

    Attributes
    ----------
    share, rim : numpy.ndarray
        (z, y, x) how surely lines around do, of all depths and of the lungs' rim, 0 to 1.
    lattice : Lattice
        Places of these nodes.
    hila : Hila
        Knows which places are in the rim.
    """

    share: np.ndarray
    rim: np.ndarray
    lattice: Lattice
    hila: Hila

    def at(self, scan_mm: np.ndarray) -> np.ndarray:
        """Share (n,) at places (n, 3), mm along the scan's axes; 0 beyond the grid."""
        index = (scan_mm / LINES.step_mm - self.lattice.first).T
        share, rim = (
            ndimage.map_coordinates(values, index, order=1) for values in (self.share, self.rim)
        )
        return self._joined(share, rim, self.hila.depth_at(scan_mm))

    def on_chest(self) -> np.ndarray:
        """Share (z, y, x) on the coarse grid of a scan's survey."""
        offset = (self.hila.first_mm - self.lattice.first_mm) / LINES.step_mm
        scale = self.hila.step_mm / LINES.step_mm
        depth_mm = self.hila.depth_mm
        share, rim = (
            ndimage.affine_transform(values, scale, offset, output_shape=depth_mm.shape, order=1)
            for values in (self.share, self.rim)
        )
        return self._joined(share, rim, depth_mm)

    @staticmethod
    def _joined(share: np.ndarray, rim: np.ndarray, depth_mm: np.ndarray) -> np.ndarray:
        """Share of places by that of all depths and that of the rim."""
        return np.asarray(np.clip(np.maximum(share, rim * in_rim(depth_mm)), 0, 1))

    def lines(self, order: TreeOrder, places: Places) -> np.ndarray:
        """How surely (n,) each point is of a line of a mesh, 0 to 1.

        Vessels run through a mesh, too: those that get wider all the way to the hilum stay where
        they are wider than its lines.
        """
        way = ramp(order.way, CONSTANTS.vessel_way)
        wide = ramp(order.caliber_mm2, CONSTANTS.wide_mm2)
        vessel = ramp(order.caliber_mm2, CONSTANTS.vessel_mm2) * np.maximum(way, wide)
        return np.asarray(self.at(places.scan_mm) * (1 - vessel))


def find_mesh(
    branches: Branches,
    csa_mm2: np.ndarray,
    order: TreeOrder,
    sections: CrossSections,
    places: Places,
    hila: Hila,
) -> Mesh:
    """Find where thin lines form a mesh.

    Vessels are trees: their lines fork without loops, are long for the ends that they have, and
    are round. The lines of reticulation and honeycombing are edges of walls between cells: they go
    on sideways, have others close by, end often once their loops are opened, and fill the lung more
    densely. No line can be told by itself, as vessels run within the walls. Averaged over the
    surroundings, each of the four moves the odds that there is a mesh, within bounds; their
    logarithms add up, so that one sign that is weak in a scan, by its slices or its noise, does not
    hide the other three. Directions are no evidence: thick slices show few lines along their axis.
    The same is done once more with the lines of the lungs' rim alone, as disease may fill no more.

    Parameters
    ----------
    branches : Branches
        Centerlines; n points.
    csa_mm2 : numpy.ndarray
        (n,) areas; what noise draws is no evidence.
    order : TreeOrder
        Their calibers; wide lines, and what lies beside them, are no evidence.
    sections : CrossSections
        What was read across them.
    places : Places
        Where the points are in the scan.
    hila : Hila
        Of the same scan; it knows how deep places lie in the lungs.

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
        nothing = np.zeros((1, 1, 1))
        return Mesh(nothing, nothing, Lattice(np.zeros(3), nothing.shape), hila)
    lattice = Lattice.around(at_mm)
    depth_mm = hila.depth_at(at_mm)
    weight = weigh_lines(branches, csa_mm2, order.caliber_mm2, depth_mm)
    lines = _Lines(at_mm, branches.step_mm, open_ends(branches), sections.flatness, sections.clean)
    share = _share(lines, weight, lattice, lattice.lung(hila))
    rim = _share(lines, weight * in_rim(depth_mm), lattice, lattice.lung(hila, rim=True))
    return Mesh(share, rim, lattice, hila)


@dataclass(frozen=True, eq=False)
class _Lines:
    """Points of lines, n of them: where they are, what each stands for, and their evidence."""

    at_mm: np.ndarray
    step_mm: np.ndarray
    open_ends: np.ndarray
    flatness: np.ndarray
    clean: np.ndarray


def _share(lines: _Lines, weight: np.ndarray, lattice: Lattice, lung: np.ndarray) -> np.ndarray:
    """How surely (z, y, x) lines of such weights (n,), in a share of lung, form a mesh."""
    some = np.flatnonzero(weight > 0)
    sums = lattice.sums(lines.at_mm[some])
    weight = weight[some]
    length_mm = lines.step_mm[some] * weight
    total = sums(length_mm)
    known = np.maximum(total, TINY)
    node_ml = LINES.step_mm**3 / 1000
    per_ml = total / node_ml / np.maximum(lung, CONSTANTS.least_lung)
    log_odds = (
        _by_fold(sums(length_mm * np.clip(lines.flatness[some], 0, 1)) / known, CONSTANTS.flat)
        + _by_fold(sums(weight * lines.open_ends[some]) / known, CONSTANTS.ends_per_mm)
        + _by_fold(per_ml, CONSTANTS.mm_per_ml)
        + _bounded(sums(length_mm * lines.clean[some]) / known, CONSTANTS.clear)
    )
    log_odds = np.clip(log_odds, -CONSTANTS.most, CONSTANTS.most)
    around = lattice.smoothed(log_odds * total)
    around /= lattice.smoothed(total) + CONSTANTS.doubt_mm_per_ml * node_ml
    return ramp(around, CONSTANTS.agreed)


def _bounded(values: np.ndarray, evidence: tuple[float, float]) -> np.ndarray:
    """Logarithm of the odds of a mesh by values, one kind of evidence."""
    middle, rise = evidence
    return np.asarray(np.clip(rise * (values - middle), -CONSTANTS.most, CONSTANTS.most))


def _by_fold(values: np.ndarray, evidence: tuple[float, float]) -> np.ndarray:
    """Do the same by the logarithm of values."""
    middle, rise = evidence
    return _bounded(np.log(np.maximum(values / middle, TINY)), (0.0, rise))
