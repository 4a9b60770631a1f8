"""Accuracy of sizes and volumes on phantoms of known truth: writes benchmarks/accuracy.md.

Run by ``make benchmark-accuracy``. Each part measures its phantoms and sets out its own tables;
phantoms are made from fixed seeds, so that a second run gives the same figures.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Callable
from pathlib import Path

import invariance
from chest_phantoms import part as chests
from drawing import part as pictures
from resuming import HERE, IMAGING, OUT, Notes
from scans import at_least_one, folder_exists, machine, scans
from straight_tubes import part as tubes

REPORT = Path(__file__).with_name("accuracy.md")

PARTS: dict[str, Callable[[argparse.Namespace], str]] = {
    "tubes": tubes.report,
    "chests": chests.report,
    "invariance": invariance.report,
    "pictures": pictures.report,
}
"""Each part takes the options, tells progress on stderr, and gives Markdown."""

HOW = ("part", "jobs", "output", "resume")
"""Options that change no figure."""


def measured(names: list[str], options: argparse.Namespace) -> list[str]:
    """Text of each part; known ones of the same code are taken where resumed."""
    notes = Notes(OUT / "parts.jsonl", [HERE, IMAGING], resume=options.resume)
    asked = {name: value for name, value in vars(options).items() if name not in HOW}
    asked["scans"] = [path.name for path in scans()]
    found = []
    for name in names:
        question = asked | {"part": name}
        if notes.answer(question) is None:
            notes.keep(question, PARTS[name](options))
        found.append(notes.answer(question))
    return found


def header() -> list[str]:
    """Say what was measured with what, when and how."""
    command = " ".join(["python benchmarks/accuracy.py", *sys.argv[1:]])
    return [
        "# Accuracy",
        "",
        f"`{command}`, {datetime.date.today()}, {machine()}.",
        "",
        "What a run shows, and why targets are missed, is told in [reading.md](reading.md).",
        "",
    ]


def main() -> None:
    """Measure the chosen parts, print their tables and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--quick", action="store_true", help="a small cut, for trying")
    parser.add_argument("--jobs", type=at_least_one, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--output",
        type=folder_exists,
        help="file to write; accuracy.md of a whole run if not given",
    )
    chests.add_options(parser)
    options = parser.parse_args()
    names = list(PARTS) if options.part == "all" else [options.part]
    text = "\n".join([*header(), *measured(names, options)])
    print(text)
    whole = options.part == "all" and not options.quick
    output = options.output or (REPORT if whole else None)
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
