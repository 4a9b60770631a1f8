"""Cohort results made by hand, for tests of what is written and drawn from them.

Their statistics are scipy's on the columns below, so that tables and figures agree.
"""

import dataclasses

import numpy as np
from BV5AnalysisLib.study.cohort.result import Cohort, CohortResult
from BV5AnalysisLib.study.measures import BV5_PCT, MEASURES
from BV5AnalysisLib.study.statistics.pairs import compare_pairs
from BV5AnalysisLib.study.statistics.statistical_results import (
    CategoryComparison,
    Comparison,
    Correlation,
    Estimate,
    LinearModel,
    Roc,
    Summary,
    Term,
    Test,
)
from BV5AnalysisLib.study.values import Exclusion, FlowStep, Group, UnusableCell, Variable
from scipy import stats

NAN = float("nan")
VARIABLES = (
    Variable("oxygen_l_min", "Oxygen", "L/min"),
    Variable("pao2_mmhg", "PaO₂", "mmHg"),
    Variable("aado2_mmhg", "AaDO₂", "mmHg"),
    Variable("age", "Age", "years"),
    Variable("sex", "Sex"),
)
LABELS = ("Oxygen ≤ 2 L/min", "Oxygen > 2 L/min")


def columns_of(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Values of n patients; a third needs more than 2 L/min of oxygen."""
    random = np.random.default_rng(seed)
    oxygen = np.where(np.arange(n) % 3 == 0, random.uniform(2.5, 8, n), random.uniform(0, 2, n))
    need = oxygen > 2
    bv5 = np.clip(random.normal(np.where(need, 41.6, 46.9), 8.0), 15, 80)
    bv5_10 = random.normal(22, 3, n)
    tpbv = random.normal(180, 40, n)
    return {
        "bv5_pct": bv5,
        "bv5_10_pct": bv5_10,
        "bv10_pct": 100 - bv5 - bv5_10,
        "bv5_ml": bv5 * tpbv / 100,
        "bv5_10_ml": bv5_10 * tpbv / 100,
        "bv10_ml": (100 - bv5 - bv5_10) * tpbv / 100,
        "tpbv_ml": tpbv,
        "oxygen_l_min": oxygen.round(1),
        "pao2_mmhg": np.clip(40 + 0.5 * bv5 + random.normal(0, 12, n), 25, 140),
        "aado2_mmhg": np.clip(90 - 0.6 * bv5 + random.normal(0, 15, n), 2, 400),
        "age": random.integers(20, 90, n).astype(float),
        "sex": np.array(["F", "M"], object)[random.integers(0, 2, n)],
    }


def summary(values: np.ndarray) -> Summary:
    """Summary of values without NaN."""
    low, median, high = np.percentile(values, [25, 50, 75])
    return Summary(
        len(values), values.mean(), values.std(ddof=1), float(median), float(low), float(high)
    )


def comparison(measure, columns, groups, holm: bool = True) -> Comparison:
    """Welch's test and the others, or the test of several groups."""
    samples = [columns[measure.key][group.members] for group in groups]
    summaries = tuple(summary(sample) for sample in samples)
    if len(samples) > 2:
        kruskal = stats.kruskal(*samples)
        test = Test("kruskal-wallis", kruskal.statistic, len(samples) - 1, kruskal.pvalue)
        return Comparison(measure, summaries, None, None, (test,), test.p)
    welch = stats.ttest_ind(*samples, equal_var=False)
    interval = welch.confidence_interval()
    difference = samples[0].mean() - samples[1].mean()
    g = difference / np.concatenate([each - each.mean() for each in samples]).std(ddof=2)
    tests = (
        Test("welch", welch.statistic, welch.df, welch.pvalue),
        Test("mann-whitney", NAN, NAN, stats.mannwhitneyu(*samples).pvalue),
    )
    return Comparison(
        measure,
        summaries,
        Estimate(difference, interval.low, interval.high),
        Estimate(g, g - 0.3, g + 0.3),
        tests,
        min(1.0, 3 * welch.pvalue) if holm else NAN,
    )


def correlation(measure, variable, method, columns) -> Correlation:
    """Pearson's or Spearman's, with scipy's interval where it has one."""
    x, y = columns[measure.key], columns[variable.key]
    if method == "pearson":
        found = stats.pearsonr(x, y)
        interval = found.confidence_interval()
        value = Estimate(found.statistic, interval.low, interval.high)
    else:
        found = stats.spearmanr(x, y)
        value = Estimate(found.statistic, found.statistic - 0.2, found.statistic + 0.2)
    return Correlation(measure, variable, method, value, len(x), found.pvalue, found.pvalue)


def roc(measure, columns, positive) -> Roc:
    """Low values speak for the outcome."""
    score = -columns[measure.key]
    order = np.argsort(-score, kind="stable")
    true = np.concatenate([[0], np.cumsum(positive[order])]) / positive.sum()
    false = np.concatenate([[0], np.cumsum(~positive[order])]) / (~positive).sum()
    area = float(np.trapezoid(true, false))
    return Roc(
        measure,
        "outcome = died",
        True,
        Estimate(area, area - 0.1, area + 0.1),
        int(positive.sum()),
        int((~positive).sum()),
        false,
        true,
    )


def sexes(columns, groups) -> CategoryComparison:
    """Counts of the two sexes."""
    counts = tuple(
        tuple(int(np.count_nonzero(columns["sex"][group.members] == level)) for level in "FM")
        for group in groups
    )
    test = Test("chi-squared", NAN, NAN, stats.chi2_contingency(counts).pvalue)
    return CategoryComparison(VARIABLES[-1], ("F", "M"), counts, test)


def cohort_result(n: int = 50, groups: int = 2, seed: int = 0, **changes) -> CohortResult:
    """A whole result, as the analysis gives it."""
    columns = columns_of(n, seed)
    if groups == 2:
        need = columns["oxygen_l_min"] > 2
        made = (Group(LABELS[0], ~need), Group(LABELS[1], need))
    else:
        made = tuple(
            Group(f"Site {'ABCDEFGHIJKL'[i]}", np.arange(n) % groups == i) for i in range(groups)
        )
    numbers = [each for each in VARIABLES if each.key != "sex"]
    paired = VARIABLES[:3]
    cases = tuple(f"case-{index:05d}" for index in range(n))
    flow = (
        FlowStep("scans measured", n + 4),
        FlowStep(
            "with clinical data",
            n + 2,
            (
                Exclusion("scan-1", "no row in the clinical table"),
                Exclusion("scan-2", "no row in the clinical table"),
            ),
        ),
        FlowStep(
            "analyzed",
            n,
            (Exclusion("scan-3", "rejected in review"), Exclusion("scan-4", "age below 18")),
        ),
    )
    notes = ("FiO₂ of 3 patients is estimated from the nasal flow: case-00001, case-00002, …",)
    result = CohortResult(
        cohort=Cohort(
            cases,
            columns,
            VARIABLES,
            flow,
            notes,
            (UnusableCell("case-00003", "PaO2", "n/a", "is no number"),),
            (Exclusion("patient-77", "no scan of this name"),),
        ),
        grouping="oxygen_l_min ≤ 2 L/min against > 2 L/min; exactly 2 counts as ≤ 2",
        groups=made,
        comparisons=tuple(comparison(measure, columns, made) for measure in MEASURES),
        characteristics=tuple(comparison(each, columns, made, holm=False) for each in numbers),
        correlations=tuple(
            correlation(measure, variable, method, columns)
            for variable in paired
            for measure in MEASURES
            for method in ("pearson", "spearman")
        ),
        adjusted=LinearModel(
            BV5_PCT,
            "BV5 (%) ~ oxygen > 2 L/min + age + sex",
            (
                Term("Intercept", Estimate(50.0, 42.0, 58.0), 1e-9),
                Term("oxygen > 2 L/min", Estimate(-5.1, -9.6, -0.6), 0.028),
                Term("age", Estimate(-0.05, -0.15, 0.05), 0.32),
                Term("sex = M", Estimate(0.4, -3.9, 4.7), 0.85),
            ),
            n,
            0.12,
        ),
        rocs=tuple(roc(each, columns, columns["oxygen_l_min"] > 3) for each in MEASURES),
        methods=(
            "Blood volumes were measured with BV5 Analysis 0.1.",
            "Groups were compared by Welch's t test.",
        ),
        categories=(sexes(columns, made),),
        software={"bv5-analysis": "0.1", "scipy": "1.17.1", "statsmodels": "0.15.0"},
        definitions=("BV5: 1.25 ≤ CSA < 5 mm²; BV5-10: 5 ≤ CSA < 10 mm²; BV10: CSA ≥ 10 mm².",),
    )
    pairs = compare_pairs(MEASURES, columns, made)
    return dataclasses.replace(result, pairs=pairs, **changes)
