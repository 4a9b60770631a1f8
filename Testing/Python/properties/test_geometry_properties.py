"""Grids and orientations: any size, spacing, rotation and order of axes."""

import numpy as np
import SimpleITK as sitk
from BV5AnalysisLib.imaging.model.orientation import Orientation
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

spacings = st.floats(0.3, 5.0)
positions = st.floats(-500.0, 500.0)
angles = st.floats(-np.pi, np.pi)
orders = st.permutations([0, 1, 2])
signs = st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)


@st.composite
def along_axes(draw) -> tuple[float, ...]:
    """Directions along the world's axes, in any order and sense, left-handed ones too."""
    return tuple((np.eye(3)[draw(orders)] * draw(signs)).ravel().tolist())


@st.composite
def oblique(draw) -> tuple[float, ...]:
    """Any rotation, with axes in any order and sense."""
    turn = Rotation.from_euler("zyx", draw(st.tuples(angles, angles, angles))).as_matrix()
    return tuple((turn[:, draw(orders)] * draw(signs)).ravel().tolist())


def grids(directions) -> st.SearchStrategy[Grid]:
    return st.builds(
        Grid,
        st.tuples(*[st.integers(1, 6)] * 3),
        st.tuples(*[spacings] * 3),
        st.tuples(*[positions] * 3),
        directions,
    )


any_grid = grids(along_axes() | oblique())
indices = st.lists(st.tuples(*[st.floats(-50, 50)] * 3), min_size=1, max_size=5).map(np.array)


def numbered(grid: Grid) -> np.ndarray:
    return np.arange(np.prod(grid.shape), dtype=np.int32).reshape(grid.shape)


@given(any_grid, indices)
def test_index_and_world_are_inverse(grid, index):
    assert np.allclose(grid.world_to_index(grid.index_to_world(index)), index, atol=1e-9)


@given(any_grid, indices)
def test_world_is_simpleitks(grid, index):
    image = Volume(numbered(grid), grid).to_sitk()
    expected = [image.TransformContinuousIndexToPhysicalPoint(p[::-1].tolist()) for p in index]
    assert np.allclose(grid.index_to_world(index), expected, atol=1e-9)
    assert Grid.of(image) == grid


@given(any_grid)
def test_axes_are_taken_once_each(grid):
    assert sorted(Orientation.of(grid).axes) == [0, 1, 2]


@given(any_grid)
def test_turning_back_undoes_turning(grid):
    orientation = Orientation.of(grid)
    array = numbered(grid)
    assert np.array_equal(orientation.turn_back(orientation.turn(array)), array)


@given(any_grid)
def test_a_turned_voxel_stays_in_its_place(grid):
    volume = Volume(numbered(grid), grid)
    turned = Orientation.of(grid).turned(volume)
    index = np.argwhere(np.ones(grid.shape, bool))
    turned_index = np.argsort(turned.array.ravel())
    turned_index = np.stack(np.unravel_index(turned_index, turned.array.shape), axis=1)
    # Both lists are in the order of the voxels' numbers.
    world, turned_world = grid.index_to_world(index), turned.grid.index_to_world(turned_index)
    assert np.allclose(world, turned_world, atol=1e-9)


@given(grids(along_axes()))
def test_axes_along_the_world_become_the_worlds(grid):
    turned = Orientation.of(grid).turned_grid()
    assert np.allclose(turned.direction, np.eye(3).ravel())
    again = Orientation.of(turned)
    assert (again.axes, again.flipped) == ((0, 1, 2), (False, False, False))


@given(grids(along_axes()))
def test_turning_is_simpleitks_orienting(grid):
    volume = Volume(numbered(grid), grid)
    right_handed = np.linalg.det(np.reshape(grid.direction, (3, 3))) > 0
    # SimpleITK's filter knows 24 of the 48 orders: those that a rotation makes.
    assume(right_handed)
    expected = Volume.of(sitk.DICOMOrient(volume.to_sitk(), "LPS"))
    turned = Orientation.of(grid).turned(volume)
    assert np.array_equal(turned.array, expected.array)
    assert turned.grid.matches(expected.grid, 1e-9)


@given(any_grid, st.floats(0.02, 5.0), st.floats(0.0, 1.0))
def test_grids_match_within_the_tolerance_only(grid, moved_mm, share):
    origin = (grid.origin[0] + moved_mm, *grid.origin[1:])
    moved = Grid(grid.size, grid.spacing, origin, grid.direction)
    assert grid.matches(moved, moved_mm * 1.01)
    assert not grid.matches(moved, moved_mm * 0.99 * share)
