"""Fast ways of calculating against plain ones: banded products, distances, cut centerlines."""

import numpy as np
from BV5AnalysisLib.imaging.model.centerlines import BRANCH_ARRAYS, POINT_ARRAYS, Centerlines
from BV5AnalysisLib.imaging.model.cutting import joined, keep_points
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.numerics import distances
from BV5AnalysisLib.imaging.numerics.banded import along_axes
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

seeds = st.integers(0, 2**32 - 1)


@st.composite
def banded_matrices(draw, size: int) -> np.ndarray | None:
    """A matrix (out, size) that is zero off its diagonal, or None."""
    if draw(st.booleans()):
        return None
    out, width = draw(st.integers(1, 50)), draw(st.integers(0, 4))
    middle = np.linspace(0, size - 1, out)[:, None]
    near = abs(np.arange(size) - np.rint(middle)) <= width
    values = np.random.default_rng(draw(seeds)).uniform(0.1, 1.0, near.shape)
    return np.where(near, values, 0).astype(np.float32)


@st.composite
def products(draw) -> tuple[list[np.ndarray | None], np.ndarray]:
    shape = draw(st.tuples(*[st.integers(1, 40)] * 3))
    kind = draw(st.sampled_from([np.float32, np.int16, np.uint8]))
    volume = np.random.default_rng(draw(seeds)).integers(0, 200, shape).astype(kind)
    return [draw(banded_matrices(size)) for size in shape], volume


@given(products())
@settings(max_examples=40)
def test_banded_products_are_the_dense_ones(product):
    matrices, volume = product
    expected = volume.astype(float)
    for axis, matrix in enumerate(matrices):
        if matrix is not None:
            expected = np.moveaxis(np.tensordot(matrix.astype(float), expected, (1, axis)), 0, axis)
    found = along_axes(matrices, volume)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-3)


@st.composite
def masks(draw) -> tuple[np.ndarray, Grid]:
    size = draw(st.tuples(*[st.integers(1, 14)] * 3))
    spacing = draw(st.tuples(*[st.floats(0.4, 3.0)] * 3))
    grid = Grid(size, spacing)
    filled = draw(st.sampled_from([0.5, 0.9, 0.98]))
    mask = np.random.default_rng(draw(seeds)).random(grid.shape) < filled
    # Else nothing is left to measure a distance to.
    mask.flat[draw(st.integers(0, mask.size - 1))] = False
    return mask, grid


@given(masks(), st.floats(0.1, 30.0))
def test_distances_are_scipys(case, limit_mm):
    mask, grid = case
    # From the rim, the mask's voxels beside the outside, corners included, in the array.
    rim = mask & ndimage.binary_dilation(~mask, np.ones((3, 3, 3)))
    exact = ndimage.distance_transform_edt(mask & ~rim, sampling=grid.spacing_zyx)
    found = distances.distance_mm(mask, grid, limit_mm)
    assert np.allclose(found, np.minimum(exact, limit_mm), atol=1e-3)


@st.composite
def trees(draw) -> Centerlines:
    """Branches of any numbers of points, every value another."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    start = np.cumsum([0, *lengths])
    rng = np.random.default_rng(draw(seeds))
    n = int(start[-1])
    return Centerlines.measured(
        points_mm=rng.uniform(-100, 100, (n, 3)),
        branch_start=start,
        csa_mm2=rng.uniform(1, 50, n),
        size_class=rng.integers(1, 5, n).astype(np.uint8),
        point_volume_ml=rng.uniform(0.001, 0.1, n),
        point_length_mm=rng.uniform(0.2, 2, n),
        csa_error_mm2=rng.uniform(0.1, 1, len(lengths)),
    )


@st.composite
def trees_to_cut(draw) -> tuple[Centerlines, np.ndarray]:
    tree = draw(trees())
    count = len(tree.points_mm)
    keep = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return tree, np.array(keep, bool)


@given(trees_to_cut())
def test_cut_branches_hold_the_kept_points_and_no_other(case):
    tree, keep = case
    kept, branch = keep_points(tree, keep)
    for name in ("points_mm", *POINT_ARRAYS.values()):
        assert np.array_equal(getattr(kept, name), getattr(tree, name)[keep])
    assert kept.branch_start[0] == 0
    assert kept.branch_start[-1] == keep.sum()
    assert kept.branch_count == len(branch)
    assert np.array_equal(branch[kept.branch_id], tree.branch_id[keep])


@given(trees_to_cut())
def test_cut_branches_are_runs_of_neighbors(case):
    tree, keep = case
    kept, _ = keep_points(tree, keep)
    place = np.flatnonzero(keep)
    # Neighbors in one branch stay together, all others are parted.
    together = (np.diff(place) == 1) & (np.diff(tree.branch_id[place]) == 0)
    assert np.array_equal(np.diff(kept.branch_id) == 0, together)
    assert (np.diff(kept.branch_start) > 0).all()


@given(trees_to_cut())
def test_a_shorter_piece_is_less_sure(case):
    tree, keep = case
    kept, branch = keep_points(tree, keep)
    ratio = tree.length_mm[branch] / kept.length_mm
    assert np.allclose(kept.csa_error_mm2, tree.csa_error_mm2[branch] * np.sqrt(ratio))


@given(trees(), trees())
def test_joined_trees_are_one_after_the_other(one, other):
    both = joined(one, other)
    assert both.branch_count == one.branch_count + other.branch_count
    assert np.allclose(both.volume_ml, np.concatenate([one.volume_ml, other.volume_ml]))
    assert np.allclose(both.length_mm, np.concatenate([one.length_mm, other.length_mm]))
    names = BRANCH_ARRAYS.values()
    assert all(len(getattr(both, name)) == both.branch_count for name in names)
