"""The ways people size lung vessels today, to compare with, on the same images and lungs.

Each is done as its users do it, with choices in its favor: thick slices are interpolated to nearly
cubic voxels first, what lies outside the lungs is filled with parenchyma so that the chest wall
does not answer, specks and the skeleton's spurs inside wide vessels are dropped, centerlines are
smoothed, and the one threshold without a natural value is calibrated on a phantom like these.
Distances go to the middle of the nearest voxel outside, or half a voxel less, whichever is better:
less for the threshold; with less for objectness BV5 is 7 points too high, not 2 to 4 too low.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.vessels.work_grid import WorkGrid
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.morphology import skeletonize

from todays_ways.halfmaximum import half_maximum_area
from todays_ways.skeletons import in_wider, line_of, without_specks

MASK_HU = -750.0
"""Threshold of vessels in plain lung, as in published pipelines and forum recipes."""

SCALES_MM = (0.6, 0.9, 1.4, 2.0, 3.0, 4.5)
"""Six Gaussians, for tubes of about 0.8 to 6 mm radius."""

STRUCTURE_SHARE = 0.26
"""Half of the Hessian's norm in the middle of a tube that just fits, over the contrast of blood:
Frangi's rule for what is structure and what is noise. ITK's default of 5 lets in far more noise."""

OBJECTNESS_SHARE = 0.0085
"""Threshold of objectness, as a share of the contrast of blood: with it the total blood volume of a
chest phantom (scale 0.8, 1.25 mm slices, seed 2) comes out right."""

SLAB = 48
"""Slices whose Hessians are held at a time."""


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

    def is_of(self, volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float):
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
                gamma=STRUCTURE_SHARE * self.contrast_hu,
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
        # So low a threshold lies outside the vessels' edge: half a voxel less is in its favor.
        return self.skeleton(self.hu > MASK_HU, 0.5 * float(self.work.spacing.mean()))

    def skeleton(self, mask: np.ndarray, less_mm: float = 0.0) -> _Skeleton:
        """Skeleton of a mask, its distances to the background less some."""
        mask = without_specks(mask & self.lungs, float(np.prod(self.work.spacing)))
        spacing = self.work.spacing
        inside = ndimage.distance_transform_edt(mask, spacing)
        voxel = np.argwhere(skeletonize(mask))
        radius = np.maximum(inside[tuple(voxel.T)] - less_mm, less_mm)
        keep = ~in_wider(voxel * spacing, radius)
        voxel, radius = voxel[keep], radius[keep]
        return _Skeleton(mask, voxel, *line_of(voxel * spacing, spacing), radius)

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
    line = shared.tubes
    spacing = shared.work.spacing
    csa = half_maximum_area(shared.hu, spacing, line.position_mm, line.tangent)
    return shared.by_line(line, csa)


def hessian_scale(
    volume: Volume, lungs: np.ndarray, parenchyma_hu: float, blood_hu: float
) -> Sized:
    """Radius from the scale of the strongest answer, √2 times it, on the skeleton of objectness.

    Parameters and return as for `distance_transform`; a piece is a skeleton voxel.

    References
    ----------
    Lindeberg T. Edge detection and ridge detection with automatic scale selection. IJCV
    1998;30:117-154; for lung vessels Estepar RS et al. Computational vascular morphometry for the
    assessment of pulmonary vascular disease. ISBI 2012:1479-1482, there with more scales.
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
