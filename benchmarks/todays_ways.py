"""The ways people size lung vessels today, to compare with, on the same images and lungs.

Each is done as its users do it, with choices in its favor: thick slices are interpolated to nearly
cubic voxels first, what lies outside the lungs is filled with parenchyma so that the chest wall
does not answer, half a voxel is taken off distances to the background, centerlines are smoothed,
and the one threshold that has no natural value is calibrated on a phantom of the benchmark.
scikit-image gives the 3D skeleton; it is no dependency of the program itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from BV5AnalysisLib.imaging.volume import Volume
from BV5AnalysisLib.imaging.workgrid import WorkGrid
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.morphology import skeletonize

MASK_HU = -750.0
"""Threshold of vessels in plain lung, as in published pipelines and forum recipes."""

SCALES_MM = tuple(np.geomspace(0.7, 5.0, 6))
"""Six Gaussians, for tubes of about 1 to 7 mm radius."""

GAMMA_HU = 30.0
"""Norm of the Hessian, times scale squared, from which structure is told from noise."""

OBJECTNESS_SHARE = 0.05
"""Threshold of objectness, as a share of the contrast of blood: with it the total blood volume of a
chest phantom comes out right."""

SLAB = 48
"""Slices whose Hessians are held at a time, which bounds the memory."""

RAYS = 24
RAY_STEP_MM = 0.25
RAY_MM = 12.0


@dataclass(frozen=True, eq=False)
class Sized:
    """Pieces of vessel as a way found them; n pieces (voxels, or points of a skeleton).

    Attributes
    ----------
    points_mm : numpy.ndarray
        (n, 3) world points, LPS.
    csa_mm2 : numpy.ndarray
        (n,) cross-sectional area.
    volume_ml : numpy.ndarray
        (n,) blood that each piece stands for.
    line_mm : numpy.ndarray
        (m, 3) world points of the skeleton.
    line_csa_mm2, line_step_mm : numpy.ndarray
        (m,) area at them, and the length that each stands for.
    """

    points_mm: np.ndarray
    csa_mm2: np.ndarray
    volume_ml: np.ndarray
    line_mm: np.ndarray
    line_csa_mm2: np.ndarray
    line_step_mm: np.ndarray


Way = Callable[[Volume, np.ndarray, float, float], Sized]
"""``way(volume, lungs, parenchyma_hu, blood_hu)``: HU, bool mask on the same grid, attenuations."""


@dataclass(frozen=True, eq=False)
class _Skeleton:
    """Skeleton voxels of a mask, with the mask's distance to its background; k voxels.

    Attributes
    ----------
    mask : numpy.ndarray
        Bool, work grid.
    voxel, position_mm, tangent : numpy.ndarray
        (k, 3) voxel indices, smoothed places in the work frame, and unit directions, (z, y, x).
    step_mm, radius_mm : numpy.ndarray
        (k,) length that each voxel stands for, and distance to the background.
    """

    mask: np.ndarray
    voxel: np.ndarray
    position_mm: np.ndarray
    tangent: np.ndarray
    step_mm: np.ndarray
    radius_mm: np.ndarray


class _Prepared:
    """What several ways share of one scan; each part is made when first asked for."""

    def __init__(
        self, volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float
    ) -> None:
        self.key = (volume, lungs, parenchyma_hu, blood_hu)
        self.contrast_hu = blood_hu - parenchyma_hu
        self.work = WorkGrid.around(lungs, volume.grid, 3.0)
        self.lungs = self.work.labels(lungs)
        image = self.work.image(volume.array)
        self.hu = np.where(self.lungs, image, np.float32(parenchyma_hu))

    def is_of(
        self, volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float
    ) -> bool:
        """Whether these are the same objects and values that it was made of."""
        mine = self.key
        return mine[0] is volume and mine[1] is lungs and mine[2:] == (parenchyma_hu, blood_hu)

    @cached_property
    def objectness(self) -> tuple[np.ndarray, np.ndarray]:
        """Largest answer over the scales, HU, and the number of its scale."""
        best = np.zeros(self.hu.shape, np.float32)
        scale_number = np.zeros(self.hu.shape, np.uint8)
        for number, scale in enumerate(SCALES_MM):
            answer = self._objectness_at(scale)
            better = answer > best
            best[better] = answer[better]
            scale_number[better] = number
        return best, scale_number

    def _objectness_at(self, scale_mm: float) -> np.ndarray:
        image = sitk.GetImageFromArray(self.hu * np.float32(scale_mm**2))
        image.SetSpacing(tuple(self.work.spacing[::-1]))
        smooth = sitk.SmoothingRecursiveGaussian(image, [scale_mm] * 3)
        answer = np.empty(self.hu.shape, np.float32)
        depth = self.hu.shape[0]
        for start in range(0, depth, SLAB):
            low, high = max(0, start - 3), min(depth, start + SLAB + 3)
            slab = sitk.ObjectnessMeasure(
                smooth[:, :, low:high],
                alpha=0.5,
                beta=0.5,
                gamma=GAMMA_HU,
                scaleObjectnessMeasure=True,
                objectDimension=1,
                brightObject=True,
            )
            stop = min(depth, start + SLAB)
            answer[start:stop] = sitk.GetArrayViewFromImage(slab)[start - low : stop - low]
        return answer

    @cached_property
    def tubes(self) -> _Skeleton:
        """Skeleton of what answers as a tube."""
        return self.skeleton(self.objectness[0] > OBJECTNESS_SHARE * self.contrast_hu)

    @cached_property
    def bright(self) -> _Skeleton:
        """Skeleton of what is brighter than the threshold."""
        return self.skeleton(self.hu > MASK_HU)

    def skeleton(self, mask: np.ndarray) -> _Skeleton:
        mask = mask & self.lungs
        spacing = self.work.spacing
        inside = ndimage.distance_transform_edt(mask, spacing)
        voxel = np.argwhere(skeletonize(mask))
        half = 0.5 * float(spacing.mean())
        radius = np.maximum(inside[tuple(voxel.T)] - half, half)
        return _Skeleton(mask, voxel, *_line(voxel * spacing, spacing), radius)

    def by_mask(self, found: _Skeleton) -> Sized:
        """Each voxel of the mask with the area of the nearest skeleton voxel."""
        csa = np.pi * found.radius_mm**2
        voxel = np.argwhere(found.mask)
        if not len(found.voxel):
            return self.by_line(found, csa)
        spacing = self.work.spacing
        nearest = cKDTree(found.voxel * spacing).query(voxel * spacing, workers=-1)[1]
        return Sized(
            self.work.to_world(voxel * spacing),
            csa[nearest],
            np.full(len(voxel), float(np.prod(spacing)) / 1000),
            self.work.to_world(found.position_mm),
            csa,
            found.step_mm,
        )

    def by_line(self, found: _Skeleton, csa_mm2: np.ndarray) -> Sized:
        """Each skeleton voxel with its area times its length."""
        points = self.work.to_world(found.position_mm)
        volume = csa_mm2 * found.step_mm / 1000
        return Sized(points, csa_mm2, volume, points, csa_mm2, found.step_mm)


def _line(center_mm: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places (k, 3), directions (k, 3) and lengths (k,) of skeleton voxels, stairs smoothed out."""
    if len(center_mm) < 2:
        return center_mm, np.tile([1.0, 0.0, 0.0], (len(center_mm), 1)), np.zeros(len(center_mm))
    reach = 1.01 * float(np.linalg.norm(spacing))
    pairs = cKDTree(center_mm).query_pairs(reach, output_type="ndarray")
    both = np.concatenate([pairs, pairs[:, ::-1]])
    degree = np.bincount(both[:, 0], minlength=len(center_mm))
    place = center_mm.astype(float)
    for _ in range(3):
        around = np.stack(
            [np.bincount(both[:, 0], place[both[:, 1], a], len(place)) for a in range(3)], axis=1
        )
        mean = around / np.maximum(degree, 1)[:, None]
        # Ends stay, or every smoothing would shorten the vessels.
        place = np.where((degree > 1)[:, None], (place + mean) / 2, place)
    apart = np.linalg.norm(place[both[:, 0]] - place[both[:, 1]], axis=1)
    step = np.bincount(both[:, 0], apart, len(place)) / 2
    # Where voxels touch in triangles, each has more than two neighbors but stands for no more.
    step *= np.minimum(1, 2 / np.maximum(degree, 1))
    return place, _directions(place), step


