"""Accuracy of sizes and volumes on phantoms of known truth: writes benchmarks/accuracy.md.

Run by ``make benchmark-accuracy``. Each part measures its phantoms and sets out its own tables;
phantoms are made from fixed seeds, so that a second run gives the same figures.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import chests
import invariance
import numpy as np
import pictures
import scipy
import SimpleITK as sitk
import tube_part
from BV5AnalysisLib import __version__

REPORT = Path(__file__).with_name("accuracy.md")


PARTS: dict[str, Callable[[argparse.Namespace], str]] = {
    "tubes": tube_part.report,
    "chests": chests.report,
    "invariance": invariance.report,
    "pictures": pictures.report,
}
"""Each part takes the options, tells progress on stderr, and gives Markdown."""


def header(options: argparse.Namespace, seconds: float) -> list[str]:
    """Say what was measured with what, when and how."""
    command = "python benchmarks/accuracy.py" + (
        f" --part {options.part}" * (options.part != "all")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        "# Accuracy",
        "",
        f"`{command}{' --quick' if options.quick else ''}`, {datetime.date.today()},"
        f" {seconds / 60:.0f} min with {options.jobs} processes.",
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()};"
        f" Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__},"
        f" SimpleITK {sitk.Version.VersionString()}, BV5 Analysis {__version__}.",
        "",
    ]


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def main() -> None:
    """Measure the chosen parts, print their tables and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--quick", action="store_true", help="a small cut, for trying")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--output", type=Path, help="file to write; accuracy.md of a whole run if not given"
    )
    chests.add_options(parser)
    options = parser.parse_args()
    start = time.perf_counter()
    texts = [part(options) for name, part in PARTS.items() if options.part in (name, "all")]
    text = "\n".join([*header(options, time.perf_counter() - start), *texts])
    print(text)
    whole = options.part == "all" and not options.quick
    output = options.output or (REPORT if whole else None)
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
