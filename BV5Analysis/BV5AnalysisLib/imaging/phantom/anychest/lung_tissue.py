"""What fills the lungs between vessels and airways: parenchyma, emphysema, opacities, masses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from ...model.constants import MethodConstants, constant
from ..anatomy import LEFT, RIGHT, SIDES
from ..fields import Field
from .body import AnyChestBody
from .kinds import TissueKind, share_inside
from .spec import AnyChestSpec

Points = tuple[float, np.ndarray, np.ndarray]
"""Places of an axial plane's voxels, mm: its height z, and their y and x."""

FAR_MM = -99.0
"""Distance to what is not there."""


@dataclass(frozen=True)
class LungTissueConstants(MethodConstants):
    """Patterns of diseased lung; random patterns are noise smoothed by a Gaussian."""

    texture_step_mm: float = constant(
        2.0, "mm", "Distance of the nodes that texture is known on.", "Chosen by eye."
    )
    glass_edge_mm: float = constant(
        2.5, "mm", "Standard deviation of the edge of ground glass.", "Chosen by eye: it fades out."
    )
    emphysema_edge_mm: float = constant(
        3.0, "mm", "The same of emphysema.", "Chosen by eye: it has no wall."
    )
    solid_edge_mm: float = constant(
        0.6, "mm", "The same of consolidation.", "Chosen by eye: it has an edge."
    )
    pleura_mm: float = constant(
        14.0, "mm", "Depth over which patches get rarer by a third.", "As in COVID-19 pneumonia."
    )
    cyst_hu: float = constant(-930.0, "HU", "Honeycombs.", "Air with walls below resolution.")
    septum_hu: float = constant(
        -250.0, "HU", "Walls between them.", "Soft tissue of half a voxel's thickness."
    )
    mass_hu: float = constant(35.0, "HU", "Masses and nodules.", "Soft tissue.")
    cavity_share: float = constant(
        0.55, "1", "Radius of a cavity over its mass's.", "Chosen by eye: a thick wall."
    )
    bulla_wall_mm: float = constant(0.6, "mm", "Wall of a bulla.", "By definition under 1 mm.")
    bulla_wall_hu: float = constant(-100.0, "HU", "Attenuation of that wall.", "Chosen by eye.")


CONSTANTS = LungTissueConstants()


@dataclass(frozen=True, eq=False)
class Balls:
    """Balls in the lungs, n of them.

    Attributes
    ----------
    center_mm : numpy.ndarray
        (n, 3) world points.
    radius_mm : numpy.ndarray
        (n,).
    """

    center_mm: np.ndarray
    radius_mm: np.ndarray

    def at(self, points_mm: np.ndarray) -> np.ndarray:
        """Distance (...) into the nearest ball from points (..., 3)."""
        depth = np.full(points_mm.shape[:-1], FAR_MM)
        for center, radius in zip(self.center_mm, self.radius_mm, strict=True):
            np.maximum(depth, radius - np.linalg.norm(points_mm - center, axis=-1), out=depth)
        return depth

    def plane(self, z_mm: float, y_mm: np.ndarray, x_mm: np.ndarray) -> np.ndarray:
        """Distance (y, x) into the nearest ball on an axial plane."""
        depth = np.full((len(y_mm), len(x_mm)), FAR_MM, np.float32)
        for center, radius in zip(self.center_mm, self.radius_mm, strict=True):
            if abs(z_mm - center[2]) > radius + 10:
                continue
            rest = np.hypot(x_mm - center[0], (y_mm - center[1])[:, None])
            np.maximum(depth, radius - np.hypot(rest, z_mm - center[2]), out=depth)
        return depth


