"""From a chest CT to blood volumes by vessel size: the method, one call a step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk

from .airways.airway_findings import airway_findings
from .airways.bronchi import Bronchi, find_bronchi
from .airways.outer_tree import with_outer_tree
from .airways.tree import segment_airways
from .airways.walls import subtract_bronchi
from .errors import AnalysisError
from .lungs.anatomy import Anatomy
from .lungs.completeness import is_slab
from .lungs.given_lungs import given_lungs
from .lungs.hila import Places, find_hila
from .lungs.lung_checks import doubt_given_lungs, doubt_lungs
from .lungs.lung_findings import lung_findings
from .lungs.opacities import find_opacities, opacity_volumes
from .lungs.opacity_findings import opacity_findings
from .lungs.segmentation import find_lungs
from .lungs.survey import Chest, survey_chest
from .lungs.trachea import find_trachea
from .model.centerlines import Centerlines
from .model.constants import MethodConstants, constant
from .model.cutting import keep_points, values_at
from .model.finding import Finding
from .model.measurements import BloodLevels, Calibration, CsaHistogram, Measurement
from .model.orientation import Orientation
from .model.result import AnalysisResult
from .model.scan import Region, Scan
from .model.tissue import OPACITIES, OpacityVolumes, Tissue
from .model.volume import Volume
from .model.work_image import WorkImage
from .numerics.balls import voxels_in_balls
from .numerics.erosion import without_edge
from .parameters import Parameters
from .progress import Progress, Step, Steps
from .reading.scan_reader import scan_from_image
from .sizing.blood_findings import (
    calibration_findings,
    core_findings,
    noisy_ground_glass,
    vessel_findings,
    worst_first,
)
from .sizing.blood_volumes import (
    check_regions,
    csa_histogram,
    measure_regions,
    world_centerlines,
)
from .sizing.blur import Blur
from .sizing.blur_measurement import measure_blur
from .sizing.branch_sizes import SizedBranches, size_branches
from .sizing.cross_sections import CrossSections, measure_cross_sections
from .sizing.heights import relative_heights
from .sizing.intrapulmonary import completed_lungs, share_of_lung_around
from .sizing.kernel import MeasuredKernel, measure_kernel
from .sizing.kernel_findings import kernel_findings
from .sizing.limits import limit_findings, withheld_by
from .sizing.lump_findings import lump_findings
from .sizing.lumps import counted_ml, vessel_shares
from .sizing.mesh_findings import mesh_findings
from .sizing.meshes import Mesh, find_mesh
from .sizing.sheets import without_sheets
from .sizing.tree_order import TreeOrder, judge_tree_order
from .sizing.unsharpening import unsharpened
from .sizing.vessel_checks import side_findings, vessel_order_findings
from .sizing.voxel_labels import as_drawn, label_vessels
from .sizing.wide_vessels import with_wide_volumes
from .vessels.blood import measure_blood_levels
from .vessels.branches import Branches
from .vessels.calibration import Parenchyma, calibrate, measure_parenchyma
from .vessels.hilum import extend_to_edge
from .vessels.linking import link_branches
from .vessels.ridges import find_ridge_points
from .vessels.work_grid import WorkGrid, slice_variance_mm2

SHARES: dict[str, float] = {
    Step.LUNGS: 7.0,
    Step.RESAMPLING: 1.0,
    Step.BRONCHI: 3.5,
    Step.CENTERS: 4.5,
    Step.BRANCHES: 2.0,
    Step.KERNEL: 1.5,
    Step.AREAS: 3.5,
    Step.VOLUMES: 2.5,
}
"""Steps of `analyze`, and the seconds they take on a usual scan, for the progress bar."""

TRACING: dict[str, float] = {
    step: SHARES[step] for step in (Step.RESAMPLING, Step.BRONCHI, Step.CENTERS, Step.BRANCHES)
}
"""Those that are done again where the kernel is sharp."""


@dataclass(frozen=True)
class PipelineConstants(MethodConstants):
    """Tuned numbers of what vessels are looked for in."""

    margin_mm: float = constant(
        3.0,
        "mm",
        "How far the work grid goes beyond the lungs.",
        "Room for the blur, and for profiles at the lungs' edge. Chosen by eye.",
    )
    edge_mm: float = constant(
        1.2,
        "mm",
        "Outermost layer of the lungs, where chest wall mixes in and no centers are looked for.",
        "About twice the scanner's blur. Chosen by eye.",
    )
    darkest_hu: float = constant(
        -1050.0,
        "HU",
        "Darker voxels count as this dark.",
        "Air is at -1000 HU; below is padding, or the overshoot of a sharp kernel.",
    )
    brightest_hu: float = constant(
        1000.0,
        "HU",
        "Brighter voxels count as this bright.",
        "Above blood with any contrast agent: metal and bone, which must not ring.",
    )

    drawn_share: float = constant(
        0.5,
        "1",
        "Share of a line that is vessel from which on it is drawn.",
        "Below, most of it is opacity. Blood counts by the share itself.",
    )
    least_lump_mm2: float = constant(
        2.0,
        "mm²",
        "Area from which on a line that is no vessel is a lump of opacity.",
        "Thinner ones are haze and noise.",
    )
    lump_rim_mm: float = constant(
        1.3,
        "mm",
        "How far past its radius a lump's voxels are looked at.",
        "Two standard deviations of the usual blur.",
    )


CONSTANTS = PipelineConstants()

LEAST_SHARE = np.finfo(float).tiny
"""Less than any share of a line that is vessel."""

OPAQUE = np.isin(np.arange(max(Tissue) + 1), OPACITIES)
"""Whether a `Tissue` value, or 0, is an opacity."""


@dataclass(frozen=True, eq=False)
class TurnedScan:
    """A scan, and the same voxels turned as all steps take them.

    Attributes
    ----------
    scan : Scan
        As it came.
    orientation : Orientation
        How it lies.
    ct : Volume
        HU, LPS axes.
    """

    scan: Scan
    orientation: Orientation
    ct: Volume

    @classmethod
    def of(cls, scan: Scan) -> TurnedScan:
        """Turn a scan."""
        orientation = Orientation.of(scan.volume.grid)
        return cls(scan, orientation, orientation.turned(scan.volume))


@dataclass(frozen=True, eq=False)
class Lines:
    """All tubes in the lungs with their sizes, whether vessels or lines in opacities.

    Attributes
    ----------
    work : WorkGrid
        Where the branches are in the scan.
    image : WorkImage
        The lungs on the work grid, bronchi taken off.
    bronchi : Bronchi
        Those that were taken off, in the work frame.
    branches : Branches
        Centerlines in the work frame.
    sections : CrossSections
        One a point of `branches`.
    sized : SizedBranches
        Their areas, and all that they hold.
    calibration : Calibration
        Attenuation of blood and parenchyma, and noise.
    blood_levels : BloodLevels or None
        Blood in wide vessels; None where the scan has none that are wide enough.
    blur : Blur
        As thin vessels show it, the kernel undone.
    kernel : MeasuredKernel
        Of the scan.
    scan_noise_hu : float
        Noise of the scan as it is; that of `calibration` is what undoing the kernel left of it.
    """

    work: WorkGrid
    image: WorkImage
    bronchi: Bronchi
    branches: Branches
    sections: CrossSections
    sized: SizedBranches
    calibration: Calibration
    blood_levels: BloodLevels | None
    blur: Blur
    kernel: MeasuredKernel
    scan_noise_hu: float

    def airways(self, grown: np.ndarray, ct: Volume) -> np.ndarray:
        """Lumen (z, y, x) of what grew in a scan, with the bronchi that hang on it."""
        index = self.work.to_scan_index(self.bronchi.position_mm)
        return with_outer_tree(grown, ct.grid, index, self.bronchi.wall_radius_mm)


@dataclass(frozen=True, eq=False)
class Vessels:
    """Sized branches, and what blood was taken to be.

    Attributes
    ----------
    work : WorkGrid
        Where the branches are in the scan.
    branches : Branches
        Centerlines in the work frame.
    sized : SizedBranches
        Their areas, and the blood of what of them is vessel.
    order : TreeOrder
        What of them is vessel, lines of the mesh left out.
    mesh : Mesh
        Where thin lines are no vessels, as in fibrosis.
    lumps_ml : float
        What lines would hold that were taken for lumps of opacity or for haze.
    calibration : Calibration
        Attenuation of blood and parenchyma, and noise.
    blood_levels : BloodLevels or None
        Blood in wide vessels; None where the scan has none that are wide enough.
    blur : Blur
        Of the scan, as its thin vessels show it.
    lung_around : numpy.ndarray or None
        Share of each point's surroundings that is lung; None before opacities are known.
    """

    work: WorkGrid
    branches: Branches
    sized: SizedBranches
    order: TreeOrder
    mesh: Mesh
    lumps_ml: float
    calibration: Calibration
    blood_levels: BloodLevels | None
    blur: Blur
    kernel: MeasuredKernel
    scan_noise_hu: float
    lung_around: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Blood:
    """Blood volumes, and the vessels that hold them on the scan's own grid.

    Attributes
    ----------
    labels : Volume
        uint8 `SizeClass` values.
    centerlines : Centerlines
        Vessels inside the lungs.
    measurements : tuple of Measurement
        Rows ``both``, ``right``, ``left``, then the given regions.
    csa_histogram : CsaHistogram
        Blood volume by area.
    """

    labels: Volume
    centerlines: Centerlines
    measurements: tuple[Measurement, ...]
    csa_histogram: CsaHistogram


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
    regions = regions or ()
    steps = Steps(SHARES, progress)
    scan = ct_image if isinstance(ct_image, Scan) else scan_from_image(ct_image)
    check_regions(regions, scan.volume.grid)
    turned = TurnedScan.of(scan)

    with steps.step(Step.LUNGS):
        anatomy = _anatomy(turned, lungs)
    lines = measure_lines(turned.ct, anatomy.lungs_with_vessels, anatomy.airways, parameters, steps)
    with steps.step(Step.VOLUMES):
        vessels = judge_lines(lines, anatomy)
        airways = lines.airways(anatomy.airways, turned.ct)
        del lines
        lung_labels = turned.orientation.turned_back(anatomy.lungs)
        mesh = vessels.mesh.on_chest()
        drawn = draw_vessels(scan, lung_labels, vessels, parameters)
        tissue, opacities = _opacities(turned, anatomy, drawn, vessels, mesh, regions)
        vessels = replace(vessels, lung_around=_lung_around(anatomy, vessels, tissue))
        blood = measure_blood(scan, lung_labels, vessels, regions, parameters)
        findings = _findings(turned, anatomy, vessels, blood, opacities, mesh, parameters)
    steps.done()
    return AnalysisResult(
        scan=scan,
        lungs=lung_labels,
        airways=turned.orientation.turned_back(airways),
        vessels=blood.labels,
        centerlines=blood.centerlines,
        measurements=blood.measurements,
        csa_histogram=blood.csa_histogram,
        findings=findings,
        calibration=vessels.calibration,
        parameters=parameters,
        seconds=steps.seconds,
        lungs_given=lungs is not None,
        opacities=opacities,
        tissue=turned.orientation.turned_back(tissue),
        withheld=withheld_by(findings),
    )


def measure_lines(
    ct: Volume, lungs: np.ndarray, airways: np.ndarray, parameters: Parameters, steps: Steps
) -> Lines:
    """Find what is tubular inside the lungs and measure its areas.

    Parameters
    ----------
    ct : Volume
        HU, turned as `Orientation` does.
    lungs : numpy.ndarray
        `LungLabel` values, (z, y, x).
    airways : numpy.ndarray
        Bool, lumen of trachea and bronchi.
    parameters : Parameters
        Blood's attenuation, if given, and the shortest tree.
    steps : Steps
        Reports and times each step.

    Returns
    -------
    Lines
        In the work frame.
    """
    traced = _traced(ct, lungs, airways, parameters, steps)
    voxel_mm = ct.grid.spacing_zyx
    with steps.step(Step.KERNEL) as within:
        blur = measure_blur(traced.image, traced.branches, traced.calibration, voxel_mm)
        measured = measure_kernel(traced.image, traced.branches, traced.calibration, blur)
        kernel, scan_noise_hu = measured.kernel, traced.calibration.noise_hu
        if kernel.sharpness > 0:
            smooth = unsharpened(ct, kernel, lungs)
            again = Steps(TRACING, lambda _, fraction: within(fraction))
            traced = _traced(smooth, lungs, airways, parameters, again)
            blur = measure_blur(traced.image, traced.branches, traced.calibration, voxel_mm)
    branches = traced.branches
    calibration = replace(traced.calibration, kernel=kernel)
    with steps.step(Step.AREAS) as within:
        sections = measure_cross_sections(traced.image, branches, calibration, blur, within)
        branches, sections = without_sheets(branches, sections)
        sized = size_branches(branches, sections)
        sized = with_wide_volumes(sized, branches, sections, traced.image, calibration)
    return Lines(
        traced.work,
        traced.image,
        traced.bronchi,
        branches,
        sections,
        sized,
        calibration,
        traced.levels,
        blur,
        measured,
        scan_noise_hu,
    )


@dataclass(frozen=True, eq=False)
class _Traced:
    """Centerlines in an image, and what it gave; as of `Lines`."""

    work: WorkGrid
    image: WorkImage
    bronchi: Bronchi
    branches: Branches
    calibration: Calibration
    levels: BloodLevels | None


def _traced(
    ct: Volume, lungs: np.ndarray, airways: np.ndarray, parameters: Parameters, steps: Steps
) -> _Traced:
    """Find the centerlines of what is tubular inside the lungs."""
    with steps.step(Step.RESAMPLING):
        work = WorkGrid.around(lungs, ct.grid, CONSTANTS.margin_mm)
        parenchyma = measure_parenchyma(work.samples(ct.array), work.sampled_labels(lungs) > 0)
        image = _work_image(ct, lungs, airways, work)
    with steps.step(Step.BRONCHI):
        bronchi = _bronchi(image, airways, work, parenchyma)
        image = subtract_bronchi(image, bronchi)
    with steps.step(Step.CENTERS) as within:
        points = find_ridge_points(
            image.filled(parenchyma.level_hu),
            parenchyma.presumed_half_blood_hu,
            progress=within,
            slices_mm2=slice_variance_mm2(ct.grid.spacing_zyx),
        )
        levels = measure_blood_levels(image, points, parenchyma)
        calibration = calibrate(parenchyma, levels, parameters.blood_hu)
    with steps.step(Step.BRANCHES):
        branches = link_branches(points, parameters.minimum_component_length_mm)
        branches = extend_to_edge(branches, image, parenchyma.presumed_half_blood_hu)
    return _Traced(work, image, bronchi, branches, calibration, levels)


def judge_lines(lines: Lines, anatomy: Anatomy) -> Vessels:
    """Tell vessels from other dense tissue; what is no vessel holds no blood.

    Parameters
    ----------
    lines : Lines
        All tubes in the lungs.
    anatomy : Anatomy
        Lungs, and where vessels leave them.

    Returns
    -------
    Vessels
        In the work frame.
    """
    places = _places(lines.branches, anatomy, lines.work)
    order = judge_tree_order(
        lines.branches,
        lines.sized.csa_mm2,
        lines.sections,
        lines.image,
        lines.calibration,
        anatomy.hila,
        places,
    )
    mesh = find_mesh(
        lines.branches, lines.sized.csa_mm2, order, lines.sections, places, anatomy.hila
    )
    heights = relative_heights(
        lines.branches,
        lines.sized.csa_mm2,
        lines.sections,
        lines.image,
        lines.calibration,
        lines.blur,
        order,
    )
    lumps = vessel_shares(
        lines.branches.position_mm, lines.sized, order, heights, lines.calibration.blood_hu
    )
    no_mesh = order.share * (1 - mesh.lines(order, places))
    order = replace(order, share=no_mesh * lumps)
    return Vessels(
        work=lines.work,
        branches=lines.branches,
        sized=replace(lines.sized, volume_ml=lines.sized.volume_ml * order.share),
        order=order,
        mesh=mesh,
        lumps_ml=float((counted_ml(lines.sized) * no_mesh) @ (1 - lumps)),
        calibration=lines.calibration,
        blood_levels=lines.blood_levels,
        blur=lines.blur,
        kernel=lines.kernel,
        scan_noise_hu=lines.scan_noise_hu,
    )


def measure_blood(
    scan: Scan,
    lungs: Volume,
    vessels: Vessels,
    regions: tuple[Region, ...],
    parameters: Parameters,
) -> Blood:
    """Sum up the blood of vessels by size class, and draw them into the scan's voxels.

    Parameters
    ----------
    scan : Scan
        As it came.
    lungs : Volume
        `LungLabel` values on its grid.
    vessels : Vessels
        In the work frame.
    regions : tuple of Region
        Parts of the lungs to measure apart, on the scan's grid.
    parameters : Parameters
        Class bounds.

    Returns
    -------
    Blood
        On the scan's grid.
    """
    centerlines = _inside(lungs, vessels, parameters, LEAST_SHARE)
    labels = draw_vessels(scan, lungs, vessels, parameters)
    return Blood(
        labels=labels,
        centerlines=as_drawn(centerlines, labels),
        measurements=measure_regions(centerlines, lungs, parameters, regions),
        csa_histogram=csa_histogram(centerlines, parameters),
    )


def draw_vessels(scan: Scan, lungs: Volume, vessels: Vessels, parameters: Parameters) -> Volume:
    """Draw vessels into the scan's voxels, as `SizeClass` values; parameters as above."""
    drawn = _inside(lungs, vessels, parameters, CONSTANTS.drawn_share)
    return label_vessels(scan.volume, lungs, drawn, vessels.calibration)


