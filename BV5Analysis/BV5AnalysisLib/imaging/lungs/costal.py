"""The costal surface: where the lungs end at the ribs, also where consolidation hides it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from .survey import Chest


@dataclass(frozen=True)
class CostalConstants(MethodConstants):
    """Tuned numbers of the costal surface; shares are of the chest's inner half-width."""

    rays: int = constant(
        120,
        "1",
        "Directions around the chest's axis.",
        "3 degrees, 5 mm at the ribs of an adult: two coarse voxels.",
    )
    widest_degrees: float = constant(
        50.0,
        "deg",
        "Width of the widest gap in the costal surface that is bridged.",
        "A quarter of a lung's costal surface, which is close to a circle's arc over it.",
    )
    highest: float = constant(
        0.6,
        "1",
        "Height of the highest gap that is bridged, as a share.",
        "As long as `widest_degrees` are wide: 80 mm in an adult.",
    )
    deepest: float = constant(
        0.35,
        "1",
        "Depth below the costal surface that is lung wherever it is bridged, as a share.",
        "Half way from the ribs to the hilum.",
    )
    medial: float = constant(
        0.4,
        "1",
        "Distance from the middle within which nothing is bridged, as a share.",
        "Spine, aorta, sternum and the heart behind it bulge into the lungs there.",
    )
    near_bone: float = constant(
        0.2,
        "1",
        "Distance from ribs within which the surface is costal, as a share.",
        "Ribs are as far apart: 25 mm in an adult.",
    )
    column_below: float = constant(
        0.25,
        "1",
        "Least lung further down in a column, by the lung further up.",
        "Liver, spleen and stomach have lung above, and at most the thin edge of a sulcus below.",
    )
    bone_hu: float = constant(
        200.0,
        "HU",
        "Attenuation above which a coarse voxel is bone.",
        "Above soft tissue with little contrast agent.",
    )
    bone_ml: float = constant(
        1.0,
        "mL",
        "Smallest piece of dense voxels that is bone.",
        "Calcified nodes and vessel walls are smaller.",
    )


CONSTANTS = CostalConstants()


@dataclass(frozen=True, eq=False)
class Rays:
    """Coarse voxels in cylinder coordinates around the chest's axis.

    Attributes
    ----------
    ray : numpy.ndarray
        Int (y, x): direction of a column of voxels.
    radius_mm : numpy.ndarray
        Float32 (y, x): its distance from the axis.
    off_middle_mm : numpy.ndarray
        Float (x,): distance from the sagittal plane through the axis.
    half_width_mm : float
        Half of the lungs' common width.
    """

    ray: np.ndarray
    radius_mm: np.ndarray
    off_middle_mm: np.ndarray
    half_width_mm: float

    @classmethod
    def around(cls, lungs: np.ndarray, chest: Chest) -> Rays:
        """Rays from the middle between the sides, and between front and back, of the lungs."""
        spacing = chest.grid.spacing_zyx
        y, x = (np.flatnonzero(lungs.any(axis=(0, 3 - axis))) for axis in (1, 2))
        center_y, center_x = (y[0] + y[-1]) / 2, (x[0] + x[-1]) / 2
        across = (np.arange(lungs.shape[2]) - center_x) * spacing[2]
        along = (np.arange(lungs.shape[1]) - center_y) * spacing[1]
        angle = np.arctan2(along[:, None], across[None, :])
        # Half a step off, so that no ray lies on the plane of symmetry.
        ray = np.floor((angle / (2 * np.pi) + 1) * CONSTANTS.rays).astype(int) % CONSTANTS.rays
        radius = np.hypot(along[:, None], across[None, :]).astype(np.float32)
        return cls(ray, radius, np.abs(across), (x[-1] - x[0] + 1) * float(spacing[2]) / 2)

    def outermost(self, mask: np.ndarray) -> np.ndarray:
        """Largest radius of a mask in each slice and direction, mm; 0 where there is none."""
        out = np.zeros((mask.shape[0], CONSTANTS.rays), np.float32)
        z, y, x = np.nonzero(mask)
        np.maximum.at(out, (z, self.ray[y, x]), self.radius_mm[y, x])
        return out


