"""Write the tuned numbers of the method into docs/constants.md, or check that they are there.

    python tools/constants.py            writes the page
    python tools/constants.py --check    fails if the page differs from the code

The numbers are the instances ``CONSTANTS`` of `MethodConstants` in the rooms of `imaging`. The page
is never edited by hand, so that a number stands in one place only: in the code.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from BV5AnalysisLib.imaging.model.constants import MethodConstants

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "constants.md"
NAME = "CONSTANTS"
ROOMS = ("reading", "lungs", "airways", "vessels", "sizing", "numerics", "editing", "phantom")
"""In the order of the method; what is in none of them comes first, as the pipeline does."""

HEAD = """# Constants of the method

Written by `make constants` from the code; `make lint` fails while the two differ. What each step
does is in [method.md](method.md), how to change a number in
[CONTRIBUTING.md](../CONTRIBUTING.md#change-a-number-of-the-method). The unit 1 stands for a ratio
or a count. `make benchmark-sensitivity` measures which numbers matter most.
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or check it; 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args(arguments).check
    sys.path.insert(0, str(ROOT / "BV5Analysis"))
    imaging = importlib.import_module("BV5AnalysisLib.imaging")
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(imaging.__path__, f"{imaging.__name__}.")
    ]
    found = instances(modules)
    if missing := without_instance(found):
        print(f"No {NAME} in the module of: {', '.join(missing)}.", file=sys.stderr)
        return 1
    text = page(found)
    if not check:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE.relative_to(ROOT)} is not up to date: make constants", file=sys.stderr)
        return 1
    return 0


def instances(modules: list[ModuleType]) -> dict[str, MethodConstants]:
    """Find the constants of each step, in the order of the method.

    Parameters
    ----------
    modules : list of module
        Any, loaded.

    Returns
    -------
    dict of str to MethodConstants
        By the name of the module that defines their class.
    """
    from BV5AnalysisLib.imaging.model.constants import MethodConstants  # noqa: PLC0415

    found = {
        type(constants).__module__: constants
        for module in modules
        if isinstance(constants := getattr(module, NAME, None), MethodConstants)
    }
    return dict(sorted(found.items(), key=lambda item: (_rank(item[0]), item[0])))


def without_instance(found: dict[str, MethodConstants]) -> list[str]:
    """Names of the classes of constants that are loaded, but of which no instance was found."""
    from BV5AnalysisLib.imaging.model.constants import MethodConstants  # noqa: PLC0415

    classes = {type(constants) for constants in found.values()}
    return sorted(
        f"{each.__module__}.{each.__name__}"
        for each in MethodConstants.__subclasses__()
        if each not in classes and each.__module__.startswith("BV5AnalysisLib.")
    )


def page(found: dict[str, MethodConstants]) -> str:
    """Text of the page: a table a step.

    Parameters
    ----------
    found : dict of str to MethodConstants
        By module.

    Returns
    -------
    str
        Markdown.
    """
    return "\n".join([HEAD, *(_section(*item) for item in found.items())])


def _section(module: str, constants: MethodConstants) -> str:
    from BV5AnalysisLib.imaging.model.constants import described  # noqa: PLC0415

    inside = module.removeprefix("BV5AnalysisLib.imaging.").replace(".", "/")
    rows = [
        f"| `{each.name}` | {shown(each.value)} | {_cell(each.unit)} | {_cell(each.meaning)}"
        f" | {_cell(each.reason)} |"
        for each in described(constants)
    ]
    return "\n".join(
        [
            f"## {inside}.py",
            "",
            inspect.cleandoc(type(constants).__doc__ or "").splitlines()[0],
            "",
            "| constant | value | unit | meaning | reason |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def shown(value: Any) -> str:
    """Value as the table has it: numbers without needless digits, tuples with commas."""
    if isinstance(value, tuple):
        return ", ".join(
            f"({shown(each)})" if isinstance(each, tuple) else shown(each) for each in value
        )
    return f"{value:g}" if isinstance(value, float) else _cell(str(value))


def _cell(text: str) -> str:
    """Text on one line, without what would end a cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _rank(module: str) -> int:
    """Place of a module's room in the order of the method."""
    room = module.removeprefix("BV5AnalysisLib.imaging.").split(".")[0]
    return ROOMS.index(room) + 1 if room in ROOMS else 0


if __name__ == "__main__":
    sys.exit(main())
