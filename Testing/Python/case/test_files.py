"""The files of a case, and what a full disk does to the real writers."""

import subprocess
import sys

import pytest
from BV5AnalysisLib.case.files import case_of, write_case

FILES = [
    "centerlines.vtp",
    "lungs.seg.nrrd",
    "measurements.csv",
    "result.json",
    "vessels.seg.nrrd",
]


def test_all_files_are_written(tmp_path, small_result):
    write_case(tmp_path, case_of("case 1", small_result))
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


WRITE_WITH_LIMIT = """
import resource, sys
from pathlib import Path
import numpy as np
from BV5AnalysisLib.case.folder import RESULT, output_folder
from BV5AnalysisLib.case.segmentation import write_segmentation
from BV5AnalysisLib.imaging.model.size_classes import LUNGS
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.errors import AnalysisError

grid = Grid((64, 64, 64), (1.0, 1.0, 1.0))
labels = Volume(np.random.default_rng(0).integers(0, 3, grid.shape, np.uint8), grid)
# Every file breaks off after this many bytes, as on a disk that fills up while it is written.
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with output_folder(Path(sys.argv[1]), RESULT) as folder:
        write_segmentation(folder / "lungs.seg.nrrd", labels, LUNGS)
except AnalysisError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limits there")
def test_a_segmentation_cut_short_is_an_error_and_leaves_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WRITE_WITH_LIMIT, str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "out cannot be written" in done.stdout
    assert list(tmp_path.iterdir()) == []
