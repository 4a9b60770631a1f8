"""Rows, histogram and label volume of vessels whose sizes are given."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.model.scan import Region
from BV5AnalysisLib.imaging.model.size_classes import LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.blood_volumes import (
    csa_histogram,
    measure_regions,
    world_centerlines,
)
from BV5AnalysisLib.imaging.sizing.branch_sizes import SizedBranches
from BV5AnalysisLib.imaging.sizing.voxel_labels import label_vessels
from BV5AnalysisLib.imaging.vessels.work_grid import WorkGrid
from helpers.tubes import line_branches, straight

AREAS = (0.8, 3.0, 7.0, 40.0)
LENGTH_MM = 28.0
CALIBRATION = Calibration(40.0, -850.0, 20.0)
PARAMETERS = Parameters()


@pytest.fixture(scope="module")
def scene():
    """Four vessels in each of two box lungs, one a class, on a slightly turned grid."""
    turn = np.radians(8)
    direction = (np.cos(turn), -np.sin(turn), 0, np.sin(turn), np.cos(turn), 0, 0, 0, 1)
    grid = Grid((130, 90, 70), (0.7, 0.7, 0.8), (-40.0, -30.0, -20.0), direction)
    lungs = np.zeros(grid.shape, np.uint8)
    lungs[4:66, 4:86, 4:60] = LungLabel.RIGHT
    lungs[4:66, 4:86, 70:126] = LungLabel.LEFT
    work = WorkGrid.around(lungs, grid, 2.0)
    lines, scales = [], []
    for x_voxel in (32, 98):
        for row, area in enumerate(AREAS):
            start = np.array([16, 14 + 20 * row, x_voxel]) - [s.start for s in work.box]
            lines.append(straight(start * grid.spacing_zyx, (1, 0, 0), LENGTH_MM))
            scales.append(np.sqrt(area / np.pi / 2))
    branches = line_branches(lines, scales)
    csa = np.repeat(AREAS * 2, np.diff(branches.branch_start))
    sized = SizedBranches(
        csa, csa * branches.step_mm / 1000, np.zeros(len(branches.branch_start) - 1)
    )
    centerlines = world_centerlines(branches, sized, work, PARAMETERS)
    hu = np.full(grid.shape, -850, np.int16)
    index = np.moveaxis(np.indices(grid.shape), 0, -1)
    for x_voxel in (32, 98):
        for row, area in enumerate(AREAS):
            off = (index[..., 1:] - [14 + 20 * row, x_voxel]) * 0.7
            near = (off**2).sum(axis=-1) < area / np.pi
            hu[near & (index[..., 0] >= 16) & (index[..., 0] < 52)] = 40
    return branches, sized, centerlines, Volume(lungs, grid), Volume(hu, grid)


def test_centerlines_carry_area_class_length_and_volume(scene):
    branches, _, centerlines, _, hu = scene
    assert centerlines.mean_csa_mm2 == pytest.approx(AREAS * 2)
    assert centerlines.length_mm == pytest.approx(LENGTH_MM)
    assert centerlines.volume_ml == pytest.approx(np.array(AREAS * 2) * LENGTH_MM / 1000)
    first = [SizeClass.BELOW_FLOOR, SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10]
    assert centerlines.size_class[branches.branch_start[:-1]].tolist() == first * 2
    # In the world they lie where the image has its vessels.
    index = np.rint(hu.grid.world_to_index(centerlines.points_mm)).astype(int)
    assert (hu.array[tuple(index.T)] == 40).all()


def rows_of(scene, regions=()):
    _, _, centerlines, lungs, _ = scene
    found = measure_regions(centerlines, lungs, PARAMETERS, regions)
    return {row.region: row for row in found}


def test_rows_hold_each_class_by_side(scene):
    rows = rows_of(scene)
    assert list(rows) == ["both", "right", "left"]
    for row, sides in ((rows["both"], 2), (rows["right"], 1), (rows["left"], 1)):
        held = (row.below_floor_ml, row.bv5_ml, row.bv5_10_ml, row.bv10_ml)
        assert held == pytest.approx(np.array(AREAS) * LENGTH_MM / 1000 * sides)
        assert row.tpbv_ml == pytest.approx(50.0 * LENGTH_MM / 1000 * sides)
        assert row.bv5_pct == pytest.approx(6.0)
        assert row.bv5_pct + row.bv5_10_pct + row.bv10_pct == pytest.approx(100)
        assert row.vessel_length_mm == pytest.approx(3 * LENGTH_MM * sides)
    voxels = 62 * 82 * 56 * 0.7 * 0.7 * 0.8 / 1000
    assert rows["right"].lung_volume_ml == pytest.approx(voxels)
    assert rows["both"].lung_volume_ml == pytest.approx(2 * voxels)


def test_given_regions_are_cut_to_the_lungs(scene):
    lungs = scene[3]
    lower = np.zeros(lungs.grid.shape, bool)
    lower[: 16 + 10] = True
    nowhere = np.zeros(lungs.grid.shape, bool)
    everywhere = np.ones(lungs.grid.shape, bool)
    regions = tuple(
        Region(name, Volume(mask, lungs.grid))
        for name, mask in (("lower", lower), ("nowhere", nowhere), ("everywhere", everywhere))
    )
    rows = rows_of(scene, regions)
    assert list(rows)[3:] == ["lower", "nowhere", "everywhere"]
    # Ten of the 35 slices that the vessels pass, to half a point's step.
    assert rows["lower"].tpbv_ml / rows["both"].tpbv_ml == pytest.approx(8 / 28, abs=0.02)
    assert rows["lower"].lung_volume_ml / rows["both"].lung_volume_ml == pytest.approx(22 / 62)
    assert rows["nowhere"].tpbv_ml == rows["nowhere"].lung_volume_ml == 0
    assert np.isnan(rows["nowhere"].bv5_pct)
    assert rows["everywhere"].tpbv_ml == pytest.approx(rows["both"].tpbv_ml)
    assert rows["everywhere"].lung_volume_ml == pytest.approx(rows["both"].lung_volume_ml)


def one_branch(csa, volume, parameters=PARAMETERS):
    """Points of these areas and volumes, a millimeter each."""
    return Centerlines.measured(
        points_mm=np.zeros((len(csa), 3)),
        branch_start=np.array([0, len(csa)]),
        csa_mm2=csa,
        size_class=parameters.size_class(csa),
        point_volume_ml=volume,
        point_length_mm=np.ones(len(csa)),
    )


@pytest.mark.parametrize("floor", [0.0, 0.3, 0.4, 1.25])
def test_histogram_holds_all_blood_and_has_the_bounds_among_its_edges(floor):
    parameters = Parameters(minimum_csa_mm2=floor)
    rng = np.random.default_rng(0)
    csa = np.append(np.exp(rng.uniform(np.log(0.1), np.log(150), 4000)), [0.0, 1.25, 5.0, 10.0])
    volume = rng.uniform(0, 1, len(csa))
    histogram = csa_histogram(one_branch(csa, volume), parameters)
    edges = histogram.edges_mm2
    assert (np.diff(edges) > 0).all()
    assert len(edges) == len(histogram.volume_ml) + 1
    assert histogram.volume_ml.sum() == pytest.approx(volume.sum())
    for bound in (floor, *parameters.class_bounds_mm2):
        assert bound in edges
    low = parameters.size_class(csa) == SizeClass.BV5
    chosen = (edges[:-1] >= floor) & (edges[1:] <= 5.0)
    assert histogram.volume_ml[chosen].sum() == pytest.approx(volume[low].sum())


def test_histogram_reaches_any_area():
    for csa in ([], [900.0]):
        histogram = csa_histogram(one_branch(np.array(csa), np.ones(len(csa))), PARAMETERS)
        assert histogram.volume_ml.sum() == len(csa)


def test_labels_show_the_classes_where_the_vessels_are(scene):
    _, _, centerlines, lungs, hu = scene
    labels = label_vessels(hu, lungs, centerlines, CALIBRATION)
    assert labels.grid == hu.grid
    assert labels.array.dtype == np.uint8
    index = tuple(np.rint(hu.grid.world_to_index(centerlines.points_mm)).astype(int).T)
    assert np.array_equal(labels.array[index], centerlines.size_class)
    vessel = hu.array == 40
    # All that is blood is labeled, and little beside it.
    assert (labels.array[vessel] > 0).mean() > 0.98
    assert (labels.array > 0).sum() < 1.15 * vessel.sum()
    assert not labels.array[lungs.array == 0].any()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_wide_vessel_is_drawn_over_a_thin_one(order):
    """A thin one that runs 2 mm from a wide one's axis, inside it, in either order."""
    grid = Grid((60, 60, 60), (0.7, 0.7, 0.7))
    lungs = np.ones(grid.shape, np.uint8)
    work = WorkGrid.around(lungs, grid, 0.0)
    lines = [straight((7, 21, 21), (1, 0, 0), 28), straight((7, 21, 23), (1, 0, 0), 28)]
    branches = line_branches([lines[i] for i in order], [1.4, 0.7])
    csa = np.repeat(np.array([30.0, 2.0])[list(order)], len(lines[0]))
    sized = SizedBranches(csa, csa * 0.7 / 1000, np.zeros(len(branches.branch_start) - 1))
    centerlines = world_centerlines(branches, sized, work, PARAMETERS)
    hu = np.full(grid.shape, -850, np.int16)
    labels = label_vessels(Volume(hu, grid), Volume(lungs, grid), centerlines, CALIBRATION).array
    on_axes = [labels[tuple(np.rint(line[20] / 0.7).astype(int))] for line in lines]
    assert on_axes == [SizeClass.BV10, SizeClass.BV10]


def test_a_region_counts_the_same_whatever_its_type(scene):
    _, _, centerlines, lungs, _ = scene
    half = np.zeros(lungs.array.shape, bool)
    half[:, :45] = True
    rows = [
        measure_regions(
            centerlines,
            lungs,
            PARAMETERS,
            (Region("half", lungs.with_array(half.astype(kind))),),
        )[-1]
        for kind in (bool, np.uint8)
    ]
    assert rows[0] == rows[1]
