"""A picture of a chest: lungs true and found, opacities, airways, and vessels by class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.model.tissue import Tissue
from drawing.canvas import figure_of, outline, tint
from matplotlib.axes import Axes

from .truth import ChestTruth

WINDOW_HU = (-1100.0, 300.0)
HEIGHTS = (0.3, 0.5, 0.75)
"""Axial slices, as shares of the lungs' height."""

DEPTHS = (0.4, 0.6)
"""Coronal slices, as shares of the lungs' depth."""

TRUE, FOUND, AIRWAY = "#40ff40", "#ffd000", "#00e0ff"
OPACITY = {
    Tissue.GROUND_GLASS: "#ff80ff",
    Tissue.RETICULATION: "#c0a0ff",
    Tissue.CONSOLIDATION: "#ff3030",
    Tissue.UNCLAIMED_AIR: "#ffffff",
}
VESSEL = {SizeClass.BV5: "#4a7bff", SizeClass.BV5_10: "#58d858", SizeClass.BV10: "#ff4040"}
LEGEND = (
    "outlines: true lungs green, found yellow, airways cyan; found ground glass pink, reticulation"
    " violet, consolidation red, unclaimed air white; vessels BV5 blue, BV5-10 green, BV10 red"
)


class _Layers:
    """Arrays (z, y, x) that a picture shows a slice of."""

    def __init__(
        self,
        hu: np.ndarray,
        spacing_mm: np.ndarray,
        true_lungs: np.ndarray | None,
        result: AnalysisResult | None,
    ) -> None:
        self.hu, self.spacing_mm, self.true_lungs = hu, spacing_mm, true_lungs
        self.result = result

    @property
    def lungs(self) -> np.ndarray:
        """What slices are chosen by."""
        if self.true_lungs is not None:
            return self.true_lungs > 0
        if self.result is not None:
            return self.result.lungs.array > 0
        return np.ones(self.hu.shape, bool)

    def draw(self, axes: Axes, axis: int, number: int) -> None:
        """Draw one slice, axial (0) or coronal (1)."""

        def plane(array: np.ndarray) -> np.ndarray:
            cut = np.take(array, number, axis)
            return cut[::-1] if axis == 1 else cut

        height_mm, width_mm = self.spacing_mm[1 - axis], self.spacing_mm[2]
        hu = plane(self.hu)
        extent = (0, hu.shape[1] * width_mm, hu.shape[0] * height_mm, 0)
        low, high = WINDOW_HU
        axes.imshow(hu, cmap="gray", vmin=low, vmax=high, extent=extent)
        if self.true_lungs is not None:
            outline(axes, plane(self.true_lungs > 0), _upright(extent), TRUE, 2.0)
        if self.result is not None:
            self._draw_found(axes, plane, extent)
        axes.set_axis_off()

    def _draw_found(self, axes: Axes, plane: Any, extent: tuple) -> None:
        result = self.result
        assert result is not None
        if result.tissue is not None:
            tissue = plane(result.tissue.array)
            for kind, color in OPACITY.items():
                axes.imshow(tint(tissue == kind, color, 0.45), extent=extent)
        vessels = plane(result.vessels.array)
        for size, color in VESSEL.items():
            axes.imshow(tint(vessels == size, color, 0.9), extent=extent)
        outline(axes, plane(result.airways.array > 0), _upright(extent), AIRWAY)
        outline(axes, plane(result.lungs.array > 0), _upright(extent), FOUND)


def _upright(extent: tuple) -> tuple:
    """Extent as `outline` takes it: first row first."""
    return (extent[0], extent[1], extent[3], extent[2])


def draw_chest(
    truth: ChestTruth, result: AnalysisResult | None, row: dict[str, Any], path: Path
) -> None:
    """Draw a random chest with what was found in it.

    Parameters
    ----------
    truth : ChestTruth
        The chest.
    result : AnalysisResult or None
        What was found; None where it was refused.
    row : dict
        Its figures, from `measuring.answer`.
    path : pathlib.Path
        PNG to write.
    """
    layers = _Layers(truth.hu, truth.grid.spacing_zyx, truth.lungs, result)
    _draw(layers, _title(row), path)


def draw_scan(name: str, result: AnalysisResult, path: Path) -> None:
    """Draw a real scan, whose truth nobody knows."""
    volume = result.scan.volume
    row = result.measurements[0]
    codes = ", ".join(f"{each.code} ({each.severity})" for each in result.findings)
    title = f"{name}: BV5 {row.bv5_pct:.1f} %, TPBV {row.tpbv_ml:.1f} mL; {codes or 'no findings'}"
    _draw(_Layers(volume.array, volume.grid.spacing_zyx, None, result), title, path)


def _draw(layers: _Layers, title: str, path: Path) -> None:
    lungs = layers.lungs
    slices = [(0, _at_share(lungs, 0, share)) for share in HEIGHTS]
    slices += [(1, _at_share(lungs, 1, share)) for share in DEPTHS]
    figure = figure_of(title, (16.0, 4.6))
    for place, (axis, number) in enumerate(slices):
        layers.draw(figure.add_subplot(1, len(slices), place + 1), axis, number)
    figure.supxlabel(LEGEND, color="white", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _at_share(mask: np.ndarray, axis: int, share: float) -> int:
    """Slice at a share of a mask's extent along an axis; of the image's where it is empty."""
    filled = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
    low, high = (filled[0], filled[-1]) if len(filled) else (0, mask.shape[axis] - 1)
    # Axial shares run from the feet up, coronal ones from front to back.
    return round(float(low + share * (high - low)))


def _title(row: dict[str, Any]) -> str:
    spec = row["spec"]
    chest = (
        f"seed {row['seed']}, {spec['disease']}, wall {spec['wall_mm']:.0f} mm,"
        f" lungs {sum(row['truth']['lung_ml'].values()) / 1000:.1f} L,"
        f" slices {spec['slice_mm']:g} mm, noise {spec['noise_hu']:.0f} HU"
    )
    if "lungs" not in row:
        return f"{chest}\n{row.get('refused') or row.get('crashed')}"
    lungs, blood = row["lungs"], row["blood"]
    codes = ", ".join(f"{each['code']} ({each['severity']})" for each in row["findings"])
    return (
        f"{chest}\nDice {lungs['dice']:.3f}, BV5 {blood['bv5_error']:+.1f} points,"
        f" TPBV {blood['tpbv_error_pct']:+.0f} %; {codes or 'no findings'}"
    )
