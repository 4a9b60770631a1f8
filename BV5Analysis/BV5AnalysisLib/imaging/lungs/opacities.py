"""Opacities: lung that holds less air than this patient's lung does elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.size_classes import LungLabel
from ..model.tissue import OPACITIES, OpacityVolumes, Tissue
from ..model.volume import Volume
from ..numerics.blocks import block_means
from ..numerics.distances import distance_mm
from ..numerics.erosion import with_layers
from . import hila as hilum
from .anatomy import Anatomy
from .hila import Hila, Places, ramp
from .survey import Chest


@dataclass(frozen=True)
class OpacityConstants(MethodConstants):
    """Limits of opacities, as shares of the way from this lung's parenchyma to soft tissue."""

    soft_tissue_hu: float = constant(
        40.0, "HU", "Lung without air.", "Soft tissue and blood without contrast agent."
    )
    ground_glass: float = constant(
        0.11,
        "1",
        "Share of its air that lung has lost on average over `smoothing_mm` from which it is ground"
        " glass.",
        "From -860 HU that is -760 HU: half of the way to usual ground glass, -650 to -450 HU, so"
        " that a patch is as large as it is, though its edge is blurred. Healthy lungs reach it in"
        " less than 1 %.",
    )
    consolidation: float = constant(
        0.62,
        "1",
        "The same for consolidation.",
        "From -860 HU that is -300 HU, the usual upper end of ground glass.",
    )
    reticulation: float = constant(
        -0.2,
        "1",
        "The same for lung with a texture of dense lines.",
        "Cysts between the lines may hold more air than the lines displace.",
    )
    texture: float = constant(
        0.15,
        "1",
        "Standard deviation within a block, beyond noise, from which lung is reticulated, as a"
        " share of the way from parenchyma to soft tissue.",
        "135 HU in usual lung: a third of a block is dense line. Chosen by eye.",
    )
    cyst_mm: float = constant(
        10.0,
        "mm",
        "Widest space between dense lines whose inside is as rough as they are.",
        "Cysts of honeycombs are 3 to 10 mm wide (Hansell et al. 2008).",
    )
    hazy: float = constant(
        0.07,
        "1",
        "Share of its air that a voxel itself has lost where it is ground glass or consolidation.",
        "Less than `ground_glass`, as single voxels scatter. In noise its surroundings count for"
        " it, by as much as the noise exceeds this.",
    )
    close_mm: float = constant(
        1.0,
        "mm",
        "Standard deviation of the Gaussian of a voxel's surroundings.",
        "With blocks of 2 mm noise of 80 HU becomes less than 20 HU.",
    )
    solid: float = constant(
        0.45,
        "1",
        "Share of its air that a voxel of a lump has lost.",
        "Half way from its rim to soft tissue.",
    )
    clip_hu: tuple[float, float] = constant(
        (-1024.0, 150.0),
        "HU",
        "Values are clipped to these before they are averaged.",
        "Air as scanners store it, and the densest lung: bone and contrast agent must not count.",
    )
    majority: float = constant(
        0.5, "1", "Share of a coarse voxel from which it is lung.", "The majority of its voxels."
    )
    around_vessel_voxels: int = constant(
        1, "voxels", "Layer around vessels that has no weight.", "It is half vessel."
    )
    around_airway_voxels: int = constant(
        2, "voxels", "The same around airways.", "Their wall, and its blur."
    )
    edge_mm: tuple[float, float] = constant(
        (0.5, 3.0),
        "mm",
        "Depth below the lung's surface at which tissue begins to count, and counts in full.",
        "The blur of the chest wall looks like ground glass; distances begin a voxel inside.",
    )
    smoothing_mm: float = constant(
        2.0,
        "mm",
        "Standard deviation of the Gaussian that attenuation is averaged with.",
        "With blocks of 2 mm noise of 40 HU becomes less than 5 HU.",
    )
    least_weight: float = constant(
        0.02,
        "1",
        "Share of the average that tissue has to make up for a block to be judged.",
        "Where all is vessel or edge nothing can be said.",
    )
    plain_percentile: float = constant(
        25.0,
        "%",
        "Percentile of a coronal layer's blocks that is its plain parenchyma.",
        "Holds while opacities fill less than three quarters of the layer.",
    )
    emphysema_hu: float = constant(
        -940.0,
        "HU",
        "Mean of a block of which half is emphysema and no plain parenchyma.",
        "-950 HU is the usual limit (Hansell et al. 2008); means are blurred. Where emphysema fills"
        " a quarter of a layer, the lung between would else be denser than plain.",
    )
    emphysema_ramp_hu: float = constant(
        10.0, "HU", "How far below all of it is, and above nothing.", "What means scatter by."
    )
    emphysema_weight: float = constant(
        0.02,
        "1",
        "Weight of emphysema among plain parenchyma.",
        "Where there is nothing else, it is what there is.",
    )
    emphysema_mm: float = constant(
        6.0,
        "mm",
        "Standard deviation of the Gaussian that emphysema is spread with.",
        "Twice the blur of its edge.",
    )
    emphysema_share: float = constant(
        0.02,
        "1",
        "Share of emphysema around at which a block counts half as plain parenchyma.",
        "Beside it means are too low.",
    )
    steepest_hu_per_mm: float = constant(
        1.5,
        "HU/mm",
        "Steepest slope from gravity.",
        "Supine lungs have 0.3 to 0.7 at inspiration and 1 at expiration.",
    )
    slopes: int = constant(
        31, "1", "Slopes that are tried from the steepest to its opposite.", "Every 0.1 HU/mm."
    )
    alike_hu: float = constant(
        40.0,
        "HU",
        "How far a layer may be off the line of plain parenchyma to count for it.",
        "Opacities are farther off. Chosen by eye.",
    )
    hilum_mm: float = constant(
        4.0,
        "mm",
        "Radius of vessels whose surroundings in the hilum are no opacity.",
        "Between hilar vessels lie nodes and fat.",
    )


