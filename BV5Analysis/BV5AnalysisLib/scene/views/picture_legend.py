"""The legend of a 3D picture: a title, and color patches with their labels beside them.

Drawn onto the picture's pixels, so that its place and size are known to the pixel, and by VTK
alone: the actor that Slicer's views use is in the library of a loadable module, which a process
beside Slicer does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy

Color = tuple[float, float, float]

TEXT_COLOR: Color = (1.0, 1.0, 1.0)
TEXT_HEIGHT = 0.021
"""Size of the text, part of the picture's height, where the width allows it."""
READABLE_PIXELS = 11
SMALLEST_PIXELS = 5
MARGIN = 0.03
"""Left free at the sides, part of the width."""
LOWER_EDGE = 0.015
"""Part of the height."""
# In sizes of the text.
PATCH_WIDTH = 1.5
PATCH_HEIGHT = 0.8
PATCH_TO_LABEL = 0.4
BETWEEN_ENTRIES = 1.1
LINE_HEIGHT = 1.5


@dataclass(frozen=True)
class LegendEntry:
    """A color and its label."""

    label: str
    color: Color


@dataclass(frozen=True)
class LegendText:
    """A line of text: how much of each pixel it covers, (height, width), 0 to 1, bottom up."""

    coverage: np.ndarray

    @property
    def width(self) -> int:
        """Pixels."""
        return self.coverage.shape[1]


@dataclass(frozen=True)
class _Layout:
    """Entries in rows of as many columns, in text of a size; widths in pixels."""

    size: int
    columns: int
    labels: tuple[LegendText, ...]
    title: LegendText

    @property
    def before_label(self) -> float:
        """From an entry's left edge to its label."""
        return self.size * (PATCH_WIDTH + PATCH_TO_LABEL)

    @property
    def lefts(self) -> list[float]:
        """Left edges of the columns, and where one more would begin."""
        edges = [0.0]
        for column in range(self.columns):
            widest = max(label.width for label in self.labels[column :: self.columns])
            edges.append(edges[-1] + self.before_label + widest + BETWEEN_ENTRIES * self.size)
        return edges

    @property
    def row_width(self) -> float:
        return self.lefts[-1] - BETWEEN_ENTRIES * self.size

    @property
    def width(self) -> float:
        return max(self.row_width, self.title.width)

    @property
    def rows(self) -> int:
        return -(-len(self.labels) // self.columns)


def with_legend(pixels: np.ndarray, title: str, entries: Sequence[LegendEntry]) -> np.ndarray:
    """Draw a legend at the lower edge of a picture.

    Parameters
    ----------
    pixels : ndarray
        (height, width, 3) uint8, from the bottom up; not changed.
    title : str
        Above the entries.
    entries : sequence of LegendEntry
        From left to right; in several rows where the picture is too narrow for one.

    Returns
    -------
    ndarray
        The picture with it, of the same shape.
    """
    drawn = pixels.copy()
    height, width = pixels.shape[:2]
    layout = _fitting(height, (1 - 2 * MARGIN) * width, title, entries)
    line = LINE_HEIGHT * layout.size
    lowest = LOWER_EDGE * height + layout.size / 2
    _write(drawn, layout.title, (width - layout.title.width) / 2, lowest + layout.rows * line)
    for index, (entry, label) in enumerate(zip(entries, layout.labels, strict=True)):
        row, column = divmod(index, layout.columns)
        left = (width - layout.row_width) / 2 + layout.lefts[column]
        middle = lowest + (layout.rows - 1 - row) * line
        _paint(drawn, entry.color, left, middle, layout.size)
        _write(drawn, label, left + layout.before_label, middle)
    return drawn


def _fitting(height: int, width: float, title: str, entries: Sequence[LegendEntry]) -> _Layout:
    """Layout that fits a width: the fewest rows in which text is readable, else the largest."""
    wanted = max(round(TEXT_HEIGHT * height), READABLE_PIXELS)
    for size in range(wanted, SMALLEST_PIXELS - 1, -1):
        labels = tuple(_text(entry.label, size) for entry in entries)
        text = _text(title, size)
        columns = len(entries)
        while columns > 1:
            layout = _Layout(size, columns, labels, text)
            if layout.width <= width:
                return layout
            if size > READABLE_PIXELS:
                break  # Smaller text is preferred to more rows.
            columns = -(-columns // 2)
        layout = _Layout(size, 1, labels, text)
        if size <= READABLE_PIXELS and layout.width <= width:
            return layout
    return layout


def _text(text: str, size: int) -> LegendText:
    """Draw a line of text with letters of so many pixels."""
    look = vtk.vtkTextProperty()
    look.SetFontFamilyToArial()
    look.SetFontSize(size)
    look.SetColor(TEXT_COLOR)
    image, box = vtk.vtkImageData(), [0, 0]
    pixel_a_point = 72
    vtk.vtkTextRenderer.GetInstance().RenderString(look, text, image, box, pixel_a_point)
    columns, rows, _ = image.GetDimensions()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
    return LegendText(values[: box[1], : box[0], -1] / 255.0)


def _write(pixels: np.ndarray, text: LegendText, left: float, middle: float) -> None:
    """Lay text over a picture, its middle at a height."""
    _lay(pixels, text.coverage, TEXT_COLOR, left, middle - text.coverage.shape[0] / 2)


def _paint(pixels: np.ndarray, color: Color, left: float, middle: float, size: int) -> None:
    """Lay a patch of color over a picture."""
    shape = (round(PATCH_HEIGHT * size), round(PATCH_WIDTH * size))
    _lay(pixels, np.ones(shape), color, left, middle - shape[0] / 2)


def _lay(
    pixels: np.ndarray, coverage: np.ndarray, color: Color, left: float, bottom: float
) -> None:
    """Mix a color into a part of a picture; what does not lie in the picture is left out."""
    x, y = round(left), round(bottom)
    rows = slice(max(y, 0), max(y + coverage.shape[0], 0))
    columns = slice(max(x, 0), max(x + coverage.shape[1], 0))
    part = pixels[rows, columns]
    part_coverage = coverage[rows.start - y :, columns.start - x :][
        : part.shape[0], : part.shape[1]
    ]
    share = part_coverage[..., None]
    part[:] = np.rint((1 - share) * part + share * 255 * np.array(color)).astype(np.uint8)
