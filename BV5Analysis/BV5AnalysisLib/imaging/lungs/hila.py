"""Where vessels leave the lungs: the hila, and the faces where a scan cuts through the lungs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.size_classes import LungLabel
from ..model.volume import Grid
from ..numerics.distances import distance_mm
from .survey import Chest


@dataclass(frozen=True)
class HilumConstants(MethodConstants):
    """Numbers of finding the hila; lengths in sizes of the lung hold for a child, too."""

    majority: float = constant(
        0.5, "1", "Share of a coarse voxel that a mask has to fill.", "The majority of its voxels."
    )
    around_mm: float = constant(
        8.0,
        "mm",
        "Standard deviation of the Gaussian by which an airway's surroundings are judged.",
        "A main bronchus and its wall fit in, the lung beside it dominates. Chosen by eye.",
    )
    within_lung: tuple[float, float] = constant(
        (0.35, 0.55),
        "1",
        "Share of lung around an airway from which it begins to count, and counts in full.",
        "Beside the trachea it is less, around bronchi in the lung more. Chosen by eye.",
    )
    fewest_voxels: float = constant(
        5.0, "voxels", "Coarse voxels of airway that show a hilum.", "Fewer are chance."
    )
    towards_middle: float = constant(
        0.35,
        "1",
        "How far towards the other lung a hilum lies from a lung's middle, in sizes of the lung,"
        " where no airway shows it.",
        "The medial surface is about as far. Chosen by eye.",
    )
    root_sizes: tuple[float, float] = constant(
        (0.35, 0.5),
        "1",
        "Distance from the hilum, in sizes of the lung, up to which vessels leave the lung, and"
        " from which on none does.",
        "The lower pulmonary vein of an adult leaves about 50 mm from the middle of the hilum, in"
        " lungs of 135 mm.",
    )
    root_mm: tuple[float, float] = constant(
        (6.0, 12.0),
        "mm",
        "Gap between a vessel and the mediastinum up to which it leaves the lung, and from which on"
        " it does not.",
        "Centerlines of wide vessels end about a radius before the lungs' edge, and the edge is a"
        " voxel or two of the coarse grid off.",
    )
    trunk: float = constant(
        0.02,
        "1",
        "Area of the artery to a lung over the square of the lung's extent.",
        "An adult's has 20 to 24 mm (400 mm²), the lung beyond the hilum some 140 mm.",
    )
    deepest_mm: float = constant(
        8.0,
        "mm",
        "Depth up to which distances to the lungs' surface are known.",
        "Beyond the coarse voxels at the surface nothing depends on them.",
    )
    farthest: float = constant(
        1.5,
        "1",
        "How far beyond a vessel lung is looked for, in sizes of the lung.",
        "A lung is about 1.7 sizes high, and no vessel lies at its other end.",
    )
    face_mm: tuple[float, float] = constant(
        (3.0, 6.0),
        "mm",
        "The same of the gap between a vessel and a face where the scan cuts the lung.",
        "A slice or two.",
    )
    face_share: tuple[float, float] = constant(
        (0.3, 0.6),
        "1",
        "Share of a lung's largest axial area from which its outermost slice begins to be a face"
        " that vessels leave by, and is one.",
        "Where only a recess or an apex is cut, the hilum is in the scan.",
    )
    face_side: tuple[float, float] = constant(
        (-0.2, 0.2),
        "1",
        "How much nearer the hilum is to one end of the scan than to the other, as a share of the"
        " scan's height, for that end not to be such a face, and to be one.",
        "By the other end vessels leave for the periphery.",
    )


CONSTANTS = HilumConstants()

SIDES = (LungLabel.RIGHT, LungLabel.LEFT)


def ramp(values: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    """Rise smoothly from 0 at the first end to 1 at the second; fall where that is the lower."""
    share = np.clip((values - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))


@dataclass(frozen=True, eq=False)
class Places:
    """Places in the lungs of a scan; n of them.

    Attributes
    ----------
    scan_mm : numpy.ndarray
        (n, 3) mm along the scan's axes (z, y, x) from its first voxel.
    side : numpy.ndarray
        (n,) `LungLabel` values, 0 outside the lungs.
    """

    scan_mm: np.ndarray
    side: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Places:
        return Places(self.scan_mm[chosen], self.side[chosen])


@dataclass(frozen=True, eq=False)
class Hila:
    """Where vessels leave each lung; lengths in mm along the scan's axes from its first voxel.

    Attributes
    ----------
    center_mm : numpy.ndarray
        (2, 3) middle of the right and the left hilum (z, y, x).
    size_mm : numpy.ndarray
        (2,) size of each lung: the side of a cube or square of its volume or largest area.
    face_mm : numpy.ndarray
        (2,) z of the lowest and the highest slice.
    face_share : numpy.ndarray
        (2, 2) how much each of these is a face that vessels leave by, of the right and left lung.
    mediastinum_mm : numpy.ndarray
        Distance from what lies between the lungs, on the coarse grid.
    depth_mm : numpy.ndarray
        Depth below the surface of either lung, negative outside, on the coarse grid.
    first_mm, step_mm : numpy.ndarray
        (3,) middle of the first coarse voxel, and size of coarse voxels.
    """

    center_mm: np.ndarray
    size_mm: np.ndarray
    face_mm: np.ndarray
    face_share: np.ndarray
    mediastinum_mm: np.ndarray
    depth_mm: np.ndarray
    first_mm: np.ndarray
    step_mm: np.ndarray

    def leaving(self, places: Places, radius_mm: np.ndarray) -> np.ndarray:
        """How surely vessels may leave the lung at points.

        Parameters
        ----------
        places : Places
            n points.
        radius_mm : numpy.ndarray
            (n,) of the vessels.

        Returns
        -------
        numpy.ndarray
            (n,) 0 to 1.
        """
        points_mm = places.scan_mm
        index = (points_mm - self.first_mm) / self.step_mm
        from_mediastinum = ndimage.map_coordinates(
            self.mediastinum_mm, index.T, order=1, mode="nearest"
        )
        share = ramp(from_mediastinum - radius_mm, CONSTANTS.root_mm[::-1])
        share *= self.near(places)
        for number, label in enumerate(SIDES):
            mine = places.side == label
            for z_mm, is_face in zip(self.face_mm, self.face_share[:, number], strict=True):
                gap_mm = np.abs(points_mm[mine, 0] - z_mm) - radius_mm[mine]
                at_face = is_face * ramp(gap_mm, CONSTANTS.face_mm[::-1])
                share[mine] = np.maximum(share[mine], at_face)
        return share

    def near(self, places: Places) -> np.ndarray:
        """How surely (n,) places are within the reach of a hilum, 0 to 1."""
        near = np.zeros(len(places.side))
        for number, label in enumerate(SIDES):
            mine = places.side == label
            from_hilum = np.linalg.norm(places.scan_mm[mine] - self.center_mm[number], axis=1)
            near[mine] = ramp(from_hilum / self.size_mm[number], CONSTANTS.root_sizes[::-1])
        return near

    def largest_vessel_mm2(self, places: Places) -> np.ndarray:
        """Area (n,) that a vessel has at places at most, by the lung that lies beyond, mm².

        Blood vessels fill their lung: the flow through a vessel is that of the lung beyond it,
        whose volume goes as the third power of its extent, and the area as the power 2/3 of the
        flow (Murray 1926).
        """
        heart_mm = self.center_mm.mean(axis=0)
        way = places.scan_mm - heart_mm
        length_mm = np.maximum(np.linalg.norm(way, axis=1), 1.0)
        ahead = way / length_mm[:, None]
        step_mm = float(self.step_mm.max())
        largest = np.zeros(len(places.side))
        for number, label in enumerate(SIDES):
            mine = np.flatnonzero(places.side == label)
            beyond_mm = np.zeros(len(mine))
            for steps in range(1, int(CONSTANTS.farthest * self.size_mm[number] / step_mm) + 1):
                at = places.scan_mm[mine] + steps * step_mm * ahead[mine]
                beyond_mm += step_mm * self._inside(at)
            largest[mine] = CONSTANTS.trunk * beyond_mm**2
        return largest

    def depth_at(self, points_mm: np.ndarray) -> np.ndarray:
        """Depth (n,) of points (n, 3) below the surface of either lung, mm, negative outside."""
        index = (points_mm - self.first_mm) / self.step_mm
        # A lung that the scan cuts goes on beyond.
        depth_mm = ndimage.map_coordinates(self.depth_mm, index.T, order=1, mode="nearest")
        return np.asarray(depth_mm)

    def _inside(self, points_mm: np.ndarray) -> np.ndarray:
        """How much (n,) points are inside a lung, 0 to 1."""
        depth_mm = self.depth_at(points_mm)
        return np.asarray(np.clip(0.5 + depth_mm / float(self.step_mm.max()), 0.0, 1.0))

    def way_mm(self, places: Places) -> np.ndarray:
        """Distance (n,) that blood has to go from places to the heart, or out of the scan, mm."""
        points_mm = places.scan_mm
        way: np.ndarray = np.linalg.norm(points_mm - self.center_mm.mean(axis=0), axis=1)
        for number, label in enumerate(SIDES):
            mine = places.side == label
            for z_mm, is_face in zip(self.face_mm, self.face_share[:, number], strict=True):
                if is_face > 0:
                    out_mm = np.abs(points_mm[mine, 0] - z_mm) / is_face
                    way[mine] = np.minimum(way[mine], out_mm)
        return way


def find_hila(labels: np.ndarray, airways: np.ndarray, chest: Chest) -> Hila:
    """Find the hila by the bronchi that enter the lungs.

    The bronchi with lung around them, weighed by the volume of their lumen, have their middle in
    the hilum: the widest are the lobar ones.

    Parameters
    ----------
    labels : numpy.ndarray
        `LungLabel` values on the scan's grid, LPS axes.
    airways : numpy.ndarray
        Bool, lumen of trachea and bronchi on the scan's grid.
    chest : Chest
        The same scan, surveyed.

    Returns
    -------
    Hila
        Without airways, a guess from the lungs' middles.

    Notes
    -----
    Own method.
    """
    lungs = [chest.shrunk(labels == side) > CONSTANTS.majority for side in SIDES]
    lumen = chest.shrunk(airways) > CONSTANTS.majority
    step = chest.grid.spacing_zyx
    voxel_mm = step / chest.factor
    first_mm = (np.array(chest.first) + (np.array(chest.factor) - 1) / 2) * voxel_mm
    areas = [np.count_nonzero(lung, axis=(1, 2)) for lung in lungs]
    largest = [max(1, int(area.max())) for area in areas]
    size_mm = np.array(
        [
            max(
                (area.sum() * float(np.prod(step))) ** (1 / 3),
                np.sqrt(most * float(step[1] * step[2])),
            )
            for area, most in zip(areas, largest, strict=True)
        ]
    )
    ends = np.array(
        [[area[end] / most for area, most in zip(areas, largest, strict=True)] for end in (0, -1)]
    )
    center_mm = _centers(lungs, lumen, step, size_mm) + first_mm
    height_mm = (labels.shape[0] - 1) * voxel_mm[0]
    upper = center_mm[:, 0] / max(height_mm, voxel_mm[0]) * 2 - 1
    nearer = ramp(np.stack([-upper, upper]), CONSTANTS.face_side)
    return Hila(
        center_mm=center_mm,
        size_mm=np.maximum(size_mm, 1.0),
        face_mm=np.array([0.0, height_mm]),
        face_share=ramp(ends, CONSTANTS.face_share) * nearer,
        mediastinum_mm=_distance_from(_between_lungs(*lungs), chest.grid),
        depth_mm=_depth(lungs[0] | lungs[1], chest.grid),
        first_mm=first_mm,
        step_mm=step,
    )


def _centers(
    lungs: list[np.ndarray], lumen: np.ndarray, step: np.ndarray, size_mm: np.ndarray
) -> np.ndarray:
    """Middles (2, 3) of the hila, mm from the first coarse voxel."""
    sigma = CONSTANTS.around_mm / step
    found: list[np.ndarray | None] = []
    for lung in lungs:
        around = ndimage.gaussian_filter(lung.astype(np.float32), sigma, truncate=3.0)
        weight = ramp(around, CONSTANTS.within_lung) * lumen
        enough = weight.sum() >= CONSTANTS.fewest_voxels
        found.append(_middle(weight) * step if enough else None)
    middles = [_middle(lung) * step for lung in lungs]
    if found[0] is None and found[1] is None:
        inwards = np.array([0.0, 0.0, CONSTANTS.towards_middle])
        return np.array([middles[0] + inwards * size_mm[0], middles[1] - inwards * size_mm[1]])
    both = middles[0][2] + middles[1][2]
    for one, other in ((0, 1), (1, 0)):
        known = found[other]
        if found[one] is None and known is not None:
            found[one] = np.array([known[0], known[1], both - known[2]])
    return np.array(found)


def _middle(weight: np.ndarray) -> np.ndarray:
    """Mean index (3,) of an array of weights; the array's middle where all are 0."""
    total = float(weight.sum())
    if total == 0:
        return (np.array(weight.shape) - 1) / 2
    sums = [weight.sum(axis=axes, dtype=float) for axes in ((1, 2), (0, 2), (0, 1))]
    return np.array([line @ np.arange(len(line)) / total for line in sums])


def _distance_from(mask: np.ndarray, grid: Grid) -> np.ndarray:
    """Distance of each voxel from a mask, mm; 0 everywhere if it is empty."""
    return distance_mm(~mask, grid) if mask.any() else np.zeros(mask.shape, np.float32)


def _depth(lung: np.ndarray, grid: Grid) -> np.ndarray:
    """Depth below the surface of a mask, mm, negative outside."""
    deep = CONSTANTS.deepest_mm
    inside = distance_mm(lung, grid, deep) if not lung.all() else np.full(lung.shape, deep)
    outside = distance_mm(~lung, grid, deep) if lung.any() else np.full(lung.shape, deep)
    return np.asarray((inside - outside).astype(np.float32))


def _between_lungs(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Bool: not lung, with the right lung on one side and the left one on the other, along x."""
    after_right = np.logical_or.accumulate(right, axis=2)
    before_left = np.logical_or.accumulate(left[:, :, ::-1], axis=2)[:, :, ::-1]
    between: np.ndarray = after_right & before_left & ~right & ~left
    return between
