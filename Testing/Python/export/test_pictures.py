"""The pictures show what they should: planes, orientations and the classes' colors."""

import dataclasses
import io

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.measurements import CsaHistogram
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.tissue import TISSUES, Tissue
from BV5AnalysisLib.imaging.model.volume import Grid, Volume

pytest.importorskip("matplotlib")
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.export.histogram import drawn_bars, histogram_png
from BV5AnalysisLib.export.overview import hatched, overview_png
from BV5AnalysisLib.export.slices import informative_slices
from matplotlib import image as mpl_image


def pixels(png: bytes) -> np.ndarray:
    return mpl_image.imread(io.BytesIO(png), format="png")[..., :3]


def slices_of(result):
    return informative_slices(case_of("c", result), result.scan.volume)


def count(picture: np.ndarray, size_class: SizeClass, tolerance: float = 0.05) -> int:
    """Pixels of a class's color."""
    return int((abs(picture - VESSELS[size_class].color) < tolerance).all(axis=-1).sum())


def test_the_overview_outlines_every_class(small_result):
    picture = pixels(overview_png(case_of("c", small_result), small_result.scan.volume))
    assert min(picture.shape[:2]) > 1000
    legend = int(picture.shape[0] * 0.93)
    for size_class in (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10):
        # Outlines, not only the legend's lines at the bottom.
        assert count(picture[:legend], size_class) > 150
        assert count(picture[legend:], size_class) > 100


def test_without_vessels_only_the_legend_is_colored(small_result):
    vessels = small_result.vessels.with_array(np.zeros_like(small_result.vessels.array))
    picture = pixels(
        overview_png(
            case_of("c", dataclasses.replace(small_result, vessels=vessels)),
            small_result.scan.volume,
        )
    )
    legend = int(picture.shape[0] * 0.93)
    assert count(picture[:legend], SizeClass.BV5) == 0
    assert count(picture[legend:], SizeClass.BV5) > 100


def test_slices_go_through_the_vessels(small_result):
    axial, coronal, right, left = informative_slices(
        case_of("c", small_result), small_result.scan.volume
    )
    assert [picture.title.split(" (")[0] for picture in (axial, coronal, right, left)] == [
        "Axial",
        "Coronal",
        "Sagittal, right lung",
        "Sagittal, left lung",
    ]
    # The vessels lie in one axial plane; a coronal one holds one class of them in both lungs.
    assert set(np.unique(axial.classes)) == {0, 1, 2, 3, 4}
    assert len(np.unique(coronal.classes)) == 2
    assert "L −" in right.title
    assert "L +" in left.title


@pytest.fixture
def marked(small_result):
    """A bright voxel at the right, front and top; voxels stored head first and back to front."""
    grid = Grid((40, 30, 20), (2.0, 2.0, 5.0), (-40.0, 30.0, 50.0), (1, 0, 0, 0, -1, 0, 0, 0, -1))
    hu = np.full(grid.shape, -850, np.int16)
    hu[1, 28, 2] = 1000
    lungs = np.full(grid.shape, LungLabel.RIGHT, np.uint8)
    lungs[:, :, 20:] = LungLabel.LEFT
    vessels = np.zeros(grid.shape, np.uint8)
    vessels[1, 28, 2] = SizeClass.BV5
    return dataclasses.replace(
        small_result,
        scan=dataclasses.replace(small_result.scan, volume=Volume(hu, grid)),
        lungs=Volume(lungs, grid),
        vessels=Volume(vessels, grid),
    )


def test_slices_are_turned_as_radiologists_read_them(marked):
    axial, coronal, right, _left = slices_of(marked)
    bright = {
        picture.edges: tuple(np.argwhere(picture.hu == 1000)[0])
        for picture in (axial, coronal, right)
    }
    # Right at the left edge; front at the top of axial, at the left of sagittal; head at the top.
    assert bright == {"RLAP": (1, 2), "RLSI": (1, 2), "APSI": (1, 1)}
    assert axial.title == "Axial (S +45 mm)"
    assert coronal.title == "Coronal (P −26 mm)"
    assert right.title == "Sagittal, right lung (L −36 mm)"


def test_the_histogram_shows_each_class_in_its_color(small_result):
    picture = pixels(histogram_png(case_of("c", small_result)))
    for size_class in VESSELS:
        # Hilar vessels are of no class by area.
        assert (count(picture, size_class) > 1500) == (size_class != SizeClass.HILAR)
    # The volumes are 0.36, 0.84 and 4.8 mL, and areas are volumes.
    axes_only = picture[:, : int(picture.shape[1] * 0.84)]
    areas = [
        count(axes_only, size_class)
        for size_class in (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10)
    ]
    assert areas[1] / areas[2] == pytest.approx(0.84 / 4.8, rel=0.05)
    assert areas[0] / areas[2] == pytest.approx(0.36 / 4.8, rel=0.05)


