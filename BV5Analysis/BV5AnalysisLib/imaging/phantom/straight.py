"""Straight tubes of known area in parenchyma: the smallest phantom for sizing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..centerlines import Centerlines
from ..errors import AnalysisError
from ..parameters import Parameters
from ..volume import Grid, Triple, Volume
from .noise import add_noise
from .rendering import Blur, FractionCanvas, Tubes, point_spacing

AIR_HU = -1000.0


@dataclass(frozen=True)
class StraightAirway:
    """An airway that runs along a straight vessel.

    Attributes
    ----------
    lumen_csa_mm2 : float
        Area of the lumen.
    wall_mm : float
        Thickness of the wall.
    gap_mm : float
        Distance between the wall's and the vessel's surface.
    side : tuple of float
        Direction (LPS) in which the airway lies; its part across the vessel counts.
    """

    lumen_csa_mm2: float = 3.0
    wall_mm: float = 0.5
    gap_mm: float = 0.0
    side: Triple = (1.0, 0.3, 0.2)


@dataclass(frozen=True)
class StraightTube:
    """A straight vessel with flat ends.

    Attributes
    ----------
    csa_mm2 : float
        Cross-sectional area.
    direction : tuple of float
        Its direction (LPS), of any length.
    center_mm : tuple of float
        Its middle; the volume's middle is (0, 0, 0).
    length_mm : float or None
        Its length; None goes through the whole volume.
    airway : StraightAirway or None
        An airway beside it.
    """

    csa_mm2: float
    direction: Triple = (0.0, 0.0, 1.0)
    center_mm: Triple = (0.0, 0.0, 0.0)
    length_mm: float | None = None
    airway: StraightAirway | None = None


@dataclass(frozen=True, eq=False)
class TubePhantom:
    """Straight tubes as a scanner sees them, and their truth.

    Attributes
    ----------
    volume : Volume
        HU, float32.
    centerlines : Centerlines
        One branch a tube, in the order given, only the part inside the volume.
    """

    volume: Volume
    centerlines: Centerlines


def tube_phantom(
    tubes: list[StraightTube],
    *,
    size: tuple[int, int, int] = (64, 64, 64),
    spacing_mm: Triple = (0.7, 0.7, 0.7),
    psf_sigma_mm: Triple = (0.5, 0.5, 0.5),
    parenchyma_hu: float = -850.0,
    blood_hu: float = 40.0,
    wall_hu: float = 30.0,
    noise_hu: float = 0.0,
    noise_kernel: str = "white",
    seed: int = 0,
) -> TubePhantom:
    """Render straight vessels, with airways beside them if wanted, in even parenchyma.

    The integral of (HU − parenchyma) / (blood − parenchyma) over a plane across a tube is its
    cross-sectional area.

    Parameters
    ----------
    tubes : list of StraightTube
        Vessels; they should not run into each other.
    size, spacing_mm : tuple
        Voxels and their size along x, y, z. The volume is centered on the world's origin.
    psf_sigma_mm : tuple of float
        Standard deviation of the scanner's Gaussian along x, y, z; each voxel also averages over
        its own box, so the spacing along z is the slice thickness.
    parenchyma_hu, blood_hu, wall_hu : float
        Attenuations; lumina are air.
    noise_hu, noise_kernel, seed : float, str, int
        Noise as in `add_noise`.

    Returns
    -------
    TubePhantom
        HU volume and true centerlines.

    Raises
    ------
    AnalysisError
        An area is not positive, or a direction has no length.
    """
    origin = tuple(-0.5 * (n - 1) * step for n, step in zip(size, spacing_mm, strict=True))
    grid = Grid(tuple(size), tuple(spacing_mm), origin)
    blur = Blur(grid.spacing, tuple(psf_sigma_mm))
    hu = np.full(grid.shape, parenchyma_hu, np.float32)
    step = point_spacing(grid, blur)
    cut = [_cut(tube, grid, step) for tube in tubes]
    airways = [(tube, tube.airway) for tube in tubes if tube.airway]
    for material_hu, pieces in (
        (blood_hu, cut),
        (AIR_HU, [_airway(tube, airway, grid, step, lumen=True) for tube, airway in airways]),
        (wall_hu, [_airway(tube, airway, grid, step, lumen=False) for tube, airway in airways]),
    ):
        canvas = FractionCanvas(grid, blur)
        for piece in pieces:
            canvas.add_tubes(piece)
        hu += canvas.fraction * np.float32(material_hu - parenchyma_hu)
    blur.finish(hu)
    add_noise(hu, noise_hu, noise_kernel, np.random.default_rng(seed))
    return TubePhantom(Volume(hu, grid), _centerlines(cut, grid))


def _cut(tube: StraightTube, grid: Grid, step_mm: float) -> Tubes:
    """Cross sections of a vessel, from end to end or through the volume."""
    length = np.linalg.norm(tube.direction)
    if tube.csa_mm2 <= 0 or length == 0:
        raise AnalysisError("A tube needs an area above 0 and a direction; correct the tube given.")
    diagonal = float(np.linalg.norm(np.array(grid.size) * grid.spacing))
    reach = tube.length_mm or diagonal + 2 * float(np.linalg.norm(tube.center_mm))
    count = int(np.ceil(reach / step_mm))
    step = reach / count
    along = (np.arange(count) + 0.5) * step - reach / 2
    tangent = np.array(tube.direction) / length
    return Tubes(
        center_mm=np.array(tube.center_mm) + along[:, None] * tangent,
        tangent=np.tile(tangent, (count, 1)),
        inner_mm=np.zeros(count),
        outer_mm=np.full(count, np.sqrt(tube.csa_mm2 / np.pi)),
        step_mm=np.full(count, step),
        curvature=np.zeros((count, 3)),
    )


def _airway(
    tube: StraightTube, airway: StraightAirway, grid: Grid, step_mm: float, *, lumen: bool
) -> Tubes:
    """Lumen or wall of the airway beside a vessel."""
    vessel = _cut(tube, grid, step_mm)
    tangent = vessel.tangent[0]
    side = np.array(airway.side) - np.dot(airway.side, tangent) * tangent
    if np.linalg.norm(side) < 1e-6:
        raise AnalysisError("An airway's side must not be along its vessel; turn it.")
    lumen_mm = np.sqrt(airway.lumen_csa_mm2 / np.pi)
    wall_mm = lumen_mm + airway.wall_mm
    apart = vessel.outer_mm[0] + airway.gap_mm + wall_mm
    count = len(vessel.step_mm)
    return Tubes(
        center_mm=vessel.center_mm + apart * side / np.linalg.norm(side),
        tangent=vessel.tangent,
        inner_mm=np.zeros(count) if lumen else np.full(count, lumen_mm),
        outer_mm=np.full(count, lumen_mm if lumen else wall_mm),
        step_mm=vessel.step_mm,
        curvature=vessel.curvature,
    )


def _centerlines(cut: list[Tubes], grid: Grid) -> Centerlines:
    """Truth: the cross sections whose center is inside the volume."""
    half = 0.5 * np.array(grid.size) * grid.spacing
    parts = [tube.take((abs(tube.center_mm) <= half).all(axis=1)) for tube in cut]
    csa = np.concatenate([part.area_mm2 for part in parts])
    length = np.array([part.step_mm.sum() for part in parts])
    areas = np.array([tube.area_mm2[0] for tube in cut])
    return Centerlines(
        points_mm=np.concatenate([part.center_mm for part in parts]),
        branch_start=np.cumsum([0] + [len(part.step_mm) for part in parts]),
        csa_mm2=csa,
        size_class=Parameters().size_class(csa),
        length_mm=length,
        volume_ml=length * areas / 1000,
        mean_csa_mm2=areas,
    )
