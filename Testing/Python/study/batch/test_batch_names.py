"""Reasons of failed cases, which go into tables and pages, name no patient."""

from BV5AnalysisLib.commandline.batch_step import MeasureCase
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.batch.batch_case import BatchCase
from BV5AnalysisLib.study.batch.run import attempt
from helpers.scan_files import SERIES, cut, write_series


def test_a_damaged_slice_is_named_without_the_patient(tmp_path):
    folder = write_series(tmp_path / "Doe_Jane", PatientName="Doe^Jane", PatientID="X1")
    cut((folder / "074.dcm").rename(folder / "JANE_DOE_74.dcm"), 0.8)
    step = MeasureCase(tmp_path / "out", Parameters(), report=False)
    outcome = attempt(step, BatchCase("P1", (folder,), SERIES))
    assert outcome.problem.startswith("…_…_74.dcm is cut short")
    assert not (tmp_path / "out").exists()
