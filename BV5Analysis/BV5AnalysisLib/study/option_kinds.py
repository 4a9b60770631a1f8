"""Types of options: values from the command line as text, from a script as a Python value."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any


def _text_literal(given: str) -> str:
    return json.dumps(given, ensure_ascii=False)


def _one_text(value: object) -> list[str]:
    return [str(value)]


@dataclass(frozen=True)
class Kind:
    """Type of an option's values.

    Attributes
    ----------
    requirement : str
        What a value must be, as it follows the option's name in a sentence.
    fits : callable
        Whether a value that a script gives is of this kind.
    parse : callable
        Value of a text on the command line; ValueError with the reason if it is none.
    literal : callable
        Python literal of the value that a text on the command line stands for.
    collected : callable or None
        Value of a list of what `parse` gives, for an option that may be repeated; else None.
    texts : callable
        Texts on the command line that stand for a value: one for each time the option is given.
    """

    requirement: str
    fits: Callable[[object], bool]
    parse: Callable[[str], object]
    literal: Callable[[str], str] = _text_literal
    collected: Callable[[Iterable[Any]], object] | None = None
    texts: Callable[[Any], list[str]] = _one_text


def text_of(given: str) -> str:
    """Text of an option; ValueError if it is empty, as an unset variable of a shell is."""
    if not given.strip():
        raise ValueError("is empty")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8; rename it") from None
    return given


def path_of(given: str) -> Path:
    """Path of an option; ValueError if it is empty."""
    return Path(text_of(given))


def _number(given: str) -> float:
    try:
        number = float(given.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{given!r} is no number")
    return number


def _whole(given: str) -> int:
    try:
        return int(given)
    except ValueError:
        raise ValueError(f"invalid int value: {given!r}") from None


def _switch(given: str) -> bool:
    raise ValueError(f"takes no value, and has {given!r}")


def _names(given: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text_of(given).split(","))
    if not all(names):
        raise ValueError(f"{given!r} has an empty name between its commas")
    return names


def _names_or_none(given: str) -> tuple[str, ...]:
    return () if given.strip().casefold() == "none" else _names(given)


def _unit(given: str) -> tuple[str, str]:
    column, sign, unit = given.rpartition("=")
    if not sign or not column.strip() or not unit.strip():
        raise ValueError(f"{given!r} is not COLUMN=UNIT, such as pao2=kPa")
    return column.strip(), unit.strip()


def _rule_literal(given: str) -> str:
    return f"({_text_literal(given)},)"


def _unit_literal(given: str) -> str:
    column, _, unit = given.rpartition("=")
    return json.dumps({column: unit}, ensure_ascii=False)


def _name_texts(value: Iterable[str]) -> list[str]:
    return [",".join(value)]


def _name_or_none_texts(value: Iterable[str]) -> list[str]:
    return [",".join(value) or "none"]


def _unit_texts(value: Mapping[str, str]) -> list[str]:
    return [f"{column}={unit}" for column, unit in value.items()]


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(item, str) for item in value)


def _are_units(value: object) -> bool:
    return isinstance(value, Mapping) and _are_texts([*value.keys(), *value.values()])


_A_TUPLE = "is a tuple of texts, such as ('age', 'sex')"

TEXT = Kind("is a text", lambda value: isinstance(value, str), text_of)
PATH = Kind("is a path", lambda value: isinstance(value, Path), path_of)
SWITCH = Kind("is True or False", lambda value: isinstance(value, bool), _switch)
WHOLE = Kind("is a whole number", _is_whole, _whole)
NUMBER = Kind("is a number", _is_number, _number)
NAMES = Kind(_A_TUPLE, _are_texts, _names, texts=_name_texts)
NAMES_OR_NONE = Kind(_A_TUPLE, _are_texts, _names_or_none, texts=_name_or_none_texts)
RULES = Kind(_A_TUPLE, _are_texts, text_of, _rule_literal, tuple, list)
UNITS = Kind(
    "is a mapping of column to unit, such as {'pao2': 'kPa'}",
    _are_units,
    _unit,
    _unit_literal,
    dict,
    _unit_texts,
)