CONSTANTS = OpacityConstants()

LEAST = 1e-6
"""Weight to divide by where there is none."""

UNREACHED_HU = 1e4
"""Above all attenuation."""

CHUNK = 8
"""Coarse slices at a time, which bounds the memory."""


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Tissue besides vessels and airways, by coarse voxels."""

    weight: np.ndarray
    mean_hu: np.ndarray
    variance_hu2: np.ndarray


def find_opacities(
    volume: Volume,
    anatomy: Anatomy,
    vessels: np.ndarray,
    noise_hu: float,
    mesh: np.ndarray | None = None,
    lumps: np.ndarray | None = None,
) -> np.ndarray:
    """Label ground glass, reticulation and consolidation.

    Attenuation is averaged over blocks without the vessels and airways in them, and compared with
    plain parenchyma of the same lungs at the same height above the table: dependent density and
    expiration are no opacities. How much air is lost tells the kinds apart; reticulation is lung of
    rough texture.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU, LPS axes.
    anatomy : Anatomy
        Lungs, airways and hila of the same scan.
    vessels : numpy.ndarray
        Nonzero in vessels.
    noise_hu : float
        Standard deviation of the noise.
    mesh : numpy.ndarray, optional
        How surely lines form a mesh, 0 to 1, on the coarse grid; lung there is reticulated, dense
        or not: honeycombs hold more air than they lose to their walls.
    lumps : numpy.ndarray, optional
        Nonzero around lines that are no vessels but small solid opacities. They count for no
        average, or their blur would be ground glass.

    Returns
    -------
    numpy.ndarray
        uint8 `Tissue` values, 0 elsewhere.

    Notes
    -----
    Own method. Limits after Hansell DM et al. Fleischner Society: glossary of terms for thoracic
    imaging. Radiology 2008;246:697-722 (what the kinds are).
    """
    chest, labels = anatomy.chest, anatomy.lungs
    lung = chest.shrunk(labels > 0) > CONSTANTS.majority
    result = np.zeros(labels.shape, np.uint8)
    if not lung.any():
        return result
    left_out = vessels > 0 if lumps is None else (vessels > 0) | (lumps > 0)
    blocks = _blocks(volume, anatomy, left_out)
    depth = ramp(distance_mm(lung, chest.grid, 2 * CONSTANTS.edge_mm[1]), CONSTANTS.edge_mm)
    weight = blocks.weight * depth
    sigma = CONSTANTS.smoothing_mm / chest.grid.spacing_zyx
    around = ndimage.gaussian_filter(weight, sigma)
    known = np.maximum(around, LEAST)
    mean = ndimage.gaussian_filter(weight * blocks.mean_hu, sigma) / known
    rough = ndimage.gaussian_filter(weight * blocks.variance_hu2, sigma) / known
    rough = np.minimum(rough, _roughness_between_lines(blocks.variance_hu2, chest))
    known_well = lung & (around > CONSTANTS.majority * depth.max())
    plain = _plain_parenchyma(mean, known_well, _not_emphysema(mean, known_well, chest), chest)
    span = CONSTANTS.soft_tissue_hu - plain
    in_lung = lung & ~_in_hilum(chest, anatomy.hila)
    judged = in_lung & (around > CONSTANTS.least_weight)
    lost = (mean - plain) / span * judged
    close_hu = _close_mean(blocks, weight, mean, chest)
    texture = np.sqrt(np.maximum(rough - noise_hu**2, 0)) / span
    box = ndimage.find_objects(lung.view(np.uint8))[0]
    fine = chest.box_on_scan(box, labels.shape)
    lost_there = chest.interpolated(lost[box], box, labels.shape)
    rough_there = chest.interpolated(texture[box], box, labels.shape) > CONSTANTS.texture
    tissue = result[fine]
    # Averages are blurred: beside dense tissue only voxels that are hazy themselves are opacity.
    limit_hu = CONSTANTS.hazy * span
    own = limit_hu**2 / (limit_hu**2 + noise_hu**2)
    needed_hu = (plain + limit_hu - (1 - own) * close_hu) / own
    hazy = volume.array[fine] > chest.interpolated(needed_hu[box], box, labels.shape)
    tissue[hazy & (lost_there > CONSTANTS.ground_glass)] = Tissue.GROUND_GLASS
    tissue[rough_there & (lost_there > CONSTANTS.reticulation)] = Tissue.RETICULATION
    if mesh is not None:
        meshed = chest.interpolated(mesh[box], box, labels.shape) > CONSTANTS.majority
        tissue[meshed] = Tissue.RETICULATION
    tissue[hazy & (lost_there > CONSTANTS.consolidation)] = Tissue.CONSOLIDATION
    if lumps is not None:
        level = np.where(in_lung, plain + CONSTANTS.solid * span, UNREACHED_HU)
        solid_hu = chest.interpolated(level[box], box, labels.shape)
        tissue[(lumps[fine] > 0) & (volume.array[fine] > solid_hu)] = Tissue.CONSOLIDATION
    tissue[(labels[fine] == 0) | (vessels[fine] > 0)] = 0
    return result


def opacity_volumes(
    tissue: Volume, labels: np.ndarray, regions: Mapping[str, np.ndarray]
) -> tuple[OpacityVolumes, ...]:
    """Volumes of opacities in both lungs, each lung and given regions.

    Parameters
    ----------
    tissue : Volume
        `Tissue` values.
    labels : numpy.ndarray
        `LungLabel` values of the same shape.
    regions : mapping of str to numpy.ndarray
        Masks of the same shape by name; what lies outside the lungs does not count.

    Returns
    -------
    tuple of OpacityVolumes
        Rows ``both``, ``right``, ``left``, then the regions.
    """
    voxel_ml = tissue.grid.voxel_volume_ml
    kinds = max(Tissue) + 1
    rows = {"right": np.zeros(kinds), "left": np.zeros(kinds)}
    more = {name: np.zeros(kinds) for name in regions}
    for number, (plane, lung) in enumerate(zip(tissue.array, labels, strict=True)):
        for name, side in (("right", LungLabel.RIGHT), ("left", LungLabel.LEFT)):
            rows[name] += np.bincount(plane[lung == side], minlength=kinds)
        for name, mask in regions.items():
            more[name] += np.bincount(plane[(mask[number] != 0) & (lung > 0)], minlength=kinds)
    both = {"both": rows["right"] + rows["left"]}
    named = [*both.items(), *rows.items(), *more.items()]
    return tuple(
        OpacityVolumes(
            name,
            float(counts.sum() * voxel_ml),
            *(float(counts[kind] * voxel_ml) for kind in OPACITIES),
        )
        for name, counts in named
    )


def _blocks(volume: Volume, anatomy: Anatomy, vessels: np.ndarray) -> _Blocks:
    """Share, mean and variance of the tissue in coarse voxels."""
    chest, labels, airways = anatomy.chest, anatomy.lungs, anatomy.airways
    thick = chest.factor[0]
    parts = []
    room = max(CONSTANTS.around_vessel_voxels, CONSTANTS.around_airway_voxels)
    for start in range(0, chest.hu.array.shape[0], CHUNK):
        first = chest.first[0] + start * thick
        stop = min(first + CHUNK * thick, chest.first[0] + chest.hu.array.shape[0] * thick)
        before = min(room, first)
        near = slice(first - before, stop + room)
        blood = with_layers(vessels[near] > 0, CONSTANTS.around_vessel_voxels)
        lumen = with_layers(airways[near], CONSTANTS.around_airway_voxels)
        inside = slice(before, before + stop - first)
        tissue = (labels[first:stop] > 0) & ~blood[inside] & ~lumen[inside]
        tissue = tissue[:, chest.first[1] :, chest.first[2] :]
        hu = volume.array[first:stop, chest.first[1] :, chest.first[2] :]
        values = np.where(tissue, np.clip(hu, *CONSTANTS.clip_hu), 0).astype(np.float32)
        parts.append(
            [block_means(array, chest.factor) for array in (tissue, values, values * values)]
        )
    weight, total, square = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    known = np.maximum(weight, 1e-6)
    mean = total / known
    return _Blocks(weight, mean, np.maximum(square / known - mean**2, 0))


def _close_mean(
    blocks: _Blocks, weight: np.ndarray, mean_hu: np.ndarray, chest: Chest
) -> np.ndarray:
    """Attenuation close by; where nothing is known there, farther around."""
    sigma = CONSTANTS.close_mm / chest.grid.spacing_zyx
    around = ndimage.gaussian_filter(weight, sigma)
    close = ndimage.gaussian_filter(weight * blocks.mean_hu, sigma) / np.maximum(around, LEAST)
    return np.where(around > CONSTANTS.least_weight, close, mean_hu)


def _roughness_between_lines(variance_hu2: np.ndarray, chest: Chest) -> np.ndarray:
    """Variance of blocks and of smooth ones between them; none beyond the outermost lines."""
    size = 2 * np.rint(CONSTANTS.cyst_mm / 2 / chest.grid.spacing_zyx).astype(int) + 1
    closed: np.ndarray = ndimage.grey_closing(variance_hu2, size=tuple(size))
    return closed


def _not_emphysema(mean_hu: np.ndarray, known: np.ndarray, chest: Chest) -> np.ndarray:
    """How little (z, y, x) there is of emphysema around; a little where all is emphysema."""
    c = CONSTANTS
    thin = known * ramp(
        mean_hu, (c.emphysema_hu + c.emphysema_ramp_hu, c.emphysema_hu - c.emphysema_ramp_hu)
    )
    sigma = c.emphysema_mm / chest.grid.spacing_zyx
    around = ndimage.gaussian_filter(thin.astype(np.float32), sigma)
    return np.asarray(np.maximum(ramp(around, (2 * c.emphysema_share, 0.0)), c.emphysema_weight))


def _weighted_percentile(values: np.ndarray, weight: np.ndarray) -> float:
    """Percentile of values that is plain parenchyma."""
    rising = np.argsort(values)
    total = np.cumsum(weight[rising])
    middle = total - weight[rising] / 2
    wanted = CONSTANTS.plain_percentile / 100 * total[-1]
    return float(np.interp(wanted, middle, values[rising]))


def _plain_parenchyma(
    mean: np.ndarray, judged: np.ndarray, weight: np.ndarray, chest: Chest
) -> np.ndarray:
    """Attenuation (1, y, 1) of plain parenchyma by height: the line that most layers lie on."""
    used = [y for y in range(judged.shape[1]) if judged[:, y].any()]
    if not used:
        return np.full((1, mean.shape[1], 1), float(np.median(mean)))
    level = np.array(
        [_weighted_percentile(mean[:, y][judged[:, y]], weight[:, y][judged[:, y]]) for y in used]
    )
    count = np.array([weight[:, y][judged[:, y]].sum() for y in used], float)
    height_mm = np.array(used) * float(chest.grid.spacing_zyx[1])
    steepest = CONSTANTS.steepest_hu_per_mm
    best = (-1.0, 0.0, 0.0)
    for slope in np.linspace(-steepest, steepest, CONSTANTS.slopes):
        rest = level - slope * height_mm
        for middle in rest:
            votes = float(count @ np.exp(-(((rest - middle) / CONSTANTS.alike_hu) ** 2)))
            if votes > best[0]:
                best = (votes, float(slope), float(middle))
    _, slope, start = best
    rows_mm = np.arange(mean.shape[1]) * float(chest.grid.spacing_zyx[1])
    return (start + slope * rows_mm)[None, :, None]


def _in_hilum(chest: Chest, hila: Hila) -> np.ndarray:
    """Bool, coarse: where vessels leave the lungs, and nodes and fat lie between them."""
    shape = chest.hu.array.shape
    near = hila.mediastinum_mm < CONSTANTS.hilum_mm + hilum.CONSTANTS.root_mm[1]
    index = np.argwhere(near)
    places_mm = index * hila.step_mm + hila.first_mm
    inside = np.zeros(shape, bool)
    for label in (LungLabel.RIGHT, LungLabel.LEFT):
        places = Places(places_mm, np.full(len(index), label))
        leaving = hila.leaving(places, np.full(len(index), CONSTANTS.hilum_mm))
        inside[tuple(index.T)] |= leaving > CONSTANTS.majority
    return inside
