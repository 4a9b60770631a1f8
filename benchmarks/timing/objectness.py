"""Vesselness by SimpleITK's ObjectnessMeasure at six scales, as a script of today would.

A process of its own, started by speed.py: reads a scan and a lung mask, cuts the lungs' box, and
prints the seconds that the vesselness alone took as progress lines like those of ``bv5``.
"""

from __future__ import annotations

import json
import sys

import SimpleITK as sitk

SCALES_MM = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
MARGIN_MM = 3.0


def main() -> None:
    """Read what the command line names, and compute."""
    scan, mask = sys.argv[1:]
    box = lung_box(read(scan), sitk.ReadImage(mask))
    say("objectness")
    largest_objectness(box)
    say("done")


def read(path: str) -> sitk.Image:
    """Scan of a file, or of a folder of DICOM files."""
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(path) if "." not in path[-6:] else ()
    return sitk.ReadImage(names or path)


def lung_box(scan: sitk.Image, lungs: sitk.Image) -> sitk.Image:
    """Cut the scan to the lungs' box and the margin that bv5 takes, in floating point."""
    statistics = sitk.LabelShapeStatisticsImageFilter()
    lungs.CopyInformation(scan)
    statistics.Execute(lungs > 0)
    box = statistics.GetBoundingBox(1)
    start, size = box[:3], box[3:]
    pads = [round(MARGIN_MM / spacing) for spacing in scan.GetSpacing()]
    edges = [
        slice(max(0, first - pad), min(whole, first + count + pad))
        for first, count, pad, whole in zip(start, size, pads, scan.GetSize(), strict=True)
    ]
    return sitk.Cast(scan[tuple(edges)], sitk.sitkFloat32)


def largest_objectness(image: sitk.Image) -> sitk.Image:
    """Strongest answer over the scales: what is bright and tubular."""
    strongest = None
    for scale in SCALES_MM:
        smooth = sitk.SmoothingRecursiveGaussian(image, scale)
        answer = sitk.ObjectnessMeasure(smooth, objectDimension=1, brightObject=True)
        strongest = answer if strongest is None else sitk.Maximum(strongest, answer)
    return strongest


def say(step: str) -> None:
    """Print a progress line."""
    print(json.dumps({"step": step}), flush=True)


if __name__ == "__main__":
    main()
