"""Whole cohorts: what comes out, and what is told of what could not."""

import dataclasses
import importlib.util
import math

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.cohort.analysis import CohortOptions, analyze_cohort
from BV5AnalysisLib.study.measures import MEASURES
from helpers.cohort_tables import (
    BV5_PCT,
    OXYGEN,
    PAO2,
    case_names,
    clinical,
    clinical_rows,
    column,
    measured,
    measurements,
    with_column,
    workbook,
)
from scipy import stats


def analyzed(folder, clinical_table=None, rows=None, **options):
    return analyze_cohort(
        measurements(folder, rows),
        clinical(folder, clinical_table),
        CohortOptions(resamples=100, **options),
    )


def refusal(folder, clinical_table=None, rows=None, **options):
    with pytest.raises(AnalysisError) as caught:
        analyzed(folder, clinical_table, rows, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def without(title):
    place = clinical_rows()[0].index(title)
    return [[*row[:place], *row[place + 1 :]] for row in clinical_rows()]


def notes(result):
    return " ".join(result.cohort.notes)


def same(one, other):
    """Whether two results are equal, arrays and NaN included."""
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, each.name), getattr(other, each.name))
            for each in dataclasses.fields(one)
        )
    if isinstance(one, np.ndarray):
        if one.dtype == object:
            return one.tolist() == other.tolist()
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


def test_a_whole_cohort(tmp_path):
    result = analyzed(tmp_path)
    low = [pct for pct, flow in zip(BV5_PCT, OXYGEN, strict=True) if flow <= 2]
    high = [pct for pct, flow in zip(BV5_PCT, OXYGEN, strict=True) if flow > 2]
    assert [each.measure for each in result.comparisons] == list(MEASURES)
    bv5 = result.comparisons[0]
    assert bv5.summaries[0].mean == pytest.approx(np.mean(low))
    assert bv5.tests[0].p == pytest.approx(stats.ttest_ind(low, high, equal_var=False).pvalue)
    assert bv5.p_holm > bv5.tests[0].p
    with_pao2 = result.correlations[0]
    assert (with_pao2.variable.key, with_pao2.method, with_pao2.n) == ("pao2_mmhg", "pearson", 10)
    assert with_pao2.coefficient.value == pytest.approx(stats.pearsonr(BV5_PCT, PAO2).statistic)
    correlated = list(dict.fromkeys(each.variable.key for each in result.correlations))
    assert correlated == ["pao2_mmhg", "aado2_mmhg", "pao2_fio2_mmhg", "oxygen_l_min"]
    assert result.adjusted.formula == "BV5 (%) ~ Oxygen > 2 L/min + Age (years) + Sex"
    assert result.adjusted.n == 10
    assert [each.measure for each in result.rocs] == list(MEASURES)
    assert result.rocs[0].outcome == "outcome = y"
    assert (result.rocs[0].positives, result.rocs[0].negatives) == (5, 5)
    assert [step.remaining for step in result.cohort.flow] == [10, 10, 10]
    assert result.confidence == 0.95


def test_what_describes_the_patients(tmp_path):
    result = analyzed(tmp_path)
    keys = [each.measure.key for each in result.characteristics]
    assert keys[:2] == ["lung_volume_ml", "oxygen_l_min"]
    assert {"age", "pao2_mmhg", "fio2", "aado2_mmhg", "pao2_fio2_mmhg"} <= set(keys)
    assert [each.variable.key for each in result.categories] == ["sex", "outcome"]
    assert result.categories[0].test.name == "fisher"
    groups_by = next(each for each in result.characteristics if each.measure.key == "oxygen_l_min")
    assert groups_by.tests == ()
    assert "made by it" in groups_by.problem
    assert {each.key for each in result.cohort.variables} <= set(result.cohort.columns)
    assert {each.key for each in MEASURES} <= set(result.cohort.columns)
    assert all(len(values) == 10 for values in result.cohort.columns.values())


def test_the_same_tables_give_the_same_result(tmp_path):
    assert same(analyzed(tmp_path), analyzed(tmp_path))
    assert not same(analyzed(tmp_path), analyzed(tmp_path, seed=1))


