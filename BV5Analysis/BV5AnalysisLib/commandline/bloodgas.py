"""``bv5 bloodgas``: AaDO2 and PaO2/FiO2 of one patient."""

from __future__ import annotations

import argparse
import dataclasses
import json

from ..imaging.errors import AnalysisError
from ..study.bloodgas import (
    STANDARD_PRESSURE_MMHG,
    WATER_VAPOR_MMHG,
    BloodGas,
    barometric_pressure_mmhg,
    blood_gas,
    kpa,
    water_vapor_pressure_mmhg,
)
from ..study.plausible import BOUNDS, MMHG_PER_KPA, check, implausible
from .printing import print_table

_RESULTS = {
    "Alveolar PO2": "alveolar_po2_mmhg",
    "AaDO2": "aado2_mmhg",
    "PaO2/FiO2": "pao2_fio2_mmhg",
}
_PRESSURES = {"PaO2": "pao2_mmhg", "PaCO2": "paco2_mmhg"} | _RESULTS


def run(options: argparse.Namespace) -> None:
    """Carry out the command.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed by `BV5AnalysisLib.cli`.
    """
    unit = "" if options.unit == "mmHg" else options.unit
    _check_one_unit(options, unit)
    gas = blood_gas(
        check("pao2_mmhg", options.pao2, unit),
        check("paco2_mmhg", options.paco2, unit),
        fio2=options.fio2,
        nasal_flow_l_min=options.flow,
        pressure_mmhg=_pressure(options, unit),
        water_vapor_mmhg=_water_vapor(options),
        respiratory_quotient=options.rq,
    )
    if options.json:
        print(json.dumps(record(gas)))
        return
    rows = []
    for name, key in _PRESSURES.items():
        value = getattr(gas, key)
        rows.append([name, f"{value:.1f}", f"{kpa(value):.1f}"])
    print_table(["", "mmHg", "kPa"], rows)
    print(assumptions(gas, options.flow))


def record(gas: BloodGas) -> dict[str, float | bool]:
    """Give what JSON output holds: all of `gas`, rounded, and its results in kPa as well.

    Parameters
    ----------
    gas : BloodGas
        To write.

    Returns
    -------
    dict
        Values by name; the name ends with the unit.
    """
    values = dataclasses.asdict(gas)
    values |= {key.replace("_mmhg", "_kpa"): kpa(values[key]) for key in _RESULTS.values()}
    return {
        key: value if isinstance(value, bool) else round(value, 4) for key, value in values.items()
    }


def assumptions(gas: BloodGas, flow_l_min: float | None) -> str:
    """Say in one line what `gas` was calculated with; flow where FiO2 is estimated from it."""
    fio2 = f"FiO2 {gas.fio2:.3g}"
    if gas.fio2_is_estimated:
        fio2 += f", estimated from {flow_l_min:g} L/min and so only approximate"
    return (
        f"{fio2}; air {gas.barometric_pressure_mmhg:.0f} mmHg, "
        f"water vapor {gas.water_vapor_mmhg:.1f} mmHg, RQ {gas.respiratory_quotient:g}."
    )


def _check_one_unit(options: argparse.Namespace, unit: str) -> None:
    """Refuse what may be one gas in mmHg and the other in kPa."""
    factor = MMHG_PER_KPA if unit else 1.0
    given = {"pao2_mmhg": options.pao2, "paco2_mmhg": options.paco2}
    wrong = [key for key, value in given.items() if implausible(key, value * factor)]
    other_factor = 1.0 if unit else MMHG_PER_KPA
    if len(wrong) != 1 or implausible(wrong[0], given[wrong[0]] * other_factor):
        return
    own, other = ("kPa", "mmHg") if unit else ("mmHg", "kPa")
    way = "leave --unit kPa out" if unit else "give --unit kPa"
    name, value = BOUNDS[wrong[0]].name, given[wrong[0]]
    raise AnalysisError(
        f"{name} {value:g} is plausible in {other} and not in {own}, in which the other pressure"
        f" is: if both are in {other}, {way}; else give both in one unit, {name} as"
        f" {value * other_factor / factor:.4g} {own}."
    )


def _pressure(options: argparse.Namespace, unit: str) -> float:
    if options.altitude is not None:
        return float(barometric_pressure_mmhg(check("altitude_m", options.altitude)))
    if options.pressure is not None:
        return check("barometric_pressure_mmhg", options.pressure, unit)
    return STANDARD_PRESSURE_MMHG


def _water_vapor(options: argparse.Namespace) -> float:
    if options.temperature is None:
        return WATER_VAPOR_MMHG
    return float(water_vapor_pressure_mmhg(check("temperature_c", options.temperature)))
