"""Images of the phantom as they were measured, and how far each is from the base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .conditions import BASE, Condition
from .spread import Spread, within_subject

TRUE = "true"
OURS = "ours"
OURS_HILUM_INCLUDED = "ours_hilum_included"
OBJECTNESS = "objectness"

WAYS = {OURS: "BV5 Analysis", OBJECTNESS: "objectness + distance transform"}
"""Ways that are compared, and their names in tables."""


@dataclass(frozen=True)
class Measure:
    """One of the figures.

    Attributes
    ----------
    name : str
        For the table, with its unit.
    key : str
        In the answers of `one_phantom`.
    is_relative : bool
        Differences are in % of the value, else in its unit.
    """

    name: str
    key: str
    is_relative: bool = False

    def difference(self, found: dict[str, float], base: dict[str, float]) -> float:
        """Give the difference between two images, in this measure's unit."""
        off = found[self.key] - base[self.key]
        return 100 * off / base[self.key] if self.is_relative else off


BV5_PCT = Measure("BV5 %, points", "bv5_pct")
TPBV_ML = Measure("TPBV, mL", "tpbv_ml")
TPBV_PCT = Measure("TPBV, %", "tpbv_ml", is_relative=True)
BV5_ML = Measure("BV5, mL", "bv5_ml")
MEASURES = (BV5_PCT, TPBV_ML, TPBV_PCT, BV5_ML)


@dataclass(frozen=True)
class Image:
    """One image of one anatomy.

    Attributes
    ----------
    seed : int
        Of the anatomy.
    condition : Condition
        How it was imaged.
    figures : dict
        By way, then by figure; empty where it could not be measured.
    trouble : str
        Why not.
    """

    seed: int
    condition: Condition
    figures: dict[str, dict[str, float]]
    trouble: str = ""


def images_of(
    asked: Sequence[tuple[int, Condition]], answers: Sequence[dict[str, Any]]
) -> list[Image]:
    """Read images from the answers of `one_phantom`."""
    images = []
    for (seed, condition), answer in zip(asked, answers, strict=True):
        trouble = answer.get("broken") or answer.get("refused") or ""
        images.append(Image(seed, condition, {} if trouble else answer, trouble))
    return images


def pairs(images: Sequence[Image]) -> list[tuple[Image, Image]]:
    """Each measured image with the base of its anatomy, where that was measured, too."""
    bases = {each.seed: each for each in images if each.condition == BASE and each.figures}
    return [(each, bases[each.seed]) for each in images if each.figures and each.seed in bases]


def effect(image: Image, base: Image, way: str, measure: Measure) -> float:
    """How far an image is from the base, beyond what the truth itself moves.

    Parameters
    ----------
    image, base : Image
        Of the same anatomy.
    way : str
        One of `WAYS`.
    measure : Measure
        What of it.

    Returns
    -------
    float
        In the measure's unit.
    """
    found = measure.difference(image.figures[way], base.figures[way])
    return found - true_change(image, base, measure)


def true_change(image: Image, base: Image, measure: Measure) -> float:
    """How far the truth moves: with less air, vessels are shorter and wider."""
    return measure.difference(image.figures[TRUE], base.figures[TRUE])


def spread(
    images: Sequence[Image], factors: Sequence[str], way: str, measure: Measure
) -> Spread | None:
    """Within-subject spread over the base and the images of some factors.

    Parameters
    ----------
    images : sequence of Image
        Of any number of anatomies.
    factors : sequence of str
        Which of them count, besides the bases.
    way : str
        One of `WAYS`.
    measure : Measure
        What of it. Truth that moves is no spread.

    Returns
    -------
    Spread or None
        None where nothing was repeated.
    """
    subjects: dict[int, list[float]] = {}
    for image, base in pairs(images):
        if image.condition == BASE or image.condition.factor in factors:
            subjects.setdefault(image.seed, []).append(effect(image, base, way, measure))
    return within_subject(list(subjects.values()))
