"""The airways of a scan, and what was taken for their walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from BV5AnalysisLib.imaging import pipeline
from BV5AnalysisLib.imaging.airways.bronchi import Bronchi, find_bronchi
from BV5AnalysisLib.imaging.airways.walls import added_by_bronchi
from BV5AnalysisLib.imaging.model.orientation import Orientation
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.size_classes import VESSELS
from BV5AnalysisLib.imaging.model.work_image import WorkImage
from BV5AnalysisLib.imaging.numerics.erosion import without_edge
from BV5AnalysisLib.imaging.vessels.calibration import measure_parenchyma
from BV5AnalysisLib.imaging.vessels.work_grid import WorkGrid
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from drawing.canvas import PANELS, close_up, draw_gray, figure_of, outline, plain, tint

WALL_HU = 30.0
"""What bronchi add to a voxel for it to be shown as wall, or less by as much as lumen."""


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
    work = WorkGrid.around(lungs, ct.grid, pipeline.CONSTANTS.margin_mm)
    parenchyma = measure_parenchyma(ct.array[work.box], lungs[work.box] > 0)
    hu = work.image(ct.array)
    whole = work.labels((lungs > 0) & ~lumen)
    core = without_edge(whole, work.spacing, pipeline.CONSTANTS.edge_mm)
    image = WorkImage(hu, whole, core, work.spacing)
    bronchi = find_bronchi(image, parenchyma)
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
    figure = figure_of(f"{name}: airways found, and what was taken for their walls", (13, 11))
    grid = figure.add_gridspec(3, PANELS, height_ratios=(1.6, 1, 1))
    spacing = airways.work.spacing
    for axis, place, title in ((1, grid[0, :2], "from the front"), (2, grid[0, 2:], "from a side")):
        axes = figure.add_subplot(place)
        kept = [index for index in range(3) if index != axis]
        shade = airways.lungs.mean(axis=axis)[::-1]
        extent = _extent(airways.hu.shape, spacing, kept)
        axes.imshow(shade, cmap="gray", vmax=3 * shade.max(), extent=extent)
        lumen = airways.lumen.any(axis=axis)[::-1]
        axes.imshow(tint(lumen, "#56B4E9", 0.8), extent=extent)
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
        plain(axes)
    for column, center in enumerate(_spread_points(airways.bronchi, PANELS)):
        window, extent = close_up(airways.hu.shape, spacing, center)
        for row, marked in ((1, False), (2, True)):
            axes = figure.add_subplot(grid[row, column])
            draw_gray(axes, airways.hu[window], extent)
            if marked:
                added = airways.added_hu[window]
                axes.imshow(tint(added > WALL_HU, "#E69F00", 0.55), extent=extent, origin="lower")
                axes.imshow(tint(added < -WALL_HU, "#56B4E9", 0.55), extent=extent, origin="lower")
                outline(axes, airways.lumen[window], extent, "#56B4E9")
                for kind, appearance in VESSELS.items():
                    outline(axes, airways.vessels[window] == kind, extent, appearance.hex_color)
            plain(axes)
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


def _spread_points(bronchi: Bronchi, count: int) -> list[np.ndarray]:
    """Places (count, 3) on bronchi from thin to wide, work frame."""
    order = np.argsort(bronchi.wall_radius_mm)
    if not len(order):
        return []
    shares = np.linspace(0.1, 0.98, count)
    return [bronchi.position_mm[order[int(share * (len(order) - 1))]] for share in shares]


def _extent(shape: tuple, spacing: np.ndarray, kept: list[int]) -> tuple:
    rows, columns = (shape[axis] * spacing[axis] for axis in kept)
    return (0, columns, 0, rows)
