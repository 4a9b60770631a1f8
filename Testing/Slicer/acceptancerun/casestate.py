"""A case as plain values, to be compared before and after it was saved and loaded.

Every node that a case refers to, by its role: class, name, attributes, references, transform, where
it lies in the subject hierarchy, how it is shown, and what it holds.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

ROLE = "BV5Analysis."
WITHIN = 1e-4
"""How much numbers may differ, relative to the larger one: files of Slicer hold some digits."""
Values = dict[str, Any]


def case_state(outcome: Any) -> Values:
    """All that there is of a case, as values by path, such as ``vesselsSegmentation/name``."""
    node = outcome.caseNode
    state = {f"case/{key}": value for key, value in _node_state(node).items()}
    state["case/text"] = node.GetText()
    for role in _own_roles(node):
        each = node.GetNodeReference(role)
        short = role.removeprefix(ROLE)
        if each is None:
            state[short] = "missing"
            continue
        for key, value in (_node_state(each) | _content(each)).items():
            state[f"{short}/{key}"] = value
    return state | {f"legend/{key}": value for key, value in _legend(outcome).items()}


def differences(before: Values, after: Values) -> list[str]:
    """Say in what two states differ."""
    return [
        f"{key}: {_short(before.get(key, 'nothing'))} became {_short(after.get(key, 'nothing'))}"
        for key in sorted(before.keys() | after.keys())
        if not _same(before.get(key), after.get(key))
    ]


def _own_roles(node: slicer.vtkMRMLNode) -> list[str]:
    roles = (node.GetNthNodeReferenceRole(i) for i in range(node.GetNumberOfNodeReferenceRoles()))
    # A role stays after its reference was taken away.
    return sorted(r for r in roles if r.startswith(ROLE) and node.GetNodeReferenceID(r))


def _node_state(node: slicer.vtkMRMLNode) -> Values:
    state = {
        "class": node.GetClassName(),
        "name": node.GetName(),
        "attributes": {
            name: node.GetAttribute(name)
            for name in sorted(node.GetAttributeNames())
            if name.startswith(ROLE)
        },
        "folder": _folder(node),
    }
    if node.IsA("vtkMRMLTransformableNode"):
        transform = node.GetParentTransformNode()
        state["transform"] = transform.GetName() if transform is not None else ""
    for role in _own_roles(node):
        each = node.GetNodeReference(role)
        state[f"reference {role}"] = each.GetName() if each is not None else "missing"
    if node.IsA("vtkMRMLDisplayableNode") and node.GetDisplayNode() is not None:
        state |= {f"display/{key}": value for key, value in _display(node).items()}
    return state


def _folder(node: slicer.vtkMRMLNode) -> str:
    """Names of the subject hierarchy's items above a node."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    item, names = hierarchy.GetItemByDataNode(node), []
    while item and (item := hierarchy.GetItemParent(item)):
        names.insert(0, hierarchy.GetItemName(item))
    return "/".join(names)


def _display(node: slicer.vtkMRMLDisplayableNode) -> Values:
    display = node.GetDisplayNode()
    state = {
        "class": display.GetClassName(),
        "visible": bool(display.GetVisibility()),
        "opacity": display.GetOpacity(),
    }
    if display.IsA("vtkMRMLModelDisplayNode"):
        color = display.GetColorNode()
        state |= {
            "color": display.GetColor(),
            "scalars": display.GetActiveScalarName() if display.GetScalarVisibility() else "",
            "color node": color.GetName() if color is not None else "",
            "on slices": bool(display.GetVisibility2D()),
        }
    if display.IsA("vtkMRMLSegmentationDisplayNode"):
        state |= {
            "in 3D": bool(display.GetVisibility3D()),
            "opacities": (
                display.GetOpacity3D(),
                display.GetOpacity2DFill(),
                display.GetOpacity2DOutline(),
            ),
            "segments": {
                name: (bool(display.GetSegmentVisibility(name)), display.GetSegmentOpacity3D(name))
                for name in node.GetSegmentation().GetSegmentIDs()
            },
        }
    if display.IsA("vtkMRMLScalarVolumeDisplayNode"):
        state["window"] = (display.GetWindow(), display.GetLevel())
    return state


def _content(node: slicer.vtkMRMLNode) -> Values:
    for class_name, reader in (
        ("vtkMRMLTextNode", lambda each: {"text": each.GetText()}),
        ("vtkMRMLTableNode", _table),
        ("vtkMRMLSegmentationNode", _segmentation),
        ("vtkMRMLModelNode", _model),
        ("vtkMRMLColorTableNode", _colors),
        ("vtkMRMLPlotChartNode", _chart),
        ("vtkMRMLPlotSeriesNode", _series),
        ("vtkMRMLScalarVolumeNode", _volume),
    ):
        if node.IsA(class_name):
            return reader(node)
    return {}


