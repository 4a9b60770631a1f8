"""How far off the blood of a region may be: intervals from what is known of each error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.intervals import BloodIntervals, Interval
from ..model.measurements import Calibration
from ..model.size_classes import SizeClass
from ..parameters import Parameters
from . import confidence
from .intrapulmonary import class_by_size, counted_share, hilar_share


@dataclass(frozen=True)
class BloodIntervalConstants(MethodConstants):
    """Tuned numbers of the intervals."""

    deviations: float = constant(
        1.645,
        "1",
        "Standard deviations to either side.",
        "Nine of ten values of a normal distribution lie within.",
    )
    blood_share: float = constant(
        0.02,
        "1",
        "Standard deviation of blood's attenuation, as a share of its contrast to lung.",
        "Chosen by eye, not measured: 18 HU of a usual contrast.",
    )
    hilum_share: float = constant(
        0.02,
        "1",
        "Standard deviation of the share of lung around at which blood becomes hilar.",
        "Chosen by eye, not measured: two of the 98 directions.",
    )
    other_share: tuple[float, float, float] = constant(
        (0.05, 0.04, 0.06),
        "1",
        "Standard deviation of what else is off, such as vessels that are missed or false, as a"
        " share of the blood of BV5, BV5-10 and BV10.",
        "Measured: root mean square errors of ten random chests without an error among their"
        " findings (seeds 5097 to 5110) are 0.068, 0.043 and 0.067, with the errors of blood and of"
        " slices in them.",
    )
    piece_ml: tuple[float, float, float] = constant(
        (0.03, 0.07, 0.2),
        "mL",
        "Blood of a piece of vessel that is missed or false at once, in BV5, BV5-10 and BV10.",
        "10 mm of vessels of 3, 7 and 20 mm². In a whole lung pieces average out, in a small region"
        " they do not; of a class that was not found at all, one may have been missed.",
    )
    other_per_slice_mm: float = constant(
        0.02,
        "1/mm",
        "By how much each of these grows with a millimeter of slices beyond `usual_slice_mm`, added"
        " as independent errors are.",
        "Chosen by eye, not fitted: 0.035 in slices of 3 mm, added to 0.05.",
    )
    usual_slice_mm: float = constant(
        1.25,
        "mm",
        "Distance of slices up to which they are as good as thinner ones.",
        "Thinner than the width of a usual blur, 0.55 mm in standard deviation.",
    )
    other_of_noise: float = constant(
        0.5,
        "1",
        "Share of the same kind, for noise as high as blood's contrast to lung; added likewise.",
        "Chosen by eye, not fitted: noise of 40 HU, 0.045 of a usual contrast, gives 0.022.",
    )


CONSTANTS = BloodIntervalConstants()

KINDS = (SizeClass.BELOW_FLOOR, SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10)
COUNT = len(KINDS)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(6)
"""Errors of a branch's area, in standard deviations, that stand for all, and how often each is."""
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@dataclass(frozen=True)
class ImageQuality:
    """What of an image tells how well vessels are measured in it.

    Attributes
    ----------
    slice_mm : float
        Distance of its slices.
    noise_share : float
        Standard deviation of its noise as a share of blood's contrast to lung.
    """

    slice_mm: float
    noise_share: float

    @classmethod
    def of(cls, spacing_mm: Sequence[float], calibration: Calibration) -> ImageQuality:
        """Take it from the size (3,) of voxels and the attenuations."""
        contrast_hu = calibration.blood_hu - calibration.parenchyma_hu
        return cls(float(max(spacing_mm)), calibration.noise_hu / max(contrast_hu, 1.0))


