"""A cohort result made by hand, for tests of what the scene makes of it."""

import numpy as np
from BV5AnalysisLib.study.cohort.result import Cohort, CohortResult
from BV5AnalysisLib.study.measures import BV5_PCT, MEASURES
from BV5AnalysisLib.study.statistics.statistical_results import (
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

PAO2 = Variable("pao2_mmhg", "PaO₂", "mmHg")
AGE = Variable("age", "Age", "years")
SEX = Variable("sex", "Sex")
NONE = float("nan")


def summary_of(values: np.ndarray) -> Summary:
    lower, median, upper = np.percentile(values, (25, 50, 75))
    return Summary(len(values), values.mean(), values.std(ddof=1), median, lower, upper)


def made_result(n: int = 50) -> CohortResult:
    """Make n patients in two groups: BV5 % falls with the group and rises with PaO2."""
    rng = np.random.default_rng(5)
    high = np.arange(n) % 3 == 0
    columns = {each.key: rng.normal(30, 4, n) for each in MEASURES}
    columns["bv5_pct"] = np.where(high, 41.6, 46.9) + rng.normal(0, 4, n)
    columns["pao2_mmhg"] = 75 + 1.5 * (columns["bv5_pct"] - 45) + rng.normal(0, 8, n)
    columns["pao2_mmhg"][3] = np.nan
    columns["age"] = rng.integers(30, 90, n).astype(float)
    columns["sex"] = np.array(["F", "M"], object)[rng.integers(0, 2, n)]
    groups = (Group("Oxygen ≤ 2 L/min", ~high), Group("Oxygen > 2 L/min", high))

    def compared(measure, p=0.0228):
        values = [columns[measure.key][group.members] for group in groups]
        return Comparison(
            measure,
            tuple(map(summary_of, values)),
            Estimate(values[0].mean() - values[1].mean(), 0.77, 9.79),
            Estimate(0.65, 0.05, 1.24),
            (Test("welch", 2.36, 41.9, p),),
            p_holm=7 * p,
        )

    def correlated(measure):
        return Correlation(measure, PAO2, "pearson", Estimate(0.3, 0.02, 0.53), n - 1, 0.034, 0.238)

    rate = np.linspace(0, 1, 11)
    rocs = (
        Roc(BV5_PCT, "outcome = died", True, Estimate(0.71, 0.5, 0.88), 12, 38, rate, rate**0.4),
        Roc(MEASURES[1], "outcome = died", False, Estimate(0.6, 0.4, 0.8), 12, 38, rate, rate**0.7),
        Roc(
            MEASURES[2],
            "outcome = died",
            False,
            *(Estimate(NONE, NONE, NONE), 0, 50),
            *2 * (rate,),
            "no deaths",
        ),
    )
    adjusted = LinearModel(
        BV5_PCT,
        "BV5 (%) ~ oxygen > 2 L/min + age + sex",
        (
            Term("Intercept", Estimate(50.0, 44.0, 56.0), 1e-9),
            Term("Age", Estimate(-0.05, -0.1, 0.0), 0.05),
        ),
        n,
        0.21,
    )
    flow = (
        FlowStep("scans with measurements", n + 3, (Exclusion("x9", "twice"),)),
        FlowStep(
            "with clinical data", n, tuple(Exclusion(f"y{i}", "no clinical data") for i in range(3))
        ),
    )
    cohort = Cohort(
        tuple(f"case-{i:02d}" for i in range(n)),
        columns,
        (PAO2, AGE, SEX),
        flow,
        ("PaO2 was understood as mmHg.",),
        unusable=(UnusableCell("case-03", "PaO2", "n/a", "is no number"),),
        without_scan=(Exclusion("z1", "no scan of this name"),),
    )
    return CohortResult(
        cohort,
        "Oxygen ≤ 2 L/min against > 2 L/min",
        groups,
        tuple(map(compared, MEASURES)),
        (compared(AGE),),
        tuple(map(correlated, MEASURES)),
        adjusted,
        rocs,
        methods=("Groups were compared by Welch's t test (SciPy 1.17).",),
        software={"scipy": "1.17"},
    )
