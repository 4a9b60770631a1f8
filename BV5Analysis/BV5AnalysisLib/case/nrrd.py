"""NRRD files written from memory without compression, to hand volumes to another process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..imaging.model.volume import Grid

TYPES = {
    "i1": "int8",
    "u1": "uint8",
    "i2": "int16",
    "u2": "uint16",
    "i4": "int32",
    "u4": "uint32",
    "i8": "int64",
    "u8": "uint64",
    "f4": "float",
    "f8": "double",
}


def write_nrrd(
    path: Path, array: np.ndarray, grid: Grid, fields: Mapping[str, str] | None = None
) -> None:
    """Write voxels and their place.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    array : numpy.ndarray
        Values (z, y, x), or (z, y, x, c) for c values in each voxel.
    grid : Grid
        Where the voxels are.
    fields : mapping of str to str, optional
        Further key/value pairs of one line each.

    Raises
    ------
    OSError
        The file cannot be written, such as for a full disk.
    """
    values = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    header = "\n".join(
        [
            "NRRD0005",
            *_geometry(values, grid),
            *(f"{key}:={' '.join(value.split())}" for key, value in (fields or {}).items()),
        ]
    )
    with path.open("wb") as file:
        file.write(f"{header}\n\n".encode())
        file.write(memoryview(values).cast("B"))


def _geometry(values: np.ndarray, grid: Grid) -> list[str]:
    """Header lines of type, size and geometry."""
    several = values.ndim - 3
    columns = np.reshape(grid.direction, (3, 3)).T * np.reshape(grid.spacing, (3, 1))
    directions = ["none"] * several + [_vector(column) for column in columns]
    return [
        f"type: {TYPES[values.dtype.str[1:]]}",
        f"dimension: {values.ndim}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(length) for length in values.shape[3:] + grid.size)}",
        f"space directions: {' '.join(directions)}",
        f"kinds: {' '.join(['vector'] * several + ['domain'] * 3)}",
        "endian: little",
        "encoding: raw",
        f"space origin: {_vector(grid.origin)}",
    ]


def _vector(values: np.ndarray | tuple[float, ...]) -> str:
    return f"({','.join(repr(float(value)) for value in values)})"
