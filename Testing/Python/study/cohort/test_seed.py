"""The published Table 1 comes out of its own summary, and of patients with its statistics."""

import numpy as np
import pytest
from BV5AnalysisLib.export.cohort.synthetic_tables import write_synthetic_cohort
from BV5AnalysisLib.study.cohort.analysis import analyze_cohort, compare_summaries
from BV5AnalysisLib.study.cohort.synthetic import synthetic_cohort
from BV5AnalysisLib.study.statistics.statistical_results import Summary
from scipy import stats

NAN = float("nan")
LITTLE = Summary(32, 46.89, 8.59, NAN, NAN, NAN)
MUCH = Summary(18, 41.61, 6.95, NAN, NAN, NAN)


def test_welchs_p_follows_from_mean_sd_and_n_alone():
    found = compare_summaries(LITTLE, MUCH)
    welch, student = found.tests
    assert (welch.name, student.name) == ("welch", "student")
    assert welch.p == pytest.approx(0.0228, abs=5e-5)
    assert student.p == pytest.approx(0.0307, abs=5e-5)
    expected = stats.ttest_ind_from_stats(46.89, 8.59, 32, 41.61, 6.95, 18, equal_var=False)
    assert welch.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.difference.value == pytest.approx(5.28)
    assert 0 < found.difference.low < 5.28 < found.difference.high


def test_the_interval_is_that_of_the_chosen_test():
    welch, student = (compare_summaries(LITTLE, MUCH, test=test) for test in ("welch", "student"))
    # By hand: 5.28 ± t(0.975, 48) · sqrt(pooled variance · (1/32 + 1/18)).
    pooled = (31 * 8.59**2 + 17 * 6.95**2) / 48
    half = stats.t.ppf(0.975, 48) * np.sqrt(pooled * (1 / 32 + 1 / 18))
    assert student.difference.high - 5.28 == pytest.approx(half, rel=1e-9)
    assert student.tests[0].name == "student"
    assert welch.difference.high != pytest.approx(student.difference.high, abs=0.01)


def test_hedges_g_of_the_published_groups():
    found = compare_summaries(LITTLE, MUCH).effect_size
    pooled = np.sqrt((31 * 8.59**2 + 17 * 6.95**2) / 48)
    assert found.value == pytest.approx(5.28 / pooled * (1 - 3 / (4 * 48 - 1)), rel=1e-3)
    assert found.low < found.value < found.high


def test_synthetic_patients_have_the_published_table(tmp_path):
    write_synthetic_cohort(tmp_path, synthetic_cohort())
    result = analyze_cohort(tmp_path / "measurements.csv", tmp_path / "clinical.csv")
    assert [(group.label, group.n) for group in result.groups] == [
        ("Oxygen ≤ 2 L/min", 32),
        ("Oxygen > 2 L/min", 18),
    ]
    bv5 = result.comparisons[0]
    assert [(round(each.mean, 2), round(each.sd, 2)) for each in bv5.summaries] == [
        (46.89, 8.59),
        (41.61, 6.95),
    ]
    assert bv5.tests[0].name == "welch"
    assert round(bv5.tests[0].p, 3) == 0.023
    assert bv5.p_holm > bv5.tests[0].p
    pearson = {
        (each.measure.key, each.variable.key): each
        for each in result.correlations
        if each.method == "pearson"
    }
    with_pao2, with_aado2 = (pearson["bv5_pct", key] for key in ("pao2_mmhg", "aado2_mmhg"))
    assert (round(with_pao2.coefficient.value, 2), with_pao2.n) == (0.3, 50)
    assert (round(with_aado2.coefficient.value, 2), with_aado2.n) == (-0.3, 50)
    assert round(with_pao2.p, 3) == 0.034
    assert [step.remaining for step in result.cohort.flow] == [50, 50, 50]
