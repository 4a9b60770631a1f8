"""The chest phantoms of the accuracy benchmark: one factor at a time from a usual scan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec

from chest_phantoms.scoring import Score

OURS = "BV5 Analysis"

CUBIC_MM = (0.6, 0.6, 0.6)
USUAL_MM = (0.7, 0.7, 1.25)
THICK_MM = (0.75, 0.75, 2.0)

BASE_SEEDS = 3
"""Anatomies on which the base condition is measured at the usual spacing."""

PARENCHYMA_EXPIRED_HU = -830.0
"""With the phantom's expiration, which adds 130 HU, parenchyma of -700 HU."""

CONDITIONS: dict[str, dict] = {
    "sharp kernel, 40 HU": {
        "noise_kernel": "sharp",
        "noise_hu": 40.0,
        "psf_sigma_mm": (0.4, 0.4, 0.4),
    },
    "smooth kernel, 12 HU": {
        "noise_kernel": "smooth",
        "noise_hu": 12.0,
        "psf_sigma_mm": (0.7, 0.7, 0.7),
    },
    "contrast 150 HU": {"blood_hu": 150.0},
    "contrast 300 HU": {"blood_hu": 300.0},
    "ground glass 30 %": {"ground_glass_fraction": 0.3},
    "consolidation 10 %": {"consolidation_fraction": 0.1},
    "half the periphery pruned": {"pruning": 0.5},
    "dense trees": {"terminal_volume_ml": 1.2},
    "expiration, −700 HU": {"expiration": 1.0, "parenchyma_hu": PARENCHYMA_EXPIRED_HU},
    "no airways": {"airways": False},
}
"""What differs from the base: adult size, noise 20 HU, PSF sigma 0.5 mm, no contrast agent."""

ELSEWHERE = {
    CUBIC_MM: ("sharp kernel, 40 HU",),
    THICK_MM: ("sharp kernel, 40 HU", "smooth kernel, 12 HU", "ground glass 30 %"),
}
"""Conditions measured at the other spacings besides the base."""

BASE = "base"
PRUNED = "half the periphery pruned"


@dataclass(frozen=True)
class ChestCase:
    """One phantom to measure.

    Attributes
    ----------
    condition : str
        Name of what differs from the base.
    spec : ChestPhantomSpec
        The phantom.
    """

    condition: str
    spec: ChestPhantomSpec

    @property
    def name(self) -> str:
        """Unique name, for progress and files."""
        spacing = "×".join(f"{step:g}" for step in self.spec.spacing_mm)
        return f"{self.condition}, {spacing} mm, seed {self.spec.seed}"


@dataclass(frozen=True)
class ChestResult:
    """One phantom measured in all ways.

    Attributes
    ----------
    case : ChestCase
        The phantom.
    scores : dict of str to Score
        By way; the program itself is `OURS`.
    dice : float
        Overlap of the program's lungs with the true ones.
    """

    case: ChestCase
    scores: dict[str, Score]
    dice: float


def chest_cases(first_seed: int = 0, scale: float = 1.0) -> list[ChestCase]:
    """List the matrix.

    Parameters
    ----------
    first_seed : int
        Seed of all conditions; the base takes those after it, too. Another one gives other
        anatomies, noise and opacities throughout.
    scale : float
        Size of the chest.

    Returns
    -------
    list of ChestCase
        The base on several seeds and spacings, then each condition.
    """
    base = ChestPhantomSpec(scale=scale, seed=first_seed, spacing_mm=USUAL_MM)
    cases = [
        ChestCase(BASE, replace(base, seed=first_seed + number)) for number in range(BASE_SEEDS)
    ]
    cases += [ChestCase(name, replace(base, **change)) for name, change in CONDITIONS.items()]
    for spacing, names in ELSEWHERE.items():
        other = replace(base, spacing_mm=spacing)
        cases.append(ChestCase(BASE, other))
        cases += [ChestCase(name, replace(other, **CONDITIONS[name])) for name in names]
    return cases
