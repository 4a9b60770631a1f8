"""``bv5 report``: the report of a case that was analyzed without one."""

import dataclasses
import shutil

import pytest
from BV5AnalysisLib import cli
from BV5AnalysisLib.export.nrrd import write_nrrd


@pytest.fixture
def case(case_folder, small_phantom_result, tmp_path):
    """Folder of a case without report, and its CT."""
    folder = shutil.copytree(case_folder, tmp_path / "case")
    volume = small_phantom_result.scan.volume
    write_nrrd(tmp_path / "ct.nrrd", volume.array, volume.grid)
    return folder, tmp_path / "ct.nrrd"


@pytest.mark.slow
def test_the_report_is_added_and_nothing_else_is_changed(case, capsys):
    folder, ct = case
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert cli.main(["report", str(folder), str(ct), "--progress", "none"]) == 0
    assert "report.html" in capsys.readouterr().out
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(after) - set(before) == {"report.html", "overview.png", "vessels_3d.png"}
    assert before.items() <= after.items()
    assert b"BV5" in after["report.html"]


def test_another_scan_is_refused(case, small_phantom_result, capsys):
    folder, ct = case
    volume = small_phantom_result.scan.volume
    moved = dataclasses.replace(volume.grid, origin=(1.0, 2.0, 3.0))
    write_nrrd(ct, volume.array, moved)
    assert cli.main(["report", str(folder), str(ct)]) == 1
    assert "does not have the voxels of the scan" in capsys.readouterr().err
    assert not (folder / "report.html").exists()


def test_no_case_is_refused(case, tmp_path, capsys):
    assert cli.main(["report", str(tmp_path / "none"), str(case[1])]) == 1
    assert "There is no folder" in capsys.readouterr().err
