"""Attenuation profiles around a tube, direction by direction in the plane across it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.work_image import WorkImage
from .cores import cores

SECTORS = 16
"""Directions around a tube in which its profile is read."""

NOT_LUNG_HU = -1e6
"""Marks voxels outside the lungs, so that one interpolation reads both value and validity: of lung,
less than a thousandth of such a voxel shows."""

LOWEST_HU = -1100.0
"""No tissue is darker; a sample below it touched a marked voxel."""

PIECE = 4000
"""Points that one thread reads at a time."""


@dataclass(frozen=True, eq=False)
class Profiles:
    """Profiles around n points.

    Attributes
    ----------
    hu : numpy.ndarray
        float32 (n, sectors, radii), NaN where not lung.
    radius_mm : numpy.ndarray
        (radii,) middles of equally wide rings, so that a sum over rings is an integral.
    ray : numpy.ndarray
        (n, sectors, 3) unit vectors of the directions, (z, y, x).
    """

    hu: np.ndarray
    radius_mm: np.ndarray
    ray: np.ndarray

    @property
    def step_mm(self) -> float:
        """Width of a ring."""
        return float(self.radius_mm[1] - self.radius_mm[0])


@dataclass(frozen=True, eq=False)
class MarkedImage:
    """An image that shows by its values which voxels are not lung.

    Attributes
    ----------
    hu : numpy.ndarray
        float32 (z, y, x), `NOT_LUNG_HU` where not lung.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    """

    hu: np.ndarray
    spacing: np.ndarray

    @classmethod
    def of(cls, image: WorkImage) -> MarkedImage:
        """Mark what is outside of an image's core."""
        return cls(np.where(image.core, image.hu, np.float32(NOT_LUNG_HU)), image.spacing)


def read_profiles(
    image: MarkedImage,
    position_mm: np.ndarray,
    direction: np.ndarray,
    reach_mm: float,
    step_mm: float,
) -> Profiles:
    """Read an image along rays across tubes, by linear interpolation.

    Linear interpolation keeps integrals, and adds no more blur than a sixth of a voxel squared.

    Parameters
    ----------
    image : MarkedImage
        Profiles are NaN where it is not lung, and beyond its faces.
    position_mm, direction : numpy.ndarray
        (n, 3) centers and unit vectors along the tubes, (z, y, x).
    reach_mm, step_mm : float
        How far out, and how finely, the rays are read.

    Returns
    -------
    Profiles
        Attenuation along `SECTORS` rays around each of the n points, HU.
    """
    radius = (np.arange(round(reach_mm / step_mm)) + 0.5) * step_mm
    pieces = np.array_split(np.arange(len(position_mm)), len(position_mm) // PIECE + 1)

    def work(piece: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return _along_rays(image, position_mm[piece], direction[piece], radius)

    if len(pieces) == 1:
        hu, ray = work(pieces[0])
        return Profiles(hu, radius, ray)
    with ThreadPoolExecutor(cores()) as pool:
        hu, ray = (np.concatenate(parts) for parts in zip(*pool.map(work, pieces), strict=True))
    return Profiles(hu, radius, ray)


def _along_rays(
    image: MarkedImage, position_mm: np.ndarray, direction: np.ndarray, radius: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Attenuation (n, sectors, radii) and rays (n, sectors, 3) of `Profiles`."""
    angle = 2 * np.pi * np.arange(SECTORS) / SECTORS
    helper = np.eye(3)[np.abs(direction).argmin(axis=1)]
    first = np.cross(direction, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(direction, first)
    ray = np.cos(angle)[:, None] * first[:, None, :] + np.sin(angle)[:, None] * second[:, None, :]
    per_mm = np.moveaxis(ray / image.spacing, 2, 0).astype(np.float32)
    center = (position_mm / image.spacing).T.astype(np.float32)
    index = center[:, :, None, None] + per_mm[..., None] * radius.astype(np.float32)
    hu = ndimage.map_coordinates(image.hu, index.reshape(3, -1), order=1, cval=NOT_LUNG_HU)
    hu[hu < LOWEST_HU] = np.nan
    return hu.reshape(len(position_mm), SECTORS, len(radius)), ray
