"""Branches: their table, and which one is at a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from scipy.spatial import cKDTree
from vtk.util.numpy_support import vtk_to_numpy

from ...imaging.model.centerlines import Centerlines
from ...imaging.model.size_classes import LUNGS, VESSELS, SizeClass
from ...imaging.model.volume import Volume
from ...imaging.parameters import Parameters
from ...imaging.sizing.confidence import branch_class, class_confidence, distance_to_bound_mm2
from ...imaging.sizing.intrapulmonary import branch_hilar_share
from .outcome import Outcome
from .tables import TableColumn, fill_table

REACH_MM = 3.0
"""Largest distance of a picked point from a vessel's surface."""

COLUMNS = (
    TableColumn("branch_id", "Branch", "1", "Number of the branch, as in centerlines.vtp."),
    TableColumn("size_class", "Class", "", "Size class of the mean area, or as set by hand."),
    TableColumn("mean_csa_mm2", "Mean CSA (mm²)", "mm2", "Mean cross-sectional area."),
    TableColumn(
        "csa_error_mm2", "Error of the mean (mm²)", "mm2", "From the scatter of its readings."
    ),
    TableColumn("length_mm", "Length (mm)", "mm", "Length of the centerline."),
    TableColumn("volume_ml", "Volume (mL)", "mL", "Blood volume."),
    TableColumn(
        "bound_distance_mm2", "From bound (mm²)", "mm2", "Distance from the next class bound."
    ),
    TableColumn("confidence_pct", "Confidence (%)", "%", "Probability that the class is right."),
    TableColumn("lung", "Lung", "", "Where its middle lies."),
    TableColumn("hilar_pct", "Hilar (%)", "%", "Share of its length that is hilar."),
)


@dataclass(frozen=True, eq=False)
class BranchRows:
    """The table's columns, b rows.

    Attributes
    ----------
    branch_id : numpy.ndarray
        (b,) int.
    size_class : numpy.ndarray
        (b,) `SizeClass` values.
    mean_csa_mm2, csa_error_mm2, length_mm, volume_ml, bound_distance_mm2 : numpy.ndarray
        (b,) measures.
    confidence : numpy.ndarray
        (b,) probability, 0 to 1, that the class is right.
    lung : tuple of str
        ``right``, ``left`` or empty.
    hilar_pct : numpy.ndarray
        (b,) share of the length that is hilar, %; NaN where it was not told apart.
    """

    branch_id: np.ndarray
    size_class: np.ndarray
    mean_csa_mm2: np.ndarray
    csa_error_mm2: np.ndarray
    length_mm: np.ndarray
    volume_ml: np.ndarray
    bound_distance_mm2: np.ndarray
    confidence: np.ndarray
    lung: tuple[str, ...]
    hilar_pct: np.ndarray


def fill_branches(
    table: slicer.vtkMRMLTableNode, centerlines: Centerlines, parameters: Parameters, lungs: Volume
) -> None:
    """Fill a table with one row a branch, see `COLUMNS`.

    Parameters
    ----------
    table : vtkMRMLTableNode
        Its former content goes.
    centerlines : Centerlines
        b branches.
    parameters : Parameters
        Class bounds.
    lungs : Volume
        `LungLabel` values.
    """
    names = {int(size_class): look.name for size_class, look in VESSELS.items()}
    classes = branch_class(centerlines, parameters)
    values = {
        "branch_id": np.arange(centerlines.branch_count),
        "size_class": [names[int(value)] for value in classes],
        "mean_csa_mm2": centerlines.mean_csa_mm2,
        "csa_error_mm2": centerlines.csa_error_mm2,
        "length_mm": centerlines.length_mm,
        "volume_ml": centerlines.volume_ml,
        "bound_distance_mm2": distance_to_bound_mm2(centerlines, parameters),
        "confidence_pct": 100 * class_confidence(centerlines, parameters),
        "lung": _sides(centerlines, lungs),
        "hilar_pct": 100 * branch_hilar_share(centerlines, parameters),
    }
    fill_table(table, COLUMNS, values)


def branch_rows(outcome: Outcome) -> BranchRows:
    """Columns of an outcome's branches table; without rows if the table was deleted.

    Parameters
    ----------
    outcome : Outcome
        Whose branches.

    Returns
    -------
    BranchRows
        As shown: measures are rounded.
    """
    node = outcome.branchesTable
    values = {column.key: _column(node, column) for column in COLUMNS}
    classes = {look.name: int(size_class) for size_class, look in VESSELS.items()}
    confidence = values.pop("confidence_pct") / 100
    size_class = np.array([classes[name] for name in values.pop("size_class")], np.uint8)
    return BranchRows(size_class=size_class, confidence=confidence, **values)


