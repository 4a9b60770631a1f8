"""All files of one case, written and read back."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..imaging.errors import AnalysisError, UnreadableCase
from ..imaging.model.size_classes import LUNGS, VESSELS
from ..imaging.model.tissue import TISSUES
from ..imaging.numerics.cores import cores
from ..imaging.sizing.voxel_labels import as_drawn
from .case import Case, Review, case_of, with_recomputed
from .centerlines import read_centerlines, write_centerlines
from .measurements_csv import write_measurements
from .opacities_csv import opacities_csv
from .record import case_from_record, grid_of, read_record, write_record
from .segmentation import read_segmentation, write_segmentation

__all__ = ["Case", "Review", "case_of", "read_case", "with_recomputed", "write_case"]

TISSUE_FILE = "tissue.seg.nrrd"


def write_case(folder: Path, case: Case) -> None:
    """Write the tables, the record, the segmentations and the centerlines of a case.

    Parameters
    ----------
    folder : pathlib.Path
        Existing folder.
    case : Case
        What to write.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    # Compressing the segmentations takes longest, and releases Python's lock.
    with ThreadPoolExecutor(cores()) as pool:
        segmentations = [
            pool.submit(write_segmentation, folder / "vessels.seg.nrrd", case.vessels, VESSELS),
            pool.submit(write_segmentation, folder / "lungs.seg.nrrd", case.lungs, LUNGS),
        ]
        if case.tissue is not None:
            tissue = pool.submit(write_segmentation, folder / TISSUE_FILE, case.tissue, TISSUES)
            segmentations.append(tissue)
        if case.opacities:
            text = opacities_csv(case)
            (folder / "opacities.csv").write_text(text, encoding="utf-8", newline="")
        write_measurements(folder / "measurements.csv", case)
        write_record(folder / "result.json", case)
        write_centerlines(folder / "centerlines.vtp", case.centerlines)
    for written in segmentations:
        written.result()


def read_case(folder: Path) -> Case:
    """Read back what `write_case` wrote.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of one case.

    Returns
    -------
    Case
        The same values.

    Raises
    ------
    UnreadableCase
        It is no such folder, a file is missing or damaged, files do not belong together, or a
        version of this software with another schema wrote it.
    """
    try:
        return _read_case(Path(folder))
    except AnalysisError as error:
        raise UnreadableCase(str(error)) from error


def _read_case(folder: Path) -> Case:
    # Unlike the path's own method, false also for names that no file system takes.
    if not os.path.isdir(folder):  # noqa: PTH112
        raise AnalysisError(f"There is no folder {folder}; give one that `bv5 analyze` wrote.")
    record = read_record(folder / "result.json")
    grid = grid_of(record)
    with ThreadPoolExecutor(cores()) as pool:
        reading_vessels = pool.submit(read_segmentation, folder / "vessels.seg.nrrd", VESSELS, grid)
        reading_lungs = pool.submit(read_segmentation, folder / "lungs.seg.nrrd", LUNGS, grid)
        centerlines = read_centerlines(folder / "centerlines.vtp")
        # Not there where it was not looked for, as by an earlier version.
        there = (folder / TISSUE_FILE).exists()
        tissue = read_segmentation(folder / TISSUE_FILE, TISSUES, grid) if there else None
        vessels, lungs = reading_vessels.result(), reading_lungs.result()
    index = grid.world_to_index(centerlines.points_mm)
    if len(index) and not ((index > -1).all() and (index < np.array(grid.shape)).all()):
        raise AnalysisError(
            "centerlines.vtp lies outside the scan of result.json; the files of this folder are not"
            " of one case."
        )
    if not centerlines.drawn_voxels.any():
        # Written by an earlier version.
        centerlines = as_drawn(centerlines, vessels)
    return case_from_record(record, lungs, vessels, centerlines, tissue)
