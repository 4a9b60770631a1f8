"""Ways of doing one step, measured: numpy, scipy, SimpleITK and VTK on the same volume.

A process of its own, started by speed.py; prints rows of step, way, wall and CPU seconds as JSON.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np
import SimpleITK as sitk
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.numerics.banded import along_axes
from BV5AnalysisLib.imaging.numerics.blocks import block_means
from BV5AnalysisLib.imaging.numerics.distances import distance_mm
from scipy import ndimage

SHAPE = (240, 320, 400)
COARSE = (133, 170, 170)
SIGMA_VOXELS = 1.0
FACTOR = (3, 3, 3)
LIMIT_MM = 10.0
REPEATS = 3


def smoothing(image: np.ndarray) -> dict[str, Callable]:
    """Gaussian of one voxel."""
    units = [np.eye(count, dtype=np.float32) for count in image.shape]
    matrices = [ndimage.gaussian_filter1d(unit, SIGMA_VOXELS, 0, truncate=3.5) for unit in units]
    ours = sitk.GetImageFromArray(image)
    ways = {
        "banded matrix products (numpy), chosen": lambda: along_axes(matrices, image),
        "scipy gaussian_filter": lambda: ndimage.gaussian_filter(image, SIGMA_VOXELS, truncate=3.5),
        "SimpleITK SmoothingRecursiveGaussian": lambda: sitk.SmoothingRecursiveGaussian(
            ours, SIGMA_VOXELS
        ),
        "SimpleITK DiscreteGaussian": lambda: sitk.DiscreteGaussian(ours, SIGMA_VOXELS**2),
    }
    try:
        from vtkmodules.util.numpy_support import numpy_to_vtk  # noqa: PLC0415
        from vtkmodules.vtkCommonDataModel import vtkImageData  # noqa: PLC0415
        from vtkmodules.vtkImagingGeneral import vtkImageGaussianSmooth  # noqa: PLC0415
    except ImportError:
        return ways
    data = vtkImageData()
    data.SetDimensions(image.shape[::-1])
    data.GetPointData().SetScalars(numpy_to_vtk(image.ravel()))

    def by_vtk() -> None:
        smooth = vtkImageGaussianSmooth()
        smooth.SetInputData(data)
        smooth.SetStandardDeviation(SIGMA_VOXELS)
        smooth.SetRadiusFactor(3.5)
        smooth.Update()

    return {**ways, "VTK vtkImageGaussianSmooth": by_vtk}


def shrinking(scan: np.ndarray) -> dict[str, Callable]:
    """Block means of a scan, clipped."""

    def by_sitk() -> sitk.Image:
        clipped = sitk.Clamp(sitk.GetImageFromArray(scan), sitk.sitkFloat32, -1024.0, 3000.0)
        return sitk.BinShrink(clipped, FACTOR)

    return {
        "sums of neighbors (numpy), chosen": lambda: block_means(scan, FACTOR, (-1024, 3000)),
        "SimpleITK Clamp and BinShrink": by_sitk,
    }


def distances(mask: np.ndarray) -> dict[str, Callable]:
    """Distances up to 10 mm on the coarse grid."""
    grid = Grid(mask.shape[::-1], (2.1, 2.1, 2.25))
    return {
        "stepping along axes (numpy), chosen": lambda: distance_mm(mask, grid, LIMIT_MM),
        "SimpleITK SignedMaurerDistanceMap": lambda: distance_mm(mask, grid),
        "scipy distance_transform_edt": lambda: ndimage.distance_transform_edt(
            mask, sampling=grid.spacing_zyx
        ),
    }


def least(work: Callable) -> tuple[float, float]:
    """Shortest wall and CPU seconds of some runs."""
    walls, cpus = [], []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def main() -> None:
    """Print every way's seconds."""
    rng = np.random.default_rng(0)
    image = rng.normal(-850, 30, SHAPE).astype(np.float32)
    scan = rng.integers(-1000, 500, SHAPE).astype(np.int16)
    mask = ndimage.gaussian_filter(rng.normal(size=COARSE), 4) > 0
    steps = {
        f"Gaussian, {' × '.join(map(str, SHAPE))} voxels": smoothing(image),
        "shrinking a scan by 3 × 3 × 3": shrinking(scan),
        f"distances to {LIMIT_MM:g} mm, {' × '.join(map(str, COARSE))} voxels": distances(mask),
    }
    rows = [[step, way, *least(work)] for step, ways in steps.items() for way, work in ways.items()]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