def _inside(
    lungs: Volume, vessels: Vessels, parameters: Parameters, least_share: float
) -> Centerlines:
    """Centerlines in the world, inside the lungs, that are vessel by a share or more."""
    everything = world_centerlines(
        vessels.branches, vessels.sized, vessels.work, parameters, vessels.lung_around
    )
    inside = values_at(lungs, everything.points_mm) > 0
    return keep_points(everything, inside & (vessels.order.share >= least_share))[0]


def _lung_around(anatomy: Anatomy, vessels: Vessels, tissue: np.ndarray) -> np.ndarray:
    """Share of lung around the points of vessels, opacities among it."""
    opaque = anatomy.chest.shrunk(OPAQUE[tissue])
    return share_of_lung_around(_places(vessels.branches, anatomy, vessels.work), anatomy, opaque)


def _anatomy(turned: TurnedScan, given: sitk.Image | Volume | None) -> Anatomy:
    """Segment the scan, or take the lungs that were given."""
    ct = turned.ct
    chest = survey_chest(ct)
    trachea = find_trachea(chest)
    airways = _airways_if_any(ct, chest, trachea)
    if given is None:
        found = find_lungs(ct, chest, trachea, airways)
        lungs, searched = found.labels, found.searched
        doubts = doubt_lungs(chest, lungs, airways, found.fluid)
    else:
        mask = given if isinstance(given, Volume) else Volume.of(given)
        lungs = np.where(airways, np.uint8(0), given_lungs(mask, turned.orientation))
        searched = lungs
        doubts = doubt_given_lungs(chest, lungs, airways)
    hila = find_hila(searched, airways, chest)
    anatomy = Anatomy(lungs, airways, chest, hila, doubts, searched)
    if given is None:
        return anatomy
    completed = completed_lungs(anatomy)
    return replace(anatomy, lungs=completed, searched=completed)


