"""Centerlines as a VTK XML file (.vtp), written without VTK."""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..imaging.centerlines import Centerlines

_VTK_TYPE = {"f4": "Float32", "i8": "Int64", "u1": "UInt8", "i4": "Int32"}


def write_centerlines(path: Path, centerlines: Centerlines) -> None:
    """Write branches as polylines, one cell a branch.

    Points are LPS mm, and the field data ``SPACE`` says so: 3D Slicer puts them in place by it.
    Point data: ``csa_mm2``, ``radius_mm``, ``size_class``. Cell data: ``branch_id``,
    ``length_mm``, ``volume_ml``, ``mean_csa_mm2``.

    Parameters
    ----------
    path : pathlib.Path
        File to write, ending in ``.vtp``.
    centerlines : Centerlines
        Branches to write, possibly none.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    root = ElementTree.Element(
        "VTKFile",
        type="PolyData",
        version="1.0",
        byte_order="LittleEndian",
        header_type="UInt64",
    )
    poly_data = ElementTree.SubElement(root, "PolyData")
    field_data = ElementTree.SubElement(poly_data, "FieldData")
    space = ElementTree.SubElement(
        field_data, "Array", type="String", Name="SPACE", NumberOfTuples="1", format="ascii"
    )
    space.text = " ".join(str(byte) for byte in b"LPS\0")

    point_count, branch_count = len(centerlines.points_mm), centerlines.branch_count
    piece = ElementTree.SubElement(
        poly_data, "Piece", NumberOfPoints=str(point_count), NumberOfLines=str(branch_count)
    )
    point_data = ElementTree.SubElement(piece, "PointData", Scalars="csa_mm2")
    _add_array(point_data, "csa_mm2", centerlines.csa_mm2, "f4")
    _add_array(point_data, "radius_mm", centerlines.radius_mm, "f4")
    _add_array(point_data, "size_class", centerlines.size_class, "u1")
    cell_data = ElementTree.SubElement(piece, "CellData")
    _add_array(cell_data, "branch_id", np.arange(branch_count), "i4")
    _add_array(cell_data, "length_mm", centerlines.length_mm, "f4")
    _add_array(cell_data, "volume_ml", centerlines.volume_ml, "f4")
    _add_array(cell_data, "mean_csa_mm2", centerlines.mean_csa_mm2, "f4")
    _add_array(ElementTree.SubElement(piece, "Points"), "Points", centerlines.points_mm, "f4")
    lines = ElementTree.SubElement(piece, "Lines")
    _add_array(lines, "connectivity", np.arange(point_count), "i8")
    _add_array(lines, "offsets", centerlines.branch_start[1:], "i8")
    path.write_bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _add_array(parent: ElementTree.Element, name: str, values: np.ndarray, dtype: str) -> None:
    """Append a binary array: its length in bytes and its values, base64."""
    data = np.ascontiguousarray(values, dtype=f"<{dtype}")
    element = ElementTree.SubElement(
        parent, "DataArray", type=_VTK_TYPE[dtype], Name=name, format="binary"
    )
    if data.ndim == 2:
        element.set("NumberOfComponents", str(data.shape[1]))
    length = np.array([data.nbytes], "<u8").tobytes()
    element.text = base64.b64encode(length + data.tobytes()).decode("ascii")
