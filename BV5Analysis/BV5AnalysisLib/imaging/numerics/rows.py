"""Values in rows of different lengths, one row behind the other, all rows at once."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def row_numbers(start: np.ndarray) -> np.ndarray:
    """Row of each value.

    Parameters
    ----------
    start : numpy.ndarray
        (b + 1,) index of each row's first value; the last entry is the count of all.

    Returns
    -------
    numpy.ndarray
        (n,) 0 to b - 1.
    """
    return np.repeat(np.arange(len(start) - 1), np.diff(start))


def keep_values(
    values: np.ndarray, start: np.ndarray, keep: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Leave out values, and rows of which none is left.

    Parameters
    ----------
    values : numpy.ndarray
        (n,) values, row after row.
    start : numpy.ndarray
        (b + 1,) as of `row_numbers`.
    keep : numpy.ndarray
        (n,) bool.

    Returns
    -------
    values, start : numpy.ndarray
        Of the rows that have any left.
    """
    lengths = np.bincount(row_numbers(start)[keep], minlength=len(start) - 1)
    return values[keep], np.concatenate([[0], np.cumsum(lengths[lengths > 0])])


def row_medians(values: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Median of each row's values.

    Parameters
    ----------
    values : numpy.ndarray
        (n,) values, row after row, none of them NaN.
    start : numpy.ndarray
        (b + 1,) as of `row_numbers`; no row is empty.

    Returns
    -------
    numpy.ndarray
        (b,) as `numpy.median` gives.
    """
    ordered = values[np.lexsort((values, row_numbers(start)))]
    low, high = (start[:-1] + start[1:] - 1) // 2, (start[:-1] + start[1:]) // 2
    return np.asarray((ordered[low] + ordered[high]) / 2)


def row_percentiles(values: np.ndarray, start: np.ndarray, percent: float) -> np.ndarray:
    """Percentile of each row's values.

    Parameters
    ----------
    values : numpy.ndarray
        (n,) values, row after row, none of them NaN.
    start : numpy.ndarray
        (b + 1,) as of `row_numbers`; no row is empty.
    percent : float
        0 to 100.

    Returns
    -------
    numpy.ndarray
        (b,) linear between values, as `numpy.percentile` gives.
    """
    ordered = values[np.lexsort((values, row_numbers(start)))]
    place = (np.diff(start) - 1) * (percent / 100)
    before = place.astype(int)
    part = place - before
    low = ordered[start[:-1] + before]
    high = ordered[np.minimum(start[:-1] + before + 1, start[1:] - 1)]
    apart = high - low
    return np.asarray(np.where(part < 0.5, low + apart * part, high - apart * (1 - part)))


def running_medians(values: np.ndarray, start: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Take the running median along each row, which goes on beyond its ends as its end values.

    Parameters
    ----------
    values : numpy.ndarray
        (n,) values, row after row.
    start : numpy.ndarray
        (b + 1,) as of `row_numbers`; no row is empty.
    width : numpy.ndarray
        (b,) odd number of values in each row's window.

    Returns
    -------
    numpy.ndarray
        (n,) as `scipy.ndimage.median_filter` gives for each row.
    """
    result = np.empty_like(values)
    lengths = np.diff(start)
    for size in np.unique(width):
        # Rows with their ends repeated, one behind the other: no window reaches another row.
        margin = int(size) // 2
        chosen = np.flatnonzero(width == size)
        padded = np.concatenate([[0], np.cumsum(lengths[chosen] + 2 * margin)])
        row = row_numbers(padded)
        place = np.arange(padded[-1]) - padded[row] - margin
        inside = (place >= 0) & (place < lengths[chosen][row])
        index = start[chosen][row] + np.clip(place, 0, lengths[chosen][row] - 1)
        smooth = ndimage.median_filter(values[index], size=int(size), mode="nearest")
        result[index[inside]] = smooth[inside]
    return result
