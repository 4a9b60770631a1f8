"""Statistics on samples whose answers are known."""

import math

import numpy as np
import pytest
from BV5AnalysisLib.study.measures import BV5_PCT, MEASURES
from BV5AnalysisLib.study.statistics.adjusted import adjusted_model
from BV5AnalysisLib.study.statistics.categories import compare_categories
from BV5AnalysisLib.study.statistics.comparisons import (
    compare,
    compare_summaries,
    summary_of,
    with_holm,
)
from BV5AnalysisLib.study.statistics.correlations import correlate, correlations
from BV5AnalysisLib.study.statistics.effects import hedges_g, median_difference, rank_biserial
from BV5AnalysisLib.study.statistics.multiplicity import holm
from BV5AnalysisLib.study.statistics.pairs import compare_pairs
from BV5AnalysisLib.study.statistics.roc import area_under_curve, rocs
from BV5AnalysisLib.study.statistics.statistical_results import Summary
from BV5AnalysisLib.study.values import Group, Variable
from scipy import stats

RNG = np.random.default_rng(5)
LOW, HIGH = RNG.normal(47, 8, 30), RNG.normal(42, 5, 20)
AGE = Variable("age", "Age", "years")
SEX = Variable("sex", "Sex")


def groups_of(*samples):
    """Values one after the other, and their groups."""
    labels = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
    groups = tuple(Group(f"group {i + 1}", labels == i) for i in range(len(samples)))
    return np.concatenate(samples).astype(float), groups


def test_a_summary_leaves_missing_values_out():
    found = summary_of(np.array([1.0, 2, 3, 4, np.nan]))
    assert (found.n, found.mean, found.median) == (4, 2.5, 2.5)
    assert found.sd == pytest.approx(math.sqrt(5 / 3))
    assert (found.lower_quartile, found.upper_quartile) == (1.75, 3.25)


def test_summaries_of_one_and_of_nothing():
    assert summary_of(np.array([3.0])).mean == 3
    assert math.isnan(summary_of(np.array([3.0])).sd)
    nothing = summary_of(np.array([np.nan]))
    assert nothing.n == 0
    assert math.isnan(nothing.mean)


@pytest.mark.parametrize("test", ["welch", "student", "mann-whitney"])
def test_two_groups_are_compared_by_the_chosen_test_first(test):
    found = compare(BV5_PCT, *groups_of(LOW, HIGH), test=test)
    expected = {
        "welch": stats.ttest_ind(LOW, HIGH, equal_var=False).pvalue,
        "student": stats.ttest_ind(LOW, HIGH).pvalue,
        "mann-whitney": stats.mannwhitneyu(LOW, HIGH).pvalue,
    }
    assert found.tests[0].name == test
    assert {each.name: each.p for each in found.tests} == pytest.approx(expected)
    middle = np.median if test == "mann-whitney" else np.mean
    assert found.difference.value == pytest.approx(middle(LOW) - middle(HIGH))
    assert found.difference.low < found.difference.value < found.difference.high
    assert found.effect_size.low < found.effect_size.value < found.effect_size.high


def test_data_and_their_summaries_give_the_same():
    values, groups = groups_of(LOW, HIGH)
    for test in ("welch", "student"):
        data = compare(BV5_PCT, values, groups, test)
        summary = compare_summaries(*data.summaries, test=test)
        assert summary.tests[0].p == pytest.approx(data.tests[0].p, rel=1e-9)
        assert summary.tests[0].degrees_of_freedom == pytest.approx(
            data.tests[0].degrees_of_freedom
        )
        assert summary.difference.low == pytest.approx(data.difference.low)


def test_the_level_of_an_interval():
    values, groups = groups_of(LOW, HIGH)
    wide = compare(BV5_PCT, values, groups, confidence=0.99)
    narrow = compare(BV5_PCT, values, groups, confidence=0.9)
    assert wide.difference.low < narrow.difference.low < narrow.difference.high
    assert wide.effect_size.high > narrow.effect_size.high


