"""What healthy people have: distributions by sex and age, and how they were measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..imaging.parameters import Parameters
from .measures import MEASURES, Measure
from .texts import printable, shortened
from .values import known

METHOD = "BV5 Analysis"
PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
FEWEST_PEOPLE = 20
"""In a group of a reference. By the rule of IFCC and CLSI the p-th percentile is the value of rank
p (n + 1) / 100: with 19 people the 5th is the lowest value, with fewer it lies beyond all of them,
and the standard deviation is then unsure by more than 16 %."""
AGE_BOUNDS_YEARS = (18, 40, 60, 80)
"""Between groups by age; 20 years wide, as a site's 100 to 200 healthy scans fill no finer ones."""
HIGHEST_AGE_YEARS = 90
"""Higher ages are written as this one: they are rare enough to name a person."""
REFERENCE_MEASURES = (
    *MEASURES,
    Measure("below_floor_ml", "Below floor", "mL"),
    Measure("hilar_ml", "Hilar", "mL"),
    Measure("lung_volume_ml", "Lung volume", "mL"),
)
TABLE_STEP = 0.006
"""Parameters this close are the same: tables, of which references are made, round them to 0.01."""
SEXES = ("female", "male")
_PEOPLE = {"female": "women", "male": "men"}


@dataclass(frozen=True)
class Standing:
    """Where a value stands among those of a group.

    Attributes
    ----------
    z : float
        Standard deviations above the mean; NaN without a value, or where all of the group are
        equal.
    percentile : float
        Percent of the group that are lower, between the lowest and the highest of `PERCENTILES`;
        NaN without a value.
    beyond : str
        ``below`` or ``above`` for a value outside of these, whose percentile is then the nearest
        of them; else empty.
    """

    z: float
    percentile: float
    beyond: str = ""

    @property
    def text(self) -> str:
        """Percentile as tables show it, such as ``37``, ``<5``, ``>95``; empty without a value."""
        if math.isnan(self.percentile):
            return ""
        sign = {"": "", "below": "<", "above": ">"}[self.beyond]
        return f"{sign}{self.percentile:.0f}"


@dataclass(frozen=True)
class Distribution:
    """Values of one measure in one region of the people of a group.

    Attributes
    ----------
    region : str
        As in ``measurements.csv``.
    measure : str
        Key of one of `REFERENCE_MEASURES`.
    n : int
        People with a value.
    mean, sd : float
        Mean, and standard deviation with n − 1.
    percentiles : tuple of float
        Those of `PERCENTILES`, rising, by rank p (n + 1) / 100.
    """

    region: str
    measure: str
    n: int
    mean: float
    sd: float
    percentiles: tuple[float, ...]

    @classmethod
    def of(cls, region: str, measure: str, values: np.ndarray) -> Distribution | None:
        """Describe values.

        Parameters
        ----------
        region, measure : str
            What they are of.
        values : numpy.ndarray
            (n,) in the measure's unit; NaN is left out.

        Returns
        -------
        Distribution or None
            None for fewer than `FEWEST_PEOPLE` values.
        """
        values = values[known(values)]
        if len(values) < FEWEST_PEOPLE:
            return None
        ranked = np.percentile(values, PERCENTILES, method="weibull")
        return cls(
            region,
            measure,
            len(values),
            _rounded(values.mean()),
            _rounded(values.std(ddof=1)),
            tuple(map(_rounded, ranked)),
        )

    def standing(self, value: float) -> Standing:
        """Where a value stands; between percentiles by straight lines."""
        if not math.isfinite(value):
            return Standing(math.nan, math.nan)
        z = (value - self.mean) / self.sd if self.sd > 0 else math.nan
        limits = np.array(self.percentiles)
        if value < limits[0]:
            return Standing(z, PERCENTILES[0], "below")
        if value > limits[-1]:
            return Standing(z, PERCENTILES[-1], "above")
        # From both sides, so that the middle counts where percentiles are equal.
        rising = np.interp(value, limits, PERCENTILES)
        falling = -np.interp(-value, -limits[::-1], -np.array(PERCENTILES[::-1]))
        return Standing(z, float(rising + falling) / 2)


def _rounded(value: float) -> float:
    return round(float(value), 6)


@dataclass(frozen=True)
class People:
    """Whom a group is of; None for all.

    Attributes
    ----------
    sex : str or None
        One of `SEXES`.
    age_from, age_below : int or None
        Years; None where there is no bound.
    """

    sex: str | None = None
    age_from: int | None = None
    age_below: int | None = None

    @property
    def by_age(self) -> bool:
        """Whether they are of some ages only."""
        return self.age_from is not None or self.age_below is not None

    @property
    def text(self) -> str:
        """In words, such as ``women of 40 to 59 years``."""
        if not self.by_age:
            return _PEOPLE[self.sex] if self.sex else "all people"
        who = _PEOPLE[self.sex] if self.sex else "people"
        if self.age_from is None:
            return f"{who} below {self.age_below} years"
        if self.age_below is None:
            return f"{who} from {self.age_from} years on"
        return f"{who} of {self.age_from} to {self.age_below - 1} years"


