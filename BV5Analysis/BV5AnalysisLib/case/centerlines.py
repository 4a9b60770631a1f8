"""Centerlines as a VTK XML file (.vtp), written and read without VTK."""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..imaging.errors import AnalysisError
from ..imaging.model.centerlines import BRANCH_ARRAYS, POINT_ARRAYS, Centerlines
from ..imaging.model.size_classes import SizeClass

_VTK_TYPE = {"f4": "Float32", "f8": "Float64", "i8": "Int64", "u1": "UInt8", "i4": "Int32"}
_POINT_TYPE = {
    "size_class": "u1",
    "class_by_hand": "u1",
    "drawn_class": "u1",
    "drawn_voxels": "i4",
}
"""Types of point arrays that are not ``f8``. Measures keep their precision, so that numbers
computed from the file equal those computed before it was written."""

LARGEST = 1e6
"""Above every position, length, area or volume that is measured, in mm, mm² or mL."""


def write_centerlines(path: Path, centerlines: Centerlines) -> None:
    """Write branches as polylines, one cell for each branch.

    Points are LPS mm; 3D Slicer reads this from the field data ``SPACE``.
    Point data: ``radius_mm`` and those of `POINT_ARRAYS`. Cell data: ``branch_id``, ``length_mm``,
    ``volume_ml``, ``mean_csa_mm2`` and those of `BRANCH_ARRAYS`.

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
    _add_array(point_data, "radius_mm", centerlines.radius_mm, "f4")
    for name, attribute in POINT_ARRAYS.items():
        values = getattr(centerlines, attribute)
        _add_array(point_data, name, values, _POINT_TYPE.get(name, "f8"))
    cell_data = ElementTree.SubElement(piece, "CellData")
    _add_array(cell_data, "branch_id", np.arange(branch_count), "i4")
    for name in ("length_mm", "volume_ml", "mean_csa_mm2"):
        _add_array(cell_data, name, getattr(centerlines, name), "f4")
    for name, attribute in BRANCH_ARRAYS.items():
        _add_array(cell_data, name, getattr(centerlines, attribute), "f8")
    _add_array(ElementTree.SubElement(piece, "Points"), "Points", centerlines.points_mm, "f8")
    lines = ElementTree.SubElement(piece, "Lines")
    _add_array(lines, "connectivity", np.arange(point_count), "i8")
    _add_array(lines, "offsets", centerlines.branch_start[1:], "i8")
    path.write_bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))


def read_centerlines(path: Path) -> Centerlines:
    """Read what `write_centerlines` wrote.

    Files of earlier versions, which lack arrays, are read, too: the blood of a branch is then
    distributed over its points by area, and drawn voxels and errors of areas are unknown.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    Centerlines
        The same values.

    Raises
    ------
    AnalysisError
        It is missing, damaged, or was written by something else.
    """
    try:
        lines = _from_piece(_child(ElementTree.parse(path).getroot(), "PolyData/Piece"))
    except OSError as error:
        raise AnalysisError(
            f"{path.name} cannot be read ({error.strerror}); check that the folder is whole."
        ) from error
    except (
        ElementTree.ParseError,
        ValueError,
        LookupError,
        TypeError,
        OverflowError,
        RecursionError,
        MemoryError,
    ) as error:
        raise AnalysisError(
            f"{path.name} is damaged, or was not written by BV5 Analysis; analyze the scan again."
        ) from error
    _check_values(lines, path.name)
    return lines


def _check_values(lines: Centerlines, name: str) -> None:
    """Refuse values that no measurement gives."""
    arrays = {"Points": lines.points_mm}
    arrays |= {key: getattr(lines, attribute) for key, attribute in POINT_ARRAYS.items()}
    arrays |= {key: getattr(lines, attribute) for key, attribute in BRANCH_ARRAYS.items()}
    shapes: dict[str, tuple[int, ...]] = {"Points": (len(lines.points_mm), 3)}
    shapes |= dict.fromkeys(POINT_ARRAYS, (len(lines.points_mm),))
    shapes |= dict.fromkeys(BRANCH_ARRAYS, (lines.branch_count,))
    bounds = dict.fromkeys(arrays, (0.0, LARGEST))
    bounds |= {"Points": (-LARGEST, LARGEST), "blood_ml": (-LARGEST, LARGEST)}
    bounds |= {"lung_around": (0.0, 1.0)}
    if np.isnan(lines.lung_around).all():
        del arrays["lung_around"]
    bounds |= {"kept_share": (1e-6, 1.0), "size_class": (min(SizeClass), max(SizeClass))}
    for key, values in arrays.items():
        least, most = bounds[key]
        # The comparison is false for NaN, too.
        if values.shape != shapes[key] or not ((values >= least) & (values <= most)).all():
            raise AnalysisError(
                f"{name} holds values of {key} that were not measured; analyze the scan again."
            )


def _from_piece(piece: ElementTree.Element) -> Centerlines:
    """Centerlines of a file's only piece; ValueError or KeyError where it does not fit."""
    point_count = int(_attribute(piece, "NumberOfPoints"))
    branch_count = int(_attribute(piece, "NumberOfLines"))
    point_data = _arrays(_child(piece, "PointData"), point_count)
    cell_data = _arrays(_child(piece, "CellData"), branch_count)
    (points,) = _arrays(_child(piece, "Points"), point_count).values()
    (offsets,) = (
        values
        for name, values in _arrays(_child(piece, "Lines"), None).items()
        if name == "offsets" and len(values) == branch_count
    )
    start = np.concatenate([[0], offsets])
    if (np.diff(start) <= 0).any() or start[-1] != point_count or not np.isfinite(points).all():
        raise ValueError("branches that do not fit the points")
    length = np.diff(start)
    branch = np.repeat(np.arange(branch_count), length)
    csa, size_class = point_data["csa_mm2"], point_data["size_class"]
    if "blood_ml" not in point_data:
        per_point = (cell_data["length_mm"] / length)[branch].astype(float)
        whole = np.maximum(np.bincount(branch, csa, branch_count), 1e-12)
        shared = csa * (cell_data["volume_ml"] / whole)[branch]
        return Centerlines.measured(points.astype(float), start, csa, size_class, shared, per_point)
    # Versions before hilar vessels were told apart.
    point_data.setdefault("lung_around", np.full(point_count, np.nan))
    own = {
        attribute: point_data[name].astype(bool) if name == "class_by_hand" else point_data[name]
        for name, attribute in POINT_ARRAYS.items()
    }
    own |= {attribute: cell_data[name] for name, attribute in BRANCH_ARRAYS.items()}
    return Centerlines(points_mm=points, branch_start=start, **own)


