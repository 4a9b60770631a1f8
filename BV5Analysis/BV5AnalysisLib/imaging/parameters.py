"""Parameters that a user may set; the defaults are those of the definitions."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import AnalysisError
from .model.constants import MethodConstants, constant
from .model.size_classes import SizeClass


@dataclass(frozen=True)
class ParameterLimits(MethodConstants):
    """Bounds of what a user may set."""

    blood_hu: tuple[float, float] = constant(
        (-100.0, 1500.0),
        "HU",
        "Attenuation of blood that is accepted lies between these.",
        "Fat, which blood never is as low as, and the densest contrast agent.",
    )
    hilum_share: tuple[float, float] = constant(
        (0.6, 0.95),
        "1",
        "Share of lung around a vessel that is accepted as the bound between lung and hilum.",
        "Inside the lung, also at its surface, lung is met in all directions around a vessel; where"
        " it enters the root of the lung, in half of them. At 0.9 a scan lost 1.7 % of its blood"
        " below 5 mm² to the hilum (docs/decisions/0023-hilar-blood-apart.md).",
    )


CONSTANTS = ParameterLimits()

APART, INCLUDED = HILUM_CHOICES = ("apart", "included")
"""How vessels at the hilum count."""


@dataclass(frozen=True)
class Parameters:
    """Parameters of an analysis.

    Attributes
    ----------
    minimum_csa_mm2 : float
        Floor of the first class; 1.25 in the defining paper, 0 in the Chest Imaging Platform.
    class_bounds_mm2 : tuple of float
        Upper bounds of BV5 and of BV5-10.
    blood_hu : float or None
        Attenuation of blood; None measures it inside the scan's large vessels.
    minimum_component_length_mm : float
        Vessel trees of a smaller total length are dropped as noise.
    hilum : str
        ``apart``: vessels at the hilum are in no class and no percentage; ``included``: they count
        by their area as all others.
    hilum_share : float
        Share of its surroundings that is lung at which a vessel is half inside the lung and half
        hilar.
    """

    minimum_csa_mm2: float = 1.25
    class_bounds_mm2: tuple[float, float] = (5.0, 10.0)
    blood_hu: float | None = None
    minimum_component_length_mm: float = 6.0
    hilum: str = "apart"
    hilum_share: float = 0.8

    def __post_init__(self) -> None:
        bounds = self.class_bounds_mm2
        if not (isinstance(bounds, tuple) and len(bounds) == 2 and all(map(_is_number, bounds))):
            raise AnalysisError(
                f"Parameter class_bounds_mm2 is {_shown(bounds)}; give two finite numbers."
            )
        numbers = ("minimum_csa_mm2", "blood_hu", "minimum_component_length_mm", "hilum_share")
        for name in numbers:
            value = getattr(self, name)
            measured = name == "blood_hu" and value is None
            if not (measured or _is_number(value)):
                raise AnalysisError(f"Parameter {name} is {_shown(value)}; give a finite number.")
        lowest_hu, highest_hu = CONSTANTS.blood_hu
        if self.blood_hu is not None and not lowest_hu < self.blood_hu < highest_hu:
            raise AnalysisError(
                f"Parameter blood_hu is {self.blood_hu:g};"
                f" blood is between {lowest_hu:g} and {highest_hu:g} HU."
            )
        if self.hilum not in HILUM_CHOICES:
            raise AnalysisError(
                f"Parameter hilum is {_shown(self.hilum)}; give"
                f" {' or '.join(map(json.dumps, HILUM_CHOICES))}."
            )
        lowest, highest = CONSTANTS.hilum_share
        if not lowest <= self.hilum_share <= highest:
            raise AnalysisError(
                f"Parameter hilum_share is {self.hilum_share:g}; give a share from {lowest:g} to"
                f" {highest:g}."
            )
        if self.minimum_component_length_mm < 0:
            raise AnalysisError("Parameter minimum_component_length_mm must not be negative.")
        if not 0 <= self.minimum_csa_mm2 < bounds[0] < bounds[1]:
            raise AnalysisError(
                "Class bounds must rise: 0 <= minimum_csa_mm2 < class_bounds_mm2[0]"
                f" < class_bounds_mm2[1]; given {self.minimum_csa_mm2} and {bounds}."
            )

    def size_class(self, csa_mm2: np.ndarray) -> np.ndarray:
        """Size class of cross-sectional areas.

        Parameters
        ----------
        csa_mm2 : numpy.ndarray
            Cross-sectional areas, any shape, mm².

        Returns
        -------
        numpy.ndarray
            `SizeClass` values, uint8, the same shape.
        """
        labels = np.array(
            [SizeClass.BELOW_FLOOR, SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10], np.uint8
        )
        bounds = (self.minimum_csa_mm2, *self.class_bounds_mm2)
        classes: np.ndarray = labels[np.digitize(csa_mm2, bounds)]
        return classes

    @property
    def hilum_apart(self) -> bool:
        """Whether vessels at the hilum are in no class."""
        return self.hilum == APART

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {**dataclasses.asdict(self), "class_bounds_mm2": list(self.class_bounds_mm2)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Parameters:
        """Parameters from plain values; missing ones take their default.

        Raises
        ------
        AnalysisError
            A name is unknown or a value does not fit.
        """
        if not isinstance(values, dict):
            raise AnalysisError("Parameters must be a JSON object of names and values.")
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise AnalysisError(
                f"Unknown parameter {', '.join(unknown)}; known are {', '.join(known)}."
            )
        values = dict(values)
        if isinstance(values.get("class_bounds_mm2"), list):
            values["class_bounds_mm2"] = tuple(values["class_bounds_mm2"])
        return cls(**values)


def _is_number(value: object) -> bool:
    # JSON may hold whole numbers that no float takes.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def _shown(value: object) -> str:
    """Value as JSON on one line, cut to 60 characters."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."