def _airways_if_any(ct: Volume, chest: Chest, trachea: np.ndarray) -> np.ndarray:
    """Airways of a scan that may be cropped to its lungs; bronchi inside are found later on."""
    try:
        return segment_airways(ct, chest, trachea)
    except AnalysisError:
        return np.zeros(ct.array.shape, bool)


def _work_image(ct: Volume, lungs: np.ndarray, airways: np.ndarray, work: WorkGrid) -> WorkImage:
    """Lungs on the work grid."""
    hu = work.image(ct.array)
    np.clip(hu, CONSTANTS.darkest_hu, CONSTANTS.brightest_hu, out=hu)
    lung = (work.labels(lungs) > 0) & ~work.labels(airways)
    core = without_edge(lung, work.spacing, CONSTANTS.edge_mm)
    return WorkImage(hu, lung, core, work.spacing)


def _bronchi(
    image: WorkImage, airways: np.ndarray, work: WorkGrid, parenchyma: Parenchyma
) -> Bronchi:
    """Bronchi in the lungs, with those whose lumen is known already: their walls lie there, too."""
    within = without_edge(image.lung | work.labels(airways), image.spacing, CONSTANTS.edge_mm)
    around = WorkImage(image.hu, within, within, image.spacing)
    return find_bronchi(around, parenchyma)


