"""What a user may set, with the defaults of the definitions."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import AnalysisError
from .model.size_classes import SizeClass


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
        Vessel trees shorter than this in all are dropped as noise.
    """

    minimum_csa_mm2: float = 1.25
    class_bounds_mm2: tuple[float, float] = (5.0, 10.0)
    blood_hu: float | None = None
    minimum_component_length_mm: float = 6.0

    def __post_init__(self) -> None:
        bounds = self.class_bounds_mm2
        if not (isinstance(bounds, tuple) and len(bounds) == 2 and all(map(_is_number, bounds))):
            raise AnalysisError(
                f"Parameter class_bounds_mm2 is {_shown(bounds)}; give two finite numbers."
            )
        for name in ("minimum_csa_mm2", "blood_hu", "minimum_component_length_mm"):
            value = getattr(self, name)
            measured = name == "blood_hu" and value is None
            if not (measured or _is_number(value)):
                raise AnalysisError(f"Parameter {name} is {_shown(value)}; give a finite number.")
        if self.blood_hu is not None and not -100 < self.blood_hu < 1500:
            raise AnalysisError(
                f"Parameter blood_hu is {self.blood_hu:g}; blood is between -100 and 1500 HU."
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


def _is_number(value: Any) -> bool:
    # JSON may hold whole numbers that no float takes.
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max


def _shown(value: Any) -> str:
    """Value as JSON has it, on one line and not longer than a glance."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."
