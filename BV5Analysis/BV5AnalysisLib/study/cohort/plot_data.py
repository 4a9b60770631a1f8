"""What a cohort's plots show, as numbers: computed once for the figures and for Slicer's views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..statistics.comparisons import summary_of
from ..statistics.statistical_results import Roc
from ..values import Group

WHISKER_LENGTH = 1.5
"""Longest one, in interquartile ranges (Tukey)."""
MOST_BINS = 40
"""Of a histogram; more would be noise in a plot of a few centimeters."""


@dataclass(frozen=True)
class Box:
    """Box and whiskers of a sample.

    Attributes
    ----------
    low, high : float
        Ends of the whiskers: the outermost values within `WHISKER_LENGTH` of the box.
    lower_quartile, median, upper_quartile, mean : float
        Of the values.
    """

    low: float
    lower_quartile: float
    median: float
    upper_quartile: float
    high: float
    mean: float


@dataclass(frozen=True, eq=False)
class Histogram:
    """Distributions of several samples over the same bins.

    Attributes
    ----------
    edges : numpy.ndarray
        (k + 1,) of the bins, rising.
    percents : tuple of numpy.ndarray
        (k,) for each sample: values in each bin, in percent of the sample; zeros for an empty one.
    """

    edges: np.ndarray
    percents: tuple[np.ndarray, ...]


def known_rows(group: Group, *columns: np.ndarray) -> np.ndarray:
    """Patients of a group who have a value in each column.

    Parameters
    ----------
    group : Group
        Of n patients.
    *columns : numpy.ndarray
        (n,) values, NaN where missing.

    Returns
    -------
    numpy.ndarray
        (k,) rows, rising.
    """
    known = np.isfinite(columns).all(axis=0)
    return np.flatnonzero(group.members & known)


def box_of(values: np.ndarray) -> Box:
    """Box and whiskers of (n,) values, at least one, without NaN."""
    summary = summary_of(values)
    lower, upper = summary.lower_quartile, summary.upper_quartile
    reach = WHISKER_LENGTH * (upper - lower)
    # Quartiles lie between values, so that the last value within reach may be inside the box.
    low = min(float(values[values >= lower - reach].min()), lower)
    high = max(float(values[values <= upper + reach].max()), upper)
    return Box(low, lower, summary.median, upper, high, summary.mean)


def histogram_of(samples: Sequence[np.ndarray]) -> Histogram | None:
    """Distributions over shared bins.

    Parameters
    ----------
    samples : sequence of numpy.ndarray
        Values of each group, without NaN; may be empty.

    Returns
    -------
    Histogram or None
        None without any value. Bins as `numpy.histogram_bin_edges` chooses them, `MOST_BINS` at
        most.
    """
    together = np.concatenate(samples)
    if len(together) == 0:
        return None
    edges = np.histogram_bin_edges(together, "auto")
    if len(edges) > MOST_BINS + 1:
        edges = np.histogram_bin_edges(together, MOST_BINS)
    percents = (100 * np.histogram(values, edges)[0] / max(len(values), 1) for values in samples)
    return Histogram(edges, tuple(percents))


def roc_panels(rocs: Sequence[Roc]) -> tuple[tuple[Roc, ...], tuple[Roc, ...]]:
    """ROC curves that can be drawn: those of percentages, and those of volumes."""
    drawn = [roc for roc in rocs if not roc.problem]
    percents = tuple(roc for roc in drawn if roc.measure.unit == "%")
    return percents, tuple(roc for roc in drawn if roc.measure.unit != "%")
