"""The digital chest phantom: a body with known vessels, as a scanner sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.measurements import Measurement
from ..model.size_classes import LungLabel
from ..model.volume import Volume
from ..parameters import Parameters
from ..progress import Progress
from . import curves, disease
from .anatomy import RIGHT, SIDES, PhantomAnatomy, build_anatomy
from .bundles import bundle_radius, lay_side_by_side
from .curves import curve_trees
from .disease import PhantomParenchyma, build_parenchyma, ramp
from .growth import plant, prune
from .noise import add_noise
from .placement import Placement
from .plumbing import Overlaps, Plumbing, lay_pipes
from .rendering import (
    FractionCanvas,
    PhantomBlur,
    average_parts,
    point_spacing,
    quadrature,
    rendering_grid,
)
from .spacing import separate, wall_share
from .spec import ChestPhantomSpec
from .truth import Ledger, find_truth

LABELS = {RIGHT: LungLabel.RIGHT, -RIGHT: LungLabel.LEFT}

Points = tuple[float, np.ndarray, np.ndarray]
"""Places of an axial plane's voxels, mm: its height z, and their y and x."""


@dataclass(frozen=True)
class PhantomChestConstants(MethodConstants):
    """Attenuations of the body, and what is drawn besides the trees."""

    point_mm: float = constant(
        0.3,
        "mm",
        "Distance of the points that tubes are filled with, at most.",
        "Fine enough for the truth: a vessel of 0.85 mm² holds a dozen across.",
    )
    fissure_mm: float = constant(
        0.4, "mm", "Thickness of a fissure.", "Two layers of pleura, 0.1 to 0.2 mm each."
    )
    air_hu: float = constant(-1000.0, "HU", "Attenuation of air.", "The definition of the scale.")
    wall_hu: float = constant(20.0, "HU", "Attenuation of bronchi's walls.", "Soft tissue's.")
    muscle_hu: float = constant(50.0, "HU", "Attenuation of muscle.", "Textbooks: 40 to 60 HU.")
    fat_hu: float = constant(-100.0, "HU", "Attenuation of fat.", "Textbooks: -120 to -80 HU.")
    cortex_hu: float = constant(
        700.0, "HU", "Attenuation of cortical bone.", "Textbooks: 500 HU and more."
    )
    marrow_hu: float = constant(
        180.0, "HU", "Attenuation of cancellous bone.", "Textbooks: 100 to 300 HU."
    )
    table_hu: float = constant(-300.0, "HU", "Attenuation of the table.", "Chosen by eye.")
    table_y_mm: float = constant(
        128.0, "mm", "How far behind the middle of the chest the table is.", "Just behind the back."
    )
    table_half_thickness_mm: float = constant(2.0, "mm", "Half its thickness.", "Chosen by eye.")
    table_half_width_mm: float = constant(150.0, "mm", "Half its width.", "Chosen by eye.")
    pleura_margin_mm: float = constant(
        3.0,
        "mm",
        "Distance from a lung from which on a plane shows nothing of it.",
        "More than the blur.",
    )


CONSTANTS = PhantomChestConstants()


@dataclass(frozen=True, eq=False)
class ChestPhantom:
    """A chest CT whose vessels are known.

    Attributes
    ----------
    spec : ChestPhantomSpec
        What was asked for.
    volume : Volume
        HU, int16. Patient supine, identity direction, LPS.
    lungs : Volume
        uint8 `LungLabel` values, 0 outside; vessels and airways inside the lungs belong to them.
    centerlines : Centerlines
        Vessels inside the lungs and outside consolidation.
    airway_centerlines : Centerlines
        Airways inside the lungs; areas are of the lumen.
    measurements : tuple of Measurement
        Rows ``both``, ``right``, ``left``: blood inside the lungs and outside consolidation.
    hidden_measurements : tuple of Measurement
        The same rows for blood inside consolidation, where vessels do not stand out.
    parameters : Parameters
        Class bounds of the truth.
    overlap_fraction : float
        Part of the volume of the trees' tubes that lies in a tube it should not touch.
    """

    spec: ChestPhantomSpec
    volume: Volume
    lungs: Volume
    centerlines: Centerlines
    airway_centerlines: Centerlines
    measurements: tuple[Measurement, ...]
    hidden_measurements: tuple[Measurement, ...]
    parameters: Parameters
    overlap_fraction: float


