"""Values that a patient can have, to find errors of typing and of units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..imaging.errors import AnalysisError

Values = float | np.ndarray

MMHG_PER_KPA = 760 / 101.325


@dataclass(frozen=True)
class Bounds:
    """What values of a quantity are plausible in patients.

    Attributes
    ----------
    name, unit : str
        As in reports; the unit is empty for plain numbers.
    low, high : float
        Both still plausible.
    other_units : tuple of (str, float)
        Units that people use as well, and by what to multiply a value in it.
    """

    name: str
    unit: str
    low: float
    high: float
    other_units: tuple[tuple[str, float], ...] = ()

    @property
    def text(self) -> str:
        """From low to high, with the unit."""
        low, high = (f"{float(f'{each:.3g}'):g}" for each in (self.low, self.high))
        return f"{low} to {high} {self.unit}".rstrip()

    def in_unit(self, unit: str) -> Bounds:
        """Give the same in one of the other units; itself where that is empty or its own."""
        if unit in {"", self.unit}:
            return self
        factor = dict(self.other_units)[unit]
        return replace(self, unit=unit, low=self.low / factor, high=self.high / factor)


_KPA = (("kPa", MMHG_PER_KPA),)
BOUNDS = {
    "pao2_mmhg": Bounds("PaO2", "mmHg", 20, 700, _KPA),
    "paco2_mmhg": Bounds("PaCO2", "mmHg", 10, 150, _KPA),
    "fio2": Bounds("FiO2", "", 0.2, 1, (("percent", 0.01),)),
    "oxygen_l_min": Bounds("Oxygen flow", "L/min", 0, 100, (("mL/min", 0.001),)),
    "nasal_flow_l_min": Bounds("Nasal oxygen flow", "L/min", 0, 15),
    "aado2_mmhg": Bounds("AaDO2", "mmHg", -20, 700, _KPA),
    "pao2_fio2_mmhg": Bounds("PaO2/FiO2", "mmHg", 20, 800, _KPA),
    "barometric_pressure_mmhg": Bounds(
        "Barometric pressure", "mmHg", 230, 830, (*_KPA, ("hPa", MMHG_PER_KPA / 10))
    ),
    "altitude_m": Bounds("Altitude", "m", -450, 9000, (("km", 1000.0),)),
    "temperature_c": Bounds("Body temperature", "°C", 25, 45),
    "water_vapor_mmhg": Bounds("Water vapor pressure", "mmHg", 20, 75, _KPA),
    "respiratory_quotient": Bounds("Respiratory quotient", "", 0.6, 1.3),
}
"""Plausible values by quantity: wide enough for the sickest, so that what is outside is an error
of typing or of the unit. AaDO2 may be slightly negative, as its parts are rounded or estimated."""


def implausible(quantity: str, values: Values) -> np.ndarray:
    """Tell what values no patient has.

    Parameters
    ----------
    quantity : str
        A key of `BOUNDS`.
    values : float or numpy.ndarray
        In the quantity's unit.

    Returns
    -------
    numpy.ndarray
        Bool, of the shape of `values`; False for NaN, which is missing and not implausible.
    """
    bounds = BOUNDS[quantity]
    values = np.asarray(values, dtype=float)
    return (values < bounds.low) | (values > bounds.high)


def other_unit(quantity: str, values: Values) -> str:
    """Tell in what other unit values seem to be.

    Parameters
    ----------
    quantity : str
        A key of `BOUNDS`.
    values : float or numpy.ndarray
        One value, or those of a column.

    Returns
    -------
    str
        The unit in which the median is plausible while it is not in the quantity's own; empty if
        there is none, or no value.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).any():
        return ""
    median = np.median(values[np.isfinite(values)])
    if not implausible(quantity, median):
        return ""
    fitting = (
        unit
        for unit, factor in BOUNDS[quantity].other_units
        if not implausible(quantity, float(median) * factor)  # Python's floats overflow silently.
    )
    return next(fitting, "")


def check(quantity: str, value: float, unit: str = "") -> float:
    """Refuse a value that no patient has.

    Parameters
    ----------
    quantity : str
        A key of `BOUNDS`.
    value : float
        To look at.
    unit : str, optional
        Of `value`: one of the quantity's other units, or by default its own.

    Returns
    -------
    float
        The value in the quantity's own unit.

    Raises
    ------
    AnalysisError
        The value is not plausible; the message names the bounds, and the unit that it may be in.
    """
    bounds = BOUNDS[quantity].in_unit(unit)
    given = f"{bounds.name} {value:g} {bounds.unit}".rstrip()
    if not np.isfinite(value):
        raise AnalysisError(f"{given} is no number; give one within {bounds.text}.")
    own = value * dict(BOUNDS[quantity].other_units).get(unit, 1.0)
    if not implausible(quantity, own):
        return own
    side = "low" if value < bounds.low else "high"
    raise AnalysisError(
        f"{given} is implausibly {side} ({bounds.text}){_advice(quantity, value, unit)}."
    )


def _advice(quantity: str, value: float, unit: str) -> str:
    bounds = BOUNDS[quantity]
    is_gas = quantity in {"pao2_mmhg", "paco2_mmhg"}
    if unit:
        if implausible(quantity, value):
            return ""
        in_unit = value / dict(bounds.other_units)[unit]
        way = f"Leave --unit {unit} out" if is_gas else f"Give {in_unit:.4g} {unit}"
        return f"; in {bounds.unit}? {way}"
    other = other_unit(quantity, value)
    if is_gas and other:
        return f"; in {other}? Give --unit {other}"
    if other:
        own = value * dict(bounds.other_units)[other]
        return f"; in {other}? Give {own:.4g} {bounds.unit}".rstrip()
    if quantity == "nasal_flow_l_min" and value > bounds.high:
        return "; devices of higher flow set FiO2: give that"
    return ""