def _places(branches: Branches, anatomy: Anatomy, work: WorkGrid) -> Places:
    """Where the points of branches are in the lungs."""
    index = work.to_scan_index(branches.position_mm)
    nearest = np.rint(index).astype(int)
    nearest = np.clip(nearest, 0, np.array(anatomy.lungs.shape) - 1)
    return Places(index * work.source.spacing_zyx, anatomy.lungs[tuple(nearest.T)])


def _opacities(
    turned: TurnedScan,
    anatomy: Anatomy,
    drawn: Volume,
    vessels: Vessels,
    mesh: np.ndarray,
    regions: tuple[Region, ...],
) -> tuple[np.ndarray, tuple[OpacityVolumes, ...]]:
    """Opacities on the turned scan, `Tissue` values, and their volumes."""
    turn = turned.orientation.turn
    tissue = find_opacities(
        turned.ct,
        anatomy,
        turn(drawn.array),
        vessels.scan_noise_hu,
        mesh,
        _lumps(turned, anatomy, vessels),
    )
    if anatomy.doubts:
        coarse = anatomy.doubts.unclaimed_air
        if coarse.any():
            unclaimed = anatomy.chest.to_scan(coarse, tissue.shape)
            unclaimed &= (anatomy.lungs == 0) & ~anatomy.airways
            tissue[unclaimed] = Tissue.UNCLAIMED_AIR
    masks = {region.name: turn(region.mask.array) for region in regions}
    return tissue, opacity_volumes(turned.ct.with_array(tissue), anatomy.lungs, masks)


