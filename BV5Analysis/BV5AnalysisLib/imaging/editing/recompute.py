"""Update the numbers after manual edits of vessels or lungs, without a new measurement."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..errors import AnalysisError
from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.cutting import joined, keep_points, values_at
from ..model.edits import Edits
from ..model.measurements import Calibration, CsaHistogram, Measurement
from ..model.scan import Region
from ..model.size_classes import SizeClass
from ..model.volume import Volume
from ..numerics.neighbors import nearest
from ..parameters import Parameters
from ..sizing.blood_intervals import ImageQuality
from ..sizing.blood_volumes import csa_histogram, measure_regions
from ..sizing.intrapulmonary import class_by_place
from ..sizing.unsharpening import unsharpened
from ..sizing.voxel_labels import (
    AS_MEASURED,
    CoreLabels,
    beyond_reach,
    beyond_reach_now,
    labels_in_cores,
    reach_mm,
    relabeled,
    with_drawn,
    within_reach,
)
from .added_vessels import measure_added, no_centerlines
from .painted_pieces import EditedScan

__all__ = ["AS_MEASURED", "Edits", "Recomputed", "check_recomputable", "recompute"]


@dataclass(frozen=True)
class RecomputeConstants(MethodConstants):
    """Tuned numbers of deciding what an edit left of a vessel."""

    least_share: float = constant(
        0.1,
        "1",
        "A point of which a smaller share of the voxels is left is gone.",
        "Brushes leave crumbs. Chosen by eye.",
    )
    stub_widths: float = constant(
        1.5,
        "1",
        "Longest rest of an erased branch inside other vessels, in their reach.",
        "A line that leaves a vessel aslant runs inside it for longer than its radius. Chosen by"
        " eye.",
    )
    neighbors: int = constant(
        8,
        "1",
        "Points around a rest, the nearest ones, whose vessels it may lie in.",
        "Enough for a fork: the widest vessel need not be the nearest. Chosen by eye.",
    )


CONSTANTS = RecomputeConstants()

RECOMPUTABLE = ("minimum_csa_mm2", "class_bounds_mm2", "hilum", "hilum_share")
"""Parameters that `recompute` follows; all others take a new analysis."""


@dataclass(frozen=True, eq=False)
class Recomputed:
    """What became of an analysis.

    Attributes
    ----------
    vessels : Volume
        uint8 `SizeClass` values: as edited, without crumbs that belong to no vessel.
    centerlines : Centerlines
        What is left of the vessels, and then those that were painted.
    measurements : tuple of Measurement
        Rows ``both``, ``right``, ``left``, then the regions.
    csa_histogram : CsaHistogram
        Blood volume by area.
    edits : Edits
        What changed since the numbers were last computed.
    """

    vessels: Volume
    centerlines: Centerlines
    measurements: tuple[Measurement, ...]
    csa_histogram: CsaHistogram
    edits: Edits


def recompute(
    ct: Volume | None,
    lungs: Volume,
    vessels: Volume,
    centerlines: Centerlines,
    calibration: Calibration,
    parameters: Parameters,
    regions: tuple[Region, ...] = (),
) -> Recomputed:
    """Bring the numbers in line with edited vessels and lungs, class bounds, and the hilum.

    A centerline point keeps the share of its blood that the voxels of its core say: those that are
    still labeled among those that were. Points whose voxels carry another class than they did take
    that class, whatever their area. Voxels that no point reaches are vessels that were painted, and
    are measured. Vessels outside the lungs do not count. What was not edited keeps its numbers to
    the last digit.

    Parameters
    ----------
    ct : Volume or None
        HU; without it painted voxels count as all blood.
    lungs : Volume
        `LungLabel` values, on the grid of `vessels`, as all others.
    vessels : Volume
        uint8 `SizeClass` values or `AS_MEASURED`, 0 outside.
    centerlines : Centerlines
        Of the analysis, or of the last time.
    calibration : Calibration
        Of the analysis.
    parameters : Parameters
        Class bounds, whether hilar vessels count apart, and below which share of lung around a
        vessel is hilar; all others as of the analysis, see `check_recomputable`.
    regions : tuple of Region
        Parts of the lungs to measure apart.

    Returns
    -------
    Recomputed
        New values; nothing that was given is changed.

    Raises
    ------
    AnalysisError
        The volumes lie on different grids; or the hilum is wanted apart, and the case is of a
        version that did not read how much lung is around its vessels.

    Notes
    -----
    Own method.
    """
    for name, volume in (("scan", ct), ("lungs", lungs)):
        if volume is not None and not volume.grid.matches(vessels.grid):
            raise AnalysisError(f"The vessels and the {name} lie on different voxel grids.")
    if parameters.hilum_apart and np.isnan(centerlines.lung_around).any():
        raise AnalysisError(
            "This case is of an earlier version, which did not tell hilar vessels apart; analyze"
            ' the scan again, or keep parameter hilum at "included".'
        )
    vessels = _known_labels(vessels, parameters)
    inside = values_at(lungs, centerlines.points_mm) > 0
    seen = labels_in_cores(vessels, centerlines)
    present = _as_labeled(centerlines, seen, parameters)
    keep = inside & (present.kept_share > 0)
    keep &= ~_is_stub(present, keep, inside, reach_mm(present, vessels.grid))
    left, _ = keep_points(present, keep)

    beyond = beyond_reach(vessels, centerlines)
    painted = beyond[lungs.array.reshape(-1)[beyond] > 0]
    added = no_centerlines()
    if len(painted):
        free = (lungs.array > 0) & ~within_reach(centerlines, vessels.grid) & (vessels.array == 0)
        mask = _marked(painted, vessels)
        smooth = None if ct is None else unsharpened(ct, calibration.kernel, mask)
        scan = EditedScan(smooth, vessels, vessels.with_array(free), calibration)
        added = measure_added(mask, scan, left, parameters)
        added, _ = keep_points(added, values_at(lungs, added.points_mm) > 0)
    final = joined(left, added)

    labels = vessels
    if len(painted) or not keep.all():
        crumbs = beyond_reach_now(beyond, vessels, centerlines, keep, final)
        array = vessels.array.copy()
        array.reshape(-1)[crumbs] = 0
        labels = vessels.with_array(array)
    by_hand = present.class_by_hand | centerlines.class_by_hand
    moved = (present.size_class != centerlines.size_class) & ~by_hand
    moved = np.concatenate([moved[keep], np.zeros(len(added.points_mm), bool)])
    settled = relabeled(ct, labels, final, calibration, moved)
    if settled is labels:
        # No core that was counted has lost a voxel: crumbs lie beyond all of them.
        seen = seen.of_points(keep).followed_by(labels_in_cores(settled, added))
    else:
        seen = labels_in_cores(settled, final)
    final = _as_drawn_now(final, seen, len(left.points_mm))
    image = ImageQuality.of(vessels.grid.spacing, calibration)
    return Recomputed(
        vessels=settled,
        centerlines=final,
        measurements=measure_regions(final, lungs, parameters, regions, image),
        csa_histogram=csa_histogram(final, parameters),
        edits=_edits(centerlines, present, inside, keep, added),
    )


def check_recomputable(before: Parameters, after: Parameters) -> None:
    """Refuse parameters that only a new analysis can follow.

    Parameters
    ----------
    before, after : Parameters
        Of the analysis, and as wanted now.

    Raises
    ------
    AnalysisError
        More than `RECOMPUTABLE` differs.
    """
    for field in dataclasses.fields(Parameters):
        name = field.name
        if name not in RECOMPUTABLE and getattr(before, name) != getattr(after, name):
            raise AnalysisError(
                f"Parameter {name} was changed, which takes a new analysis; analyze the scan again,"
                " or set it back."
            )


def _known_labels(vessels: Volume, parameters: Parameters) -> Volume:
    """Labels as edited; what was painted as hilar is as measured where the hilum is no place."""
    if parameters.hilum_apart:
        return vessels
    hilar = vessels.array == SizeClass.HILAR
    if not hilar.any():
        return vessels
    return vessels.with_array(np.where(hilar, np.uint8(AS_MEASURED), vessels.array))


def _marked(voxels: np.ndarray, like: Volume) -> np.ndarray:
    """Bool (z, y, x) with the voxels at these places of the flat array."""
    mask = np.zeros(like.grid.shape, bool)
    mask.reshape(-1)[voxels] = True
    return mask


def _as_labeled(centerlines: Centerlines, seen: CoreLabels, parameters: Parameters) -> Centerlines:
    """Points with the blood and the class that the labels give them."""
    evidence = _evidence(centerlines)
    drawn = np.maximum(centerlines.drawn_voxels, 1)
    share = np.minimum(seen.labeled_voxels / drawn, 1.0)[evidence]
    share = np.where(centerlines.drawn_voxels[evidence] > 0, share, centerlines.kept_share)
    share = np.where(share < CONSTANTS.least_share, 0.0, share)

    label = seen.of_half(centerlines.drawn_voxels, centerlines.drawn_class)
    repainted = (label != centerlines.drawn_class)[evidence]
    label = label[evidence]
    as_measured = seen.is_as_measured[evidence]
    still_by_hand = centerlines.class_by_hand & ~as_measured
    measured = centerlines.lung_around
    # A class by hand says whether a vessel counts, too.
    no_longer = (centerlines.drawn_class == SizeClass.HILAR)[evidence] & repainted
    no_longer |= centerlines.class_by_hand & (measured == 0) & as_measured
    around = np.where(no_longer, 1.0, measured)
    around[repainted & (label == SizeClass.HILAR)] = 0.0
    by_place = class_by_place(centerlines.csa_mm2, around, parameters)
    as_found = class_by_place(centerlines.csa_mm2, measured, parameters)
    return dataclasses.replace(
        centerlines,
        size_class=np.where(
            repainted, label, np.where(still_by_hand, centerlines.size_class, by_place)
        ),
        class_by_hand=np.where(repainted, label != as_found, still_by_hand),
        lung_around=around,
        kept_share=share,
        point_volume_ml=centerlines.point_volume_ml * (share / centerlines.kept_share),
    )


def _evidence(centerlines: Centerlines) -> np.ndarray:
    """Index (n,) of the point whose voxels decide about each point.

    That is the point itself, or the nearest one with voxels: the core of a thin vessel may contain
    no voxel center.
    """
    evidence = np.arange(len(centerlines.points_mm))
    known = np.flatnonzero(centerlines.drawn_voxels > 0)
    unknown = np.flatnonzero(centerlines.drawn_voxels == 0)
    if len(known) == 0 or len(unknown) == 0:
        return evidence
    branch = centerlines.branch_id
    place = np.searchsorted(known, unknown)
    before, after = known[np.maximum(place - 1, 0)], known[np.minimum(place, len(known) - 1)]
    step_before = np.where(branch[before] == branch[unknown], np.abs(unknown - before), np.inf)
    step_after = np.where(branch[after] == branch[unknown], np.abs(after - unknown), np.inf)
    evidence[unknown] = np.where(step_before <= step_after, before, after)
    lonely = unknown[np.isinf(np.minimum(step_before, step_after))]
    if len(lonely):
        tree = cKDTree(centerlines.points_mm[known])
        evidence[lonely] = known[nearest(tree, centerlines.points_mm[lonely])[1]]
    return evidence


def _is_stub(
    present: Centerlines, keep: np.ndarray, inside: np.ndarray, reach: np.ndarray
) -> np.ndarray:
    """Points (n,) left of erased branches that lie inside other vessels.

    The centerline of a branch begins inside the vessel that it leaves. When the branch is erased,
    that part would be kept by voxels of the other vessel, which extend up to its `reach` (n,).
    """
    branch = present.branch_id
    stub = np.zeros(len(branch), bool)
    erased = np.bincount(branch, inside & ~keep, present.branch_count) > 0
    pieces, piece_branch = keep_points(present, keep)
    asked = erased[piece_branch]
    of_piece = pieces.branch_id
    asking, others = np.flatnonzero(asked[of_piece]), np.flatnonzero(~asked[of_piece])
    if len(asking) == 0 or len(others) == 0:
        return stub
    reach, radius = reach[keep], pieces.radius_mm[asking, None]
    distance, neighbor = nearest(
        cKDTree(pieces.points_mm[others]),
        pieces.points_mm[asking],
        CONSTANTS.neighbors,
        reach.max() + radius.max(),
    )
    reach_there = reach[others[np.minimum(neighbor, len(others) - 1)]] + radius
    reach_there[~(distance <= reach_there)] = 0.0
    # One that runs along another vessel is no stub.
    width = np.zeros(pieces.branch_count)
    np.maximum.at(width, of_piece[asking], reach_there.max(axis=1))
    apart = np.bincount(of_piece[asking], reach_there.max(axis=1) == 0, pieces.branch_count) > 0
    is_stub = asked & ~apart & (pieces.length_mm <= CONSTANTS.stub_widths * width)
    stub[np.flatnonzero(keep)] = is_stub[of_piece]
    return stub


def _as_drawn_now(final: Centerlines, seen: CoreLabels, measured: int) -> Centerlines:
    """Store the current labels; the measured points keep their number of drawn voxels."""
    now = with_drawn(final, seen)
    voxels = np.concatenate([final.drawn_voxels[:measured], now.drawn_voxels[measured:]])
    return dataclasses.replace(now, drawn_voxels=voxels)


def _edits(
    before: Centerlines,
    present: Centerlines,
    inside: np.ndarray,
    keep: np.ndarray,
    added: Centerlines,
) -> Edits:
    """Sum the blood that was erased, added, and moved to another class."""
    share = np.where(keep, present.kept_share, 0.0)
    after_ml = np.where(keep, present.point_volume_ml, 0.0)
    # By shares, as the blood of a wide vessel's single points may be negative.
    change_ml = after_ml - before.point_volume_ml
    less, more = inside & (share < before.kept_share), inside & (share > before.kept_share)
    by_hand = present.class_by_hand | before.class_by_hand
    repainted = keep & by_hand & (present.size_class != before.size_class)
    return Edits(
        erased_ml=_not_negative(-change_ml[less]),
        added_ml=_not_negative(added.point_volume_ml) + _not_negative(change_ml[more]),
        reclassified_ml=_not_negative(after_ml[repainted]),
        lung_changed_ml=_not_negative(before.point_volume_ml[~inside]),
    )


def _not_negative(volumes_ml: np.ndarray) -> float:
    return max(0.0, float(volumes_ml.sum()))
