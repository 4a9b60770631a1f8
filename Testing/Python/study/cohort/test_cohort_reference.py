"""A reference from a cohort: who counts, what is refused, and numbers that are known."""

import json

import numpy as np
import pytest
from BV5AnalysisLib import __version__
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.cohort.analysis import analyze_cohort
from BV5AnalysisLib.study.cohort.options import CohortOptions
from BV5AnalysisLib.study.cohort.reference import (
    ReferenceRequest,
    make_reference,
    reference_notes,
)
from BV5AnalysisLib.study.reference import EVERYBODY, FEWEST_PEOPLE, People
from helpers.cohort_tables import clinical, measured, measurements, with_column
from helpers.references import (
    DEFINITION,
    WAY,
    bv5_of,
    healthy_people,
    healthy_rows,
    healthy_tables,
)

NOTHING = dict.fromkeys((key for key in healthy_rows(1)[0] if key.endswith(("_ml", "_pct"))), "")
ALL = {"group_by": "sex", "adjust": (), "correlate": ()}


def made(tables, **options):
    """Reference of these tables; all of them are analyzed by default."""
    chosen = CohortOptions(**ALL | options)
    result = analyze_cohort(*tables, chosen)
    return make_reference(ReferenceRequest(*tables, "site", "2026-11-30T12:00:00"), result, chosen)


def refused(tables, **options) -> str:
    with pytest.raises(AnalysisError) as told:
        made(tables, **options)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_everybody_in_every_region_and_measure(tmp_path):
    reference = made(healthy_tables(tmp_path, 40))
    everybody = reference.groups[0]
    assert (everybody.people, everybody.n) == (EVERYBODY, 40)
    assert (everybody.lowest_age, everybody.highest_age) == (20, 39)
    for region in ("both", "right", "left"):
        values = np.array([bv5_of(number, region) for number in range(40)])
        found = everybody.by_place[region, "bv5_pct"]
        assert (found.n, found.mean) == (40, pytest.approx(values.mean()))
        assert found.sd == pytest.approx(values.std(ddof=1), abs=1e-5)
        # Rank 41 · 5 / 100 = 2.05 of values that are half a point apart.
        assert found.percentiles[0] == pytest.approx(values[1] + 0.05 * 0.5)
        assert found.percentiles[3] == pytest.approx(np.median(values))
        assert everybody.by_place[region, "bv5_ml"].mean == pytest.approx(2 * values.mean())
        assert everybody.by_place[region, "hilar_ml"].mean == 30
        assert (region, "lung_volume_ml") in everybody.by_place
    assert reference.definition == DEFINITION
    assert reference.source.measurements == "measurements.csv"
    assert "40 scans" in reference.source.selection


def test_groups_by_sex_and_age_have_enough_people(tmp_path):
    # 120 people: 20 to 39 years 40 of them, 40 to 59 years 40, 60 to 79 years 40.
    groups = {each.people: each for each in made(healthy_tables(tmp_path, 120)).groups}
    assert {people: group.n for people, group in groups.items()} == {
        EVERYBODY: 120,
        People("female"): 60,
        People("male"): 60,
        **{People(None, low, low + 20): 40 for low in (40, 60)},
        People(None, 18, 40): 40,
        **{People(sex, 40, 60): 20 for sex in ("female", "male")},
        **{People(sex, 60, 80): 20 for sex in ("female", "male")},
        **{People(sex, 18, 40): 20 for sex in ("female", "male")},
    }
    women = groups[People("female", 40, 60)]
    assert (women.lowest_age, women.highest_age) == (40, 59)
    # Persons 40 to 78 in steps of two.
    assert women.by_place["both", "bv5_pct"].mean == pytest.approx(bv5_of(59))
    # Of 60 people 20 are from 40 to 49 years old, ten women and ten men.
    small = {each.people: each.n for each in made(healthy_tables(tmp_path, 60)).groups}
    assert small == {
        EVERYBODY: 60,
        People("female"): 30,
        People("male"): 30,
        People(None, 18, 40): 40,
        People(None, 40, 60): 20,
        People("female", 18, 40): 20,
        People("male", 18, 40): 20,
    }


def test_high_ages_do_not_name_a_person(tmp_path):
    people = with_column(healthy_people(30), "age", [70] * 28 + [95, 101], "age")
    tables = measurements(tmp_path, healthy_rows(30)), clinical(tmp_path, people)
    assert made(tables).groups[0].highest_age == 90


