"""Pictures to judge by eye: airways and what was taken for their walls, and the worst places.

Written to ``benchmarks/out/pictures``, of a chest phantom and of each scan at hand.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from BV5AnalysisLib.imaging.bronchi import Bronchi, find_bronchi
from BV5AnalysisLib.imaging.bronchialwalls import added_by_bronchi
from BV5AnalysisLib.imaging.calibration import measure_parenchyma
from BV5AnalysisLib.imaging.measurements import AnalysisResult
from BV5AnalysisLib.imaging.orientation import Orientation
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import EDGE_MM, MARGIN_MM, analyze
from BV5AnalysisLib.imaging.reading import read_scan
from BV5AnalysisLib.imaging.sizeclasses import VESSELS, SizeClass
from BV5AnalysisLib.imaging.workgrid import WorkGrid
from chestcases import USUAL_MM
from matching import distance_to, found_pieces, pieces_of
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from resuming import OUT
from scipy import ndimage
from scoring import FALSE_PLACES
from speed import scans
from truth import Truth

PICTURES = OUT / "pictures"
QUICK_SCALE = 0.6
WINDOW_HU = (-1050.0, -350.0)
WALL_HU = 30.0
"""What bronchi add to a voxel for it to be shown as wall, or less by as much as lumen."""

CLOSE_MM = 34.0
"""Side of a close-up."""

PANELS = 4


@dataclass(frozen=True, eq=False)
class Airways:
    """What was taken for airway inside the lungs of a scan, on the work grid.

    Attributes
    ----------
    work : WorkGrid
        Of the scan turned as the analysis turns it.
    hu : numpy.ndarray
        The scan.
    added_hu : numpy.ndarray
        What was taken off as bronchi.
    lumen, lungs, vessels : numpy.ndarray
        Bool, bool and `SizeClass` values.
    bronchi : Bronchi
        Axes of the bronchi.
    """

    work: WorkGrid
    hu: np.ndarray
    added_hu: np.ndarray
    lumen: np.ndarray
    lungs: np.ndarray
    vessels: np.ndarray
    bronchi: Bronchi

    def from_world(self, points_mm: np.ndarray) -> np.ndarray:
        """Points (n, 3) in the work frame, (z, y, x) mm, of world points."""
        start = [side.start for side in self.work.box]
        source = self.work.source
        return (source.world_to_index(points_mm) - start) * source.spacing_zyx


def find_airways(result: AnalysisResult) -> Airways:
    """Look for bronchi once more, as the analysis did.

    Parameters
    ----------
    result : AnalysisResult
        Of a scan.

    Returns
    -------
    Airways
        On the work grid.
    """
    orientation = Orientation.of(result.scan.volume.grid)
    ct = orientation.turned(result.scan.volume)
    lungs, lumen, vessels = (
        orientation.turn(volume.array) for volume in (result.lungs, result.airways, result.vessels)
    )
    work = WorkGrid.around(lungs, ct.grid, MARGIN_MM)
    parenchyma_hu, noise_hu = measure_parenchyma(ct.array[work.box], lungs[work.box] > 0)
    hu = work.image(ct.array)
    whole = work.labels((lungs > 0) & ~lumen)
    layers = max(1, round(EDGE_MM / float(work.spacing.min())))
    core = ndimage.binary_erosion(whole, iterations=layers)
    filled = np.where(core, hu, np.float32(parenchyma_hu))
    bronchi = find_bronchi(filled, core, work.spacing, parenchyma_hu, noise_hu)
    added = np.zeros_like(hu)
    if len(bronchi):
        voxel, change = added_by_bronchi(bronchi, hu.shape, work.spacing)
        added[voxel] = change
    return Airways(
        work, hu, added, work.labels(lumen), work.labels(lungs) > 0, work.labels(vessels), bronchi
    )


def airway_picture(name: str, airways: Airways, true_mm: np.ndarray | None = None) -> Figure:
    """Draw the airways from the front, and close-ups of what was taken for their walls.

    Parameters
    ----------
    name : str
        For the title.
    airways : Airways
        What was found.
    true_mm : numpy.ndarray, optional
        (n, 3) world points on the axes of a phantom's airways inside the lungs.

    Returns
    -------
    matplotlib.figure.Figure
        The tree seen from the front and from the side; below, axial close-ups, plain and marked.
    """
    figure = _figure(f"{name}: airways found, and what was taken for their walls", (13, 11))
    grid = figure.add_gridspec(3, PANELS, height_ratios=(1.6, 1, 1))
    spacing = airways.work.spacing
    for axis, place, title in ((1, grid[0, :2], "from the front"), (2, grid[0, 2:], "from a side")):
        axes = figure.add_subplot(place)
        kept = [index for index in range(3) if index != axis]
        shade = airways.lungs.mean(axis=axis)[::-1]
        extent = _extent(airways.hu.shape, spacing, kept)
        axes.imshow(shade, cmap="gray", vmax=3 * shade.max(), extent=extent)
        lumen = airways.lumen.any(axis=axis)[::-1]
        axes.imshow(_tint(lumen, "#56B4E9", 0.8), extent=extent)
        if true_mm is not None:
            points = airways.from_world(true_mm)
            axes.plot(points[:, kept[1]], points[:, kept[0]], ",", color="#009E73")
        points = airways.bronchi.position_mm
        axes.scatter(
            points[:, kept[1]],
            points[:, kept[0]],
            s=4 * airways.bronchi.wall_radius_mm,
            c="#E69F00",
            linewidths=0,
        )
        what = "tree (blue), bronchi by their walls (orange)"
        axes.set_title(f"{title}: {what}" + ", true axes (green)" * (true_mm is not None))
        _plain(axes)
    for column, center in enumerate(_spread_points(airways.bronchi, PANELS)):
        window, extent = _close_up(airways.hu.shape, spacing, center)
        for row, marked in ((1, False), (2, True)):
            axes = figure.add_subplot(grid[row, column])
            _gray(axes, airways.hu[window], extent)
            if marked:
                added = airways.added_hu[window]
                axes.imshow(_tint(added > WALL_HU, "#E69F00", 0.55), extent=extent, origin="lower")
                axes.imshow(_tint(added < -WALL_HU, "#56B4E9", 0.55), extent=extent, origin="lower")
                _outline(axes, airways.lumen[window], extent, "#56B4E9")
                for kind, appearance in VESSELS.items():
                    _outline(axes, airways.vessels[window] == kind, extent, appearance.hex_color)
            _plain(axes)
    figure.legend(
        handles=[
            Line2D([], [], color="#E69F00", linewidth=5, label="taken for wall"),
            Line2D([], [], color="#56B4E9", linewidth=5, label="taken for lumen"),
            *(Line2D([], [], color=each.hex_color, label=each.name) for each in VESSELS.values()),
        ],
        loc="outside lower center",
        ncols=6,
        frameon=False,
        labelcolor="white",
    )
    return figure


def worst_picture(name: str, result: AnalysisResult, truth: Truth) -> Figure:
    """Draw the slices of a phantom where most is wrong: true outlines against found pieces.

    Parameters
    ----------
    name : str
        For the title.
    result : AnalysisResult
        Of the phantom.
    truth : Truth
        Of the same phantom.

    Returns
    -------
    matplotlib.figure.Figure
        Above, close-ups of most false length; below, of most missed length.
    """
    found = pieces_of(result.centerlines)
    counted = result.parameters.size_class(found.csa_mm2) != SizeClass.BELOW_FLOOR
    false = found.take(counted & np.isin(truth.place(found.position_mm)[0], FALSE_PLACES))
    wide = truth.vessels.take(truth.vessels.csa_mm2 >= result.parameters.minimum_csa_mm2)
    missed = wide.take(~found_pieces(wide, found))
    figure = _figure(f"{name}: most false length (above) and most missed (below)", (13, 7.5))
    grid = figure.add_gridspec(2, PANELS)
    volume = result.scan.volume
    spacing = volume.grid.spacing_zyx
    for row, pieces in enumerate((false, missed)):
        for column, point in enumerate(_heaps(pieces.position_mm, pieces.length_mm, PANELS)):
            axes = figure.add_subplot(grid[row, column])
            center = volume.grid.world_to_index(point[None])[0] * spacing
            window, extent = _close_up(volume.array.shape, spacing, center)
            _gray(axes, volume.array[window], extent)
            _outline(axes, result.vessels.array[window] > 0, extent, "#D55E00")
            _outline(axes, _true_blood(truth, volume.grid, window), extent, "#009E73")
            height = window[0]
            for marks, color in ((false, "#CC79A7"), (missed, "#F0E442")):
                at = volume.grid.world_to_index(marks.position_mm)
                near = abs(at[:, 0] - height) * spacing[0] < 1.0
                place = at[near] * spacing
                axes.scatter(place[:, 2], place[:, 1], s=14, marker="x", c=color, linewidths=1)
            axes.set_xlim(extent[:2])
            axes.set_ylim(extent[3], extent[2])
            _plain(axes)
    names = (
        ("#009E73", "true vessel"),
        ("#D55E00", "found vessel"),
        ("#CC79A7", "false"),
        ("#F0E442", "missed"),
    )
    figure.legend(
        handles=[Line2D([], [], color=color, linewidth=3, label=label) for color, label in names],
        loc="outside lower center",
        ncols=4,
        frameon=False,
        labelcolor="white",
    )
    return figure


def _true_blood(truth: Truth, grid, window: tuple) -> np.ndarray:
    """Pixels (rows, columns) of a close-up inside true vessels."""
    height, rows, columns = window
    across = (np.arange(side.start, side.stop) for side in (rows, columns))
    index = np.stack(np.meshgrid([height], *across, indexing="ij"), axis=-1).reshape(-1, 3)
    points = grid.index_to_world(index)
    near = truth.blood.take(
        (abs(truth.blood.position_mm - points.mean(axis=0)) < CLOSE_MM).all(axis=1)
    )
    inside = np.zeros(len(points), bool)
    for low in (0.0, 0.8, 1.6, 3.2, 6.4):
        some = near.take((near.radius_mm >= low) & (near.radius_mm < 2 * max(low, 0.4)))
        if len(some):
            distance, nearest = distance_to(some, points)
            inside |= distance < some.radius_mm[nearest]
    return inside.reshape(rows.stop - rows.start, columns.stop - columns.start)


def _heaps(points: np.ndarray, weight: np.ndarray, count: int) -> list[np.ndarray]:
    """Places (count, 3) with most weight within a few mm, well apart."""
    places = []
    left = np.array(weight, float)
    for _ in range(count):
        if not len(points) or left.max() <= 0:
            break
        cell = np.unique(np.round(points / 6).astype(int), axis=0, return_inverse=True)[1].ravel()
        heap = np.bincount(cell, left).argmax()
        mine = (cell == heap) & (left > 0)
        center = points[mine][len(points[mine]) // 2]
        places.append(center)
        left[np.linalg.norm(points - center, axis=1) < CLOSE_MM] = 0
    return places


def _spread_points(bronchi: Bronchi, count: int) -> list[np.ndarray]:
    """Places (count, 3) on bronchi from thin to wide, work frame."""
    order = np.argsort(bronchi.wall_radius_mm)
    if not len(order):
        return []
    shares = np.linspace(0.1, 0.98, count)
    return [bronchi.position_mm[order[int(share * (len(order) - 1))]] for share in shares]


def _close_up(shape: tuple, spacing: np.ndarray, center_mm: np.ndarray) -> tuple[tuple, tuple]:
    """Window (slice number, rows, columns) around a place, and its extent in mm."""
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


def _figure(title: str, size: tuple[float, float]) -> Figure:
    figure = Figure(figsize=size, dpi=90, facecolor="black", layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color="white")
    return figure


def _extent(shape: tuple, spacing: np.ndarray, kept: list[int]) -> tuple:
    rows, columns = (shape[axis] * spacing[axis] for axis in kept)
    return (0, columns, 0, rows)


def _gray(axes, hu: np.ndarray, extent: tuple) -> None:
    low, high = WINDOW_HU
    axes.imshow(hu, cmap="gray", vmin=low, vmax=high, extent=extent, origin="lower")


def _tint(mask: np.ndarray, color: str, alpha: float) -> np.ndarray:
    """Picture (rows, columns, 4) of one color where a mask is set."""
    rgb = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.dstack([np.full(mask.shape, channel) for channel in rgb] + [alpha * mask])


def _outline(axes, mask: np.ndarray, extent: tuple, color: str) -> None:
    if not mask.any() or min(mask.shape) < 2:
        return
    rows, columns = mask.shape
    x = np.linspace(extent[0], extent[1], 2 * columns + 1)[1::2]
    y = np.linspace(extent[2], extent[3], 2 * rows + 1)[1::2]
    axes.contour(x, y, mask, [0.5], colors=[color], linewidths=1)


def _plain(axes) -> None:
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.title.set_color("white")
    axes.title.set_fontsize(9)
    # Rows of an axial slice run to the back: first row at the top.
    if axes.images and axes.images[0].origin == "lower":
        axes.invert_yaxis()


def report(options: argparse.Namespace) -> str:
    """Draw everything; Markdown that lists the files."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    files = []

    def keep(figure: Figure, name: str) -> None:
        figure.savefig(PICTURES / name)
        files.append(name)
        print(PICTURES / name, file=sys.stderr, flush=True)

    scale = QUICK_SCALE if options.quick else options.scale
    spec = ChestPhantomSpec(scale=scale, seed=options.first_seed, spacing_mm=USUAL_MM)
    phantom = chest_phantom(spec)
    result = analyze(phantom.volume.to_sitk())
    truth = Truth.of(phantom)
    axes_mm = phantom.airway_centerlines.points_mm
    keep(airway_picture("chest phantom", find_airways(result), axes_mm), "phantom_airways.png")
    keep(worst_picture("chest phantom", result, truth), "phantom_worst.png")
    del phantom, result, truth
    for path in () if options.quick else scans():
        name = path.name.split(".")[0]
        keep(airway_picture(name, find_airways(analyze(read_scan(path)))), f"{name}_airways.png")
    return "### Pictures\n\nIn `benchmarks/out/pictures`: " + ", ".join(files) + ".\n"


def main() -> None:
    """Draw everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small phantom only")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the phantom")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the phantom")
    print(report(parser.parse_args()))


if __name__ == "__main__":
    main()
