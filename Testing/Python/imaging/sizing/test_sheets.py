"""Lines along fissures are left out, vessels near them are not."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.cross_sections import CrossSections, measure_cross_sections
from BV5AnalysisLib.imaging.sizing.sheets import without_sheets
from BV5AnalysisLib.imaging.vessels.branches import cut_branches
from helpers import work_images
from helpers.tubes import line_branches, straight
from scipy import ndimage

SPACING = np.array([0.7, 0.7, 0.7])
PARENCHYMA, TISSUE, NOISE = -850.0, 40.0, 15.0
MIDDLE = 22.0


def image_of(fissure_mm: float, tube_radius_mm: float, tube_y_mm: float) -> np.ndarray:
    """A fissure across y at 22 mm, and a tube along z at a y, as a scanner shows them."""
    fine = 4
    count = 64
    y, x = np.indices((count * fine, count * fine)) * 0.7 / fine
    tissue = np.abs(y - MIDDLE) < fissure_mm / 2
    tissue |= np.hypot(y - tube_y_mm, x - MIDDLE) < tube_radius_mm
    blurred = ndimage.gaussian_filter(tissue.astype(float), 0.5 * fine / 0.7)
    plane = blurred.reshape(count, fine, count, fine).mean(axis=(1, 3))
    noise = np.random.default_rng(0).normal(0, NOISE, (count, count, count))
    return (PARENCHYMA + (TISSUE - PARENCHYMA) * plane + noise).astype(np.float32)


def kept_share(image: np.ndarray, y_mm: float) -> float:
    line = straight((4.0, y_mm, MIDDLE), (1, 0, 0), 36.0)
    branches = line_branches([line], [0.7])
    sections = measure_cross_sections(
        work_images.image_of(image, SPACING),
        branches,
        Calibration(TISSUE, PARENCHYMA, NOISE),
        Blur(),
    )
    kept, its_sections = without_sheets(branches, sections)
    assert len(kept.position_mm) == len(its_sections.csa_mm2)
    return len(kept.position_mm) / len(branches.position_mm)


@pytest.mark.parametrize("thickness_mm", [0.4, 0.8])
def test_a_line_along_a_fissure_is_no_vessel(thickness_mm):
    assert kept_share(image_of(thickness_mm, 0.0, 0.0), MIDDLE) == 0


@pytest.mark.parametrize("radius_mm", [0.55, 0.8, 1.6])
def test_a_vessel_is_one(radius_mm):
    assert kept_share(image_of(0.0, radius_mm, MIDDLE), MIDDLE) == 1


@pytest.mark.parametrize("radius_mm", [0.8, 1.6])
def test_a_vessel_beside_a_fissure_is_one(radius_mm):
    y_mm = MIDDLE + 2.5 + radius_mm
    assert kept_share(image_of(0.4, radius_mm, y_mm), y_mm) == 1


def test_a_vessel_that_ends_in_a_fissure_keeps_its_own_part():
    line = straight((0, 0, 0), (0, 0, 1), 42.0)
    branches = line_branches([line], [0.7], [[5, 9]])
    count = len(line)
    flatness = np.where(np.arange(count) < count // 2, 0.05, 0.8)
    sections = CrossSections(np.full(count, 2.0), np.full(count, -850.0), np.ones(count), flatness)
    kept, _ = without_sheets(branches, sections)
    assert len(kept.position_mm) == pytest.approx(count / 2, abs=2)
    assert kept.position_mm[:, 2].max() < 22
    assert kept.end_node[0, 0] == 5
    assert kept.end_node[0, 1] not in (5, 9)


def test_a_wide_vessel_between_others_stays():
    line = straight((0, 0, 0), (0, 0, 1), 42.0)
    branches = line_branches([line], [2.0])
    count = len(line)
    sections = CrossSections(
        np.full(count, 30.0), np.full(count, -850.0), np.ones(count), np.full(count, 0.6)
    )
    assert without_sheets(branches, sections)[0] is branches


def test_branches_are_cut_where_points_are_left_out():
    lines = [straight((0, 0, 0), (0, 0, 1), 7.0), straight((0, 0, 7), (0, 1, 0), 7.0)]
    branches = line_branches(lines, [0.7, 1.0], [[0, 1], [1, 2]])
    keep = np.ones(20, bool)
    keep[[3, 4, 19]] = False
    cut = cut_branches(branches, keep)
    np.testing.assert_array_equal(cut.branch_start, [0, 3, 8, 17])
    np.testing.assert_array_equal(cut.position_mm, branches.position_mm[keep])
    np.testing.assert_array_equal(cut.scale_mm, branches.scale_mm[keep])
    assert cut.end_node[0, 0] == 0
    # The junction between the two lines is one still; every cut end is a node of its own.
    assert cut.end_node[1, 1] == cut.end_node[2, 0] == 1
    assert len({cut.end_node[0, 1], cut.end_node[1, 0], cut.end_node[2, 1], 0, 1}) == 5


def test_nothing_to_keep_leaves_no_branches():
    branches = line_branches([straight((0, 0, 0), (0, 0, 1), 7.0)], [0.7])
    none = cut_branches(branches, np.zeros(10, bool))
    assert len(none.position_mm) == 0
    assert none.branch_start.tolist() == [0]
    assert none.end_node.shape == (0, 2)
