"""How far two groups are apart, with intervals: on the scale of the measure, and without units."""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

from .statistical_results import Estimate, Summary

APART = "the groups do not overlap, and that leaves no spread to estimate it from"
ALIKE = "as many values are the same as to leave no spread to estimate it from"


def hedges_g(first: Summary, second: Summary, confidence: float = 0.95) -> Estimate:
    """Difference of means in pooled SDs, corrected for small samples.

    Parameters
    ----------
    first, second : Summary
        Mean, SD and n are used.
    confidence : float
        Level of the interval.

    Returns
    -------
    Estimate
        Hedges' g by statsmodels. Its interval is that of the noncentral t distribution (scipy),
        exact for normal values of equal variance at any n (Hedges and Olkin 1985; Steiger and
        Fouladi 1997): it leaves out 0 where Student's p is below 1 − confidence.
    """
    from statsmodels.stats.meta_analysis import effectsize_smd

    n = first.n, second.n
    value, _ = effectsize_smd(first.mean, first.sd, n[0], second.mean, second.sd, n[1])
    correction, _ = effectsize_smd(1.0, 1.0, n[0], 0.0, 1.0, n[1])
    per_t = float(correction) * math.sqrt(1 / n[0] + 1 / n[1])
    # Of the size, with the sign put back: the inverse of the distribution is made for t above 0.
    t = abs(float(value)) / per_t
    tail = (1 - confidence) / 2
    low, high = (per_t * float(special.nctdtrinc(sum(n) - 2, p, t)) for p in (1 - tail, tail))
    return Estimate(float(value), *((low, high) if value >= 0 else (-high, -low)))


def median_difference(first: np.ndarray, second: np.ndarray, confidence: float = 0.95) -> Estimate:
    """Median of the first group less that of the second.

    Parameters
    ----------
    first, second : numpy.ndarray
        Values without NaN, two or more each.
    confidence : float
        Level of the interval.

    Returns
    -------
    Estimate
        Its interval is normal with standard errors of medians by Maritz and Jarrett (1978; scipy),
        which are those of a bootstrap of endless resamples.
    """
    medians = [float(np.median(each)) for each in (first, second)]
    value = medians[0] - medians[1]
    # About the median, where squares of values do not hide how little they differ.
    error = math.hypot(
        *(
            float(stats.mstats.mjci(each - median, [0.5])[0])
            for each, median in zip((first, second), medians, strict=True)
        )
    )
    # Rounding leaves some of a spread that is none.
    if not error > 1e-9 * max(map(abs, medians)):
        return Estimate(value, math.nan, math.nan, ALIKE)
    low, high = stats.norm.interval(confidence, value, error)
    return Estimate(value, float(low), float(high))


def rank_biserial(first: np.ndarray, second: np.ndarray, confidence: float = 0.95) -> Estimate:
    """Share of pairs in which the first group is higher, less the share in which it is lower.

    Parameters
    ----------
    first, second : numpy.ndarray
        Values without NaN, two or more each.
    confidence : float
        Level of the interval.

    Returns
    -------
    Estimate
        From −1 to 1: 2 U / (n₁ n₂) − 1 of Mann and Whitney's U (Kerby 2014; also Cliff's delta).
        Value and interval are statsmodels', by Brunner and Munzel (2000), and the interval is cut
        at −1 and 1. There is none for groups that do not overlap.
    """
    from statsmodels.stats.nonparametric import rank_compare_2indep

    for value, apart in ((1.0, min(first) > max(second)), (-1.0, max(first) < min(second))):
        if apart:
            return Estimate(value, math.nan, math.nan, APART)
    found = rank_compare_2indep(first, second)
    interval = found.confint_lintransf(const=-1, slope=2, alpha=1 - confidence)
    low, high = sorted(float(np.clip(bound, -1, 1)) for bound in interval)
    return Estimate(float(2 * found.prob1 - 1), low, high)
