"""What the pictures of the benchmark are drawn with."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

WINDOW_HU = (-1050.0, -350.0)
CLOSE_MM = 34.0
"""Side of a close-up."""

PANELS = 4


def close_up(shape: tuple, spacing: np.ndarray, center_mm: np.ndarray) -> tuple[tuple, tuple]:
    """Cut a window (slice number, rows, columns) around a place, and its extent in mm."""
    index = np.rint(center_mm / spacing).astype(int)
    half = np.ceil(CLOSE_MM / 2 / spacing).astype(int)
    low, high = np.maximum(index - half, 0), np.minimum(index + half + 1, shape)
    extent = (
        (low[2] - 0.5) * spacing[2],
        (high[2] - 0.5) * spacing[2],
        (low[1] - 0.5) * spacing[1],
        (high[1] - 0.5) * spacing[1],
    )
    height = int(np.clip(index[0], 0, shape[0] - 1))
    return (height, slice(low[1], high[1]), slice(low[2], high[2])), extent


def figure_of(title: str, size: tuple[float, float]) -> Figure:
    """Make a black figure of a size in inches."""
    figure = Figure(figsize=size, dpi=90, facecolor="black", layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color="white")
    return figure


def draw_gray(axes, hu: np.ndarray, extent: tuple) -> None:
    """Show a slice (rows, columns) in the lung window."""
    low, high = WINDOW_HU
    axes.imshow(hu, cmap="gray", vmin=low, vmax=high, extent=extent, origin="lower")


def tint(mask: np.ndarray, color: str, alpha: float) -> np.ndarray:
    """Make a picture (rows, columns, 4) of one color where a mask is set."""
    rgb = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.dstack([np.full(mask.shape, channel) for channel in rgb] + [alpha * mask])


def outline(axes, mask: np.ndarray, extent: tuple, color: str, width: float = 1.0) -> None:
    """Outline a mask (rows, columns); nothing where it is empty."""
    if not mask.any() or min(mask.shape) < 2:
        return
    rows, columns = mask.shape
    x = np.linspace(extent[0], extent[1], 2 * columns + 1)[1::2]
    y = np.linspace(extent[2], extent[3], 2 * rows + 1)[1::2]
    axes.contour(x, y, mask, [0.5], colors=[color], linewidths=width)


def plain(axes) -> None:
    """No frame, equal millimeters, and axial slices as radiologists see them."""
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.title.set_color("white")
    axes.title.set_fontsize(9)
    # Rows of an axial slice run to the back: first row at the top.
    if axes.images and axes.images[0].origin == "lower":
        axes.invert_yaxis()
