"""A cohort's tables: numbers as papers print them, and a reason wherever there is none."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.export.cohort.pairs_table import pairs_block
from BV5AnalysisLib.export.cohort.patients_table import characteristics_block
from BV5AnalysisLib.export.cohort.statistics_wording import p_phrase, p_text, references
from BV5AnalysisLib.export.cohort.table_blocks import (
    adjusted_block,
    comparison_block,
    correlation_block,
    roc_block,
    table_one,
)
from BV5AnalysisLib.study.measures import BV5_PCT, MEASURES
from BV5AnalysisLib.study.statistics.statistical_results import (
    CategoryComparison,
    Comparison,
    Correlation,
    Estimate,
    LinearModel,
    Summary,
    Test,
)
from BV5AnalysisLib.study.values import Group
from helpers.cohorts import LABELS, VARIABLES, cohort_result

NAN = float("nan")
NONE = Estimate(NAN, NAN, NAN)


@pytest.fixture(scope="module")
def result():
    return cohort_result()


def published(**changes) -> Comparison:
    """BV5 % of the paper's two groups; Welch's p from its summary statistics."""
    comparison = Comparison(
        BV5_PCT,
        (
            Summary(32, 46.89, 8.59, 47.0, 41.0, 52.5),
            Summary(18, 41.61, 6.95, 41.5, 37.0, 46.0),
        ),
        Estimate(5.28, 0.7706, 9.7894),
        Estimate(0.6427, 0.0511, 1.2343),
        (Test("welch", 2.364, 41.9, 0.022788),),
        0.159516,
    )
    return dataclasses.replace(comparison, **changes)


def published_groups() -> tuple[Group, ...]:
    first = np.arange(50) < 32
    return (Group(LABELS[0], first), Group(LABELS[1], ~first))


def block_of(*comparisons: Comparison):
    result = dataclasses.replace(cohort_result(), groups=published_groups())
    return comparison_block(result, comparisons, "Title", 2)


@pytest.mark.parametrize(
    ("p", "text", "phrase"),
    [
        (0.022788, "0.023", "p = 0.023"),
        (0.05, "0.050", "p = 0.050"),
        (0.001, "0.001", "p = 0.001"),
        (0.00099, "< 0.001", "p < 0.001"),
        (0.0, "< 0.001", "p < 0.001"),
        (0.9994, "> 0.999", "p > 0.999"),
        (1.0, "> 0.999", "p > 0.999"),
        (0.999, "0.999", "p = 0.999"),
        (NAN, "–", ""),
    ],
)
def test_p_is_printed_as_in_papers(p, text, phrase):
    assert p_text(p) == text
    assert p_phrase(p) == phrase


def test_the_published_row():
    block = block_of(published())
    assert block.header == (
        "Measure",
        "Oxygen ≤ 2 L/min (n = 32), mean (SD)",
        "Oxygen > 2 L/min (n = 18), mean (SD)",
        "Difference of means (95 % CI)",
        "Hedges' g (95 % CI)",
        "p",
        "p (Holm)",
    )
    assert block.rows == (
        (
            "BV5 (%)",
            "46.89 (8.59)",
            "41.61 (6.95)",
            "5.28 (0.77 to 9.79)",
            "0.64 (0.05 to 1.23)",
            "0.023",
            "0.160",
        ),
    )
    notes = " ".join(block.footnotes)
    assert "Welch's t test" in notes
    assert "Oxygen ≤ 2 L/min less Oxygen > 2 L/min" in notes


def test_negative_numbers_have_a_true_minus_and_zero_has_none():
    block = block_of(published(difference=Estimate(-0.001, -5.0, 4.999)))
    assert block.rows[0][3] == "0.00 (−5.00 to 5.00)"


@pytest.mark.parametrize(
    ("mean", "sd", "printed"),
    [
        (1998, 1040, "1,998 (1,040)"),
        (98.4, 11.27, "98.4 (11.3)"),
        (0.03, 2.5, "0.03 (2.50)"),
        (0.312, 0.061, "0.31 (0.06)"),
        (0.0312, 0.0119, "0.031 (0.012)"),
        (4.1e-5, 1e-5, "0.000041 (0.000010)"),
        (3.2e-9, 1.04e-9, "3.20 × 10⁻⁹ (1.04 × 10⁻⁹)"),
        (-2.5e25, 1e24, "−2.50 × 10²⁵ (1.00 × 10²⁴)"),
        (0, 0, "0.00 (0.00)"),
    ],
)
def test_decimals_follow_the_size_of_values(mean, sd, printed):
    summary = Summary(9, mean, sd, mean, mean, mean)
    block = comparison_block(
        dataclasses.replace(cohort_result(), groups=published_groups()),
        [published(summaries=(summary, summary))],
        "Title",
    )
    assert block.rows[0][1] == f"{printed} [n = 9]"


def test_a_test_by_ranks_goes_with_medians():
    block = block_of(published(tests=(Test("mann-whitney", 190.0, NAN, 0.03),)))
    assert block.header[1].endswith("median (quartiles)")
    assert block.rows[0][1] == "47.00 (41.00 to 52.50)"
    assert block.header[3:5] == ("Difference of medians (95 % CI)", "Rank-biserial r (95 % CI)")
    assert "Mann–Whitney U test" in " ".join(block.footnotes)


def test_a_value_without_interval_says_why_in_a_footnote():
    apart = published(effect_size=Estimate(1.0, NAN, NAN, "the groups do not overlap"))
    block = block_of(apart)
    assert block.rows[0][4] == "1.00¹"
    assert block.footnotes[-1] == "¹ Not computed: an interval, as the groups do not overlap."


def test_each_two_of_three_groups_have_a_row_under_their_measure():
    three = cohort_result(groups=3)
    block = pairs_block(three)
    assert block.header == (
        "Groups", "Difference of means (95 % CI)", "Hedges' g (95 % CI)", "p", "p (Holm)",
    )  # fmt: skip
    assert block.rows[0] == ("BV5 (%)",)
    assert [row[0] for row in block.rows[1:4]] == [
        "Site A – Site B", "Site A – Site C", "Site B – Site C",
    ]  # fmt: skip
    assert len(block.rows) == 4 * len(MEASURES)
    notes = " ".join(block.footnotes)
    assert "adjusted for 21 comparisons, all pairs of all measures" in notes
    assert pairs_block(cohort_result()) is None


def test_a_pair_that_could_not_be_compared_says_why():
    three = cohort_result(groups=3)
    failed = dataclasses.replace(
        three.pairs[0].comparison,
        difference=None, effect_size=None, tests=(), p_holm=NAN, problem="too few",
    )  # fmt: skip
    pair = dataclasses.replace(three.pairs[0], comparison=failed)
    block = pairs_block(dataclasses.replace(three, pairs=(pair, *three.pairs[1:])))
    assert block.rows[1] == ("Site A – Site B", "–", "–", "–¹", "–")
    assert block.footnotes[-1] == "¹ Not computed: too few."


def test_fewer_values_than_patients_are_told():
    few = dataclasses.replace(published().summaries[1], n=15)
    block = block_of(published(summaries=(published().summaries[0], few)))
    assert block.rows[0][1:3] == ("46.89 (8.59)", "41.61 (6.95) [n = 15]")


def test_where_there_is_no_number_there_is_a_dash_and_its_reason_once():
    nothing = Summary(0, NAN, NAN, NAN, NAN, NAN)
    one = Summary(1, 40.0, NAN, 40.0, 40.0, 40.0)
    reason = "all values are the same"
    untested = {"difference": NONE, "effect_size": None, "tests": (), "p_holm": NAN}
    block = block_of(
        published(summaries=(one, nothing), **untested, problem=reason),
        published(),
        published(**untested, problem="too few"),
        published(**untested, problem=reason),
    )
    assert block.rows[0][1:] == ("40.00 (–) [n = 1]", "– [n = 0]", "–", "–", "–¹", "–")
    assert [row[5] for row in block.rows] == ["–¹", "0.023", "–²", "–¹"]
    assert [note for note in block.footnotes if reason in note] == [f"¹ Not computed: {reason}."]
    assert "² Not computed: too few." in block.footnotes
    assert "nan" not in str(block).lower()


def test_three_groups_have_no_difference():
    three = cohort_result(groups=3)
    block = comparison_block(three, three.comparisons, "Title", 2)
    assert [name.split(" (")[0] for name in block.header] == [
        "Measure", "Site A", "Site B", "Site C", "p", "p",
    ]  # fmt: skip
    assert all(len(row) == len(block.header) for row in block.rows)
    assert "less" not in " ".join(block.footnotes)


def test_table_one_has_all_measures_then_the_correlations_that_the_paper_has(result):
    comparison, correlation = table_one(result)
    assert [row[0] for row in comparison.rows] == [measure.title for measure in MEASURES]
    headings = [row[0] for row in correlation.rows if len(row) == 1]
    assert headings == ["Correlation with PaO₂ (mmHg)", "Correlation with AaDO₂ (mmHg)"]
    assert "Spearman" not in str(correlation)
    assert len(correlation.rows) == 2 * (1 + len(MEASURES))
    notes = correlation.footnotes
    assert "50 patients analyzed; 4 excluded, see exclusions.csv." in notes
    assert "BV5: 1.25 ≤ CSA < 5 mm²; BV5-10: 5 ≤ CSA < 10 mm²; BV10: CSA ≥ 10 mm²." in notes


def test_table_one_takes_what_correlations_there_are():
    some = cohort_result()
    oxygen = tuple(each for each in some.correlations if each.variable.key == "oxygen_l_min")
    assert len(table_one(dataclasses.replace(some, correlations=oxygen))) == 2
    assert len(table_one(dataclasses.replace(some, correlations=()))) == 1


def test_a_correlation_row_by_both_methods(result):
    pearson = Correlation(
        BV5_PCT, VARIABLES[1], "pearson", Estimate(0.3, 0.0236, 0.5338), 50, 0.0343, 0.24
    )
    spearman = dataclasses.replace(pearson, method="spearman", coefficient=Estimate(0.29, NAN, NAN))
    lost = dataclasses.replace(
        pearson, measure=MEASURES[1], coefficient=NONE, p=NAN, p_holm=NAN, n=2, problem="n is 2"
    )
    block = correlation_block(result, [pearson, spearman, lost])
    assert block.rows == (
        ("Correlation with PaO₂ (mmHg)",),
        ("BV5 (%)", "0.30 (0.02 to 0.53)", "0.034", "0.240", "0.29", "0.034", "0.240", "50"),
        ("BV5-10 (%)", "–¹", "–", "–", "–", "–", "–", "2"),
    )
    assert block.header[1] == "Pearson's R (95 % CI)"
    assert block.header[4] == "Spearman's ρ (95 % CI)"


def test_patients_numbers_and_categories():
    some = cohort_result()
    sexes = CategoryComparison(
        VARIABLES[-1], ("F", "M"), ((10, 22), (0, 0)), None, "no value in one group"
    )
    block = characteristics_block(dataclasses.replace(some, categories=(sexes,)))
    width = len(block.header)
    assert block.header[0] == "Characteristic"
    assert [row[0] for row in block.rows] == [
        "Oxygen (L/min)", "PaO₂ (mmHg)", "AaDO₂ (mmHg)", "Age (years)", "Sex", "\u2003F", "\u2003M",
    ]  # fmt: skip
    assert all(len(row) == width for row in block.rows)
    assert block.rows[4][-1] == "–¹"
    assert block.rows[5][1:3] == ("10 (31 %)", "–")
    assert block.footnotes[-1] == "¹ Not computed: no value in one group."


def test_marks_of_categories_go_on_after_those_of_numbers():
    some = cohort_result()
    number = dataclasses.replace(some.characteristics[0], tests=(), problem="constant")
    sexes = dataclasses.replace(some.categories[0], test=None, problem="one sex")
    changed = dataclasses.replace(some, characteristics=(number,), categories=(sexes,))
    block = characteristics_block(changed)
    assert block.rows[0][-1] == "–¹"
    assert block.rows[1][-1] == "–²"
    assert {"¹ Not computed: constant.", "² Not computed: one sex."} <= set(block.footnotes)


def test_small_values_have_two_decimals_large_ones_one():
    some = cohort_result()
    oxygen, pao2 = characteristics_block(some).rows[:2]
    assert len(oxygen[1].split(" ")[0].split(".")[1]) == 2
    assert len(pao2[1].split(" ")[0].split(".")[1]) == 1


def test_the_adjusted_model(result):
    block = adjusted_block(result)
    assert block.rows[0] == ("Intercept", "50.00 (42.00 to 58.00)", "< 0.001")
    assert block.rows[2] == ("age", "−0.050 (−0.150 to 0.050)", "0.320")
    assert "n = 50, R² = 0.120" in block.footnotes[0]
    assert adjusted_block(dataclasses.replace(result, adjusted=None)) is None


def test_a_model_that_could_not_be_fitted_says_why(result):
    model = LinearModel(BV5_PCT, "BV5 (%) ~ age", (), 2, NAN, "too few cases")
    block = adjusted_block(dataclasses.replace(result, adjusted=model))
    assert block.rows == ()
    assert block.footnotes == ("Not fitted: too few cases. BV5 (%) ~ age; n = 2.",)


def test_roc_table(result):
    first = dataclasses.replace(result.rocs[0], auc=Estimate(0.712, 0.55, 0.86), positives=12)
    failed = dataclasses.replace(result.rocs[1], auc=NONE, problem="nobody died")
    block = roc_block(dataclasses.replace(result, rocs=(first, failed)))
    negatives = str(first.negatives)
    assert block.rows[0] == ("BV5 (%)", "0.71 (0.55 to 0.86)", "low", "12", negatives)
    assert block.rows[1][1] == "–¹"
    perfect = dataclasses.replace(first, auc=Estimate(1.0, NAN, NAN, "no spread"))
    told = roc_block(dataclasses.replace(result, rocs=(perfect, failed)))
    assert [row[1] for row in told.rows] == ["1.00¹", "–²"]
    assert told.footnotes[-2] == "¹ Not computed: an interval, as no spread."
    assert block.footnotes[-1] == "¹ Not computed: nobody died."
    assert roc_block(dataclasses.replace(result, rocs=())) is None


def test_the_level_of_intervals_is_that_of_the_result(result):
    blocks = table_one(dataclasses.replace(result, confidence=0.9))
    assert "90 % CI" in blocks[0].header[3]
    assert "90 % CI" in blocks[1].header[1]


def test_references_are_of_what_was_used(result):
    cited = " ".join(references(result))
    assert "Welch BL. The generalization" in cited
    assert "Mann HB" not in cited
    three = " ".join(references(cohort_result(groups=3)))
    assert "Kruskal WH" in three
    # Of the pairs.
    assert "Hedges" in three
    assert "Welch BL. The generalization" in three
