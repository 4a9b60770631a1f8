"""A case beside a reference: with whom it is compared, its scores, and where they are kept."""

import csv
import dataclasses
import json
import math

import jsonschema
import pytest
from BV5AnalysisLib import __version__
from BV5AnalysisLib.case.applied_reference import REFERENCE_COLUMNS, applied
from BV5AnalysisLib.case.case import case_of, with_recomputed
from BV5AnalysisLib.case.files import read_case, write_case
from BV5AnalysisLib.case.measurements_csv import COLUMNS
from BV5AnalysisLib.case.record import SCHEMA_VERSION, case_record
from BV5AnalysisLib.case.record_fields import record_schema
from BV5AnalysisLib.case.reference_file import reference_id
from BV5AnalysisLib.imaging.editing.recompute import recompute
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.scan import Person
from BV5AnalysisLib.imaging.model.withheld import TOTALS, Withheld
from BV5AnalysisLib.study.reference import EVERYBODY, People
from helpers.references import group, reference

WOMEN, MEN = People("female"), People("male")
MIDDLE = People(None, 40, 60)
MIDDLE_WOMEN = People("female", 40, 60)
ALL = reference(group(), group(WOMEN), group(MIDDLE), group(MIDDLE_WOMEN))


@pytest.mark.parametrize(
    ("person", "people", "reason"),
    [
        (Person(45.5, "female"), MIDDLE_WOMEN, ""),
        (Person(35.0, "female"), WOMEN, "the reference has too few women of 18 to 39 years"),
        (Person(45.0, "male"), MIDDLE, "the reference has too few men of 40 to 59 years"),
        (Person(35.0, "male"), EVERYBODY, "the reference has too few men of 18 to 39 years"),
        (Person(None, "female"), WOMEN, "the scan's header does not tell the age"),
        (Person(45.0, None), MIDDLE, "the scan's header does not tell the sex"),
        (Person(), EVERYBODY, "the scan's header does not tell the sex and the age"),
    ],
)
def test_the_nearest_group_is_chosen_and_said(person, people, reason):
    found = applied(ALL, person)
    assert (found.group.people, found.reason) == (people, reason)
    assert (found.name, found.reference_id) == ("site", reference_id(ALL))


@pytest.mark.parametrize(
    ("age", "told"),
    [(12.0, "younger than all of these, who are 30 to 59"), (70.0, "older than all of these")],
)
def test_ages_that_the_reference_does_not_have_are_told(age, told):
    assert told in applied(reference(), Person(age, None)).reason
    # In one's sixtieth year one is 59.
    assert "older" not in applied(reference(), Person(59.9, None)).reason


def without(lacking: str, people: People):
    """Group in which too few have a measure of both lungs."""
    made = group(people)
    kept = (each for each in made.distributions if (each.region, each.measure) != ("both", lacking))
    return dataclasses.replace(made, distributions=tuple(kept))


def test_a_group_without_a_measure_of_the_case_is_passed_over(small_result):
    lacking = reference(group(), without("tpbv_ml", WOMEN), group(MIDDLE))
    scan = dataclasses.replace(small_result.scan, person=Person(45.0, "female"))
    result = dataclasses.replace(small_result, scan=scan)
    case = case_of("c", result, lacking)
    assert case.reference.group.people == MIDDLE
    assert case.reference.reason == (
        "the reference has too few women of 40 to 59 years; too few women of the reference have"
        " TPBV (mL) in the region both"
    )
    assert ("both", "tpbv_ml") in scores(case_record(case))
    # Of no account where the scan cannot give it, or nobody has it.
    slab = dataclasses.replace(result, withheld=(Withheld("slab", "A slab.", TOTALS),))
    assert case_of("c", slab, lacking).reference.group.people == WOMEN
    nobody = reference(without("tpbv_ml", EVERYBODY), without("tpbv_ml", WOMEN))
    assert case_of("c", result, nobody).reference.group.people == WOMEN


