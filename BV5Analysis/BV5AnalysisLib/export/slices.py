"""Slices of the lungs with the size classes outlined: ``overview.png``."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..case.case import Case
from ..imaging.model.size_classes import VESSELS, LungLabel, SizeClass
from ..imaging.model.volume import Volume
from ..imaging.parameters import Parameters
from .wording import class_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import AbstractPathEffect

LUNG_WINDOW_HU = (-1350.0, 150.0)
MARGIN_MM = 12.0
SCALE_BAR_MM = 50.0
_AXIAL, _CORONAL, _SAGITTAL = 0, 1, 2


@dataclass(frozen=True, eq=False)
class SlicePicture:
    """One slice as it is shown, first row at the top.

    Attributes
    ----------
    title : str
        Plane and place.
    hu, classes : numpy.ndarray
        (rows, columns) attenuation and `SizeClass` values.
    spacing_mm : tuple of float
        Height and width of a pixel.
    edges : str
        Patient directions at the left, right, top and bottom edge, a letter each.
    """

    title: str
    hu: np.ndarray
    classes: np.ndarray
    spacing_mm: tuple[float, float]
    edges: str


def overview_png(case: Case, ct: Volume) -> bytes:
    """Draw an axial, a coronal and two sagittal slices with class outlines.

    Parameters
    ----------
    case : Case
        What to show.
    ct : Volume
        HU, on the case's grid.

    Returns
    -------
    bytes
        PNG of about 1600 × 1500 pixels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pictures = informative_slices(case, ct)
    figure = Figure(figsize=(10.6, 10.2), dpi=150, facecolor="black", layout="constrained")
    FigureCanvasAgg(figure)
    for axes, picture in zip(figure.subplots(2, 2).flat, pictures, strict=True):
        _draw(axes, picture)
    figure.legend(
        handles=_legend_lines(case.parameters),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        labelcolor="white",
        fontsize=10,
    )
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def informative_slices(case: Case, ct: Volume) -> list[SlicePicture]:
    """Slices through the most vessels: axial, coronal, and sagittal in either lung.

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
    hu, lungs, vessels = _cropped_to_lungs(case, ct)
    # Vessels below the floor would draw the choice towards noise.
    counted = (vessels.array > 0) & (vessels.array != SizeClass.BELOW_FLOOR)
    right, left = (counted & (lungs.array == side) for side in LungLabel)
    return [
        _slice(hu, vessels, _AXIAL, _fullest(counted, _AXIAL), "Axial"),
        _slice(hu, vessels, _CORONAL, _fullest(counted, _CORONAL), "Coronal"),
        _slice(hu, vessels, _SAGITTAL, _fullest(right, _SAGITTAL), "Sagittal, right lung"),
        _slice(hu, vessels, _SAGITTAL, _fullest(left, _SAGITTAL), "Sagittal, left lung"),
    ]


def _cropped_to_lungs(case: Case, ct: Volume) -> tuple[Volume, Volume, Volume]:
    """Attenuation, lungs and vessels around the lungs, axes turned nearest to L, P, S."""
    grid = case.lungs.grid
    margin = np.ceil(MARGIN_MM / grid.spacing_zyx).astype(int)
    whole = tuple(slice(0, length) for length in grid.shape)
    found = ndimage.find_objects((case.lungs.array > 0).astype(np.uint8))
    box = (found[0] if found else None) or whole
    low = [max(side.start - extra, 0) for side, extra in zip(box, margin, strict=True)]
    high = [side.stop + extra for side, extra in zip(box, margin, strict=True)]
    window = tuple(slice(*bounds) for bounds in zip(low, high, strict=True))

    def turned(volume: Volume) -> Volume:
        image = sitk.GetImageFromArray(np.ascontiguousarray(volume.array[window]))
        image.SetSpacing(grid.spacing)
        image.SetDirection(grid.direction)
        image.SetOrigin(tuple(grid.index_to_world(np.array(low))))
        return Volume.of(sitk.DICOMOrient(image, "LPS"))

    return turned(ct), turned(case.lungs), turned(case.vessels)


def _fullest(mask: np.ndarray, axis: int) -> int:
    """Index of the slice across an axis with most voxels, the middle one if there are none."""
    counts = np.count_nonzero(mask, axis=tuple(i for i in range(3) if i != axis))
    return int(np.argmax(counts)) if counts.any() else len(counts) // 2


def _slice(hu: Volume, classes: Volume, axis: int, index: int, plane: str) -> SlicePicture:
    """One slice of volumes in L, P, S order, turned so that its first row is at the top."""
    rows, columns = (i for i in range(3) if i != axis)
    spacing = hu.grid.spacing_zyx
    # Array index z rises to the head; pictures start at the top.
    step = 1 if axis == _AXIAL else -1
    center = [(length - 1) / 2 for length in hu.grid.shape]
    center[axis] = index
    position_mm = hu.grid.index_to_world(np.array(center))[2 - axis]
    name = {_AXIAL: "S", _CORONAL: "P", _SAGITTAL: "L"}[axis]
    return SlicePicture(
        title=f"{plane} ({name} {position_mm:+.0f} mm)".replace("-", "−"),
        hu=np.take(hu.array, index, axis)[::step],
        classes=np.take(classes.array, index, axis)[::step],
        spacing_mm=(spacing[rows], spacing[columns]),
        edges={_AXIAL: "RLAP", _CORONAL: "RLSI", _SAGITTAL: "APSI"}[axis],
    )


def _draw(axes: Axes, picture: SlicePicture) -> None:
    rows, columns = picture.hu.shape
    height_mm, width_mm = rows * picture.spacing_mm[0], columns * picture.spacing_mm[1]
    low, high = LUNG_WINDOW_HU
    axes.imshow(
        picture.hu,
        cmap="gray",
        vmin=low,
        vmax=high,
        extent=(0, width_mm, height_mm, 0),
        interpolation="bilinear",
    )
    x = (np.arange(columns) + 0.5) * picture.spacing_mm[1]
    y = (np.arange(rows) + 0.5) * picture.spacing_mm[0]
    for size_class, appearance in VESSELS.items():
        inside = picture.classes == size_class
        if inside.any() and min(inside.shape) > 1:
            axes.contour(x, y, inside, [0.5], colors=[appearance.hex_color], linewidths=0.8)
    axes.set_title(picture.title, color="white", fontsize=11)
    axes.set_axis_off()
    places = ((0.02, 0.5), (0.98, 0.5), (0.5, 0.98), (0.5, 0.02))
    alignments = (("left", "center"), ("right", "center"), ("center", "top"), ("center", "bottom"))
    for letter, place, (across, along) in zip(picture.edges, places, alignments, strict=True):
        axes.text(
            *place,
            letter,
            transform=axes.transAxes,
            color="white",
            ha=across,
            va=along,
            fontsize=11,
            fontweight="bold",
            path_effects=_halo(),
        )
    bar_x, bar_y = width_mm - 0.04 * width_mm, height_mm - 0.04 * height_mm
    axes.plot(
        [bar_x - SCALE_BAR_MM, bar_x],
        [bar_y, bar_y],
        color="white",
        linewidth=2,
        path_effects=_halo(),
    )
    axes.text(
        bar_x - SCALE_BAR_MM / 2,
        bar_y - 0.01 * height_mm,
        f"{SCALE_BAR_MM:g} mm",
        color="white",
        ha="center",
        va="bottom",
        fontsize=8,
        path_effects=_halo(),
    )


def _halo() -> list[AbstractPathEffect]:
    """White on the gray of soft tissue needs a dark rim."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground="black")]


def _legend_lines(parameters: Parameters) -> list[Line2D]:
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [],
            [],
            color=appearance.hex_color,
            linewidth=3,
            label=f"{appearance.name}: {class_range(size_class, parameters)}",
        )
        for size_class, appearance in VESSELS.items()
    ]
