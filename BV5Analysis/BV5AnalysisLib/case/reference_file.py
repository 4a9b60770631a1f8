"""Reference files: what healthy people have, as JSON; the schema lies beside."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..imaging.errors import AnalysisError
from ..imaging.parameters import Parameters
from ..study.reference import (
    EVERYBODY,
    PERCENTILES,
    Definition,
    Distribution,
    People,
    Reference,
    ReferenceGroup,
    ReferenceSource,
)
from ..study.texts import printable, shortened
from .json_schema import Schema, problem_of, shown
from .whole_files import write_whole

SCHEMA = "bv5-analysis/reference"
SCHEMA_VERSION = "1.0"
SCHEMA_FILE = Path(__file__).with_name("reference.schema.json")
_ID_LETTERS = 12
_MAKE_ANOTHER = "make one by bv5 cohort --reference"


@functools.cache
def reference_schema() -> Schema:
    """JSON Schema of reference files."""
    schema: Schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema


def reference_json(reference: Reference) -> str:
    """Text of a reference file.

    Parameters
    ----------
    reference : Reference
        What to write.

    Returns
    -------
    str
        JSON as ``reference.schema.json`` says.
    """
    record = _record(reference)
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _record(reference: Reference) -> dict[str, Any]:
    source = reference.source
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "name": reference.name,
        "created": reference.created,
        "definition": definition_record(reference.definition),
        "source": {
            "measurements": source.measurements,
            "clinical": source.clinical,
            "selection": list(source.selection),
            "left_out_for_errors": source.left_out,
            "findings": dict(source.findings),
            "notes": list(source.notes),
        },
        "percentiles": list(PERCENTILES),
        "groups": [_group_record(group) for group in reference.groups],
    }


def reference_id(reference: Reference) -> str:
    """Letters and digits that tell a reference from others: the same for the same content."""
    return hashlib.sha256(reference_json(reference).encode()).hexdigest()[:_ID_LETTERS]


def read_reference(path: Path) -> Reference:
    """Read a reference file.

    Parameters
    ----------
    path : pathlib.Path
        As ``bv5 cohort --reference`` wrote it.

    Returns
    -------
    Reference
        Its content.

    Raises
    ------
    AnalysisError
        It cannot be read, is no JSON, of another schema, or a field holds what it never does.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise AnalysisError(f"There is no reference file {path.name}; check its path.") from error
    except OSError as error:
        raise AnalysisError(
            f"Reference file {path.name} cannot be read ({error.strerror}); check its path."
        ) from error
    except (ValueError, RecursionError) as error:
        raise AnalysisError(
            f"Reference file {path.name} is not JSON ({error}); {_MAKE_ANOTHER}."
        ) from error
    _check(path.name, record)
    return _reference(record)


