"""The size classes: names, colors and codes, defined once for every output."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class SizeClass(IntEnum):
    """Size class of a vessel by cross-sectional area; the values are label values.

    Vessels at the hilum are of no class, whatever their area, where they are counted apart.
    """

    BV5 = 1
    BV5_10 = 2
    BV10 = 3
    BELOW_FLOOR = 4
    HILAR = 5


class LungLabel(IntEnum):
    """Label values of the lungs volume."""

    RIGHT = 1
    LEFT = 2


@dataclass(frozen=True)
class Code:
    """A coded concept, SNOMED CT unless said otherwise."""

    value: str
    meaning: str
    scheme: str = "SCT"


@dataclass(frozen=True)
class Appearance:
    """How a structure is named, colored and coded wherever it is shown.

    Attributes
    ----------
    key : str
        Prefix of its columns in tables.
    name : str
        Name people read.
    color : tuple of float
        RGB, 0 to 1.
    category, type : Code
        Coded meaning.
    region, modifier : Code or None
        Anatomic region, and what narrows the type, such as its side.
    """

    key: str
    name: str
    color: tuple[float, float, float]
    category: Code
    type: Code
    region: Code | None = None
    modifier: Code | None = None

    @property
    def hex_color(self) -> str:
        """Color as ``#RRGGBB``."""
        return "#" + "".join(f"{round(255 * channel):02X}" for channel in self.color)


def rgb(hex_color: str) -> tuple[float, float, float]:
    """Red, green and blue from 0 to 1 of a color such as ``#D55E00``."""
    red, green, blue = (int(hex_color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


# As in the terminology lists of DICOM and 3D Slicer: only a tissue takes an anatomic region there.
ANATOMICAL_STRUCTURE = Code("123037004", "Anatomical Structure")
TISSUE = Code("85756007", "Tissue")
MORPHOLOGICALLY_ALTERED = Code("49755003", "Morphologically Altered Structure")
BLOOD_VESSEL = Code("59820001", "Blood vessel")
LUNG = Code("39607008", "Lung")
HILUM = Code("46750007", "Hilum of lung")

# Vermillion, yellow, blue and gray of the Okabe-Ito palette, safe for color-blind readers, and its
# purple, dimmed, for what is in no percentage.
VESSELS: dict[SizeClass, Appearance] = {
    SizeClass.BV5: Appearance("bv5", "BV5", rgb("#D55E00"), TISSUE, BLOOD_VESSEL, LUNG),
    SizeClass.BV5_10: Appearance("bv5_10", "BV5-10", rgb("#F0E442"), TISSUE, BLOOD_VESSEL, LUNG),
    SizeClass.BV10: Appearance("bv10", "BV10", rgb("#0072B2"), TISSUE, BLOOD_VESSEL, LUNG),
    SizeClass.BELOW_FLOOR: Appearance(
        "below_floor", "Below floor", rgb("#999999"), TISSUE, BLOOD_VESSEL, LUNG
    ),
    SizeClass.HILAR: Appearance("hilar", "Hilar", rgb("#7F5A70"), TISSUE, BLOOD_VESSEL, HILUM),
}

LUNGS: dict[LungLabel, Appearance] = {
    LungLabel.RIGHT: Appearance(
        "right",
        "Right lung",
        rgb("#56B4E9"),
        ANATOMICAL_STRUCTURE,
        LUNG,
        modifier=Code("24028007", "Right"),
    ),
    LungLabel.LEFT: Appearance(
        "left",
        "Left lung",
        rgb("#009E73"),
        ANATOMICAL_STRUCTURE,
        LUNG,
        modifier=Code("7771000", "Left"),
    ),
}
