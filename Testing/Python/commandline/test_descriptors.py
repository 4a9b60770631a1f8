"""Whoever imports the library keeps its standard streams: nothing turns them elsewhere."""

import threading

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.case.files import case_of, read_case, write_case
from BV5AnalysisLib.commandline.batch import BatchJob, run_batch
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from helpers.descriptors import left_alone
from helpers.scan_files import chest_image, write_series, written

WAIT = 60.0


@pytest.fixture(autouse=True)
def _streams_left_alone(monkeypatch):
    with left_alone(monkeypatch):
        yield
    assert sitk.ProcessObject.GetGlobalWarningDisplay()


def test_reading_in_threads_that_overlap(tmp_path, small_result):
    """Cases and scans at once, as when Slicer's module loads a case."""
    write_case(tmp_path, case_of("case", small_result))
    scan = written(chest_image(), tmp_path / "scan.nrrd")
    series = write_series(tmp_path / "series")
    barrier, failed = threading.Barrier(6), []

    def read(what, path):
        try:
            for _ in range(5):
                barrier.wait(WAIT)
                what(path)
        except Exception as error:  # noqa: BLE001  told below
            failed.append(error)
            barrier.abort()

    work = 2 * [(read_case, tmp_path), (read_scan, scan), (read_scan, series)]
    threads = [threading.Thread(target=read, args=each) for each in work]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT)
    assert failed == []


def test_a_scan_that_cannot_be_read(tmp_path):
    path = tmp_path / "cut.nrrd"
    path.write_bytes(written(chest_image(), tmp_path / "ct.nrrd").read_bytes()[:300])
    with pytest.raises(AnalysisError):
        read_scan(path)


def test_analyzing(tmp_path):
    phantom = chest_phantom(ChestPhantomSpec(scale=0.45, noise_hu=22.0))
    result = analyze(phantom.volume.to_sitk(), lungs=phantom.lungs)
    assert np.isfinite(result.measurements[0].bv5_pct)


def test_a_batch_in_this_process(tmp_path):
    (tmp_path / "scans").mkdir()
    written(chest_image(), tmp_path / "scans" / "a.nrrd")
    job = BatchJob(tmp_path / "scans", tmp_path / "out", jobs=1, report=False)
    batch = run_batch(job, lambda _progress: None)
    assert [name for name, _problem in batch.failures] == ["a"]  # Too small for a chest.
