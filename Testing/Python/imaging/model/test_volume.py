"""Grids map indices to the world as SimpleITK does."""

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging.model.volume import Grid, Volume, triple


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


def test_a_triple_has_three_values():
    assert triple(number * 2 for number in (1, 2, 3)) == (2, 4, 6)
    with pytest.raises(ValueError, match="expected 3"):
        triple([1, 2])
    with pytest.raises(ValueError, match="expected 3"):
        triple([1, 2, 3, 4])


PIXELS_MM = [
    field_mm / matrix for matrix in (512, 768, 1024) for field_mm in (180, 302, 340, 350, 361, 499)
]
"""Field of view by matrix; some lie exactly half way between two millionths of a millimeter."""


@pytest.mark.parametrize("pixel_mm", [*PIXELS_MM, 0.7, 0.683594, 0.7421875, 1.25, 0.625])
def test_a_billionth_more_or_less_is_rounded_off(pixel_mm):
    stated = Grid((9, 9, 9), (pixel_mm, pixel_mm, 1.25), (-256 * pixel_mm, -171.3, 20.0)).rounded()
    assert stated.rounded() == stated
    assert stated.spacing[0] == pytest.approx(pixel_mm, abs=5e-7)
    for factor in (1 - 1e-9, 1 + 1e-9):
        spacing = tuple(step * factor for step in (pixel_mm, pixel_mm, 1.25))
        origin = (-256 * pixel_mm + 1e-9, -171.3 - 1e-9, 20.0 + 1e-9)
        assert Grid((9, 9, 9), spacing, origin).rounded() == stated
        assert Grid((9, 9, 9), spacing, origin).matches(stated)
