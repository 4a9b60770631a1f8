"""Scans are read from the places that a batch found them in."""

import numpy as np
import pydicom
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.reading.dicom_headers import read_header
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan, read_sources
from helpers.scan_files import (
    OTHER_SERIES,
    SERIES,
    chest,
    chest_image,
    missing_slices,
    write_series,
    write_slice,
    written,
)


def test_a_folder_gives_what_reading_it_gives(tmp_path):
    folder = write_series(tmp_path / "ct")
    scan, plain = read_sources([folder], SERIES), read_scan(folder)
    assert scan.sha256 == plain.sha256
    assert scan.volume.grid == plain.volume.grid
    assert scan.acquisition == plain.acquisition


def test_an_image_file(tmp_path):
    path = written(chest_image(), tmp_path / "ct.nii.gz")
    assert read_sources([path]).sha256 == read_scan(path).sha256


def test_folders_and_files_together_without_those_below(tmp_path):
    folder = write_series(tmp_path / "a")
    write_series(tmp_path / "a" / "below", heights=1.25 * np.arange(12))
    (tmp_path / "b").mkdir()
    moved = sorted(path for path in folder.iterdir() if path.is_file())[::2]
    files = [path.rename(tmp_path / "b" / path.name) for path in moved]
    write_slice(tmp_path / "b" / "not listed.dcm", chest()[0], (0, 0, 0))
    np.testing.assert_array_equal(read_sources([folder, *files], SERIES).volume.array, chest())


def test_other_series_and_localizers_in_the_folder_are_passed_over(tmp_path):
    write_series(tmp_path, SeriesInstanceUID=OTHER_SERIES)
    for path in tmp_path.iterdir():
        path.rename(tmp_path / f"other{path.name}")
    write_series(tmp_path)
    scout = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    write_slice(tmp_path / "scout.dcm", chest()[0], (9, 9, 9), ImageType=scout)
    (tmp_path / ".hidden.dcm").write_bytes(b"x")
    for uid in (SERIES, OTHER_SERIES):
        scan = read_sources([tmp_path], uid)
        assert scan.acquisition.series_uid == uid
        np.testing.assert_array_equal(scan.volume.array, chest())


def test_a_series_without_uid(tmp_path):
    write_series(tmp_path, SeriesInstanceUID=None)
    np.testing.assert_array_equal(read_sources([tmp_path]).volume.array, chest())


def test_messages_name_no_folder_and_no_image_file(tmp_path):
    folder = missing_slices(tmp_path / "Doe_Jane")
    with pytest.raises(AnalysisError, match=r"^The series misses 3 slices"):
        read_sources([folder], SERIES)
    with pytest.raises(AnalysisError, match=r"^There is no file or folder of the scan; check"):
        read_sources([tmp_path / "Doe_Jane" / "gone"], SERIES)
    image = tmp_path / "Doe_Jane.nrrd"
    image.write_bytes(b"x")
    with pytest.raises(AnalysisError, match=r"^The image is cut short"):
        read_sources([image])
    mask = written(chest_image() < -500, tmp_path / "Doe.nrrd")
    with pytest.raises(AnalysisError, match=r"^The image has 8-bit values"):
        read_sources([mask])


def test_what_went_away_is_said(tmp_path):
    folder = write_series(tmp_path / "ct")
    with pytest.raises(AnalysisError, match="not where it was found before"):
        read_sources([folder], OTHER_SERIES)
    with pytest.raises(AnalysisError, match="There is no file or folder"):
        read_sources([folder, tmp_path / "gone.dcm"], SERIES)


def test_files_without_preamble_are_read_and_junk_is_not(tmp_path):
    path = write_series(tmp_path / "ct") / "037.dcm"
    dataset = pydicom.dcmread(path)
    del dataset.file_meta
    dataset.preamble = None
    pydicom.dcmwrite(path, dataset, implicit_vr=True, little_endian=True)
    assert read_header(path).series_uid == SERIES
    np.testing.assert_array_equal(read_scan(tmp_path / "ct").volume.array, chest())
    # As a text in another program's format may begin.
    (tmp_path / "junk").write_bytes(b"\x08\x00\x05\x00" + b"x" * 50)
    assert read_header(tmp_path / "junk") is None
    (tmp_path / "other").write_bytes(b"\x08\x00" + b"x" * 50)
    assert read_header(tmp_path / "other") is None
