"""An array and its place in the patient, as one value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import SimpleITK as sitk

T = TypeVar("T")
Triple = tuple[float, float, float]
MM_DECIMALS = 6
"""Decimals of a millimeter that grids are rounded to: a nanometer, a thousandth of what a scanner's
position means. What programs lose that convert a grid to single precision or to matrices and back
is less, and so is a change of a billionth."""
COSINE_DECIMALS = 12
"""Decimals of direction cosines: the errors of those that are computed are smaller."""
COINCIDENT_MM = 1e-2
"""Largest distance between voxels of grids that are the same: above rounding of file headers, far
below a voxel."""


def triple(values: Iterable[T]) -> tuple[T, T, T]:
    """Make a tuple whose length type checkers know.

    Parameters
    ----------
    values : iterable
        Three values.

    Returns
    -------
    tuple
        The same values.

    Raises
    ------
    ValueError
        There are more or fewer.
    """
    first, second, third = values
    return first, second, third


@dataclass(frozen=True)
class Grid:
    """Voxel grid in the world (LPS, mm), in SimpleITK's axis order (x, y, z).

    Attributes
    ----------
    size : tuple of int
        Number of voxels along x, y, z.
    spacing, origin : tuple of float
        Voxel size and center of the first voxel, mm.
    direction : tuple of float
        The nine direction cosines, row by row.
    """

    size: tuple[int, int, int]
    spacing: Triple
    origin: Triple = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    @classmethod
    def of(cls, image: sitk.Image) -> Grid:
        """Grid of a 3D SimpleITK image."""
        return cls(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())

    def rounded(self) -> Grid:
        """Return the grid as a scanner would state it.

        Programs convert a grid to matrices and back, which changes the last bit
        (0.7031249999999999 for 0.703125). Grids that come from outside are rounded once, where
        they are read, so that a scan gives the same numbers by whichever file it came.

        Returns
        -------
        Grid
            Lengths to `MM_DECIMALS`, or half of the last one, and cosines to `COSINE_DECIMALS`;
            rounding it again changes nothing.
        """
        return Grid(
            triple(int(length) for length in self.size),
            triple(_stated(length) for length in self.spacing),
            triple(_stated(length) for length in self.origin),
            tuple(_rounded(cosine, COSINE_DECIMALS) for cosine in self.direction),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Array shape (z, y, x)."""
        return self.size[::-1]

    @property
    def spacing_zyx(self) -> np.ndarray:
        """Voxel size along array axes (z, y, x), mm."""
        return np.array(self.spacing[::-1])

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel, mL."""
        return float(np.prod(self.spacing)) / 1000.0

    @cached_property
    def index_to_world_matrix(self) -> np.ndarray:
        """4 × 4 matrix from voxel index (x, y, z) to world (LPS, mm)."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.reshape(self.direction, (3, 3)) * self.spacing
        matrix[:3, 3] = self.origin
        return matrix

    def index_to_world(self, index_zyx: np.ndarray) -> np.ndarray:
        """World points (n, 3) in LPS mm of fractional array indices (n, 3) in (z, y, x)."""
        matrix = self.index_to_world_matrix
        index_xyz = np.asarray(index_zyx, float)[..., ::-1]
        world: np.ndarray = index_xyz @ matrix[:3, :3].T + matrix[:3, 3]
        return world

    def world_to_index(self, world_mm: np.ndarray) -> np.ndarray:
        """Fractional array indices (n, 3) in (z, y, x) of world points (n, 3) in LPS mm."""
        inverse = np.linalg.inv(self.index_to_world_matrix)
        return (np.asarray(world_mm, float) @ inverse[:3, :3].T + inverse[:3, 3])[..., ::-1]

    def matches(self, other: Grid, tolerance_mm: float = COINCIDENT_MM) -> bool:
        """Whether both grids have the same size and their voxels coincide within a tolerance."""
        if self.size != other.size:
            return False
        corners = np.array([(z, y, x) for z in (0, 1) for y in (0, 1) for x in (0, 1)])
        corners = corners * (np.array(self.shape) - 1)
        offsets = self.index_to_world(corners) - other.index_to_world(corners)
        return bool(np.abs(offsets).max() <= tolerance_mm)


def _rounded(value: float, decimals: int) -> float:
    # Python rounds to the nearest double of a decimal number; NumPy may miss it. No -0.0.
    return round(float(value), decimals) + 0.0


def _stated(length_mm: float) -> float:
    """Length to `MM_DECIMALS`, or half way between two of these where it lies about there.

    A field of view by 512 often lies exactly half way (340 / 512 = 0.6640625), where plain rounding
    would hang on the last bit. Pixels by 512, 768 or 1024 are far from where this goes over.
    """
    finer = _rounded(length_mm, MM_DECIMALS + 1)
    is_half = round(finer * 10 ** (MM_DECIMALS + 1)) % 10 == 5
    return finer if is_half else _rounded(length_mm, MM_DECIMALS)


@dataclass(frozen=True, eq=False)
class Volume:
    """An array (z, y, x) with its grid.

    Attributes
    ----------
    array : numpy.ndarray
        Values, shape ``grid.shape``.
    grid : Grid
        Where the voxels are.
    """

    array: np.ndarray
    grid: Grid

    def __post_init__(self) -> None:
        if self.array.shape != self.grid.shape:
            raise ValueError(f"array shape {self.array.shape} is not grid shape {self.grid.shape}")

    @classmethod
    def of(cls, image: sitk.Image) -> Volume:
        """Volume of a 3D scalar SimpleITK image."""
        return cls(sitk.GetArrayFromImage(image), Grid.of(image))

    def to_sitk(self) -> sitk.Image:
        """SimpleITK image with the same values and geometry."""
        image = sitk.GetImageFromArray(self.array)
        image.SetSpacing(self.grid.spacing)
        image.SetOrigin(self.grid.origin)
        image.SetDirection(self.grid.direction)
        return image

    def with_array(self, array: np.ndarray) -> Volume:
        """Return another array on the same grid."""
        return Volume(array, self.grid)
