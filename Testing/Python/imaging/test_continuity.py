"""Small changes of a scan move no number, or only a little."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.reading.scan_reader import scan_from_image
from scan_changes.changes import BY_NAME, FEW, last_bits_flipped, without_edge
from scan_changes.one_case import is_same

ABSORBED = [change.name for change in FEW if change.is_absorbed]
MEASURED = [change.name for change in FEW if not change.is_absorbed]


def moves(before, after):
    """Change of BV5 % in points, and of TPBV in %."""
    one, other = before.measurements[0], after.measurements[0]
    return other.bv5_pct - one.bv5_pct, 100 * (other.tpbv_ml / one.tpbv_ml - 1)


def in_air(volume: Volume) -> Volume:
    """The same with a rim of air, of which rows can be cut off."""
    array = volume.array.copy()
    array[:, :2] = array[:, -2:] = array[:, :, :2] = array[:, :, -2:] = -1000
    return volume.with_array(array)


@pytest.mark.parametrize("name", ABSORBED)
def test_digits_that_mean_nothing_are_rounded_off_at_reading(tiny_chest, name):
    volume = tiny_chest.volume
    changed = BY_NAME[name].apply(volume)
    assert changed.grid != volume.grid or not np.array_equal(changed.array, volume.array)
    assert is_same(scan_from_image(changed.to_sitk()), scan_from_image(volume.to_sitk()))


@pytest.fixture(scope="module")
def airy(tiny_chest):
    """The tiny chest with a rim of air, its lungs, and what is measured in it."""
    volume = in_air(tiny_chest.volume)
    return volume, tiny_chest.lungs, analyze(volume.to_sitk(), lungs=tiny_chest.lungs)


def test_a_row_of_air_less_moves_nothing(airy):
    volume, lungs, before = airy
    cut, rest = (without_edge(each, 2, 1, at_start=True) for each in (volume, lungs))
    points, percent = moves(before, analyze(cut.to_sitk(), lungs=rest))
    assert abs(points) <= 0.005
    assert abs(percent) <= 0.005


def test_noise_of_one_hu_moves_little(airy):
    """Of some 10 mL in all a thin vessel more is much: five times what a chest may move by."""
    volume, lungs, before = airy
    after = analyze(last_bits_flipped(volume).to_sitk(), lungs=lungs)
    points, percent = moves(before, after)
    assert abs(points) <= 5 * 0.3
    assert abs(percent) <= 5 * 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURED)
def test_a_whole_chest_moves_little(chest, name):
    change = BY_NAME[name]
    volume = in_air(chest.volume)
    before = analyze(volume.to_sitk())
    after = analyze(change.apply(volume).to_sitk())
    points, percent = moves(before, after)
    assert abs(points) <= change.bv5_points
    assert abs(percent) <= change.tpbv_pct
