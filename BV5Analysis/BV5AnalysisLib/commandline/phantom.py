"""``bv5 phantom``: a chest CT whose vessels are known."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from ..case.output_folder import check_output
from ..export.phantom_files import PHANTOM, write_phantom
from ..imaging.errors import AnalysisError
from ..imaging.phantom import ChestPhantomSpec, chest_phantom
from ..imaging.phantom.anychest import AnyChestSpec, any_chest, any_chest_spec
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
    spec = spec_of(options) if options.anatomy == "adult" else random_spec_of(options)
    check_output(options.output, PHANTOM, options.overwrite)
    if options.end_with_stdin:
        end_with_stdin()
    with shown_progress(options.progress) as progress:
        with stop_at_once():
            shown = part(progress, 0.0, _MADE)
            phantom = (
                any_chest(spec, shown)
                if isinstance(spec, AnyChestSpec)
                else chest_phantom(spec, shown)
            )
        with stop_in_order():
            progress(Step.WRITING, _MADE)
            write_phantom(phantom, options.output, options.overwrite)
        progress(Step.DONE, 1.0)
    if options.progress != "json":
        print(f"Phantom and truth: {options.output}")


def random_spec_of(options: argparse.Namespace) -> AnyChestSpec:
    """Specification of a random chest; AnalysisError where more than the seed is given."""
    names = [field.name for field in dataclasses.fields(ChestPhantomSpec) if field.name != "seed"]
    if given := [name for name in names if getattr(options, name, None) is not None]:
        raise AnalysisError(
            f"A random chest is drawn from its seed alone; leave out {', '.join(given)}, "
            "or take --anatomy adult."
        )
    return any_chest_spec(options.seed or 0)


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
