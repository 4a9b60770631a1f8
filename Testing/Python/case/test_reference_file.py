"""Reference files: what was written comes back, and anything else is refused with a reason."""

import copy
import dataclasses
import json

import jsonschema
import pytest
from BV5AnalysisLib import __version__
from BV5AnalysisLib.case.json_schema import problem_of
from BV5AnalysisLib.case.reference_file import (
    check_reference_place,
    check_usable,
    put_reference,
    read_reference,
    reference_id,
    reference_json,
    reference_schema,
)
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.reference import Definition, People
from helpers.references import DEFINITION, group, reference, reference_file

RICH = reference(group(), group(People("female")), group(People("male", 80, None)))


def record(made=RICH) -> dict:
    return json.loads(reference_json(made))


def refused(path) -> str:
    with pytest.raises(AnalysisError) as told:
        read_reference(path)
    message = str(told.value)
    assert "\n" not in message
    assert str(path.parent) not in message
    return message


def garbled(tmp_path, change) -> str:
    """Message about a file after a change of its content."""
    content = record()
    change(content)
    path = tmp_path / "site.json"
    path.write_text(json.dumps(content))
    return refused(path)


@pytest.mark.parametrize(
    "made",
    [
        reference(),
        RICH,
        reference(name="Klinik Ü", definition=Definition.of(Parameters(hilum="included"), "7")),
        reference(definition=Definition.of(Parameters(blood_hu=45.0), "7")),
    ],
)
def test_it_comes_back_whole(tmp_path, made):
    assert read_reference(reference_file(tmp_path, made)) == made


def test_its_schema_is_one_and_it_follows_it():
    jsonschema.Draft202012Validator.check_schema(reference_schema())
    jsonschema.validate(record(), reference_schema())


def test_the_same_content_has_the_same_id():
    assert reference_id(RICH) == reference_id(copy.deepcopy(RICH))
    assert reference_id(RICH) != reference_id(dataclasses.replace(RICH, created="2026-12-01"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is no reference of BV5 Analysis"),
        (b'{"schema": "bv5-analysis/result"}', "is no reference of BV5 Analysis"),
        (b'{"schema": "bv5-analysis/reference", "schema_version": "2.0"}', "schema version 2.0"),
        (b'{"schema": "bv5-analysis/reference", "schema_version": "1.7"}', "name is missing"),
    ],
)
def test_other_files_are_refused(tmp_path, content, told):
    path = tmp_path / "site.json"
    path.write_bytes(content)
    message = refused(path)
    assert told in message
    assert "site.json" in message
    assert "bv5 cohort --reference" in message


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert (
        refused(tmp_path / "site.json") == "There is no reference file site.json; check its path."
    )
    (tmp_path / "site.json").mkdir()
    assert "cannot be read" in refused(tmp_path / "site.json")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda r: r["definition"].pop("hilum"), "definition.hilum is missing"),
        (lambda r: r["definition"].update(hilum="maybe"), "definition.hilum is 'maybe'"),
        (lambda r: r["definition"].update(hilum_share=None), "definition.hilum_share goes with"),
        (lambda r: r["definition"].update(hilum="included"), "definition.hilum_share goes with"),
        (lambda r: r["definition"].update(class_bounds_mm2=[10, 5]), "class_bounds_mm2 does not"),
        (lambda r: r["definition"].update(minimum_csa_mm2=5), "class_bounds_mm2 does not rise"),
        (lambda r: r.update(percentiles=[1, 10, 25, 50, 75, 90, 99]), "percentiles are not 5, 10"),
        (lambda r: r.update(created="noon"), "created is 'noon', not a time"),
        (lambda r: r.update(name=" "), "name is ' ', not a name"),
        (lambda r: r.update(groups=[]), "groups is a list, not a list of at least 1"),
        (lambda r: r["groups"].pop(0), "groups[0] is not of all people"),
        (lambda r: r["groups"].append(r["groups"][1]), "groups has the same people twice"),
        (lambda r: r["groups"][0].update(n=3), "groups[0].n is 3"),
        (lambda r: r["groups"][1].update(distributions=[]), "groups[1].distributions is a list"),
        (lambda r: r["groups"][1].update(lowest_age=60), "groups[1].lowest_age is above"),
        (
            lambda r: r["groups"][0].update(highest_age=None),
            "groups[0].lowest_age is above",
        ),
        (lambda r: r["groups"][1].update(sex="x"), "groups[1].sex is 'x'"),
        (
            lambda r: r["groups"][0]["distributions"][2].update(sd=-1),
            "groups[0].distributions[2].sd is -1",
        ),
        (
            lambda r: r["groups"][0]["distributions"][2].update(mean=float("nan")),
            "groups[0].distributions[2].mean is nan",
        ),
        (
            lambda r: r["groups"][0]["distributions"][2].update(n=41),
            "groups[0].distributions[2].n is more than its group has",
        ),
        (
            lambda r: r["groups"][0]["distributions"][0].update(percentiles=[1, 2, 3, 4, 5, 7, 6]),
            "groups[0].distributions[0].percentiles does not rise",
        ),
        (
            lambda r: r["groups"][0]["distributions"][0].update(percentiles=[1, 2, 3]),
            "groups[0].distributions[0].percentiles is a list, not a list of 7",
        ),
    ],
)
def test_what_it_never_holds_is_refused(tmp_path, change, told):
    message = garbled(tmp_path, change)
    assert message.startswith("Reference file site.json lacks or garbles something: ")
    assert told in message


