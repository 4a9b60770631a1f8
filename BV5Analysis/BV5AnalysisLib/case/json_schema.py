"""The part of JSON Schema that this library's own schema uses; Slicer bundles no package for it.

An object may hold more than its schema names, also where the schema says that there is nothing
more: later versions add fields.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
"""As JSON has it."""

_LONGEST = 40
"""Letters of a value or a name in a message."""


def problem_of(value: object, schema: Schema, root: Schema, path: str = "") -> str:
    """Say what is wrong with a value.

    Parameters
    ----------
    value : object
        As `json.loads` gives it.
    schema : mapping
        What it should be.
    root : mapping
        The whole schema, whose ``$defs`` may be referred to.
    path : str
        Name of the value, for the message.

    Returns
    -------
    str
        The first problem, such as ``input.size is 'x', not a list of 3``; empty if there is none.
    """
    schema = _resolved(schema, root)
    wanted = expected(value, schema, root)
    if wanted:
        return f"{path} is {shown(value)}, not {wanted}"
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            if name not in value:
                return f"{_joined(path, name)} is missing"
    parts = _parts(value, schema, path)
    problems = (problem_of(item, inner, root, name) for name, item, inner in parts)
    return next(filter(None, problems), "")


def expected(value: object, schema: Schema, root: Schema) -> str:
    """Say what a value should be, leaving aside what is inside it; empty if it is that."""
    schema = _resolved(schema, root)
    if "const" in schema or "enum" in schema:
        choices = schema.get("enum") or [schema["const"]]
        return "" if value in choices else " or ".join(map(repr, choices))
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if any(_fits(value, name, schema) for name in types):
        return ""
    return schema.get("title") or " or ".join(_described(name, schema) for name in types)


def shown(value: object) -> str:
    """Value on one line, not longer than a glance."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        return "a huge number"
    text = ascii(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Take up what a schema refers to."""
    if "$ref" not in schema:
        return schema
    return {**root["$defs"][schema["$ref"].removeprefix("#/$defs/")], **schema}


def _fits(value: object, type_name: str, schema: Schema) -> bool:
    if isinstance(value, str):
        matches = "pattern" not in schema or re.fullmatch(schema["pattern"], value) is not None
        return type_name == "string" and _is_writable(value) and matches
    if isinstance(value, dict):
        return type_name == "object" and all(map(_is_writable, value))
    if isinstance(value, list):
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
        return type_name == "array" and least <= len(value) <= most
    if value is None or isinstance(value, bool):
        return type_name == ("null" if value is None else "boolean")
    # JSON's whole numbers may exceed floats, and Python reads NaN in it.
    if not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        return False
    is_type = type_name == "number" or (type_name == "integer" and isinstance(value, int))
    return (
        is_type
        and schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and not ("exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"])
    )


def _described(type_name: str, schema: Schema) -> str:
    if type_name == "string":
        return f"a text of the form {schema['pattern']}" if "pattern" in schema else "a text"
    if type_name == "array":
        least, most = schema.get("minItems"), schema.get("maxItems")
        several = "" if least == most else "at least "
        return "a list" if least is None else f"a list of {several}{least}"
    plain = {"object": "an object", "null": "null", "boolean": "true or false"}
    if type_name in plain:
        return plain[type_name]
    number = "whole number" if type_name == "integer" else "finite number"
    if schema.get("exclusiveMinimum") == 0:
        return "a positive number"
    if "maximum" in schema:
        return f"a {number} from {schema['minimum']:g} to {schema['maximum']:g}"
    return f"a {number} of at least {schema['minimum']:g}" if "minimum" in schema else f"a {number}"


def _is_writable(text: str) -> bool:
    """Whether a text can be written as UTF-8: JSON may hold halves of characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _parts(value: object, schema: Schema, path: str) -> Iterator[tuple[str, object, Schema]]:
    """Name, value and schema of what is inside a list or an object."""
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield f"{path}[{index}]", item, schema["items"]
    elif isinstance(value, dict):
        for name, item in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if isinstance(inner, Mapping):
                yield _joined(path, name), item, inner


def _joined(path: str, name: str) -> str:
    short = ascii(name)[1:-1][:_LONGEST]
    return f"{path}.{short}" if path else short
