"""Found blood against true blood: what was lost to what, and what is no vessel."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.model.tissue import OPACITIES as FOUND_OPACITIES
from BV5AnalysisLib.imaging.phantom.anychest import TissueKind
from scipy.spatial import cKDTree

from .truth import COUNTED, FULL_BLOOD, OPACITIES, ChestTruth, classes

ON_VESSEL_MM = 1.0
"""A found line lies on a vessel where a voxel this near is mostly blood, and a true line is found
where a found one is this near, or within half of its radius."""

MOSTLY = 0.3
"""Share of blood in such a voxel: thin vessels fill no whole one."""

BESIDE_MM = 2.5
"""What lies so near to another tissue than plain lung is told as that tissue's."""

FLOOR_MM2 = 1.25

SOURCES = (
    TissueKind.MASS,
    TissueKind.CONSOLIDATION,
    TissueKind.GROUND_GLASS,
    TissueKind.RETICULATION,
    TissueKind.EFFUSION,
    TissueKind.NODE,
    TissueKind.GREAT_VESSEL,
    TissueKind.CAVITY,
    TissueKind.BULLA,
    TissueKind.BONE,
    TissueKind.SOFT_TISSUE,
)
"""Tissues that false vessels are told by, the most telling one first."""

AIRWAY, PLAIN = "AIRWAY_WALL", "PLAIN_LUNG"


@dataclass(frozen=True)
class BloodScore:
    """Found blood against true blood; volumes of vessels at or above the floor.

    Attributes
    ----------
    tpbv_ml, bv5_pct : float
        As found, the hilum included.
    tpbv_error_pct, bv5_error : float
        Against the visible truth, % and points.
    apart_tpbv_error_pct, apart_bv5_error : float
        The same with hilar blood apart, in what was found and in truth.
    lost_to_opacity_ml : float
        Blood of true vessels in no true opacity that no line was found for, in found opacity.
    lost_outside_ml : float
        The same outside the found lungs.
    missed_ml : float
        The same elsewhere.
    false_ml : dict of str to float
        Blood found where no vessel is, by what lies there.
    held : dict of str to bool
        Whether the 90 % interval of a value, the hilum apart, holds the truth.
    half_width : dict of str to float
        Of those intervals, in the value's unit.
    """

    tpbv_ml: float
    bv5_pct: float
    tpbv_error_pct: float
    bv5_error: float
    apart_tpbv_error_pct: float
    apart_bv5_error: float
    lost_to_opacity_ml: float
    lost_outside_ml: float
    missed_ml: float
    false_ml: dict[str, float]
    held: dict[str, bool]
    half_width: dict[str, float]

    def to_dict(self) -> dict[str, float | dict[str, float] | dict[str, bool]]:
        """Plain values, fit for JSON."""
        return asdict(self)


def blood_score(
    truth: ChestTruth, result: AnalysisResult, inside_ml: dict[str, float]
) -> BloodScore:
    """Compare what was measured with the truth.

    Parameters
    ----------
    truth : ChestTruth
        With the hilum included.
    result : AnalysisResult
        What was measured.
    inside_ml : dict of str to float
        True blood by class with the hilum apart, see `true_hilum`.
    """
    found = classes(result.measurements_hilum_included[0])
    tpbv_ml = sum(found[name] for name in COUNTED)
    bv5_pct = 100 * found["bv5"] / tpbv_ml if tpbv_ml else float("nan")
    lost = _lost(truth, result)
    row = result.measurements[0]
    true_ml = sum(inside_ml[name] for name in COUNTED)
    true = {"bv5_pct": 100 * inside_ml["bv5"] / true_ml, "tpbv_ml": true_ml}
    ends = {name: (row.value(f"{name}_low"), row.value(f"{name}_high")) for name in true}
    return BloodScore(
        tpbv_ml=tpbv_ml,
        bv5_pct=bv5_pct,
        tpbv_error_pct=100 * (tpbv_ml / truth.tpbv_ml - 1),
        bv5_error=bv5_pct - truth.bv5_pct,
        apart_tpbv_error_pct=100 * (row.tpbv_ml / true_ml - 1),
        apart_bv5_error=row.bv5_pct - true["bv5_pct"],
        lost_to_opacity_ml=lost["opacity"],
        lost_outside_ml=lost["outside"],
        missed_ml=lost["elsewhere"],
        false_ml=false_blood_ml(truth, result),
        held={name: low <= true[name] <= high for name, (low, high) in ends.items()},
        half_width={name: (high - low) / 2 for name, (low, high) in ends.items()},
    )


