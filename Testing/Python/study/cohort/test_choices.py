"""Groups, exclusions, outcomes and blood gases of a cohort, as they are asked for."""

import math

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.bloodgas import alveolar_arterial_gradient_mmhg
from BV5AnalysisLib.study.cohort.clinical_outcome import clinical_outcome_of
from BV5AnalysisLib.study.cohort.gas_values import Air, with_gases
from BV5AnalysisLib.study.cohort.groups import grouped
from BV5AnalysisLib.study.cohort.options import CohortOptions
from BV5AnalysisLib.study.tables.case_table import CaseTable, frame_of
from BV5AnalysisLib.study.tables.exclusions import exclude
from BV5AnalysisLib.study.values import Variable

NAN = math.nan
FLOW = [0.0, 2, 2, 3, NAN, 6]
WARD = ["A", "B", "A", "", "ICU", "ICU"]


def table(**columns):
    """Six cases, by default with oxygen flow and ward."""
    columns = {"oxygen_l_min": FLOW, "ward": WARD} | columns
    variables = {
        "oxygen_l_min": Variable("oxygen_l_min", "Oxygen", "L/min"),
        "pao2_mmhg": Variable("pao2_mmhg", "PaO2", "mmHg"),
    }
    return CaseTable(
        frame_of(
            [f"P{i + 1}" for i in range(6)],
            {
                key: np.array(values, dtype=object if isinstance(values[0], str) else float)
                for key, values in columns.items()
            },
        ),
        tuple(variables.get(key, Variable(key, key)) for key in columns),
    )


def sizes(grouping):
    return [(group.label, group.n) for group in grouping.groups]


def excluded(step):
    return {each.case: each.reason for each in step.excluded}


def test_the_default_groups_and_the_rule_in_words():
    found = grouped(table(), CohortOptions())
    assert sizes(found) == [("Oxygen ≤ 2 L/min", 3), ("Oxygen > 2 L/min", 2)]
    assert "exactly 2 L/min (2 of 5) is in the first group" in found.rule
    assert excluded(found.step) == {"P5": "Oxygen is missing"}
    assert len(found.table) == found.step.remaining == 5


def test_the_threshold_can_belong_above():
    found = grouped(table(), CohortOptions(at_threshold="high"))
    assert sizes(found) == [("Oxygen < 2 L/min", 1), ("Oxygen ≥ 2 L/min", 4)]
    assert "in the second group" in found.rule


def test_any_column_and_threshold():
    found = grouped(table(age=[10, 20, 30, 40, 50, 60]), CohortOptions("Age", threshold=35.5))
    assert sizes(found) == [("age ≤ 35.5", 3), ("age > 35.5", 3)]


def test_all_in_one_group_leaves_the_other_empty():
    assert [n for _, n in sizes(grouped(table(), CohortOptions(threshold=100)))] == [5, 0]


def test_groups_of_categories():
    found = grouped(table(), CohortOptions("ward"))
    assert sizes(found) == [("ward: A", 2), ("ward: B", 1), ("ward: ICU", 2)]
    assert found.rule == "ward: A against B against ICU"


def test_categories_that_are_kept_in_their_order():
    found = grouped(table(), CohortOptions("ward", groups=("icu", "A")))
    assert sizes(found) == [("ward: ICU", 2), ("ward: A", 2)]
    assert excluded(found.step) == {"P4": "ward is missing", "P2": "ward is none of the groups"}
    assert found.table.cases == ("P1", "P3", "P5", "P6")
    assert [group.members.tolist() for group in found.groups] == [
        [False, False, True, True],
        [True, True, False, False],
    ]


def test_numbers_as_categories():
    found = grouped(table(), CohortOptions(groups=("6", "0,0")))
    assert sizes(found) == [("Oxygen: 6 L/min", 1), ("Oxygen: 0 L/min", 1)]
    stage = grouped(table(stage=[1, 1, 2, 2, 3, 3]), CohortOptions("stage"))
    assert [label for label, _ in sizes(stage)] == ["stage: 1", "stage: 2", "stage: 3"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"group_by": "weight"}, "no column 'weight' to group by (--group-by); there are oxygen"),
        ({"group_by": "ward", "threshold": 2}, "holds no numbers (A, B, ICU)"),
        ({"group_by": "ward", "groups": ("A", "C")}, "no value 'C'; it has A, B, ICU"),
        ({"group_by": "ward", "groups": ("A", "a")}, "twice"),
        ({"group_by": "nothing"}, "no value in any case"),
        ({"group_by": "many"}, "12 different values"),
    ],
)
def test_groups_that_cannot_be_made(options, told):
    cases = table(nothing=[NAN] * 6)
    if options["group_by"] == "many":
        cases = CaseTable(
            frame_of([f"P{i}" for i in range(12)], {"many": np.arange(12.0)}),
            (Variable("many", "many"),),
        )
    with pytest.raises(AnalysisError) as caught:
        grouped(cases, CohortOptions(**options))
    assert told in str(caught.value)


