"""The regression line of figures, against the textbook's formulas."""

import numpy as np
import pytest
from scipy import stats

pytest.importorskip("statsmodels")
from BV5AnalysisLib.study.statistics.regression_line import regression_line


def test_a_line_without_noise_is_found_and_its_band_is_thin():
    x = np.array([0.0, 1.0, 2.0, 5.0])
    line = regression_line(x, 3 - 2 * x, points=6)
    assert np.allclose(line.x, [0, 1, 2, 3, 4, 5])
    assert np.allclose(line.y, 3 - 2 * line.x)
    assert np.allclose(line.low, line.y, atol=1e-6)
    assert np.allclose(line.high, line.y, atol=1e-6)


def test_the_band_is_that_of_the_mean():
    random = np.random.default_rng(3)
    x = random.uniform(2020, 2024, 40)
    y = 5 + 0.3 * (x - 2020) + random.normal(0, 1, 40)
    line = regression_line(x, y, confidence=0.9)
    fit = stats.linregress(x, y)
    rest = y - fit.intercept - fit.slope * x
    error = np.sqrt((rest**2).sum() / 38)
    spread = ((x - x.mean()) ** 2).sum()
    half = stats.t.ppf(0.95, 38) * error * np.sqrt(1 / 40 + (line.x - x.mean()) ** 2 / spread)
    assert np.allclose(line.y, fit.intercept + fit.slope * line.x)
    assert np.allclose(line.low, line.y - half)
    assert np.allclose(line.high, line.y + half)


def test_pairs_with_a_missing_value_are_left_out():
    nan = float("nan")
    line = regression_line(np.array([0, 1, 2, nan, 9.0]), np.array([0, 1, 2, 3, nan]), points=3)
    assert np.allclose(line.x, [0, 1, 2])
    assert np.allclose(line.y, [0, 1, 2])


@pytest.mark.parametrize(
    ("x", "y"),
    [([1.0, 2.0], [1.0, 2.0]), ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]), ([], [])],
    ids=["two points", "one x", "nothing"],
)
def test_where_there_is_no_line_there_is_none(x, y):
    assert regression_line(np.array(x, float), np.array(y, float)) is None