def test_ages_above_90_are_capped_as_those_of_the_reference():
    oldest = dataclasses.replace(group(), lowest_age=90, highest_age=90)
    assert applied(reference(oldest), Person(95.0, "male")).reason == (
        "the reference has too few men from 80 years on"
    )
    younger = dataclasses.replace(group(), lowest_age=60, highest_age=89)
    assert "older than all of these" in applied(reference(younger), Person(95.0, "male")).reason


@pytest.fixture
def case(small_result):
    """Whose BV5 is 6 % of its blood, with a reference of 10 % and a standard deviation of 2."""
    scan = dataclasses.replace(small_result.scan, person=Person(45.0, "female"))
    return case_of("c", dataclasses.replace(small_result, scan=scan), ALL)


def scores(record: dict) -> dict[tuple[str, str], dict]:
    return {(each["region"], each["measure"]): each for each in record["reference"]["scores"]}


def test_the_record_has_every_score_and_follows_its_schema(case):
    record = json.loads(json.dumps(case_record(case)))
    jsonschema.validate(record, record_schema())
    assert record["schema_version"] == SCHEMA_VERSION == "1.4"
    found = record["reference"]
    assert found["group"]["text"] == "women of 40 to 59 years"
    assert (found["group"]["sex"], found["group"]["n"]) == ("female", 40)
    assert "45" not in json.dumps(found["group"])  # Not the person's age.
    for region in ("both", "right", "left"):
        bv5 = scores(record)[region, "bv5_pct"]
        assert bv5["value"] == pytest.approx(6.0)
        assert bv5["z"] == pytest.approx((6.0 - 10.0) / 2.0)
        assert (bv5["percentile"], bv5["beyond"]) == (5.0, "below")
    # The mean of BV5-10 % is 10, too, with the 95th percentile at 13.
    assert scores(record)["both", "bv5_10_pct"]["beyond"] == "above"
    assert scores(record)["both", "bv5_10_pct"]["z"] == pytest.approx(2.0)


def test_without_a_reference_the_record_says_so(small_result):
    record = json.loads(json.dumps(case_record(case_of("c", small_result))))
    jsonschema.validate(record, record_schema())
    assert record["reference"] is None


def test_withheld_values_have_no_score(case):
    slab = dataclasses.replace(case, withheld=(Withheld("slab", "A slab.", TOTALS),))
    found = scores(case_record(slab))
    assert found["both", "tpbv_ml"]["value"] is None
    assert found["both", "tpbv_ml"]["z"] is None
    assert found["both", "bv5_pct"]["z"] == pytest.approx(-2.0)


def test_a_region_that_the_reference_does_not_have_has_no_score(case):
    rows = (*case.measurements, dataclasses.replace(case.measurements[1], region="lingula"))
    found = scores(case_record(dataclasses.replace(case, measurements=rows)))
    assert {region for region, _ in found} == {"both", "right", "left"}


def test_a_folder_gives_it_back(tmp_path, case):
    write_case(tmp_path, case)
    back = read_case(tmp_path)
    assert case_record(back)["reference"] == case_record(case)["reference"]
    assert back.reference.definition == case.reference.definition
    assert back.reference.group.people == MIDDLE_WOMEN


def test_a_given_attenuation_of_blood_comes_back(tmp_path, small_result):
    given = dataclasses.replace(ALL.definition, blood_hu=45.0)
    made = dataclasses.replace(ALL, definition=given)
    case = case_of("c", small_result, made)
    jsonschema.validate(json.loads(json.dumps(case_record(case))), record_schema())
    write_case(tmp_path, case)
    assert read_case(tmp_path).reference.definition == given


def test_folders_of_before_have_none(tmp_path, case):
    write_case(tmp_path, case)
    path = tmp_path / "result.json"
    record = json.loads(path.read_text(encoding="utf-8")) | {"schema_version": "1.3"}
    del record["reference"]
    path.write_text(json.dumps(record), encoding="utf-8")
    assert read_case(tmp_path).reference is None