def chest_phantom(
    spec: ChestPhantomSpec | None = None,
    progress: Progress | None = None,
    parameters: Parameters | None = None,
) -> ChestPhantom:
    """Build a chest, put it in a scanner, and keep the truth.

    Parameters
    ----------
    spec : ChestPhantomSpec, optional
        Body, disease and scanner.
    progress : callable, optional
        Called with step and fraction; may raise `Cancelled`.
    parameters : Parameters, optional
        Class bounds of the truth.

    Returns
    -------
    ChestPhantom
        Image and truth.
    """
    spec, parameters = spec or ChestPhantomSpec(), parameters or Parameters()
    tell = progress or say_nothing
    chance = chances(spec.seed)
    if spec.noise_seed is not None:
        chance["noise"] = np.random.default_rng(spec.noise_seed)
    tell("anatomy", 0.0)
    anatomy = build_anatomy(spec.chest_scale, spec.expiration)
    parenchyma = build_parenchyma(spec, anatomy, chance["parenchyma"])
    tell("vessel trees", 0.05)
    plumbing = build_plumbing(spec, anatomy, chance, partly(tell, "vessel trees", 0.05, 0.2))
    # From here on as it lies in the scanner; what has grown is the same however it lies.
    placement = Placement.of(spec, anatomy)
    plumbing = placement.plumbing(plumbing)
    anatomy, parenchyma = placement.anatomy(anatomy), placement.parenchyma(parenchyma)
    tell("tubes", 0.3)
    finer = _finer(spec)
    amount, attenuation, ledger = _fill(
        finer, plumbing, anatomy, parenchyma, partly(tell, "tubes", 0.3, 0.25)
    )
    hu, lungs = _compose(
        finer, anatomy, parenchyma, amount, attenuation, partly(tell, "tissues", 0.55, 0.25)
    )
    del amount, attenuation
    tell("blur", 0.8)
    PhantomBlur(finer.spacing_mm, finer.psf_sigma_mm).finish(hu)
    hu = average_parts(hu, spec.grid)
    lungs = _whole_labels(lungs, spec)
    tell("noise", 0.9)
    add_noise(hu, spec.noise_hu, spec.noise_kernel, chance["noise"])
    image = np.empty(hu.shape, np.int16)
    for z in range(len(hu)):
        image[z] = np.clip(np.rint(hu[z]), -1024, 3071)
    labels = Volume(lungs, spec.grid)
    tell("truth", 0.98)
    return ChestPhantom(
        spec=spec,
        volume=Volume(image, spec.grid),
        lungs=labels,
        **vars(find_truth(plumbing, ledger, labels, parameters)),
    )


def say_nothing(_step: str, _fraction: float) -> None:
    """Progress that nobody wants."""


def partly(progress: Progress, step: str, start: float, share: float) -> Callable[[float], None]:
    """Progress of a part, by the fraction of it that is done.

    Parameters
    ----------
    progress : callable
        Of the whole.
    step : str
        What the part is called.
    start, share : float
        Fraction of the whole at which the part begins, and that it takes.

    Returns
    -------
    callable
        To be called with 0 to 1.
    """

    def tick(fraction: float) -> None:
        progress(step, start + share * fraction)

    return tick


def _finer(spec: ChestPhantomSpec) -> ChestPhantomSpec:
    """Give the same chest in voxels that the scanner's Gaussian can be drawn on."""
    fine = rendering_grid(spec.grid, spec.psf_sigma_mm)
    return replace(spec, scale=spec.chest_scale, size=fine.size, spacing_mm=fine.spacing)


def _whole_labels(parts: np.ndarray, spec: ChestPhantomSpec) -> np.ndarray:
    """Labels of the scan's voxels: of a lung if half of their parts are."""
    if parts.shape == spec.grid.shape:
        return parts
    labels = np.zeros(spec.grid.shape, np.uint8)
    for label in LungLabel:
        labels[average_parts((parts == label).astype(np.float32), spec.grid) >= 0.5] = label
    return labels