def test_a_file_that_an_editor_saved_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "site.json"
    path.write_bytes(reference_json(RICH).encode("utf-8-sig"))
    assert read_reference(path) == RICH
    check_reference_place(path, None, overwrite=True)


def test_names_do_not_break_the_line_of_a_message():
    odd = dataclasses.replace(DEFINITION, method="a\nb\x1b[2J" + "c" * 500)
    with pytest.raises(AnalysisError) as refusal:
        check_usable(reference(definition=odd, name="x\ny"), Parameters())
    message = str(refusal.value)
    assert message.startswith("Reference x y was measured by a b")
    assert message.isprintable()
    assert len(message) < 400


def test_fields_of_later_versions_are_passed_over(tmp_path):
    content = record() | {"schema_version": "1.9", "more": 1}
    path = tmp_path / "site.json"
    path.write_text(json.dumps(content))
    assert read_reference(path) == RICH


def test_each_odd_value_at_each_place_is_refused_or_accepted_as_by_jsonschema():
    schema, other = reference_schema(), jsonschema.Draft202012Validator(reference_schema())
    content = record(reference())
    content["groups"][0]["distributions"] = content["groups"][0]["distributions"][:1]
    verdicts = set()
    for path in paths(content):
        for odd in [-1, 0, 0.5, 7, 2**33, None, True, "", "1.0", [], [1, 2, 3], {}]:
            changed = copy.deepcopy(content)
            place = changed
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = odd
            problem = problem_of(changed, schema, schema)
            assert (problem == "") == other.is_valid(changed), (path, odd, problem)
            verdicts.add(problem == "")
    assert verdicts == {True, False}


def paths(value: object, path: tuple = ()):
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, key))


def test_numbers_that_were_measured_in_the_same_way_can_be_compared():
    check_usable(RICH, Parameters())
    given = dataclasses.replace(DEFINITION, blood_hu=45.0)
    check_usable(reference(definition=given), Parameters(blood_hu=45.0))


@pytest.mark.parametrize(
    ("definition", "parameters", "told"),
    [
        (dataclasses.replace(DEFINITION, method="particles"), Parameters(), "by particles"),
        (
            dataclasses.replace(DEFINITION, software_version="0.0.9"),
            Parameters(),
            f"with version 0.0.9, not {__version__}",
        ),
        (DEFINITION, Parameters(minimum_csa_mm2=0.0), "with minimum_csa_mm2 1.25, not 0"),
        (DEFINITION, Parameters(hilum="included"), "with hilum apart, not included"),
        (DEFINITION, Parameters(hilum_share=0.7), "with hilum_share 0.8, not 0.7"),
        (DEFINITION, Parameters(class_bounds_mm2=(5.0, 12.0)), "5 and 10, not 5 and 12"),
        (
            DEFINITION,
            Parameters(minimum_component_length_mm=9.0),
            "minimum_component_length_mm 6, not 9",
        ),
        (DEFINITION, Parameters(blood_hu=45.0), "with blood_hu measured in each scan, not 45"),
        (
            dataclasses.replace(DEFINITION, blood_hu=45.0),
            Parameters(),
            "with blood_hu 45, not measured in each scan",
        ),
        (
            dataclasses.replace(DEFINITION, blood_hu=45.0),
            Parameters(blood_hu=300.0),
            "with blood_hu 45, not 300",
        ),
    ],
)
def test_another_method_or_definition_is_refused_with_the_reason(definition, parameters, told):
    with pytest.raises(AnalysisError) as refusal:
        check_usable(reference(definition=definition), parameters)
    message = str(refusal.value)
    assert message.startswith("Reference site was measured ")
    assert told in message
    assert "cannot be compared" in message
    assert "leave --reference out" in message


def test_it_is_written_where_nothing_is_lost(tmp_path):
    out, path = tmp_path / "out", tmp_path / "site.json"

    def told(place, overwrite=False) -> str:
        with pytest.raises(AnalysisError) as refusal:
            check_reference_place(place, out, overwrite)
        return str(refusal.value)

    check_reference_place(path, out, overwrite=False)
    assert "lies in the output folder" in told(out / "site.json")
    assert "does not exist; make it" in told(tmp_path / "no" / "site.json")
    put_reference(path, RICH)
    assert "exists; add --overwrite" in told(path)
    check_reference_place(path, out, overwrite=True)
    path.write_text("mine")
    assert "is no reference of BV5 Analysis and is not replaced" in told(path, overwrite=True)
    assert path.read_text() == "mine"
    (tmp_path / "folder").mkdir()
    assert "is a folder" in told(tmp_path / "folder", overwrite=True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "site.json"]


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(AnalysisError, match=r"site\.json cannot be written \(No such file"):
        put_reference(tmp_path / "no" / "site.json", RICH)
