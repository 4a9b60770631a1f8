"""Blood volume by cross-sectional area, drawn."""

from __future__ import annotations

import io

import numpy as np

from ..case.case import Case
from ..imaging.model.measurements import CsaHistogram
from ..imaging.model.size_classes import VESSELS, SizeClass

_TICKS_MM2 = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def histogram_png(case: Case) -> bytes:
    """Draw blood volume over cross-sectional area on a log axis, class by class.

    Bars' areas, not their heights, are volumes: bins differ in width where a class bound cuts.

    Parameters
    ----------
    case : Case
        What to show.

    Returns
    -------
    bytes
        PNG of about 1350 × 600 pixels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    edges, height = drawn_bars(case.csa_histogram)
    classes = case.parameters.size_class(np.sqrt(edges[:-1] * edges[1:]))
    figure = Figure(figsize=(9, 4), dpi=150, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for size_class in (
        SizeClass.BELOW_FLOOR,
        SizeClass.BV5,
        SizeClass.BV5_10,
        SizeClass.BV10,
    ):
        mine = classes == size_class
        axes.bar(
            edges[:-1][mine],
            height[mine],
            width=np.diff(edges)[mine],
            align="edge",
            color=VESSELS[size_class].hex_color,
            edgecolor="#333333",
            linewidth=0.4,
            label=VESSELS[size_class].name,
        )
    top = max(float(height.max(initial=0.0)), 1e-6) * 1.15
    bounds = (case.parameters.minimum_csa_mm2, *case.parameters.class_bounds_mm2)
    for bound in bounds:
        if bound > 0:
            axes.axvline(bound, color="#333333", linestyle="--", linewidth=1)
            axes.text(bound, top * 0.985, f" {bound:g} mm²", va="top", fontsize=9)
    axes.set(
        xscale="log",
        xlim=(edges[0], edges[-1]),
        ylim=(0, top),
        xlabel="Cross-sectional area (mm², log scale)",
        ylabel="Blood volume (mL per doubling of area)",
    )
    axes.xaxis.set_major_locator(FixedLocator(_TICKS_MM2))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def drawn_bars(histogram: CsaHistogram) -> tuple[np.ndarray, np.ndarray]:
    """Bars for a log axis.

    Parameters
    ----------
    histogram : CsaHistogram
        Volumes by area. A first edge of 0 and a last one at infinity have no place on a log
        axis: they are drawn one doubling away from their neighbor.

    Returns
    -------
    edges_mm2 : numpy.ndarray
        (k + 1,) positive, finite edges.
    height_ml : numpy.ndarray
        (k,) volume per doubling of area.
    """
    edges = np.array(histogram.edges_mm2, float)
    if edges[0] <= 0:
        edges[0] = edges[1] / 2
    if np.isinf(edges[-1]):
        edges[-1] = edges[-2] * 2
    return edges, np.asarray(histogram.volume_ml) / np.diff(np.log2(edges))