def _lost(truth: ChestTruth, result: AnalysisResult) -> dict[str, float]:
    """Blood of true vessels that no line was found for, by what was found there."""
    counted = (truth.csa_mm2 >= FLOOR_MM2) & ~np.isin(truth.kind_at(truth.points_mm), OPACITIES)
    points_mm, blood_ml = truth.points_mm[counted], truth.point_ml[counted]
    lines = result.centerlines.points_mm
    away = np.full(len(points_mm), np.inf)
    if len(lines):
        away = cKDTree(lines).query(points_mm)[0]
    missed = away > np.maximum(ON_VESSEL_MM, 0.5 * np.sqrt(truth.csa_mm2[counted] / np.pi))
    index = np.rint(truth.grid.world_to_index(points_mm)).astype(int)
    index = tuple(np.clip(index, 0, np.array(truth.grid.shape) - 1).T)
    in_opacity = np.zeros(len(points_mm), bool)
    if result.tissue is not None:
        in_opacity = np.isin(result.tissue.array[index], FOUND_OPACITIES)
    outside = (result.lungs.array[index] == 0) & ~in_opacity
    groups = {"opacity": in_opacity, "outside": outside, "elsewhere": ~in_opacity & ~outside}
    return {name: float(blood_ml[missed & group].sum()) for name, group in groups.items()}


def false_blood_ml(truth: ChestTruth, result: AnalysisResult) -> dict[str, float]:
    """Blood of found vessels that lie on no true one, by what lies there."""
    lines = result.centerlines
    names = [*(kind.name for kind in SOURCES), AIRWAY, PLAIN]
    totals = dict.fromkeys(names, 0.0)
    chosen = (lines.size_class != SizeClass.BELOW_FLOOR) & (lines.point_volume_ml > 0)
    points_mm, blood_ml = lines.points_mm[chosen], lines.point_volume_ml[chosen]
    index = truth.grid.world_to_index(points_mm)
    wrong = _share_near(truth.blood, index, truth.grid.spacing_zyx) < MOSTLY * FULL_BLOOD
    index, blood_ml = np.rint(index[wrong]).astype(int), blood_ml[wrong]
    for (z, y, x), ml in zip(index.tolist(), blood_ml.tolist(), strict=True):
        totals[_source(truth, (z, y, x))] += ml
    return totals


def _share_near(blood: np.ndarray, index: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Greatest value (n,) within `ON_VESSEL_MM` of places (n, 3)."""
    steps = [
        np.arange(-ON_VESSEL_MM, ON_VESSEL_MM + 1e-6, ON_VESSEL_MM / 2) / s for s in spacing_mm
    ]
    best = np.zeros(len(index), blood.dtype)
    last = np.array(blood.shape) - 1
    for step in np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3):
        if np.linalg.norm(step * spacing_mm) > ON_VESSEL_MM + 1e-6:
            continue
        place = np.clip(np.rint(index + step).astype(int), 0, last)
        np.maximum(best, blood[tuple(place.T)], out=best)
    return best


def _source(truth: ChestTruth, voxel: tuple[int, int, int]) -> str:
    """Name what a false vessel lies on: its own tissue if telling, else the most telling near."""
    own = TissueKind(int(truth.kinds[voxel]) if _inside(truth.kinds, voxel) else 0)
    if own in OPACITIES or own == TissueKind.MASS:
        return own.name
    reach = np.maximum(1, np.rint(BESIDE_MM / truth.grid.spacing_zyx)).astype(int)
    box = tuple(
        slice(max(0, place - step), place + step + 1)
        for place, step in zip(voxel, reach.tolist(), strict=True)
    )
    near = set(np.unique(truth.kinds[box]).tolist())
    if truth.airways[box].any():
        return AIRWAY
    return next((kind.name for kind in SOURCES if kind in near), PLAIN)


def _inside(array: np.ndarray, voxel: tuple[int, int, int]) -> bool:
    return all(0 <= place < size for place, size in zip(voxel, array.shape, strict=True))


def opacity_shares(result: AnalysisResult) -> dict[str, float]:
    """Found share of the lungs, %, that each kind of opacity takes; empty where not looked for."""
    if not result.opacities:
        return {}
    whole = result.opacities[0]
    return {
        "GROUND_GLASS": whole.ground_glass_pct,
        "RETICULATION": whole.reticulation_pct,
        "CONSOLIDATION": whole.consolidation_pct,
    }