@dataclass(frozen=True, eq=False)
class LungTissue:
    """Fields and balls of one pair of lungs; distances are positive inside.

    Attributes
    ----------
    spec : AnyChestSpec
        Attenuations.
    texture, pattern : Field
        Texture, standard deviation 1, and the finer one that fibrosis follows.
    emphysema, glass, fibrosis, solid : Field or None
        Patches.
    bullae, masses, cavities : Balls
        Round things; masses include nodules.
    """

    spec: AnyChestSpec
    texture: Field
    pattern: Field
    emphysema: Field | None
    glass: Field | None
    fibrosis: Field | None
    solid: Field | None
    bullae: Balls
    masses: Balls
    cavities: Balls

    def hidden_depth(self, points_mm: np.ndarray) -> np.ndarray:
        """Distance (...) into where blood does not stand out, consolidation or a mass."""
        depth = self.masses.at(points_mm)
        if self.solid is not None:
            depth = np.maximum(depth, self.solid.at(points_mm))
        return depth

    def empty(self, points_mm: np.ndarray) -> np.ndarray:
        """Whether points (..., 3) lie in a bulla or cavity, where no vessel is."""
        return np.asarray(np.maximum(self.bullae.at(points_mm), self.cavities.at(points_mm)) > -1.0)

    def draw(self, where: Points, blur_mm: float) -> tuple[np.ndarray, np.ndarray]:
        """HU and `TissueKind` (y, x) of an axial plane, as if lung were everywhere."""
        spec = self.spec
        texture = self.texture.plane(*where)
        slope = (spec.gravity_hu_per_mm * where[1][:, None]).astype(np.float32)
        hu = spec.texture_hu * texture + slope + np.float32(spec.parenchyma_hu)
        kind = np.full(hu.shape, TissueKind.LUNG, np.uint8)

        def lay(
            distance: np.ndarray, value: np.ndarray | float, edge_mm: float, what: TissueKind
        ) -> None:
            nonlocal hu
            hu += share_inside(distance, np.hypot(edge_mm, blur_mm)).astype(np.float32) * (
                value - hu
            )
            kind[distance > 0] = what

        c = CONSTANTS
        if self.emphysema is not None:
            low = spec.emphysema_hu + 0.3 * spec.texture_hu * texture
            lay(self.emphysema.plane(*where), low, c.emphysema_edge_mm, TissueKind.LUNG)
        if self.glass is not None:
            value = spec.ground_glass_hu + 2.0 * spec.texture_hu * texture
            lay(self.glass.plane(*where), value, c.glass_edge_mm, TissueKind.GROUND_GLASS)
        if self.fibrosis is not None:
            wall = np.clip(1.15 - abs(self.pattern.plane(*where)) / 0.45, 0, 1)
            value = c.cyst_hu + wall * (c.septum_hu - c.cyst_hu)
            lay(self.fibrosis.plane(*where), value, c.solid_edge_mm, TissueKind.RETICULATION)
        if self.solid is not None:
            value = spec.consolidation_hu + 0.5 * spec.texture_hu * texture
            lay(self.solid.plane(*where), value, c.solid_edge_mm, TissueKind.CONSOLIDATION)
        if len(self.masses.radius_mm):
            lay(self.masses.plane(*where), c.mass_hu, 0.3, TissueKind.MASS)
        if len(self.bullae.radius_mm):
            depth = self.bullae.plane(*where)
            shell = share_inside(depth + c.bulla_wall_mm, blur_mm) - share_inside(depth, blur_mm)
            hu += shell * (c.bulla_wall_hu - hu)
            lay(depth, -999.0, 0.0, TissueKind.BULLA)
        if len(self.cavities.radius_mm):
            lay(self.cavities.plane(*where), -1000.0, 0.0, TissueKind.CAVITY)
        return hu, kind


def build_tissue(spec: AnyChestSpec, body: AnyChestBody, rng: np.random.Generator) -> LungTissue:
    """Tissue of one pair of lungs.

    Parameters
    ----------
    spec : AnyChestSpec
        Shares, sizes and attenuations.
    body : AnyChestBody
        Where the lungs are.
    rng : numpy.random.Generator
        Where in them what is.

    Returns
    -------
    LungTissue
        Its fields.
    """
    frame = body.body
    depth = np.maximum(*(body.lungs[side].values for side in SIDES))
    inside = np.argwhere(depth > 0)
    low = inside.min(axis=0) - 2
    extent = frame.step_mm * (inside.max(axis=0) + 2 - low)
    origin = frame.origin_mm + frame.step_mm * low[::-1]
    step = CONSTANTS.texture_step_mm * min(spec.scale, 1.0)
    shape = np.ceil(extent / step).astype(int) + 1
    texture = _noise(shape, 0.9, rng) + 0.7 * _noise(shape, 3.0, rng)
    texture /= texture.std()
    pattern = _noise(shape, 0.8, rng) if spec.reticulation_mm else np.zeros((1, 1, 1), np.float32)
    masses = _balls(spec.masses_mm, body, 0.5, rng)
    nodules = _balls(spec.nodules_mm, body, 1.1, rng)
    cavities = Balls(masses.center_mm, masses.radius_mm * CONSTANTS.cavity_share)
    none = Balls(np.zeros((0, 3)), np.zeros(0))
    return LungTissue(
        spec=spec,
        texture=Field(np.asarray(texture, np.float32), origin, step),
        pattern=Field(pattern, origin, step),
        emphysema=_patches(spec.emphysema_share, 12.0, body, rng, pleura=0.0, up=1.0),
        glass=_patches(spec.ground_glass_share, spec.ground_glass_mm, body, rng),
        fibrosis=_fibrosis(spec, body, rng),
        solid=_solid(spec, body, rng),
        bullae=_balls(spec.bullae_mm, body, 0.8, rng),
        masses=Balls(
            np.concatenate([masses.center_mm, nodules.center_mm]),
            np.concatenate([masses.radius_mm, nodules.radius_mm]),
        ),
        cavities=cavities if spec.cavity else none,
    )