def test_a_workbook_gives_what_text_gives(tmp_path):
    text = analyzed(tmp_path)
    book = analyze_cohort(
        measurements(tmp_path),
        workbook(tmp_path, clinical_rows()),
        CohortOptions(resamples=100),
    )
    assert same(text.comparisons, book.comparisons)
    assert same(text.correlations, book.correlations)


def test_methods_tell_choices_and_versions(tmp_path):
    import scipy
    import statsmodels

    text = " ".join(analyzed(tmp_path).methods)
    for part in (
        "BV5 Analysis 1.0",
        "Oxygen ≤ 2 L/min against > 2 L/min",
        "Welch's t test",
        "Holm over the 6 measures",
        "Hedges' g",
        "Pearson's r",
        "ordinary least squares",
        "100 bootstrap resamples",
        "seed 0",
        "barometric pressure 760 mmHg",
        f"scipy {scipy.__version__}",
        f"statsmodels {statsmodels.__version__}",
    ):
        assert part in text
    ranks = " ".join(analyzed(tmp_path, test="mann-whitney", altitude_m=1500).methods)
    assert "median (quartiles)" in ranks
    assert "Mann–Whitney" in ranks
    assert "barometric pressure 634 mmHg" in ranks


def test_estimated_fio2_is_flagged_in_methods_and_rows(tmp_path):
    rows = with_column(clinical_rows(), "fio2", [0.21, 0.21, *[""] * 8], instead_of="fio2")
    result = analyzed(tmp_path, rows)
    assert "estimated from the oxygen flow (0.20 + 0.04 per L/min) in 8 of them" in " ".join(
        result.methods
    )
    flags = result.cohort.columns["fio2_is_estimated"].tolist()
    assert flags == ["no", "no", *["yes"] * 8]


def test_three_groups(tmp_path):
    rows = with_column(clinical_rows(), "stage", [1, 1, 1, 2, 2, 2, 3, 3, 3, 3])
    result = analyzed(tmp_path, rows, group_by="stage")
    assert [group.n for group in result.groups] == [3, 3, 4]
    assert result.comparisons[0].tests[0].name == "welch-anova"
    assert result.comparisons[0].difference is None
    assert result.adjusted.formula.startswith("BV5 (%) ~ stage + Age")
    assert "Welch's analysis of variance" in " ".join(result.methods)


def test_all_in_one_group_still_correlates_and_says_so(tmp_path):
    result = analyzed(tmp_path, threshold=50)
    assert [group.n for group in result.groups] == [10, 0]
    assert all(each.problem == "all cases are in one group" for each in result.comparisons)
    assert result.cohort.notes[0].startswith("Not compared, as all cases are in one group: BV5 (%)")
    assert result.adjusted.problem
    assert result.correlations[0].n == 10
    assert "Groups were compared" not in " ".join(result.methods)


def test_groups_too_small_to_test_say_so(tmp_path):
    result = analyzed(tmp_path, threshold=5)
    assert [group.n for group in result.groups] == [9, 1]
    assert "has 1 of the 3 values" in result.comparisons[0].problem
    assert all(math.isnan(each.p_holm) for each in result.comparisons)


def test_constant_columns(tmp_path):
    rows = with_column(clinical_rows(), "pao2_mmhg", [80] * 10, instead_of="pao2_mmhg")
    rows = with_column(rows, "constant", [1] * 10)
    result = analyzed(tmp_path, rows)
    tpbv = result.comparisons[-1]
    assert "are the same" in tpbv.problem
    with_pao2 = [each for each in result.correlations if each.variable.key == "pao2_mmhg"]
    assert all("is the same in all" in each.problem for each in with_pao2)
    assert any(each.measure.key == "constant" for each in result.characteristics)
    assert "Age" in result.adjusted.formula
    assert "Not compared, as all values are the same: TPBV (mL)." in notes(result)
    assert "Not correlated, as PaO2 is the same in all of them: BV5 (%) with PaO2." in notes(result)