def chances(seed: int) -> dict[str, np.random.Generator]:
    """One source of chance for each part, so that one option does not change the others.

    Parameters
    ----------
    seed : int
        Of the phantom.

    Returns
    -------
    dict of str to numpy.random.Generator
        Entries ``trees``, ``pruning``, ``parenchyma`` and ``noise``.
    """
    names = ("trees", "pruning", "parenchyma", "noise")
    return dict(zip(names, np.random.default_rng(seed).spawn(4), strict=True))


def build_plumbing(
    spec: ChestPhantomSpec,
    anatomy: PhantomAnatomy,
    chance: dict[str, np.random.Generator],
    tick: Callable[[float], None],
) -> Plumbing:
    """Grow arteries, veins and airways, move them apart, and cut them into cross sections.

    Parameters
    ----------
    spec : ChestPhantomSpec
        Density and pruning of the trees.
    anatomy : PhantomAnatomy
        Where the lungs are.
    chance : dict of str to numpy.random.Generator
        Entries ``trees`` and ``pruning``.
    tick : callable
        Called with the fraction done.

    Returns
    -------
    Plumbing
        All tubes of the body.
    """
    trees = []
    for side in SIDES:
        arteries, veins = plant(
            anatomy, side, spec.terminal_csa_mm2, spec.terminal_volume_ml, chance["trees"]
        )
        trees += [prune(tree, spec.pruning, chance["pruning"]) for tree in (arteries, *veins)]
    curved = curve_trees(trees, curves.CONSTANTS.knot_mm)
    is_artery = curved.tree % 3 == 0
    reach = np.where(is_artery, bundle_radius(curved.radius_mm, spec.airways), curved.radius_mm)
    curved = replace(curved, knot_mm=separate(curved, reach, anatomy, tick))
    bundles = lay_side_by_side(curved, is_artery, spec.airways)
    return lay_pipes(curved, bundles, is_artery, anatomy, _point_spacing(spec))


def _fill(
    spec: ChestPhantomSpec,
    plumbing: Plumbing,
    anatomy: PhantomAnatomy,
    parenchyma: PhantomParenchyma,
    tick: Callable[[float], None],
) -> tuple[np.ndarray, np.ndarray, Ledger]:
    """Fill the tubes with points: to voxels and to the truth from the very same points.

    Returns each voxel's share of tubes, that share times its HU, and the ledger.
    """
    grid, blur = spec.grid, PhantomBlur(spec.spacing_mm, spec.psf_sigma_mm)
    amount, attenuation = FractionCanvas(grid, blur), FractionCanvas(grid, blur)
    hu_of = np.array([spec.blood_hu, CONSTANTS.air_hu, CONSTANTS.wall_hu])
    count = len(plumbing.branch)
    overlaps = Overlaps(plumbing)
    seen, hidden, faulty = np.zeros((count, 2)), np.zeros((count, 2)), np.zeros(count)
    done, total = 0, count
    for section, points, volume in quadrature(plumbing.tubes, _point_spacing(spec)):
        tick(done / total)
        done += len(section)
        lost, foreign = overlaps.inside(section, points)
        faulty[section] = (volume * foreign).sum(axis=1)
        kept = ~lost
        owned = np.where(lost, 0.0, volume)
        share = volume[kept]
        amount.add(points[kept], share)
        material_hu = np.broadcast_to(hu_of[plumbing.material[section], None], lost.shape)
        attenuation.add(points[kept], share * material_hu[kept])
        label, unseen = _lung_label(points, anatomy, spec), parenchyma.hidden(points)
        for column, name in enumerate(LungLabel):
            mine = np.where(label == name, owned, 0.0)
            seen[section, column] = np.where(unseen, 0.0, mine).sum(axis=1)
            hidden[section, column] = np.where(unseen, mine, 0.0).sum(axis=1)
    center = plumbing.tubes.center_mm
    free = ~overlaps.inside(np.arange(count), center[:, None])[0][:, 0]
    on_line = free & ~plumbing.is_cap & ~parenchyma.hidden(center)
    ledger = Ledger(seen, hidden, faulty, _lung_label(center, anatomy, spec), on_line)
    return amount.fraction, attenuation.fraction, ledger


def _point_spacing(spec: ChestPhantomSpec) -> float:
    """Distance between quadrature points: fine enough for the truth and for the voxels."""
    blur = PhantomBlur(spec.spacing_mm, spec.psf_sigma_mm)
    return min(CONSTANTS.point_mm, point_spacing(spec.grid, blur))