def _table(node: slicer.vtkMRMLTableNode) -> Values:
    table = node.GetTable()
    columns = [table.GetColumn(index) for index in range(table.GetNumberOfColumns())]
    state: Values = {"columns": [column.GetName() for column in columns]}
    for column in columns:
        name = column.GetName()
        cells = [column.GetVariantValue(row) for row in range(column.GetNumberOfTuples())]
        state[f"{name}/title"] = node.GetColumnTitle(name)
        state[f"{name}/unit"] = node.GetColumnUnitLabel(name)
        state[f"{name}/cells"] = [
            cell.ToDouble() if cell.IsNumeric() else cell.ToString() for cell in cells
        ]
    return state


def _segmentation(node: slicer.vtkMRMLSegmentationNode) -> Values:
    segmentation = node.GetSegmentation()
    state: Values = {"segments": list(segmentation.GetSegmentIDs())}
    for name in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(name)
        state[f"{name}/name"] = segment.GetName()
        state[f"{name}/color"] = segment.GetColor()
        state[f"{name}/terminology"] = segment.GetTerminology()
        state[f"{name}/voxels"] = _voxels(node, name)
    return state


def _voxels(node: slicer.vtkMRMLSegmentationNode, segment: str) -> tuple:
    """Number of voxels, where their box begins in the world, and a digest of what is in it."""
    image = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(segment, image)
    if not image.GetNumberOfPoints():
        return ()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    inside = np.ascontiguousarray(values != 0)
    if not inside.any():
        return ()
    box, first = [], []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        used = np.flatnonzero(inside.any(axis=others))
        box.append(slice(used[0], used[-1] + 1))
        first.append(int(used[0]))
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    low = image.GetExtent()[::2]
    corner = matrix.MultiplyPoint([first[2 - i] + low[i] for i in range(3)] + [1.0])[:3]
    digest = zlib.crc32(np.packbits(np.ascontiguousarray(inside[tuple(box)])).tobytes())
    return int(inside.sum()), tuple(round(x, 2) for x in corner), digest


def _model(node: slicer.vtkMRMLModelNode) -> Values:
    data = node.GetPolyData()
    if data is None or not data.GetNumberOfPoints():
        return {"points": 0}
    state: Values = {
        "points": data.GetNumberOfPoints(),
        "cells": data.GetNumberOfCells(),
        "bounds": data.GetBounds(),
    }
    for what, arrays in (("point", data.GetPointData()), ("cell", data.GetCellData())):
        for index in range(arrays.GetNumberOfArrays()):
            array = arrays.GetArray(index)
            if array is not None:
                values = vtk_to_numpy(array).astype(float)
                state[f"{what} data {array.GetName()}"] = (len(values), float(values.sum()))
    return state


def _colors(node: slicer.vtkMRMLColorTableNode) -> Values:
    state: Values = {}
    for index in range(node.GetNumberOfColors()):
        rgba = [0.0] * 4
        node.GetColor(index, rgba)
        # One without a name is none of the table's own.
        if name := node.GetColorName(index):
            state[f"color {index}"] = (name, [round(x, 2) for x in rgba])
    return state


def _chart(node: slicer.vtkMRMLPlotChartNode) -> Values:
    series = (node.GetNthPlotSeriesNode(i) for i in range(node.GetNumberOfPlotSeriesNodes()))
    return {
        "series": [each.GetName() if each is not None else "missing" for each in series],
        "titles": (node.GetTitle(), node.GetXAxisTitle(), node.GetYAxisTitle()),
        "logarithmic": (bool(node.GetXAxisLogScale()), bool(node.GetYAxisLogScale())),
        "legend": bool(node.GetLegendVisibility()),
    }


def _series(node: slicer.vtkMRMLPlotSeriesNode) -> Values:
    table = node.GetTableNode()
    return {
        "table": table.GetName() if table is not None else "missing",
        "columns": (node.GetXColumnName(), node.GetYColumnName()),
        "color": node.GetColor(),
        "style": (node.GetPlotType(), node.GetLineStyle(), node.GetLineWidth()),
    }


def _volume(node: slicer.vtkMRMLScalarVolumeNode) -> Values:
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return {
        "voxels": zlib.crc32(np.ascontiguousarray(slicer.util.arrayFromVolume(node)).tobytes()),
        "place": [matrix.GetElement(row, column) for row in range(3) for column in range(4)],
    }


def _legend(outcome: Any) -> Values:
    legend = outcome.legend
    if legend is None:
        return {"there": False}
    colors = legend.GetColorNode()
    return {
        "there": True,
        "visible": bool(legend.GetVisibility()),
        "title": legend.GetTitleText(),
        "place": legend.GetPosition(),
        "colors": colors.GetName() if colors is not None else "missing",
    }


def _same(a: Any, b: Any) -> bool:
    """Whether two values are equal, numbers nearly; what is no number equals itself."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=WITHIN, abs_tol=1e-9) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _short(value: Any, length: int = 120) -> str:
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}…"