def test_without_sex_and_age_there_is_everybody(tmp_path):
    rows = [["case", "status"], *([f"H{k:03}", "healthy"] for k in range(30))]
    tables = measurements(tmp_path, healthy_rows(30)), clinical(tmp_path, rows)
    reference = made(tables, group_by="status", groups=("healthy",))
    assert [each.people for each in reference.groups] == [EVERYBODY]
    assert reference.groups[0].lowest_age is None
    assert "status: healthy" in reference.source.selection
    assert "no groups by sex or age" in reference_notes(reference)[1]


def test_the_healthy_group_is_named_or_the_others_left_out(tmp_path):
    status = ["healthy"] * 30 + ["sick"] * 10
    people = with_column(healthy_people(40), "status", status)
    tables = measurements(tmp_path, healthy_rows(40)), clinical(tmp_path, people)
    named = made(tables, group_by="status", groups=("healthy",))
    left = made(tables, exclude=("status!=healthy",))
    assert named.groups == left.groups
    assert named.groups[0].n == 30
    message = refused(tables, group_by="status")
    assert "healthy people alone" in message
    assert "status: healthy (30), status: sick (10)" in message
    assert "--groups healthy" in message


def test_people_who_need_oxygen_are_not_mixed_with_others(tmp_path):
    people = with_column(healthy_people(40), "oxygen_l_min", [0] * 30 + [4] * 10)
    tables = measurements(tmp_path, healthy_rows(40)), clinical(tmp_path, people)
    assert "2 groups" in refused(tables, group_by="oxygen_l_min")
    everybody = with_column(healthy_people(40), "oxygen_l_min", [0] * 40)
    tables = tables[0], clinical(tmp_path, everybody)
    assert made(tables, group_by="oxygen_l_min").groups[0].n == 40


def test_errors_among_findings_are_left_out_and_counted(tmp_path):
    rows = healthy_rows(25, findings="thick_slices")
    for row in rows[:9]:
        row["trusted"], row["findings"] = "no", "lung_lost;thick_slices"
    tables = measurements(tmp_path, rows), clinical(tmp_path, healthy_people(25))
    reference = made(tables)
    assert reference.groups[0].n == 22
    assert reference.source.left_out == 3
    assert reference.source.findings == (("thick_slices", 22),)
    (first, *_) = reference_notes(reference)
    assert first == (
        "The reference is of 22 cases, taken as healthy; 3 cases with an error among the findings"
        " are left out."
    )
    rows[9 * 2]["trusted"] = "no"
    for row in rows[9:18]:
        row["trusted"] = "no"
    tables = measurements(tmp_path, rows), tables[1]
    message = refused(tables)
    assert "needs 20 people" in message
    assert "and 18 can be used, 7 more have an error among their findings" in message


def test_too_few_people_are_refused(tmp_path):
    message = refused(healthy_tables(tmp_path, FEWEST_PEOPLE - 1))
    assert f"needs {FEWEST_PEOPLE} people" in message
    assert f"and {FEWEST_PEOPLE - 1} can be used; measure more" in message
    assert made(healthy_tables(tmp_path, FEWEST_PEOPLE)).groups[0].n == FEWEST_PEOPLE


def test_rejected_cases_do_not_count(tmp_path):
    rows = healthy_rows(22)
    for row in rows[:3]:
        row["review"] = "rejected"
    tables = measurements(tmp_path, rows), clinical(tmp_path, healthy_people(22))
    assert made(tables).groups[0].n == 21
    assert made(tables, keep_rejected=True).groups[0].n == 22


def test_a_measure_that_too_few_have_is_not_told(tmp_path):
    rows = healthy_rows(25)
    for row in rows[: 3 * 6]:
        row["lung_volume_ml"] = ""
    tables = measurements(tmp_path, rows), clinical(tmp_path, healthy_people(25))
    everybody = made(tables).groups[0]
    assert ("both", "lung_volume_ml") not in everybody.by_place
    assert everybody.by_place["both", "bv5_pct"].n == 25


def test_a_group_without_any_measure_is_not_told(tmp_path):
    rows = healthy_rows(42)
    for row in rows:
        # Of 21 women two have TPBV alone, and two BV5 alone: 19 values of either.
        number = int(row["case"][1:])
        if number in (0, 2):
            row.update(NOTHING | {"tpbv_ml": 200})
        elif number in (4, 6):
            row.update(NOTHING | {"bv5_ml": 80})
    tables = measurements(tmp_path, rows), clinical(tmp_path, healthy_people(42))
    groups = {each.people: each.n for each in made(tables).groups}
    assert People("female") not in groups
    assert groups[People("male")] == 21