def _child(parent: ElementTree.Element, path: str) -> ElementTree.Element:
    """Element at a path; ValueError if there is none."""
    found = parent.find(path)
    if found is None:
        raise ValueError(f"no {path}")
    return found


def _attribute(element: ElementTree.Element, name: str) -> str:
    """Attribute of an element; ValueError if there is none."""
    value = element.get(name)
    if value is None:
        raise ValueError(f"no {name}")
    return value


def _arrays(parent: ElementTree.Element, count: int | None) -> dict[str, np.ndarray]:
    """Arrays by name, of `count` tuples unless it is None."""
    arrays = {}
    types = {name: dtype for dtype, name in _VTK_TYPE.items()}
    for element in parent.iter("DataArray"):
        name = _attribute(element, "Name")
        data = base64.b64decode((element.text or "").strip(), validate=True)
        (length,) = np.frombuffer(data[:8], "<u8")
        values = np.frombuffer(data[8:], f"<{types[_attribute(element, 'type')]}")
        components = int(element.get("NumberOfComponents", "1"))
        if values.nbytes != length or (count is not None and len(values) != count * components):
            raise ValueError(f"{name} is cut short")
        shaped = values.reshape(-1, components) if components > 1 else values
        # A writable copy in the machine's own byte order.
        arrays[name] = shaped.astype(shaped.dtype.newbyteorder("="))
    return arrays


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
