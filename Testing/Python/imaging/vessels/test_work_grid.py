"""The work grid: the same world, coarse axes interpolated, nothing else touched."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.numerics.polar_profiles import MarkedImage, read_profiles
from BV5AnalysisLib.imaging.phantom import StraightTube, tube_phantom
from BV5AnalysisLib.imaging.vessels.ridges import coarsest_step
from BV5AnalysisLib.imaging.vessels.work_grid import WorkGrid
from helpers.tubes import straight
from scipy.spatial.transform import Rotation

OBLIQUE = tuple(Rotation.from_euler("zyx", [20, -10, 35], degrees=True).as_matrix().ravel())


def grid_of(spacing, size=(40, 36, 30), direction=OBLIQUE):
    return Grid(size, spacing, (-31.0, 12.5, 140.0), direction)


def box_mask(grid):
    mask = np.zeros(grid.shape, bool)
    mask[8:22, 10:30, 9:33] = True
    return mask


def grid_in_world(work):
    """The work grid as a grid of its own, made from the middle of the box's first block."""
    first = [axis.first + axis.offset * axis.block + (axis.block - 1) / 2 for axis in work.axes]
    corner = work.source.index_to_world([first])[0]
    return Grid(work.shape[::-1], tuple(work.spacing[::-1]), tuple(corner), work.source.direction)


def smooth(world_mm):
    """A function of the world that bends over 8 mm, as the finest vessels do."""
    return 100 * np.sin(world_mm @ [0.35, 0.2, 0.3]) + 2 * world_mm[..., 0]


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [
        ((0.7, 0.7, 0.7), (0.7, 0.7, 0.7)),
        ((0.7, 0.7, 0.9), (0.7, 0.7, 0.9)),
        ((0.7, 0.7, 1.25), (0.7, 0.7, 0.7)),
        ((0.75, 0.75, 2.0), (0.75, 0.75, 0.75)),
        ((2.0, 0.75, 0.75), (0.75, 0.75, 0.75)),
        # Thinner than any scanner resolves: no reason to make 0.4 mm voxels.
        ((0.4, 0.4, 0.75), (0.4, 0.4, 0.75)),
        ((0.4, 0.4, 1.0), (0.4, 0.4, 0.6)),
        # Slices far thinner than pixels are averaged, up to the pixels' size or 0.6 mm.
        ((0.7, 0.7, 0.5), (0.7, 0.7, 0.5)),
        ((0.7, 0.7, 0.35), (0.7, 0.7, 0.7)),
        ((0.7, 0.7, 0.3), (0.7, 0.7, 0.6)),
        ((0.3, 0.7, 0.7), (0.6, 0.7, 0.7)),
        ((0.35, 0.35, 0.35), (0.35, 0.35, 0.35)),
        ((0.3, 0.3, 0.3), (0.6, 0.6, 0.6)),
    ],
)
def test_only_axes_much_finer_or_coarser_are_changed(spacing, expected):
    grid = grid_of(spacing)
    work = WorkGrid.around(box_mask(grid), grid, 2.0)
    assert work.spacing[::-1] == pytest.approx(expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_box_is_the_mask_and_a_margin_inside_the_scan(axis):
    grid = grid_of((0.7, 0.8, 2.0))
    work = WorkGrid.around(box_mask(grid), grid, 3.0)
    margin = int(np.ceil(3.0 / grid.spacing_zyx[axis]))
    tight = (slice(8, 22), slice(10, 30), slice(9, 33))[axis]
    # Up to four voxels of the work grid more on each side: what becomes one at coarse scales.
    more = int(np.ceil(4 * work.spacing[axis] / grid.spacing_zyx[axis])) + 1
    wanted = (max(0, tight.start - margin), min(grid.shape[axis], tight.stop + margin))
    assert max(0, wanted[0] - more) <= work.box[axis].start <= wanted[0]
    assert wanted[1] <= work.box[axis].stop <= min(grid.shape[axis], wanted[1] + more)
    whole = WorkGrid.around(box_mask(grid), grid, 1000.0)
    assert whole.box[axis] == slice(0, grid.shape[axis])


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 0.7), (0.7, 0.7, 1.25), (1.25, 0.7, 0.7)])
def test_image_goes_through_the_function_at_its_own_places(spacing):
    grid = grid_of(spacing)
    values = smooth(grid.index_to_world(np.moveaxis(np.indices(grid.shape), 0, -1)))
    work = WorkGrid.around(box_mask(grid), grid, 2.0)
    image = work.image(values)
    assert image.shape == work.shape
    assert image.dtype == np.float32
    here = grid_in_world(work)
    expected = smooth(here.index_to_world(np.moveaxis(np.indices(here.shape), 0, -1)))
    # Of an amplitude of 100, and away from the box's rim, where the spline knows no more samples.
    inner = tuple(slice(round(4 / s), -round(4 / s)) for s in work.spacing)
    assert np.abs(image - expected)[inner].max() < 0.25


