"""Options that are declared once, as fields of a data class.

The parser of the command line, the check of what a script gives, and the names that messages use
in a script all follow from the declaration. Nothing heavy is loaded here.
"""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Protocol, TypeVar

from ..imaging.errors import AnalysisError
from .option_kinds import SWITCH, Kind

T = TypeVar("T")


class WithOptions(Protocol):
    """A data class; its options are those of the fields that `option` makes."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@dataclass(frozen=True)
class Option:
    """How the command line gives one field.

    Attributes
    ----------
    kind : Kind
        Type of its values.
    flag : str
        Such as ``--group-by``; empty for what only scripts can give.
    help : str
        For ``--help``; ``{default}`` stands for the default.
    metavar : str or None
        What ``--help`` calls the value.
    choices : tuple of str
        All values that are allowed; empty for no limit.
    section : str
        Title in ``--help`` under which the option stands.
    alternatives : str
        Options with the same word here exclude one another.
    default : object
        Value where the option is not given; None is allowed only where it is the default.
    """

    kind: Kind
    flag: str = ""
    help: str = ""
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    section: str = ""
    alternatives: str = ""
    default: object = None


def option(
    default: T,
    kind: Kind,
    flag: str = "",
    help: str = "",  # noqa: A002  the word of argparse
    *,
    metavar: str | None = None,
    choices: tuple[str, ...] = (),
    section: str = "",
    alternatives: str = "",
) -> T:
    """Declare a field of a data class as an option; the parameters are those of `Option`."""
    declaration = Option(kind, flag, help, metavar, choices, section, alternatives, default)
    metadata = {_KEY: declaration}
    if isinstance(default, dict):
        return field(default_factory=functools.partial(copy.copy, default), metadata=metadata)
    return field(default=default, metadata=metadata)


_KEY = "option"


def declared(owner: type[WithOptions]) -> dict[str, Option]:
    """Options of a data class by the names of the fields, in their order."""
    return {each.name: each.metadata[_KEY] for each in fields(owner) if _KEY in each.metadata}


def check_values(
    owner: type[WithOptions],
    values: Mapping[str, object],
    name_of: Callable[[str], str] = str,
) -> None:
    """Refuse values that an option cannot have.

    Parameters
    ----------
    owner : type
        Data class with options.
    values : mapping of str to object
        By the names of the fields.
    name_of : callable, optional
        What messages call a field.

    Raises
    ------
    AnalysisError
        A value is of another kind or none of the choices, or two exclude each other.
    """
    options = declared(owner)
    for name, value in values.items():
        each = options[name]
        if not (each.kind.fits(value) or (value is None and each.default is None)):
            raise AnalysisError(f"{name_of(name)} {each.kind.requirement}, not {value!r}.")
    given: dict[str, str] = {}
    for name, value in values.items():
        each = options[name]
        if each.choices and value not in each.choices:
            allowed = ", ".join(each.choices)
            raise AnalysisError(f"{name_of(name)} is one of {allowed}, not {value!r}.")
        if each.alternatives and value != each.default:
            other = given.setdefault(each.alternatives, name)
            if other != name:
                raise AnalysisError(f"Give {name_of(other)} or {name_of(name)}, not both.")


def command_line(options: WithOptions) -> list[str]:
    """Arguments of the command line that give these options.

    Parameters
    ----------
    options : WithOptions
        Options; defaults are left out.

    Returns
    -------
    list of str
        Flags and values; an option that may be repeated has its flag before each value.

    Raises
    ------
    ValueError
        An option that has no flag is not at its default.
    """
    arguments: list[str] = []
    for name, declaration in declared(type(options)).items():
        value = getattr(options, name)
        if value == declaration.default:
            continue
        if not declaration.flag:
            raise ValueError(f"{name} has no flag, so that no command line can give {value!r}.")
        if declaration.kind is SWITCH:
            arguments.append(declaration.flag)
        else:
            for text in declaration.kind.texts(value):
                arguments += [declaration.flag, text]
    return arguments


def for_scripts(
    message: str,
    owner: type[WithOptions],
    others: Mapping[str, str],
    name_of: Callable[[str], str] = str,
) -> str:
    """Message that names options as scripts give them.

    Every message names an option by its flag: here ``--unit "PaO2=kPa"`` becomes
    ``units={"PaO2": "kPa"}``.

    Parameters
    ----------
    message : str
        As the command line shows it.
    owner : type
        Data class with the options.
    others : mapping of str to str
        What scripts write for flags that are no fields of it.
    name_of : callable, optional
        What scripts call a field.

    Returns
    -------
    str
        The message; flags of other commands stay as they are.
    """
    names = {each.flag: (name_of(name), each) for name, each in declared(owner).items()}

    def in_python(match: re.Match[str]) -> str:
        flag, quoted = match["flag"], match["value"]
        if flag not in names:
            return match[0].replace(flag, others.get(flag, flag), 1)
        name, each = names[flag]
        if each.kind is SWITCH:
            return f"{name}={not each.default}"
        return f"{name}={each.kind.literal(quoted)}" if quoted else name

    return _FLAG.sub(in_python, message)


_FLAG = re.compile(r"(?P<flag>--[a-z][a-z0-9-]*)(?: (?P<quote>[\"'])(?P<value>.+?)(?P=quote))?")
"""A flag, with the value in quotes that may follow it."""