def _lumps(turned: TurnedScan, anatomy: Anatomy, vessels: Vessels) -> np.ndarray:
    """Voxels (z, y, x) around lines that are no vessels, nor of a mesh."""
    branches, order = vessels.branches, vessels.order
    places = _places(branches, anatomy, vessels.work)
    other = order.share < CONSTANTS.drawn_share
    other &= vessels.mesh.lines(order, places) < CONSTANTS.drawn_share
    other &= vessels.sized.csa_mm2 >= CONSTANTS.least_lump_mm2
    index = vessels.work.to_scan_index(branches.position_mm[other])
    radius_mm = np.sqrt(vessels.sized.csa_mm2[other] / np.pi) + CONSTANTS.lump_rim_mm
    return voxels_in_balls(turned.ct.array.shape, index, turned.ct.grid.spacing_zyx, radius_mm)


def _findings(
    turned: TurnedScan,
    anatomy: Anatomy,
    vessels: Vessels,
    blood: Blood,
    opacities: tuple[OpacityVolumes, ...],
    mesh: np.ndarray,
    parameters: Parameters,
) -> tuple[Finding, ...]:
    """Judge the scan, its lungs, what blood was taken to be, and the vessels, the worst first."""
    of_lungs = [*lung_findings(turned.ct, anatomy.lungs), *opacity_findings(opacities)]
    of_lungs += airway_findings(turned.ct.grid, anatomy.lungs, anatomy.airways)
    doubts = anatomy.doubts.findings if anatomy.doubts else ()
    of_blood = calibration_findings(
        vessels.calibration,
        vessels.blood_levels,
        parameters.blood_hu is not None,
        turned.scan.acquisition.contrast_agent,
    )
    of_blood += noisy_ground_glass(vessels.calibration, opacities[0])
    of_blood += kernel_findings(vessels.kernel)
    of_blood += core_findings(turned.scan.volume, blood.centerlines, vessels.calibration)
    of_vessels = vessel_findings(blood.measurements[0])
    places = _places(vessels.branches, anatomy, vessels.work)
    slab = is_slab(turned.ct.with_array(anatomy.lungs))
    of_vessels += vessel_order_findings(vessels.sized, vessels.order, places, anatomy.hila, slab)
    of_vessels += lump_findings(vessels.lumps_ml, blood.measurements[0])
    of_vessels += side_findings(blood.measurements, opacities)
    of_vessels += mesh_findings(blood.measurements[0], anatomy.share_of_lungs(mesh))
    limits = limit_findings(turned.scan.volume.grid, turned.scan.acquisition, vessels.blur, slab)
    return worst_first([*turned.scan.findings, *doubts, *of_lungs, *of_blood, *of_vessels, *limits])
