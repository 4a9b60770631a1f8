"""The same body imaged again: shifted, turned, with other noise, with less air."""

from dataclasses import replace

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.phantom.anatomy import build_anatomy
from BV5AnalysisLib.imaging.phantom.placement import Placement, lung_volume_ml
from scipy.spatial.transform import Rotation

SPEC = ChestPhantomSpec(
    scale=0.4,
    spacing_mm=(1.2, 1.2, 1.2),
    noise_hu=0,
    terminal_volume_ml=12,
    terminal_csa_mm2=1.5,
)
TURNED = replace(SPEC, turn_deg=(4.0, -3.0, 8.0), shift_mm=(3.0, 1.0, 0.0))
LOST_ML = 70.0


@pytest.fixture(scope="module")
def plain():
    return chest_phantom(SPEC)


@pytest.fixture(scope="module")
def turned():
    return chest_phantom(TURNED)


def blood(phantom):
    row = phantom.measurements[0]
    return row.tpbv_ml + row.below_floor_ml


def classes(phantom):
    row = phantom.measurements[0]
    return [row.bv5_ml, row.bv5_10_ml, row.bv10_ml, row.below_floor_ml]


def test_moved_by_whole_voxels_it_is_the_same_image_elsewhere(plain):
    moved = chest_phantom(replace(SPEC, shift_mm=(2.4, 0.0, -1.2)))
    there = moved.volume.array[2:-5, 4:-4, 6:-4].astype(float)
    here = plain.volume.array[3:-4, 4:-4, 4:-6].astype(float)
    # The table behind the back does not move; columns of air beside the body are left out.
    lung = plain.lungs.array[3:-4, 4:-4, 4:-6] > 0
    assert abs(there - here)[lung].max() <= 1
    assert classes(moved) == pytest.approx(classes(plain), rel=1e-6)


def test_turned_it_holds_the_same_blood_along_lines_that_are_turned(plain, turned):
    assert classes(turned) == pytest.approx(classes(plain), rel=0.01)
    turn = Rotation.from_euler("xyz", TURNED.turn_deg, degrees=True)
    there = turn.apply(plain.centerlines.points_mm) + TURNED.shift_mm
    np.testing.assert_allclose(turned.centerlines.points_mm, there, atol=1e-6)
    for label in LungLabel:
        before, after = (np.count_nonzero(each.lungs.array == label) for each in (plain, turned))
        assert after == pytest.approx(before, rel=0.01)


def test_blood_is_drawn_where_the_turned_lines_are(turned):
    bright = chest_phantom(replace(TURNED, blood_hu=800.0))
    share = (bright.volume.array.astype(float) - turned.volume.array) / 760
    lines = bright.centerlines
    index = np.rint(bright.volume.grid.world_to_index(lines.points_mm)).astype(int)
    on_line = share[tuple(index.T)]
    assert np.median(on_line[lines.csa_mm2 > 3]) > 0.5
    assert np.mean(on_line > 0.1) > 0.99


def test_with_less_air_lungs_are_smaller_and_denser_and_hold_the_same_blood(plain):
    out = chest_phantom(replace(SPEC, air_lost_ml=LOST_ML))
    before, after = (each.measurements[0].lung_volume_ml for each in (plain, out))
    assert before - after == pytest.approx(LOST_ML, rel=0.03)
    assert blood(out) == pytest.approx(blood(plain), rel=0.02)
    # Air lost and no tissue: as much denser as smaller.
    hu = [np.median(each.volume.array[each.lungs.array > 0]) for each in (plain, out)]
    assert (hu[1] + 1000) / (hu[0] + 1000) == pytest.approx(before / after, rel=0.03)
    assert out.centerlines.length_mm.sum() < plain.centerlines.length_mm.sum()
    assert out.overlap_fraction < 0.02


def test_other_noise_is_on_the_same_body(plain):
    noisy = chest_phantom(replace(SPEC, noise_hu=20, noise_seed=1))
    noise = (noisy.volume.array.astype(float) - plain.volume.array)[plain.lungs.array > 0]
    assert abs(noise.mean()) < 0.5
    assert noise.std() == pytest.approx(20, rel=0.03)
    # In the body, where no value is cut off at the least that a scan can have.
    body = plain.volume.array[0] > -900
    first = np.random.default_rng(1).standard_normal(body.shape, np.float32) * 20
    off = noisy.volume.array[0].astype(float) - plain.volume.array[0]
    np.testing.assert_allclose(off[body], first[body], atol=1.01)
    assert classes(noisy) == classes(plain)


def test_nothing_is_placed_anew_where_nothing_moves():
    anatomy = build_anatomy(SPEC.chest_scale, 0.0)
    placement = Placement.of(SPEC, anatomy)
    assert placement.field(anatomy.body) is anatomy.body
    assert placement.squeeze == 1


def test_more_air_than_can_be_lost_is_refused():
    anatomy = build_anatomy(SPEC.chest_scale, 0.0)
    half = lung_volume_ml(anatomy) / 2
    assert Placement.of(replace(SPEC, air_lost_ml=half - 1), anatomy).squeeze > 0.5
    with pytest.raises(AnalysisError, match="no more than half"):
        Placement.of(replace(SPEC, air_lost_ml=half + 1), anatomy)


@pytest.mark.parametrize(
    "change",
    [{"shift_mm": (0, 0, 21)}, {"turn_deg": (16, 0, 0)}, {"air_lost_ml": -1}, {"noise_seed": -1}],
)
def test_what_is_out_of_range_is_refused(change):
    with pytest.raises(AnalysisError, match=f"Phantom {next(iter(change))} is"):
        replace(SPEC, **change)


@pytest.mark.parametrize("name", ["shift_mm", "turn_deg"])
def test_two_numbers_are_no_place(name):
    with pytest.raises(AnalysisError, match="three numbers"):
        replace(SPEC, **{name: (1.0, 2.0)})