def test_without_age_and_sex(tmp_path):
    rows = [row[:5] + row[7:] for row in clinical_rows()]
    result = analyzed(tmp_path, rows)
    assert result.adjusted is None
    assert "Not adjusted for age and sex" in notes(result)
    assert "least squares" not in " ".join(result.methods)
    only_age = analyzed(tmp_path, without("sex"))
    assert [term.name for term in only_age.adjusted.terms[2:]] == ["Age (per year)"]


def test_chosen_covariates_and_none(tmp_path):
    result = analyzed(tmp_path, adjust=("Lung volume", "Gender"))
    assert result.adjusted.formula.endswith("Lung volume (mL) + Sex")
    assert analyzed(tmp_path, adjust=()).adjusted is None
    assert "no column 'weight' to adjust for" in refusal(tmp_path, adjust=("weight",))


def test_chosen_correlations(tmp_path):
    result = analyzed(tmp_path, correlate=("age", "PaCO2"))
    assert {each.variable.key for each in result.correlations} == {"age", "paco2_mmhg"}
    assert "no column 'crp' to correlate with" in refusal(tmp_path, correlate=("crp",))
    assert "Sex holds no numbers" in refusal(tmp_path, correlate=("sex",))
    assert analyzed(tmp_path, correlate=()).correlations == ()


def test_without_blood_gases_and_outcome(tmp_path):
    rows = [[row[0], row[1], *row[5:7]] for row in clinical_rows()]
    result = analyzed(tmp_path, rows)
    assert {each.variable.key for each in result.correlations} == {"oxygen_l_min"}
    assert "no values: pao2_mmhg, aado2_mmhg, pao2_fio2_mmhg" in notes(result)
    assert result.rocs == ()
    text = " ".join(result.methods)
    assert "AaDO2" not in text
    assert "operating" not in text


def test_few_with_the_outcome(tmp_path):
    rows = with_column(clinical_rows(), "outcome", ["y", *["n"] * 9], instead_of="outcome")
    result = analyzed(tmp_path, rows)
    assert all("1 case with and 9 without" in each.problem for each in result.rocs)
    assert "No ROC curve, as 1 case with and 9 without the outcome" in notes(result)
    assert "operating" not in " ".join(result.methods)


def test_missing_oxygen_takes_cases_out_in_the_flow(tmp_path):
    rows = with_column(
        clinical_rows(), "oxygen_l_min", ["", "lots", *OXYGEN[2:]], instead_of="oxygen_l_min"
    )
    result = analyzed(tmp_path, rows)
    last = result.cohort.flow[-1]
    assert [each.case for each in last.excluded] == ["P01", "P02"]
    told = "oxygen_l_min: 1 cell counts as missing, as its content is no number: P02: (4 letters)"
    assert told in notes(result)
    assert result.cohort.cases == tuple(case_names()[2:])


def test_exclusions_are_steps_of_the_flow(tmp_path):
    result = analyzed(tmp_path, exclude=("age<56", "sex=F"))
    texts = [step.text for step in result.cohort.flow]
    assert texts[2:4] == ["not age < 56", "not sex = F"]
    assert [each.case for each in result.cohort.flow[2].excluded] == ["P01", "P02"]
    ages = result.cohort.columns["age"]
    assert ages.min() >= 56
    assert set(result.cohort.columns["sex"]) == {"male"}


def test_no_oxygen_column(tmp_path):
    told = refusal(tmp_path, without("oxygen_l_min"))
    assert "no column 'oxygen_l_min' to group by (--group-by); there are" in told
    assert "age" in told


def test_a_column_that_was_left_out_is_said_to_be(tmp_path):
    rows = with_column(clinical_rows(), "remark", [f"text {i}" for i in range(10)])
    assert "remark was left out, as free text is not analyzed" in refusal(
        tmp_path, rows, group_by="Remark"
    )
    rows = with_column(clinical_rows(), "Name", ["x", "y"] * 5)
    assert "tell who a patient is" in refusal(tmp_path, rows, exclude=("name=x",))


