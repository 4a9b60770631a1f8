"""Blood gases of a cohort, calculated where its table lacks them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from ...imaging.errors import AnalysisError
from ..bloodgas import (
    RESPIRATORY_QUOTIENT,
    STANDARD_PRESSURE_MMHG,
    WATER_VAPOR_MMHG,
    alveolar_arterial_gradient_mmhg,
    barometric_pressure_mmhg,
    fio2_from_nasal_flow,
    pao2_fio2_mmhg,
    water_vapor_pressure_mmhg,
)
from ..plausible import BOUNDS, check, implausible
from ..tables.case_table import CaseTable
from ..texts import counted, listed
from ..values import UnusableCell, Variable
from .options import CohortOptions

FIO2 = Variable("fio2", "FiO2")
FIO2_IS_ESTIMATED = Variable("fio2_is_estimated", "FiO2 estimated")
AADO2 = Variable("aado2_mmhg", "AaDO2", "mmHg")
PAO2_FIO2 = Variable("pao2_fio2_mmhg", "PaO2/FiO2", "mmHg")


@dataclass(frozen=True)
class Air:
    """What the alveolar gas equation assumes.

    Attributes
    ----------
    pressure_mmhg, water_vapor_mmhg, respiratory_quotient : float
    """

    pressure_mmhg: float = STANDARD_PRESSURE_MMHG
    water_vapor_mmhg: float = WATER_VAPOR_MMHG
    respiratory_quotient: float = RESPIRATORY_QUOTIENT

    @classmethod
    def of(cls, options: CohortOptions) -> Air:
        """Assumptions from the options; AnalysisError for implausible ones."""
        pressure, vapor = STANDARD_PRESSURE_MMHG, WATER_VAPOR_MMHG
        if options.altitude_m is not None:
            check("altitude_m", options.altitude_m)
            pressure = float(barometric_pressure_mmhg(options.altitude_m))
        if options.barometric_pressure_mmhg is not None:
            pressure = options.barometric_pressure_mmhg
        if options.temperature_c is not None:
            check("temperature_c", options.temperature_c)
            vapor = float(water_vapor_pressure_mmhg(options.temperature_c))
        if options.water_vapor_mmhg is not None:
            vapor = options.water_vapor_mmhg
        check("barometric_pressure_mmhg", pressure)
        check("water_vapor_mmhg", vapor)
        check("respiratory_quotient", options.respiratory_quotient)
        return cls(pressure, vapor, options.respiratory_quotient)

    def aado2_mmhg(self, pao2: np.ndarray, paco2: np.ndarray, fio2: np.ndarray) -> np.ndarray:
        """(n,) alveolar-arterial difference of oxygen in this air; pressures in mmHg."""
        return np.asarray(
            alveolar_arterial_gradient_mmhg(
                pao2,
                paco2,
                fio2,
                self.pressure_mmhg,
                self.water_vapor_mmhg,
                self.respiratory_quotient,
            )
        )

    @property
    def text(self) -> str:
        """For a methods section."""
        return (
            f"barometric pressure {self.pressure_mmhg:.0f} mmHg, water vapor"
            f" {self.water_vapor_mmhg:.0f} mmHg, respiratory quotient"
            f" {self.respiratory_quotient:g}"
        )


@dataclass(frozen=True, eq=False)
class GasValues:
    """A table with its blood gases.

    Attributes
    ----------
    table : CaseTable
    notes : tuple of str
    unusable : tuple of UnusableCell
        Of values that are given and do not go together.
    calculated, estimated : frozenset of str
        Cases whose AaDO2 was calculated, and those among them whose FiO2 is an estimate.
    """

    table: CaseTable
    notes: tuple[str, ...]
    unusable: tuple[UnusableCell, ...]
    calculated: frozenset[str] = frozenset()
    estimated: frozenset[str] = frozenset()


def with_gases(
    table: CaseTable,
    air: Air,
    estimate_fio2: bool = True,
    unusable_fio2: Set[str] = frozenset(),
) -> GasValues:
    """Add AaDO2 and PaO2/FiO2 where they are not given and can be calculated.

    Parameters
    ----------
    table : CaseTable
        With ``pao2_mmhg``, ``paco2_mmhg``, ``fio2``, ``oxygen_l_min`` as far as they are known.
    air : Air
        What the gas equation assumes.
    estimate_fio2 : bool
        Estimate FiO2 from the oxygen flow where it was not measured; ``fio2_is_estimated`` then
        tells where.
    unusable_fio2 : set of str
        Cases whose FiO2 was measured and cannot be used: no estimate replaces it.

    Returns
    -------
    GasValues

    Raises
    ------
    AnalysisError
        Most of the values do not go together, as if one was in another unit.
    """
    if "pao2_mmhg" not in table.columns:
        return GasValues(table, (), ())
    pao2, paco2, fio2, flow = (
        _column(table, key) for key in ("pao2_mmhg", "paco2_mmhg", "fio2", "oxygen_l_min")
    )
    estimated = np.zeros(len(table), dtype=bool)
    notes = []
    if estimate_fio2:
        guess = fio2_from_nasal_flow(flow)
        estimated = ~np.isfinite(fio2) & np.isfinite(guess) & np.isfinite(pao2)
        is_unusable = np.array([case in unusable_fio2 for case in table.cases], dtype=bool)
        notes += _not_estimated(table.select(estimated & is_unusable).cases)
        estimated &= ~is_unusable
        fio2 = np.where(estimated, guess, fio2)
        notes += _too_high_flow(table, np.isfinite(pao2) & ~np.isfinite(fio2), flow)
    if estimated.any():
        table = table.with_column(FIO2, fio2)
        flags = np.array(["yes" if each else "no" for each in estimated], dtype=object)
        flags[~np.isfinite(fio2)] = ""
        table = table.with_column(FIO2_IS_ESTIMATED, flags)
        notes.append(
            f"FiO2 was estimated from the oxygen flow, as 0.20 + 0.04 per L/min, in"
            f" {counted(int(estimated.sum()), 'case')} of {len(table)}."
        )
    _check_air(air, pao2, paco2, fio2)
    aado2, unusable = _possible(
        table, AADO2, air.aado2_mmhg(pao2, paco2, fio2), ("pao2_mmhg", "paco2_mmhg", "fio2")
    )
    ratio, unusable_ratios = _possible(
        table, PAO2_FIO2, np.asarray(pao2_fio2_mmhg(pao2, fio2)), ("pao2_mmhg", "fio2")
    )
    table, calculated, told = _filled(table, AADO2, aado2)
    notes += told
    table, _, told = _filled(table, PAO2_FIO2, ratio)
    notes += told
    return GasValues(
        table,
        tuple(notes),
        (*unusable, *unusable_ratios),
        frozenset(table.select(calculated).cases),
        frozenset(table.select(calculated & estimated).cases),
    )


def _not_estimated(cases: Sequence[str]) -> list[str]:
    if not cases:
        return []
    return [
        f"FiO2 was not estimated in {counted(len(cases), 'case')} whose measured FiO2 cannot be"
        f" used: {listed(cases)}. Correct these cells, or empty them for an estimate."
    ]


def _check_air(air: Air, pao2: np.ndarray, paco2: np.ndarray, fio2: np.ndarray) -> None:
    """Refuse air in which most AaDO2 are impossible that are possible at sea level."""

    def wrong(assumed: Air) -> int:
        return int(np.count_nonzero(implausible(AADO2.key, assumed.aado2_mmhg(pao2, paco2, fio2))))

    n = int(np.count_nonzero(np.isfinite(pao2 + paco2 + fio2)))
    if air != Air() and wrong(air) >= 3 and 2 * wrong(air) > n >= 2 * wrong(Air()):
        raise AnalysisError(
            f"AaDO2 is outside of {BOUNDS[AADO2.key].text} in {wrong(air)} of {n} cases with"
            f" {air.text}, and in {wrong(Air())} with {Air().text}: check altitude, pressure,"
            " temperature and respiratory quotient as given."
        )


def _too_high_flow(table: CaseTable, unknown: np.ndarray, flow: np.ndarray) -> list[str]:
    """Note on patients without FiO2 although the flow is known: they are among the sickest."""
    highest = BOUNDS["nasal_flow_l_min"].high
    cases = table.select(unknown & (flow > highest)).cases
    if not cases:
        return []
    return [
        f"{counted(len(cases), 'case')} with an oxygen flow above {highest:g} L/min and no FiO2"
        f" {'has' if len(cases) == 1 else 'have'} no AaDO2 and PaO2/FiO2, as FiO2 cannot be"
        f" estimated from such a flow: {listed(cases)}. These may be the sickest: fill FiO2 in."
    ]


def _possible(
    table: CaseTable, variable: Variable, calculated: np.ndarray, parts: tuple[str, ...]
) -> tuple[np.ndarray, list[UnusableCell]]:
    """Separate calculated values that are possible from others; refuse if most are not."""
    wrong = implausible(variable.key, calculated)
    n, known = int(wrong.sum()), int(np.isfinite(calculated).sum())
    names = [BOUNDS[key].name for key in parts]
    together = f"{', '.join(names[:-1])} and {names[-1]} do not go together"
    bounds = BOUNDS[variable.key].text
    if n >= 3 and 2 * n > known:
        read = [table.read_as[key] for key in parts if key in table.read_as]
        raise AnalysisError(
            f"{together}: {variable.name} is outside of {bounds} in {n} of {known} cases."
            + (f" Read were {listed(read)}." if read else "")
            + " Put the right units into the titles of the columns, or give them with --unit"
            " 'COLUMN=UNIT'."
        )
    unusable = [
        UnusableCell(
            table.cases[i],
            f"{variable.name} (calculated)",
            f"{calculated[i]:.0f}",
            f"is not plausible ({bounds}): {together}",
        )
        for i in np.flatnonzero(wrong)
    ]
    return np.where(wrong, np.nan, calculated), unusable


def _column(table: CaseTable, key: str) -> np.ndarray:
    """Numbers of a column; all missing if there is none."""
    values = table.columns.get(key)
    return np.full(len(table), np.nan) if values is None or values.dtype == object else values


def _filled(
    table: CaseTable, variable: Variable, calculated: np.ndarray
) -> tuple[CaseTable, np.ndarray, list[str]]:
    """Fill a column's gaps; tell where that was done, and whether given values agree."""
    if not np.isfinite(calculated).any():
        return table, np.zeros(len(table), dtype=bool), []
    if variable.key not in table.columns:
        n = int(np.isfinite(calculated).sum())
        note = f"{variable.name} was calculated in {counted(n, 'case')}."
        return table.with_column(variable, calculated), np.isfinite(calculated), [note]
    given = _column(table, variable.key)
    both = np.isfinite(given) & np.isfinite(calculated) & (calculated > 0)
    notes = []
    if both.sum() >= 3:
        ratio = float(np.median(given[both] / calculated[both]))
        if 0.1 < ratio < 0.17:  # 0.133 kPa in a mmHg.
            raise AnalysisError(
                f"{variable.name} of the clinical table seems to be in kPa (it is {ratio:.2f} times"
                f" what PaO2, PaCO2 and FiO2 give in mmHg): put the unit into its title, as in"
                f' "{variable.name} (kPa)".'
            )
        apart = float(np.median(np.abs(given[both] - calculated[both])))
        if apart > 0.1 * float(np.median(calculated[both])):
            notes.append(
                f"{variable.name} as given differs from what the gas equation gives by"
                f" {apart:.0f} mmHg in the median: check pressure of the air and FiO2."
            )
    gaps = ~np.isfinite(given) & np.isfinite(calculated)
    if gaps.any():
        n = int(gaps.sum())
        notes.append(f"{variable.name} was calculated in {counted(n, 'case')} where not given.")
    return table.with_column(variable, np.where(gaps, calculated, given)), gaps, notes