def test_oxygen_as_words():
    with pytest.raises(AnalysisError, match=r"Oxygen holds no numbers \(low, no, yes\)"):
        grouped(table(oxygen_l_min=["yes", "no", "", "", "", "low"]), CohortOptions())


@pytest.mark.parametrize(
    ("rule", "out"),
    [
        ("oxygen_l_min<2", ["P1"]),
        ("Oxygen <= 2", ["P1", "P2", "P3"]),
        ("O2 flow ≥ 3", ["P4", "P6"]),
        ("oxygen_l_min>2,5", ["P4", "P6"]),
        ("oxygen_l_min=2", ["P2", "P3"]),
        ("oxygen_l_min==2", ["P2", "P3"]),
        ("oxygen_l_min != 2", ["P1", "P4", "P6"]),
        ("oxygen_l_min=", ["P5"]),
        ("ward=icu", ["P5", "P6"]),
        ("ward!=ICU", ["P1", "P2", "P3"]),
        ("ward ~ c", ["P5", "P6"]),
        ("ward=", ["P4"]),
    ],
)
def test_a_rule(rule, out):
    left, steps, _ = exclude(table(), [rule])
    assert list(excluded(steps[0])) == out
    assert set(left.cases) == {f"P{i}" for i in range(1, 7)} - set(out)
    assert steps[0].remaining == len(left)
    assert all(steps[0].text == f"not {reason}" for reason in excluded(steps[0]).values())


def test_who_cannot_be_judged_is_kept_and_told():
    left, _, notes = exclude(table(), ["oxygen_l_min>2"])
    assert "P5" in left.cases
    assert "1 case without a value is kept" in notes[0]


@pytest.mark.parametrize("rule", ["case=P3", "Case = p3", "patient=P3", "case~3"])
def test_a_case_by_its_name(rule):
    left, steps, notes = exclude(table(), [rule])
    assert left.cases == ("P1", "P2", "P4", "P5", "P6")
    assert "case" not in left.columns
    assert [each.case for each in steps[0].excluded] == ["P3"]
    assert steps[0].excluded[0].reason == "left out by name"
    assert not notes


def test_cases_left_out_by_name_are_one_step():
    left, steps, _ = exclude(table(), ["case=P3", "case=P1", "ward=B", "case=P6"])
    assert [(step.text, len(step.excluded)) for step in steps][:1] == [("not left out by name", 2)]
    assert [step.remaining for step in steps][-1] == len(left)
    assert len(steps) == 3


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("oxygen_l_min<=2", "oxygen_l_min ≤ 2"),
        ("ward!=A", "ward ≠ A"),
        ("ward~a", "ward contains a"),
        ("ward=", "without ward"),
        ("ward!=", "with ward"),
    ],
)
def test_rules_in_words(rule, words):
    _, steps, _ = exclude(table(), [rule])
    assert steps[0].text == f"not {words}"


def test_a_case_that_is_not_there_is_told_and_a_column_of_that_name_comes_first():
    left, _, notes = exclude(table(), ["case=P33"])
    assert len(left) == 6
    assert notes == ["Rule case=P33: there is no such case, or it was left out before."]
    left, _, _ = exclude(table(patient=[1.0, 2, 3, 4, 5, 6]), ["patient=3"])
    assert left.cases == ("P1", "P2", "P4", "P5", "P6")


def test_rules_one_after_the_other():
    left, steps, _ = exclude(table(), ["oxygen_l_min=0", "ward=A"])
    assert [list(excluded(step)) for step in steps] == [["P1"], ["P3"]]
    assert left.cases == ("P2", "P4", "P5", "P6")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("old", "is no rule"),
        ("age<", "is no rule"),
        ("<18", "is no rule"),
        ("age<18", "no column 'age' for the rule 'age<18'"),
        ("oxygen_l_min<two", "'two' is none"),
        ("ward<3", "holds text"),
        ("oxygen_l_min~2", "holds numbers"),
    ],
)
def test_rules_that_are_none(rule, told):
    with pytest.raises(AnalysisError) as caught:
        exclude(table(), [rule])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("values", "positive", "out"),
    [
        (["died", "alive", "", "died", "alive", "alive"], "", [0, 3]),
        (["yes", "no", "no", "yes", "no", "no"], "", [0, 3]),
        ([1, 0, 0, 1, NAN, 0], "", [0, 3]),
        (["a", "b", "b", "a", "c", "c"], "A", [0, 3]),
        ([2, 1, 1, 2, 1, 1], "2", [0, 3]),
    ],
)
def test_an_outcome(values, positive, out):
    found, note = clinical_outcome_of(table(outcome=values), CohortOptions(positive=positive))
    assert np.flatnonzero(found.positive).tolist() == out
    assert note == ""
    assert found.known.sum() == sum(value not in {"", NAN} and value == value for value in values)


