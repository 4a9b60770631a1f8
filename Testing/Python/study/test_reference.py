"""Distributions of healthy people: percentiles, where a value stands, and what is comparable."""

import dataclasses
import math

import numpy as np
import pytest
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.reference import (
    FEWEST_PEOPLE,
    Definition,
    Distribution,
    People,
    ages_of,
)
from scipy import stats


def test_a_distribution_has_mean_sd_and_percentiles_by_rank():
    values = np.arange(1.0, 100.0)  # 99 people: the p-th percentile is the value p.
    found = Distribution.of("both", "bv5_pct", np.random.default_rng(0).permutation(values))
    assert (found.n, found.mean) == (99, 50.0)
    assert found.sd == pytest.approx(stats.tstd(values))
    assert found.percentiles == (5, 10, 25, 50, 75, 90, 95)


def test_missing_values_do_not_count_and_too_few_give_nothing():
    values = np.append(np.arange(float(FEWEST_PEOPLE)), [np.nan, np.nan])
    assert Distribution.of("both", "tpbv_ml", values).n == FEWEST_PEOPLE
    assert Distribution.of("both", "tpbv_ml", values[1:]) is None


def test_with_the_fewest_people_the_ends_are_among_them():
    values = np.arange(float(FEWEST_PEOPLE))
    found = Distribution.of("both", "tpbv_ml", values)
    assert values[0] < found.percentiles[0] < values[1]
    assert values[-2] < found.percentiles[-1] < values[-1]


@pytest.mark.parametrize(
    ("value", "z", "percentile", "text"),
    [
        (50.0, 0.0, 50.0, "50"),
        (62.5, 1.25, 62.5, "62"),
        (5.0, -4.5, 5.0, "5"),
        (4.9, -4.51, 5.0, "<5"),
        (95.1, 4.51, 95.0, ">95"),
        (7.0, -4.3, 7.0, "7"),
    ],
)
def test_where_a_value_stands(value, z, percentile, text):
    distribution = Distribution("both", "bv5_pct", 99, 50.0, 10.0, (5, 10, 25, 50, 75, 90, 95))
    found = distribution.standing(value)
    assert found.z == pytest.approx(z)
    assert found.percentile == pytest.approx(percentile)
    assert found.text == text


def test_no_value_stands_nowhere():
    found = Distribution("both", "bv5_pct", 20, 50.0, 1.0, (44, 45, 46, 50, 54, 55, 56))
    standing = found.standing(math.nan)
    assert math.isnan(standing.z)
    assert math.isnan(standing.percentile)
    assert standing.text == ""


def test_people_who_are_all_alike_have_no_z_score():
    found = Distribution.of("both", "hilar_ml", np.zeros(30))
    assert math.isnan(found.standing(0.0).z)
    # Between the 5th and the 95th percentile, which are one.
    assert found.standing(0.0).text == "50"
    assert (found.standing(-1.0).text, found.standing(1.0).text) == ("<5", ">95")


@pytest.mark.parametrize(
    ("age", "bounds"),
    [(0.5, (None, 18)), (17.99, (None, 18)), (18, (18, 40)), (59.9, (40, 60)), (80, (80, None))],
)
def test_ages_lie_in_groups(age, bounds):
    assert ages_of(age) == bounds


@pytest.mark.parametrize(
    ("people", "text"),
    [
        (People(), "all people"),
        (People("male"), "men"),
        (People(None, 40, 60), "people of 40 to 59 years"),
        (People("female", None, 18), "women below 18 years"),
        (People("female", 80, None), "women from 80 years on"),
    ],
)
def test_people_in_words(people, text):
    assert people.text == text


def test_the_same_way_of_measuring_has_no_difference():
    assert Definition.of(Parameters(), "1").difference(Definition.of(Parameters(), "1")) == ""
    # Where the hilum would begin is of no account where it is included.
    one, two = (Parameters(hilum="included", hilum_share=share) for share in (0.7, 0.9))
    assert Definition.of(one, "1").difference(Definition.of(two, "1")) == ""


def test_what_tables_round_is_the_same():
    ours = Definition.of(Parameters(hilum_share=0.825, class_bounds_mm2=(5.0, 10.004)), "1")
    table = dataclasses.replace(ours, hilum_share=0.82, class_bounds_mm2=(5.0, 10.0))
    assert table.difference(ours) == ""
    assert dataclasses.replace(ours, hilum_share=0.81).difference(ours) != ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"method": "particles"}, "by particles, not BV5 Analysis"),
        ({"software_version": "0.9"}, "version 0.9, not 1"),
        ({"minimum_csa_mm2": 0.0}, "minimum_csa_mm2 0, not 1.25"),
        ({"class_bounds_mm2": (5.0, 12.0)}, "class_bounds_mm2 5 and 12, not 5 and 10"),
        ({"hilum": "included", "hilum_share": None}, "hilum included, not apart"),
        ({"hilum_share": 0.9}, "hilum_share 0.9, not 0.8"),
        ({"minimum_component_length_mm": 10.0}, "minimum_component_length_mm 10, not 6"),
        ({"blood_hu": 45.0}, "blood_hu 45, not measured in each scan"),
    ],
)
def test_a_difference_is_told_with_both_values(changes, told):
    ours = Definition.of(Parameters(), "1")
    assert told in dataclasses.replace(ours, **changes).difference(ours)