def _directions(place: np.ndarray) -> np.ndarray:
    """Fit a line through the nearest places of each: unit vectors (k, 3)."""
    _, nearest = cKDTree(place).query(place, k=min(9, len(place)), workers=-1)
    offset = place[nearest] - place[nearest].mean(axis=1, keepdims=True)
    return np.linalg.eigh(np.einsum("nki,nkj->nij", offset, offset))[1][:, :, 2]


def _half_maximum_area(hu: np.ndarray, spacing: np.ndarray, found: _Skeleton) -> np.ndarray:
    """Area (k,) in the plane across within which the image is above half height."""
    radius = (np.arange(round(RAY_MM / RAY_STEP_MM)) + 0.5) * RAY_STEP_MM
    angle = 2 * np.pi * np.arange(RAYS) / RAYS
    area = np.zeros(len(found.voxel))
    for part in np.array_split(np.arange(len(area)), len(area) // 2000 + 1):
        if not len(part):
            continue
        along, center = found.tangent[part], found.position_mm[part]
        first = np.cross(along, np.eye(3)[np.abs(along).argmin(axis=1)])
        first /= np.linalg.norm(first, axis=1, keepdims=True)
        second = np.cross(along, first)
        ray = np.cos(angle)[:, None] * first[:, None] + np.sin(angle)[:, None] * second[:, None]
        at = center[:, None, None] + ray[:, :, None] * radius[:, None]
        index = np.moveaxis(at / spacing, 3, 0).reshape(3, -1)
        values = ndimage.map_coordinates(hu, index, order=1, mode="nearest")
        values = values.reshape(len(part), RAYS, len(radius))
        peak = values[:, :, :2].mean(axis=(1, 2))
        # The plane is mostly parenchyma, or ground glass; vessels in it are brighter.
        background = np.percentile(values.reshape(len(part), -1), 30, axis=1)
        below = values < ((peak + background) / 2)[:, None, None]
        first_below = np.where(below.any(axis=2), below.argmax(axis=2), len(radius) - 1)
        level = np.broadcast_to(((peak + background) / 2)[:, None], first_below.shape)
        edge = _crossing(values, first_below, level)
        area[part] = np.pi * (edge**2).mean(axis=1)
    return area


def _crossing(values: np.ndarray, first_below: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Radius (k, rays) at which rays fall to a level, between two samples."""
    after = np.take_along_axis(values, first_below[:, :, None], axis=2)[:, :, 0]
    before_index = np.maximum(first_below - 1, 0)
    before = np.take_along_axis(values, before_index[:, :, None], axis=2)[:, :, 0]
    drop = np.maximum(before - after, 1e-3)
    back = np.clip((level - after) / drop, 0, 1)
    return np.maximum(first_below + 0.5 - back, 0.0) * RAY_STEP_MM


_last: list[_Prepared] = []


def _prepared(
    volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float
) -> _Prepared:
    """Keep the last scan's shared parts: six Hessians of a lung take far longer than the rest."""
    if not (_last and _last[0].is_of(volume, lungs, parenchyma_hu, blood_hu)):
        _last.clear()
        _last.append(_Prepared(volume, lungs, parenchyma_hu, blood_hu))
    return _last[0]


def forget() -> None:
    """Free what is kept of the last scan."""
    _last.clear()


def distance_transform(
    volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float
) -> Sized:
    """Everything above -750 HU, sized by the distance to its edge.

    Parameters
    ----------
    volume : Volume
        HU.
    lungs : numpy.ndarray
        Bool, where to look, on the same grid. Pass the same array to all ways to share work.
    parenchyma_hu, blood_hu : float
        Attenuations.

    Returns
    -------
    Sized
        A piece is a voxel.

    References
    ----------
    Hildebrand T, Ruegsegger P. A new method for the model-independent assessment of thickness in
    three-dimensional images. J Microsc 1997;185:67-75 (thickness by inscribed balls); Lee TC,
    Kashyap RL, Chu CN. Building skeleton models via 3-D medial surface/axis thinning algorithms.
    CVGIP 1994;56:462-478.
    """
    shared = _prepared(volume, lungs, parenchyma_hu, blood_hu)
    return shared.by_mask(shared.bright)


def objectness(volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float) -> Sized:
    """Six-scale objectness above a threshold, sized by the distance to its edge.

    Parameters and return as for `distance_transform`.

    References
    ----------
    Antiga L. Generalizing vesselness with respect to dimensionality and shape. Insight J 2007;
    after Frangi AF et al. Multiscale vessel enhancement filtering. MICCAI 1998, LNCS 1496:130-137.
    """
    shared = _prepared(volume, lungs, parenchyma_hu, blood_hu)
    return shared.by_mask(shared.tubes)


def half_maximum(volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float) -> Sized:
    """Area within half height in the plane across, on the skeleton of objectness.

    Parameters and return as for `distance_transform`; a piece is a skeleton voxel.

    References
    ----------
    Schwab RJ, Gefter WB, Pack AI, Hoffman EA. Dynamic imaging of the upper airway during
    respiration in normal subjects. J Appl Physiol 1993;74:1504-1514 (half-maximum edges), as used
    for vessels across their centerline.
    """
    shared = _prepared(volume, lungs, parenchyma_hu, blood_hu)
    return shared.by_line(
        shared.tubes, _half_maximum_area(shared.hu, shared.work.spacing, shared.tubes)
    )


def hessian_scale(
    volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float
) -> Sized:
    """Radius from the scale of the strongest answer, √2 times it, on the skeleton of objectness.

    Parameters and return as for `distance_transform`; a piece is a skeleton voxel.

    References
    ----------
    Lindeberg T. Edge detection and ridge detection with automatic scale selection. IJCV
    1998;30:117-154; for lung vessels Estepar RS et al. Computational vascular morphometry for the
    assessment of pulmonary vascular disease. ISBI 2013:1479-1482, there with more scales.
    """
    shared = _prepared(volume, lungs, parenchyma_hu, blood_hu)
    number = shared.objectness[1][tuple(shared.tubes.voxel.T)]
    return shared.by_line(shared.tubes, 2 * np.pi * np.array(SCALES_MM)[number] ** 2)


WAYS: dict[str, Way] = {
    "threshold + distance transform": distance_transform,
    "objectness + distance transform": objectness,
    "half-maximum area": half_maximum,
    "Hessian scale": hessian_scale,
}
"""Name in the tables, and what measures."""
