"""Arguments that several commands share, and the types of their values."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

from ...study.option_kinds import path_of, text_of

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""Where a command adds its parser."""


def parsed_by(parse: Callable[[str], object]) -> Callable[[str], object]:
    """Type of an argument, which tells argparse the reason of a ValueError."""

    def parsed(text: str) -> object:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


not_empty = parsed_by(text_of)
path = parsed_by(path_of)


def add_output(command: argparse.ArgumentParser) -> None:
    """Add the output folder, which has to be given."""
    command.add_argument("-o", "--output", type=path, required=True, metavar="OUT", help="folder")


def add_end_with_stdin(command: argparse.ArgumentParser, shown: bool = True) -> None:
    """Add the option of programs that start this one; see `commandline.stopping`."""
    command.add_argument(
        "--end-with-stdin",
        action="store_true",
        help="end at once when standard input closes, as when the program that started this ends"
        if shown
        else argparse.SUPPRESS,
    )


def shared_options() -> argparse.ArgumentParser:
    """Options of every command that writes a folder."""
    shared = argparse.ArgumentParser(add_help=False, parents=[long_work_options()])
    shared.add_argument("--overwrite", action="store_true", help="replace an output folder of bv5")
    return shared


def long_work_options() -> argparse.ArgumentParser:
    """Options of every command that takes a while."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--progress",
        choices=("auto", "json", "none"),
        default="auto",
        help="auto: a bar on a terminal; json: one object a line on standard output",
    )
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return shared
