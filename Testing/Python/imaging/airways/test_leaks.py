"""A tree is judged by the wall around it, against chance in the same lungs."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.airways.growth import AirwayBranch, Scale
from BV5AnalysisLib.imaging.airways.growth_image import GrowthImage
from BV5AnalysisLib.imaging.airways.leaks import without_leaks
from BV5AnalysisLib.imaging.model.volume import Grid, Volume

SHAPE = (60, 50, 50)
LUNG_HU = -870.0
SCALE = Scale(20.0, 314.0)


def layers(mask):
    """Flat indices of a mask, plane by plane from the top."""
    planes = [np.flatnonzero(plane) + z * plane.size for z, plane in enumerate(mask)]
    return [plane for plane in planes[::-1] if len(plane)]


def airway_in_lung(noise_hu):
    """A bronchus with its wall along z, in noisy parenchyma; and the bronchus."""
    _, y, x = np.indices(SHAPE, sparse=True)
    from_axis = np.broadcast_to(np.hypot(y - 25, x - 25), SHAPE)
    hu = np.full(SHAPE, LUNG_HU)
    hu[from_axis < 4.5] = -300
    lumen = from_axis < 3
    hu[lumen] = -990
    hu += np.random.default_rng(3).normal(0, noise_hu, SHAPE)
    volume = Volume(np.rint(hu).astype(np.int16), Grid(SHAPE[::-1], (1.0, 1.0, 1.0)))
    image = GrowthImage.of(volume, tuple(slice(0, size) for size in SHAPE), noise_hu)
    return image, lumen, from_axis


@pytest.mark.parametrize("noise_hu", [15, 40, 80])
def test_what_has_no_wall_is_cut_and_what_has_one_stays(noise_hu):
    image, lumen, from_axis = airway_in_lung(noise_hu)
    everything = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    inner = np.zeros(SHAPE, bool)
    inner[2:-2, 2:-2, 2:-2] = True
    lung = everything[inner & (from_axis > 8)]
    loosest_hu = float(np.median(image.at(lung)))
    # A leak as growth would find it: the dark voxels of a block of parenchyma.
    block = np.zeros(SHAPE, bool)
    block[10:40, 5:12, 5:12] = True
    leak = block & (image.at(everything.ravel()).reshape(SHAPE) < loosest_hu)
    trunk, stem = lumen.copy(), lumen.copy()
    trunk[:40], stem[40:], stem[:3] = False, False, False
    parent = AirwayBranch(-900, 30, SCALE, -1, layers(trunk & inner))
    sound = AirwayBranch(-900, 30, SCALE, 0, layers(stem & inner))
    leaking = AirwayBranch(-900, 30, SCALE, 0, layers(leak))
    beyond = AirwayBranch(-900, 30, SCALE, 2, layers(leak)[:1])
    left = without_leaks(image, [parent, sound, leaking, beyond], lung, loosest_hu)
    assert [id(branch) for branch in left] == [id(parent), id(sound)]


def test_a_cavity_with_a_wall_holds_too_much_air_for_the_airway_that_leads_to_it():
    image, lumen, _ = airway_in_lung(15)
    inner = np.zeros(SHAPE, bool)
    inner[2:-2] = True
    parent = AirwayBranch(-900, 28, SCALE, -1, layers(lumen & inner)[:10])
    thin = AirwayBranch(-900, 28, SCALE, 0, [np.arange(4) + 1000 * z for z in range(30, 20, -1)])
    thin.layers += [np.arange(2000) + 1000 * z for z in range(20, 10, -1)]
    left = without_leaks(image, [parent, thin], np.empty(0, int), -880.0)
    assert [id(branch) for branch in left] == [id(parent)]
