"""NRRD files written straight from memory are what ITK reads."""

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.case.nrrd import TYPES, write_nrrd
from BV5AnalysisLib.imaging.model.volume import Grid, Volume

ANGLE = np.radians(20.0)
OBLIQUE = Grid(
    (4, 3, 2),
    (0.7, 0.8, 1.25),
    (-12.5, 3.25, 100.1),
    (np.cos(ANGLE), -np.sin(ANGLE), 0.0, np.sin(ANGLE), np.cos(ANGLE), 0.0, 0.0, 0.0, 1.0),
)


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"i8", "u8"}))
def test_values_and_place_come_back(tmp_path, kind):
    array = np.arange(24).reshape(OBLIQUE.shape).astype(kind)
    write_nrrd(tmp_path / "größe.nrrd", array, OBLIQUE)
    read = Volume.of(sitk.ReadImage(str(tmp_path / "größe.nrrd")))
    assert read.array.dtype == array.dtype
    np.testing.assert_array_equal(read.array, array)
    assert read.grid.matches(OBLIQUE, tolerance_mm=1e-9)


def test_an_array_that_is_a_view_is_written_in_its_own_order(tmp_path):
    array = np.arange(24, dtype=">i2").reshape(OBLIQUE.shape)[::-1]
    write_nrrd(tmp_path / "ct.nrrd", array, OBLIQUE)
    np.testing.assert_array_equal(
        sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "ct.nrrd"))), array
    )


def test_several_values_a_voxel_and_fields(tmp_path):
    array = np.arange(48, dtype=np.uint8).reshape(*OBLIQUE.shape, 2)
    write_nrrd(tmp_path / "a.nrrd", array, OBLIQUE, {"Segment0_Name": "Lappen\nä"})
    image = sitk.ReadImage(str(tmp_path / "a.nrrd"))
    assert image.GetNumberOfComponentsPerPixel() == 2
    assert image.GetMetaData("Segment0_Name") == "Lappen ä"
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), array)
    assert Grid.of(image).matches(OBLIQUE, tolerance_mm=1e-9)


def test_a_full_disk_is_an_error():
    with pytest.raises(OSError, match="No space left"):
        write_nrrd(_full(), np.zeros((50, 100, 100), np.int16), Grid((100, 100, 50), (1, 1, 1)))


def _full():
    from pathlib import Path

    path = Path("/dev/full")
    if not path.exists():
        pytest.skip("needs /dev/full")
    return path
