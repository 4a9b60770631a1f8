"""From declared options to a parser, and back from what it has parsed."""

from __future__ import annotations

import argparse
from typing import TypeVar

from ...study.option_kinds import SWITCH
from ...study.options import Option, WithOptions, declared
from .common import parsed_by

Chosen = TypeVar("Chosen", bound=WithOptions)


def add_options(parser: argparse.ArgumentParser, owner: type[WithOptions]) -> None:
    """Add an argument for every option of a data class that has a flag, section by section.

    What is not given is not in the parsed namespace, so that the defaults are those of the class.
    """
    options = {name: each for name, each in declared(owner).items() if each.flag}
    exclusive: dict[str, argparse._MutuallyExclusiveGroup] = {}
    for section in dict.fromkeys(each.section for each in options.values()):
        container = parser.add_argument_group(section) if section else parser
        for name, each in options.items():
            if each.section != section:
                continue
            place: argparse._ActionsContainer = container
            if each.alternatives:
                if each.alternatives not in exclusive:
                    exclusive[each.alternatives] = container.add_mutually_exclusive_group()
                place = exclusive[each.alternatives]
            _add(place, name, each)


def _add(place: argparse._ActionsContainer, name: str, each: Option) -> None:
    help_text = each.help.format(default=each.default)
    if each.kind is SWITCH:
        place.add_argument(
            each.flag,
            dest=name,
            action="store_false" if each.default else "store_true",
            default=argparse.SUPPRESS,
            help=help_text,
        )
        return
    place.add_argument(
        each.flag,
        dest=name,
        action="append" if each.kind.collected else "store",
        # What is none of the choices is refused as that, whatever else is wrong with it.
        type=str if each.choices else parsed_by(each.kind.parse),
        choices=each.choices or None,
        default=argparse.SUPPRESS,
        metavar=each.metavar,
        help=help_text,
    )


def chosen(owner: type[Chosen], options: argparse.Namespace, **others: object) -> Chosen:
    """Make a data class of what was parsed.

    Parameters
    ----------
    owner : type
        Data class whose options were added by `add_options`.
    options : argparse.Namespace
        As parsed.
    **others
        Fields that are no such options.

    Returns
    -------
    object
        Of the class `owner`, with its defaults where nothing was given.
    """
    values = dict(others)
    for name, each in declared(owner).items():
        if name in options:
            value = getattr(options, name)
            values[name] = each.kind.collected(value) if each.kind.collected else value
    return owner(**values)