def _lung_label(points: np.ndarray, anatomy: PhantomAnatomy, spec: ChestPhantomSpec) -> np.ndarray:
    """`LungLabel` of points (..., 3), 0 outside the lungs or the image."""
    half = 0.5 * np.array(spec.grid.size) * spec.grid.spacing
    inside = (abs(points) <= half).all(axis=-1)
    label = np.zeros(points.shape[:-1], np.uint8)
    for side in SIDES:
        label[(anatomy.lungs[side].at(points) > 0) & inside] = LABELS[side]
    return label


def _compose(
    spec: ChestPhantomSpec,
    anatomy: PhantomAnatomy,
    parenchyma: PhantomParenchyma,
    amount: np.ndarray,
    attenuation: np.ndarray,
    tick: Callable[[float], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Tissues with the tubes in them, HU float32, and the lungs' labels."""
    grid = spec.grid
    blur_mm = float(
        np.sqrt(PhantomBlur(spec.spacing_mm, spec.psf_sigma_mm).sharing_variance_mm2.mean())
    )
    x, y, z = (
        o + s * np.arange(n) for o, s, n in zip(grid.origin, grid.spacing, grid.size, strict=True)
    )
    lungs = np.zeros(grid.shape, np.uint8)
    hu = attenuation
    for index, height in enumerate(z):
        tick(index / len(z))
        where = (height, y, x)
        plane = _body_plane(spec, anatomy, where, blur_mm)
        for side in SIDES:
            depth = anatomy.lungs[side].plane(*where)
            if depth.max() < -CONSTANTS.pleura_margin_mm:
                continue
            lungs[index][depth > 0] = LABELS[side]
            lung = parenchyma.plane(*where, blur_mm)
            if spec.fissures:
                _draw_fissures(lung, anatomy, side, where, blur_mm)
            plane += ramp(depth, blur_mm) * (lung - plane)
        share = amount[index]
        hu[index] = plane * np.maximum(1 - share, 0) + attenuation[index] / np.maximum(share, 1)
    return hu, lungs


def _body_plane(
    spec: ChestPhantomSpec, anatomy: PhantomAnatomy, where: Points, blur_mm: float
) -> np.ndarray:
    """HU (y, x) of an axial plane without the lungs."""
    _, y, x = where
    body = ramp(anatomy.body.plane(*where), blur_mm)
    muscle_hu, air_hu = CONSTANTS.muscle_hu, CONSTANTS.air_hu
    tissue = muscle_hu + (CONSTANTS.fat_hu - muscle_hu) * anatomy.fat.plane(*where)
    for field, value in (
        (anatomy.great_vessels, spec.blood_hu),
        (anatomy.bone, CONSTANTS.cortex_hu),
        (anatomy.marrow, CONSTANTS.marrow_hu),
        (anatomy.stomach_gas, air_hu),
    ):
        tissue += ramp(field.plane(*where), blur_mm) * (value - tissue)
    scale = anatomy.scale
    from_table_mm = abs(y - CONSTANTS.table_y_mm * scale)
    top = ramp(CONSTANTS.table_half_thickness_mm - from_table_mm, blur_mm)[:, None]
    across = abs(x) < CONSTANTS.table_half_width_mm * scale
    outside = air_hu + (CONSTANTS.table_hu - air_hu) * top * across
    return np.asarray((outside + body * (tissue - outside)).astype(np.float32))


def _draw_fissures(
    lung: np.ndarray, anatomy: PhantomAnatomy, side: int, where: Points, blur_mm: float
) -> None:
    """Add the fissures of one lung to a plane of parenchyma, in place; none near the hilum."""
    height, y, x = where
    half = 0.5 * CONSTANTS.fissure_mm
    oblique = anatomy.oblique[side].plane(*where)
    sheets = [(oblique, np.ones((), np.float32))]
    if side == RIGHT:
        sheets.append((anatomy.horizontal.plane(*where), ramp(oblique, blur_mm)))
    points = np.stack(np.broadcast_arrays(x[None], y[:, None], height), -1)
    closed = wall_share(points, anatomy.hilum_mm[side], anatomy.scale)
    for distance, extent in sheets:
        share = ramp(distance + half, blur_mm) - ramp(distance - half, blur_mm)
        lung += share * extent * closed * (disease.CONSTANTS.fissure_hu - lung)
