"""One analysis of a chest phantom against its truth, in figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters

from chest_phantoms.matching import Pieces, area_ratios, found_pieces
from chest_phantoms.truth import BLUR_MM, Place, Truth

BINS_MM2 = (0.5, 1.25, 2.5, 5.0, 10.0, 20.0, np.inf)
CLASSES = (SizeClass.BELOW_FLOOR, SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10)
FALSE_PLACES = (Place.OUTSIDE, Place.CONSOLIDATION, Place.AIRWAY, Place.FISSURE, Place.NOISE)


@dataclass(frozen=True)
class Bin:
    """True vessels of a range of areas.

    Attributes
    ----------
    low_mm2, high_mm2 : float
        The range.
    length_mm, found_mm : float
        True centerline, and what of it has a found centerline in reach.
    false_mm : float
        Found centerline measured in this range that lies on no vessel.
    bias_pct, error_pct : float
        Median of the signed and of the absolute error of the area, by length.
    free_bias_pct, beside_bias_pct : float
        The first apart for vessels away from airways and beside one.
    """

    low_mm2: float
    high_mm2: float
    length_mm: float
    found_mm: float
    false_mm: float
    bias_pct: float
    error_pct: float
    free_bias_pct: float
    beside_bias_pct: float


@dataclass(frozen=True)
class Score:
    """What one analysis of a phantom got right and wrong.

    Attributes
    ----------
    true_ml, found_ml : dict of str to float
        Blood by class, `Measurement` of both lungs.
    missed_ml : dict of str to float
        Blood of true vessels that no centerline was found for, by true class.
    confusion_ml : dict of str to dict of str to float
        Found blood by what it lies on (true classes, then `Place` names) and by measured class.
    false_mm : dict of str to float
        Centerline measured at or above the floor that lies on no vessel, by what it lies on.
    found_mm : float
        All centerline found at or above the floor.
    beside_excess_ml : float
        Blood found in vessels beside airways beyond what they hold: walls taken for vessel.
    bins : tuple of Bin
        By true area.
    """

    true_ml: dict[str, float]
    found_ml: dict[str, float]
    missed_ml: dict[str, float]
    confusion_ml: dict[str, dict[str, float]]
    false_mm: dict[str, float]
    found_mm: float
    beside_excess_ml: float
    bins: tuple[Bin, ...]

    @property
    def bv5_points(self) -> float:
        """Error of BV5 %, points."""
        return percentages(self.found_ml)["BV5"] - percentages(self.true_ml)["BV5"]

    @property
    def tpbv_error_pct(self) -> float:
        """Error of TPBV, %."""
        return 100 * (tpbv_ml(self.found_ml) / tpbv_ml(self.true_ml) - 1)

    @property
    def true_mm(self) -> float:
        """True centerline at or above the floor."""
        return sum(part.length_mm for part in self._counted)

    @property
    def detection_pct(self) -> float:
        """Share of true centerline at or above the floor that was found."""
        return 100 * sum(part.found_mm for part in self._counted) / self.true_mm

    @property
    def false_length_pct(self) -> float:
        """False centerline at or above the floor, of the true one."""
        return 100 * sum(self.false_mm.values()) / self.true_mm

    def false_volume_pct(self, *places: Place) -> float:
        """Blood in counted classes found on places without vessel, % of true TPBV."""
        volume = sum(
            self.confusion_ml[place.name][kind.name]
            for place in places
            for kind in CLASSES
            if kind != SizeClass.BELOW_FLOOR
        )
        return 100 * volume / tpbv_ml(self.true_ml)

    @property
    def swollen_pct(self) -> float:
        """Blood found in vessels beside airways beyond what they hold, % of true TPBV."""
        return 100 * self.beside_excess_ml / tpbv_ml(self.true_ml)

    @property
    def _counted(self) -> list[Bin]:
        return [part for part in self.bins if part.low_mm2 >= BINS_MM2[1]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Score:
        """Score of what `to_dict` gave."""
        bins = tuple(Bin(**part) for part in values["bins"])
        return cls(**{**values, "bins": bins})


def tpbv_ml(classes_ml: dict[str, float]) -> float:
    """Total of the counted classes, mL."""
    return sum(classes_ml[kind.name] for kind in CLASSES if kind != SizeClass.BELOW_FLOOR)


def percentages(classes_ml: dict[str, float]) -> dict[str, float]:
    """Give the counted classes as % of their total."""
    return {
        kind.name: 100 * classes_ml[kind.name] / tpbv_ml(classes_ml)
        for kind in CLASSES
        if kind != SizeClass.BELOW_FLOOR
    }


def classes_ml(measurement: Measurement) -> dict[str, float]:
    """Blood by class, mL."""
    return {
        SizeClass.BELOW_FLOOR.name: measurement.below_floor_ml,
        SizeClass.BV5.name: measurement.bv5_ml,
        SizeClass.BV5_10.name: measurement.bv5_10_ml,
        SizeClass.BV10.name: measurement.bv10_ml,
    }


def score(
    truth: Truth,
    true_ml: dict[str, float],
    found: Pieces,
    found_ml: dict[str, float],
    parameters: Parameters,
) -> Score:
    """Compare found centerlines and volumes with the truth.

    Parameters
    ----------
    truth : Truth
        Of the phantom.
    true_ml, found_ml : dict of str to float
        Blood by class in both lungs, as of `classes_ml`.
    found : Pieces
        Centerlines.
    parameters : Parameters
        Class bounds and floor.

    Returns
    -------
    Score
        All figures.
    """
    place, vessel = truth.place(found.position_mm)
    true_class = parameters.size_class(truth.vessels.csa_mm2)
    found_class = parameters.size_class(found.csa_mm2)
    counted = found_class != SizeClass.BELOW_FLOOR
    detected = found_pieces(truth.vessels, found)
    return Score(
        true_ml=true_ml,
        found_ml=found_ml,
        missed_ml={
            kind.name: float(truth.vessels.volume_ml[~detected & (true_class == kind)].sum())
            for kind in CLASSES
        },
        confusion_ml=_confusion(found, place, vessel, true_class, found_class),
        false_mm={
            kind.name: float(found.length_mm[counted & (place == kind)].sum())
            for kind in FALSE_PLACES
        },
        found_mm=float(found.length_mm[counted].sum()),
        beside_excess_ml=_excess_beside_airways(truth, found, place, vessel),
        bins=_bins(truth, found, detected, np.isin(place, FALSE_PLACES)),
    )


def _confusion(
    found: Pieces,
    place: np.ndarray,
    vessel: np.ndarray,
    true_class: np.ndarray,
    found_class: np.ndarray,
) -> dict[str, dict[str, float]]:
    on_vessel = place == Place.VESSEL
    on_class = np.where(on_vessel, true_class[np.maximum(vessel, 0)], 0) if len(true_class) else 0
    rows = {kind.name: on_vessel & (on_class == kind) for kind in CLASSES}
    rows |= {kind.name: place == kind for kind in Place if kind != Place.VESSEL}
    return {
        name: {
            kind.name: float(found.volume_ml[row & (found_class == kind)].sum()) for kind in CLASSES
        }
        for name, row in rows.items()
    }


def _excess_beside_airways(
    truth: Truth, found: Pieces, place: np.ndarray, vessel: np.ndarray
) -> float:
    on = np.flatnonzero((place == Place.VESSEL) & (found.volume_ml > 0))
    mine = truth.vessels.take(vessel[on])
    beside = truth.airway_clearance(mine.position_mm) <= mine.radius_mm + BLUR_MM
    excess = found.volume_ml[on] - mine.csa_mm2 * found.length_mm[on] / 1000
    return float(excess[beside].sum())


def _bins(truth: Truth, found: Pieces, detected: np.ndarray, false: np.ndarray) -> tuple[Bin, ...]:
    true = truth.vessels
    error = 100 * (area_ratios(true, found) - 1)
    beside = truth.airway_clearance(true.position_mm) <= true.radius_mm + BLUR_MM
    bins = []
    for low, high in pairwise(BINS_MM2):
        mine = (true.csa_mm2 >= low) & (true.csa_mm2 < high)
        theirs = (found.csa_mm2 >= low) & (found.csa_mm2 < high)
        bins.append(
            Bin(
                low,
                high,
                length_mm=float(true.length_mm[mine].sum()),
                found_mm=float(true.length_mm[mine & detected].sum()),
                false_mm=float(found.length_mm[theirs & false].sum()),
                bias_pct=_median(error[mine]),
                error_pct=_median(abs(error[mine])),
                free_bias_pct=_median(error[mine & ~beside]),
                beside_bias_pct=_median(error[mine & beside]),
            )
        )
    return tuple(bins)


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
