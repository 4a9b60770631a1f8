"""The lungs: right and left, with the vessels and the disease inside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.size_classes import LungLabel
from ..model.volume import Grid, Volume
from ..numerics.distances import distance_mm
from .aerated import aerated_lungs
from .airless import AirlessSpace, find_airless
from .costal import costal_gaps
from .sides import check_both, split_sides
from .survey import Chest


@dataclass(frozen=True)
class LungConstants(MethodConstants):
    """Tuned numbers of the segmentation of the lungs."""

    wall_mm: float = constant(
        2.5,
        "mm",
        "Thickness removed around the lumen of large airways.",
        "Wall of trachea and main bronchi, with its blur. Chosen by eye.",
    )
    lumen_share: float = constant(
        0.25,
        "1",
        "Share of a coarse voxel from which it is airway lumen.",
        "Below a half, as the lumen on the scan's grid lacks its blurred edge. Chosen by eye.",
    )
    large_airway_mm: float = constant(
        2.0,
        "mm",
        "Lumen radius from which an airway is no part of a lung.",
        "Trachea, main and lobar bronchi. Chosen by eye.",
    )
    large_airway_reach: float = constant(
        3.0,
        "1",
        "Lumen within this many `large_airway_mm` of a wide one is wide, too.",
        "Recovers the rim of the lumen that the radius test removed. Chosen by eye.",
    )
    bronchus_mm: float = constant(
        6.0,
        "mm",
        "Radius below which air between the lungs may be a main bronchus.",
        "Main bronchi of adults are 10 to 15 mm wide, with a coarse voxel's blur; lung between the"
        " lungs is wider except at its edges.",
    )
    closing_mm: float = constant(
        10.0,
        "mm",
        "Radius of the closing that includes hilar vessels.",
        "Chosen by eye on three scans; where the hilum ends moves BV5 % by several points.",
    )
    closing_margin_mm: float = constant(
        4.0,
        "mm",
        "Margin of the closing's box beyond its radius.",
        "Two coarse voxels.",
    )
    inner_edge_mm: float = constant(
        1.0,
        "mm",
        "Depth inside the coarse surface from which voxels are lung whatever their attenuation.",
        "Half a coarse voxel. Chosen by eye.",
    )
    outer_edge_mm: float = constant(
        2.5,
        "mm",
        "Distance outside the coarse surface up to which air-like voxels of the scan are lung.",
        "About a coarse voxel. Chosen by eye.",
    )
    other_air_share: float = constant(
        0.5,
        "1",
        "Interpolated share from which a voxel near the edge is air of bowel or stomach.",
        "Half way between coarse voxels.",
    )
    deep_mm: float = constant(
        10.0,
        "mm",
        "Depth up to which distances to the surface are computed.",
        "No interpolation reaches from there to the edge.",
    )
    box_margin_mm: float = constant(
        4.0,
        "mm",
        "Margin of the box in which the edge of a lung is drawn.",
        "Beyond `outer_edge_mm` by more than half a coarse voxel.",
    )
    least_piece_ml: float = constant(
        5.0,
        "mL",
        "Smallest piece of a lung apart from the rest.",
        "More than two radii of the closing away from the rest, it holds few vessels.",
    )
    edge_closing_mm: float = constant(
        1.5,
        "mm",
        "Half width of the gaps between voxels of lung that are lung, too.",
        "Walls of honeycombs and vessels at the pleura, and voxels that noise makes bright.",
    )
    least_lung: float = constant(
        0.04,
        "1",
        "Share of the air of both lungs below which a lung is missing.",
        "A lung shrunk to a tenth of its volume has more, air in the throat or bowel less.",
    )


CONSTANTS = LungConstants()


@dataclass(frozen=True, eq=False)
class FoundLungs:
    """Both lungs, and what lies between them and the ribs.

    Attributes
    ----------
    labels : numpy.ndarray
        uint8 `LungLabel` values, 0 outside, (z, y, x).
    searched : numpy.ndarray
        The same without airless lung along the ribs, in which no vessel can be told from what is
        around it.
    spaces : tuple of AirlessSpace
        At the right and the left lung, on the coarse grid.
    """

    labels: np.ndarray
    searched: np.ndarray
    spaces: tuple[AirlessSpace, ...]

    @property
    def fluid(self) -> np.ndarray:
        """Bool, coarse: fluid around the lungs."""
        fluid: np.ndarray = np.logical_or.reduce([space.fluid for space in self.spaces])
        return fluid


def find_lungs(
    volume: Volume, chest: Chest, trachea: np.ndarray, airways: np.ndarray
) -> FoundLungs:
    """Segment both lungs.

    Aerated lung is air-like, inside the body, large and no airway; each side is closed so that
    vessels at the hilum and the pleura are inside. Airless lung along the ribs is added. All is
    done on the coarse grid except for the edge, which the voxels of the scan decide.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU, LPS axes.
    chest : Chest
        The same scan, surveyed.
    trachea : numpy.ndarray
        Bool, coarse, as `find_trachea` gives it.
    airways : numpy.ndarray
        Bool, lumen of trachea and bronchi on the scan's grid.

    Returns
    -------
    FoundLungs
        Labels on the scan's grid.

    Raises
    ------
    AnalysisError
        No lungs, or only one, were found.

    References
    ----------
    Hu S, Hoffman EA, Reinhardt JM. Automatic lung segmentation for accurate quantitation of
    volumetric X-ray CT images. IEEE TMI 2001;20:490-498 (threshold, airways, sides, closing). How
    bowel is excluded and hilum and disease at the ribs are included is the project's own.
    """
    lumen = chest.shrunk(airways)
    large = _large_airways(lumen, trachea, chest)
    aerated = aerated_lungs(chest, trachea, lumen > 0, large)
    right, left = split_sides(aerated, chest.grid)
    check_both(right, left, CONSTANTS.least_lung * np.count_nonzero(aerated))
    bronchi = _main_bronchi(right, left, large, chest)
    check_both(right & ~bronchi, left & ~bronchi)
    right, left = _with_gaps(right & ~bronchi, left & ~bronchi, chest)
    # Stomach and colon may lie closer than the band in which the scan's voxels decide.
    air = chest.padding | (chest.hu.array < chest.half_hu)
    other_air = ndimage.binary_dilation(air & ~aerated & ~large) & ~aerated
    outside = airways & chest.to_scan(large, airways.shape)

    def painted(sides: list[np.ndarray]) -> np.ndarray:
        labels = np.zeros(volume.array.shape, np.uint8)
        for label, mask in zip(LungLabel, _closed_apart(sides, chest), strict=True):
            _paint(labels, label, mask, volume, chest, other_air)
        labels[outside] = 0
        return labels

    searched = painted([right, left])
    spaces = tuple(find_airless(chest, [right, left]))
    if not any(space.lung.any() for space in spaces):
        return FoundLungs(searched, searched, spaces)
    sides = [mask | space.lung for mask, space in zip((right, left), spaces, strict=True)]
    return FoundLungs(np.where(searched > 0, searched, painted(sides)), searched, spaces)


def _closed_apart(sides: list[np.ndarray], chest: Chest) -> list[np.ndarray]:
    """Close each lung; what both closings take in goes to the nearer lung."""
    closed = [_closed(mask, chest) for mask in sides]
    overlap = closed[0] & closed[1]
    if overlap.any():
        reach_mm = 2 * CONSTANTS.closing_mm
        from_right, from_left = (distance_mm(~side, chest.grid, reach_mm) for side in sides)
        nearer_right = from_right <= from_left
        closed[0] &= ~overlap | nearer_right
        closed[1] &= ~closed[0]
    return closed


def _large_airways(lumen_share: np.ndarray, trachea: np.ndarray, chest: Chest) -> np.ndarray:
    """Bool, coarse: lumen of airways too large to be inside a lung, with their wall."""
    radius_mm = CONSTANTS.large_airway_mm
    lumen = lumen_share > CONSTANTS.lumen_share
    core = distance_mm(lumen, chest.grid, 2 * radius_mm) > radius_mm
    wide = lumen & _near(core, CONSTANTS.large_airway_reach * radius_mm, chest.grid)
    return _near(wide | trachea, CONSTANTS.wall_mm, chest.grid)


def _main_bronchi(
    right: np.ndarray, left: np.ndarray, large: np.ndarray, chest: Chest
) -> np.ndarray:
    """Bool, coarse: narrow air between the lungs that large airways open into, or their rim.

    What is left of the main bronchi where the airways were not followed so far; the closing would
    take in the mediastinum along it.
    """
    radius_mm, grid = CONSTANTS.bronchus_mm, chest.grid
    box = _bounding_box(right | left, np.zeros(3, int))
    wide = []
    for side in (right[box], left[box]):
        # Vessels make no part of a lung narrow.
        whole = _closing(side, radius_mm, grid)
        deep = distance_mm(whole, grid, 2 * radius_mm) > radius_mm
        wide.append(_near(deep, radius_mm + CONSTANTS.wall_mm, grid))
    after_right = np.logical_or.accumulate(wide[0], axis=2)
    before_left = np.logical_or.accumulate(wide[1][:, :, ::-1], axis=2)[:, :, ::-1]
    narrow = (right | left)[box] & ~wide[0] & ~wide[1] & after_right & before_left
    pieces, count = ndimage.label(narrow, np.ones((3, 3, 3)))
    at_airway = np.zeros(count + 1, bool)
    at_airway[pieces[ndimage.binary_dilation(large[box])]] = True
    at_airway[0] = False
    bronchi = np.zeros_like(large)
    bronchi[box] = at_airway[pieces]
    return bronchi


def _near(mask: np.ndarray, reach_mm: float, grid: Grid) -> np.ndarray:
    """Bool: closer to a mask, which may be empty, than a distance."""
    return distance_mm(~mask, grid, reach_mm) < reach_mm


def _with_gaps(right: np.ndarray, left: np.ndarray, chest: Chest) -> tuple[np.ndarray, np.ndarray]:
    """Both lungs with the gaps in their costal surface, which are far from the middle."""
    lungs = right | left
    gaps = costal_gaps(lungs, chest)
    middle = np.flatnonzero(lungs.any(axis=(0, 1)))[[0, -1]].mean()
    on_right = np.arange(lungs.shape[2]) < middle
    return right | (gaps & on_right), left | (gaps & ~on_right)


def _closed(mask: np.ndarray, chest: Chest) -> np.ndarray:
    """One lung closed by a ball, its holes filled."""
    margin_mm = CONSTANTS.closing_mm + CONSTANTS.closing_margin_mm
    box = _bounding_box(mask, np.ceil(margin_mm / chest.grid.spacing_zyx).astype(int))
    result = np.zeros_like(mask)
    result[box] = mask[box] | _closing(mask[box], CONSTANTS.closing_mm, chest.grid)
    pieces, _ = ndimage.label(ndimage.binary_fill_holes(result[box]))
    sizes = np.bincount(pieces.ravel()) * chest.grid.voxel_volume_ml
    sizes[0] = 0.0
    boxes = ndimage.find_objects(pieces)
    largest = int(sizes.argmax())
    top = boxes[largest - 1][0].stop
    # What lies all above a lung is larynx or throat.
    above = np.array([True, *(where[0].start >= top for where in boxes)])
    is_lung = (sizes >= CONSTANTS.least_piece_ml) & ~above
    is_lung[largest] = True
    result[box] = is_lung[pieces]
    return result


def _closing(mask: np.ndarray, radius_mm: float, grid: Grid) -> np.ndarray:
    """Close by a ball; a lung that is cut by the lowest or the highest slice goes on beyond it."""
    margin = int(np.ceil(radius_mm / grid.spacing[2])) + 1
    padded = np.pad(mask, [(margin, margin), (0, 0), (0, 0)], mode="edge")
    near = np.pad(_near(padded, radius_mm, grid), 1)
    inside = distance_mm(near, grid, radius_mm)[1:-1, 1:-1, 1:-1]
    # Less a rounding error.
    closed: np.ndarray = inside[margin:-margin] >= radius_mm - 1e-3
    return closed


def _bounding_box(mask: np.ndarray, margin: np.ndarray) -> tuple[slice, ...]:
    """Slices around a mask, with a margin in voxels, inside the array."""
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    return tuple(
        slice(max(around.start - extra, 0), min(around.stop + extra, size))
        for around, extra, size in zip(box, margin, mask.shape, strict=True)
    )


def _paint(
    labels: np.ndarray,
    label: int,
    mask: np.ndarray,
    volume: Volume,
    chest: Chest,
    other_air: np.ndarray,
) -> None:
    """Draw a coarse lung into `labels`; the scan's own voxels decide its edge."""
    deep_mm, half_mm = CONSTANTS.deep_mm, float(np.mean(chest.grid.spacing)) / 2
    margin = np.ceil(CONSTANTS.box_margin_mm / chest.grid.spacing_zyx).astype(int)
    box = _bounding_box(mask, margin)
    inside = distance_mm(mask[box], chest.grid, deep_mm)
    signed = inside - distance_mm(~mask[box], chest.grid, deep_mm)
    air = chest.hu.array[box] < chest.half_hu
    # Where the closing included tissue, its own smooth surface is the edge. Distances are zero in
    # the outermost voxels on both sides of the surface, which lies half way between them.
    surface = signed + np.where(mask[box], half_mm, -half_mm).astype(np.float32)
    from_air = distance_mm(~air, chest.grid, deep_mm)
    included = np.minimum(surface, from_air - CONSTANTS.inner_edge_mm)
    shape = volume.array.shape
    fine = chest.box_on_scan(box, shape)
    depth = chest.interpolated(signed, box, shape)
    lung = depth > CONSTANTS.inner_edge_mm
    elsewhere = chest.interpolated(other_air[box], box, shape) > CONSTANTS.other_air_share
    near = depth > -CONSTANTS.outer_edge_mm
    lung |= near & (volume.array[fine] < chest.half_hu) & ~elsewhere
    lung |= chest.interpolated(included, box, shape) > 0
    lung = _small_gaps_closed(lung, np.rint(CONSTANTS.edge_closing_mm / volume.grid.spacing_zyx))
    target = labels[fine]
    target[lung & (target == 0)] = label


def _small_gaps_closed(mask: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Mask closed by a box that reaches so many voxels out along each axis."""
    margin = [(int(step), int(step)) for step in steps]
    grown = np.pad(mask, margin, mode="edge")
    for turn in (grown, grown):
        for axis, step in enumerate(steps):
            along = np.moveaxis(turn, axis, 0)
            for _ in range(int(step)):
                before = along.copy()
                along[1:] |= before[:-1]
                along[:-1] |= before[1:]
        np.logical_not(grown, out=grown)
    inner = tuple(
        slice(before, size - after)
        for (before, after), size in zip(margin, grown.shape, strict=True)
    )
    return grown[inner]