def test_an_outcome_by_a_rule():
    found, _ = clinical_outcome_of(table(), CohortOptions(outcome="oxygen_l_min > 2"))
    assert np.flatnonzero(found.positive).tolist() == [3, 5]
    assert found.known.tolist() == [True] * 4 + [False, True]
    assert found.text == "oxygen_l_min > 2"


def test_no_outcome_is_none_and_an_unclear_one_is_told():
    assert clinical_outcome_of(table(), CohortOptions()) == (None, "")
    found, note = clinical_outcome_of(table(outcome=["a", "b", "a", "b", "", ""]), CohortOptions())
    assert found is None
    assert "say with --positive" in note


@pytest.mark.parametrize(
    ("outcome", "positive", "told"),
    [
        ("fate", "", "no column 'fate' for the outcome"),
        ("ward", "", "must have two values, and has 3 (A, B, ICU)"),
        ("ward", "D", "no value 'D' (--positive); it has A, B, ICU"),
        ("side", "", "say with --positive"),
        ("weight>3", "", "no column 'weight' for the outcome"),
    ],
)
def test_an_outcome_that_was_asked_for_and_is_none(outcome, positive, told):
    with pytest.raises(AnalysisError) as caught:
        clinical_outcome_of(
            table(side=["l", "r"] * 3), CohortOptions(outcome=outcome, positive=positive)
        )
    assert told in str(caught.value)


GASES = {
    "pao2_mmhg": [90.0, 80, 70, 60, 75, NAN],
    "paco2_mmhg": [40.0, 40, 40, 40, 40, 40],
    "fio2": [0.21, 0.3, NAN, NAN, NAN, 0.21],
}


def test_gases_are_calculated_and_estimates_flagged():
    found = with_gases(table(**GASES), Air())
    columns = found.table.columns
    assert columns["aado2_mmhg"][0] == pytest.approx(0.21 * 713 - 50 - 90)
    assert columns["aado2_mmhg"][2] == pytest.approx((0.2 + 0.08) * 713 - 50 - 70)
    assert columns["pao2_fio2_mmhg"][1] == pytest.approx(80 / 0.3)
    # Neither flow nor FiO2; no PaO2.
    assert np.isnan(columns["aado2_mmhg"][[4, 5]]).all()
    assert columns["fio2_is_estimated"].tolist() == ["no", "no", "yes", "yes", "", "no"]
    assert found.estimated == {"P3", "P4"}
    assert found.calculated == {"P1", "P2", "P3", "P4"}
    assert any("FiO2 was estimated" in note for note in found.notes)


def test_without_estimates():
    found = with_gases(table(**GASES), Air(), estimate_fio2=False)
    assert np.isnan(found.table.columns["aado2_mmhg"][2:]).all()
    assert "fio2_is_estimated" not in found.table.columns


def test_given_values_are_kept_and_gaps_are_filled():
    given = [25.0, NAN, 80, NAN, NAN, NAN]
    found = with_gases(table(**GASES, aado2_mmhg=given), Air())
    aado2 = found.table.columns["aado2_mmhg"]
    assert aado2[[0, 2]].tolist() == [25, 80]
    assert np.isfinite(aado2[[1, 3]]).all()
    assert found.calculated == {"P2", "P4"}
    assert any("where not given" in note for note in found.notes)


def test_given_values_in_kpa_are_refused():
    full = {**GASES, "fio2": [0.21, 0.3, 0.3, 0.4, 0.4, 0.21]}
    right = with_gases(table(**full), Air()).table.columns["aado2_mmhg"]
    with pytest.raises(AnalysisError, match="AaDO2 of the clinical table seems to be in kPa"):
        with_gases(table(**full, aado2_mmhg=right / 7.5), Air())


def test_given_values_that_differ_are_told():
    full = {**GASES, "fio2": [0.21, 0.3, 0.3, 0.4, 0.4, 0.21]}
    right = with_gases(table(**full), Air()).table.columns["aado2_mmhg"]
    found = with_gases(table(**full, aado2_mmhg=right + 60), Air())
    assert any("differs from what the gas equation gives by 60 mmHg" in n for n in found.notes)


