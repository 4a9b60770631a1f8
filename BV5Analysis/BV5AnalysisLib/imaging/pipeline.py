"""From a chest CT to blood volumes by vessel size: the method, one call a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from .airways.bronchi import find_bronchi
from .airways.tree import segment_airways
from .airways.walls import subtract_bronchi
from .errors import AnalysisError
from .lungs.chest import Chest, survey_chest
from .lungs.consolidation import find_consolidation
from .lungs.given_lungs import given_lungs
from .lungs.lung_findings import lung_findings
from .lungs.segmentation import segment_lungs
from .model.cutting import keep_points, values_at
from .model.measurements import Calibration
from .model.orientation import Orientation
from .model.result import AnalysisResult
from .model.scan import Region, Scan
from .model.volume import Volume
from .model.work_image import WorkImage
from .parameters import Parameters
from .progress import Progress, Steps
from .reading.scan_reader import scan_from_image
from .sizing.blood_findings import calibration_findings, vessel_findings, worst_first
from .sizing.blood_volumes import (
    check_regions,
    csa_histogram,
    measure_regions,
    world_centerlines,
)
from .sizing.blur_measurement import measure_blur
from .sizing.branch_sizes import SizedBranches, size_branches
from .sizing.cross_sections import measure_cross_sections
from .sizing.sheets import without_sheets
from .sizing.voxel_labels import as_drawn, label_vessels
from .sizing.wide_vessels import with_wide_volumes
from .vessels.branches import Branches, link_branches
from .vessels.calibration import calibrate, measure_blood_hu, measure_parenchyma
from .vessels.hilum import extend_to_edge
from .vessels.ridges import find_ridge_points
from .vessels.work_grid import WorkGrid

SHARES = {
    "lungs and airways": 7.0,
    "resampling": 1.0,
    "bronchi": 3.5,
    "vessel centers": 4.5,
    "branches": 2.0,
    "cross-sectional areas": 3.5,
    "blood volumes": 2.5,
}
"""Steps, and the seconds they take on a usual scan, for the progress bar."""

MARGIN_MM = 3.0
"""How far the work grid goes beyond the lungs."""

EDGE_MM = 1.2
"""Outermost layer of the lungs, where chest wall mixes in; no vessel centers are looked for."""

BRIGHTEST_HU = 1000.0
DARKEST_HU = -1050.0


@dataclass(frozen=True, eq=False)
class Anatomy:
    """`LungLabel` values, airway lumen (bool) and consolidation (bool) on the turned scan."""

    lungs: np.ndarray
    airways: np.ndarray
    consolidation: np.ndarray


@dataclass(frozen=True, eq=False)
class Vessels:
    """Sized branches on their work grid, and what blood was taken to be.

    `blood_was_measured` says whether the scan has vessels wide enough to measure blood in.
    """

    work: WorkGrid
    branches: Branches
    sized: SizedBranches
    calibration: Calibration
    blood_was_measured: bool


@dataclass(frozen=True, eq=False)
class _Inside:
    """The lungs on the work grid.

    `whole` is lung, `core` is lung without its edge (both bool).
    """

    work: WorkGrid
    hu: np.ndarray
    whole: np.ndarray
    core: np.ndarray
    parenchyma_hu: float
    noise_hu: float

    @property
    def filled(self) -> np.ndarray:
        """`hu` inside the core and plain parenchyma outside; made anew, to be kept no longer."""
        return np.where(self.core, self.hu, np.float32(self.parenchyma_hu))

    @property
    def half_blood_hu(self) -> float:
        """Half way from parenchyma to blood, near enough before blood is measured."""
        return 0.45 * self.parenchyma_hu


def analyze(
    ct_image: sitk.Image | Scan,
    lungs: sitk.Image | Volume | None = None,
    regions: tuple[Region, ...] | None = None,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
) -> AnalysisResult:
    """Measure pulmonary blood volume by vessel size.

    Parameters
    ----------
    ct_image : SimpleITK.Image or Scan
        Chest CT in HU.
    lungs : SimpleITK.Image or Volume, optional
        Lungs to measure in, on the CT's grid: `LungLabel` values, or one label that is split by
        side. Segmented if not given.
    regions : tuple of Region, optional
        Parts of the lungs to measure apart.
    parameters : Parameters, optional
        The defaults if not given.
    progress : callable, optional
        Called with step and fraction; may raise `Cancelled`.

    Returns
    -------
    AnalysisResult
        Nothing is written and no global is changed.

    Raises
    ------
    AnalysisError
        The scan cannot be measured; the message says why and what to do.
    """
    parameters = parameters or Parameters()
    steps = Steps(SHARES, progress)
    scan = ct_image if isinstance(ct_image, Scan) else scan_from_image(ct_image)
    check_regions(regions or (), scan.volume.grid)
    orientation = Orientation.of(scan.volume.grid)
    ct = orientation.turned(scan.volume)

    with steps.step("lungs and airways"):
        anatomy = _anatomy(ct, lungs, orientation)
    found = measure_vessels(ct, anatomy, parameters, steps)
    branches, sized, calibration = found.branches, found.sized, found.calibration
    with steps.step("blood volumes"):
        centerlines = world_centerlines(branches, sized, found.work, parameters)
        lung_volume = Volume(orientation.turn_back(anatomy.lungs), scan.volume.grid)
        centerlines, _ = keep_points(centerlines, values_at(lung_volume, centerlines.points_mm) > 0)
        measurements = measure_regions(centerlines, lung_volume, regions or ())
        vessels = label_vessels(scan.volume, lung_volume, centerlines, calibration)
        centerlines = as_drawn(centerlines, vessels)
        histogram = csa_histogram(centerlines.csa_mm2, centerlines.point_volume_ml, parameters)
        findings = worst_first(
            [
                *scan.findings,
                *lung_findings(
                    ct,
                    anatomy.lungs,
                    orientation.turn(vessels.array),
                    anatomy.consolidation,
                    {region.name: orientation.turn(region.mask.array) for region in regions or ()},
                ),
                *calibration_findings(
                    calibration, found.blood_was_measured, parameters.blood_hu is not None
                ),
                *vessel_findings(measurements[0]),
            ]
        )
    steps.done()
    return AnalysisResult(
        scan=scan,
        lungs=lung_volume,
        airways=Volume(orientation.turn_back(anatomy.airways), scan.volume.grid),
        vessels=vessels,
        centerlines=centerlines,
        measurements=measurements,
        csa_histogram=histogram,
        findings=findings,
        calibration=calibration,
        parameters=parameters,
        seconds=steps.seconds,
        lungs_given=lungs is not None,
    )


def measure_vessels(ct: Volume, anatomy: Anatomy, parameters: Parameters, steps: Steps) -> Vessels:
    """Find the vessels inside the lungs and measure their areas.

    Parameters
    ----------
    ct : Volume
        HU, turned as `Orientation` does.
    anatomy : Anatomy
        Lungs, and what of them is no parenchyma.
    parameters : Parameters
        Blood's attenuation, if given, and the shortest tree.
    steps : Steps
        Told of each step.

    Returns
    -------
    Vessels
        In the work frame.
    """
    with steps.step("resampling"):
        inside = _inside_of_lungs(ct, anatomy)
    with steps.step("bronchi"):
        _take_bronchi_off(inside, anatomy.airways)
    with steps.step("vessel centers") as within:
        points = find_ridge_points(
            WorkImage(inside.filled, inside.whole, inside.core, inside.work.spacing),
            inside.half_blood_hu,
            progress=within,
        )
        measured_blood_hu = measure_blood_hu(inside.hu, inside.work.spacing, points)
        calibration = calibrate(
            inside.parenchyma_hu, inside.noise_hu, measured_blood_hu, parameters.blood_hu
        )
    with steps.step("branches"):
        branches = link_branches(points, parameters.minimum_component_length_mm)
        branches = extend_to_edge(
            branches, inside.hu, inside.whole, inside.work.spacing, inside.half_blood_hu
        )
    with steps.step("cross-sectional areas") as within:
        branches, sized = _sizes(inside, branches, calibration, within)
    return Vessels(inside.work, branches, sized, calibration, measured_blood_hu is not None)


def _anatomy(ct: Volume, given: sitk.Image | Volume | None, orientation: Orientation) -> Anatomy:
    """Segment the turned scan, or take the lungs that were given."""
    chest = survey_chest(ct)
    if given is None:
        airways = segment_airways(ct, chest)
        lungs = segment_lungs(ct, chest, airways)
    else:
        mask = given if isinstance(given, Volume) else Volume.of(given)
        lungs = given_lungs(mask, orientation)
        airways = _airways_if_any(ct, chest)
        lungs[airways] = 0
    return Anatomy(lungs, airways, find_consolidation(ct, chest, lungs, airways))


def _airways_if_any(ct: Volume, chest: Chest) -> np.ndarray:
    """Airways of a scan that may be cropped to its lungs; bronchi inside are found later on."""
    try:
        return segment_airways(ct, chest)
    except AnalysisError:
        return np.zeros(ct.array.shape, bool)


def _inside_of_lungs(ct: Volume, anatomy: Anatomy) -> _Inside:
    """Lungs on the work grid, their outside filled with parenchyma so that no edge is seen."""
    work = WorkGrid.around(anatomy.lungs, ct.grid, MARGIN_MM)
    lung = work.sampled_labels(anatomy.lungs) > 0
    parenchyma_hu, noise_hu = measure_parenchyma(work.samples(ct.array), lung)
    hu = work.image(ct.array)
    np.clip(hu, DARKEST_HU, BRIGHTEST_HU, out=hu)
    whole = work.labels(anatomy.lungs) > 0
    for left_out in (anatomy.airways, anatomy.consolidation):
        whole &= ~work.labels(left_out)
    core = _without_edge(whole, work.spacing)
    return _Inside(work, hu, whole, core, parenchyma_hu, noise_hu)


def _without_edge(whole: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Take off `EDGE_MM` along each axis, a voxel at a time."""
    layers = np.maximum(1, np.rint(EDGE_MM / spacing)).astype(int)
    for layer in range(layers.max()):
        rest = whole.copy()
        for axis in np.nonzero(layers > layer)[0]:
            rest_along, whole_along = np.moveaxis(rest, axis, 0), np.moveaxis(whole, axis, 0)
            rest_along[1:] &= whole_along[:-1]
            rest_along[:-1] &= whole_along[1:]
            # Beyond the grid is no lung.
            rest_along[[0, -1]] = False
        whole = rest
    return whole


def _take_bronchi_off(inside: _Inside, airways: np.ndarray) -> None:
    """Leave only vessels in the image, which nobody else has seen yet.

    The walls of the airways that are known already lie in the lungs, too.
    """
    work = inside.work
    reach = _without_edge(inside.whole | work.labels(airways), work.spacing)
    image = np.where(reach, inside.hu, np.float32(inside.parenchyma_hu))
    bronchi = find_bronchi(image, reach, work.spacing, inside.parenchyma_hu, inside.noise_hu)
    subtract_bronchi(inside.hu, bronchi, work.spacing)


def _sizes(
    inside: _Inside,
    branches: Branches,
    calibration: Calibration,
    progress: Callable[[float], None],
) -> tuple[Branches, SizedBranches]:
    """Branches that are vessels, and their sizes."""
    image = WorkImage(inside.hu, inside.whole, inside.core, inside.work.spacing)
    blur = measure_blur(image, branches, calibration, inside.work.source.spacing_zyx)
    sections = measure_cross_sections(image, branches, calibration, blur, progress)
    branches, sections = without_sheets(branches, sections)
    sized = size_branches(branches, sections)
    return branches, with_wide_volumes(sized, branches, sections, image, calibration)
