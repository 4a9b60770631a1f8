"""A scan is measured on one grid, bit for bit, whichever way its geometry came."""

import dataclasses

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.case.nrrd import write_nrrd
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from BV5AnalysisLib.scene.case.handover import CT, write_inputs
from BV5AnalysisLib.scene.case.measuring import recomputed_case
from BV5AnalysisLib.scene.case.results import add_result
from BV5AnalysisLib.scene.nodes.coordinates import grid_from_ras, index_to_ras
from BV5AnalysisLib.scene.nodes.images import add_volume
from BV5AnalysisLib.scene.nodes.volumes import ct_volume

SIZE = (14, 13, 12)
TURNED = np.linalg.qr(np.array([[0.9, 0.2, -0.1], [-0.25, 0.95, 0.3], [0.1, -0.2, 0.9]]))[0]
TURNED = TURNED * np.sign(np.diag(TURNED))  # right-handed, as Slicer has them
GRIDS = {
    "straight": Grid(SIZE, (0.703125, 0.703125, 1.25), (-172.0, -156.5, -20.5)),
    "of a tenth": Grid(SIZE, (0.748046875, 0.748046875, 0.7), (-172.1259765625, 0.1, -346.1)),
    "oblique": Grid(
        SIZE, (0.703125, 0.703125, 1.25), (31.7, -57.3, 211.1), tuple(TURNED.ravel().tolist())
    ),
    "feet first": Grid(
        SIZE, (0.644531, 0.644531, 0.8), (1.5, 2.5, 3.5), (-1.0, 0, 0, 0, 1.0, 0, 0, 0, -1.0)
    ),
}


@pytest.fixture(params=GRIDS)
def grid(request):
    return GRIDS[request.param].rounded()


def scan_of_noise(grid):
    values = np.random.default_rng(3).integers(-1000, 300, grid.shape, np.int16)
    return Volume(values, grid)


def bits(grid):
    """Tell +0.0 and -0.0 apart, which are equal."""
    return [np.float64(value).tobytes() for value in (*grid.spacing, *grid.origin, *grid.direction)]


@pytest.mark.parametrize("off", [0.0, 1e-15, -1e-15, 3e-16])
def test_a_volume_node_off_in_the_last_bits_gives_the_grid_of_the_file(
    application, grid, tmp_path, off
):
    write_nrrd(tmp_path / "ct.nrrd", scan_of_noise(grid).array, grid)
    scan = read_scan(tmp_path / "ct.nrrd")
    node = add_volume(application.scene, "ct", scan.volume)
    node.SetSpacing(*(np.array(node.GetSpacing()) * (1 + off)))
    node.SetOrigin(*(np.array(node.GetOrigin()) * (1 - off)))
    given = ct_volume(node).grid
    assert bits(given) == bits(scan.volume.grid)
    assert bits(scan.volume.grid) == bits(grid)


def test_any_matrix_off_in_the_last_bits_gives_the_grid(grid):
    rng = np.random.default_rng(7)
    extent = [bound for length in grid.size for bound in (0, length - 1)]
    for _ in range(200):
        matrix = slicer.util.arrayFromVTKMatrix(index_to_ras(grid))
        matrix[:3] *= 1 + rng.uniform(-4e-16, 4e-16, (3, 4))
        moved = vtk.vtkMatrix4x4()
        moved.DeepCopy(matrix.ravel())
        assert bits(grid_from_ras(moved, extent)) == bits(grid)


def test_the_process_beside_slicer_reads_what_the_panel_saw(application, grid, tmp_path):
    node = add_volume(application.scene, "ct", scan_of_noise(grid))
    node.SetSpacing(*(np.array(node.GetSpacing()) * (1 - 2e-16)))
    write_inputs(tmp_path, node, None, None, Parameters())
    scan = read_scan(tmp_path / CT)
    assert bits(scan.volume.grid) == bits(ct_volume(node).grid) == bits(grid)
    np.testing.assert_array_equal(scan.volume.array, ct_volume(node).array)


def test_numbers_do_not_hang_on_the_last_bit(application, small_result):
    numbers = []
    for off in (0.0, 1e-15, -1e-15):
        outcome = add_result(application.scene, small_result, f"off by {off}")
        node = outcome.inputVolume
        node.SetSpacing(*(np.array(node.GetSpacing()) * (1 + off)))
        case = recomputed_case(outcome)
        numbers.append((case.measurements, case.csa_histogram.volume_ml.tolist()))
    assert numbers[0] == numbers[1] == numbers[2]


def test_rounding_keeps_what_scanners_state_and_is_done_once():
    for spacing in (0.703125, 0.748046875, 0.58984375, 361.5 / 512, 360.1 / 512, 0.7, 0.644531):
        grid = dataclasses.replace(GRIDS["straight"], spacing=(spacing, spacing, 1.25))
        assert grid.rounded().spacing == pytest.approx((spacing, spacing, 1.25), abs=5e-7)
        assert grid.rounded().rounded() == grid.rounded()
    assert Grid(SIZE, (0.7031249999999999, 0.7031250000000001, 1.25)).rounded() == Grid(
        SIZE, (0.703125, 0.703125, 1.25)
    )
    assert bits(Grid(SIZE, (1.0, 1.0, 1.0), (-0.0, -1e-15, 0.0)).rounded())[3:6] == [bytes(8)] * 3