def test_samples_that_coincide_keep_their_value():
    """Nothing is smoothed: noise stays what it is where old and new slices meet."""
    grid = grid_of((0.7, 0.7, 1.4))
    noise = np.random.default_rng(1).normal(0, 25, grid.shape)
    work = WorkGrid.around(box_mask(grid), grid, 2.0)
    index = work.to_scan_index(np.outer(np.arange(work.shape[0]), work.spacing))[:, 0]
    on_slice = np.isclose(index, np.rint(index))
    assert on_slice.sum() >= work.shape[0] // 2
    expected = noise[(np.rint(index[on_slice]).astype(int), *work.box[1:])]
    assert np.allclose(work.image(noise)[on_slice], expected, atol=0.01)


def test_box_alone_is_cut_out_unchanged():
    grid = grid_of((0.7, 0.7, 0.8))
    values = np.random.default_rng(1).integers(-1000, 100, grid.shape).astype(np.int16)
    work = WorkGrid.around(box_mask(grid), grid, 2.0)
    assert np.array_equal(work.image(values), values[work.box])
    assert np.array_equal(work.labels(values), values[work.box])


def test_labels_are_those_of_the_nearest_voxel():
    grid = grid_of((0.7, 0.7, 1.75))
    labels = np.random.default_rng(2).integers(0, 3, grid.shape).astype(np.uint8)
    work = WorkGrid.around(box_mask(grid), grid, 2.0)
    found = work.labels(labels)
    assert found.shape == work.shape
    assert found.dtype == labels.dtype
    here = grid_in_world(work)
    index = grid.world_to_index(here.index_to_world(np.moveaxis(np.indices(here.shape), 0, -1)))
    # Half way between two slices either will do.
    sure = np.abs(index[..., 0] % 1 - 0.5) > 0.01
    nearest = labels[tuple(np.moveaxis(np.rint(index).astype(int), -1, 0))]
    assert np.array_equal(found[sure], nearest[sure])


@pytest.mark.parametrize("direction", [OBLIQUE, Grid((1, 1, 1), (1, 1, 1)).direction])
def test_points_reach_the_world_as_voxels_do(direction):
    grid = grid_of((0.7, 0.8, 1.9), direction=direction)
    work = WorkGrid.around(box_mask(grid), grid, 2.0)
    index = np.random.default_rng(3).uniform(0, np.array(work.shape) - 1, (50, 3))
    points_mm = index * work.spacing
    in_world = work.to_world(points_mm)
    assert np.allclose(in_world, grid_in_world(work).index_to_world(index))
    assert np.allclose(grid.world_to_index(in_world), work.to_scan_index(points_mm))


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 0.7), (0.7, 0.72, 1.25), (0.7, 0.7, 0.3)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_neither_air_cut_off_nor_a_larger_mask_moves_the_voxels(spacing, axis):
    """One period of the coarsest scale up to three off: 1 to 3 voxels, and so many of lung."""
    grid = Grid((90, 90, 140), spacing, (-31.03, 12.51, 140.02), OBLIQUE)
    mask = np.zeros(grid.shape, bool)
    mask[60:80, 36:50, 36:50] = True
    values = smooth(grid.index_to_world(np.moveaxis(np.indices(grid.shape), 0, -1)))
    whole = WorkGrid.around(mask, grid, 1.0)
    for cut in (1, 2, 3):
        piece = (slice(None),) * axis + (slice(cut, None),)
        first = np.zeros(3)
        first[axis] = cut
        size = list(grid.shape)
        size[axis] -= cut
        origin = tuple(grid.index_to_world(first))
        rest = WorkGrid.around(mask[piece], Grid(tuple(size[::-1]), spacing, origin, OBLIQUE), 1.0)
        assert rest.shape == whole.shape
        assert np.allclose(rest.to_world(np.zeros((1, 3))), whole.to_world(np.zeros((1, 3))))
        assert np.allclose(rest.image(values[piece]), whole.image(values), atol=1e-3)

        larger = mask | np.roll(mask, -cut, axis) | np.roll(mask, cut, axis)
        more = WorkGrid.around(larger, grid, 1.0)
        apart = (whole.to_world(np.zeros((1, 3))) - more.to_world(np.zeros((1, 3))))[0]
        voxels = np.reshape(OBLIQUE, (3, 3)).T @ apart / more.spacing[::-1]
        period = coarsest_step(more.spacing)[::-1]
        assert np.allclose(voxels / period, np.rint(voxels / period), atol=1e-6)
        assert (np.array(more.shape) % period[::-1] == 0).all()


