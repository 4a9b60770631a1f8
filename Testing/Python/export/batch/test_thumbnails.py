"""Small pictures beside the large ones."""

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.case.folder import RESULT
from BV5AnalysisLib.export.batch.thumbnails import THUMBNAILS, write_thumbnails


def picture(path, channels: int, width: int = 600, height: int = 450) -> np.ndarray:
    """Four flat quarters of different colors."""
    colors = np.array([[[200, 30, 30, 255], [30, 200, 30, 255]], [[30, 30, 200, 255], [90] * 4]])
    pixels = np.kron(colors, np.ones((height // 2, width // 2, 1)))[..., :channels]
    image = sitk.GetImageFromArray(pixels.astype(np.uint8), isVector=True)
    sitk.WriteImage(image, str(path))
    return pixels


@pytest.mark.parametrize("channels", [3, 4])
def test_the_small_picture_shows_the_same(tmp_path, channels):
    large = picture(tmp_path / "overview.png", channels)
    write_thumbnails(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"overview.png", "overview_small.jpg"}
    small = sitk.ReadImage(str(tmp_path / "overview_small.jpg"))
    assert small.GetSize() == (200, 150)
    shown = sitk.GetArrayFromImage(small).astype(float)
    assert shown.shape == (150, 200, 3)
    expected = large[1::3, 1::3, :3]
    assert np.abs(shown - expected).mean() < 2
    assert (tmp_path / "overview_small.jpg").stat().st_size < 10_000


def test_the_same_picture_gives_the_same_bytes(tmp_path):
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        picture(tmp_path / name / "vessels_3d.png", 3)
        write_thumbnails(tmp_path / name)
    first, second = (tmp_path / name / "vessels_3d_small.jpg" for name in ("1", "2"))
    assert first.read_bytes() == second.read_bytes()


def test_a_case_without_pictures_stays_as_it_is(tmp_path):
    write_thumbnails(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_picture_is_an_error_of_the_file(tmp_path):
    (tmp_path / "overview.png").write_bytes(b"no picture")
    with pytest.raises(OSError, match=r"overview_small\.jpg cannot be made"):
        write_thumbnails(tmp_path)


def test_small_pictures_belong_to_a_case():
    assert set(THUMBNAILS.values()) | set(THUMBNAILS) < RESULT.names