EVERYBODY = People()


def ages_of(age_years: float) -> tuple[int | None, int | None]:
    """Bounds of the group by age that an age belongs to."""
    place = int(np.searchsorted(AGE_BOUNDS_YEARS, age_years, side="right"))
    bounds = (None, *AGE_BOUNDS_YEARS, None)
    return bounds[place], bounds[place + 1]


@dataclass(frozen=True)
class ReferenceGroup:
    """Healthy people of a sex and an age, or all of them.

    Attributes
    ----------
    people : People
        Who they are.
    n : int
        How many.
    lowest_age, highest_age : int or None
        Whole years, not above `HIGHEST_AGE_YEARS`; None where ages are not known.
    distributions : tuple of Distribution
        By region and measure, where enough of them have a value.
    """

    people: People
    n: int
    lowest_age: int | None
    highest_age: int | None
    distributions: tuple[Distribution, ...]

    @cached_property
    def by_place(self) -> dict[tuple[str, str], Distribution]:
        """Distributions by region and measure."""
        return {(each.region, each.measure): each for each in self.distributions}


@dataclass(frozen=True)
class Definition:
    """How the numbers were measured; what is measured otherwise cannot be compared with them.

    Attributes
    ----------
    method, software_version : str
        What measured.
    minimum_csa_mm2 : float
        Floor of BV5.
    class_bounds_mm2 : tuple of float
        Upper bounds of BV5 and of BV5-10.
    minimum_component_length_mm : float
        Shorter vessel trees were dropped.
    hilum : str
        ``apart`` or ``included``.
    hilum_share : float or None
        Where the hilum begins; None where it is included, as it is of no account then.
    blood_hu : float or None
        Attenuation of blood that was given; None where it was measured in each scan.
    """

    method: str
    software_version: str
    minimum_csa_mm2: float
    class_bounds_mm2: tuple[float, float]
    minimum_component_length_mm: float
    hilum: str
    hilum_share: float | None
    blood_hu: float | None = None

    @classmethod
    def of(cls, parameters: Parameters, software_version: str) -> Definition:
        """Definition that an analysis by this software follows."""
        return cls(
            METHOD,
            software_version,
            float(parameters.minimum_csa_mm2),
            (float(parameters.class_bounds_mm2[0]), float(parameters.class_bounds_mm2[1])),
            float(parameters.minimum_component_length_mm),
            parameters.hilum,
            float(parameters.hilum_share) if parameters.hilum_apart else None,
            None if parameters.blood_hu is None else float(parameters.blood_hu),
        )

    def difference(self, other: Definition) -> str:
        """Say what first differs in another definition, with both values; empty if nothing."""
        if self.method != other.method:
            return f"was measured by {_shown(self.method)}, not {_shown(other.method)}"
        pairs = (
            ("version", self.software_version, other.software_version),
            ("minimum_csa_mm2", self.minimum_csa_mm2, other.minimum_csa_mm2),
            ("class_bounds_mm2", self.class_bounds_mm2, other.class_bounds_mm2),
            ("hilum", self.hilum, other.hilum),
            ("hilum_share", self.hilum_share, other.hilum_share),
            (
                "minimum_component_length_mm",
                self.minimum_component_length_mm,
                other.minimum_component_length_mm,
            ),
            ("blood_hu", _blood(self.blood_hu), _blood(other.blood_hu)),
        )
        for name, one, two in pairs:
            if not _same(one, two):
                return f"was measured with {name} {_shown(one)}, not {_shown(two)}"
        return ""


def _blood(blood_hu: float | None) -> float | str:
    return "measured in each scan" if blood_hu is None else blood_hu


def _same(one: object, two: object) -> bool:
    if isinstance(one, tuple) and isinstance(two, tuple):
        return all(map(_same, one, two))
    if isinstance(one, float) and isinstance(two, float):
        return abs(one - two) <= TABLE_STEP
    return one == two


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " and ".join(map(_shown, value))
    return f"{value:g}" if isinstance(value, float) else printable(shortened(str(value)))


@dataclass(frozen=True)
class ReferenceSource:
    """Where a reference comes from.

    Attributes
    ----------
    measurements, clinical : str
        Names of the tables, without their folders.
    selection : tuple of str
        How its people were chosen, in words.
    left_out : int
        Cases that were chosen but had an error among their findings.
    findings : tuple of (str, int)
        Warnings of quality among those that count: code, and how many have it.
    notes : tuple of str
        What had to be assumed or left out, in words.
    """

    measurements: str
    clinical: str
    selection: tuple[str, ...] = ()
    left_out: int = 0
    findings: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Distributions of what healthy people have.

    Attributes
    ----------
    name : str
        For readers: that of its file when it was written.
    created : str
        When, UTC, ISO 8601.
    definition : Definition
        How it was measured.
    source : ReferenceSource
        Where it comes from.
    groups : tuple of ReferenceGroup
        The first one of everybody.
    """

    name: str
    created: str
    definition: Definition
    source: ReferenceSource
    groups: tuple[ReferenceGroup, ...]
