"""What is other when the phantom is imaged again: one factor at a time from a usual scan."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec

BASE_MM = 1.25
BASE_HU = 25.0
IN_PLANE_MM = 0.7
LITER_ML = 1000.0

NOISE = "noise"
SHIFT = "shift"
TURN = "turn"
KERNEL = "kernel"
SLICES = "slices"
DOSE = "dose"
AIR = "air"

REPEATS = (NOISE, SHIFT, TURN)
"""Factors that nobody chooses: what differs when a scan is done again in the same way."""

CHOSEN = (KERNEL, SLICES, DOSE, AIR)
"""Factors that a protocol sets, or a breath."""

NOISE_SEEDS = range(101, 106)
SHIFTS_MM = ((0.35, 0.0, 0.0), (0.0, 0.23, 0.0), (0.0, 0.0, 0.4), (0.2, 0.5, 0.8))
TURNS_DEG = ((0.0, 0.0, 3.0), (0.0, 3.0, 0.0), (3.0, 0.0, 0.0), (2.0, -2.0, -4.0))

KERNELS: dict[str, dict[str, Any]] = {
    "smooth": {"noise_kernel": "smooth", "psf_sigma_mm": (0.7, 0.7, 0.7), "noise_hu": 15.0},
    "sharp": {"noise_kernel": "sharp", "psf_sigma_mm": (0.4, 0.4, 0.4), "noise_hu": 50.0},
}
"""Blur and noise as in `chest_phantoms.cases`, the noise in proportion to this base's 25 HU."""

SLICES_MM = (0.6, 1.0, 2.0, 3.0)
DOSES_HU = (10.0, 40.0)
AIR_LOST_L = 0.5


@dataclass(frozen=True)
class Condition:
    """One image of the phantom.

    Attributes
    ----------
    factor : str
        What is other than in the base; empty for the base.
    name : str
        How it is other, for the table.
    change : dict
        Fields of `ChestPhantomSpec` that differ from the base's.
    """

    factor: str
    name: str
    change: dict[str, Any] = field(default_factory=dict)

    def spec(self, base: ChestPhantomSpec) -> ChestPhantomSpec:
        """Specification of this image of a body."""
        return replace(base, **self.change)


BASE = Condition("", "base")


def base_spec(seed: int, scale: float) -> ChestPhantomSpec:
    """Give the usual scan of one anatomy: 1.25 mm slices, medium kernel, noise of 25 HU."""
    spacing_mm = (IN_PLANE_MM, IN_PLANE_MM, BASE_MM)
    return ChestPhantomSpec(seed=seed, scale=scale, spacing_mm=spacing_mm, noise_hu=BASE_HU)


def conditions(scale: float) -> list[Condition]:
    """List the base and all that differs from it.

    Parameters
    ----------
    scale : float
        Size of the chest. The air that is lost is as much of the lungs as half a liter is of an
        adult's.

    Returns
    -------
    list of Condition
        Slices of other thickness have the noise of the same dose.
    """
    lost_ml = AIR_LOST_L * LITER_ML * scale**3
    return [
        BASE,
        *(Condition(NOISE, f"seed {seed}", {"noise_seed": seed}) for seed in NOISE_SEEDS),
        *(Condition(SHIFT, f"by {_list(by)} mm", {"shift_mm": by}) for by in SHIFTS_MM),
        *(Condition(TURN, f"by {_list(by)}°", {"turn_deg": by}) for by in TURNS_DEG),
        *(Condition(KERNEL, name, change) for name, change in KERNELS.items()),
        *(Condition(SLICES, f"{step:g} mm", _slices(step)) for step in SLICES_MM),
        *(Condition(DOSE, f"{noise:g} HU", {"noise_hu": noise}) for noise in DOSES_HU),
        Condition(AIR, f"{lost_ml:.0f} mL less", {"air_lost_ml": lost_ml}),
    ]


def quick(listed: list[Condition]) -> list[Condition]:
    """Choose the base and the last of each factor, for trying."""
    last = {condition.factor: condition for condition in listed}
    return list(last.values())


def _slices(step_mm: float) -> dict[str, Any]:
    return {
        "spacing_mm": (IN_PLANE_MM, IN_PLANE_MM, step_mm),
        "noise_hu": round(BASE_HU * math.sqrt(BASE_MM / step_mm), 1),
    }


def _list(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}".replace("-", "−") for number in numbers)
