"""The whole chest on slices, with all that was found and what was left out: ``overview.png``."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..case.case import Case
from ..imaging.model.finding import Severity
from ..imaging.model.size_classes import VESSELS, SizeClass
from ..imaging.model.tissue import TISSUES, Tissue
from ..imaging.model.volume import Volume
from ..study.texts import shortened
from .slices import SlicePicture, informative_slices
from .wording import class_range

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patheffects import AbstractPathEffect

LUNG_WINDOW_HU = (-1350.0, 150.0)
SCALE_BAR_MM = 50.0
LUNG_COLOR = "#9FE8A0"
ERROR_COLOR = "#FF7B5C"
_COLUMNS = 2
_HATCH_PIXEL_MM = 0.5
_LONGEST_TITLE = 150


@dataclass(frozen=True)
class Hatch:
    """Stripes that mark a kind of tissue.

    Attributes
    ----------
    period_mm, width_mm : float
        Distance of stripes, and their width.
    directions : tuple of int
        1 for stripes that rise to the right, -1 for those that fall.
    tint : float
        Opacity between the stripes.
    pattern : str
        The same for matplotlib's legend.
    """

    period_mm: float
    width_mm: float
    directions: tuple[int, ...]
    tint: float
    pattern: str


HATCHES = {
    Tissue.GROUND_GLASS: Hatch(7.0, 1.2, (1,), 0.0, "///"),
    Tissue.RETICULATION: Hatch(7.0, 1.0, (1, -1), 0.0, "xxx"),
    Tissue.CONSOLIDATION: Hatch(4.5, 1.4, (-1,), 0.15, "\\\\\\\\"),
    Tissue.UNCLAIMED_AIR: Hatch(6.0, 3.0, (1,), 0.35, "||||"),
}


def overview_png(case: Case, ct: Volume) -> bytes:
    """Draw slices of the whole chest: vessels by class, lungs, opacities, unclaimed air.

    Parameters
    ----------
    case : Case
        What to show.
    ct : Volume
        HU, on the case's grid.

    Returns
    -------
    bytes
        PNG, 1800 pixels wide, of the slices that `informative_slices` chooses.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pictures = informative_slices(case, ct)
    rows = -(-len(pictures) // _COLUMNS)
    figure = Figure(
        figsize=(12.0, 5.4 * rows + 0.6), dpi=150, facecolor="black", layout="constrained"
    )
    FigureCanvasAgg(figure)
    places = list(figure.subplots(rows, _COLUMNS).flat)
    for axes, picture in zip(places, pictures, strict=False):
        draw_slice(axes, picture)
    for axes in places[len(pictures) :]:
        axes.set_axis_off()
    figure.legend(
        handles=_legend(case),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        labelcolor="white",
        fontsize=10,
        handlelength=2.6,
        handleheight=1.3,
    )
    _say_errors(figure, case)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def hatched(tissue: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Colors and opacity of the hatching of a slice, on pixels fine enough for its stripes.

    Parameters
    ----------
    tissue : numpy.ndarray
        (rows, columns) `Tissue` values.
    spacing_mm : tuple of float
        Height and width of a pixel.

    Returns
    -------
    numpy.ndarray
        (rows, columns, 4) RGB and opacity from 0 to 1, over the same extent.
    """
    sizes_mm = [count * spacing for count, spacing in zip(tissue.shape, spacing_mm, strict=True)]
    y_mm, x_mm = (
        (np.arange(max(1, round(size / _HATCH_PIXEL_MM))) + 0.5) * _HATCH_PIXEL_MM
        for size in sizes_mm
    )
    row, column = (
        np.minimum((place / spacing).astype(int), count - 1)
        for place, spacing, count in zip((y_mm, x_mm), spacing_mm, tissue.shape, strict=True)
    )
    fine = tissue[row[:, None], column[None, :]]
    colors = np.zeros((*fine.shape, 4), np.float32)
    for kind, hatch in HATCHES.items():
        inside = fine == kind
        if not inside.any():
            continue
        stripe = np.zeros(fine.shape, bool)
        for direction in hatch.directions:
            along = (x_mm[None, :] + direction * y_mm[:, None]) / np.sqrt(2)
            stripe |= np.mod(along, hatch.period_mm) < hatch.width_mm
        colors[inside, :3] = TISSUES[kind].color
        colors[inside, 3] = np.where(stripe[inside], 0.9, hatch.tint)
    return colors


def draw_slice(axes: Axes, picture: SlicePicture) -> None:
    """Draw a slice with its vessels, lungs and opacities, and a scale bar."""
    rows, columns = picture.hu.shape
    height_mm, width_mm = rows * picture.spacing_mm[0], columns * picture.spacing_mm[1]
    low, high = LUNG_WINDOW_HU
    extent = (0.0, width_mm, height_mm, 0.0)
    axes.imshow(
        picture.hu, cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="bilinear"
    )
    if picture.tissue.any():
        colors = hatched(picture.tissue, picture.spacing_mm)
        axes.imshow(colors, extent=extent, interpolation="nearest")
    _outline(axes, picture, picture.lungs > 0, LUNG_COLOR, 0.6)
    for kind, look in TISSUES.items():
        _outline(axes, picture, picture.tissue == kind, look.hex_color, 0.9)
    for size_class, look in VESSELS.items():
        _outline(axes, picture, picture.classes == size_class, look.hex_color, 0.9)
    axes.set_xlim(0, width_mm)
    axes.set_ylim(height_mm, 0)
    axes.set_title(picture.title, color="white", fontsize=11)
    axes.set_axis_off()
    _letter_edges(axes, picture.edges)
    _scale_bar(axes, width_mm, height_mm)


def _outline(
    axes: Axes, picture: SlicePicture, inside: np.ndarray, color: str, linewidth: float
) -> None:
    if not inside.any() or min(inside.shape) < 2:
        return
    x = (np.arange(inside.shape[1]) + 0.5) * picture.spacing_mm[1]
    y = (np.arange(inside.shape[0]) + 0.5) * picture.spacing_mm[0]
    axes.contour(x, y, inside, [0.5], colors=[color], linewidths=linewidth)


def _letter_edges(axes: Axes, letters: str) -> None:
    places = ((0.02, 0.5), (0.98, 0.5), (0.5, 0.98), (0.5, 0.02))
    alignments = (("left", "center"), ("right", "center"), ("center", "top"), ("center", "bottom"))
    for letter, place, (across, along) in zip(letters, places, alignments, strict=True):
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


def _scale_bar(axes: Axes, width_mm: float, height_mm: float) -> None:
    bar_x, bar_y = 0.96 * width_mm, 0.96 * height_mm
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


def _say_errors(figure: Figure, case: Case) -> None:
    """Write above the pictures why the numbers cannot be trusted, if so."""
    errors = [finding.text for finding in case.findings if finding.severity == Severity.ERROR]
    if errors:
        text = "\n".join(shortened(error, _LONGEST_TITLE) for error in errors)
        figure.suptitle(
            f"The numbers cannot be trusted\n{text}", color=ERROR_COLOR, fontsize=10, wrap=True
        )


def _legend(case: Case) -> list[Artist]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lines: list[Artist] = [
        Line2D(
            [],
            [],
            color=look.hex_color,
            linewidth=3,
            label=f"{look.name}: {class_range(size_class, case.parameters)}",
        )
        for size_class, look in VESSELS.items()
        if size_class != SizeClass.HILAR or case.parameters.hilum_apart
    ]
    lines.append(Line2D([], [], color=LUNG_COLOR, linewidth=1.5, label="Lungs"))
    if case.tissue is not None:
        lines += [
            Patch(
                facecolor="none",
                edgecolor=look.hex_color,
                hatch=HATCHES[kind].pattern,
                label=look.name,
            )
            for kind, look in TISSUES.items()
        ]
    return lines
