"""The 3D picture is tested by what it shows, and where."""

import ctypes
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import BV5AnalysisLib
import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, SizeClass
from BV5AnalysisLib.scene.views.arrangement import ANTERIOR, LEFT, POSTERIOR, SUPERIOR
from BV5AnalysisLib.scene.views.pictures import off_screen_window
from BV5AnalysisLib.scene.views.rendering import rendered_png

SIZE = (480, 360)
LEGEND_TOP = 0.89
"""Where the legend starts, as part of the picture's height from the top."""


@pytest.fixture
def fanned_result(small_result):
    """The small result with thick tubes, one above the other from BV5 at the top to below floor."""
    centerlines = small_result.centerlines
    rank = {SizeClass.BV5: 0, SizeClass.BV5_10: 1, SizeClass.BV10: 2, SizeClass.BELOW_FLOOR: 3}
    rows = np.array([rank[SizeClass(value)] for value in centerlines.size_class])
    points = centerlines.points_mm.copy()
    points[:, 2] = 60.0 - 40.0 * rows
    return dataclasses.replace(
        small_result,
        centerlines=dataclasses.replace(
            centerlines, points_mm=points, csa_mm2=np.full(len(points), 60.0)
        ),
    )


def picture(result, path, **options) -> np.ndarray:
    path.write_bytes(rendered_png(case_of("case", result), SIZE, **options))
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def showing(image: np.ndarray, size_class: SizeClass) -> np.ndarray:
    """Pixels of a class's color in some light."""
    color = np.array(VESSELS[size_class].color)
    value = image / 255.0
    bright = value.max(axis=-1)
    ratio = value / np.maximum(bright, 1e-6)[..., None]
    return (np.abs(ratio - color / color.max()).max(axis=-1) < 0.12) & (bright > 0.3 * color.max())


def above_legend(image: np.ndarray) -> np.ndarray:
    return image[: int(LEGEND_TOP * len(image))]


def test_picture_has_the_wanted_size(small_result, tmp_path):
    assert picture(small_result, tmp_path / "p.png").shape == (*SIZE[::-1], 3)


@pytest.mark.parametrize("row", range(4))
def test_each_class_is_drawn_in_its_color_at_its_place(fanned_result, tmp_path, row):
    size_class = (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10, SizeClass.BELOW_FLOOR)[row]
    image = above_legend(picture(fanned_result, tmp_path / "p.png"))
    rows, _ = np.nonzero(showing(image, size_class)[:, 60:-60])
    if size_class == SizeClass.BELOW_FLOOR:
        # The lungs' rim is nearly gray as well: look where the vessels are.
        rows, _ = np.nonzero(showing(image, size_class)[:, 100:200])
    assert len(rows) > 150
    # The lungs' 96 mm up and down from the middle fill the height above the legend.
    expected = len(image) * (0.5 - (60.0 - 40.0 * row) / 216.0)
    assert abs(np.median(rows) - expected) < 12


def test_right_lung_is_on_the_left_seen_from_the_front(fanned_result, tmp_path):
    centerlines = fanned_result.centerlines
    right = centerlines.points_mm[:, 0] < 0
    size_class = np.where(right, SizeClass.BV5, SizeClass.BV10).astype(np.uint8)
    sided = dataclasses.replace(
        fanned_result, centerlines=dataclasses.replace(centerlines, size_class=size_class)
    )
    for direction, right_lung_half in ((ANTERIOR, 0), (SUPERIOR, 1), (POSTERIOR, 1)):
        image = above_legend(picture(sided, tmp_path / "p.png", direction=direction))
        halves = np.split(image, 2, axis=1)
        assert showing(halves[right_lung_half], SizeClass.BV5).sum() > 100
        assert showing(halves[1 - right_lung_half], SizeClass.BV5).sum() == 0
        assert showing(halves[1 - right_lung_half], SizeClass.BV10).sum() > 100
        assert showing(halves[right_lung_half], SizeClass.BV10).sum() == 0


def test_legend_lists_the_classes_in_order(small_result, tmp_path):
    image = picture(small_result, tmp_path / "p.png")
    legend = image[len(above_legend(image)) :]
    places = []
    for size_class in SizeClass:
        color = 255 * np.array(VESSELS[size_class].color)
        colored = np.abs(legend - color).max(axis=-1) < 4
        # The edges of white letters are gray as well, but not seven pixels wide.
        wide = np.logical_and.reduce([np.roll(colored, step, axis=1) for step in range(-3, 4)])
        rows, columns = np.nonzero(wide)
        assert np.ptp(columns) > 0.018 * SIZE[0]
        places.append((columns.min(), columns.max(), rows.mean()))
    lefts, rights, heights = np.array(places).T
    assert np.ptp(heights) < 1
    # Beside each patch, before the next one, is its label; above all, the title.
    bright = legend.min(axis=-1) > 170
    for right, end in zip(rights, [*lefts[1:], SIZE[0]], strict=True):
        assert bright[:, int(right) + 4 : int(end) - 3].sum() > 25
    assert bright[: int(heights.mean()) - 8].sum() > 100