def test_one_gas_that_cannot_be_is_missing_and_listed():
    found = with_gases(table(**(GASES | {"pao2_mmhg": [200.0, 80, 70, 60, 75, NAN]})), Air())
    assert math.isnan(found.table.columns["aado2_mmhg"][0])
    assert [(each.case, each.column) for each in found.unusable] == [
        ("P1", "AaDO2 (calculated)"),
        ("P1", "PaO2/FiO2 (calculated)"),
    ]


def test_gases_that_do_not_go_together_are_refused():
    with pytest.raises(AnalysisError, match="do not go together: AaDO2 is outside"):
        with_gases(table(**(GASES | {"pao2_mmhg": [600.0] * 6})), Air())


def test_fio2_that_was_measured_and_cannot_be_used_is_not_estimated():
    found = with_gases(table(**GASES), Air(), unusable_fio2={"P3", "P1"})
    assert found.estimated == {"P4"}
    assert math.isnan(found.table.columns["fio2"][2])
    assert any("not estimated in 1 case" in note and "P3" in note for note in found.notes)


def test_impossible_air_is_blamed_and_not_the_units():
    full = {**GASES, "fio2": [0.21, 0.3, 0.3, 0.4, 0.4, 0.21]}
    with pytest.raises(AnalysisError, match=r"236 mmHg.*and in 0 with .*760 mmHg.*altitude"):
        with_gases(table(**full), Air.of(CohortOptions(altitude_m=8848)))


def test_without_pao2_nothing_is_calculated():
    found = with_gases(table(), Air())
    assert set(found.table.columns) == {"oxygen_l_min", "ward"}


def test_air_by_altitude_and_temperature():
    high = Air.of(CohortOptions(altitude_m=2000, temperature_c=39))
    assert high.pressure_mmhg == pytest.approx(596, abs=1)
    assert high.water_vapor_mmhg == pytest.approx(52.5, abs=0.3)
    columns = with_gases(table(**GASES), high).table.columns
    expected = alveolar_arterial_gradient_mmhg(
        80, 40, 0.3, high.pressure_mmhg, high.water_vapor_mmhg, 0.8
    )
    assert columns["aado2_mmhg"][1] == pytest.approx(expected)
    assert Air.of(CohortOptions(barometric_pressure_mmhg=700)).pressure_mmhg == 700


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"altitude_m": 20000}, "Altitude"),
        ({"barometric_pressure_mmhg": 101.3}, "Barometric pressure"),
        ({"temperature_c": 98.6}, "temperature"),
        ({"respiratory_quotient": 8}, "Respiratory quotient"),
    ],
)
def test_air_that_is_nowhere(options, told):
    with pytest.raises(AnalysisError, match=told):
        Air.of(CohortOptions(**options))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"test": "anova"}, "test is one of"),
        ({"at_threshold": "both"}, "at_threshold is one of"),
        ({"adjust": "age"}, "tuple of texts"),
        ({"threshold": 2, "groups": ("a", "b")}, "not both"),
        ({"threshold": NAN}, "must be a number"),
        ({"confidence": 95}, "at least 0.5 and below 1"),
        ({"resamples": 1}, "100 to 100000"),
        ({"seed": -1}, "0 or more"),
        ({"altitude_m": 1, "barometric_pressure_mmhg": 760}, "not both"),
    ],
)
def test_options_that_cannot_be(options, told):
    with pytest.raises(AnalysisError, match=told):
        CohortOptions(**options)


def test_a_ratio_that_cannot_be_is_missing_and_listed():
    gases = {"pao2_mmhg": [550.0, 80, 70, 60, 75, NAN], "fio2": [0.21, 0.3, 0.3, 0.4, 0.4, NAN]}
    found = with_gases(table(**gases), Air())
    assert math.isnan(found.table.columns["pao2_fio2_mmhg"][0])
    assert [(each.case, each.column, each.text) for each in found.unusable] == [
        ("P1", "PaO2/FiO2 (calculated)", "2619")
    ]


def test_who_has_too_high_a_flow_for_an_estimate_is_told():
    gases = {"oxygen_l_min": [0.0, 2, 20, 60, NAN, 16], "pao2_mmhg": [80.0, 75, 60, 55, 70, NAN]}
    gases |= {"fio2": [0.21, 0.28, NAN, 0.9, NAN, NAN]}
    (note,) = [each for each in with_gases(table(**gases), Air()).notes if "above 15" in each]
    assert note.startswith("1 case with an oxygen flow above 15 L/min and no FiO2 has no AaDO2")
    assert "P3" in note
    gases["fio2"][2] = 0.8
    assert not any("above 15" in each for each in with_gases(table(**gases), Air()).notes)
