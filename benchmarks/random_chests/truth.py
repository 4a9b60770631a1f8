"""What a random chest truly holds, kept on disk so that it is made once."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.phantom.anychest import AnyChestPhantom, TissueKind, any_chest

OPACITIES = (TissueKind.GROUND_GLASS, TissueKind.RETICULATION, TissueKind.CONSOLIDATION)
"""Kinds of lung with less air than usual, as `Tissue` has them."""

FULL_BLOOD = 255
"""Of `ChestTruth.blood`: a voxel that is all blood."""

LABELS = ("lungs", "kinds", "airways", "blood")


@dataclass(frozen=True, eq=False)
class ChestTruth:
    """A random chest: its image, and what each voxel truly is; arrays (z, y, x) on its grid.

    Attributes
    ----------
    grid : Grid
        Of all arrays.
    hu : numpy.ndarray
        int16.
    lungs : numpy.ndarray
        uint8 `LungLabel` values.
    kinds : numpy.ndarray
        uint8 `TissueKind` values.
    airways : numpy.ndarray
        uint8 `AirwayKind` values of the lumen, 0 elsewhere.
    blood : numpy.ndarray
        uint8 share of blood in a voxel, `FULL_BLOOD` for all of it; hilar vessels and vessels
        hidden in opacities included.
    points_mm : numpy.ndarray
        (n, 3) centerlines of the visible vessels in the lungs, world.
    csa_mm2, point_ml : numpy.ndarray
        (n,) their areas and blood.
    about : dict
        ``spec``, ``visible`` and ``hidden`` blood by class in mL, and ``lung_ml`` by side.
    """

    grid: Grid
    hu: np.ndarray
    lungs: np.ndarray
    kinds: np.ndarray
    airways: np.ndarray
    blood: np.ndarray
    points_mm: np.ndarray
    csa_mm2: np.ndarray
    point_ml: np.ndarray
    about: dict[str, Any]

    @classmethod
    def of(cls, phantom: AnyChestPhantom) -> ChestTruth:
        """Take the truth from a phantom."""
        lines = phantom.centerlines
        right, left = phantom.measurements[1:3]
        return cls(
            grid=phantom.volume.grid,
            hu=phantom.volume.array,
            lungs=phantom.lungs.array,
            kinds=phantom.kinds.array,
            airways=phantom.airways.array,
            blood=phantom.blood.array,
            points_mm=lines.points_mm,
            csa_mm2=lines.csa_mm2,
            point_ml=shared_blood(lines),
            about={
                "spec": phantom.chest.to_dict(),
                "visible": classes(phantom.measurements[0]),
                "hidden": classes(phantom.hidden_measurements[0]),
                "lung_ml": {"right": right.lung_volume_ml, "left": left.lung_volume_ml},
            },
        )

    @property
    def volume(self) -> Volume:
        """The scan."""
        return Volume(self.hu, self.grid)

    @property
    def spec(self) -> dict[str, Any]:
        """What was drawn."""
        return dict(self.about["spec"])

    @property
    def tpbv_ml(self) -> float:
        """Visible blood in vessels at or above the floor."""
        return float(sum(self.about["visible"][name] for name in COUNTED))

    @property
    def bv5_pct(self) -> float:
        """Share of BV5 in it."""
        return 100 * float(self.about["visible"]["bv5"]) / self.tpbv_ml

    @cached_property
    def share_of_lung(self) -> dict[str, float]:
        """Share of the lungs that each kind of tissue takes."""
        counts = np.bincount(self.kinds[self.lungs > 0], minlength=max(TissueKind) + 1)
        return {kind.name: counts[kind] / max(counts.sum(), 1) for kind in TissueKind}

    def kind_at(self, points_mm: np.ndarray) -> np.ndarray:
        """`TissueKind` (n,) of the voxels that hold points (n, 3), `OUTSIDE` beyond the image."""
        index = np.rint(self.grid.world_to_index(points_mm)).astype(int)
        inside = ((index >= 0) & (index < self.grid.shape)).all(axis=1)
        found = np.full(len(index), int(TissueKind.OUTSIDE), np.uint8)
        found[inside] = self.kinds[tuple(index[inside].T)]
        return found

    def save(self, folder: Path) -> None:
        """Write into a folder that is there whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
        np.save(hidden / "hu.npy", self.hu)
        np.savez_compressed(hidden / "labels.npz", **{name: getattr(self, name) for name in LABELS})
        np.savez(
            hidden / "lines.npz",
            points_mm=self.points_mm,
            csa_mm2=self.csa_mm2,
            point_ml=self.point_ml,
        )
        grid = [self.grid.size, self.grid.spacing, self.grid.origin, self.grid.direction]
        text = json.dumps({"grid": grid, "about": self.about})
        (hidden / "about.json").write_text(text, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        hidden.rename(folder)

    @classmethod
    def load(cls, folder: Path) -> ChestTruth:
        """Read what `save` wrote."""
        known = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        with np.load(folder / "labels.npz") as labels, np.load(folder / "lines.npz") as lines:
            arrays = {name: labels[name] for name in LABELS} | dict(lines)
        grid = Grid(*(tuple(part) for part in known["grid"]))
        return cls(grid=grid, hu=np.load(folder / "hu.npy"), about=known["about"], **arrays)


COUNTED = ("bv5", "bv5_10", "bv10")
"""Classes that count for TPBV."""


def classes(row: Measurement) -> dict[str, float]:
    """Blood of a measurement by class, mL."""
    return {
        "below_floor": row.below_floor_ml,
        "bv5": row.bv5_ml,
        "bv5_10": row.bv5_10_ml,
        "bv10": row.bv10_ml,
    }


def shared_blood(lines: Centerlines) -> np.ndarray:
    """Blood (n,) of points of true centerlines: their branch's, by area times length."""
    share = lines.csa_mm2 * lines.point_length_mm
    whole = np.bincount(lines.branch_id, share, lines.branch_count)
    return np.asarray(share * (lines.volume_ml / np.maximum(whole, 1e-12))[lines.branch_id])


def chest_of(seed: int, cache: Path | None) -> ChestTruth:
    """Make the chest of a seed, or take it from where it was kept.

    Parameters
    ----------
    seed : int
        Of the chest.
    cache : pathlib.Path, optional
        Folder with a folder a seed; nothing is kept without it.

    Returns
    -------
    ChestTruth
        Image and truth.
    """
    folder = None if cache is None else cache / f"seed{seed}"
    if folder is not None and (folder / "about.json").is_file():
        return ChestTruth.load(folder)
    truth = ChestTruth.of(any_chest(seed))
    if folder is not None:
        truth.save(folder)
    return truth