class BranchFinder:
    """Finds the branch at a point; keeps its search tree until the centerlines change."""

    def __init__(self) -> None:
        self._sorted_for: tuple[slicer.vtkMRMLModelNode, int] | None = None
        self._tree: cKDTree | None = None

    def branch_at(self, outcome: Outcome, ras_mm: tuple[float, float, float]) -> int | None:
        """Branch whose surface is nearest to a point, of the classes that are shown.

        Parameters
        ----------
        outcome : Outcome
            Whose branches.
        ras_mm : tuple of float
            Point in the world.

        Returns
        -------
        int or None
            Branch ID; None if no vessel is within `REACH_MM`.
        """
        model = outcome.centerlinesModel
        if model is None or model.GetPolyData() is None or not _point_count(model):
            return None
        poly_data = model.GetPolyData()
        radius = vtk_to_numpy(poly_data.GetPointData().GetArray("radius_mm"))
        classes = vtk_to_numpy(poly_data.GetPointData().GetArray("size_class"))
        where = np.array(to_local(model, ras_mm))
        near = self._tree_of(model).query_ball_point(where, REACH_MM + float(radius.max()))
        near = np.array(near, int)
        shown = [int(size_class) for size_class in shown_classes(outcome)]
        near = near[np.isin(classes[near], shown)] if shown else near
        if not len(near):
            return None
        points = vtk_to_numpy(poly_data.GetPoints().GetData())[near]
        outside = np.linalg.norm(points - where, axis=1) - radius[near]
        best = int(np.argmin(outside))
        if outside[best] > REACH_MM:
            return None
        start = vtk_to_numpy(poly_data.GetLines().GetOffsetsArray())
        return int(np.searchsorted(start, near[best], side="right") - 1)

    def _tree_of(self, model: slicer.vtkMRMLModelNode) -> cKDTree:
        poly_data = model.GetPolyData()
        key = (model, poly_data.GetMTime())
        if self._sorted_for != key:
            self._tree = cKDTree(vtk_to_numpy(poly_data.GetPoints().GetData()))
            self._sorted_for = key
        return self._tree


def branch_at(outcome: Outcome, ras_mm: tuple[float, float, float]) -> int | None:
    """Branch at a point; `BranchFinder` is quicker for many points."""
    return BranchFinder().branch_at(outcome, ras_mm)


def shown_classes(outcome: Outcome) -> tuple[SizeClass, ...]:
    """Size classes that are switched on; all if the vessels segmentation was deleted."""
    node = outcome.vesselsSegmentation
    if node is None or node.GetDisplayNode() is None:
        return tuple(SizeClass)
    display = node.GetDisplayNode()
    there = node.GetSegmentation().GetSegmentIDs()
    return tuple(
        size_class
        for size_class, look in VESSELS.items()
        if look.key not in there or display.GetSegmentVisibility(look.key)
    )


def to_local(
    node: slicer.vtkMRMLTransformableNode, ras_mm: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Point of the world in the frame of a node that may be under a transform."""
    point = [0.0, 0.0, 0.0]
    node.TransformPointFromWorld(ras_mm, point)
    return tuple(point)


def _point_count(model: slicer.vtkMRMLModelNode) -> int:
    return model.GetPolyData().GetNumberOfPoints()


def _column(
    node: slicer.vtkMRMLTableNode | None, column: TableColumn
) -> np.ndarray | tuple[str, ...]:
    array = node.GetTable().GetColumnByName(column.key) if node is not None else None
    if array is None:
        return np.zeros(0) if column.unit else ()
    if isinstance(array, vtk.vtkStringArray):
        return tuple(array.GetValue(row) for row in range(array.GetNumberOfValues()))
    return vtk_to_numpy(array).copy()


def _sides(centerlines: Centerlines, lungs: Volume) -> list[str]:
    """Which lung each branch's middle point is in."""
    start = centerlines.branch_start
    middle = centerlines.points_mm[(start[:-1] + start[1:] - 1) // 2]
    index = np.rint(lungs.grid.world_to_index(middle)).astype(int)
    index = np.clip(index, 0, np.array(lungs.grid.shape) - 1)
    names = {0: ""} | {int(label): look.key for label, look in LUNGS.items()}
    return [names.get(int(label), "") for label in lungs.array[tuple(index.T)]]