def test_a_garbled_comparison_is_refused(tmp_path, case):
    write_case(tmp_path, case)
    path = tmp_path / "result.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["reference"]["scores"][0]["sd"] = "wide"
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(AnalysisError, match=r"reference\.scores\[0\]\.sd is 'wide'"):
        read_case(tmp_path)


def rows_of(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_the_scores_in_columns_at_its_end(tmp_path, case, small_result):
    write_case(tmp_path, case)
    both, *others = rows_of(tmp_path / "measurements.csv")
    assert tuple(both) == (*COLUMNS, *REFERENCE_COLUMNS)
    assert (both["reference"], both["reference_group"]) == ("site", "women of 40 to 59 years")
    assert (both["bv5_pct_z"], both["bv5_pct_percentile"]) == ("-2.00", "<5")
    assert (both["bv5_10_pct_z"], both["bv5_10_pct_percentile"]) == ("2.00", ">95")
    assert [row["bv5_pct_z"] for row in others] == ["-2.00", "-2.00"]
    write_case(tmp_path, case_of("c", small_result))
    assert tuple(rows_of(tmp_path / "measurements.csv")[0]) == COLUMNS


def test_a_name_is_no_formula(tmp_path, small_result):
    made = dataclasses.replace(ALL, name="=1+1")
    write_case(tmp_path, case_of("c", small_result, made))
    assert rows_of(tmp_path / "measurements.csv")[0]["reference"] == "'=1+1"


def recomputed(case, parameters):
    lines, given = case.centerlines, (case.calibration, parameters)
    return with_recomputed(
        case, recompute(None, case.lungs, case.vessels, lines, *given), parameters
    )


def test_scores_follow_the_numbers_after_edits(case):
    same = recomputed(case, case.parameters)
    assert same.reference == case.reference
    fewer = dataclasses.replace(case.measurements[0], bv5_ml=0.0)
    edited = dataclasses.replace(case, measurements=(fewer, *case.measurements[1:]))
    assert scores(case_record(edited))["both", "bv5_pct"]["z"] == pytest.approx(-5.0)


@pytest.mark.parametrize(
    "changes", [{"hilum": "included"}, {"hilum_share": 0.9}, {"class_bounds_mm2": (5.0, 12.0)}]
)
def test_with_another_definition_the_reference_is_dropped(case, changes):
    changed = dataclasses.replace(case.parameters, **changes)
    assert recomputed(case, changed).reference is None


def test_recomputed_by_another_version_the_reference_is_dropped(case, tmp_path):
    of_before = dataclasses.replace(case.reference.definition, software_version="0.0.9")
    older = dataclasses.replace(
        case,
        reference=dataclasses.replace(case.reference, definition=of_before),
        software=case.software | {"bv5-analysis": "0.0.9"},
    )
    write_case(tmp_path, older)
    back = read_case(tmp_path)
    # As long as the numbers are those of before, they are compared, and say who measured them.
    assert back.reference.definition == of_before
    assert rows_of(tmp_path / "measurements.csv")[0]["software_version"] == "0.0.9"
    anew = recomputed(back, back.parameters)
    assert anew.reference is None
    write_case(tmp_path, anew)
    assert rows_of(tmp_path / "measurements.csv")[0]["software_version"] == __version__


def test_a_score_of_nothing_is_nothing(small_result):
    none = {"bv5_ml": 0.0, "bv5_10_ml": 0.0, "bv10_ml": 0.0}
    rows = tuple(dataclasses.replace(row, **none) for row in small_result.measurements)
    case = case_of("c", dataclasses.replace(small_result, measurements=rows), ALL)
    bv5 = scores(case_record(case))["both", "bv5_pct"]
    assert math.isnan(case.value(rows[0], "bv5_pct"))
    assert (bv5["value"], bv5["z"], bv5["percentile"], bv5["beyond"]) == (None, None, None, "")
