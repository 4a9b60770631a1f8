"""How well measures predict a binary outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan

import numpy as np
from scipy import stats

from ..measures import Measure
from ..texts import counted
from . import FEWEST
from .statistical_results import Estimate, Roc

LOWER_IS_POSITIVE = frozenset({"bv5_pct", "bv5_ml", "tpbv_ml"})
"""Measures of which low values speak for disease, as blood goes from thin vessels to thick ones
(Estépar 2013, Morris 2021). It is set beforehand: to choose it by the data would make every area
at least 0.5."""

CELLS_AT_ONCE = 2_000_000
"""Values of the resamples that are held at a time."""


def rocs(
    measures: Sequence[Measure],
    outcome: str,
    positive: np.ndarray,
    known: np.ndarray,
    columns: Mapping[str, np.ndarray],
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Roc, ...]:
    """Receiver operating characteristic of every measure.

    Parameters
    ----------
    measures : sequence of Measure
        What predicts the outcome.
    outcome : str
        Description for reports, such as ``outcome = died``.
    positive, known : numpy.ndarray
        (n,) bool: which patients have the outcome, and for which it is known.
    columns : mapping of str to numpy.ndarray
        (n,) float each, NaN for missing.
    confidence : float
        Level of intervals.
    resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    tuple of Roc
        The area is Mann and Whitney's U over the number of pairs; its interval holds the
        percentiles of a bootstrap (scipy.stats) that resamples those with and those without the
        outcome, each by themselves. Measures of the same patients have the same resamples. There
        is no interval where all resamples have the same area: where the measure separates all
        patients, or is the same in all of them.
    """
    # Resamples take most of the time: they are drawn once for all measures of the same patients.
    patients: dict[bytes, list[Measure]] = {}
    for measure in measures:
        there = known & np.isfinite(columns[measure.key])
        patients.setdefault(there.tobytes(), []).append(measure)
    found: dict[str, Roc] = {}
    for same in patients.values():
        there = known & np.isfinite(columns[same[0].key])
        values = np.array([columns[measure.key] for measure in same])
        for each in _rocs_of_same_patients(
            same,
            outcome,
            values[:, positive & there],
            values[:, ~positive & there],
            confidence,
            resamples,
            seed,
        ):
            found[each.measure.key] = each
    return tuple(found[measure.key] for measure in measures)


def area_under_curve(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Probability that a positive is above a negative, ties counted half: U over all pairs."""
    u = stats.mannwhitneyu(positives, negatives, method="asymptotic").statistic
    return float(u) / (len(positives) * len(negatives))


def _rocs_of_same_patients(
    measures: Sequence[Measure],
    outcome: str,
    positives: np.ndarray,
    negatives: np.ndarray,
    confidence: float,
    resamples: int,
    seed: int,
) -> list[Roc]:
    """One a measure; values are (measures, patients) without NaN."""
    n_positive, n_negative = positives.shape[1], negatives.shape[1]
    if min(n_positive, n_negative) < FEWEST:
        problem = (
            f"{counted(n_positive, 'case')} with and {n_negative} without the outcome are fewer"
            f" than {FEWEST} of each"
        )
        return [
            Roc(
                measure,
                outcome,
                lower_is_positive=measure.key in LOWER_IS_POSITIVE,
                auc=Estimate(nan, nan, nan),
                positives=n_positive,
                negatives=n_negative,
                false_positive_rate=np.empty(0),
                true_positive_rate=np.empty(0),
                problem=problem,
            )
            for measure in measures
        ]
    ranks = np.array(
        [
            _ranks(measure, values)
            for measure, values in zip(measures, np.hstack([positives, negatives]), strict=True)
        ]
    )
    ranked = list(zip(ranks[:, :n_positive], ranks[:, n_positive:], strict=True))
    intervals = _intervals(ranked, confidence, resamples, seed)
    found = []
    for measure, pair, interval in zip(measures, ranked, intervals, strict=True):
        false_positive_rate, true_positive_rate = _curve(*pair)
        found.append(
            Roc(
                measure,
                outcome,
                lower_is_positive=measure.key in LOWER_IS_POSITIVE,
                auc=_area(area_under_curve(*pair), *interval),
                positives=n_positive,
                negatives=n_negative,
                false_positive_rate=false_positive_rate,
                true_positive_rate=true_positive_rate,
            )
        )
    return found


def _area(value: float, low: float, high: float) -> Estimate:
    if low < high:
        return Estimate(value, low, high)
    return Estimate(value, nan, nan, "every resample has the same area, however few patients")


def _ranks(measure: Measure, values: np.ndarray) -> np.ndarray:
    """Ordinal numbers of values, the same for ties; the higher, the more they speak for it."""
    ranks = np.unique(values, return_inverse=True)[1]
    return ranks.max() - ranks if measure.key in LOWER_IS_POSITIVE else ranks


def _intervals(
    ranked: Sequence[tuple[np.ndarray, np.ndarray]], confidence: float, resamples: int, seed: int
) -> list[tuple[float, float]]:
    positives, negatives = ranked[0]
    result = stats.bootstrap(
        (np.arange(len(positives)), np.arange(len(negatives))),
        lambda some, others, axis=-1: _resampled_areas(ranked, some, others),  # noqa: ARG005
        vectorized=True,
        n_resamples=resamples,
        batch=max(1, CELLS_AT_ONCE // (len(positives) + len(negatives))),
        confidence_level=confidence,
        method="percentile",
        random_state=np.random.default_rng(seed),
    )
    low, high = result.confidence_interval
    return list(zip(np.ravel(low).tolist(), np.ravel(high).tolist(), strict=True))


def _resampled_areas(
    ranked: Sequence[tuple[np.ndarray, np.ndarray]], some: np.ndarray, others: np.ndarray
) -> np.ndarray:
    """Areas of every measure, (measures, resamples), by the drawn positives and negatives."""
    areas = np.empty((len(ranked), *some.shape[:-1]))
    for measure, (positives, negatives) in enumerate(ranked):
        levels = int(max(positives.max(), negatives.max())) + 1
        for resample in np.ndindex(some.shape[:-1]):
            areas[(measure, *resample)] = _counted_area(
                positives[some[resample]], negatives[others[resample]], levels
            )
    return areas


def _counted_area(positives: np.ndarray, negatives: np.ndarray, levels: int) -> float:
    """`area_under_curve` of ordinal numbers below `levels`, by counting: many times faster."""
    at = np.bincount(negatives, minlength=levels)
    u = at.cumsum()[positives].sum() - at[positives].sum() / 2
    return float(u) / (len(positives) * len(negatives))


def _curve(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute false and true positive rates for thresholds from above all values to below."""
    cuts = np.unique(np.concatenate([positives, negatives]))[::-1]
    false, true = (
        np.concatenate([[0.0], stats.ecdf(-each).cdf.evaluate(-cuts)])
        for each in (negatives, positives)
    )
    return false, true
