"""Options of ``bv5 demo``."""

from __future__ import annotations

import argparse
from pathlib import Path

from .common import path

DEMO_FOLDER = Path("demo-output")


def add_demo(commands: argparse._SubParsersAction, shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 demo``."""
    demo = commands.add_parser(
        "demo",
        parents=[shared],
        help="measure the built-in phantom, or a scan",
        description="Make the built-in phantom, measure it, and show measured beside true values.",
    )
    demo.add_argument(
        "-o",
        "--output",
        type=path,
        default=DEMO_FOLDER,
        metavar="OUT",
        help=f"folder, {DEMO_FOLDER} by default",
    )
    demo.add_argument(
        "--ct", type=path, metavar="CT", help="measure this scan instead of the phantom"
    )
