"""Parenchyma and noise, read back from images made with known ones."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.measurements import BloodLevels
from BV5AnalysisLib.imaging.vessels.calibration import (
    CONSTANTS,
    Parenchyma,
    calibrate,
    measure_parenchyma,
)


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


def test_given_blood_goes_before_measured_before_usual():
    parenchyma, measured = Parenchyma(-850, 20), BloodLevels(45.0, (45.0,), 0.0)
    assert calibrate(parenchyma, measured, 300.0).blood_hu == 300
    assert calibrate(parenchyma, measured, None).blood_hu == 45
    assert calibrate(parenchyma, None, None).blood_hu == CONSTANTS.unenhanced_blood_hu
    # 0 HU is a value, too.
    assert calibrate(parenchyma, measured, 0.0).blood_hu == 0


def test_whole_numbers_give_the_noise_of_what_they_were_rounded_from():
    # The median of whole second differences is whole: 8.5, 9.1 or 9.7 HU of noise, none between.
    image, lung = lung_image(9.4)
    exact = measure_parenchyma(image, lung)
    rounded = measure_parenchyma(np.rint(image), lung)
    # Rounding itself is noise of 0.3 HU.
    assert rounded.noise_hu == pytest.approx(np.hypot(exact.noise_hu, 12**-0.5), abs=0.03)
    assert rounded.level_hu == pytest.approx(exact.level_hu, abs=0.1)
