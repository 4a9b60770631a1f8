"""Build and posture: from the adult template's places to those of one body, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .spec import AnyChestSpec

HALF_HEIGHT_MM = 130.0
"""Of the template, from the middle of the chest to the apex."""


@dataclass(frozen=True)
class Posture:
    """Scaling along the axes, bow of the spine to the front and aside, turn about the body's axis.

    Attributes
    ----------
    size : tuple of float
        Over the template along x, y, z.
    kyphosis_mm, scoliosis_mm : float
        How far apex and base lie in front of, and beside, the middle.
    turn_rad : float
        About z.
    """

    size: tuple[float, float, float]
    kyphosis_mm: float
    scoliosis_mm: float
    turn_rad: float

    @classmethod
    def of(cls, spec: AnyChestSpec) -> Posture:
        """Posture of a chest."""
        scale = spec.scale
        return cls(
            (scale * spec.width, scale * spec.depth, scale * spec.height),
            spec.kyphosis_mm * scale,
            spec.scoliosis_mm * scale,
            float(np.deg2rad(spec.rotation_deg)),
        )

    def to_world(self, template_mm: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the body, of the template's (..., 3)."""
        x, y, z = np.moveaxis(np.asarray(template_mm, float) * self.size, -1, 0)
        aside, forward = self._bow(z)
        x, y = x + aside, y - forward
        cos, sin = np.cos(self.turn_rad), np.sin(self.turn_rad)
        return np.stack([cos * x - sin * y, sin * x + cos * y, z], -1)

    def to_template(
        self, x: np.ndarray, y: np.ndarray, z: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Template's coordinates of the body's, broadcast."""
        cos, sin = np.cos(self.turn_rad), np.sin(self.turn_rad)
        aside, forward = self._bow(z)
        across = cos * x + sin * y - aside
        depth = -sin * x + cos * y + forward
        return across / self.size[0], depth / self.size[1], z / self.size[2]

    def _bow(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        share = np.clip(z / (HALF_HEIGHT_MM * self.size[2]), -1.3, 1.3)
        return self.scoliosis_mm * np.cos(1.8 * share), self.kyphosis_mm * share**2
