"""Airless tissue between lungs and ribs: fluid, or lung that cannot be told from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.size_classes import LungLabel
from .costal import Rays, ribs
from .survey import Chest


@dataclass(frozen=True)
class RibSpaceConstants(MethodConstants):
    """Where airless tissue between lungs and ribs is looked for, and how much is too much."""

    wall_mm: float = constant(
        4.0,
        "mm",
        "Tissue between lung and ribs that is no wonder.",
        "Pleura, fat and muscle inside the ribs, and a coarse voxel's blur.",
    )
    wide_slice: float = constant(
        0.6,
        "1",
        "Share of a lung's largest axial area from which a slice is above most of the diaphragm.",
        "Below, liver, spleen and stomach lie beside the ribs.",
    )
    medial: float = constant(
        0.3,
        "1",
        "Distance from the middle, as a share of the half-width, within which none is looked for.",
        "Spine, aorta and heart.",
    )
    inner: float = constant(
        0.4,
        "1",
        "Where a direction in which there is no lung begins, as a share of the way to the ribs.",
        "Heart and vessels lie further in.",
    )
    rib_ml: float = constant(
        0.1,
        "mL",
        "Smallest dense piece outside of the lungs that is part of a rib.",
        "Ribs of thin children show as crumbs of a few coarse voxels; noise has smaller ones.",
    )
    rib_gap: float = constant(
        0.1,
        "1",
        "Half of the distance over which ribs are joined, as a share of the half-width.",
        "Ribs are 25 mm apart in an adult, on a slope.",
    )
    notable: float = constant(
        0.01,
        "1",
        "Share of a lung's volume from which such tissue is reported.",
        "Lungs without fluid and consolidation have 0.002 to 0.004.",
    )
    fluid_ml: float = constant(
        10.0,
        "mL",
        "Fluid around the lungs from which it is reported.",
        "The healthy pleural space holds less.",
    )
    fluid_edge_voxels: int = constant(
        2,
        "voxels",
        "Coarse voxels around fluid that are its blurred edge.",
        "One that is partly fluid, and room for one more. Chosen by eye.",
    )
    joined_rays: int = constant(
        3,
        "1",
        "Neighboring directions over which ribs are joined.",
        "9 degrees: 12 mm at the ribs of an adult.",
    )
    too_much: float = constant(
        0.04,
        "1",
        "Share from which a lung cannot be trusted to be whole.",
        "Above most of the diaphragm alone: as much again lies lower, where it is not seen.",
    )


CONSTANTS = RibSpaceConstants()


def airless_at_ribs(
    chest: Chest, sides: list[np.ndarray], fluid: np.ndarray | None = None
) -> list[float]:
    """Measure airless tissue between each lung and the ribs, above most of the diaphragm.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.
    sides : list of numpy.ndarray
        Bool, coarse: right and left lung.
    fluid : numpy.ndarray, optional
        Bool, coarse: what is known to be fluid, which does not count.

    Returns
    -------
    list of float
        Volumes as a share of each lung's.
    """
    lungs = sides[0] | sides[1]
    rays = Rays.around(lungs, chest)
    lateral = rays.off_middle_mm > CONSTANTS.medial * rays.half_width_mm
    bone = ribs(chest, rays, rays.outermost(lungs), CONSTANTS.medial, CONSTANTS.rib_ml)
    inner_mm = _inside(bone, chest, rays)
    dense = (chest.hu.array > chest.half_hu) & ~bone & ~lungs & lateral
    if fluid is not None:
        dense &= ~ndimage.binary_dilation(fluid, iterations=CONSTANTS.fluid_edge_voxels)
    middle = np.flatnonzero(lungs.any(axis=(0, 1)))[[0, -1]].mean()
    columns = np.arange(lungs.shape[2])
    shares = []
    areas = [side.sum(axis=(1, 2)) for side in sides]
    wide = [area >= CONSTANTS.wide_slice * area.max() for area in areas]
    for number, beside in enumerate((columns < middle, columns > middle)):
        side, area = sides[number], areas[number]
        outermost = rays.outermost(side)
        space = np.zeros_like(side)
        # A lung without an airless lobe is narrow where the other one is wide.
        counted = wide[number] | (wide[1 - number] & np.logical_or.accumulate(wide[number]))
        for z in np.flatnonzero(counted):
            to_ribs = inner_mm[z][rays.ray]
            begin = np.maximum(outermost[z][rays.ray], CONSTANTS.inner * to_ribs)
            space[z] = (rays.radius_mm > begin) & (rays.radius_mm < to_ribs) & dense[z] & beside
        shares.append(float(np.count_nonzero(space)) / max(1.0, float(area.sum())))
    return shares


def _inside(bone: np.ndarray, chest: Chest, rays: Rays) -> np.ndarray:
    """Distance (z, ray) from the axis to the wall inside the ribs, mm; 0 where there are none."""
    z, y, x = np.nonzero(bone)
    nearest = np.full((len(bone), int(rays.ray.max()) + 1), np.inf, np.float32)
    np.minimum.at(nearest, (z, rays.ray[y, x]), rays.radius_mm[y, x])
    slices = int(CONSTANTS.rib_gap * rays.half_width_mm / chest.grid.spacing[2])
    joined = ndimage.minimum_filter(
        nearest, size=(2 * slices + 1, CONSTANTS.joined_rays), mode=("nearest", "wrap")
    )
    return np.asarray(np.where(np.isfinite(joined), joined - CONSTANTS.wall_mm, 0.0))


def rib_space_finding(
    chest: Chest, sides: list[np.ndarray], fluid: np.ndarray | None = None
) -> Finding | None:
    """Report airless tissue between lungs and ribs; None if there is little.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.
    sides : list of numpy.ndarray
        Bool, coarse: right and left lung.
    fluid : numpy.ndarray, optional
        Bool, coarse: what is known to be fluid.

    Returns
    -------
    Finding or None
        Its value is % of the lung that has more.
    """
    shares = airless_at_ribs(chest, sides, fluid)
    share = max(shares)
    if share < CONSTANTS.notable:
        return None
    number = shares.index(share)
    name = list(LungLabel)[number].name.lower()
    volume_ml = share * chest.volume_ml(sides[number])
    much = share >= CONSTANTS.too_much
    advice = ": the numbers cannot be used; give a lung mask" if much else ""
    return Finding(
        "airless_at_ribs",
        Severity.ERROR if much else Severity.WARNING,
        f"Between the {name} lung and the ribs lies tissue without air, {volume_ml:.0f} mL or"
        f" {100 * share:.0f} % of the lung's volume: fluid, or airless lung that is not in the"
        f" lungs that were found{advice}.",
        100 * share,
    )


def fluid_finding(chest: Chest, fluid: np.ndarray | None) -> Finding | None:
    """Report fluid around the lungs; None if there is little.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.
    fluid : numpy.ndarray or None
        Bool, coarse.

    Returns
    -------
    Finding or None
        Its value is mL.
    """
    volume_ml = 0.0 if fluid is None else chest.volume_ml(fluid)
    if volume_ml < CONSTANTS.fluid_ml:
        return None
    return Finding(
        "pleural_fluid",
        Severity.INFO,
        f"Between lungs and ribs, above most of the diaphragm, lie {volume_ml:.0f} mL of fluid,"
        " which are no lung.",
        volume_ml,
    )
