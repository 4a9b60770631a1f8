"""Bad scans and masks on the command line: exit 1, one line, nothing on disk."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib import cli
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from helpers.bodies import SimpleBody
from helpers.scan_files import BAD_SCANS, chest_image, image_of, write_series, written


def refused(arguments: list[str], folder: Path, capfd) -> str:
    """Run the command, which has to fail in order; the line that it writes."""
    before = sorted(folder.rglob("*"))
    capfd.readouterr()
    assert cli.main(["analyze", *arguments, "-o", str(folder / "out"), "--no-report"]) == 1
    assert sorted(folder.rglob("*")) == before
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("bv5: ")
    assert err.count("\n") == 1
    assert "Unexpected" not in err
    return err


@pytest.mark.parametrize("name", BAD_SCANS)
def test_bad_scan_ends_in_one_line(name, tmp_path, capfd):
    make, message = BAD_SCANS[name]
    assert message in refused([str(make(tmp_path))], tmp_path, capfd)


@pytest.mark.parametrize("option", ["--lungs", "--regions"])
def test_mask_of_another_geometry_ends_in_one_line(option, tmp_path, capfd):
    scan = write_series(tmp_path / "ct")
    other = chest_image((0.7, 0.8, 1.3)) < -500
    mask = written(other, tmp_path / "mask.nrrd")
    line = refused([str(scan), option, str(mask)], tmp_path, capfd)
    assert "mask.nrrd (24×20×12 voxels of 0.7×0.8×1.3 mm" in line
    assert "does not lie on the voxels of the scan" in line


@pytest.mark.parametrize("option", ["--lungs", "--regions"])
def test_empty_mask_ends_in_one_line(option, tmp_path, capfd):
    scan = written(image_of(np.where(chest_array() < 0, -900, 40)), tmp_path / "ct.nrrd")
    mask = written(image_of(np.zeros(chest_array().shape, np.uint8)), tmp_path / "mask.nrrd")
    assert "mask.nrrd is empty" in refused([str(scan), option, str(mask)], tmp_path, capfd)


@pytest.mark.parametrize("like_trachea", [False, True])
def test_an_abdomen_ends_in_one_line(like_trachea, tmp_path, capfd):
    body = SimpleBody()
    body.add_bowel()
    if like_trachea:
        body.fill(body.rod((0, 30, 150), (0, 30, 280), 9), -990)
    scan = written(body.volume().to_sitk(), tmp_path / "abdomen.nrrd")
    line = refused([str(scan)], tmp_path, capfd)
    assert "No lungs were found" in line
    assert "chest" in line


def test_a_scan_masked_to_its_lungs_ends_in_one_line(tmp_path, capfd):
    """Nothing but lungs, even if they are given, tells neither airways nor disease at the ribs."""
    body = SimpleBody()
    body.add_lungs()
    inside = body.lung(-1) | body.lung(1)
    body.hu[~inside] = -1000
    scan = written(body.volume().to_sitk(), tmp_path / "masked.nrrd")
    mask = body.volume().with_array(inside.astype(np.uint8)).to_sitk()
    lungs = ["--lungs", str(written(mask, tmp_path / "lungs.nrrd"))]
    for options in ([], lungs):
        line = refused([str(scan), *options], tmp_path, capfd)
        assert "shows no body; give the original chest CT" in line


def chest_array() -> np.ndarray:
    """Voxels of the small chest."""
    from SimpleITK import GetArrayFromImage

    return GetArrayFromImage(chest_image()).astype(np.int16)


@pytest.mark.skipif(sys.platform != "linux", reason="only there names of files may be any bytes")
def test_names_that_are_no_text_are_refused(tmp_path, capfd):
    name = os.fsdecode(b"gr\xf6sse.nrrd")
    (tmp_path / name).write_bytes(b"x")
    for arguments in (
        ["analyze", str(tmp_path / name), "-o", "out"],
        ["analyze", "ct.nrrd", "-o", name],
    ):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 2
        assert "is not UTF-8; rename it" in capfd.readouterr().err
    with pytest.raises(AnalysisError, match="not UTF-8; rename it"):
        read_scan(tmp_path / name)