def _noise(shape: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    noise = gaussian_filter(rng.standard_normal(shape, np.float32), sigma, mode="wrap", truncate=3)
    return np.asarray(noise / noise.std())


def _depth(body: AnyChestBody) -> np.ndarray:
    return np.asarray(np.maximum(*(body.lungs[side].values for side in SIDES)))


def _heights(body: AnyChestBody) -> tuple[np.ndarray, np.ndarray]:
    """Place of the nodes along y and z over the lungs' extent, -1 to 1."""
    inside = np.argwhere(_depth(body) > 0)
    low, high = inside.min(axis=0), inside.max(axis=0)
    shape = body.body.values.shape
    z, y = np.arange(shape[0])[:, None, None], np.arange(shape[1])[:, None]
    return (
        2 * (y - low[1]) / max(high[1] - low[1], 1) - 1,
        2 * (z - low[0]) / max(high[0] - low[0], 1) - 1,
    )


def _patches(
    share: float,
    width_mm: float,
    body: AnyChestBody,
    rng: np.random.Generator,
    pleura: float = 1.2,
    up: float = -0.5,
) -> Field | None:
    """Patches that fill a share of the lungs, likelier at the pleura, behind, and below."""
    frame, depth = body.body, _depth(body)
    score = _noise(np.array(depth.shape), 0.4 * width_mm * body.scale / frame.step_mm, rng)
    # Some diseases keep to the pleura more than others, or to the other end of the lung.
    pleura, up, back = pleura * rng.uniform(0, 1.6), up * rng.uniform(-0.3, 1.5), rng.uniform(0, 1)
    if not share:
        return None
    y, z = _heights(body)
    pleura_mm = CONSTANTS.pleura_mm * body.scale
    score = score + pleura * np.exp(-np.maximum(depth, 0) / pleura_mm) + up * z + back * y
    score -= np.quantile(score[depth > 0], 1 - share)
    slope = np.sqrt(sum(g**2 for g in np.gradient(score, frame.step_mm)))
    return frame.like(score / np.maximum(gaussian_filter(slope, 2), 1e-3))


def _fibrosis(spec: AnyChestSpec, body: AnyChestBody, rng: np.random.Generator) -> Field | None:
    """Fibrosis: a rim under the pleura, thicker below and behind, patchy above."""
    frame, depth = body.body, _depth(body)
    noise = _noise(np.array(depth.shape), 4.0, rng)
    if not spec.reticulation_mm:
        return None
    y, z = _heights(body)
    rim = spec.reticulation_mm * np.clip(0.7 - 0.8 * z + 0.3 * y + 0.5 * noise, 0, 2.0)
    return frame.like(np.where(rim > 0, rim - depth, FAR_MM))


def _solid(spec: AnyChestSpec, body: AnyChestBody, rng: np.random.Generator) -> Field | None:
    """Consolidation: patches, a lobe, and lung collapsed in front of fluid or at the back."""
    frame = body.body
    parts = []
    patches = _patches(spec.consolidation_share, spec.consolidation_mm, body, rng)
    rough = _noise(np.array(frame.values.shape), 2.0, rng)
    if patches is not None:
        parts.append(patches.values)
    if spec.lobe >= 0:
        side, lobe = (RIGHT, spec.lobe) if spec.lobe < 3 else (LEFT, (0, 2)[spec.lobe - 3])
        above, over = body.oblique[side].values, body.horizontal.values
        inside = -above if lobe == 2 else above
        if side == RIGHT and lobe != 2:
            inside = np.minimum(inside, over if lobe == 0 else -over)
        parts.append(np.minimum(inside, body.lungs[side].values + 20) + 1.5 * rough - 1.0)
    y, _ = _heights(body)
    for side, deep in zip(SIDES, spec.atelectasis_mm, strict=True):
        if not deep:
            continue
        lung, fluid = body.lungs[side].values, body.effusion[side].values
        # Before fluid; without it the lowest layer of a patient on the back.
        dependent = np.where(y > 0.2, deep - lung, FAR_MM)
        near = fluid + deep if fluid.max() > 0 else dependent
        parts.append(np.where(lung > -8, near + 2.0 * rough, FAR_MM))
    if not parts:
        return None
    return frame.like(np.maximum.reduce(parts))


def _balls(
    radii_mm: tuple[float, ...], body: AnyChestBody, inside: float, rng: np.random.Generator
) -> Balls:
    """Balls in the lungs, their centers so many radii from the pleura."""
    depth, frame = _depth(body), body.body
    centers = []
    for radius in radii_mm:
        room = min(inside * radius, 0.8 * float(depth.max()))
        nodes = np.argwhere(depth > room)
        index = nodes[rng.integers(len(nodes))] + rng.uniform(-0.5, 0.5, 3)
        centers.append(frame.origin_mm + frame.step_mm * index[::-1])
    return Balls(np.array(centers).reshape(-1, 3), np.array(radii_mm, float))