def test_regions_that_too_few_have_are_not_told(tmp_path):
    rows = healthy_rows(25)
    rows += [measured(f"H{k:03}", 40.0, "lingula", **WAY) for k in range(19)]
    tables = measurements(tmp_path, rows), clinical(tmp_path, healthy_people(25))
    assert {each.region for each in made(tables).groups[0].distributions} == {
        "both", "right", "left",
    }  # fmt: skip


@pytest.mark.parametrize(("cells", "of"), [({"bv5_pct": 90}, slice(7, 8)), (NOTHING, slice(25))])
def test_a_region_that_cannot_be_used_is_left_out_and_named(tmp_path, cells, of):
    rows = healthy_rows(25)
    lingula = [measured(f"H{k:03}", 40.0, "Lingula", **WAY) for k in range(25)]
    for row in lingula[of]:
        row.update(cells)
    tables = measurements(tmp_path, [*rows, *lingula]), clinical(tmp_path, healthy_people(25))
    reference = made(tables)
    assert {each.region for each in reference.groups[0].distributions} == {"both", "right", "left"}
    assert reference_notes(reference)[-1] == (
        "The region Lingula is left out, as its rows cannot be used; bv5 cohort --region Lingula"
        " says why."
    )
    assert reference.source.notes[-1] + "." == reference_notes(reference)[-1]
    with pytest.raises(AnalysisError, match=r"sum to 100|missing"):
        made(tables, region="lingula")


def test_withheld_everywhere_is_refused(tmp_path):
    # One measure each, of fewer than it takes.
    rows = [row | NOTHING for row in healthy_rows(24)]
    for place, row in enumerate(rows):
        row["bv10_ml" if place // 3 % 2 else "tpbv_ml"] = 100
    tables = measurements(tmp_path, rows), clinical(tmp_path, healthy_people(24))
    assert "No measure has 20 values" in refused(tables)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"software_version": "0.0.9"}, "version 0.0.9"),
        ({"hilum": "included"}, "mixes definitions of the hilum"),
        ({"hilum_share": 0.9}, "mixes definitions of the hilum"),
        ({"minimum_csa_mm2": 0}, "mixes definitions of the size classes"),
        ({"bv10_lower_csa_mm2": 12}, "mixes definitions of the size classes"),
    ],
)
def test_ways_of_measuring_are_not_mixed(tmp_path, cells, told):
    rows = healthy_rows(30)
    for row in rows[:6]:
        row.update(cells)
    tables = measurements(tmp_path, rows), clinical(tmp_path, healthy_people(30))
    message = refused(tables)
    assert told in message
    assert "28 case" in message
    assert "2 case" in message
    assert "--exclude" in message


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("software_version", "software version of 30 cases (column software_version)"),
        ("minimum_csa_mm2", "bounds of the size classes of 30 cases (column minimum_csa_mm2)"),
        ("hilum_share", "where the hilum begins (column hilum_share)"),
    ],
)
def test_a_table_that_does_not_tell_how_it_was_measured_is_refused(tmp_path, column, told):
    assert told in refused(healthy_tables(tmp_path, 30, **{column: ""}))


def test_a_table_of_before_hilar_blood_was_told_has_it_included(tmp_path):
    definition = made(healthy_tables(tmp_path, 30, hilum="", hilum_share="")).definition
    assert (definition.hilum, definition.hilum_share) == ("included", None)


def test_the_parameters_of_a_batch_count(tmp_path):
    tables = healthy_tables(tmp_path, 30)
    alone = made(tables)
    assert (alone.definition.minimum_component_length_mm, alone.definition.blood_hu) == (6.0, None)
    assert "blood measured in each scan (blood_hu not given)" in reference_notes(alone)[-1]
    parameters = Parameters(minimum_component_length_mm=12.0, blood_hu=45.0).to_dict()
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps({"request": {"parameters": parameters}}))
    by_table, by_folder = made(tables), made((tmp_path, tables[1]))
    assert by_table == by_folder
    assert by_table.definition.minimum_component_length_mm == 12.0
    assert by_table.definition.blood_hu == 45.0
    assert by_table.source.notes == ()
    assert by_table.definition.software_version == __version__
    batch.write_text("{}")
    assert "batch.json beside measurements.csv cannot be read" in refused(tables)
