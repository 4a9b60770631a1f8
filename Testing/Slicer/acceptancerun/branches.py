"""Branches of a case, read from its nodes in the scene."""

from __future__ import annotations

from typing import Any

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy


def column(outcome: Any, name: str) -> list:
    """Column of the branches table, in the order of the branches' numbers."""
    array = outcome.branchesTable.GetTable().GetColumnByName(name)
    return [array.GetValue(row) for row in range(array.GetNumberOfTuples())]


def middle(outcome: Any, branch: int) -> tuple[tuple[float, float, float], np.ndarray]:
    """Point in the middle of a branch, RAS, and the branch's direction there."""
    data = outcome.centerlinesModel.GetPolyData()
    starts = vtk_to_numpy(data.GetLines().GetOffsetsArray())
    points = vtk_to_numpy(data.GetPoints().GetData())[starts[branch] : starts[branch + 1]]
    index = len(points) // 2
    direction = points[min(index + 2, len(points) - 1)] - points[max(index - 2, 0)]
    return tuple(points[index].tolist()), direction / np.linalg.norm(direction)


def longest(outcome: Any, class_name: str) -> int:
    """Longest branch of a class, such as ``BV10``."""
    lengths, classes = column(outcome, "length_mm"), column(outcome, "size_class")
    branches = [branch for branch, name in enumerate(classes) if name == class_name]
    return max(branches, key=lengths.__getitem__)
