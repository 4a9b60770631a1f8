"""The library's own reading of JSON Schema is that of the package `jsonschema`."""

import copy
import json
from collections.abc import Iterator

import jsonschema
import pytest
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.case.json_schema import KEYWORDS, problem_of
from BV5AnalysisLib.case.record import case_record
from BV5AnalysisLib.case.record_fields import record_schema

NUMBERS = [-1, 0, 0.5, 7, 10_000_000.5, 2**33]
ODD = [*NUMBERS, None, True, "", "noon", "1.0", "left", 64 * "a", [], [1, 2, 3], {}]
SAYING_NOTHING = {"$schema", "$defs", "title", "description"}


@pytest.fixture(scope="module")
def record(small_result) -> dict:
    record = json.loads(json.dumps(case_record(case_of("case", small_result))))
    for long in ("edges_mm2", "volume_ml"):
        record["csa_histogram"][long] = record["csa_histogram"][long][:3]
    return record


def schemas(value: object) -> Iterator[dict]:
    """Every schema within one."""
    if isinstance(value, dict):
        if "type" in value or "$ref" in value or "const" in value or "enum" in value:
            yield value
        for inner in value.values():
            yield from schemas(inner)


def paths(value: object, path: tuple = ()) -> Iterator[tuple]:
    """Where there is anything in a record."""
    if path:
        yield path
    if not isinstance(value, dict | list):
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from paths(inner, (*path, key))


def holder(record: dict, path: tuple) -> dict | list:
    for key in path[:-1]:
        record = record[key]
    return record


def open_to_more(schema: object) -> object:
    """Drop what this library leaves out on purpose: later versions may add fields."""
    if isinstance(schema, dict):
        kept = {key: value for key, value in schema.items() if value is not False}
        return {key: open_to_more(value) for key, value in kept.items()}
    return schema


def test_the_schema_uses_only_what_is_checked():
    used = set().union(*schemas(record_schema()))
    assert used <= KEYWORDS | SAYING_NOTHING
    assert used >= KEYWORDS


def test_each_odd_value_at_each_place_is_refused_or_accepted_as_by_jsonschema(record):
    schema = record_schema()
    other = jsonschema.Draft202012Validator(open_to_more(schema))
    verdicts = set()
    for path in paths(record):
        for odd in ODD:
            changed = copy.deepcopy(record)
            holder(changed, path)[path[-1]] = odd
            problem = problem_of(changed, schema, schema)
            assert (problem == "") == other.is_valid(changed), (path, odd, problem)
            verdicts.add(problem == "")
    assert verdicts == {True, False}


def test_each_field_that_is_missing_is_refused_as_by_jsonschema(record):
    schema = record_schema()
    other = jsonschema.Draft202012Validator(open_to_more(schema))
    for path in paths(record):
        changed = copy.deepcopy(record)
        del holder(changed, path)[path[-1]]
        assert (problem_of(changed, schema, schema) == "") == other.is_valid(changed), path


def test_a_problem_names_its_place_and_what_should_be_there(record):
    schema = record_schema()
    changed = copy.deepcopy(record)
    changed["input"]["size"][2] = 0
    assert problem_of(changed, schema, schema) == (
        "input.size[2] is 0, not a whole number from 1 to 4.29497e+09"
    )
    del changed["input"]
    assert problem_of(changed, schema, schema) == "input is missing"
