"""Blood volumes by region and by cross-sectional area, and the attenuations they rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from .intervals import ENDS, LOW, BloodIntervals, measure_of
from .shares import percent


@dataclass(frozen=True)
class Measurement:
    """Blood volumes of one region.

    Attributes
    ----------
    region : str
        ``both``, ``right``, ``left`` or the name of a given region.
    lung_volume_ml : float
        Volume of the region inside the lungs.
    bv5_ml, bv5_10_ml, bv10_ml : float
        Blood volume by size class.
    below_floor_ml : float
        Blood volume in vessels thinner than the floor, in no percentage.
    vessel_length_mm : float
        Centerline length of vessels at or above the floor.
    hilar_bv5_ml, hilar_bv5_10_ml, hilar_bv10_ml, hilar_below_floor_ml : float
        Blood volume of vessels at the hilum by size class, whether those above count it or not;
        NaN where it was not measured.
    hilar_length_mm : float
        Their centerline length at or above the floor.
    intervals, intervals_with_hilum : BloodIntervals or None
        What these values, and those `with_hilum`, may truly be; None where it was not estimated.
    """

    region: str
    lung_volume_ml: float
    bv5_ml: float
    bv5_10_ml: float
    bv10_ml: float
    below_floor_ml: float
    vessel_length_mm: float
    hilar_bv5_ml: float = math.nan
    hilar_bv5_10_ml: float = math.nan
    hilar_bv10_ml: float = math.nan
    hilar_below_floor_ml: float = math.nan
    hilar_length_mm: float = math.nan
    intervals: BloodIntervals | None = None
    intervals_with_hilum: BloodIntervals | None = None

    @property
    def hilar_ml(self) -> float:
        """Blood in vessels at the hilum at or above the floor, mL; NaN where not measured."""
        return self.hilar_bv5_ml + self.hilar_bv5_10_ml + self.hilar_bv10_ml

    def with_hilum(self) -> Measurement:
        """Count hilar blood as all other, in a row that counts it apart."""
        return replace(
            self,
            bv5_ml=self.bv5_ml + self.hilar_bv5_ml,
            bv5_10_ml=self.bv5_10_ml + self.hilar_bv5_10_ml,
            bv10_ml=self.bv10_ml + self.hilar_bv10_ml,
            below_floor_ml=self.below_floor_ml + self.hilar_below_floor_ml,
            vessel_length_mm=self.vessel_length_mm + self.hilar_length_mm,
            intervals=self.intervals_with_hilum,
        )

    def value(self, name: str) -> float:
        """Value of a column of ``measurements.csv``, such as ``bv5_pct`` or ``bv5_pct_low``.

        NaN where there is none.
        """
        if name not in ENDS:
            return float(getattr(self, name))
        interval = None if self.intervals is None else getattr(self.intervals, measure_of(name))
        if interval is None:
            return math.nan
        return float(interval.low if name.endswith(LOW) else interval.high)

    @property
    def tpbv_ml(self) -> float:
        """Total pulmonary blood volume: the three classes' sum, mL."""
        return self.bv5_ml + self.bv5_10_ml + self.bv10_ml

    @property
    def bv5_pct(self) -> float:
        """BV5 as % of TPBV; NaN where there is no blood."""
        return self._percent(self.bv5_ml)

    @property
    def bv5_10_pct(self) -> float:
        """BV5-10 as % of TPBV; NaN where there is no blood."""
        return self._percent(self.bv5_10_ml)

    @property
    def bv10_pct(self) -> float:
        """BV10 as % of TPBV; NaN where there is no blood."""
        return self._percent(self.bv10_ml)

    @property
    def tpbv_ml_per_l(self) -> float:
        """TPBV per liter of lung, mL/L; NaN where there is no lung."""
        return self._per_liter(self.tpbv_ml)

    @property
    def bv5_ml_per_l(self) -> float:
        """BV5 per liter of lung, mL/L; NaN where there is no lung."""
        return self._per_liter(self.bv5_ml)

    @property
    def bv5_10_ml_per_l(self) -> float:
        """BV5-10 per liter of lung, mL/L; NaN where there is no lung."""
        return self._per_liter(self.bv5_10_ml)

    @property
    def bv10_ml_per_l(self) -> float:
        """BV10 per liter of lung, mL/L; NaN where there is no lung."""
        return self._per_liter(self.bv10_ml)

    def _per_liter(self, volume_ml: float) -> float:
        return 1000.0 * volume_ml / self.lung_volume_ml if self.lung_volume_ml > 0 else float("nan")

    def _percent(self, volume_ml: float) -> float:
        return percent(volume_ml, self.tpbv_ml)


@dataclass(frozen=True, eq=False)
class CsaHistogram:
    """Blood volume by cross-sectional area, both lungs.

    Attributes
    ----------
    edges_mm2 : numpy.ndarray
        (k + 1,) bin edges, rising; class bounds are among them.
    volume_ml : numpy.ndarray
        (k,) blood volume a bin.
    """

    edges_mm2: np.ndarray
    volume_ml: np.ndarray


@dataclass(frozen=True)
class Kernel:
    """A reconstruction kernel within slices: a Gaussian made sharper by taking off a wider one.

    The image of a point is (1 + sharpness) times the one less sharpness times the other.

    Attributes
    ----------
    sharpness : float
        0 for a kernel that draws no dark ring.
    wider_mm2 : float
        By how much the variance of the wider Gaussian is larger; of no account without sharpness.
    looked_for : bool
        False in a case of a version that did not look for it, and undid nothing.
    """

    sharpness: float = 0.0
    wider_mm2: float = 1.0
    looked_for: bool = True


@dataclass(frozen=True)
class Calibration:
    """What the scan itself gave the measurement.

    Attributes
    ----------
    blood_hu : float
        Attenuation of blood, from the scan's large vessels or the parameters.
    parenchyma_hu : float
        Median attenuation of lung parenchyma.
    noise_hu : float
        Standard deviation of the noise in the lungs.
    kernel : Kernel
        Of the scan. What it sharpened was undone before anything here was read.
    """

    blood_hu: float
    parenchyma_hu: float
    noise_hu: float
    kernel: Kernel = field(default_factory=Kernel)

    @property
    def half_blood_hu(self) -> float:
        """Attenuation of a voxel that is half blood, half parenchyma."""
        return (self.parenchyma_hu + self.blood_hu) / 2


@dataclass(frozen=True)
class BloodLevels:
    """Attenuation of blood, as the middles of a scan's wide vessels show it.

    Attributes
    ----------
    blood_hu : float
        What areas are scaled by.
    levels_hu : tuple of float
        One level, or two, the lower one first, where arteries and veins differ.
    without_agent_pct : float
        Share of the wide tubes that hold no contrast agent though the scan is enhanced, %.
    """

    blood_hu: float
    levels_hu: tuple[float, ...]
    without_agent_pct: float
