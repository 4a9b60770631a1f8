"""Grids map indices to the world as SimpleITK does."""

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging.model.volume import Grid, Volume


@pytest.fixture
def oblique_image() -> sitk.Image:
    image = sitk.Image(5, 6, 7, sitk.sitkInt16)
    image.SetSpacing((0.7, 0.8, 1.25))
    image.SetOrigin((10.0, -20.0, 30.0))
    angle = 0.3
    image.SetDirection((np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle), 0, 0, 0, 1))
    return image


def test_index_to_world_agrees_with_simpleitk(oblique_image):
    world = Grid.of(oblique_image).index_to_world(np.array([[4, 3, 2]]))
    assert np.allclose(world, oblique_image.TransformIndexToPhysicalPoint((2, 3, 4)))


def test_world_to_index_inverts(oblique_image):
    grid = Grid.of(oblique_image)
    index = np.array([[1.5, 2.25, 3.0], [0, 0, 0]])
    assert np.allclose(grid.world_to_index(grid.index_to_world(index)), index)


def test_volume_survives_the_way_through_simpleitk(oblique_image):
    volume = Volume.of(oblique_image)
    again = Volume.of(volume.to_sitk())
    assert again.grid == volume.grid
    assert np.array_equal(again.array, volume.array)


def test_grids_match_only_within_the_tolerance(oblique_image):
    grid = Grid.of(oblique_image)
    moved = Grid(grid.size, grid.spacing, (10.0, -20.0, 30.5), grid.direction)
    assert grid.matches(grid)
    assert not grid.matches(moved)


def test_volume_refuses_an_array_of_another_shape(oblique_image):
    with pytest.raises(ValueError, match="shape"):
        Volume(np.zeros((2, 2, 2)), Grid.of(oblique_image))
