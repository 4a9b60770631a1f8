"""How well measures tell a binary outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from .cohortresult import Estimate, Roc
from .measures import Measure

NAN = float("nan")
FEWEST = 3
"""Cases with the outcome, and without."""

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
        What tells the outcome.
    outcome : str
        For people, such as ``outcome = died``.
    positive, known : numpy.ndarray
        (n,) bool: who has the outcome, and of whom that is known.
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
        outcome, each by themselves.
    """
    return tuple(
        roc(
            measure,
            outcome,
            columns[measure.key][positive & known],
            columns[measure.key][~positive & known],
            confidence,
            resamples,
            seed,
        )
        for measure in measures
    )


def roc(
    measure: Measure,
    outcome: str,
    positives: np.ndarray,
    negatives: np.ndarray,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Roc:
    """Receiver operating characteristic of one measure.

    Parameters
    ----------
    measure, outcome : Measure, str
        As of `rocs`.
    positives, negatives : numpy.ndarray
        Values with and without the outcome, NaN for missing.
    confidence, resamples, seed
        As of `rocs`.

    Returns
    -------
    Roc
    """
    lower = measure.key in LOWER_IS_POSITIVE
    positives, negatives = (each[np.isfinite(each)] for each in (positives, negatives))
    counts = len(positives), len(negatives)
    if min(counts) < FEWEST:
        nothing = Estimate(NAN, NAN, NAN)
        problem = (
            f"{counts[0]} cases with and {counts[1]} without the outcome;"
            f" {FEWEST} of each are needed"
        )
        return Roc(measure, outcome, lower, nothing, *counts, np.empty(0), np.empty(0), problem)
    # Ordinal numbers keep order and ties, and are what is fast to count.
    _, ranks = np.unique(np.concatenate([positives, negatives]), return_inverse=True)
    if lower:
        ranks = ranks.max() - ranks
    ranked = ranks[: counts[0]], ranks[counts[0] :]
    auc = Estimate(area_under_curve(*ranked), *_interval(*ranked, confidence, resamples, seed))
    return Roc(measure, outcome, lower, auc, *counts, *_curve(*ranked))


def area_under_curve(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Probability that a positive is above a negative, ties counted half: U over all pairs."""
    u = stats.mannwhitneyu(positives, negatives, method="asymptotic").statistic
    return float(u) / (len(positives) * len(negatives))


def _interval(
    positives: np.ndarray, negatives: np.ndarray, confidence: float, resamples: int, seed: int
) -> tuple[float, float]:
    if positives.min() > negatives.max() or positives.max() < negatives.min():
        # Every resample is as far apart as the sample.
        area = area_under_curve(positives, negatives)
        return area, area
    levels = int(max(positives.max(), negatives.max())) + 1
    result = stats.bootstrap(
        (positives, negatives),
        lambda ones, zeros: _counted_area(ones, zeros, levels),
        vectorized=False,
        n_resamples=resamples,
        batch=max(1, CELLS_AT_ONCE // (len(positives) + len(negatives))),
        confidence_level=confidence,
        method="percentile",
        random_state=np.random.default_rng(seed),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def _counted_area(positives: np.ndarray, negatives: np.ndarray, levels: int) -> float:
    """`area_under_curve` of ordinal numbers below `levels`, by counting: many times faster."""
    at = np.bincount(negatives, minlength=levels)
    below = np.cumsum(at) - at / 2
    return float(below[positives].mean() / len(negatives))


def _curve(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give false and true positive rates, as the cut goes from above all values to below them."""
    cuts = np.unique(np.concatenate([positives, negatives]))[::-1]
    false, true = (
        np.concatenate([[0.0], stats.ecdf(-each).cdf.evaluate(-cuts)])
        for each in (negatives, positives)
    )
    return false, true
