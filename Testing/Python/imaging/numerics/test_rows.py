"""Rows all at once give what numpy and scipy give for one row after the other."""

from itertools import pairwise

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.rows import (
    keep_values,
    row_medians,
    row_numbers,
    row_percentiles,
    running_medians,
)
from scipy import ndimage


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    """Values with ties, in rows of 1 to 40."""
    chance = np.random.default_rng(5)
    start = np.concatenate([[0], np.cumsum(chance.integers(1, 41, 200))])
    return np.round(chance.normal(3, 2, start[-1]), 1) / 3, start


def each(values, start):
    return [values[first:stop] for first, stop in pairwise(start)]


def test_rows_are_numbered():
    np.testing.assert_array_equal(row_numbers(np.array([0, 2, 3, 6])), [0, 0, 1, 2, 2, 2])
    assert len(row_numbers(np.array([0]))) == 0


def test_values_are_left_out_and_with_the_last_one_the_row():
    values, start = keep_values(
        np.arange(6.0), np.array([0, 2, 3, 6]), np.array([1, 1, 0, 0, 1, 1], bool)
    )
    np.testing.assert_array_equal(values, [0, 1, 4, 5])
    np.testing.assert_array_equal(start, [0, 2, 4])


def test_medians(rows):
    expected = [np.median(row) for row in each(*rows)]
    np.testing.assert_array_equal(row_medians(*rows), expected)


@pytest.mark.parametrize("percent", [0.0, 10.0, 25.0, 62.5, 100.0])
def test_percentiles(rows, percent):
    expected = [np.percentile(row, percent) for row in each(*rows)]
    np.testing.assert_allclose(row_percentiles(*rows, percent), expected, rtol=1e-14, atol=1e-14)


def test_running_medians_within_each_row(rows):
    values, start = rows
    width = 2 * np.random.default_rng(6).integers(0, 12, len(start) - 1) + 1
    expected = [
        ndimage.median_filter(row, size=int(size), mode="nearest")
        for row, size in zip(each(values, start), width, strict=True)
    ]
    np.testing.assert_array_equal(running_medians(values, start, width), np.concatenate(expected))


def test_no_rows_are_no_error():
    none, start = np.empty(0), np.array([0])
    assert len(row_medians(none, start)) == len(row_percentiles(none, start, 25)) == 0
    assert len(running_medians(none, start, np.empty(0, int))) == 0
