"""Ground glass, consolidation and the texture of parenchyma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from .anatomy import SIDES, Anatomy
from .fields import Field
from .spec import ChestPhantomSpec

TEXTURE_STEP_MM = 1.6
GROUND_GLASS_HU = -500.0
CONSOLIDATION_HU = 25.0
EXPIRATION_HU = 130.0
FISSURE_HU = 20.0


@dataclass(frozen=True, eq=False)
class Parenchyma:
    """What fills the lungs between vessels and airways.

    Attributes
    ----------
    texture : Field
        HU about zero.
    ground_glass, consolidation : Field or None
        Distance to the surface of the patches, mm, positive inside; None where there are none.
    spec : ChestPhantomSpec
        Attenuations.
    """

    texture: Field
    ground_glass: Field | None
    consolidation: Field | None
    spec: ChestPhantomSpec

    def hidden(self, points_mm: np.ndarray) -> np.ndarray:
        """Whether points (..., 3) lie in consolidation."""
        if self.consolidation is None:
            return np.zeros(points_mm.shape[:-1], bool)
        return self.consolidation.at(points_mm) > 0

    def plane(self, z_mm: float, y_mm: np.ndarray, x_mm: np.ndarray, blur_mm: float) -> np.ndarray:
        """HU (y, x) on an axial plane of voxels, as if lung were everywhere."""
        spec = self.spec
        texture = self.texture.plane(z_mm, y_mm, x_mm)
        slope = (spec.gravity_hu_per_mm * y_mm[:, None]).astype(np.float32)
        hu = texture + slope + (spec.parenchyma_hu + EXPIRATION_HU * spec.expiration)
        # Ground glass fades out; consolidation has an edge.
        for patches, patch_hu, edge_mm, grain in (
            (self.ground_glass, GROUND_GLASS_HU, 2.5, 1.8),
            (self.consolidation, CONSOLIDATION_HU, 0.6, 0.5),
        ):
            if patches is not None:
                share = ramp(patches.plane(z_mm, y_mm, x_mm), np.hypot(edge_mm, blur_mm))
                hu += share * (patch_hu + grain * texture - hu)
        return hu


def ramp(distance_mm: np.ndarray, blur_mm: float) -> np.ndarray:
    """Share of a voxel within a surface, from its distance; the blur is a standard deviation."""
    return np.clip(0.5 + distance_mm / (np.sqrt(12) * max(blur_mm, 1e-3)), 0, 1)


def build_parenchyma(
    spec: ChestPhantomSpec, anatomy: Anatomy, rng: np.random.Generator
) -> Parenchyma:
    """Texture and patches of one pair of lungs.

    Parameters
    ----------
    spec : ChestPhantomSpec
        Fractions and attenuations.
    anatomy : Anatomy
        Where the lungs are.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Parenchyma
        Its fields.
    """
    body = anatomy.body
    extent = body.step_mm * (np.array(body.values.shape) - 1)
    step = TEXTURE_STEP_MM
    shape = np.ceil(extent / step).astype(int) + 1
    fine = _smooth_noise(shape, 0.9, rng) + 0.7 * _smooth_noise(shape, 3.0, rng)
    fine *= spec.texture_hu / fine.std()
    glass = _patches(spec.ground_glass_fraction, anatomy, 3.5, rng)
    solid = _patches(spec.consolidation_fraction, anatomy, 5.0, rng)
    return Parenchyma(Field(fine, body.origin_mm, step), glass, solid, spec)


def _smooth_noise(shape: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    noise = gaussian_filter(rng.standard_normal(shape, np.float32), sigma, mode="wrap", truncate=3)
    return noise / noise.std()


def _patches(
    fraction: float, anatomy: Anatomy, sigma: float, rng: np.random.Generator
) -> Field | None:
    """Patches near the pleura, more of them behind and below, that fill a fraction of the lungs."""
    body = anatomy.body
    score = _smooth_noise(np.array(body.values.shape), sigma, rng)
    if fraction == 0:
        return None
    depth = np.maximum(*(anatomy.lungs[side].values for side in SIDES))
    inside = depth > 0
    z, y, _ = np.indices(depth.shape, sparse=True)
    middle = (np.array(depth.shape) - 1) / 2
    score += 1.2 * np.exp(-np.maximum(depth, 0) / (14 * anatomy.scale))
    score += (y - middle[1]) / 25 - (z - middle[0]) / 60
    score -= np.quantile(score[inside], 1 - fraction)
    slope = np.sqrt(sum(g**2 for g in np.gradient(score, body.step_mm)))
    return body.like(score / np.maximum(gaussian_filter(slope, 2), 1e-3))
