"""Options of ``bv5 analyze``."""

from __future__ import annotations

import argparse

from .common import not_empty, path


def add_analyze(commands: argparse._SubParsersAction, shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 analyze``."""
    analyze = commands.add_parser(
        "analyze", parents=[shared], help="measure one scan", description="Measure one chest CT."
    )
    analyze.add_argument(
        "ct", type=path, metavar="CT", help="DICOM folder, or .nrrd/.nii/.nii.gz/.mha/.mhd file"
    )
    analyze.add_argument("-o", "--output", type=path, required=True, metavar="OUT", help="folder")
    analyze.add_argument(
        "--series",
        type=not_empty,
        metavar="UID",
        help="UID or number of the series, for a folder of several",
    )
    analyze.add_argument(
        "--lungs", type=path, metavar="MASK", help="lungs to use, instead of finding them"
    )
    analyze.add_argument(
        "--regions", type=path, metavar="SEG", help="regions, such as lobes, to measure apart"
    )
    analyze.add_argument(
        "--parameters", type=path, metavar="FILE", help="JSON object of names and values"
    )
    analyze.add_argument(
        "--case",
        type=not_empty,
        metavar="NAME",
        help="name in the outputs, that of OUT by default",
    )
    analyze.add_argument(
        "--acquisition",
        type=path,
        metavar="FILE",
        help="JSON object of what the DICOM header said, for an image file",
    )
    analyze.add_argument("--no-report", action="store_true", help="no report and no pictures")
    analyze.add_argument("--scene", action="store_true", help="also scene.mrb for 3D Slicer")
    analyze.add_argument(
        "--end-with-stdin",
        action="store_true",
        help="end at once when standard input closes, as when the program that started this ends",
    )
