"""Bronchi by their lumen: found, as wide as they are, and vessels not taken for them."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.bronchi import WALL_HALF_MM, bronchial_zone, find_bronchi
from BV5AnalysisLib.imaging.phantom import StraightAirway, StraightTube, tube_phantom
from BV5AnalysisLib.imaging.ridges import find_ridge_points
from tubes import DIRECTIONS, off_axis_mm, to_world

PARENCHYMA_HU = -850.0


def airway_alone(lumen_mm, wall_mm, direction, noise_hu=20.0):
    """An airway through the middle: its companion is thin and far off."""
    airway = StraightAirway(np.pi * lumen_mm**2, wall_mm, gap_mm=12.0, side=(1, 0.3, 0.2))
    axis = np.array(direction) / np.linalg.norm(direction)
    side = np.array(airway.side) - np.dot(airway.side, axis) * axis
    apart = np.sqrt(0.01 / np.pi) + 12.0 + wall_mm + lumen_mm
    center = tuple(-apart * side / np.linalg.norm(side))
    tube = StraightTube(0.01, direction, center, airway=airway)
    return tube_phantom([tube], noise_hu=noise_hu, size=(70, 70, 70), seed=5)


def bronchi_in(phantom):
    volume = phantom.volume
    lung = np.ones(volume.array.shape, bool)
    return find_bronchi(volume.array, lung, volume.grid.spacing_zyx, PARENCHYMA_HU)


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
@pytest.mark.parametrize(("lumen_mm", "wall_mm"), [(1.5, 0.5), (2.2, 0.6), (3.5, 0.8)])
def test_its_wall_yields_no_vessel(lumen_mm, wall_mm, direction):
    phantom = airway_alone(lumen_mm, wall_mm, direction)
    volume = phantom.volume
    spacing = volume.grid.spacing_zyx
    points = find_ridge_points(volume.array, np.ones(volume.array.shape, bool), spacing, -390.0)
    zone = bronchial_zone(bronchi_in(phantom), volume.array.shape, spacing)
    index = tuple(np.rint(points.position_mm / spacing).astype(int).T)
    world = to_world(phantom, points.position_mm)
    near = inner(world, phantom)
    left = near & ~zone[index]
    assert left.sum() == 0


@pytest.mark.parametrize("csa", [8.0, 20.0])
def test_the_artery_that_it_touches_keeps_its_points(csa):
    lumen_mm = 0.75 * np.sqrt(csa / np.pi)
    airway = StraightAirway(np.pi * lumen_mm**2, 0.4, side=(1, 0.3, 0.2))
    tube = StraightTube(csa, (0.1, 0.3, 0.9), airway=airway)
    phantom = tube_phantom([tube], noise_hu=20)
    volume = phantom.volume
    spacing = volume.grid.spacing_zyx
    bronchi = bronchi_in(phantom)
    assert len(bronchi.position_mm) > 25
    zone = bronchial_zone(bronchi, volume.array.shape, spacing)
    points = find_ridge_points(volume.array, np.ones(volume.array.shape, bool), spacing, -390.0)
    on_axis = off_axis_mm(to_world(phantom, points.position_mm), tube.direction) < 1.0
    assert on_axis.sum() > 25
    index = tuple(np.rint(points.position_mm[on_axis] / spacing).astype(int).T)
    assert not zone[index].any()


def test_the_zone_is_lumen_and_wall_and_no_more():
    phantom = airway_alone(2.2, 0.6, (0, 0, 1))
    volume = phantom.volume
    zone = bronchial_zone(bronchi_in(phantom), volume.array.shape, volume.grid.spacing_zyx)
    world = volume.grid.index_to_world(np.indices(zone.shape).reshape(3, -1).T)
    off = off_axis_mm(world, (0, 0, 1)).reshape(zone.shape)
    middle = slice(15, 55)
    assert zone[middle][off[middle] < 2.2].mean() > 0.99
    assert not zone[middle][off[middle] > 2.2 + 0.6 + WALL_HALF_MM + 0.5].any()


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
    bronchi = find_bronchi(volume.array, lung, volume.grid.spacing_zyx, PARENCHYMA_HU)
    assert np.isfinite(bronchi.wall_radius_mm).all()


def test_no_bronchi_have_an_empty_zone():
    phantom = tube_phantom([StraightTube(8.0)])
    zone = bronchial_zone(bronchi_in(phantom), (64, 64, 64), np.full(3, 0.7))
    assert zone.shape == (64, 64, 64)
    assert not zone.any()
