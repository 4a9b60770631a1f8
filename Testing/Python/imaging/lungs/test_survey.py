"""Air that tissue encloses is found whatever the wall, the lattice or the attenuation."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.lungs.trachea import find_trachea
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from scipy import ndimage


def thin_walled(body, wall_mm: float) -> Volume:
    """A body that is no more than a wall around its lungs, and a mediastinum."""
    body.add_lungs()
    lungs = body.lung(-1) | body.lung(1)
    from_lungs = ndimage.distance_transform_edt(~lungs, sampling=body.grid.spacing_zyx)
    mediastinum = (abs(body.x) < 60) & (abs(body.y) < 60) & (body.z >= 0)
    outside = (from_lungs > wall_mm) & ~np.broadcast_to(mediastinum, lungs.shape)
    body.hu[outside] = -1000
    return body.volume()


def halved_voxels(volume: Volume) -> Volume:
    """The same with voxels of half the size, the first of which begin no block."""
    array = volume.array
    for axis in range(3):
        array = np.repeat(array, 2, axis)
    spacing = tuple(along / 2 for along in volume.grid.spacing)
    return Volume(array, Grid(array.shape[::-1], spacing, (-169.5, -129.5, 1.25)))


def part(volume: Volume, box) -> Volume:
    array = np.ascontiguousarray(volume.array[box])
    first = [along.start or 0 for along in box]
    origin = volume.grid.index_to_world(np.array(first))
    return Volume(array, Grid(array.shape[::-1], volume.grid.spacing, tuple(origin.tolist())))


@pytest.mark.parametrize("wall_mm", [3.0, 5.0, 9.0])
def test_a_thin_chest_wall_keeps_the_lungs_in(simple_body, wall_mm):
    chest = survey_chest(thin_walled(simple_body, wall_mm))
    lungs = chest.shrunk(simple_body.lung(-1) | simple_body.lung(1)) > 0.9
    assert chest.inner_air[lungs].mean() > 0.99


def test_air_of_the_table_and_around_the_body_is_outside(simple_body):
    simple_body.add_lungs()
    chest = survey_chest(simple_body.volume())
    around = chest.shrunk(simple_body.hu == -1000) > 0.9
    assert not chest.inner_air[around].any()


@pytest.mark.parametrize("offset", [-15, 0, 15])
def test_threshold_lies_half_way_between_air_and_tissue_of_the_scan(simple_body, offset):
    simple_body.add_lungs()
    simple_body.hu += offset
    chest = survey_chest(simple_body.volume(noise_hu=40))
    # Air of -1000 and lung of -850 on one side, tissue of 40 on the other.
    assert chest.half_hu == pytest.approx(-465 + offset, abs=15)
    assert chest.air_hu == pytest.approx(-1000 + offset, abs=25)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_blocks_stay_where_they_are_when_a_row_is_cut_off(simple_body, axis):
    simple_body.add_lungs()
    whole = halved_voxels(simple_body.volume())
    box = [slice(None)] * 3
    box[axis] = slice(1, None)
    before, after = survey_chest(whole), survey_chest(part(whole, tuple(box)))
    offset = after.grid.index_to_world(np.zeros(3)) - before.grid.index_to_world(np.zeros(3))
    blocks = np.rint(offset[::-1] / before.grid.spacing_zyx).astype(int)
    assert np.allclose(offset[::-1], blocks * before.grid.spacing_zyx)
    same = tuple(
        slice(step, step + size) for step, size in zip(blocks, after.hu.array.shape, strict=True)
    )
    assert np.array_equal(before.hu.array[same], after.hu.array)


def test_coarse_values_go_to_the_voxels_of_their_block(simple_body):
    simple_body.add_lungs()
    volume = halved_voxels(simple_body.volume())
    chest = survey_chest(volume)
    assert any(chest.first), "the test needs voxels before the first block"
    mask = halved_voxels(Volume(simple_body.lung(-1), simple_body.grid)).array
    back = chest.to_scan(chest.shrunk(mask) > 0.5, mask.shape)
    assert 2 * np.count_nonzero(mask & back) / (mask.sum() + back.sum()) > 0.97
    whole = tuple(slice(0, size) for size in chest.hu.array.shape)
    smooth = chest.interpolated(chest.shrunk(mask), whole, mask.shape)
    assert smooth.shape == mask.shape
    assert 2 * np.count_nonzero(mask & (smooth > 0.5)) / (mask.sum() + (smooth > 0.5).sum()) > 0.98
    places = np.argwhere(chest.hu.array < chest.half_hu)[:50]
    assert (volume.array[tuple(chest.voxels(places).T)] < -300).all()


@pytest.mark.parametrize("radius_mm", [5, 9, 14])
def test_trachea_of_any_width_is_found_and_no_bowel(simple_body, radius_mm):
    simple_body.add_lungs()
    simple_body.add_bowel()
    simple_body.fill(simple_body.rod((0, 0, 280), (0, 0, 170), radius_mm + 3), 40)
    trachea = simple_body.rod((0, 0, 280), (0, 0, 170), radius_mm)
    simple_body.fill(trachea, -1000)
    chest = survey_chest(simple_body.volume())
    found = chest.to_scan(find_trachea(chest), trachea.shape)
    assert np.count_nonzero(found & trachea) > 0.5 * trachea.sum()
    off = np.broadcast_to(np.hypot(simple_body.x, simple_body.y) > radius_mm + 8, found.shape)
    assert not found[off].any()


def test_a_slab_below_the_trachea_has_none(simple_body):
    simple_body.add_lungs()
    chest = survey_chest(part(simple_body.volume(), np.s_[20:50, :, :]))
    assert not find_trachea(chest).any()


@pytest.mark.parametrize("hu", [-1000, 40])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 60, 60), (5, 40, 40)])
def test_scans_that_show_no_chest_are_refused(shape, hu):
    volume = Volume(np.full(shape, hu, np.int16), Grid(shape[::-1], (1.0, 1.0, 1.0)))
    if hu > 0 and min(shape) > 2:
        assert not survey_chest(volume).inner_air.any()
        return
    with pytest.raises(AnalysisError, match=r"body|small"):
        survey_chest(volume)
