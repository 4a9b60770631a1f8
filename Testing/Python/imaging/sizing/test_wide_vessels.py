"""Blood of wide vessels counted by voxels: once, and no more than there is."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.sizing.branch_sizes import SizedBranches
from BV5AnalysisLib.imaging.sizing.cross_sections import CrossSections
from BV5AnalysisLib.imaging.sizing.wide_vessels import with_wide_volumes
from helpers import work_images
from helpers.tubes import line_branches, straight
from scipy import ndimage

SPACING = np.array([0.7, 0.7, 0.7])
PARENCHYMA, BLOOD, NOISE = -850.0, 40.0, 20.0
CALIBRATION = Calibration(BLOOD, PARENCHYMA, NOISE)
COUNT = 80
MIDDLE = COUNT * 0.7 / 2


def image_of(*tubes) -> np.ndarray:
    """Tubes along z of (y, x, radius), all mm, as a scanner shows them."""
    fine = 3
    y, x = (np.indices((COUNT * fine,) * 2) + 0.5) * 0.7 / fine - 0.35
    tissue = np.zeros(y.shape, bool)
    for at_y, at_x, radius in tubes:
        tissue |= np.hypot(y - at_y, x - at_x) < radius
    blurred = ndimage.gaussian_filter(tissue.astype(float), 0.5 * fine / 0.7)
    plane = blurred.reshape(COUNT, fine, COUNT, fine).mean(axis=(1, 3))
    noise = np.random.default_rng(0).normal(0, NOISE, (COUNT,) * 3)
    return (PARENCHYMA + (BLOOD - PARENCHYMA) * plane + noise).astype(np.float32)


def counted(image, lines, areas, lung=None, volume_ml=None):
    """Blood (mL) of each line, as counted."""
    branches = line_branches(lines, [np.sqrt(area / np.pi / 2) for area in areas])
    csa = np.array(areas, float)[branches.branch_id]
    own = csa * branches.step_mm / 1000 if volume_ml is None else volume_ml
    count = len(csa)
    sections = CrossSections(csa, np.full(count, PARENCHYMA), np.ones(count), np.zeros(count))
    sized = with_wide_volumes(
        SizedBranches(csa, own, np.zeros(len(branches.branch_start) - 1)),
        branches,
        sections,
        work_images.image_of(image, SPACING, lung),
        CALIBRATION,
    )
    assert (sized.csa_mm2 == csa).all()
    return np.bincount(branches.branch_id, sized.volume_ml)


def along_z(y: float, x: float) -> np.ndarray:
    return straight((-0.35, y, x), (1, 0, 0), COUNT * 0.7)


# Measured: within 0.9 %.
@pytest.mark.parametrize("radius_mm", [3.2, 5.0, 8.0])
def test_a_wide_vessel_alone_holds_area_times_length(radius_mm):
    area = np.pi * radius_mm**2
    image = image_of((MIDDLE, MIDDLE, radius_mm))
    found = counted(image, [along_z(MIDDLE, MIDDLE)], [area])
    assert found[0] == pytest.approx(area * COUNT * 0.7 / 1000, rel=0.02)


def test_an_area_read_far_too_large_makes_no_more_blood():
    area = np.pi * 4.0**2
    image = image_of((MIDDLE, MIDDLE, 4.0))
    found = counted(image, [along_z(MIDDLE, MIDDLE)], [5 * area])
    assert found[0] == pytest.approx(area * COUNT * 0.7 / 1000, rel=0.06)


def test_two_lines_in_one_vessel_count_it_once():
    area = np.pi * 5.0**2
    image = image_of((MIDDLE, MIDDLE, 5.0))
    lines = [along_z(MIDDLE - 1, MIDDLE), along_z(MIDDLE + 1, MIDDLE)]
    found = counted(image, lines, [area, area])
    assert found.sum() == pytest.approx(area * COUNT * 0.7 / 1000, rel=0.02)


def test_touching_vessels_each_hold_their_own():
    radii = (5.0, 3.5)
    image = image_of((MIDDLE, 18.0, radii[0]), (MIDDLE, 18.0 + sum(radii), radii[1]))
    areas = [np.pi * radius**2 for radius in radii]
    found = counted(image, [along_z(MIDDLE, 18.0), along_z(MIDDLE, 18.0 + sum(radii))], areas)
    assert found == pytest.approx(np.array(areas) * COUNT * 0.7 / 1000, rel=0.03)


def test_a_thin_vessel_beside_keeps_its_blood_and_gives_none():
    image = image_of((MIDDLE, MIDDLE, 5.0), (MIDDLE, MIDDLE + 6.6, 1.0))
    areas = [np.pi * 25, np.pi]
    found = counted(image, [along_z(MIDDLE, MIDDLE), along_z(MIDDLE, MIDDLE + 6.6)], areas)
    assert found[1] == pytest.approx(np.pi * COUNT * 0.7 / 1000, rel=1e-6)
    assert found[0] == pytest.approx(areas[0] * COUNT * 0.7 / 1000, rel=0.03)


def test_blood_outside_the_lungs_does_not_count():
    image = image_of((MIDDLE, MIDDLE, 5.0))
    lung = np.ones(image.shape, bool)
    lung[COUNT // 2 :] = False
    found = counted(image, [along_z(MIDDLE, MIDDLE)], [np.pi * 25], lung)
    assert found[0] == pytest.approx(np.pi * 25 * COUNT * 0.35 / 1000, rel=0.03)


def test_thin_vessels_alone_stay_as_they_are():
    image = image_of((MIDDLE, MIDDLE, 1.5))
    given = np.linspace(0.001, 0.002, 80)
    found = counted(image, [along_z(MIDDLE, MIDDLE)], [7.0], volume_ml=given)
    assert found[0] == pytest.approx(given.sum())


def test_a_trunk_without_a_line_of_its_own_counts_up_to_a_little_way_off():
    """The line begins 8 mm short of where the vessel does."""
    area = np.pi * 25
    image = image_of((MIDDLE, MIDDLE, 5.0))
    lung = np.ones(image.shape, bool)
    lung[:20] = False
    line = straight((14.0 + 8.0, MIDDLE, MIDDLE), (1, 0, 0), COUNT * 0.7 - 22.0)
    found = counted(image, [line], [area], lung)
    # Measured: 0.9 % short; without what hangs on the line's own voxels 3.8 %.
    assert found[0] == pytest.approx(area * (COUNT - 20) * 0.7 / 1000, rel=0.02)
