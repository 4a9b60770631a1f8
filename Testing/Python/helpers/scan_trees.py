"""Trees of scans as people keep them, for tests of what a batch finds."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from BV5AnalysisLib.study.scans.plan import Plan, plan_batch
from pydicom.uid import generate_uid

from helpers.scan_files import SERIES, STUDY, chest_image, write_series, written

LONG_MM = 1.25 * np.arange(200) + 300.0
"""Heights of slices that cover a chest; files of few pixels."""


def uid(*parts: object) -> str:
    """A UID that is the same for the same parts."""
    return generate_uid(entropy_srcs=[str(part) for part in ("bv5", *parts)])


def write_study(folder: Path, study: object = "", number: int = 1, heights=None, **tags) -> Path:
    """Write one series of a study of its own, which is named by `study` or else by its folder."""
    key = study or folder.as_posix()
    values = {
        "StudyInstanceUID": uid("study", key),
        "SeriesInstanceUID": uid("series", key, number),
        "SeriesNumber": number,
        "PatientID": f"ID-{key}"[-16:],
        "PatientName": "",
    }
    return write_series(folder, heights, **(values | tags))


def image(path: Path, add: int = 0, **options) -> Path:
    """Write the chest as an image file, other values for another `add`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return written(sitk.Cast(chest_image(**options) + add, sitk.sitkInt16), path)


def mask(path: Path, pixel_type=sitk.sitkUInt8) -> Path:
    """Write a mask of the chest's air."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return written(sitk.Cast(chest_image() < -500, pixel_type), path)


def planned(source: Path, **options) -> Plan:
    """The plan for a source, its output beside it."""
    return plan_batch(source, source.parent / "out", **options)


def names(plan: Plan) -> list[str]:
    """Names of the cases in order."""
    return [case.name for case in plan.cases]


def reasons(plan: Plan) -> dict[str, str]:
    """Why what was passed over, by what it is."""
    return dict(plan.passed_over)


__all__ = ["LONG_MM", "SERIES", "STUDY", "image", "mask", "names", "planned", "reasons", "uid"]
