"""Blood, read back from vessels whose blood is known."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.imaging.phantom import StraightTube, tube_phantom
from BV5AnalysisLib.imaging.vessels import blood
from BV5AnalysisLib.imaging.vessels.blood import measure_blood_levels
from BV5AnalysisLib.imaging.vessels.calibration import Parenchyma
from BV5AnalysisLib.imaging.vessels.ridge_points import RidgePoints, concatenate
from BV5AnalysisLib.imaging.vessels.ridges import find_ridge_points
from helpers.work_images import image_of, work_image

PARENCHYMA = Parenchyma(-850.0, 20.0)


def vessel(csa, blood_hu, size=(64, 64, 64), noise_hu=20.0):
    tube = StraightTube(csa, (0.2, 0.3, 0.9))
    phantom = tube_phantom([tube], blood_hu=blood_hu, noise_hu=noise_hu, size=size)
    image = work_image(phantom.volume)
    return image, find_ridge_points(image, -390.0)


def side_by_side(*vessels):
    """One image of several vessels along x, and all their points."""
    image = image_of(np.concatenate([v.hu for v, _ in vessels], axis=2), vessels[0][0].spacing)
    width_mm = vessels[0][0].hu.shape[2] * image.spacing[2]
    offset = np.array([0.0, 0.0, width_mm])
    return image, concatenate([points.moved(n * offset) for n, (_, points) in enumerate(vessels)])


# Measured: within 5 HU.
@pytest.mark.parametrize("blood_hu", [30.0, 45.0, 150.0, 350.0])
def test_blood_of_a_large_vessel(blood_hu):
    found = measure_blood_levels(*vessel(40.0, blood_hu), PARENCHYMA)
    assert found.blood_hu == pytest.approx(blood_hu, abs=8)
    assert found.levels_hu == (found.blood_hu,)
    assert found.without_agent_pct < 1


def test_noise_hardly_moves_it():
    found = measure_blood_levels(*vessel(40.0, 45.0, noise_hu=60.0), PARENCHYMA)
    assert found.blood_hu == pytest.approx(45, abs=25)


def test_small_vessels_do_not_tell():
    assert measure_blood_levels(*vessel(4.0, 40.0), PARENCHYMA) is None


def test_no_vessels_do_not_tell():
    image, points = vessel(40.0, 40.0)
    none = points[np.zeros(len(points), bool)]
    assert measure_blood_levels(image, none, PARENCHYMA) is None


def test_vessel_ends_and_motion_do_not_count():
    """Two in five points part air: the median would be 60 HU too low."""
    image, points = vessel(40.0, 40.0, size=(64, 64, 128))
    large = points[points.scale_mm > 1.7]
    array = image.hu.copy()
    rng = np.random.default_rng(0)
    index = np.rint(large.position_mm / image.spacing).astype(int)
    for at in index[: 2 * len(index) // 5]:
        block = tuple(slice(i - 1, i + 2) for i in at)
        array[block] -= rng.uniform(40, 500)
    found = measure_blood_levels(image.with_hu(array), points, PARENCHYMA)
    assert found.blood_hu == pytest.approx(40, abs=15)


def test_fat_is_not_taken_for_blood():
    """Mediastinal fat within the lungs' outline: wide and round, as vessels are."""
    image, points = vessel(40.0, 40.0)
    assert measure_blood_levels(image.with_hu(image.hu - 190), points, PARENCHYMA) is None


def test_what_has_no_lung_around_it_is_no_vessel():
    """A ridge in an opacity, the heart's border or the chest wall."""
    image, points = vessel(40.0, 40.0)
    dense = np.maximum(image.hu, -100.0)
    assert measure_blood_levels(image.with_hu(dense), points, PARENCHYMA) is None


@pytest.mark.parametrize("emboli", [1, 2])
def test_emboli_do_not_count_where_blood_is_enhanced(emboli):
    tubes = [vessel(40.0, 300.0)] + emboli * [vessel(40.0, 50.0)]
    found = measure_blood_levels(*side_by_side(*tubes), PARENCHYMA)
    assert found.blood_hu == pytest.approx(300, abs=10)
    assert found.without_agent_pct == pytest.approx(100 * emboli / (1 + emboli), abs=4)


def test_arteries_and_veins_that_differ_are_told():
    found = measure_blood_levels(
        *side_by_side(vessel(40.0, 400.0), vessel(40.0, 180.0)), PARENCHYMA
    )
    assert found.levels_hu == pytest.approx((180, 400), abs=10)
    assert found.blood_hu == pytest.approx(290, abs=10)
    assert found.without_agent_pct < 1


def test_it_moves_as_little_as_the_image():
    image, points = side_by_side(vessel(40.0, 400.0), vessel(40.0, 180.0), vessel(20.0, 50.0))
    before = measure_blood_levels(image, points, PARENCHYMA).blood_hu
    after = measure_blood_levels(image.with_hu(image.hu + 0.01), points, PARENCHYMA).blood_hu
    assert after - before == pytest.approx(0.01, abs=0.02)


def test_fewer_vessels_are_less_flat():
    """Where few are flat, less flat ones count in part, and blood is known all the same."""
    image, points = vessel(12.0, 40.0, size=(64, 64, 96))
    found = measure_blood_levels(image, points, PARENCHYMA)
    assert found.blood_hu == pytest.approx(40, abs=25)


def test_too_few_points_do_not_tell(monkeypatch):
    image, points = vessel(40.0, 40.0)
    assert isinstance(points, RidgePoints)
    many = dataclasses.replace(blood.CONSTANTS, fewest_points=1e4)
    monkeypatch.setattr(blood, "CONSTANTS", many)
    assert measure_blood_levels(image, points, PARENCHYMA) is None


def test_opacities_that_outnumber_vessels_do_not_count_where_blood_is_enhanced():
    """Patches of consolidation with lung around them, wider than most vessels."""
    tubes = [vessel(16.0, 250.0)] * 2 + [vessel(60.0, 25.0)] * 2
    found = measure_blood_levels(*side_by_side(*tubes), PARENCHYMA)
    assert found.blood_hu == pytest.approx(250, abs=15)
