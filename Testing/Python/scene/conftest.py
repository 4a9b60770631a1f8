"""A real MRML application without Qt, on which no VTK error or warning goes unseen."""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.scene.case.results import add_result
from BV5AnalysisLib.scene.nodes.outcome import Outcome
from BV5AnalysisLib.scene.views.offscreen import OffscreenApplication
from vtk.util.misc import calldata_type
from vtk.util.numpy_support import vtk_to_numpy


@pytest.fixture(autouse=True)
def vtk_complaints() -> Iterator[list[str]]:
    """Fail a test during which VTK or MRML reported an error or a warning."""
    complaints: list[str] = []

    @calldata_type(vtk.VTK_STRING)
    def keep(_window: vtk.vtkObject, _event: str, text: str) -> None:
        complaints.append(text)

    window = vtk.vtkOutputWindow.GetInstance()
    tags = [window.AddObserver(event, keep) for event in ("ErrorEvent", "WarningEvent")]
    yield complaints
    for tag in tags:
        window.RemoveObserver(tag)
    assert not complaints


@pytest.fixture
def application() -> OffscreenApplication:
    return OffscreenApplication()


@pytest.fixture
def outcome(application: OffscreenApplication, small_result: AnalysisResult) -> Outcome:
    return add_result(application.scene, small_result, "case 7")


@pytest.fixture
def segment_points() -> Callable[[slicer.vtkMRMLSegmentationNode, str], np.ndarray]:
    """Give RAS centers (n, 3) of a segment's voxels, in order."""
    return _segment_points


@pytest.fixture
def label_points() -> Callable[[Volume, int], np.ndarray]:
    """Give RAS centers (n, 3) of the voxels with a label, in order."""
    return _label_points


def _segment_points(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> np.ndarray:
    image = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(segment_id, image)
    first, dimensions = np.array(image.GetExtent()[::2]), image.GetDimensions()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(dimensions[::-1])
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    image.GetImageToWorldMatrix(matrix)
    to_world = slicer.util.arrayFromVTKMatrix(matrix)
    index = np.argwhere(values)[:, ::-1] + first
    return _in_order(index @ to_world[:3, :3].T + to_world[:3, 3])


def _label_points(labels: Volume, value: int) -> np.ndarray:
    return _in_order(labels.grid.index_to_world(np.argwhere(labels.array == value)) * (-1, -1, 1))


def _in_order(points: np.ndarray) -> np.ndarray:
    """The same points, sorted by their coordinates to a hundredth of a millimeter."""
    return points[np.lexsort(np.round(points, 2).T)]


def _on_grid(result: AnalysisResult, grid: Grid) -> AnalysisResult:
    """The same voxels elsewhere: centerlines move along."""

    def moved(volume: Volume) -> Volume:
        return Volume(volume.array, grid)

    points = grid.index_to_world(
        result.scan.volume.grid.world_to_index(result.centerlines.points_mm)
    )
    return dataclasses.replace(
        result,
        scan=dataclasses.replace(result.scan, volume=moved(result.scan.volume)),
        lungs=moved(result.lungs),
        airways=moved(result.airways),
        vessels=moved(result.vessels),
        centerlines=dataclasses.replace(result.centerlines, points_mm=points),
    )


def _rotation(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@pytest.fixture(params=["oblique", "left-handed", "feet first"])
def turned_result(request: pytest.FixtureRequest, small_result: AnalysisResult) -> AnalysisResult:
    """The small result under direction cosines that are not the identity."""
    direction = {
        "oblique": _rotation((1.0, 2.0, -0.5), 25.0),
        "left-handed": np.diag((1.0, 1.0, -1.0)),
        "feet first": np.diag((-1.0, 1.0, -1.0)),
    }[request.param]
    grid = small_result.scan.volume.grid
    turned = Grid(grid.size, grid.spacing, (31.0, -57.0, 211.0), tuple(direction.ravel().tolist()))
    return _on_grid(small_result, turned)