def check_reference_place(path: Path, folder: Path | None, overwrite: bool) -> None:
    """Refuse, before the work, a place that a reference could not be written to in the end.

    Parameters
    ----------
    path : pathlib.Path
        The wanted file.
    folder : pathlib.Path or None
        Folder that the same command writes and may replace.
    overwrite : bool
        Whether the user asked to replace what is there.

    Raises
    ------
    AnalysisError
        Something is there that may not be replaced, or its folder is not there, or it is `folder`,
        or one of them would lie in the other.
    """
    place, output = path.resolve(), folder.resolve() if folder else None
    if output and output in place.parents:
        raise AnalysisError(
            f"Reference file {path.name} lies in the output folder, which is replaced as a whole;"
            " give a place outside of it."
        )
    if output and place in (output, *output.parents):
        raise AnalysisError(
            f"Reference file {path.name} has the path of the output folder, or of a folder around"
            " it; give the reference file another name."
        )
    if not path.resolve().parent.is_dir():
        raise AnalysisError(
            f"The folder of reference file {path.name} does not exist; make it, or give another"
            " place."
        )
    if path.is_dir():
        raise AnalysisError(f"{path.name} is a folder; give the reference file another name.")
    if not path.exists():
        return
    if not overwrite:
        raise AnalysisError(
            f"Reference file {path.name} exists; add --overwrite, or give another one."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise AnalysisError(
            f"{path.name} is no reference of BV5 Analysis and is not replaced; give another one."
        )


def check_content(reference: Reference) -> None:
    """Refuse, before it is written, a reference that `read_reference` would refuse.

    Raises
    ------
    AnalysisError
        A table of measurements has what no analysis gives; the message says what.
    """
    record = _record(reference)
    problem = _problem(record)
    if problem:
        place = re.match(r"groups\[(\d+)\]\.distributions\[(\d+)\]", problem)
        where = ""
        if place:
            group = reference.groups[int(place[1])]
            found = group.distributions[int(place[2])]
            where = f" ({found.measure} of {group.people.text}, region {found.region})"
        raise AnalysisError(
            f"{reference.source.measurements} gives no reference that could be read again:"
            f" {problem}{where}; correct the table, or leave these cases out."
        )


def put_reference(path: Path, reference: Reference) -> None:
    """Write a reference file, whole or not at all.

    Raises
    ------
    AnalysisError
        It cannot be written.
    """
    try:
        write_whole(path, reference_json(reference))
    except OSError as error:
        raise AnalysisError(
            f"Reference file {path.name} cannot be written ({error.strerror}); give another place."
        ) from error


def check_usable(reference: Reference, parameters: Parameters) -> None:
    """Refuse a reference whose numbers were measured in another way than a case will be.

    Parameters
    ----------
    reference : Reference
        To compare with.
    parameters : Parameters
        Those of the case.

    Raises
    ------
    AnalysisError
        The message says what differs.
    """
    difference = reference.definition.difference(Definition.of(parameters, __version__))
    if difference:
        raise AnalysisError(
            f"Reference {printable(shortened(reference.name))} {difference}: its numbers and this"
            " analysis's cannot be compared. Give a reference that was measured in the same way, or"
            " leave --reference out."
        )


def definition_record(definition: Definition) -> dict[str, Any]:
    """Plain values of a definition, fit for JSON."""
    return {
        "method": definition.method,
        "software_version": definition.software_version,
        "minimum_csa_mm2": definition.minimum_csa_mm2,
        "class_bounds_mm2": list(definition.class_bounds_mm2),
        "minimum_component_length_mm": definition.minimum_component_length_mm,
        "hilum": definition.hilum,
        "hilum_share": definition.hilum_share,
        "blood_hu": definition.blood_hu,
    }


def definition_of_record(values: dict[str, Any]) -> Definition:
    """Definition of plain values that follow the schema."""
    low, high = values["class_bounds_mm2"]
    share, blood_hu = values["hilum_share"], values.get("blood_hu")
    return Definition(
        values["method"],
        values["software_version"],
        float(values["minimum_csa_mm2"]),
        (float(low), float(high)),
        float(values["minimum_component_length_mm"]),
        values["hilum"],
        None if share is None else float(share),
        None if blood_hu is None else float(blood_hu),
    )


def _group_record(group: ReferenceGroup) -> dict[str, Any]:
    return {
        "sex": group.people.sex,
        "age_from": group.people.age_from,
        "age_below": group.people.age_below,
        "n": group.n,
        "lowest_age": group.lowest_age,
        "highest_age": group.highest_age,
        "distributions": [
            {
                "region": each.region,
                "measure": each.measure,
                "n": each.n,
                "mean": each.mean,
                "sd": each.sd,
                "percentiles": list(each.percentiles),
            }
            for each in group.distributions
        ],
    }


def _check(name: str, record: Any) -> None:
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise AnalysisError(f"{name} is no reference of BV5 Analysis; {_MAKE_ANOTHER}.")
    version = ascii(record.get("schema_version")).strip("'")[:20]
    if version.split(".", maxsplit=1)[0] != SCHEMA_VERSION.split(".", maxsplit=1)[0]:
        raise AnalysisError(
            f"Reference file {name} is of schema version {version}, and this version of BV5"
            f" Analysis reads {SCHEMA_VERSION}; {_MAKE_ANOTHER}."
        )
    problem = _problem(record)
    if problem:
        raise AnalysisError(
            f"Reference file {name} lacks or garbles something: {problem}; {_MAKE_ANOTHER}."
        )


def _problem(record: dict[str, Any]) -> str:
    """Say what is wrong with a record; empty if nothing is."""
    schema = reference_schema()
    return problem_of(record, schema, schema) or next(_contradictions(record), "")


def _contradictions(record: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong with a record that follows the schema."""
    try:
        datetime.fromisoformat(record["created"])
    except ValueError:
        yield f"created is {shown(record['created'])}, not a time as in ISO 8601"
    definition = record["definition"]
    bounds = [definition["minimum_csa_mm2"], *definition["class_bounds_mm2"]]
    if sorted(set(bounds)) != bounds:
        yield "definition.class_bounds_mm2 does not rise from minimum_csa_mm2"
    if (definition["hilum"] == "apart") != (definition["hilum_share"] is not None):
        yield "definition.hilum_share goes with a hilum that is apart, and with no other"
    if record["percentiles"] != list(PERCENTILES):
        yield f"percentiles are not {', '.join(map(str, PERCENTILES))}"
    people = [_people(group) for group in record["groups"]]
    if people[0] != EVERYBODY:
        yield "groups[0] is not of all people"
    if len(set(people)) < len(people):
        yield "groups has the same people twice"
    for number, group in enumerate(record["groups"]):
        ages = [group["lowest_age"], group["highest_age"]]
        if ages.count(None) == 1 or (None not in ages and ages[0] > ages[1]):
            yield f"groups[{number}].lowest_age is above highest_age, or one of them is missing"
        for place, each in enumerate(group["distributions"]):
            if sorted(each["percentiles"]) != each["percentiles"]:
                yield f"groups[{number}].distributions[{place}].percentiles does not rise"
            if each["n"] > group["n"]:
                yield f"groups[{number}].distributions[{place}].n is more than its group has"


def _people(group: dict[str, Any]) -> People:
    return People(group["sex"], group["age_from"], group["age_below"])


def _reference(record: dict[str, Any]) -> Reference:
    source = record["source"]
    return Reference(
        record["name"],
        record["created"],
        definition_of_record(record["definition"]),
        ReferenceSource(
            source["measurements"],
            source["clinical"],
            tuple(source["selection"]),
            source["left_out_for_errors"],
            tuple(source["findings"].items()),
            tuple(source["notes"]),
        ),
        tuple(
            ReferenceGroup(
                _people(group),
                group["n"],
                group["lowest_age"],
                group["highest_age"],
                tuple(distribution_of_record(each) for each in group["distributions"]),
            )
            for group in record["groups"]
        ),
    )


def distribution_of_record(values: dict[str, Any]) -> Distribution:
    """Distribution of plain values that follow the schema."""
    return Distribution(
        values["region"],
        values["measure"],
        values["n"],
        float(values["mean"]),
        float(values["sd"]),
        tuple(map(float, values["percentiles"])),
    )
