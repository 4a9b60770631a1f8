"""Blood volumes by region and size class, and their histogram."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import AnalysisError
from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.cutting import values_at
from ..model.measurements import CsaHistogram, Measurement
from ..model.scan import Region
from ..model.size_classes import VESSELS, LungLabel, SizeClass
from ..model.volume import Grid, Volume
from ..parameters import Parameters
from ..vessels.branches import Branches
from ..vessels.work_grid import WorkGrid
from .blood_intervals import ImageQuality, blood_intervals
from .branch_sizes import SizedBranches
from .intrapulmonary import class_by_place, class_by_size, counted_share, hilar_share


@dataclass(frozen=True)
class HistogramConstants(MethodConstants):
    """Bins of the histogram of areas; no volume or percentage depends on them."""

    first_mm2: float = constant(
        0.4,
        "mm²",
        "Upper edge of the first bin, which begins at 0.",
        "Chosen by eye: hardly a vessel so thin is found.",
    )
    last_mm2: float = constant(
        200.0,
        "mm²",
        "Upper edge of the last bin, unless a vessel is wider.",
        "Chosen by eye: wider than the vessels of most lungs, so that scans can be compared.",
    )
    ratio: float = constant(
        1.25, "1", "Ratio of the edges of a bin, about.", "Chosen by eye: smooth and readable."
    )
    fewest_bins: int = constant(
        2, "1", "Bins between two class bounds, at least.", "Chosen by eye."
    )
    room: float = constant(
        1.01,
        "1",
        "Upper edge of the last bin over the widest vessel's area.",
        "Only more than 1, so that the widest vessel is in the bin.",
    )
    room_of_bound: float = constant(
        2.0, "1", "Upper edge of the last bin over the last class bound.", "Chosen by eye."
    )


CONSTANTS = HistogramConstants()


def world_centerlines(
    branches: Branches,
    sized: SizedBranches,
    work: WorkGrid,
    parameters: Parameters,
    lung_around: np.ndarray | None = None,
) -> Centerlines:
    """Branches in the world, with their sizes and classes.

    Parameters
    ----------
    branches : Branches
        Centerlines in the work frame.
    sized : SizedBranches
        Their areas and blood.
    work : WorkGrid
        Where the work frame is.
    parameters : Parameters
        Class bounds, and how the hilum counts.
    lung_around : numpy.ndarray, optional
        (n,) share of lung around the points, if known already.

    Returns
    -------
    Centerlines
        The same points in LPS mm, with area, class, blood and length, and each branch's error.
    """
    lines = Centerlines.measured(
        points_mm=work.to_world(branches.position_mm),
        branch_start=branches.branch_start,
        csa_mm2=sized.csa_mm2,
        size_class=parameters.size_class(sized.csa_mm2),
        point_volume_ml=sized.volume_ml,
        point_length_mm=branches.step_mm,
        csa_error_mm2=sized.csa_error_mm2,
    )
    return lines if lung_around is None else with_surroundings(lines, lung_around, parameters)


def with_surroundings(
    centerlines: Centerlines, lung_around: np.ndarray, parameters: Parameters
) -> Centerlines:
    """Give centerlines without edits the class that their surroundings ask for.

    Parameters
    ----------
    centerlines : Centerlines
        n points.
    lung_around : numpy.ndarray
        (n,) share of lung around.
    parameters : Parameters
        Class bounds, and how the hilum counts.

    Returns
    -------
    Centerlines
        The same, those at the hilum as `SizeClass.HILAR` where they are counted apart.
    """
    return replace(
        centerlines,
        size_class=class_by_place(centerlines.csa_mm2, lung_around, parameters),
        lung_around=lung_around,
    )


def check_regions(regions: tuple[Region, ...], grid: Grid) -> None:
    """Refuse regions that do not lie on the scan's grid.

    Parameters
    ----------
    regions : tuple of Region
        Parts of the lungs.
    grid : Grid
        Of the scan.

    Raises
    ------
    AnalysisError
        A region lies on another grid.
    """
    for region in regions:
        if not region.mask.grid.matches(grid):
            raise AnalysisError(
                f"Region {region.name} does not lie on the scan's voxel grid; resample it."
            )


def measure_regions(
    centerlines: Centerlines,
    lungs: Volume,
    parameters: Parameters,
    regions: tuple[Region, ...] = (),
    image: ImageQuality | None = None,
) -> tuple[Measurement, ...]:
    """Blood volume by size class in both lungs, each lung and the given regions.

    A piece of vessel counts where its centerline is.

    Parameters
    ----------
    centerlines : Centerlines
        Vessels with classes.
    lungs : Volume
        `LungLabel` values.
    parameters : Parameters
        Class bounds, and how the hilum counts.
    regions : tuple of Region
        On the same grid; what lies outside the lungs does not count.
    image : ImageQuality, optional
        Of the scan, for intervals.

    Returns
    -------
    tuple of Measurement
        Rows ``both``, ``right``, ``left``, then one a region, mL and mm.

    Raises
    ------
    AnalysisError
        A region lies on another grid.
    """
    check_regions(regions, lungs.grid)
    lung = values_at(lungs, centerlines.points_mm)
    right, left = (_count(lungs.array, side) for side in (LungLabel.RIGHT, LungLabel.LEFT))
    rows: list[tuple[str, np.ndarray, int]] = [
        ("both", lung > 0, right + left),
        ("right", lung == LungLabel.RIGHT, right),
        ("left", lung == LungLabel.LEFT, left),
    ]
    for region in regions:
        within = region.mask.array != 0
        points = values_at(region.mask.with_array(within), centerlines.points_mm) & (lung > 0)
        within &= lungs.array != 0
        rows.append((region.name, points, int(np.count_nonzero(within))))
    blood = _Blood.of(centerlines, parameters)
    measured = tuple(
        _measure(name, voxels * lungs.grid.voxel_volume_ml, blood, points)
        for name, points, voxels in rows
    )
    if image is None:
        return measured
    found = blood_intervals(centerlines, [points for _, points, _ in rows], parameters, image)
    return tuple(
        replace(row, intervals=its, intervals_with_hilum=with_hilum)
        for row, (its, with_hilum) in zip(measured, found, strict=True)
    )


def _count(array: np.ndarray, value: int) -> int:
    """Voxels of a value; slice by slice, as a mask of the whole scan takes long to fill."""
    return sum(int(np.count_nonzero(plane == value)) for plane in array)


@dataclass(frozen=True, eq=False)
class _Blood:
    """Blood and length (n,) of points, counted and at the hilum, and their size class."""

    size_class: np.ndarray
    counted_ml: np.ndarray
    counted_mm: np.ndarray
    hilar_ml: np.ndarray
    hilar_mm: np.ndarray

    @classmethod
    def of(cls, centerlines: Centerlines, parameters: Parameters) -> _Blood:
        hilar = hilar_share(centerlines.lung_around, parameters)
        inside = counted_share(hilar, parameters)
        volume_ml, length_mm = centerlines.point_volume_ml, centerlines.point_length_mm
        return cls(
            class_by_size(centerlines, parameters),
            volume_ml * inside,
            length_mm * inside,
            volume_ml * hilar,
            length_mm * hilar,
        )


def _measure(region: str, lung_volume_ml: float, blood: _Blood, points: np.ndarray) -> Measurement:
    """Row of a region that holds some of the points (n,) bool."""
    size_class = blood.size_class[points]
    counted = size_class != SizeClass.BELOW_FLOOR
    inside, hilar = (
        np.bincount(size_class, volume_ml[points], minlength=max(SizeClass) + 1)
        for volume_ml in (blood.counted_ml, blood.hilar_ml)
    )
    return Measurement(
        region=region,
        lung_volume_ml=float(lung_volume_ml),
        **_by_class(inside),
        vessel_length_mm=float(blood.counted_mm[points][counted].sum()),
        **_by_class(hilar, "hilar_"),
        hilar_length_mm=float(blood.hilar_mm[points][counted].sum()),
    )


def _by_class(blood_ml: np.ndarray, place: str = "") -> dict[str, Any]:
    """Fields of a row by size class."""
    kinds = (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10, SizeClass.BELOW_FLOOR)
    return {f"{place}{VESSELS[kind].key}_ml": float(blood_ml[kind]) for kind in kinds}


def counted_ml(centerlines: Centerlines, parameters: Parameters) -> np.ndarray:
    """Blood (n,) of points that the classes count, mL."""
    return _Blood.of(centerlines, parameters).counted_ml


def csa_histogram(centerlines: Centerlines, parameters: Parameters) -> CsaHistogram:
    """Blood volume by area, in logarithmic bins with the class bounds among the edges.

    Parameters
    ----------
    centerlines : Centerlines
        Vessels inside the lungs.
    parameters : Parameters
        Class bounds, and how the hilum counts.

    Returns
    -------
    CsaHistogram
        Edges in mm², blood in mL.
    """
    csa_mm2, volume_ml = centerlines.csa_mm2, counted_ml(centerlines, parameters)
    classes = (parameters.minimum_csa_mm2, *parameters.class_bounds_mm2)
    bounds = sorted([CONSTANTS.first_mm2, *(bound for bound in classes if bound)])
    widest_mm2 = float(csa_mm2.max(initial=0.0))
    top = max(CONSTANTS.last_mm2, widest_mm2 * CONSTANTS.room, bounds[-1] * CONSTANTS.room_of_bound)
    edges = [0.0]
    for low, high in zip(bounds, [*bounds[1:], top], strict=True):
        if high > low:
            bins = round(np.log(high / low) / np.log(CONSTANTS.ratio))
            edges += list(np.geomspace(low, high, max(CONSTANTS.fewest_bins, bins) + 1)[:-1])
    edges_mm2 = np.array([*edges, top])
    return CsaHistogram(edges_mm2, np.histogram(csa_mm2, edges_mm2, weights=volume_ml)[0])