def blood_intervals(
    centerlines: Centerlines,
    regions: Sequence[np.ndarray],
    parameters: Parameters,
    image: ImageQuality,
) -> list[tuple[BloodIntervals, BloodIntervals]]:
    """Give intervals of the blood in parts of the lungs.

    Four errors are added up as independent ones: each branch's own area, as `area_error_mm2` has
    it; the attenuation of blood, which scales all areas alike; where the hilum begins; and what
    else phantoms were off by.

    Parameters
    ----------
    centerlines : Centerlines
        n points.
    regions : sequence of numpy.ndarray
        (n,) bool, points of each region.
    parameters : Parameters
        Class bounds, and how the hilum counts.
    image : ImageQuality
        Of the scan.

    Returns
    -------
    list of tuple of BloodIntervals
        For each region that of its measurement, and that with hilar blood included.

    Notes
    -----
    Own method.
    """
    blood = _Split.of(centerlines, parameters)
    own = _of_branches(centerlines, regions, blood)
    share, shift = CONSTANTS.blood_share, CONSTANTS.hilum_share
    more, less = blood.scaled(1 + share), blood.scaled(1 - share)
    tighter, wider = (
        _Split.of(centerlines, parameters, threshold_shift=each) for each in (shift, -shift)
    )
    other_share, piece_ml = _other_share(image), np.array(CONSTANTS.piece_ml)
    found = []
    for region, of_branches in zip(regions, own, strict=True):
        ml = blood.sums_ml(region)
        moved_ml = [
            (one.sums_ml(region) - other.sums_ml(region)) / 2
            for one, other in ((more, less), (tighter, wider))
        ]
        for kind, relative in enumerate(other_share, start=1):
            of_kind = np.zeros(2 * COUNT)
            of_kind[[kind, COUNT + kind]] = relative * ml[[kind, COUNT + kind]]
            moved_ml.append(of_kind)
        covariance = of_branches + sum(np.outer(each, each) for each in moved_ml)
        counted, hilar = ml[1:COUNT], ml[COUNT + 1 :]
        of_pieces = [0.0, *(counted + piece_ml), 0.0, *hilar] * np.tile(
            [0.0, *(other_share * piece_ml)], 2
        )
        covariance += np.diag(of_pieces)
        known = not np.isnan(centerlines.lung_around[region]).any()
        own_intervals = _intervals(ml, covariance, known)
        if parameters.hilum_apart:
            found.append((own_intervals, _intervals(*_with_hilum(ml, covariance), known)))
        else:
            found.append((own_intervals, own_intervals))
    return found


