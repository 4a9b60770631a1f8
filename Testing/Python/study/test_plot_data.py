"""Numbers that both painters of a cohort's plots draw."""

import numpy as np
import pytest
from BV5AnalysisLib.study.cohort.plot_data import (
    MOST_BINS,
    box_of,
    histogram_of,
    known_rows,
    roc_panels,
)
from BV5AnalysisLib.study.measures import MEASURES
from BV5AnalysisLib.study.statistics.statistical_results import Estimate, Roc
from BV5AnalysisLib.study.values import Group
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

NAN = float("nan")
SAMPLES = arrays(float, st.integers(1, 40), elements=st.integers(-50, 50).map(float))


@given(SAMPLES)
def test_a_box_is_that_of_matplotlib(values):
    cbook = pytest.importorskip("matplotlib.cbook")
    (expected,) = cbook.boxplot_stats(values)
    box = box_of(values)
    assert (box.low, box.high) == (expected["whislo"], expected["whishi"])
    assert (box.lower_quartile, box.upper_quartile) == (expected["q1"], expected["q3"])
    assert (box.median, box.mean) == (expected["med"], expected["mean"])


def test_whiskers_end_at_the_last_value_within_their_reach():
    box = box_of(np.array([0.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 30.0]))
    assert (box.low, box.high) == (9.0, 14.0)


def test_groups_share_bins_and_each_is_whole():
    histogram = histogram_of([np.arange(10.0), np.array([]), np.arange(40.0) / 4])
    assert [len(each) for each in histogram.percents] == 3 * [len(histogram.edges) - 1]
    assert [each.sum() for each in histogram.percents] == pytest.approx([100, 0, 100])
    assert (histogram.edges[0], histogram.edges[-1]) == (0.0, 9.75)
    assert histogram_of([np.array([]), np.array([])]) is None


def test_far_outliers_do_not_make_more_bins_than_can_be_seen():
    histogram = histogram_of([np.append(np.linspace(0, 1, 1000), 1e4)])
    assert len(histogram.edges) == MOST_BINS + 1


def test_patients_without_a_value_are_left_out():
    group = Group("g", np.array([True, True, True, False]))
    x, y = np.array([1.0, NAN, 3.0, 4.0]), np.array([1.0, 2.0, NAN, 4.0])
    assert known_rows(group, x).tolist() == [0, 2]
    assert known_rows(group, x, y).tolist() == [0]


def test_roc_curves_of_percentages_and_of_volumes_stand_apart():
    none, rate = Estimate(NAN, NAN, NAN), np.array([0.0, 1.0])
    rocs = [
        Roc(measure, "died", False, none, 1, 1, rate, rate, "no deaths" if index == 1 else "")
        for index, measure in enumerate(MEASURES)
    ]
    percents, volumes = roc_panels(rocs)
    drawn = [measure for index, measure in enumerate(MEASURES) if index != 1]
    assert [roc.measure for roc in percents] == [each for each in drawn if each.unit == "%"]
    assert [roc.measure for roc in volumes] == [each for each in drawn if each.unit != "%"]
