"""Found airways against true ones: branches down to the segments, and leaks into the lung."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from BV5AnalysisLib.imaging.phantom.anychest import TissueKind
from BV5AnalysisLib.imaging.phantom.anychest.tubes import AirwayKind
from scipy import ndimage

from .truth import ChestTruth

FOUND_SHARE = 1 / 3
"""Share of a branch's voxels from which on it is found: its start need not be exact."""

WALL_MM = 2.0
"""Air so near to a true lumen is no leak: the wall, the blur, and bronchi finer than voxels."""

CONNECTED = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class AirwayScore:
    """Found airways against true ones.

    Attributes
    ----------
    branches, found : int
        True branches from the trachea to the segmental bronchi, and those found.
    leak_ml : float
        Airway found in true lung, away from any bronchus.
    by_kind : dict of str to list of int
        Branches found and of all, by kind.
    wide : list of int
        Branches found and of all, of those whose lumen is at least as wide as the scan's blur at
        half maximum: in narrower ones the blur takes more than half of the contrast.
    """

    branches: int
    found: int
    leak_ml: float
    by_kind: dict[str, list[int]]
    wide: list[int]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return asdict(self)


def airway_score(truth: ChestTruth, airways: np.ndarray) -> AirwayScore:
    """Compare a found lumen (bool) with the truth."""
    by_kind, wide = {}, np.zeros(2, int)
    radius_mm = _radius_mm(truth)
    for kind in (AirwayKind.TRACHEA, AirwayKind.MAIN, AirwayKind.LOBAR, AirwayKind.SEGMENTAL):
        labels, count = ndimage.label(truth.airways == kind, CONNECTED)
        whole = np.bincount(labels.ravel(), minlength=count + 1)[1:]
        seen = np.bincount(labels[airways], minlength=count + 1)[1:]
        # Crumbs where a lumen is about a voxel wide are no branches.
        real = whole * truth.grid.voxel_volume_ml > LEAST_ML
        found = seen[real] >= FOUND_SHARE * whole[real]
        by_kind[kind.name] = [int(np.count_nonzero(found)), int(np.count_nonzero(real))]
        widest_mm = 2 * ndimage.maximum(radius_mm, labels, np.arange(1, count + 1))
        is_wide = np.reshape(widest_mm, -1)[real] >= blur_mm(truth)
        wide += np.count_nonzero(found & is_wide), np.count_nonzero(is_wide)
    found_in_all, branches = np.sum(list(by_kind.values()), axis=0).tolist()
    return AirwayScore(
        branches, found_in_all, leak_ml(truth, airways), by_kind, [int(each) for each in wide]
    )


def blur_mm(truth: ChestTruth) -> float:
    """Width of the scan's blur at half maximum, along the axis where it is widest."""
    spec, spacing = truth.spec, truth.grid.spacing_zyx
    sigma_mm = max(spec["blur_pixels"] * spacing[2], spec["blur_slices"] * spacing[0])
    return float(2 * np.sqrt(2 * np.log(2)) * sigma_mm)


def _radius_mm(truth: ChestTruth) -> np.ndarray:
    """Depth in the true lumen, on its axis the radius."""
    depth_mm = np.zeros(truth.airways.shape, np.float32)
    lumen = truth.airways > 0
    if lumen.any():
        box = ndimage.find_objects(lumen.view(np.uint8))[0]
        # Distances are to the middle of the first voxel outside.
        half = 0.5 * float(np.min(truth.grid.spacing_zyx))
        inside = ndimage.distance_transform_edt(np.pad(lumen[box], 1), truth.grid.spacing_zyx)
        depth_mm[box] = np.maximum(inside[1:-1, 1:-1, 1:-1] - half, 0)
    return depth_mm


LEAST_ML = 0.01
"""Least lumen of a branch that counts: 3 mm of one that is 2 mm wide."""


def leak_ml(truth: ChestTruth, airways: np.ndarray) -> float:
    """Volume of airway found in true lung, more than `WALL_MM` away from a true lumen."""
    wrong = airways & (truth.kinds >= TissueKind.LUNG) & (truth.airways == 0)
    if not wrong.any():
        return 0.0
    box = ndimage.find_objects(wrong.view(np.uint8))[0]
    room = np.ceil(WALL_MM / truth.grid.spacing_zyx).astype(int) + 1
    box = tuple(
        slice(max(0, edge.start - more), edge.stop + more)
        for edge, more in zip(box, room.tolist(), strict=True)
    )
    lumen = truth.airways[box] > 0
    if not lumen.any():
        return float(np.count_nonzero(wrong)) * truth.grid.voxel_volume_ml
    away = ndimage.distance_transform_edt(~lumen, truth.grid.spacing_zyx) > WALL_MM
    return float(np.count_nonzero(wrong[box] & away)) * truth.grid.voxel_volume_ml
