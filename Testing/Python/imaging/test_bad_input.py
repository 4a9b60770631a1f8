"""Each bad scan is refused with one line that says what is wrong."""

import os
import re
import sys

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan, scan_from_image
from helpers.scan_files import BAD_SCANS, chest_image, image_of, two_series, write_series, written


@pytest.mark.parametrize("name", BAD_SCANS)
def test_bad_scan_is_refused(name, tmp_path, capfd, silenced_readers):
    make, message = BAD_SCANS[name]
    path = make(tmp_path)
    capfd.readouterr()
    with pytest.raises(AnalysisError) as refused:
        read_scan(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    # What is wrong, then what to do.
    assert re.search(r"[;:(].+\.$", str(refused.value))
    assert capfd.readouterr() == ("", "")


def test_several_series_are_listed(tmp_path):
    with pytest.raises(AnalysisError) as refused:
        read_scan(two_series(tmp_path))
    message = str(refused.value)
    assert "number 4, UID 1.2.826.0.1.3680043.8.498.1, Thorax, 12 slices" in message
    assert "number 5, UID 1.2.826.0.1.3680043.8.498.2, Lung, 12 slices" in message


def test_a_series_that_is_not_there_is_said_with_those_that_are(tmp_path):
    with pytest.raises(AnalysisError, match=r"no series 9; it holds number 4, .*; number 5, "):
        read_scan(two_series(tmp_path), series="9")


def test_a_number_that_two_series_share_needs_the_uid(tmp_path):
    write_series(tmp_path / "a")
    write_series(tmp_path / "b", SeriesInstanceUID="1.2.3")
    with pytest.raises(AnalysisError, match="choose one by --series"):
        read_scan(tmp_path, series="4")
    assert read_scan(tmp_path, series="1.2.3").acquisition.series_uid == "1.2.3"


def test_a_chosen_series_has_to_be_ct(tmp_path):
    write_series(tmp_path / "a")
    write_series(tmp_path / "b", SeriesInstanceUID="1.2.3", SeriesNumber=7, Modality="MR")
    with pytest.raises(AnalysisError, match="is MR, not CT"):
        read_scan(tmp_path, series="7")


def test_series_is_for_folders(tmp_path):
    path = tmp_path / "ct.nrrd"
    path.write_bytes(b"")
    with pytest.raises(AnalysisError, match="--series chooses within a folder"):
        read_scan(path, series="1")


def test_a_packed_file_that_itk_would_take_another_for(tmp_path):
    written(chest_image(), tmp_path / "ct.nii.gz")
    written(chest_image() + 1, tmp_path / "ct.nii")
    with pytest.raises(AnalysisError, match=r"not be read but ct\.nii beside it; move one"):
        read_scan(tmp_path / "ct.nii.gz")
    assert read_scan(tmp_path / "ct.nii").volume.array[0, 0, 0] == 1


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "ct.nrrd"
    path.write_bytes(b"NRRD0004")
    path.chmod(0)
    with pytest.raises(AnalysisError, match="check its permissions"):
        read_scan(path)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (chest_image((0.7, 0.7, 6.0)), "6 mm apart"),
        (image_of(np.zeros((12, 12, 12), np.uint8)), "8-bit"),
        (image_of(np.full((12, 12, 12), np.nan)), "NaN"),
        (image_of(np.full((12, 12, 12), -900 + 1j, np.complex64)), "complex"),
    ],
)
def test_images_in_memory_are_checked_likewise(image, message):
    with pytest.raises(AnalysisError, match=message) as refused:
        scan_from_image(image)
    assert str(refused.value).startswith("The image ")
