"""Airless lung goes on below as far as it is unlike the organ, and towards the spine."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.airless_extent import CONSTANTS, goes_on_below, towards_spine
from BV5AnalysisLib.imaging.lungs.pleural_surface import HalfChest
from BV5AnalysisLib.imaging.lungs.tissue_means import TissueMeans
from scipy import ndimage

SHAPE = (40, 40, 40)
SPACING = np.full(3, 2.0)
VOXEL_ML = 0.008
DOME = 20
"""Slice from which on there is airless lung; below lies what may be, beside an organ."""


def half(lung=None):
    """One side, all of it behind, from the middle (column 0) to the ribs."""
    lung = np.zeros(SHAPE, bool) if lung is None else lung
    return HalfChest(
        columns=slice(None),
        lung=lung,
        hu=np.zeros(SHAPE),
        off=np.linspace(0.0, 1.0, SHAPE[2]),
        behind=np.full(SHAPE[1], 0.4),
        spacing=SPACING,
        half_width_mm=80.0,
        top=SHAPE[0] - 1,
        open_air=np.zeros(SHAPE, bool),
    )


class Below:
    """A column of airless lung at the ribs, at the back, and an organ before it below the dome."""

    def __init__(self, lung_hu=30.0, organ_hu=60.0, deep=12):
        z, y, x = np.indices(SHAPE)
        column = (y >= 24) & (y < 36) & (x >= 22) & (x < 36)
        self.lung = column & (z >= DOME)
        self.down = column & (z >= DOME - deep) & (z < DOME)
        self.organ = (y < 18) & (x >= 22) & (z < DOME - 2)
        hu = np.where(column & (z >= DOME - deep), lung_hu, organ_hu)
        self.where = (x >= 22) & (z < DOME)
        self.means = TissueMeans(hu, np.zeros(SHAPE), np.ones(SHAPE, bool))

    def found(self):
        return goes_on_below(self.where, self.lung, self.means, self.organ, half())


@pytest.mark.parametrize("lung_hu", [30.0, 90.0])
def test_what_goes_on_below_is_found_and_the_organ_is_not(lung_hu):
    body = Below(lung_hu)
    found = body.found()
    assert not (found & ~body.down).any()
    # Corners are too thin to tell.
    inner = ndimage.binary_erosion(body.down | body.lung, iterations=CONSTANTS.thin_voxels)
    assert found[body.down & inner].all()
    assert found.sum() > 0.85 * body.down.sum()


def test_what_is_as_bright_as_the_organ_cannot_be_told_from_it():
    assert not Below(lung_hu=60.0).found().any()


def test_it_fades_out_with_the_difference():
    """A step in a hundredth of a HU would be a step in 20 mL."""
    low, high = CONSTANTS.organ_step_hu
    differences = np.linspace(low - 0.5, high + 0.5, 61)
    counts = [Below(60.0 - difference).found().sum() for difference in differences]
    whole = Below().found().sum()
    assert counts[0] == 0
    assert counts[-1] == whole
    assert Below(60.0 - (low + high) / 2).found().sum() == pytest.approx(whole / 2, rel=0.05)
    # A ramp from 0 to 1 over 2 HU rises by 2.5 % in 0.05 HU at most; layers add to it.
    assert np.diff(counts).max() < 0.08 * whole


def test_it_fades_in_with_the_volume_of_organ_that_is_known():
    whole = Below().found().sum()
    place = np.flatnonzero(Below().organ)
    counts = {}
    for volume_ml in np.arange(0.5, 6.0, 0.25):
        body = Below()
        body.organ = np.isin(np.arange(body.organ.size), place[: round(volume_ml / VOXEL_ML)])
        body.organ = body.organ.reshape(SHAPE)
        counts[volume_ml] = body.found().sum()
    low, high = CONSTANTS.known_ml
    assert all((counts[ml] == 0) == (ml <= low) for ml in counts)
    assert all((counts[ml] == whole) == (ml >= high) for ml in counts)
    assert counts[(low + high) / 2] == pytest.approx(whole / 2, rel=0.05)


def test_touching_with_a_voxel_is_no_reason_for_a_pool():
    """Beside the column lies as much again, which hangs on it by less and less."""
    body = Below(deep=30)
    body.where &= body.down
    body.where[DOME - 2 : DOME] = False
    bridge = np.zeros(SHAPE, bool)
    sizes = []
    for wide in (0, 5, 12):
        bridge[DOME - 2 : DOME, 24 : 24 + wide, 22 : 22 + wide] = True
        body.where |= bridge
        found = body.found()
        sizes.append(found.sum())
        most = wide * wide * CONSTANTS.longest_mm / SPACING[0]
        assert found.sum() <= 1.05 * most
    assert sizes[0] == 0
    assert 0 < sizes[1] < sizes[2]


def test_what_is_thin_is_an_edge():
    body = Below()
    body.where &= body.down & (np.arange(SHAPE[2]) < 24)
    assert not body.found().any()


def in_front_of(depth):
    """Airless lung along the ribs, and aerated lung before it to the spine: the gap between."""
    aerated = np.zeros(SHAPE, bool)
    aerated[10:20, 5:10, 8:36] = True
    airless = np.zeros(SHAPE, bool)
    airless[10:20, 10 : 10 + depth, 16:36] = True
    gap = np.zeros(SHAPE, bool)
    gap[10:20, 10 : 10 + depth, 8:16] = True
    return aerated, airless, gap


def test_the_hull_of_both_lungs_is_filled_towards_the_spine():
    aerated, airless, gap = in_front_of(10)
    found = towards_spine(np.ones(SHAPE, bool), airless, half(aerated))
    # The hull is a triangle on the gap: from the corner at the spine to that at the ribs.
    y, x = np.indices(SHAPE[1:])
    slope = (airless[10].nonzero()[1].min() - 8) / 10
    triangle = gap[10] & (x - 8 >= slope * (y - 9))
    reach = 16 / (SHAPE[2] - 1) - CONSTANTS.hull_mm / 80.0
    triangle &= np.linspace(0, 1, SHAPE[2]) > reach
    for level in range(10, 20):
        np.testing.assert_array_equal(found[level], triangle)
    assert not found[:10].any()
    assert not found[20:].any()


def test_a_single_line_or_place_of_lung_spans_no_area():
    for rows in (1, 12):
        airless = np.zeros(SHAPE, bool)
        airless[10, 10 : 10 + rows, 30] = True
        assert not towards_spine(np.ones(SHAPE, bool), airless, half()).any()
