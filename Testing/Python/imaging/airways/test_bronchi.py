"""Bronchi by their lumen: found, as wide as they are, and vessels not taken for them."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.airways.bronchi import find_bronchi
from BV5AnalysisLib.imaging.airways.walls import added_by_bronchi, subtract_bronchi
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.phantom import StraightAirway, StraightTube, tube_phantom
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.cross_sections import measure_cross_sections
from BV5AnalysisLib.imaging.vessels.calibration import Parenchyma
from BV5AnalysisLib.imaging.vessels.linking import link_branches
from BV5AnalysisLib.imaging.vessels.ridges import find_ridge_points
from helpers.tubes import DIRECTIONS, off_axis_mm, to_world
from helpers.work_images import work_image

PARENCHYMA_HU = -850.0
NOISE_HU = 20.0
PARENCHYMA = Parenchyma(PARENCHYMA_HU, NOISE_HU)


def airway_alone(lumen_mm, wall_mm, direction, noise_hu=20.0):
    """An airway through the middle: its companion is thin and far off."""
    airway = StraightAirway(np.pi * lumen_mm**2, wall_mm, gap_mm=12.0, side=(1, 0.3, 0.2))
    axis = np.array(direction) / np.linalg.norm(direction)
    side = np.array(airway.side) - np.dot(airway.side, axis) * axis
    apart = np.sqrt(0.01 / np.pi) + 12.0 + wall_mm + lumen_mm
    center = tuple(-apart * side / np.linalg.norm(side))
    tube = StraightTube(0.01, direction, center, airway=airway)
    return tube_phantom([tube], noise_hu=noise_hu, size=(70, 70, 70), seed=5)


def bronchi_in(phantom, lung=None):
    return find_bronchi(work_image(phantom.volume, lung), PARENCHYMA)


def vessel_points(phantom, image):
    """Ridge points in the world, but for the edge."""
    points = find_ridge_points(image, -390.0)
    world = to_world(phantom, points.position_mm)
    return world[inner(world, phantom)]


def without_bronchi(phantom):
    return subtract_bronchi(work_image(phantom.volume), bronchi_in(phantom))


def inner(world, phantom, edge_mm=8.0):
    half = 0.5 * np.array(phantom.volume.grid.size) * phantom.volume.grid.spacing
    return (np.abs(world) < half - edge_mm).all(axis=1)


# Measured: axes within 0.06 mm, no gap over 0.71 mm, wall radii within 0.15 mm.
@pytest.mark.parametrize("direction", DIRECTIONS[:4])
@pytest.mark.parametrize(("lumen_mm", "wall_mm"), [(1.5, 0.5), (2.2, 0.6), (3.5, 0.8)])
def test_a_bronchus_is_found_along_its_whole_length(lumen_mm, wall_mm, direction):
    phantom = airway_alone(lumen_mm, wall_mm, direction)
    bronchi = bronchi_in(phantom)
    world = to_world(phantom, bronchi.position_mm)
    near = inner(world, phantom)
    off = off_axis_mm(world[near], direction)
    along = np.sort(world[near] @ (np.array(direction) / np.linalg.norm(direction)))
    assert off.max() < 0.15
    assert np.diff(along).max() < 0.8
    assert np.median(bronchi.wall_radius_mm[near]) == pytest.approx(lumen_mm + wall_mm / 2, abs=0.2)


@pytest.mark.parametrize("direction", DIRECTIONS[:4])
@pytest.mark.parametrize(("lumen_mm", "wall_mm"), [(1.0, 0.3), (1.5, 0.5), (2.2, 0.6), (3.5, 0.8)])
# Measured: mean within 5.3 HU, standard deviation at most 34.8 HU where noise is 20.
def test_without_it_there_is_plain_parenchyma_and_no_vessel(lumen_mm, wall_mm, direction):
    phantom = airway_alone(lumen_mm, wall_mm, direction)
    without = without_bronchi(phantom)
    assert len(vessel_points(phantom, without)) == 0
    image = without.hu
    world = phantom.volume.grid.index_to_world(np.argwhere(np.ones(image.shape, bool)))
    off = off_axis_mm(world, direction)
    here = inner(world, phantom) & (off < lumen_mm + 2 * wall_mm + 1)
    assert phantom.volume.array.ravel()[here].max() > PARENCHYMA_HU + 180
    assert image.ravel()[here].mean() == pytest.approx(PARENCHYMA_HU, abs=6)
    assert image.ravel()[here].std() < 1.8 * NOISE_HU


@pytest.mark.parametrize("csa", [6.0, 8.0, 12.0, 20.0])
@pytest.mark.parametrize("direction", DIRECTIONS[:3])
def test_the_artery_that_it_touches_keeps_its_size(csa, direction):
    """Arteries with the airway that goes with them in size."""
    lumen_mm = 0.75 * np.sqrt(csa / np.pi)
    airway = StraightAirway(np.pi * lumen_mm**2, max(0.3, 0.24 * lumen_mm), side=(1, 0.3, 0.2))
    phantom = tube_phantom([StraightTube(csa, direction, airway=airway)], noise_hu=20)
    image = without_bronchi(phantom)
    branches = link_branches(find_ridge_points(image, -390.0), 5.0)
    calibration = Calibration(40.0, PARENCHYMA.level_hu, PARENCHYMA.noise_hu)
    sections = measure_cross_sections(image, branches, calibration, Blur())
    world = to_world(phantom, branches.position_mm)
    near = inner(world, phantom)
    assert near.sum() > 25
    assert off_axis_mm(world[near], direction).max() < 0.3
    assert np.median(sections.csa_mm2[near]) == pytest.approx(csa, rel=0.03)


def test_what_it_adds_is_dark_inside_and_bright_in_the_wall():
    phantom = airway_alone(2.2, 0.6, (0, 0, 1))
    grid = phantom.volume.grid
    voxel, added_hu = added_by_bronchi(bronchi_in(phantom), grid.shape, grid.spacing_zyx)
    world = grid.index_to_world(np.stack(voxel, axis=1))
    off = off_axis_mm(world, (0, 0, 1))
    middle = np.abs(world[:, 2]) < 12
    assert added_hu[middle & (off < 1.0)].max() < -80
    assert added_hu[middle & (np.abs(off - 2.5) < 0.2)].min() > 150
    assert np.abs(added_hu[off > 2.2 + 0.6 + 1.5]).max() < 15


@pytest.mark.parametrize(("csa", "apart_mm"), [(3.0, 4.0), (3.0, 5.5), (12.0, 7.0), (30.0, 9.0)])
def test_the_gap_between_two_vessels_is_no_bronchus(csa, apart_mm):
    tubes = [StraightTube(csa, (0.2, 0.3, 0.9), (sign * apart_mm / 2, 0, 0)) for sign in (-1, 1)]
    assert len(bronchi_in(tube_phantom(tubes, noise_hu=20)).position_mm) == 0


def test_a_vessel_and_noise_are_no_bronchus():
    assert len(bronchi_in(tube_phantom([StraightTube(8.0)], noise_hu=30)).position_mm) == 0


def test_beside_the_lungs_edge_nothing_warns():
    """Rays that leave the lung at once."""
    phantom = airway_alone(2.2, 0.6, (0, 0, 1))
    volume = phantom.volume
    lung = np.zeros(volume.array.shape, bool)
    lung[:, :, :36] = True
    bronchi = bronchi_in(phantom, lung)
    assert np.isfinite(bronchi.wall_radius_mm).all()


def test_without_bronchi_the_image_stays():
    phantom = tube_phantom([StraightTube(8.0)])
    assert (without_bronchi(phantom).hu == phantom.volume.array).all()


def test_the_image_that_is_given_stays_as_it_is():
    phantom = airway_alone(2.2, 0.6, (0, 0, 1))
    before = phantom.volume.array.copy()
    assert (without_bronchi(phantom).hu != before).any()
    assert (phantom.volume.array == before).all()