def test_bars_keep_volumes_and_fit_a_log_axis():
    histogram = CsaHistogram(np.array([0, 1.25, 5, 20, np.inf]), np.array([1.0, 2.0, 4.0, 3.0]))
    edges, height = drawn_bars(histogram)
    assert edges.tolist() == [0.625, 1.25, 5, 20, 40]
    assert np.allclose(height, [1, 1, 2, 3])
    assert histogram.edges_mm2[0] == 0


def test_pictures_keep_no_state_behind(small_result):
    from matplotlib import _pylab_helpers

    histogram_png(case_of("c", small_result))
    assert not _pylab_helpers.Gcf.figs


@pytest.fixture
def with_tissue(small_result):
    """Each kind in an axial plane of its own, unclaimed air outside of the lungs."""
    labels = np.zeros(small_result.lungs.array.shape, np.uint8)
    labels[10, 20:40, 20:40] = Tissue.GROUND_GLASS
    labels[10, 20:40, 60:80] = Tissue.CONSOLIDATION
    labels[11, 20:30, 20:40] = Tissue.RETICULATION
    labels[50, 2:30, 2:40] = Tissue.UNCLAIMED_AIR
    return dataclasses.replace(small_result, tissue=small_result.lungs.with_array(labels))


def test_the_whole_scan_is_shown_whatever_was_found(small_result):
    lungs = np.zeros_like(small_result.lungs.array)
    lungs[30:32, 30:32, 30:32] = LungLabel.RIGHT
    lost = dataclasses.replace(small_result, lungs=small_result.lungs.with_array(lungs))
    z, y, x = lungs.shape
    assert [picture.hu.shape for picture in slices_of(lost)] == [(y, x), (z, x), (z, y), (z, y)]


def test_slices_go_through_opacities_and_unclaimed_air_where_there_are_some(with_tissue):
    grid = with_tissue.lungs.grid
    *_, opacity, air = slices_of(with_tissue)
    for picture, index, what in ((opacity, 10, "opacity"), (air, 50, "unclaimed air")):
        place = grid.index_to_world(np.array([index, 0, 0]))[2]
        assert picture.title == f"Axial, most {what} (S {place:+.0f} mm)".replace("-", "−")
    assert set(np.unique(opacity.tissue)) == {0, Tissue.GROUND_GLASS, Tissue.CONSOLIDATION}
    assert set(np.unique(air.tissue)) == {0, Tissue.UNCLAIMED_AIR}


def test_hatching_tells_the_kinds_apart():
    shares = {}
    for kind in Tissue:
        colors = hatched(np.full((60, 80), kind, np.uint8), (0.7, 0.7))
        np.testing.assert_allclose(colors[0, 0, :3], TISSUES[kind].color, rtol=1e-5)
        shares[kind] = float((colors[..., 3] > 0.5).mean())
    # Stripes of 1.2 in 7 mm; two directions of 1.0 in 7; 1.4 in 4.5; 3 in 6.
    expected = (1.2 / 7, 1 - (1 - 1 / 7) ** 2, 1.4 / 4.5, 0.5)
    assert list(shares.values()) == pytest.approx(expected, abs=0.05)
    assert hatched(np.zeros((60, 80), np.uint8), (0.7, 0.7)).max() == 0


def test_stripes_are_as_wide_on_thick_slices():
    tissue = np.full((10, 40), Tissue.CONSOLIDATION, np.uint8)
    thick, thin = hatched(tissue, (5.0, 1.0)), hatched(np.repeat(tissue, 5, 0), (1.0, 1.0))
    np.testing.assert_array_equal(thick, thin)


def test_the_overview_marks_what_was_left_out_and_what_nobody_claims(with_tissue):
    picture = pixels(overview_png(case_of("c", with_tissue), with_tissue.scan.volume))
    legend = int(picture.shape[0] * 0.93)
    for kind, look in TISSUES.items():
        near = (abs(picture - look.color) < 0.08).all(axis=-1)
        assert near[:legend].sum() > 50, kind
        assert near[legend:].sum() > 20, kind


def test_the_overview_says_errors_above(small_result):
    def top(findings):
        case = case_of("c", dataclasses.replace(small_result, findings=findings))
        return pixels(overview_png(case, small_result.scan.volume))[:60]

    error = Finding("never_heard_of", Severity.ERROR, "A lung is lost.")
    red = [(rows[..., 0] - rows[..., 2] > 0.4).sum() for rows in (top((error,)), top(()))]
    assert red[0] > 200
    assert red[1] == 0
