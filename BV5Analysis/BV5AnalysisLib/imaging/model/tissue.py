"""Tissue that is not plain aerated lung: opacities, and air that no organ was found for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from .shares import percent
from .size_classes import LUNG, MORPHOLOGICALLY_ALTERED, Appearance, rgb


class Tissue(IntEnum):
    """Kind of tissue; the values are label values."""

    GROUND_GLASS = 1
    RETICULATION = 2
    CONSOLIDATION = 3
    UNCLAIMED_AIR = 4


OPACITIES = (Tissue.GROUND_GLASS, Tissue.RETICULATION, Tissue.CONSOLIDATION)
"""Kinds of lung that hold less air than usual."""

# Of Paul Tol's schemes for color-blind readers; none is near the color of a size class.
TISSUES: dict[Tissue, Appearance] = {
    Tissue.GROUND_GLASS: Appearance(
        "ground_glass",
        "Ground glass",
        rgb("#88CCEE"),
        MORPHOLOGICALLY_ALTERED,
        MORPHOLOGICALLY_ALTERED,
        LUNG,
    ),
    Tissue.RETICULATION: Appearance(
        "reticulation",
        "Reticulation",
        rgb("#44AA99"),
        MORPHOLOGICALLY_ALTERED,
        MORPHOLOGICALLY_ALTERED,
        LUNG,
    ),
    Tissue.CONSOLIDATION: Appearance(
        "consolidation",
        "Consolidation",
        rgb("#AA4499"),
        MORPHOLOGICALLY_ALTERED,
        MORPHOLOGICALLY_ALTERED,
        LUNG,
    ),
    Tissue.UNCLAIMED_AIR: Appearance(
        "unclaimed_air",
        "Unclaimed air",
        rgb("#EE3377"),
        MORPHOLOGICALLY_ALTERED,
        MORPHOLOGICALLY_ALTERED,
        LUNG,
    ),
}


@dataclass(frozen=True)
class OpacityVolumes:
    """Opacities of one region, without the vessels in them.

    Attributes
    ----------
    region : str
        ``both``, ``right``, ``left`` or the name of a given region.
    lung_volume_ml : float
        Volume of the region inside the lungs.
    ground_glass_ml, reticulation_ml, consolidation_ml : float
        Volume of each kind.
    """

    region: str
    lung_volume_ml: float
    ground_glass_ml: float
    reticulation_ml: float
    consolidation_ml: float

    def value(self, name: str) -> float:
        """Value of a column of ``opacities.csv``."""
        return float(getattr(self, name))

    @property
    def opacity_ml(self) -> float:
        """All kinds together, mL."""
        return self.ground_glass_ml + self.reticulation_ml + self.consolidation_ml

    @property
    def ground_glass_pct(self) -> float:
        """Ground glass as % of the region; NaN where that is empty."""
        return self.percent(self.ground_glass_ml)

    @property
    def reticulation_pct(self) -> float:
        """Reticulation as % of the region; NaN where that is empty."""
        return self.percent(self.reticulation_ml)

    @property
    def consolidation_pct(self) -> float:
        """Consolidation as % of the region; NaN where that is empty."""
        return self.percent(self.consolidation_ml)

    @property
    def opacity_pct(self) -> float:
        """All kinds as % of the region; NaN where that is empty."""
        return self.percent(self.opacity_ml)

    def percent(self, volume_ml: float) -> float:
        """Share of the region that a volume takes, %; NaN where the region is empty."""
        return percent(volume_ml, self.lung_volume_ml)