def costal_gaps(lungs: np.ndarray, chest: Chest) -> np.ndarray:
    """Find dense tissue between the lungs and the surface that they have along the ribs.

    Seen from the chest's axis, the outermost air of the lungs makes a smooth surface inside the
    ribs. A gap in it with lung on all sides, and lung further down, is consolidated lung, a mass
    or thickened pleura. A gap that is open at the bottom is the diaphragm, or fluid.

    Parameters
    ----------
    lungs : numpy.ndarray
        Bool, coarse: aerated lung of both sides.
    chest : Chest
        The surveyed scan.

    Returns
    -------
    numpy.ndarray
        Bool, coarse.
    """
    rays = Rays.around(lungs, chest)
    outermost = rays.outermost(lungs)
    bridged = _bridged(outermost, rays.half_width_mm / chest.grid.spacing[2])
    lower = np.maximum.accumulate(outermost > 0, axis=0)
    bridged[~lower] = 0
    depth_mm = CONSTANTS.deepest * rays.half_width_mm
    bone = ribs(chest, rays, outermost, CONSTANTS.medial, CONSTANTS.bone_ml)
    near_ribs = _near(bone, chest, rays)
    gaps = np.zeros_like(lungs)
    for z in np.flatnonzero((bridged > outermost).any(axis=1)):
        outer, inner = bridged[z][rays.ray], outermost[z][rays.ray]
        here = (rays.radius_mm <= outer) & (rays.radius_mm > np.maximum(inner, outer - depth_mm))
        gaps[z] = here & near_ribs[z]
    gaps &= ~lungs & (chest.hu.array < CONSTANTS.bone_hu) & _above_lung(lungs)
    return gaps


def _above_lung(lungs: np.ndarray) -> np.ndarray:
    """Bool: enough lung further down in the same column, as is not so below the diaphragm."""
    below = np.cumsum(lungs, axis=0, dtype=np.int32)
    above = below[-1] - below
    enough: np.ndarray = (below > 0) & (below >= CONSTANTS.column_below * above)
    return enough


def _bridged(outermost: np.ndarray, half_width: float) -> np.ndarray:
    """Surface whose gaps are closed; `half_width` in slices."""
    wide = 2 * int(CONSTANTS.widest_degrees / 720 * CONSTANTS.rays) + 1
    high = 2 * int(CONSTANTS.highest * half_width / 2) + 1
    # Beyond the lowest and the highest slice the surface goes on as there.
    padded = np.pad(outermost, [(high, high), (0, 0)], mode="edge")
    padded = np.pad(padded, [(0, 0), (wide, wide)], mode="wrap")
    closed: np.ndarray = ndimage.grey_closing(padded, size=(high, wide))
    return closed[high:-high, wide:-wide].copy()


def ribs(
    chest: Chest, rays: Rays, outermost: np.ndarray, medial: float, least_ml: float
) -> np.ndarray:
    """Find bones around the lungs.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.
    rays : Rays
        Around the lungs.
    outermost : numpy.ndarray
        What `Rays.outermost` gives for the lungs: enhanced vessels within them are no bone.
    medial : float
        Distance from the middle within which bone is spine or sternum, as a share of the
        half-width.
    least_ml : float
        Smallest piece of dense voxels that is bone.

    Returns
    -------
    numpy.ndarray
        Bool, coarse.
    """
    dense = chest.hu.array > CONSTANTS.bone_hu
    dense &= rays.off_middle_mm > medial * rays.half_width_mm
    for z in np.flatnonzero(dense.any(axis=(1, 2))):
        dense[z] &= rays.radius_mm > outermost[z][rays.ray]
    labels, _ = ndimage.label(dense)
    sizes = np.bincount(labels.ravel()) * chest.grid.voxel_volume_ml
    sizes[0] = 0
    bone: np.ndarray = (sizes >= least_ml)[labels]
    return bone


def _near(bone: np.ndarray, chest: Chest, rays: Rays) -> np.ndarray:
    """Bool, coarse: near bones, and not near the middle."""
    reach = CONSTANTS.near_bone * rays.half_width_mm / chest.grid.spacing_zyx
    near = bone.astype(np.float32)
    for axis, voxels in enumerate(reach):
        near = ndimage.maximum_filter1d(near, 2 * int(voxels) + 1, axis)
    return (near > 0) & (rays.off_middle_mm > CONSTANTS.medial * rays.half_width_mm)
