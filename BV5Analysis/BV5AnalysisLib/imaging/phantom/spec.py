"""What the digital chest phantom is to be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import AnalysisError
from ..model.volume import Grid, Triple
from .noise import KERNELS

BODY_MM = (356.0, 272.0, 296.0)
"""Room that the whole body, as `anatomy` draws it, takes at scale 1, along x, y, z."""

LIMITS = {
    "scale": (0.3, 1.5),
    "psf_sigma_mm": (0.0, 3.0),
    "spacing_mm": (0.2, 6.0),
    "noise_hu": (0.0, 300.0),
    "blood_hu": (-50.0, 800.0),
    "parenchyma_hu": (-980.0, -500.0),
    "gravity_hu_per_mm": (0.0, 3.0),
    "texture_hu": (0.0, 60.0),
    "ground_glass_fraction": (0.0, 0.6),
    "consolidation_fraction": (0.0, 0.3),
    "pruning": (0.0, 0.95),
    "expiration": (0.0, 1.0),
    "terminal_csa_mm2": (0.2, 3.0),
    "terminal_volume_ml": (0.3, 20.0),
    "noise_seed": (0, 2**63),
    "shift_mm": (-20.0, 20.0),
    "turn_deg": (-15.0, 15.0),
    "air_lost_ml": (0.0, 2000.0),
}
"""Least and largest value of each field, in its unit: what may still be called a chest CT."""

MOST_VOXELS = 1.5e9
"""Of a phantom, which takes some 20 bytes for each while it is made."""


@dataclass(frozen=True)
class ChestPhantomSpec:
    """Digital chest phantom: body, disease and scanner.

    The truth depends on the body, disease and seed only, not on the scanner; with air lost the
    vessels are shorter and wider, and their blood is the same.

    Attributes
    ----------
    seed : int
        Of everything random. The same specification gives the same bytes.
    scale : float or None
        Size of the chest, 1 for an adult with 5.4 L of lung. None fits it into `size`, or is 1.
    size : tuple of int or None
        Voxels along x, y, z; None takes as many as the chest needs.
    spacing_mm, psf_sigma_mm : tuple of float
        Voxel size, and standard deviation of the scanner's Gaussian, along x, y, z. Each voxel
        averages over its own box besides.
    noise_hu, noise_kernel : float, str
        Standard deviation, and ``white``, ``smooth`` or ``sharp``.
    parenchyma_hu, gravity_hu_per_mm, texture_hu : float
        Mean attenuation of lung between vessels, its gradient towards the back, and the standard
        deviation of its texture.
    blood_hu : float
        40 without contrast agent, 150 to 300 with it.
    airways, fissures : bool
        Whether bronchi and interlobar fissures are drawn.
    ground_glass_fraction, consolidation_fraction : float
        Part of the lungs that each takes.
    pruning : float
        Part of the peripheral vessels (below `pruned_csa_mm2` of `growth`) that are missing.
    expiration : float
        0 for full inspiration, 1 for full expiration: smaller and denser lungs.
    terminal_csa_mm2, terminal_volume_ml : float
        Area of the last vessels, and the lung that each artery or vein of them serves.
    noise_seed : int or None
        Of the noise alone, for the same body imaged again; None takes that of all.
    shift_mm, turn_deg : tuple of float
        How the body lies in the scanner: turned about the axes x, y, z one after the other, then
        moved along them.
    air_lost_ml : float
        Air that the same body has breathed out: squeezed along z by it, with its tissue and its
        blood in less room.
    """

    seed: int = 0
    scale: float | None = None
    size: tuple[int, int, int] | None = None
    spacing_mm: Triple = (0.7, 0.7, 0.7)
    psf_sigma_mm: Triple = (0.5, 0.5, 0.5)
    noise_hu: float = 20.0
    noise_kernel: str = "white"
    parenchyma_hu: float = -870.0
    gravity_hu_per_mm: float = 0.4
    texture_hu: float = 12.0
    blood_hu: float = 40.0
    airways: bool = True
    fissures: bool = True
    ground_glass_fraction: float = 0.0
    consolidation_fraction: float = 0.0
    pruning: float = 0.0
    expiration: float = 0.0
    terminal_csa_mm2: float = 0.85
    terminal_volume_ml: float = 2.4
    noise_seed: int | None = None
    shift_mm: Triple = (0.0, 0.0, 0.0)
    turn_deg: Triple = (0.0, 0.0, 0.0)
    air_lost_ml: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            numbers = value if isinstance(value, tuple | list) else (value,)
            if isinstance(value, list):
                object.__setattr__(self, name, tuple(value))
            if not all(number is None or low <= number <= high for number in numbers):
                raise AnalysisError(
                    f"Phantom {name} is {value}; it must be from {low:g} to {high:g}."
                )
        for name in ("spacing_mm", "psf_sigma_mm", "size", "shift_mm", "turn_deg"):
            value = getattr(self, name)
            if value is not None and len(value) != 3:
                raise AnalysisError(f"Phantom {name} needs three numbers, along x, y and z.")
        if self.size is not None:
            object.__setattr__(self, "size", tuple(int(n) for n in self.size))
            if min(self.size) < 16:
                raise AnalysisError("Phantom size must be at least 16 voxels along each axis.")
        if self.noise_kernel not in KERNELS:
            raise AnalysisError(
                f"Noise kernel {self.noise_kernel!r} is unknown; take {', '.join(KERNELS)}."
            )
        if np.prod(self.grid.size, dtype=float) > MOST_VOXELS:
            raise AnalysisError("The phantom would have over 1.5e9 voxels; take larger spacing.")

    @property
    def chest_scale(self) -> float:
        """Scale as given, or that fits the size."""
        if self.scale is not None:
            return self.scale
        if self.size is None:
            return 1.0
        room = np.array(self.size) * self.spacing_mm / BODY_MM
        return float(np.clip(room.min(), *LIMITS["scale"]))

    @property
    def grid(self) -> Grid:
        """Voxels, the chest in their middle; the world's origin is the middle of the chest."""
        spacing = np.array(self.spacing_mm, float)
        room = np.array(BODY_MM) * self.chest_scale
        size = np.ceil(room / spacing).astype(int) if self.size is None else np.array(self.size)
        origin = -0.5 * (size - 1) * spacing
        return Grid(tuple(size.tolist()), tuple(spacing.tolist()), tuple(origin.tolist()))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }
