"""Blood gases: how well oxygen passes from the lungs into the blood.

The formulas take numbers or numpy arrays of the same shape, with NaN for missing, and give the
same. They calculate only; what is plausible is in `plausible`, and `blood_gas` looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..imaging.errors import AnalysisError
from .plausible import BOUNDS, MMHG_PER_KPA, Values, check, implausible, other_unit

__all__ = [
    "BOUNDS",
    "MMHG_PER_KPA",
    "BloodGas",
    "alveolar_arterial_gradient_mmhg",
    "alveolar_po2_mmhg",
    "barometric_pressure_mmhg",
    "blood_gas",
    "check",
    "fio2_from_nasal_flow",
    "implausible",
    "kpa",
    "mmhg",
    "other_unit",
    "pao2_fio2_mmhg",
    "water_vapor_pressure_mmhg",
]

STANDARD_PRESSURE_MMHG = 760.0
WATER_VAPOR_MMHG = 47.0
"""At 37 °C, as rounded by textbooks."""
RESPIRATORY_QUOTIENT = 0.8
ROOM_AIR_FIO2 = 0.21


def mmhg(kpa_value: Values) -> Values:
    """Convert a pressure from kPa to mmHg."""
    return kpa_value * MMHG_PER_KPA


def kpa(mmhg_value: Values) -> Values:
    """Convert a pressure from mmHg to kPa."""
    return mmhg_value / MMHG_PER_KPA


def alveolar_po2_mmhg(
    paco2_mmhg: Values,
    fio2: Values,
    barometric_pressure_mmhg: Values = STANDARD_PRESSURE_MMHG,
    water_vapor_mmhg: Values = WATER_VAPOR_MMHG,
    respiratory_quotient: Values = RESPIRATORY_QUOTIENT,
) -> Values:
    """Alveolar partial pressure of oxygen by the alveolar gas equation, in its short form.

    PAO2 = FiO2 · (P_atm − P_H2O) − PaCO2 / RQ. The full equation (Fenn, Rahn and Otis, Am J
    Physiol 1946;146:637) has PaCO2 · (FiO2 + (1 − FiO2) / RQ) for the last term. The short form is
    what clinical papers report; it is lower by PaCO2 · FiO2 · (1 / RQ − 1): 2 mmHg in room air,
    10 mmHg in pure oxygen, at PaCO2 40 mmHg and RQ 0.8.

    Parameters
    ----------
    paco2_mmhg : float or numpy.ndarray
        Arterial partial pressure of carbon dioxide, used as the alveolar one.
    fio2 : float or numpy.ndarray
        Fraction of inspired oxygen, up to 1; 0.21 in room air.
    barometric_pressure_mmhg, water_vapor_mmhg : float or numpy.ndarray
        Pressure of the air, and of water vapor in the airways.
    respiratory_quotient : float or numpy.ndarray
        Carbon dioxide given off by oxygen taken up.

    Returns
    -------
    float or numpy.ndarray
        In mmHg.
    """
    inspired = fio2 * (barometric_pressure_mmhg - water_vapor_mmhg)
    return inspired - paco2_mmhg / respiratory_quotient


def alveolar_arterial_gradient_mmhg(
    pao2_mmhg: Values,
    paco2_mmhg: Values,
    fio2: Values,
    barometric_pressure_mmhg: Values = STANDARD_PRESSURE_MMHG,
    water_vapor_mmhg: Values = WATER_VAPOR_MMHG,
    respiratory_quotient: Values = RESPIRATORY_QUOTIENT,
) -> Values:
    """Alveolar-arterial difference of oxygen, AaDO2: `alveolar_po2_mmhg` less PaO2.

    Parameters
    ----------
    pao2_mmhg : float or numpy.ndarray
        Arterial partial pressure of oxygen.
    paco2_mmhg, fio2, barometric_pressure_mmhg, water_vapor_mmhg, respiratory_quotient
        See `alveolar_po2_mmhg`.

    Returns
    -------
    float or numpy.ndarray
        In mmHg.
    """
    alveolar = alveolar_po2_mmhg(
        paco2_mmhg, fio2, barometric_pressure_mmhg, water_vapor_mmhg, respiratory_quotient
    )
    return alveolar - pao2_mmhg


def pao2_fio2_mmhg(pao2_mmhg: Values, fio2: Values) -> Values:
    """Ratio PaO2 / FiO2 in mmHg, as in the Berlin definition (JAMA 2012;307:2526)."""
    return pao2_mmhg / fio2


def fio2_from_nasal_flow(flow_l_min: Values) -> Values:
    """Estimate the fraction of inspired oxygen from the flow through nasal prongs.

    0.20 + 0.04 · flow, and never below that of room air, 0.21. A rule of thumb for 1 to 6 L/min
    (Shapiro et al., Clinical Application of Blood Gases): with the same flow, what a patient
    inspires differs by 0.1 and more with breathing (Wettstein et al., Respir Care 2005;50:604).
    An FiO2 from here is to be flagged as an estimate.

    Parameters
    ----------
    flow_l_min : float or numpy.ndarray
        Oxygen, L/min.

    Returns
    -------
    float or numpy.ndarray
        Fraction; NaN where the flow is below 0 or above 15 L/min, for which no such rule holds:
        devices of higher flow mix their gas, so that FiO2 is known.
    """
    bounds = BOUNDS["nasal_flow_l_min"]
    flow = np.asarray(flow_l_min, dtype=float)
    known = (flow >= bounds.low) & (flow <= bounds.high)
    fio2 = np.where(known, np.maximum(0.20 + 0.04 * flow, ROOM_AIR_FIO2), np.nan)
    return fio2 if np.ndim(flow_l_min) else float(fio2)


def barometric_pressure_mmhg(altitude_m: Values) -> Values:
    """Pressure of the air by altitude, in the International Standard Atmosphere.

    760 · (1 − 0.0065 · h / 288.15)^5.25588 (ISO 2533:1975; U.S. Standard Atmosphere 1976), up to
    11 km. Weather moves it by some 2 %, and on high mountains near the equator it is more than
    this (7 % on Mount Everest; West, J Appl Physiol 1996;81:1850): a measured pressure is better.

    Parameters
    ----------
    altitude_m : float or numpy.ndarray
        Above sea level.

    Returns
    -------
    float or numpy.ndarray
        In mmHg.
    """
    return STANDARD_PRESSURE_MMHG * (1 - 0.0065 * altitude_m / 288.15) ** 5.25588


def water_vapor_pressure_mmhg(temperature_c: Values) -> Values:
    """Pressure of saturated water vapor by temperature.

    Buck's formula in its form of 1996 (Buck, J Appl Meteorol 1981;20:1527; Buck Research CR-1A
    manual, 1996); within 0.1 % of measurements at body temperatures: 47.1 mmHg at 37 °C.

    Parameters
    ----------
    temperature_c : float or numpy.ndarray
        Of the patient. Blood gas analyzers measure at 37 °C: another temperature is right only
        with gases that were corrected to it.

    Returns
    -------
    float or numpy.ndarray
        In mmHg.
    """
    kpa_value = 0.61121 * np.exp(
        (18.678 - temperature_c / 234.5) * temperature_c / (257.14 + temperature_c)
    )
    return mmhg(kpa_value)


@dataclass(frozen=True)
class BloodGas:
    """Blood gas of one patient, with what was assumed.

    Attributes
    ----------
    pao2_mmhg, paco2_mmhg, fio2 : float
        As given; `fio2` may be estimated.
    fio2_is_estimated : bool
        Whether `fio2` comes from the oxygen flow.
    barometric_pressure_mmhg, water_vapor_mmhg, respiratory_quotient : float
        As used.
    alveolar_po2_mmhg, aado2_mmhg, pao2_fio2_mmhg : float
        Results.
    """

    pao2_mmhg: float
    paco2_mmhg: float
    fio2: float
    fio2_is_estimated: bool
    barometric_pressure_mmhg: float
    water_vapor_mmhg: float
    respiratory_quotient: float
    alveolar_po2_mmhg: float
    aado2_mmhg: float
    pao2_fio2_mmhg: float


def blood_gas(
    pao2_mmhg: float,
    paco2_mmhg: float,
    fio2: float | None = None,
    nasal_flow_l_min: float | None = None,
    pressure_mmhg: float = STANDARD_PRESSURE_MMHG,
    water_vapor_mmhg: float = WATER_VAPOR_MMHG,
    respiratory_quotient: float = RESPIRATORY_QUOTIENT,
) -> BloodGas:
    """Calculate the derived values of one patient's blood gas.

    Parameters
    ----------
    pao2_mmhg, paco2_mmhg : float
        Arterial partial pressures.
    fio2, nasal_flow_l_min : float, optional
        Fraction of inspired oxygen, or the flow to estimate it from; one of them.
    pressure_mmhg, water_vapor_mmhg, respiratory_quotient : float
        See `alveolar_po2_mmhg`.

    Returns
    -------
    BloodGas

    Raises
    ------
    AnalysisError
        A value is not plausible, or the values do not go together.
    """
    if fio2 is not None and nasal_flow_l_min is None:
        source, amount = "fio2", fio2
    elif nasal_flow_l_min is not None and fio2 is None:
        source, amount = "nasal_flow_l_min", nasal_flow_l_min
    else:
        raise AnalysisError("Give either FiO2 or the nasal oxygen flow, one of the two.")
    for quantity, value in {
        "pao2_mmhg": pao2_mmhg,
        "paco2_mmhg": paco2_mmhg,
        "barometric_pressure_mmhg": pressure_mmhg,
        "water_vapor_mmhg": water_vapor_mmhg,
        "respiratory_quotient": respiratory_quotient,
        source: amount,
    }.items():
        check(quantity, value)
    is_estimated = source != "fio2"
    breathed = float(fio2_from_nasal_flow(amount)) if is_estimated else amount
    alveolar = float(
        alveolar_po2_mmhg(
            paco2_mmhg, breathed, pressure_mmhg, water_vapor_mmhg, respiratory_quotient
        )
    )
    difference = alveolar - pao2_mmhg
    if implausible("aado2_mmhg", difference):
        raise AnalysisError(
            f"AaDO2 would be {difference:.0f} mmHg, as the alveoli hold {alveolar:.0f} mmHg of "
            f"oxygen at FiO2 {breathed:.2g} and PaCO2 {paco2_mmhg:.0f} mmHg, and the blood "
            f"{pao2_mmhg:.0f} mmHg. That is not possible: check these values and their units."
        )
    return BloodGas(
        pao2_mmhg=pao2_mmhg,
        paco2_mmhg=paco2_mmhg,
        fio2=breathed,
        fio2_is_estimated=is_estimated,
        barometric_pressure_mmhg=pressure_mmhg,
        water_vapor_mmhg=water_vapor_mmhg,
        respiratory_quotient=respiratory_quotient,
        alveolar_po2_mmhg=alveolar,
        aado2_mmhg=difference,
        pao2_fio2_mmhg=float(pao2_fio2_mmhg(pao2_mmhg, breathed)),
    )
