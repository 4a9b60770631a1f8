"""Where hilar vessels begin, on one slice."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np

from ..case.case import Case
from ..imaging.model.size_classes import VESSELS, SizeClass
from ..imaging.model.volume import Volume
from .overview import draw_slice
from .slices import SlicePicture, hilar_slice

MARGIN_MM = 25.0
"""Around the hilar vessels."""
WIDTH_INCHES, DPI = 6.0, 130


def hilum_png(case: Case, ct: Volume) -> bytes | None:
    """Draw the surroundings of the hila with hilar vessels and size classes.

    Parameters
    ----------
    case : Case
        What to show.
    ct : Volume
        HU, on the case's grid.

    Returns
    -------
    bytes or None
        PNG, 780 pixels wide; None where no vessel is hilar.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    picture = hilar_slice(case, ct)
    if picture is None:
        return None
    picture = _cropped(picture)
    rows, columns = picture.hu.shape
    height = WIDTH_INCHES * rows * picture.spacing_mm[0] / (columns * picture.spacing_mm[1])
    figure = Figure(
        figsize=(WIDTH_INCHES, height + 0.7), dpi=DPI, facecolor="black", layout="constrained"
    )
    FigureCanvasAgg(figure)
    draw_slice(figure.subplots(), picture)
    figure.legend(
        handles=[
            Line2D([], [], color=look.hex_color, linewidth=3, label=look.name)
            for kind, look in VESSELS.items()
            if kind != SizeClass.BELOW_FLOOR
        ],
        loc="outside lower center",
        ncols=4,
        frameon=False,
        labelcolor="white",
        fontsize=9,
    )
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _cropped(picture: SlicePicture) -> SlicePicture:
    """Box of the slice around its hilar vessels."""
    hilar = picture.classes == SizeClass.HILAR
    box = []
    for axis, spacing_mm in enumerate(picture.spacing_mm):
        there = np.flatnonzero(hilar.any(axis=1 - axis))
        margin = round(MARGIN_MM / spacing_mm)
        box.append(slice(max(0, there[0] - margin), there[-1] + margin + 1))
    inside = tuple(box)
    return replace(
        picture,
        hu=picture.hu[inside],
        classes=picture.classes[inside],
        lungs=picture.lungs[inside],
        tissue=picture.tissue[inside],
    )