@dataclass(frozen=True, eq=False)
class _Split:
    """Blood of points (n,), as counted and as hilar, at areas that may be off.

    `fixed` are size classes that were set by hand, -1 where the area tells them.
    """

    csa_mm2: np.ndarray
    fixed: np.ndarray
    counted_ml: np.ndarray
    hilar_ml: np.ndarray
    parameters: Parameters

    @classmethod
    def of(
        cls, centerlines: Centerlines, parameters: Parameters, threshold_shift: float = 0.0
    ) -> _Split:
        hilar = hilar_share(centerlines.lung_around, parameters, threshold_shift)
        by_hand = class_by_size(centerlines, parameters).astype(int)
        volume_ml = centerlines.point_volume_ml
        return cls(
            centerlines.csa_mm2,
            np.where(centerlines.class_by_hand, by_hand, -1),
            volume_ml * counted_share(hilar, parameters),
            volume_ml * np.nan_to_num(hilar),
            parameters,
        )

    def scaled(self, factor: float) -> _Split:
        """Scale all areas."""
        return self.at(self.csa_mm2 * factor)

    def at(self, csa_mm2: np.ndarray) -> _Split:
        """Give other areas (n,), and as much blood as they ask for."""
        ratio = csa_mm2 / np.where(self.csa_mm2 > 0, self.csa_mm2, 1.0)
        return replace(
            self,
            csa_mm2=csa_mm2,
            counted_ml=self.counted_ml * ratio,
            hilar_ml=self.hilar_ml * ratio,
        )

    @property
    def kind(self) -> np.ndarray:
        """Index (n,) into `KINDS`."""
        by_area = self.parameters.size_class(self.csa_mm2).astype(int)
        place = np.zeros(max(SizeClass) + 1, int)
        place[[int(each) for each in KINDS]] = np.arange(COUNT)
        return np.asarray(place[np.where(self.fixed >= 0, self.fixed, by_area)])

    def sums_ml(self, points: np.ndarray) -> np.ndarray:
        """Blood (8,) of points (n,) bool: counted by kind, then hilar by kind."""
        return np.asarray(self.by_group_ml(points, np.zeros(len(points), int), 1)[0])

    def by_group_ml(self, points: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
        """Give the same (groups, 8) for each group of points, whose number is `group` (n,)."""
        key = (group * COUNT + self.kind)[points]
        sums = [
            np.bincount(key, volume_ml[points], groups * COUNT).reshape(groups, COUNT)
            for volume_ml in (self.counted_ml, self.hilar_ml)
        ]
        return np.concatenate(sums, axis=1)


def _of_branches(
    centerlines: Centerlines, regions: Sequence[np.ndarray], blood: _Split
) -> list[np.ndarray]:
    """Covariance (8, 8) of each region's blood from the error of each branch's area."""
    branch, count = centerlines.branch_id, centerlines.branch_count
    error_mm2 = np.hypot(centerlines.csa_error_mm2, confidence.CONSTANTS.systematic_mm2)[branch]
    at_nodes = [blood.at(np.maximum(blood.csa_mm2 + node * error_mm2, 0.0)) for node in NODES]
    found = []
    for region in regions:
        ml = np.stack([each.by_group_ml(region, branch, count) for each in at_nodes])
        apart = ml - np.tensordot(WEIGHTS, ml, 1)
        found.append(np.einsum("k,kbi,kbj->ij", WEIGHTS, apart, apart))
    return found


def _other_share(image: ImageQuality) -> np.ndarray:
    """Give the standard deviation (3,) of what else is off, by class, as a share of its blood."""
    thicker_mm = max(image.slice_mm - CONSTANTS.usual_slice_mm, 0.0)
    grown = np.hypot(
        CONSTANTS.other_per_slice_mm * thicker_mm, CONSTANTS.other_of_noise * image.noise_share
    )
    return np.asarray(np.hypot(CONSTANTS.other_share, grown))


def _with_hilum(ml: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blood (8,) and its covariance, what is hilar counted with the rest."""
    both = np.eye(2 * COUNT)
    both[:COUNT, COUNT:] = np.eye(COUNT)
    return both @ ml, both @ covariance @ both.T


def _intervals(ml: np.ndarray, covariance: np.ndarray, hilum_known: bool) -> BloodIntervals:
    """Intervals of a region's values from its blood (8,) and the covariance."""

    def spread(weights: np.ndarray) -> float:
        return CONSTANTS.deviations * float(np.sqrt(max(weights @ covariance @ weights, 0.0)))

    def volume(weights: np.ndarray) -> Interval:
        value, off = float(weights @ ml), spread(weights)
        return Interval(max(value - off, 0.0), value + off)

    unit = np.eye(2 * COUNT)
    classes = unit[1:COUNT]
    total = classes.sum(axis=0)
    tpbv_ml = float(total @ ml)

    def share(of_class: np.ndarray) -> Interval | None:
        if tpbv_ml <= 0:
            return None
        part = float(of_class @ ml) / tpbv_ml
        off = 100 * spread((of_class - part * total) / tpbv_ml)
        return Interval(max(100 * part - off, 0.0), min(100 * part + off, 100.0))

    return BloodIntervals(
        tpbv_ml=volume(total),
        bv5_ml=volume(classes[0]),
        bv5_10_ml=volume(classes[1]),
        bv10_ml=volume(classes[2]),
        hilar_ml=volume(unit[COUNT + 1 :].sum(axis=0)) if hilum_known else None,
        bv5_pct=share(classes[0]),
        bv5_10_pct=share(classes[1]),
        bv10_pct=share(classes[2]),
    )
