"""The places of a phantom where most is wrong."""

from __future__ import annotations

import numpy as np
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.model.volume import Grid
from chest_phantoms.matching import distance_to, found_pieces, pieces_of
from chest_phantoms.scoring import FALSE_PLACES
from chest_phantoms.truth import Truth
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from drawing.canvas import CLOSE_MM, PANELS, close_up, draw_gray, figure_of, outline, plain


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
    figure = figure_of(f"{name}: most false length (above) and most missed (below)", (13, 7.5))
    grid = figure.add_gridspec(2, PANELS)
    volume = result.scan.volume
    spacing = volume.grid.spacing_zyx
    for row, pieces in enumerate((false, missed)):
        for column, point in enumerate(_heaps(pieces.position_mm, pieces.length_mm, PANELS)):
            axes = figure.add_subplot(grid[row, column])
            center = volume.grid.world_to_index(point[None])[0] * spacing
            window, extent = close_up(volume.array.shape, spacing, center)
            draw_gray(axes, volume.array[window], extent)
            outline(axes, result.vessels.array[window] > 0, extent, "#D55E00")
            outline(axes, _true_blood(truth, volume.grid, window), extent, "#009E73")
            height = window[0]
            for marks, color in ((false, "#CC79A7"), (missed, "#F0E442")):
                at = volume.grid.world_to_index(marks.position_mm)
                near = abs(at[:, 0] - height) * spacing[0] < 1.0
                place = at[near] * spacing
                axes.scatter(place[:, 2], place[:, 1], s=14, marker="x", c=color, linewidths=1)
            axes.set_xlim(extent[:2])
            axes.set_ylim(extent[3], extent[2])
            plain(axes)
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


def _true_blood(truth: Truth, grid: Grid, window: tuple) -> np.ndarray:
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
