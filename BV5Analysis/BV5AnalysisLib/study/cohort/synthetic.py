"""Invented patients whose statistics are those of a published table.

Table 1 of the paper that this program follows has BV5 % by oxygen need, and its correlations
with PaO2 and AaDO2, in 50 patients. These patients have the same figures, so that a cohort's
analysis can be checked from end to end. They are no data of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from ...imaging.errors import AnalysisError
from ...imaging.model.measurements import Measurement
from ..bloodgas import alveolar_arterial_gradient_mmhg, fio2_from_nasal_flow


@dataclass(frozen=True)
class PublishedGroup:
    """BV5 % of one group in the table: number of patients, mean and standard deviation."""

    n: int
    mean: float
    sd: float


LITTLE_OXYGEN = PublishedGroup(32, 46.89, 8.59)
"""Up to 2 L/min."""
MUCH_OXYGEN = PublishedGroup(18, 41.61, 6.95)
"""Above 2 L/min."""
CORRELATION_PAO2, CORRELATION_AADO2 = 0.3, -0.3

_FLOWS_L_MIN = ((0, 0.5, 1, 1.5, 2), (3, 4, 5, 6, 8, 10))
_FLOW_SHARES = ((0.45, 0.05, 0.2, 0.05, 0.25), (0.3, 0.2, 0.2, 0.15, 0.1, 0.05))
HILAR_SHARE = 0.3
"""Blood at the hilum over that of wide vessels inside the lung: 0.2 to 0.4 in six scans."""
HILAR_MM2 = 60.0
"""Typical area of hilar vessels."""
_ATTEMPTS = 20_000
_TOLERANCE = 5e-5


@dataclass(frozen=True)
class SyntheticPatient:
    """One invented patient.

    Attributes
    ----------
    case : str
    measurements : tuple of Measurement
        ``both``, ``right``, ``left``; the first is the sum of the others.
    age : int
        Years.
    sex : str
        ``F`` or ``M``.
    oxygen_l_min : float
        Through nasal prongs.
    pao2_mmhg, paco2_mmhg, fio2 : float
        Blood gas.
    outcome : str
        ``died`` or ``survived``.
    """

    case: str
    measurements: tuple[Measurement, ...]
    age: int
    sex: str
    oxygen_l_min: float
    pao2_mmhg: float
    paco2_mmhg: float
    fio2: float
    outcome: str


def synthetic_cohort(seed: int = 0) -> tuple[SyntheticPatient, ...]:
    """Invent 50 patients with the published statistics.

    Means and standard deviations of BV5 % in both groups are exact, and so are, to four decimals
    and as rounded in a spreadsheet, Pearson's correlations of BV5 % with PaO2, and with AaDO2 by
    the alveolar gas equation. All else is drawn from plausible ranges.

    Parameters
    ----------
    seed : int
        Of everything random; the same one gives the same patients.

    Returns
    -------
    tuple of SyntheticPatient
        The groups mixed; 50 of them.

    Raises
    ------
    AnalysisError
        This seed gives no plausible patients.
    """
    rng = np.random.default_rng(seed)
    groups = (LITTLE_OXYGEN, MUCH_OXYGEN)
    bv5_pct = np.concatenate(
        [_with_moments(rng.normal(size=each.n), each.mean, each.sd) for each in groups]
    )
    gas = next(filter(None, (_blood_gases(rng, bv5_pct) for _ in range(_ATTEMPTS))), None)
    if gas is None:
        raise AnalysisError(f"No plausible patients for seed {seed}; take another seed.")
    risk = 1 / (1 + np.exp(3.2 - 0.35 * gas.flow_l_min + 0.05 * (bv5_pct - bv5_pct.mean())))
    died = rng.random(bv5_pct.size) < risk
    ages = np.clip(np.rint(rng.normal(62, 13, bv5_pct.size)), 24, 91).astype(int)
    men = rng.random(bv5_pct.size) < 0.58
    volumes = [_lungs(rng, each, man) for each, man in zip(bv5_pct, men, strict=True)]
    return tuple(
        SyntheticPatient(
            case=f"synthetic-{number:02d}",
            measurements=volumes[index],
            age=int(ages[index]),
            sex="M" if men[index] else "F",
            oxygen_l_min=float(gas.flow_l_min[index]),
            pao2_mmhg=float(gas.pao2_mmhg[index]),
            paco2_mmhg=float(gas.paco2_mmhg[index]),
            fio2=float(gas.fio2[index]),
            outcome="died" if died[index] else "survived",
        )
        for number, index in enumerate(rng.permutation(bv5_pct.size), start=1)
    )


@dataclass(frozen=True, eq=False)
class _Gases:
    """Blood gases of all patients, (n,) each."""

    flow_l_min: np.ndarray
    pao2_mmhg: np.ndarray
    paco2_mmhg: np.ndarray
    fio2: np.ndarray

    @property
    def aado2_mmhg(self) -> np.ndarray:
        return np.asarray(
            alveolar_arterial_gradient_mmhg(self.pao2_mmhg, self.paco2_mmhg, self.fio2)
        )


def _blood_gases(rng: np.random.Generator, bv5_pct: np.ndarray) -> _Gases | None:
    """Draw blood gases with the correlations; None if what comes out is not plausible."""
    flow = np.concatenate(
        [
            rng.choice(flows, group.n, p=shares)
            for flows, shares, group in zip(
                _FLOWS_L_MIN, _FLOW_SHARES, (LITTLE_OXYGEN, MUCH_OXYGEN), strict=True
            )
        ]
    )
    fio2 = np.round(fio2_from_nasal_flow(flow), 2)
    along = _with_moments(bv5_pct, 0, 1)
    # What no correlation with BV5 % comes from: the noise's part across it.
    noise = rng.normal(size=flow.size)
    across = _with_moments(noise - along * np.dot(noise, along) / np.dot(along, along), 0, 1)
    mixed = CORRELATION_PAO2 * along + np.sqrt(1 - CORRELATION_PAO2**2) * across
    pao2 = np.round(_with_moments(mixed, 75, 10), 1)
    paco2 = rng.normal(36, 3.5, flow.size)

    def with_paco2_along(mmhg: float) -> _Gases:
        return _Gases(flow, pao2, np.round(paco2 + mmhg * along, 1), fio2)

    def excess(mmhg: float) -> float:
        return _correlation(bv5_pct, with_paco2_along(mmhg).aado2_mmhg) - CORRELATION_AADO2

    if excess(-2) * excess(2) > 0:
        return None
    gases = with_paco2_along(brentq(excess, -2, 2, xtol=1e-6))
    return gases if _is_plausible(gases, bv5_pct) else None


def _is_plausible(gases: _Gases, bv5_pct: np.ndarray) -> bool:
    with_pao2 = _correlation(bv5_pct, gases.pao2_mmhg)
    with_aado2 = _correlation(bv5_pct, gases.aado2_mmhg)
    return bool(
        abs(with_pao2 - CORRELATION_PAO2) < _TOLERANCE
        and abs(with_aado2 - CORRELATION_AADO2) < _TOLERANCE
        and gases.pao2_mmhg.min() > 50
        and gases.pao2_mmhg.max() < 110
        and gases.paco2_mmhg.min() > 26
        and gases.paco2_mmhg.max() < 52
        and gases.aado2_mmhg.min() > 4
    )


def _lungs(rng: np.random.Generator, bv5_pct: float, man: bool) -> tuple[Measurement, ...]:
    """Both lungs with a given BV5 %, the right one somewhat larger."""
    lung_ml = np.clip(rng.normal(4600 if man else 3700, 600), 2200, 6600)
    tpbv_ml = np.clip(rng.normal(0.042, 0.006), 0.028, 0.06) * lung_ml
    bv5_ml = bv5_pct / 100 * tpbv_ml
    bv5_10_ml = (tpbv_ml - bv5_ml) * rng.normal(0.42, 0.04)
    whole = np.array(
        [
            lung_ml,
            bv5_ml,
            bv5_10_ml,
            tpbv_ml - bv5_ml - bv5_10_ml,
            tpbv_ml * rng.normal(0.06, 0.008),
            # The length that these classes have at their typical areas.
            1000 * (bv5_ml / 2.4 + bv5_10_ml / 7),
        ]
    )
    right = whole * rng.normal(0.535, 0.012, whole.size)
    return tuple(
        _row(region, *map(float, values))
        for region, values in {"both": whole, "right": right, "left": whole - right}.items()
    )


def _row(
    region: str,
    lung_volume_ml: float,
    bv5_ml: float,
    bv5_10_ml: float,
    bv10_ml: float,
    below_floor_ml: float,
    vessel_length_mm: float,
) -> Measurement:
    """Row of a lung, with as much blood at its hilum as is usual."""
    return Measurement(
        region=region,
        lung_volume_ml=lung_volume_ml,
        bv5_ml=bv5_ml,
        bv5_10_ml=bv5_10_ml,
        bv10_ml=bv10_ml,
        below_floor_ml=below_floor_ml,
        vessel_length_mm=vessel_length_mm,
        hilar_bv5_ml=0.0,
        hilar_bv5_10_ml=0.0,
        hilar_bv10_ml=HILAR_SHARE * bv10_ml,
        hilar_below_floor_ml=0.0,
        hilar_length_mm=HILAR_SHARE * bv10_ml / HILAR_MM2 * 1000,
    )


def _with_moments(values: np.ndarray, mean: float, sd: float) -> np.ndarray:
    scaled: np.ndarray = sd * (values - values.mean()) / values.std(ddof=1)
    return mean + scaled


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])