def test_lungs_are_faint_and_bright_at_the_rim(small_result, tmp_path):
    image = above_legend(picture(small_result, tmp_path / "p.png")).astype(float).mean(axis=-1)
    row = image[len(image) // 4]
    inside = row[SIZE[0] // 5 : SIZE[0] // 3].mean()
    outside = row[:20].mean()
    assert outside + 1 < inside < 60
    assert row.max() > 2 * inside


FRESH = """
import sys
sys.path.insert(0, sys.argv[1])
import slicer
from BV5AnalysisLib.imaging.model.size_classes import LUNGS
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.scene.nodes.segmentations import shell_surfaces
import numpy as np
array = np.zeros((20, 20, 20), np.uint8)
array[5:15, 5:15, 3:8], array[5:15, 5:15, 12:17] = 1, 2
surfaces = shell_surfaces(Volume(array, Grid((20, 20, 20), (1.0, 1.0, 1.0))), LUNGS, 0.5, 1.0)
print(*[surface.GetNumberOfPolys() > 100 for surface in surfaces.values()])
"""


@pytest.mark.slow
def test_lungs_are_drawn_where_no_application_was_set_up():
    library = Path(BV5AnalysisLib.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(library)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_side_view_shows_both_lungs_as_one(small_result, tmp_path):
    image = above_legend(picture(small_result, tmp_path / "p.png", direction=LEFT))
    yellow = showing(image, SizeClass.BV5_10)
    assert yellow.sum() > 10  # end-on, the vessels are discs


def test_picture_can_be_drawn_again(small_result):
    case = case_of("case", small_result)
    assert rendered_png(case, SIZE) == rendered_png(case, SIZE)


def test_result_without_vessels_is_drawn(small_result, tmp_path):
    none = np.zeros(0)
    centerlines = Centerlines.measured(
        np.zeros((0, 3)), np.zeros(1, int), none, none.astype(np.uint8), none, none
    )
    image = picture(dataclasses.replace(small_result, centerlines=centerlines), tmp_path / "p.png")
    assert not showing(above_legend(image), SizeClass.BV5).any()
    assert showing(image, SizeClass.BV5).any()


def test_missing_library_is_told_with_its_package(small_result, tmp_path, monkeypatch):
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(AnalysisError, match="apt install libegl1 libgl1-mesa-dri"):
        picture(small_result, tmp_path / "p.png")
    assert not (tmp_path / "p.png").exists()


class WindowOfX:
    """What VTK makes where there is a display."""

    def __init__(self):
        self.settings = {}

    def IsA(self, name):  # noqa: N802  VTK's name
        return name == "vtkXOpenGLRenderWindow"

    def __getattr__(self, name):
        return lambda value: self.settings.update({name: value})


@pytest.mark.skipif(sys.platform != "linux", reason="EGL is Linux's")
def test_in_slicer_windows_are_of_the_kind_of_its_views(monkeypatch):
    # EGL's cannot be drawn to while a view of the X window system is.
    monkeypatch.setattr(vtk, "vtkRenderWindow", WindowOfX)
    assert isinstance(off_screen_window(), vtk.vtkEGLRenderWindow)
    monkeypatch.setattr(slicer, "app", object(), raising=False)
    window = off_screen_window()
    assert isinstance(window, WindowOfX)
    assert window.settings["SetOffScreenRendering"] is True
    assert window.settings["SetShowWindow"] is False


@pytest.mark.skipif(sys.platform != "linux", reason="EGL is Linux's")
def test_in_slicer_without_display_windows_are_of_egl(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(slicer, "app", object(), raising=False)
    window = off_screen_window()
    assert isinstance(window, vtk.vtkEGLRenderWindow)
    window.Finalize()


DRAW = """
import sys
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.scene.views.pictures import off_screen_window
try:
    off_screen_window()
except AnalysisError as error:
    print(error)
    sys.exit(1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="EGL is Linux's")
@pytest.mark.parametrize(
    ("variable", "status"),
    [("__EGL_VENDOR_LIBRARY_DIRS", 1), ("LIBGL_DRIVERS_PATH", 1), ("UNRELATED_VARIABLE", 0)],
    ids=["no vendor library", "no driver", "all there"],
)
@pytest.mark.slow
def test_missing_driver_is_told_and_not_a_crash(variable, status):
    done = subprocess.run(
        [sys.executable, "-c", DRAW],
        env={**os.environ, variable: "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == status
    assert ("apt install libegl1 libgl1-mesa-dri" in done.stdout) == bool(status)
    assert "Traceback" not in done.stderr
