"""Constants found, moved and put in place; what they move, told."""

import math
import sys

import pytest
from BV5AnalysisLib.imaging.model.constants import described
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.sizing import sheets
from BV5AnalysisLib.imaging.vessels import ridges
from constant_moves.constants import Constant, find_constants, moved, put_in_place, record_reads
from constant_moves.one_case import as_tuples
from constant_moves.runs import Answer, Question, ask, both_ways, name_of
from constant_moves.tables import (
    Effect,
    beside_truth,
    effect_table,
    floor_row,
    for_method,
    problems,
    value_text,
)
from resuming import Notes

USUAL = Answer(bv5_pct=40.0, tpbv_ml=80.0)


@pytest.fixture
def as_before():
    """Puts the constants of modules back that a test replaces."""
    library = {
        (module, name): value
        for module in list(sys.modules.values())
        if module.__name__.startswith("BV5AnalysisLib.imaging")
        for name, value in vars(module).items()
        if name == "CONSTANTS"
    }
    yield
    for (module, name), value in library.items():
        setattr(module, name, value)


def a_constant(name="flat", value=0.4, unit="1"):
    return Constant("sizing.sheets", name, value, unit, "What it is.", "Chosen by eye.")


def test_constants_are_found_once_each_and_no_phantoms():
    found = find_constants()
    names = [constant.name for constant in found]
    assert len(names) == len(set(names))
    assert {"sizing.sheets.flat", "vessels.ridges.scales_mm"} <= set(names)
    assert not any(name.startswith(("phantom.", "editing.")) for name in names)
    fields = {each.name for each in described(sheets.CONSTANTS)}
    assert {c.field for c in found if c.module == "sizing.sheets"} == fields


@pytest.mark.parametrize(
    ("value", "lower", "higher"),
    [
        (0.5, 0.4, 0.6),
        (-100.0, -80.0, -120.0),
        (3, 2, 4),
        (1, 0, 2),
        (30, 24, 36),
        ((1.0, 2), (0.8, 1), (1.2, 3)),
        (0.0, 0.0, 0.0),
    ],
)
def test_values_are_moved_by_a_fifth_and_counts_by_one_at_least(value, lower, higher):
    assert moved(value, 0.8) == pytest.approx(lower)
    assert moved(value, 1.2) == pytest.approx(higher)


def test_what_cannot_be_moved_is_not_asked():
    assert both_ways(a_constant(value=0.0), 0.2, "ct.nrrd", "ct") is None
    lower, higher = both_ways(a_constant(), 0.2, "ct.nrrd", "ct")
    assert (lower.value, higher.value) == pytest.approx((0.32, 0.48))


@pytest.mark.usefixtures("as_before")
def test_a_constant_is_put_in_place_wherever_its_module_is_read():
    before = sheets.CONSTANTS
    put_in_place("sizing.sheets", "flat", 0.9)
    assert sheets.CONSTANTS.flat == 0.9
    assert sheets.CONSTANTS.window_mm == before.window_mm
    assert before.flat == 0.4


@pytest.mark.usefixtures("as_before")
def test_what_is_derived_follows():
    put_in_place("vessels.ridges", "scales_mm", (1.0, 2.0, 3.0, 4.0, 5.0))
    assert ridges.CONSTANTS.wide_scale_mm == pytest.approx(2.6)


@pytest.mark.usefixtures("as_before")
def test_what_is_read_is_noted():
    read = record_reads()
    assert not any(name.startswith("sizing.sheets.") for name in read)
    assert sheets.CONSTANTS.flat == 0.4
    assert ridges.CONSTANTS.thin_scale_mm > 0
    assert "sizing.sheets.flat" in read
    assert "sizing.sheets.window_mm" not in read
    assert "vessels.ridges.scales_mm" in read


def test_tuples_come_back_from_json():
    assert as_tuples([[1, 2], 3.0]) == ((1, 2), 3.0)


def effect(name, lower, higher):
    return Effect(a_constant(name), lower, higher, USUAL)


EFFECTS = [
    effect("little", Answer(40.1, 80.0), Answer(40.0, 80.4)),
    effect("much", Answer(43.0, 76.0), Answer(39.0, 80.0)),
    effect("nothing", USUAL, USUAL),
    effect("bad", Answer(problem="refused", text="No lungs."), USUAL),
]


def test_the_table_has_the_largest_first_and_leaves_out_what_does_nothing():
    rows = effect_table(EFFECTS).splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [
        "sizing.sheets.bad",
        "sizing.sheets.much",
        "sizing.sheets.little",
    ]
    assert rows[1].endswith("| 0.4 | +3.00 | -1.00 | -5.00 | +0.00 |")
    assert "| refused | +0.00 | refused |" in rows[0]


def test_what_has_no_result_is_said_with_the_reason():
    assert problems(EFFECTS) == "- `sizing.sheets.bad` lower: refused: No lungs.\n"
    assert "every one" in problems(EFFECTS[:2])


def test_the_method_names_those_that_move_more_than_half_a_point():
    lines = for_method(EFFECTS).splitlines()
    assert [line.split("`")[1].split(".")[-1] for line in lines] == ["bad", "much"]
    assert "3.0 points: What it is. Chosen by eye." in lines[1]


def test_values_have_their_unit():
    assert value_text(a_constant(value=(0.7, 1.0), unit="mm")) == "0.7, 1 mm"
    assert value_text(a_constant(value=3)) == "3"


def test_changes_without_a_result_are_none():
    bad = EFFECTS[3]
    assert math.isnan(bad.bv5_points(bad.lower))
    assert bad.most_points == math.inf


def test_the_floor_is_mean_and_largest():
    row = floor_row("noise", USUAL, [Answer(41.0, 80.0), Answer(37.0, 88.0)])
    assert row == ("noise", "2", "2.00, at most 3.00", "5.00, at most 10.00")


def test_beside_the_truth_stands_what_has_the_hilum_included_like_it():
    usual = Answer(52.0, 13.0, hilum_included=(46.5, 14.5))
    text = beside_truth(usual, Measurement("both", 2000.0, 7.0, 3.0, 5.0, 1.0, 900.0))
    assert text.startswith("BV5 52.00 %, TPBV 13.000 mL, the hilum apart; ")
    assert "with the hilum included 46.50 %, 14.500 mL (truth 46.67 %, 15.000 mL)." in text


def test_what_is_known_is_not_asked_again(tmp_path):
    notes = Notes(tmp_path / "notes.jsonl", [], resume=False)
    question = Question("nowhere.nrrd", "chest", ("sizing.sheets", "flat"), 0.3)
    found = {"bv5_pct": 1.0, "tpbv_ml": 2.0, "hilum_included": [0.5, 4.0], "read": []}
    notes.keep(question.key, found | {"seconds": 3.0})
    told = []
    again = Notes(tmp_path / "notes.jsonl", [], resume=True)
    answers = ask([question], again, 1, 60.0, lambda *now: told.append(now))
    assert answers[name_of(question)] == Answer(1.0, 2.0, seconds=3.0, hilum_included=(0.5, 4.0))
    assert told == []


@pytest.mark.slow
def test_a_scan_that_is_not_there_is_a_failure_and_no_end_of_the_benchmark(tmp_path):
    notes = Notes(tmp_path / "notes.jsonl", [], resume=False)
    question = Question(str(tmp_path / "none.nrrd"), "none")
    answer = ask([question], notes, 1, 60.0, lambda *_: None)[name_of(question)]
    assert answer.problem in ("refused", "broken")
    assert answer.text