def test_names_and_birth_dates_are_nowhere(tmp_path):
    rows = with_column(clinical_rows(), "Name", [f"Nightingale {i}" for i in range(10)])
    rows = with_column(rows, "Date of birth", ["12.05.1820"] * 10)
    rows.append(["Nightingale_11", *rows[1][1:8], "Nightingale 11", "12.05.1820"])
    found = repr(analyzed(tmp_path, rows))
    assert "Nightingale" not in found
    assert "1820" not in found
    kept = analyzed(tmp_path, rows, keep_identifiers=True)
    assert kept.cohort.columns["name"][0] == "Nightingale 0"


def test_progress_rises_to_one(tmp_path):
    told = []
    analyze_cohort(
        measurements(tmp_path),
        clinical(tmp_path),
        CohortOptions(resamples=100),
        lambda _step, fraction: told.append(fraction),
    )
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)


def test_without_statsmodels_it_says_what_to_install(tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "statsmodels" else found(name)
    )
    assert "pip install" in refusal(tmp_path)


def test_ten_thousand_rows(tmp_path):
    """All the ways of a large table; `make benchmark-cohort` measures its time."""
    n = 10_000
    rng = np.random.default_rng(0)
    cases = [f"c{i}" for i in range(n)]
    flow = rng.uniform(0, 6, n).round(1)
    table = [
        ["case", "O2 (L/min)", "PaO2", "PaCO2", "age", "sex", "outcome"],
        *(
            [case, f, round(90 - 4 * f + x, 1), 40, 60 + y, "mf"[i % 2], "ny"[i % 3 == 0]]
            for i, (case, f, x, y) in enumerate(
                zip(cases, flow, rng.normal(size=n), rng.integers(-9, 9, n), strict=True)
            )
        ),
    ]
    rows = [
        measured(case, round(45 - f + x, 3))
        for case, f, x in zip(cases, flow, rng.normal(size=n), strict=True)
    ]
    result = analyzed(tmp_path, table, rows)
    assert len(result.cohort.cases) == n
    assert result.comparisons[0].tests[0].p < 1e-100
    assert result.adjusted.n == n
    assert column(table, "O2 (L/min)") == result.cohort.columns["oxygen_l_min"].tolist()


def test_mmhg_under_a_title_that_says_kpa_is_refused_with_the_units_as_read(tmp_path):
    """All of them are plausible in kPa, as 61 to 92 are, and PaCO2 is not there to tell."""
    rows = [[*row[:3], *row[4:]] for row in clinical_rows()]
    rows[0][2] = "PaO2 (kPa)"
    with pytest.raises(AnalysisError) as caught:
        analyze_cohort(measurements(tmp_path), clinical(tmp_path, rows), CohortOptions())
    told = str(caught.value)
    assert "PaO2 and FiO2 do not go together: PaO2/FiO2 is outside of 20 to 800 mmHg" in told
    assert "Read were PaO2 (kPa) as kPa, fio2 as a fraction." in told
    right = CohortOptions(units={"PaO2 (kPa)": "mmHg"}, resamples=100)
    result = analyze_cohort(measurements(tmp_path), clinical(tmp_path, rows), right)
    assert result.cohort.columns["pao2_mmhg"].tolist() == list(PAO2)


def test_small_ones_of_many_groups_are_told_with_the_way_out(tmp_path):
    rows = with_column(clinical_rows(), "stage", [1, 1, 1, 1, 2, 2, 2, 2, 3, 3])
    told = notes(analyzed(tmp_path, rows, group_by="stage"))
    assert "fewer than 3 cases keep all from being compared at once: stage: 3. Name" in told
    assert "with --groups" in told
    kept = analyzed(tmp_path, rows, group_by="stage", groups=("1", "2"))
    assert "keep all from being compared" not in notes(kept)


def test_what_makes_the_groups_is_no_covariate(tmp_path):
    told = refusal(tmp_path, adjust=("O2 flow", "age"))
    assert told == (
        "Oxygen makes the groups, which the model has already; take it out of --adjust."
    )
    assert "Not adjusted for Age, which makes the groups." in notes(
        analyzed(tmp_path, group_by="age", threshold=60)
    )
