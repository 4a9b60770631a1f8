"""All files of one case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..imaging.measurements import AnalysisResult
from ..imaging.sizeclasses import LUNGS, VESSELS
from .centerlines import write_centerlines
from .record import write_record
from .segmentation import write_segmentation
from .tables import write_measurements


def write_case(folder: Path, case: str, result: AnalysisResult) -> None:
    """Write the tables, the record, the segmentations and the centerlines of a case.

    Parameters
    ----------
    folder : pathlib.Path
        Existing folder.
    case : str
        Name of the case.
    result : AnalysisResult
        What to write.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    # Packing the segmentations takes longest, and leaves Python free.
    with ThreadPoolExecutor() as pool:
        segmentations = [
            pool.submit(write_segmentation, folder / "vessels.seg.nrrd", result.vessels, VESSELS),
            pool.submit(write_segmentation, folder / "lungs.seg.nrrd", result.lungs, LUNGS),
        ]
        write_measurements(folder / "measurements.csv", case, result)
        write_record(folder / "result.json", case, result)
        write_centerlines(folder / "centerlines.vtp", result.centerlines)
    for written in segmentations:
        written.result()
