"""``bv5 phantom``: a chest CT whose vessels are known."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from ..case.output_folder import check_output
from ..export.phantom_files import PHANTOM, write_phantom
from ..imaging.phantom import ChestPhantomSpec, chest_phantom
from ..imaging.progress import Step
from .progress import part, shown_progress
from .stopping import end_with_stdin, stop_at_once, stop_in_order

_MADE = 0.9


def run(options: argparse.Namespace) -> None:
    """Carry out the command.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed by `BV5AnalysisLib.cli`.
    """
    spec = spec_of(options)
    check_output(options.output, PHANTOM, options.overwrite)
    if options.end_with_stdin:
        end_with_stdin()
    with shown_progress(options.progress) as progress:
        with stop_at_once():
            phantom = chest_phantom(spec, part(progress, 0.0, _MADE))
        with stop_in_order():
            progress(Step.WRITING, _MADE)
            write_phantom(phantom, options.output, options.overwrite)
        progress(Step.DONE, 1.0)
    if options.progress != "json":
        print(f"Phantom and truth: {options.output}")


def spec_of(options: argparse.Namespace) -> ChestPhantomSpec:
    """Specification with what the user gave; AnalysisError where it is out of range."""
    names = [field.name for field in dataclasses.fields(ChestPhantomSpec)]
    given = {name: getattr(options, name, None) for name in names}
    chosen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }
    return ChestPhantomSpec(**chosen)
