"""Pictures to judge by eye: airways and what was taken for their walls, and the worst places.

Written to ``benchmarks/out/pictures``, of a chest phantom and of each scan at hand.
"""

from __future__ import annotations

import argparse
import sys

from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from chest_phantoms.cases import USUAL_MM
from chest_phantoms.truth import Truth
from matplotlib.figure import Figure
from resuming import OUT
from scans import scans

from drawing.airways import airway_picture, find_airways
from drawing.worst import worst_picture

PICTURES = OUT / "pictures"
QUICK_SCALE = 0.6


def report(options: argparse.Namespace) -> str:
    """Draw everything; Markdown that lists the files."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    files = []

    def keep(figure: Figure, name: str) -> None:
        figure.savefig(PICTURES / name)
        files.append(name)
        print(PICTURES / name, file=sys.stderr, flush=True)

    scale = QUICK_SCALE if options.quick else options.scale
    spec = ChestPhantomSpec(scale=scale, seed=options.first_seed, spacing_mm=USUAL_MM)
    phantom = chest_phantom(spec)
    result = analyze(phantom.volume.to_sitk())
    truth = Truth.of(phantom)
    axes_mm = phantom.airway_centerlines.points_mm
    keep(airway_picture("chest phantom", find_airways(result), axes_mm), "phantom_airways.png")
    keep(worst_picture("chest phantom", result, truth), "phantom_worst.png")
    del phantom, result, truth
    for path in () if options.quick else scans():
        name = path.name.split(".")[0]
        keep(airway_picture(name, find_airways(analyze(read_scan(path)))), f"{name}_airways.png")
    return "### Pictures\n\nIn `benchmarks/out/pictures`: " + ", ".join(files) + ".\n"
