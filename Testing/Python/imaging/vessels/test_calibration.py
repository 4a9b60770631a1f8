"""Parenchyma, noise and blood, read back from images made with known ones."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.phantom import StraightTube, tube_phantom
from BV5AnalysisLib.imaging.vessels.calibration import (
    CONSTANTS,
    Parenchyma,
    calibrate,
    measure_blood_hu,
    measure_parenchyma,
)
from BV5AnalysisLib.imaging.vessels.ridges import find_ridge_points
from helpers.work_images import work_image


def lung_image(noise_hu=25.0, level=-860.0, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.normal(level, noise_hu, (40, 60, 60))
    return image, np.ones(image.shape, bool)


@pytest.mark.parametrize("level", [-930.0, -860.0, -750.0])
@pytest.mark.parametrize("noise_hu", [5.0, 25.0, 60.0])
def test_level_and_noise(level, noise_hu):
    found = measure_parenchyma(*lung_image(noise_hu, level))
    assert found.level_hu == pytest.approx(level, abs=2 if noise_hu < 50 else 12)
    # Tails that reach -1000 HU or 150 HU off the level are left out: at 60 HU noise comes out up
    # to 18 % low.
    assert found.noise_hu == pytest.approx(noise_hu, rel=0.04 if noise_hu < 50 else 0.2)


def test_gravity_and_vessels_do_not_count_as_noise():
    image, lung = lung_image(20.0)
    image += np.linspace(-60, 60, 60)[None, :, None]
    image[:, 20:23, :] = 40
    image[:, :, 40:43] = 40
    found = measure_parenchyma(image, lung)
    assert found.level_hu == pytest.approx(-860, abs=6)
    assert found.noise_hu == pytest.approx(20, rel=0.05)


def test_opacities_and_what_is_outside_do_not_count():
    image, lung = lung_image(20.0)
    image[:, :20] = -500
    image[:, 50:] = -1000
    lung[:, 50:] = False
    found = measure_parenchyma(image, lung)
    assert found.level_hu == pytest.approx(-860, abs=2)
    assert found.noise_hu == pytest.approx(20, rel=0.05)


@pytest.mark.parametrize("shape", [(4, 4, 4), (1, 1, 1)])
def test_no_plain_parenchyma_gives_a_usual_level(shape):
    found = measure_parenchyma(np.full(shape, 40.0), np.ones(shape, bool))
    assert found == Parenchyma(-850.0, 0.0)


def points_of(csa, blood_hu, size=(64, 64, 64)):
    tube = StraightTube(csa, (0.2, 0.3, 0.9))
    phantom = tube_phantom([tube], blood_hu=blood_hu, noise_hu=20, size=size)
    image = work_image(phantom.volume)
    return image, find_ridge_points(image, -390.0)


# Measured: within 1 HU.
@pytest.mark.parametrize("blood_hu", [30.0, 45.0, 150.0, 350.0])
def test_blood_of_a_large_vessel(blood_hu):
    found = measure_blood_hu(*points_of(40.0, blood_hu))
    assert found == pytest.approx(blood_hu, abs=4)


def test_small_vessels_do_not_tell():
    assert measure_blood_hu(*points_of(4.0, 40.0)) is None


def test_too_few_points_do_not_tell():
    image, points = points_of(40.0, 40.0)
    large = np.nonzero(points.scale_mm > CONSTANTS.large_scales_mm[-1])[0]
    fewest = CONSTANTS.fewest_points
    assert measure_blood_hu(image, points[large[: fewest - 1]]) is None
    assert measure_blood_hu(image, points[large[:fewest]]) is not None


def test_points_in_opacities_and_vessel_ends_do_not_count():
    """Two in five points part air: the median would be 60 HU too low."""
    image, points = points_of(40.0, 40.0, size=(64, 64, 128))
    large = points[points.scale_mm > CONSTANTS.large_scales_mm[-1]]
    array = image.hu.copy()
    rng = np.random.default_rng(0)
    index = np.rint(large.position_mm / image.spacing).astype(int)
    for at in index[: 2 * len(index) // 5]:
        block = tuple(slice(i - 1, i + 2) for i in at)
        array[block] -= rng.uniform(40, 500)
    found = measure_blood_hu(image.with_hu(array), points)
    # Measured: 2.7 HU off.
    assert found == pytest.approx(40, abs=8)


def test_fat_is_not_taken_for_blood():
    """Mediastinal fat within the lungs' outline: wide and round, as vessels are."""
    image, points = points_of(40.0, 40.0)
    assert measure_blood_hu(image.with_hu(image.hu - 110), points) is None


def test_given_blood_goes_before_measured_before_usual():
    parenchyma = Parenchyma(-850, 20)
    assert calibrate(parenchyma, 45.0, 300.0).blood_hu == 300
    assert calibrate(parenchyma, 45.0, None).blood_hu == 45
    assert calibrate(parenchyma, None, None).blood_hu == CONSTANTS.unenhanced_blood_hu
    # 0 HU is a value, too.
    assert calibrate(parenchyma, 45.0, 0.0).blood_hu == 0
