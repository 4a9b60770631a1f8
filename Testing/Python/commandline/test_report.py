"""``bv5 report``: the report of a case that was analyzed without one."""

import dataclasses
import errno
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib import cli
from BV5AnalysisLib.case.nrrd import write_nrrd
from BV5AnalysisLib.scene.case import documents


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


def test_another_scan_of_the_same_geometry_is_refused(case, small_phantom_result, capsys):
    folder, ct = case
    volume = small_phantom_result.scan.volume
    write_nrrd(ct, volume.array + np.int16(1), volume.grid)
    before = sorted(file.name for file in folder.iterdir())
    assert cli.main(["report", str(folder), str(ct)]) == 1
    assert "ct.nrrd is another scan than the one" in capsys.readouterr().err
    assert sorted(file.name for file in folder.iterdir()) == before


def test_a_report_that_is_there_is_replaced_only_if_asked(case, capsys, monkeypatch):
    folder, ct = case
    (folder / "report.html").write_text("mine")
    monkeypatch.setattr(documents, "case_documents", lambda *_: {"report.html": b"new"})
    assert cli.main(["report", str(folder), str(ct)]) == 1
    assert "give --overwrite" in capsys.readouterr().err
    assert (folder / "report.html").read_text() == "mine"
    assert cli.main(["report", str(folder), str(ct), "--overwrite"]) == 0
    assert (folder / "report.html").read_bytes() == b"new"


def test_a_full_disk_leaves_the_folder_as_it_was(case, capsys, monkeypatch):
    folder, ct = case
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    drawn = {"vessels_3d.png": b"1", "overview.png": b"2", "report.html": b"3"}
    monkeypatch.setattr(documents, "case_documents", lambda *_: drawn)
    write = Path.write_bytes

    def full(path, content):
        if "report" in path.name:
            write(path, content[:0])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert cli.main(["report", str(folder), str(ct)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize("command", ["report", "analyze"])
def test_a_closed_error_stream_is_no_harm(case, tmp_path, command):
    folder, ct = case
    arguments = [folder, ct] if command == "report" else [ct, "-o", tmp_path / "out"]
    arguments = ["report", *arguments] if command == "report" else ["analyze", *arguments]
    # Refused before the work: what counts is that nothing asks the stream that is not there.
    (folder / "report.html").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    line = [sys.executable, "-m", "BV5AnalysisLib", *map(str, arguments)]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *line], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Unexpected" not in done.stdout


def test_no_case_is_refused(case, tmp_path, capsys):
    assert cli.main(["report", str(tmp_path / "none"), str(case[1])]) == 1
    assert "There is no folder" in capsys.readouterr().err
