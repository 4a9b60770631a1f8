"""Open ends of wide vessels go on to the lungs' edge, nothing else does."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.vessels import ridges
from BV5AnalysisLib.imaging.vessels.hilum import CONSTANTS, extend_to_edge
from helpers.tubes import SAMPLE_STEP_MM, line_branches, straight
from helpers.work_images import image_of

SHAPE = (80, 40, 40)
FROM_HU = -390.0
MIDDLE = 14.0
WIDE_SCALE_MM = ridges.CONSTANTS.wide_scale_mm
WIDE = 2 * WIDE_SCALE_MM


def scene(edge_mm=42.0, blood_to_mm=56.0):
    """Image with a tube of blood along z, from 5 mm up to a height, and lung up to another."""
    z, y, x = (axis * 0.7 for axis in np.indices(SHAPE))
    tube = ((y - MIDDLE) ** 2 + (x - MIDDLE) ** 2 < 4.0**2) & (z > 5) & (z < blood_to_mm)
    return image_of(np.where(tube, 40, -850).astype(np.float32), 0.7, z <= edge_mm)


def vessel(stop_mm, scale=WIDE, backward=False):
    line = straight((5, MIDDLE, MIDDLE), (1, 0, 0), stop_mm - 5)
    return line_branches([line[::-1] if backward else line], [scale])


@pytest.mark.parametrize("backward", [False, True])
def test_a_wide_open_end_reaches_the_edge(backward):
    branches = vessel(36, backward=backward)
    image = scene()
    longer = extend_to_edge(branches, image, FROM_HU)
    height = longer.position_mm[:, 0]
    assert height.max() == pytest.approx(42, abs=0.7)
    assert height.min() == branches.position_mm[:, 0].min()
    assert np.allclose(longer.position_mm[:, 1:], MIDDLE)
    steps = np.diff(height)
    assert np.allclose(steps, SAMPLE_STEP_MM * (-1 if backward else 1), atol=0.01)
    assert longer.branch_start.tolist() == [0, len(height)]
    assert longer.step_mm.sum() - branches.step_mm.sum() == pytest.approx(
        height.max() - branches.position_mm[:, 0].max()
    )
    assert len(longer.tangent) == len(longer.scale_mm) == len(height)
    assert np.allclose(longer.tangent, branches.tangent[0])


def test_a_thin_end_stays():
    image = scene()
    branches = vessel(36, scale=0.9 * WIDE_SCALE_MM)
    assert extend_to_edge(branches, image, FROM_HU) is branches


def test_a_vessel_that_ends_in_the_lung_stays():
    image = scene(blood_to_mm=38.0)
    branches = vessel(36)
    assert extend_to_edge(branches, image, FROM_HU) is branches


def test_an_edge_too_far_is_left_alone():
    image = scene(edge_mm=36 + CONSTANTS.longest_mm + 2)
    branches = vessel(36)
    assert extend_to_edge(branches, image, FROM_HU) is branches


def test_an_end_that_meets_another_branch_stays():
    image = scene()
    first = straight((5, MIDDLE, MIDDLE), (1, 0, 0), 15)
    second = straight((20, MIDDLE, MIDDLE), (1, 0, 0), 16)
    branches = line_branches([first, second], [WIDE, WIDE], [[0, 1], [1, 2]])
    longer = extend_to_edge(branches, image, FROM_HU)
    counts = np.diff(longer.branch_start) - np.diff(branches.branch_start)
    assert counts[0] == 0
    assert counts[1] > 5
    assert np.array_equal(longer.position_mm[: len(first)], first)
    assert longer.branch_start[-1] == len(longer.position_mm) == len(longer.step_mm)


def test_the_images_end_counts_as_the_edge():
    """A hilum cut by the field of view: no index runs out."""
    image = image_of(scene().hu, 0.7)
    branches = vessel(48)
    longer = extend_to_edge(branches, image, FROM_HU)
    assert longer.position_mm[:, 0].max() <= (SHAPE[0] - 0.5) * 0.7
    assert longer.position_mm[:, 0].max() > 54


def test_the_way_ends_at_the_next_wide_vessel():
    # A trunk of 4 mm radius crosses at 36 mm.
    trunk_scale = 4.0 / np.sqrt(2)
    first = straight((5, MIDDLE, MIDDLE), (1, 0, 0), 24)
    trunk = straight((36, MIDDLE - 8, MIDDLE), (0, 1, 0), 16)
    branches = line_branches([first, trunk], [WIDE, trunk_scale])
    longer = extend_to_edge(branches, scene(), FROM_HU)
    own = longer.branch_id == 0
    assert longer.position_mm[own, 0].max() == pytest.approx(32, abs=SAMPLE_STEP_MM)


def test_an_end_within_a_wide_vessel_stays_whether_they_were_joined_or_not():
    first = straight((5, MIDDLE, MIDDLE), (1, 0, 0), 29)
    trunk = straight((36, MIDDLE - 8, MIDDLE), (0, 1, 0), 16)
    branches = line_branches([first, trunk], [WIDE, 4.0 / np.sqrt(2)])
    longer = extend_to_edge(branches, scene(), FROM_HU)
    assert (longer.branch_id == 0).sum() == len(first)
