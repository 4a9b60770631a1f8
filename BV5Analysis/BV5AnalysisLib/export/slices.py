"""Slices of a case that show most: what is in them, turned as radiologists read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..case.case import Case
from ..imaging.model.orientation import Orientation
from ..imaging.model.size_classes import LungLabel, SizeClass
from ..imaging.model.tissue import Tissue
from ..imaging.model.volume import Grid, Volume

_AXIAL, _CORONAL, _SAGITTAL = 0, 1, 2


@dataclass(frozen=True, eq=False)
class SlicePicture:
    """One slice as it is shown, first row at the top.

    Attributes
    ----------
    title : str
        Plane and place.
    hu, classes, lungs, tissue : numpy.ndarray
        (rows, columns) attenuation, and `SizeClass`, `LungLabel` and `Tissue` values.
    spacing_mm : tuple of float
        Height and width of a pixel.
    edges : str
        Patient directions at the left, right, top and bottom edge, a letter each.
    """

    title: str
    hu: np.ndarray
    classes: np.ndarray
    lungs: np.ndarray
    tissue: np.ndarray
    spacing_mm: tuple[float, float]
    edges: str


@dataclass(frozen=True, eq=False)
class _Turned:
    """Arrays of a case with their axes in L, P, S order: views, not copies; `tissue` may lack."""

    grid: Grid
    hu: np.ndarray
    classes: np.ndarray
    lungs: np.ndarray
    tissue: np.ndarray | None


def informative_slices(case: Case, ct: Volume) -> list[SlicePicture]:
    """Slices of the whole scan through what matters most.

    Through the most vessels: axial, coronal, and sagittal in either lung. Then, where there are
    some, axial through the most opacities, and through the most air that no lung was found for.
    Nothing is cropped to what was found, or what was lost would not be seen.

    Parameters
    ----------
    case : Case
        What to show.
    ct : Volume
        HU, on the case's grid.

    Returns
    -------
    list of SlicePicture
        Axial seen from the feet and coronal from the front, the patient's right at the left
        edge; sagittal with the front at the left edge.
    """
    turned = _turned(case, ct)
    vessels, lungs = turned.classes, turned.lungs

    def counted(z: int, side: LungLabel | None = None) -> np.ndarray:
        # Vessels below the floor would draw the choice towards noise.
        mask = (vessels[z] > 0) & (vessels[z] < SizeClass.BELOW_FLOOR)
        return np.asarray(mask if side is None else mask & (lungs[z] == side))

    both = _counts(len(vessels), counted)
    right, left = (_counts(len(vessels), partial(counted, side=side)) for side in LungLabel)
    pictures = [
        _slice(turned, _AXIAL, _fullest(both[_AXIAL]), "Axial"),
        _slice(turned, _CORONAL, _fullest(both[_CORONAL]), "Coronal"),
        _slice(turned, _SAGITTAL, _fullest(right[_SAGITTAL]), "Sagittal, right lung"),
        _slice(turned, _SAGITTAL, _fullest(left[_SAGITTAL]), "Sagittal, left lung"),
    ]
    if turned.tissue is not None:
        air = [np.count_nonzero(plane == Tissue.UNCLAIMED_AIR) for plane in turned.tissue]
        marked = [np.count_nonzero(plane) for plane in turned.tissue]
        opaque = np.subtract(marked, air)
        for counts, what in ((opaque, "most opacity"), (np.array(air), "most unclaimed air")):
            if counts.any():
                pictures.append(_slice(turned, _AXIAL, _fullest(counts), f"Axial, {what}"))
    return pictures


def hilar_slice(case: Case, ct: Volume) -> SlicePicture | None:
    """Coronal slice that cuts the most hilar vessels; None where none is hilar.

    Parameters
    ----------
    case, ct
        As for `informative_slices`.
    """
    turned = _turned(case, ct)

    def hilar(z: int) -> np.ndarray:
        return np.asarray(turned.classes[z] == SizeClass.HILAR)

    counts = _counts(len(turned.classes), hilar)[_CORONAL]
    return _slice(turned, _CORONAL, _fullest(counts), "Coronal") if counts.any() else None


def _turned(case: Case, ct: Volume) -> _Turned:
    orientation = Orientation.of(case.lungs.grid)
    return _Turned(
        orientation.turned_grid(),
        orientation.view(ct.array),
        orientation.view(case.vessels.array),
        orientation.view(case.lungs.array),
        None if case.tissue is None else orientation.view(case.tissue.array),
    )


def _counts(planes: int, mask: Callable[[int], np.ndarray]) -> list[np.ndarray]:
    """Voxels of a mask in each slice across z, y and x; plane by plane, which takes no memory."""
    along_z, along_y, along_x = [], 0, 0
    for z in range(planes):
        plane = mask(z)
        along_z.append(np.count_nonzero(plane))
        along_y = along_y + np.count_nonzero(plane, axis=1)
        along_x = along_x + np.count_nonzero(plane, axis=0)
    return [np.array(along_z), np.asarray(along_y), np.asarray(along_x)]


def _fullest(counts: np.ndarray) -> int:
    """Index of the slice with most voxels, the middle one if there are none."""
    return int(np.argmax(counts)) if counts.any() else len(counts) // 2


def _slice(turned: _Turned, axis: int, index: int, plane: str) -> SlicePicture:
    """One slice, turned so that its first row is at the top."""
    rows, columns = (i for i in range(3) if i != axis)
    spacing = turned.grid.spacing_zyx
    # Array index z rises to the head; pictures start at the top.
    step = 1 if axis == _AXIAL else -1
    center = [(length - 1) / 2 for length in turned.grid.shape]
    center[axis] = index
    position_mm = turned.grid.index_to_world(np.array(center))[2 - axis]
    name = {_AXIAL: "S", _CORONAL: "P", _SAGITTAL: "L"}[axis]

    def taken(array: np.ndarray) -> np.ndarray:
        return np.asarray(np.take(array, index, axis)[::step])

    classes = taken(turned.classes)
    return SlicePicture(
        title=f"{plane} ({name} {position_mm:+.0f} mm)".replace("-", "−"),
        hu=taken(turned.hu),
        classes=classes,
        lungs=taken(turned.lungs),
        tissue=np.zeros_like(classes) if turned.tissue is None else taken(turned.tissue),
        spacing_mm=(spacing[rows], spacing[columns]),
        edges={_AXIAL: "RLAP", _CORONAL: "RLSI", _SAGITTAL: "APSI"}[axis],
    )