def test_the_order_of_groups_is_the_sign():
    values, groups = groups_of(LOW, HIGH)
    turned = compare(BV5_PCT, values, groups[::-1])
    straight = compare(BV5_PCT, values, groups)
    assert turned.difference.value == pytest.approx(-straight.difference.value)
    assert turned.effect_size.value == pytest.approx(-straight.effect_size.value)


def test_the_interval_of_the_effect_size_covers():
    """Of 300 pairs of samples with a known effect, some 95 % of intervals hold it."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        found = hedges_g(summary_of(rng.normal(0.6, 1, 30)), summary_of(rng.normal(0, 1, 20)))
        held += found.low <= 0.6 <= found.high
    assert 0.91 <= held / 300 <= 0.985


@pytest.mark.parametrize(("size", "gap"), [(3, 2.0), (3, 3.0), (5, 1.2), (30, 0.4), (2000, 0.07)])
def test_the_interval_of_the_effect_size_agrees_with_students_test(size, gap):
    """At any n it leaves 0 out just where p is below 0.05; as a normal one does not."""
    values = np.linspace(-1.5, 1.5, size)
    for shift in (gap, -gap):
        found = compare(BV5_PCT, *groups_of(values + shift, values), test="student")
        assert (found.effect_size.low > 0 or found.effect_size.high < 0) == (
            found.tests[0].p < 0.05
        )
        assert found.effect_size.low < found.effect_size.value < found.effect_size.high
    turned = compare(BV5_PCT, *groups_of(values, values + gap)).effect_size
    straight = compare(BV5_PCT, *groups_of(values + gap, values)).effect_size
    assert (turned.low, turned.high) == pytest.approx((-straight.high, -straight.low))


def test_the_interval_of_the_effect_size_by_hand():
    """Noncentral t distributions with the bounds as parameters have the found t at 2.5 % each."""
    first, second = Summary(4, 5.0, 1.0, *[math.nan] * 3), Summary(6, 3.0, 1.0, *[math.nan] * 3)
    found = hedges_g(first, second)
    to_t = math.sqrt(4 * 6 / 10) / (1 - 3 / (4 * 8 - 1))
    assert found.value * to_t == pytest.approx(2 * math.sqrt(2.4))
    assert stats.nct.sf(2 * math.sqrt(2.4), 8, found.low * to_t) == pytest.approx(0.025)
    assert stats.nct.cdf(2 * math.sqrt(2.4), 8, found.high * to_t) == pytest.approx(0.025)


def test_rank_biserial_is_of_u():
    found = rank_biserial(LOW, HIGH)
    u = stats.mannwhitneyu(LOW, HIGH).statistic
    assert found.value == pytest.approx(2 * u / (30 * 20) - 1)
    assert rank_biserial(HIGH, LOW).value == pytest.approx(-found.value)
    assert -1 <= found.low < found.value < found.high <= 1


def test_the_intervals_by_ranks_cover():
    """Of 300 pairs of skewed samples with known answers, some 95 % of intervals hold them."""
    rng = np.random.default_rng(4)
    shift = 0.5
    by_ranks = 2 * stats.norm.cdf(shift / math.sqrt(2)) - 1
    held = np.zeros(2)
    for _ in range(300):
        first, second = rng.lognormal(shift, 1, 30), rng.lognormal(0, 1, 20)
        for index, (found, truth) in enumerate(
            [
                (median_difference(first, second), math.exp(shift) - 1),
                (rank_biserial(first, second), by_ranks),
            ]
        ):
            held[index] += found.low <= truth <= found.high
    assert np.all(held / 300 >= 0.92)
    assert np.all(held / 300 <= 0.99)


def test_groups_that_do_not_overlap_have_no_interval_by_ranks():
    values, groups = groups_of([1.0, 2, 3], [4.0, 5, 6])
    found = compare(BV5_PCT, values, groups, "mann-whitney").effect_size
    assert found.value == -1
    assert math.isnan(found.low)
    assert "do not overlap" in found.problem


def test_medians_without_spread_have_no_interval():
    values, groups = groups_of([1.0] * 60 + [2.0], [3.0] * 60 + [4.0])
    found = compare(BV5_PCT, values, groups, "mann-whitney").difference
    assert found.value == -2
    assert math.isnan(found.low)
    assert found.problem


@pytest.mark.parametrize("test", ["welch", "student", "mann-whitney"])
def test_each_two_of_three_groups_are_compared_as_if_alone(test):
    values, groups = groups_of(LOW, HIGH, RNG.normal(40, 12, 15))
    columns = {each.key: values for each in MEASURES}
    pairs = compare_pairs(MEASURES[:2], columns, groups, test)
    assert [each.groups for each in pairs[:3]] == [
        ("group 1", "group 2"), ("group 1", "group 3"), ("group 2", "group 3"),
    ]  # fmt: skip
    assert [each.comparison.measure for each in pairs[2:4]] == list(MEASURES[:2])
    alone = compare(MEASURES[0], values, (groups[0], groups[2]), test)
    found = pairs[1].comparison
    assert (found.difference, found.effect_size) == (alone.difference, alone.effect_size)
    assert found.tests == alone.tests
    assert [each.comparison.p_holm for each in pairs] == pytest.approx(
        holm([each.comparison.tests[0].p for each in pairs])
    )


def test_pairs_of_a_group_that_is_too_small_say_so_and_the_others_are_compared():
    values, groups = groups_of(LOW, HIGH, [40.0])
    first, second, third = compare_pairs(MEASURES[:1], {"bv5_pct": values}, groups)
    assert first.comparison.p_holm == pytest.approx(first.comparison.tests[0].p)
    assert "group 3 has 1 of the 3 values" in second.comparison.problem
    assert third.comparison.tests == ()


def test_two_groups_have_no_pairs():
    values, groups = groups_of(LOW, HIGH)
    assert compare_pairs(MEASURES[:1], {"bv5_pct": values}, groups) == ()


def test_degrees_of_freedom_of_many_groups():
    found = compare(BV5_PCT, *groups_of(LOW, HIGH, LOW + 1), test="student")
    tests = {each.name: each for each in found.tests}
    assert tests["anova"].numerator_degrees_of_freedom == 2
    assert tests["anova"].degrees_of_freedom == 80 - 3
    assert tests["welch-anova"].numerator_degrees_of_freedom == 2
    assert tests["kruskal-wallis"].degrees_of_freedom == 2
    assert math.isnan(tests["kruskal-wallis"].numerator_degrees_of_freedom)


@pytest.mark.parametrize(
    ("test", "name", "expected"),
    [
        ("welch", "welch-anova", None),
        ("student", "anova", stats.f_oneway),
        ("mann-whitney", "kruskal-wallis", stats.kruskal),
    ],
)
def test_more_than_two_groups(test, name, expected):
    third = RNG.normal(40, 12, 15)
    found = compare(BV5_PCT, *groups_of(LOW, HIGH, third), test=test)
    assert found.tests[0].name == name
    assert {each.name for each in found.tests} == {"welch-anova", "anova", "kruskal-wallis"}
    assert found.difference is None
    assert found.effect_size is None
    if expected:
        assert found.tests[0].p == pytest.approx(expected(LOW, HIGH, third).pvalue)


def test_welchs_analysis_of_variance_of_two_groups_is_his_t_test():
    from statsmodels.stats.oneway import anova_oneway

    p = compare(BV5_PCT, *groups_of(LOW, HIGH)).tests[0].p
    assert anova_oneway([LOW, HIGH], use_var="unequal").pvalue == pytest.approx(p)


@pytest.mark.parametrize("first", [[0.0] * 6, [70.1] * 6, [0.1 + 0.2, 0.3, 0.3]])
@pytest.mark.parametrize("test", ["welch", "student", "mann-whitney"])
def test_a_group_without_spread_can_be_compared_with_one_that_has_some(first, test):
    """As a drug that only one of the groups gets."""
    second = [5.0, 6, 7, 8, 9, 10, 11]
    found = compare(BV5_PCT, *groups_of(np.array(first), np.array(second)), test)
    assert found.tests[0].name == test
    assert len(found.tests) == 3
    tests = {each.name: each for each in found.tests}
    # Welch's is that of one sample against a constant.
    one = stats.ttest_1samp(second, np.mean(first))
    assert tests["welch"].p == pytest.approx(one.pvalue)
    assert tests["welch"].degrees_of_freedom == pytest.approx(one.df)
    assert tests["mann-whitney"].p == pytest.approx(stats.mannwhitneyu(first, second).pvalue)
    assert found.difference.value == pytest.approx(np.mean(first) - 8)
    summaries = [summary_of(np.array(each)) for each in (first, second)]
    assert compare_summaries(*summaries).tests[0].p == pytest.approx(one.pvalue)


def test_ranks_compare_groups_without_any_spread():
    found = compare(BV5_PCT, *groups_of(np.ones(5), np.full(5, 2.0)), "mann-whitney")
    assert [each.name for each in found.tests] == ["mann-whitney"]


def test_of_many_groups_one_may_have_no_spread():
    groups = groups_of(np.zeros(4), np.arange(4.0), np.arange(2.0, 7))
    assert [each.name for each in compare(BV5_PCT, *groups, "student").tests] == [
        "anova",
        "kruskal-wallis",
    ]


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (([1, 2], [3, 4, 5]), "group 1 has 2 of the 3 values"),
        (([1, 2, 3], []), "all cases are in one group"),
        (([1, 1, 1], [2, 2, 2]), "the values of each group are all the same"),
        (([1, 1, 1], [1, 1, 1]), "all values are the same"),
        (([0.3, 0.3, 0.3], [0.1 + 0.2, 0.3, 0.3]), "all values are the same"),
        (([1, 2, 3], [4, 5, 6], [0.1 + 0.2, 0.3, 0.3]), "group 3 are the same, which Welch's"),
        (([1, 2, 3],), "there is only one group"),
        (([1, 2, 3], [4, 5, 6], [7]), "group 3 has 1 of the 3 values"),
        (([math.nan] * 3, [math.nan] * 3), "no value is known"),
        (([1, 2, 3], [math.nan] * 3), "group 2 has 0 of the 3 values"),
    ],
)
def test_what_cannot_be_compared_says_why(samples, told):
    found = compare(BV5_PCT, *groups_of(*map(np.array, samples)))
    assert told in found.problem
    assert found.tests == ()
    assert found.difference is None
    assert [each.n for each in found.summaries] == [
        int(np.isfinite(sample).sum()) for sample in samples
    ]


def test_missing_values_do_not_count_as_members():
    values, groups = groups_of([1, 2, np.nan], [3, 4, 5])
    assert "group 1 has 2" in compare(BV5_PCT, values, groups).problem


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    with_gap = holm([0.01, math.nan, 0.03])
    assert with_gap[0::2] == pytest.approx([0.02, 0.03])
    assert math.isnan(with_gap[1])
    assert math.isnan(holm([math.nan])[0])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


def test_holm_over_comparisons_leaves_those_without_test_out():
    values, groups = groups_of(LOW, HIGH)
    constant = np.ones_like(values)
    found = with_holm(
        [compare(MEASURES[0], values, groups), compare(MEASURES[1], constant, groups)]
    )
    assert found[0].p_holm == pytest.approx(found[0].tests[0].p)
    assert math.isnan(found[1].p_holm)


def test_correlations_against_scipy():
    x = RNG.normal(size=40)
    y = x + RNG.normal(size=40)
    for method, expected in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        found = correlate(BV5_PCT, AGE, method, x, y)
        assert found.coefficient.value == pytest.approx(expected(x, y).statistic)
        assert found.p == pytest.approx(expected(x, y).pvalue)
        assert found.coefficient.low < found.coefficient.value < found.coefficient.high
        assert found.n == 40


def test_the_p_of_the_published_correlation():
    """R = 0.3 of 50 patients has p = 0.034 by any way of calculating it."""
    x, y = RNG.normal(size=(2, 50))
    x, y = (stats.zscore(each) for each in (x, y))
    y = stats.zscore(y - x * np.mean(x * y))
    found = correlate(BV5_PCT, AGE, "pearson", x, 0.3 * x + math.sqrt(1 - 0.09) * y)
    assert found.coefficient.value == pytest.approx(0.3)
    t = 0.3 * math.sqrt(48 / (1 - 0.09))
    assert found.p == pytest.approx(2 * stats.t.sf(t, 48))
    assert round(found.p, 3) == 0.034
    low, high = (math.tanh(math.atanh(0.3) + sign * 1.959964 / math.sqrt(47)) for sign in (-1, 1))
    assert (found.coefficient.low, found.coefficient.high) == pytest.approx((low, high), abs=1e-6)


def test_the_interval_of_spearman_covers():
    """Of 400 samples with a known coefficient, some 95 % of intervals hold it."""
    rng = np.random.default_rng(2)
    r = 0.6
    rho = 6 / math.pi * math.asin(r / 2)
    held = 0
    for _ in range(400):
        x, noise = rng.normal(size=(2, 40))
        found = correlate(BV5_PCT, AGE, "spearman", x, r * x + math.sqrt(1 - r * r) * noise)
        held += found.coefficient.low <= rho <= found.coefficient.high
    assert 0.92 <= held / 400 <= 0.98


def test_only_full_pairs_count():
    x = np.array([1.0, 2, 3, 4, 5, np.nan])
    y = np.array([2.0, 1, np.nan, 4, 5, 6])
    assert correlate(BV5_PCT, AGE, "pearson", x, y).n == 4


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_perfectly_correlated(method):
    found = correlate(BV5_PCT, AGE, method, np.arange(5.0), np.arange(5.0) * 2)
    assert found.coefficient.value == pytest.approx(1)
    assert found.coefficient.low <= found.coefficient.high <= 1


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ([1.0, 2, 3], [3.0, 1, 2], "3 of the 4 pairs"),
        ([1.0, 1, 1, 1], [3.0, 1, 2, 4], "BV5 is the same"),
        ([1.0, 2, 3, 4], [7.0, 7, 7, 7], "Age is the same"),
        ([], [], "0 of the 4 pairs"),
    ],
)
def test_what_cannot_be_correlated_says_why(x, y, told):
    found = correlate(BV5_PCT, AGE, "pearson", np.array(x), np.array(y))
    assert told in found.problem
    assert math.isnan(found.coefficient.value)
    assert math.isnan(found.p)


def test_correlations_are_adjusted_over_the_measures_of_a_variable():
    columns = {each.key: RNG.normal(size=30) for each in MEASURES} | {"age": RNG.normal(size=30)}
    found = correlations(MEASURES, [AGE], columns)
    assert len(found) == 2 * len(MEASURES)
    pearson = [each for each in found if each.method == "pearson"]
    assert [each.p_holm for each in pearson] == pytest.approx(holm([each.p for each in pearson]))


def patients(n=200):
    """BV5 % falls by 5 in the second group, by 0.1 a year, and is 2 more in men."""
    rng = np.random.default_rng(3)
    second = np.arange(n) % 2 == 1
    age = rng.normal(60, 10, n)
    male = rng.random(n) < 0.5
    bv5 = 60 - 5 * second - 0.1 * age + 2 * male + rng.normal(0, 0.1, n)
    groups = (Group("low", ~second), Group("high", second))
    columns = {
        "bv5_pct": bv5,
        "age": age,
        "sex": np.where(male, "male", "female").astype(object),
    }
    return groups, columns


def test_an_adjusted_model_finds_what_was_put_in():
    groups, columns = patients()
    columns["age"][0] = np.nan
    columns["sex"][1] = ""
    found = adjusted_model(BV5_PCT, "oxygen", groups, [AGE, SEX], columns)
    values = {term.name: term.coefficient.value for term in found.terms}
    assert values == pytest.approx(
        {
            "Intercept": 60,
            "high (against low)": -5,
            "Age (per year)": -0.1,
            "Sex: male (against female)": 2,
        },
        abs=0.15,
    )
    assert found.n == 198
    assert found.r_squared > 0.99
    assert found.formula == "BV5 (%) ~ oxygen + Age (years) + Sex"
    assert all(term.coefficient.low < term.coefficient.value for term in found.terms)


def test_without_covariates_the_model_is_students_test():
    values, groups = groups_of(LOW, HIGH)
    found = adjusted_model(BV5_PCT, "group", groups, [], {"bv5_pct": values})
    assert found.terms[1].p == pytest.approx(stats.ttest_ind(LOW, HIGH).pvalue)
    assert found.terms[1].coefficient.value == pytest.approx(HIGH.mean() - LOW.mean())


def test_three_groups_have_a_term_each_against_the_first():
    values, groups = groups_of(LOW, HIGH, HIGH + 3)
    found = adjusted_model(BV5_PCT, "group", groups, [], {"bv5_pct": values})
    assert [term.name for term in found.terms[1:]] == [
        "group 2 (against group 1)",
        "group 3 (against group 1)",
    ]
    difference = found.terms[2].coefficient.value - found.terms[1].coefficient.value
    assert difference == pytest.approx(3)


def changed(**columns):
    groups, whole = patients(20)
    return groups, whole | columns


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"age": np.full(20, 60.0)}, "Age is the same in all 20"),
        ({"age": np.full(20, np.nan)}, "the same in all 0"),
        ({"age": (np.arange(20) % 2).astype(float)}, "determine each other"),
        ({"bv5_pct": np.full(20, 50.0)}, "BV5 is the same"),
        ({"sex": np.array([f"s{i}" for i in range(20)], dtype=object)}, "20 categories"),
        ({"age": np.where(np.arange(20) < 5, np.arange(20.0), np.nan)}, "5 cases are too few"),
        ({"age": np.where(np.arange(20) % 2, np.nan, np.arange(20.0))}, "high has no such case"),
    ],
)
def test_a_model_that_cannot_be_fitted_says_why(columns, told):
    groups, whole = changed(**columns)
    found = adjusted_model(BV5_PCT, "oxygen", groups, [AGE, SEX], whole)
    assert told in found.problem
    assert found.terms == ()


def test_sizes_of_numbers_do_not_make_covariates_dependent():
    groups, columns = patients()
    tiny = columns | {"age": columns["age"] * 1e-9}
    found = adjusted_model(BV5_PCT, "oxygen", groups, [AGE, SEX], tiny)
    assert not found.problem
    assert found.terms[1].coefficient.value == pytest.approx(-5, abs=0.15)


def test_two_by_two_is_fishers_and_more_is_chi_squared():
    values = np.array(["a", "b", "a", "a", "b", "b", "b", ""], dtype=object)
    groups = (Group("1", np.arange(8) < 4), Group("2", np.arange(8) >= 4))
    found = compare_categories(SEX, values, groups)
    assert found.levels == ("a", "b")
    assert found.counts == ((3, 1), (0, 3))
    assert found.test.name == "fisher"
    assert found.test.p == pytest.approx(stats.fisher_exact([[3, 1], [0, 3]]).pvalue)
    values[0] = "c"
    found = compare_categories(SEX, values, groups)
    assert found.test.name == "chi-squared"
    expected = stats.chi2_contingency([[2, 1, 1], [0, 3, 0]], correction=False)
    assert found.test.p == pytest.approx(expected.pvalue)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["a"] * 4, "only one category"),
        ([""] * 4, "no value"),
        (["a", "b", "", ""], "a group has no value"),
    ],
)
def test_categories_that_cannot_be_compared_say_why(values, told):
    groups = (Group("1", np.arange(4) < 2), Group("2", np.arange(4) >= 2))
    found = compare_categories(SEX, np.array(values, dtype=object), groups)
    assert found.test is None
    assert told in found.problem


def curve(positives, negatives, key="bv10_pct", **options):
    """The curve of one measure."""
    measure = next(each for each in MEASURES if each.key == key)
    values = np.concatenate([positives, negatives]).astype(float)
    positive = np.arange(len(values)) < len(positives)
    known = np.ones(len(values), dtype=bool)
    return rocs([measure], "outcome", positive, known, {measure.key: values}, **options)[0]


def test_the_area_by_hand():
    # Of the six pairs, four are in order and one is a tie.
    assert area_under_curve(np.array([3, 2]), np.array([1, 2, 2.5])) == pytest.approx(4.5 / 6)
    found = curve([3.0, 2, 5], [1.0, 2, 2.5])
    assert found.auc.value == pytest.approx(7.5 / 9)
    assert np.trapezoid(found.true_positive_rate, found.false_positive_rate) == pytest.approx(
        found.auc.value
    )


def test_a_curve_goes_from_none_to_all():
    found = curve(RNG.normal(1, 1, 30), RNG.normal(0, 1, 40))
    assert (found.false_positive_rate[0], found.true_positive_rate[0]) == (0, 0)
    assert (found.false_positive_rate[-1], found.true_positive_rate[-1]) == (1, 1)
    assert np.all(np.diff(found.false_positive_rate) >= 0)
    assert np.all(np.diff(found.true_positive_rate) >= 0)
    assert (found.positives, found.negatives) == (30, 40)


def test_low_bv5_speaks_for_the_outcome_and_high_bv10_does():
    low = curve([1.0, 2, 3], [4.0, 5, 6], key="bv5_pct")
    assert low.lower_is_positive
    assert low.auc.value == 1
    assert curve([4.0, 5, 6], [1.0, 2, 3], key="bv5_pct").auc.value == 0
    assert curve([4.0, 5, 6], [1.0, 2, 3], key="bv10_pct").auc.value == 1


def test_the_same_seed_gives_the_same_interval_and_another_one_another():
    positives, negatives = RNG.normal(1, 1, 30), RNG.normal(0, 1, 40)
    first, again, other = (curve(positives, negatives, seed=seed) for seed in (0, 0, 1))
    assert first.auc == again.auc
    assert first.auc.low != other.auc.low
    assert first.auc.low < first.auc.value < first.auc.high


def test_the_interval_is_that_of_a_bootstrap_with_the_plain_statistic():
    positives, negatives = np.round(RNG.normal(1, 1, 25), 1), np.round(RNG.normal(0, 1, 30), 1)
    found = curve(positives, negatives, resamples=200, seed=4)
    expected = stats.bootstrap(
        (positives, negatives),
        lambda x, y: stats.mannwhitneyu(x, y).statistic / (len(x) * len(y)),
        vectorized=False,
        n_resamples=200,
        method="percentile",
        random_state=np.random.default_rng(4),
    ).confidence_interval
    assert (found.auc.low, found.auc.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("positives", "negatives", "area"),
    [([4.0, 5, 6], [1.0, 2, 3], 1), ([1.0, 2, 3], [4.0, 5, 6], 0), ([1.0] * 3, [1.0] * 4, 0.5)],
)
def test_where_no_resample_differs_there_is_no_interval(positives, negatives, area):
    """Three against three perfectly told apart are no proof of an area of 1."""
    found = curve(positives, negatives)
    assert found.auc.value == area
    assert math.isnan(found.auc.low)
    assert math.isnan(found.auc.high)
    assert "every resample has the same area" in found.auc.problem
    assert not found.problem


def test_too_few_with_the_outcome():
    found = curve([4.0, 5], [1.0, 2, 3])
    assert "2 cases with and 3 without" in found.problem
    assert math.isnan(found.auc.value)
    assert found.false_positive_rate.shape == (0,)


def test_measures_of_different_patients_have_their_own_resamples():
    positive = np.arange(60) % 3 == 0
    columns = {each.key: RNG.normal(size=60) + positive for each in MEASURES}
    columns["bv10_pct"][[0, 1, 2]] = np.nan
    found = rocs(MEASURES, "o", positive, np.ones(60, bool), columns, resamples=100)
    assert [each.measure for each in found] == list(MEASURES)
    assert [each.positives for each in found] == [20, 20, 19, 20, 20, 20, 20]
    alone = rocs(MEASURES[2:3], "o", positive, np.ones(60, bool), columns, resamples=100)
    assert alone[0].auc == found[2].auc
    unknown = rocs(MEASURES[:1], "o", positive, np.arange(60) > 2, columns, resamples=100)
    assert (unknown[0].positives, unknown[0].negatives) == (19, 38)