def test_labels_half_way_between_slices_are_those_of_the_first():
    grid = Grid((40, 40, 40), (0.7, 0.7, 1.4))
    labels = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None], grid.shape)
    work = WorkGrid.around(labels > 5, grid, 0.0)
    found = work.labels(labels)[:, 0, 0].astype(int)
    index = work.to_scan_index(np.outer(np.arange(len(found)), [0.7, 0.7, 0.7]))[:, 0]
    assert np.array_equal(found, np.ceil(index - 0.5 - 1e-6))


def test_blocks_of_thin_slices_stay_inside_the_scan():
    """23 slices make 11 pairs and 7 triples."""
    for spacing_z, block, count in ((0.3, 2, 11), (0.22, 3, 7)):
        grid = Grid((40, 36, 23), (0.7, 0.7, spacing_z))
        mask = np.zeros(grid.shape, bool)
        mask[2:, 10:30, 9:33] = True
        work = WorkGrid.around(mask, grid, 2.0)
        assert work.block == (block, 1, 1)
        assert work.box[0] == slice(0, block * count)
        values = np.random.default_rng(4).normal(size=grid.shape).astype(np.float32)
        expected = values[work.box].reshape(count, block, *work.shape[1:]).mean(1)
        assert np.allclose(work.image(values), expected, atol=1e-5)
        assert work.labels(mask).shape == work.shape
        assert work.sampled_labels(mask).shape == work.samples(values).shape


# Measured: 1.6 % at 1.25 mm², 0.6 % at 5 mm², of either sign: noise.
@pytest.mark.parametrize("csa", [1.25, 5.0])
@pytest.mark.parametrize("direction", [(0, 0, 1), (1, 0.2, 0.1), (0.4, 0.7, 0.6)])
def test_averaged_thin_slices_keep_areas(csa, direction):
    tube = StraightTube(csa, direction, (0.31, -0.17, 0.23))
    phantom = tube_phantom([tube], size=(64, 64, 150), spacing_mm=(0.7, 0.7, 0.3), noise_hu=40)
    grid = phantom.volume.grid
    work = WorkGrid.around(np.ones(grid.shape, bool), grid, 0.0)
    assert work.block == (2, 1, 1)
    axis = np.array(direction) / np.linalg.norm(direction)
    line = straight(np.array(tube.center_mm) - 13 * axis, axis, 26)
    frame = (grid.world_to_index(line) - [work.box[0].start + 0.5, 0, 0]) * grid.spacing_zyx
    assert np.allclose(work.to_world(frame), line)
    image = MarkedImage(work.image(phantom.volume.array), work.spacing)
    directions = np.broadcast_to(axis[::-1], frame.shape)
    around = read_profiles(image, frame, directions, 3.6, 0.3)
    blood = (around.hu.mean(axis=(0, 1)) + 850) / 890
    area = (blood * 2 * np.pi * around.radius_mm * around.step_mm).sum()
    assert area == pytest.approx(csa, rel=0.025)
