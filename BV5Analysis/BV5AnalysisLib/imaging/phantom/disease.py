"""Ground glass, consolidation and the texture of parenchyma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from ..model.constants import MethodConstants, constant
from .anatomy import SIDES, PhantomAnatomy
from .fields import Field
from .spec import ChestPhantomSpec


@dataclass(frozen=True)
class DiseaseConstants(MethodConstants):
    """Attenuations and patterns of parenchyma; the patterns are noise smoothed by a Gaussian."""

    ground_glass_hu: float = constant(
        -500.0,
        "HU",
        "Attenuation of ground glass.",
        "The middle of the usual range, -700 to -300 HU.",
    )
    consolidation_hu: float = constant(
        25.0, "HU", "Attenuation of consolidation.", "That of soft tissue, a little below blood."
    )
    expiration_hu: float = constant(
        130.0,
        "HU",
        "How much denser parenchyma is at full expiration.",
        "Chosen by eye: with the default, -870 HU becomes -740 HU.",
    )
    fissure_hu: float = constant(20.0, "HU", "Attenuation of pleura.", "That of soft tissue.")
    ground_glass_edge_mm: float = constant(
        2.5, "mm", "Standard deviation of the edge of ground glass.", "Chosen by eye: it fades out."
    )
    consolidation_edge_mm: float = constant(
        0.6, "mm", "The same of consolidation.", "Chosen by eye: it has an edge."
    )
    ground_glass_grain: float = constant(
        1.8, "1", "Texture inside ground glass over that of parenchyma.", "Chosen by eye."
    )
    consolidation_grain: float = constant(
        0.5, "1", "The same of consolidation.", "Chosen by eye: it is even."
    )
    texture_step_mm: float = constant(
        1.6, "mm", "Distance of the nodes that texture is known on.", "Chosen by eye."
    )
    texture_nodes: tuple[float, float] = constant(
        (0.9, 3.0), "1", "Widths of the fine and of the coarse texture, in nodes.", "Chosen by eye."
    )
    coarse_share: float = constant(
        0.7, "1", "Weight of the coarse texture against the fine one.", "Chosen by eye."
    )
    ground_glass_nodes: float = constant(
        3.5, "1", "Width of patches of ground glass, in nodes of the anatomy.", "Chosen by eye."
    )
    consolidation_nodes: float = constant(5.0, "1", "The same of consolidation.", "Chosen by eye.")
    pleura_weight: float = constant(
        1.2,
        "1",
        "How much likelier patches are at the pleura, in standard deviations of their pattern.",
        "Chosen by eye: as in COVID-19 pneumonia.",
    )
    pleura_mm: float = constant(
        14.0, "mm", "Depth over which that falls to a third.", "Chosen by eye."
    )
    back_nodes: float = constant(
        25.0,
        "1",
        "Nodes towards the back over which patches get likelier by one.",
        "Chosen by eye.",
    )
    down_nodes: float = constant(
        60.0, "1", "Nodes downwards over which patches get likelier by one.", "Chosen by eye."
    )


CONSTANTS = DiseaseConstants()


@dataclass(frozen=True, eq=False)
class PhantomParenchyma:
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
        hu = texture + slope + (spec.parenchyma_hu + CONSTANTS.expiration_hu * spec.expiration)
        for patches, patch_hu, edge_mm, grain in (
            (
                self.ground_glass,
                CONSTANTS.ground_glass_hu,
                CONSTANTS.ground_glass_edge_mm,
                CONSTANTS.ground_glass_grain,
            ),
            (
                self.consolidation,
                CONSTANTS.consolidation_hu,
                CONSTANTS.consolidation_edge_mm,
                CONSTANTS.consolidation_grain,
            ),
        ):
            if patches is not None:
                share = ramp(patches.plane(z_mm, y_mm, x_mm), np.hypot(edge_mm, blur_mm))
                hu += share * (patch_hu + grain * texture - hu)
        return hu


def ramp(distance_mm: np.ndarray, blur_mm: float) -> np.ndarray:
    """Share of a voxel within a surface, from its distance; the blur is a standard deviation."""
    # A box of that standard deviation is √12 times as wide.
    return np.asarray(np.clip(0.5 + distance_mm / (np.sqrt(12) * max(blur_mm, 1e-3)), 0, 1))


def build_parenchyma(
    spec: ChestPhantomSpec, anatomy: PhantomAnatomy, rng: np.random.Generator
) -> PhantomParenchyma:
    """Texture and patches of one pair of lungs.

    Parameters
    ----------
    spec : ChestPhantomSpec
        Fractions and attenuations.
    anatomy : PhantomAnatomy
        Where the lungs are.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    PhantomParenchyma
        Its fields.
    """
    body = anatomy.body
    extent = body.step_mm * (np.array(body.values.shape) - 1)
    step, (fine_nodes, coarse_nodes) = CONSTANTS.texture_step_mm, CONSTANTS.texture_nodes
    shape = np.ceil(extent / step).astype(int) + 1
    texture = _smooth_noise(shape, fine_nodes, rng)
    texture = texture + CONSTANTS.coarse_share * _smooth_noise(shape, coarse_nodes, rng)
    texture *= spec.texture_hu / texture.std()
    glass = _patches(spec.ground_glass_fraction, anatomy, CONSTANTS.ground_glass_nodes, rng)
    solid = _patches(spec.consolidation_fraction, anatomy, CONSTANTS.consolidation_nodes, rng)
    return PhantomParenchyma(Field(texture, body.origin_mm, step), glass, solid, spec)


def _smooth_noise(shape: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    noise = gaussian_filter(rng.standard_normal(shape, np.float32), sigma, mode="wrap", truncate=3)
    return np.asarray(noise / noise.std())


def _patches(
    fraction: float, anatomy: PhantomAnatomy, sigma: float, rng: np.random.Generator
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
    pleura_mm = CONSTANTS.pleura_mm * anatomy.scale
    score += CONSTANTS.pleura_weight * np.exp(-np.maximum(depth, 0) / pleura_mm)
    score += (y - middle[1]) / CONSTANTS.back_nodes - (z - middle[0]) / CONSTANTS.down_nodes
    score -= np.quantile(score[inside], 1 - fraction)
    slope = np.sqrt(sum(g**2 for g in np.gradient(score, body.step_mm)))
    return body.like(score / np.maximum(gaussian_filter(slope, 2), 1e-3))
