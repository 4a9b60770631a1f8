"""The airway tree grows out to its ends and does not leak."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.airways import air_levels
from BV5AnalysisLib.imaging.airways.growth import Scale, grow_airways
from BV5AnalysisLib.imaging.airways.growth_image import GrowthImage
from BV5AnalysisLib.imaging.airways.tree import segment_airways
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.lungs.trachea import find_trachea
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from scipy import ndimage

THRESHOLDS = tuple(range(-890, -1000, -20))


def rod(shape, start, stop, radius):
    """Voxels within a radius of a line between two voxels (z, y, x)."""
    index = np.stack(np.indices(shape), axis=-1)
    start, way = np.array(start), np.subtract(stop, start)
    along = np.clip((index - start) @ way / (way @ way), 0, 1)
    return np.linalg.norm(index - start - along[..., None] * way, axis=-1) < radius


def forked_airway(hole: bool):
    """A trunk that forks in noisy parenchyma; its wall has a hole if asked for."""
    shape = (90, 60, 90)
    tubes = [
        ((88, 30, 45), (55, 30, 45), 5),
        ((55, 30, 45), (25, 30, 20), 3.5),
        ((55, 30, 45), (25, 30, 70), 3.5),
        ((25, 30, 70), (8, 30, 80), 2.5),
    ]
    hu = np.full(shape, -860.0)
    lumen = np.zeros(shape, bool)
    for start, stop, radius in tubes:
        hu[rod(shape, start, stop, radius + 2)] = -100
    for start, stop, radius in tubes:
        lumen |= rod(shape, start, stop, radius)
    hu[lumen] = -990
    if hole:
        hu[rod(shape, (40, 30, 32), (40, 40, 32), 2)] = -900
    hu += np.random.default_rng(0).normal(0, 25, shape)
    return np.clip(hu, -1024, 3000).astype(np.int16), lumen


def grown(hu):
    pieces, _ = ndimage.label(hu[80] < -890)
    seed = np.flatnonzero(pieces == pieces[30, 45]) + 80 * hu[0].size
    return grown_from(seed, hu)


def grown_from(seed, hu):
    """Bool: what grows from a slice of a trachea's lumen."""
    volume = Volume(hu, Grid(hu.shape[::-1], (1.0, 1.0, 1.0)))
    image = GrowthImage.of(volume, tuple(slice(0, size) for size in hu.shape), noise_hu=0)
    scale = Scale(np.sqrt(4 * len(seed) / np.pi), len(seed))
    result = np.zeros(hu.shape, bool)
    for branch in grow_airways(image, seed, THRESHOLDS, scale, hu.size):
        for layer in branch.layers:
            result.flat[layer] = True
    return result


@pytest.mark.parametrize("hole", [False, True])
def test_growth_reaches_all_branches_and_stays_inside(hole):
    hu, lumen = forked_airway(hole)
    result = grown(hu)
    for z, y, x in ((30, 30, 24), (30, 30, 66), (12, 30, 78)):
        near = result[z - 1 : z + 2, y - 2 : y + 3, x - 2 : x + 3]
        assert near.any(), f"no airway at {z, y, x}"
    outside = result & ~ndimage.binary_dilation(lumen)
    assert outside.sum() < 0.01 * lumen.sum()
    inner = ndimage.binary_erosion(lumen)[2:80]
    assert np.mean(result[2:80][inner]) > 0.95


def test_growth_without_wall_gives_up_rather_than_fill_the_lung():
    shape = (60, 60, 60)
    hu = np.full(shape, -920.0)
    hu[40:] = -100
    hu[rod(shape, (59, 30, 30), (38, 30, 30), 4)] = -990
    hu = (hu + np.random.default_rng(1).normal(0, 25, shape)).astype(np.int16)
    seed = np.flatnonzero(rod(shape, (58, 30, 30), (57, 30, 30), 3))
    seed = seed[seed // (60 * 60) == 57]
    result = grown_from(seed, hu)
    assert result[42:56].sum() > 300
    assert result[:38].mean() < 0.01


def test_trachea_is_found_between_the_lungs(simple_body):
    simple_body.add_lungs()
    # Gas in the esophagus, and a lung apex as wide as a trachea.
    simple_body.fill(simple_body.rod((12, 22, 200), (12, 22, 230), 5), -1000)
    volume = simple_body.volume()
    chest = survey_chest(volume)
    z, y, x = np.nonzero(find_trachea(chest))
    middle = chest.grid.index_to_world(np.array([[z.mean(), y.mean(), x.mean()]]))[0]
    assert np.abs(middle[:2]).max() < 3
    assert (z.max() - z.min()) * chest.grid.spacing[2] > 80


def airways_of(volume: Volume) -> np.ndarray:
    chest = survey_chest(volume)
    return segment_airways(volume, chest, find_trachea(chest))


def test_airways_hold_trachea_and_both_bronchi_but_no_lung(simple_body):
    simple_body.add_lungs()
    volume = simple_body.volume()
    airways = airways_of(volume)
    trachea = simple_body.rod((0, 0, 250), (0, 0, 165), 8)
    assert np.mean(airways[trachea]) > 0.95
    for side in (-1, 1):
        bronchus = simple_body.rod((side * 10, 0, 155), (side * 40, 0, 140), 4)
        assert np.mean(airways[bronchus]) > 0.9
        far = simple_body.lung(side) & np.broadcast_to(abs(simple_body.x) > 65, airways.shape)
        assert np.mean(airways[far]) < 0.001


def test_scan_without_trachea_is_refused(simple_body):
    simple_body.fill(simple_body.lung(-1) | simple_body.lung(1), -850)
    with pytest.raises(AnalysisError, match="trachea"):
        airways_of(simple_body.volume())


def test_phantom_airways_are_followed_without_leak(small_chest_phantom):
    volume = small_chest_phantom.volume
    airways = airways_of(volume)
    truth = small_chest_phantom.airway_centerlines
    index = np.rint(volume.grid.world_to_index(truth.points_mm)).astype(int)
    found = ndimage.binary_dilation(airways)[tuple(index.T)]
    wide = truth.csa_mm2 > 16
    assert wide.sum() > 20
    assert found[wide].mean() > 0.95
    inside = airways & (small_chest_phantom.lungs.array > 0)
    near = np.zeros(airways.shape, bool)
    near[tuple(index.T)] = True
    near = ndimage.binary_dilation(near, iterations=3)
    assert (inside & ~near).sum() < 0.05 * airways.sum()


def test_a_seed_where_the_trachea_looks_wide_still_has_room_to_grow():
    """Air of a small chest leads to a seed that is far wider than the trachea's median."""
    ct = chest_phantom(ChestPhantomSpec(scale=0.55, spacing_mm=(0.7, 0.7, 1.25))).volume
    lumen = airways_of(ct)
    assert lumen.any()
    # The edge of wide airways, above air; 10 HU for what the trachea's air is off by.
    assert ct.array[lumen].max() < -1000 + air_levels.CONSTANTS.lumen_edge_hu + 10
