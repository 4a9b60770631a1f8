"""How figures for papers look, and how they become files.

Widths are those of journal columns, 85 and 175 mm; letters of 7 points; lines and texts are paths,
so that a figure looks the same wherever it is opened. Colors are those of Okabe and Ito, which
color-blind readers tell apart; markers and dashes differ as well, for prints without color.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


SINGLE_MM, DOUBLE_MM = 85.0, 175.0
PRINT_DPI = 300

INK, SOFT, LINE, PAPER = "#1a1d21", "#565d66", "#d5d9de", "#ffffff"
"""Each used for one purpose only: pages replace them by their own, light or dark."""

Dash = Literal["-", "--", "-.", ":"]
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f")
COLORS_ON_DARK = (
    "#4ba3e0", "#f0803c", "#2fc39a", "#dd9cc0", "#f2b93b", "#7cc8f5", "#c2a05a", "#a9a9a9",
)  # fmt: skip
"""The same, lighter, for pages on dark screens."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES: tuple[Dash, ...] = ("-", "--", "-.", ":")

_MOST_TICKS = 5
"""On an axis; numbers of 7 points need room, and each takes time."""

_FONT = "DejaVu Sans"
"""Comes with matplotlib: the same everywhere."""
_OTHER_LETTERS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "Yu Gothic", "Meiryo",
    "MS Gothic", "Microsoft YaHei", "Malgun Gothic", "Hiragino Sans", "PingFang SC",
    "Arial Unicode MS",
)  # fmt: skip
"""For letters that it lacks, such as those of Chinese, Japanese and Korean names of groups."""

_STYLE: dict[str, Any] = {
    "font.size": 7.0,
    "axes.titlesize": 7.0,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.handletextpad": 0.5,
    "legend.borderpad": 0.1,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "figure.facecolor": PAPER,
    "axes.unicode_minus": True,
    "text.parse_math": False,  # A name may hold dollar signs.
    "svg.fonttype": "path",
    "svg.hashsalt": "bv5-analysis",
    "savefig.dpi": PRINT_DPI,
}
_TOKENS = {INK: "ink", SOFT: "soft", LINE: "line", PAPER: "paper"} | {
    color: f"group-{index}" for index, color in enumerate(COLORS)
}


@dataclass(frozen=True)
class Picture:
    """A figure as it is published.

    Attributes
    ----------
    svg : str
        With lines as vectors.
    png : bytes
        Of 300 dots an inch.
    width_mm : float
    """

    svg: str
    png: bytes
    width_mm: float


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw and save figures of this style inside."""
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    fonts = [_FONT, *(font for font in _OTHER_LETTERS if font in installed)]
    style = mpl.RcParams(_STYLE | {"font.family": fonts})
    with mpl.rc_context(style), warnings.catch_warnings():
        # Letters of no font at all are drawn as boxes; tables have them.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        yield


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """Return an empty figure of a size in print; inside `figure_style` only."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    size = (width_mm / 25.4, height_mm / 25.4)
    layout = ConstrainedLayoutEngine(hspace=0.05)
    figure = Figure(figsize=size, dpi=PRINT_DPI, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def picture_of(figure: Figure) -> Picture:
    """Save a figure, the same bytes every time; inside `figure_style` only."""
    svg, png = io.StringIO(), io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    if layout := figure.get_layout_engine():
        layout.execute(figure)  # Once: each saving would do it again.
        figure.set_layout_engine(None)
    figure.savefig(svg, format="svg", metadata=nothing)
    fast = {"compress_level": 2}
    figure.savefig(png, format="png", metadata={"Software": None}, pil_kwargs=fast)
    return Picture(svg.getvalue(), png.getvalue(), figure.get_figwidth() * 25.4)


def grid_of_axes(figure: Figure, count: int, columns: int, *, share_y: bool = False) -> list[Axes]:
    """Return so many axes in rows of a figure."""
    rows = -(-count // columns)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=share_y).ravel()
    for unused in grid[count:]:
        unused.remove()
    for axes in grid[:count]:
        axes.locator_params(nbins=_MOST_TICKS)
    return list(grid[:count])


def is_first_in_row(axes: Axes) -> bool:
    """Whether axes stand at the left of their figure."""
    place = axes.get_subplotspec()
    return place is not None and place.is_first_col()


def color_of(index: int) -> str:
    """Color of the group or curve of this index."""
    return COLORS[index % len(COLORS)]


def marker_of(index: int) -> str:
    """Marker of the group of this index; another one where colors come again."""
    return MARKERS[(index + index // len(COLORS)) % len(MARKERS)]


def dash_of(index: int) -> Dash:
    """Line style of the group or curve of this index."""
    return DASHES[index % len(DASHES)]


def inline_svg(svg: str, name: str) -> str:
    """Return a figure's SVG as part of an HTML page.

    Parameters
    ----------
    svg : str
        As `picture_of` gives it.
    name : str
        Different for each figure of the page; letters, digits and hyphens.

    Returns
    -------
    str
        Element ``svg`` with identifiers of its own, as wide as its place, in the page's colors:
        its custom properties ``ink``, ``soft``, ``line``, ``paper`` and ``group-0`` to ``group-7``.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    for color, variable in _TOKENS.items():
        svg = svg.replace(color, f"var(--{variable})")
    return svg
