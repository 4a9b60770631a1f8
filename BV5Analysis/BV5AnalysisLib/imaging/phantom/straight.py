"""Straight tubes of known area in parenchyma: the smallest phantom for sizing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..errors import AnalysisError
from ..model.centerlines import Centerlines
from ..model.volume import Grid, Triple, Volume
from ..parameters import Parameters
from .chestwall import ChestWall
from .noise import add_noise
from .rendering import (
    FractionCanvas,
    PhantomBlur,
    Tubes,
    average_parts,
    point_spacing,
    quadrature,
    rendering_grid,
)

AIR_HU = -1000.0
"""Attenuation of air, by the definition of the scale."""


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
    """A straight vessel.

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
    round_ends : bool
        Close each end by a half ball beyond its length, in place of flat ends.
    """

    csa_mm2: float
    direction: Triple = (0.0, 0.0, 1.0)
    center_mm: Triple = (0.0, 0.0, 0.0)
    length_mm: float | None = None
    airway: StraightAirway | None = None
    round_ends: bool = False

    @property
    def radius_mm(self) -> float:
        """Its radius."""
        return float(np.sqrt(self.csa_mm2 / np.pi))


@dataclass(frozen=True, eq=False)
class TubePhantom:
    """Straight tubes as a scanner sees them, and their truth.

    Attributes
    ----------
    volume : Volume
        HU, float32.
    centerlines : Centerlines
        One branch a tube, in the order given, only the part inside the volume. Volumes are the
        blood that the voxels hold of each tube, without what an earlier tube holds.
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
    chest_wall: ChestWall | None = None,
) -> TubePhantom:
    """Render straight vessels, with airways beside them if wanted, in even parenchyma.

    The integral of (HU − parenchyma) / (blood − parenchyma) over a plane across a tube is its
    cross-sectional area.

    Parameters
    ----------
    tubes : list of StraightTube
        Vessels. Where two run into each other the blood counts once, for the earlier one.
    size, spacing_mm : tuple
        Voxels and their size along x, y, z. The volume is centered on the world's origin.
    psf_sigma_mm : tuple of float
        Standard deviation of the scanner's Gaussian along x, y, z; each voxel also averages over
        its own box, so the spacing along z is the slice thickness.
    parenchyma_hu, blood_hu, wall_hu : float
        Attenuations; lumina are air.
    noise_hu, noise_kernel, seed : float, str, int
        Noise as in `add_noise`.
    chest_wall : ChestWall or None
        Soft tissue on one side; no tube should reach into it.

    Returns
    -------
    TubePhantom
        HU volume and true centerlines.

    Raises
    ------
    AnalysisError
        An area is not positive, or a direction has no length.
    """
    x, y, z = (-0.5 * (n - 1) * step for n, step in zip(size, spacing_mm, strict=True))
    grid = Grid(size, spacing_mm, (x, y, z))
    fine = rendering_grid(grid, psf_sigma_mm)
    blur = PhantomBlur(fine.spacing, psf_sigma_mm)
    step = point_spacing(fine, blur)
    cut = [_cut(tube, grid, step) for tube in tubes]
    canvas = FractionCanvas(fine, blur)
    volume_mm3 = np.zeros(len(tubes))
    for number, piece in enumerate(cut):
        for points, share in _outside(piece, tubes[:number], step):
            canvas.add(points, share)
            # Voxels end half a voxel beyond their middles.
            volume_mm3[number] += share[_inside(points, grid)].sum()
    hu = parenchyma_hu + canvas.fraction * np.float32(blood_hu - parenchyma_hu)
    airways = [(tube, tube.airway) for tube in tubes if tube.airway]
    for material_hu, lumen in ((AIR_HU, True), (wall_hu, False)) if airways else ():
        canvas = FractionCanvas(fine, blur)
        for tube, airway in airways:
            canvas.add_tubes(_airway(tube, airway, grid, step, lumen=lumen))
        hu += canvas.fraction * np.float32(material_hu - parenchyma_hu)
    blur.finish(hu)
    hu = average_parts(hu, grid)
    if chest_wall is not None:
        share = chest_wall.share(grid, psf_sigma_mm)
        hu += share * np.float32(chest_wall.hu - parenchyma_hu)
    add_noise(hu, noise_hu, noise_kernel, np.random.default_rng(seed))
    return TubePhantom(Volume(hu, grid), _centerlines(cut, grid, volume_mm3 / 1000))


def _outside(
    piece: Tubes, others: list[StraightTube], step_mm: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Quadrature points (k, 3) of a tube and their volumes (k,), without those inside others."""
    for _, points, share in quadrature(piece, step_mm):
        at, volume = points.reshape(-1, 3), share.reshape(-1)
        for other in others:
            keep = ~_holds(other, at)
            at, volume = at[keep], volume[keep]
        yield at, volume


def _holds(tube: StraightTube, points: np.ndarray) -> np.ndarray:
    """Which points (n, 3) are inside a tube, bool (n,)."""
    axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
    offset = points - tube.center_mm
    along = offset @ axis
    half = np.inf if tube.length_mm is None else tube.length_mm / 2
    beyond = np.maximum(abs(along) - half, 0.0)
    across2 = (offset**2).sum(axis=1) - along**2
    inside = across2 + beyond**2 < tube.radius_mm**2
    return np.asarray(inside if tube.round_ends else inside & (beyond == 0))


def _inside(points: np.ndarray, grid: Grid) -> np.ndarray:
    half_mm = 0.5 * np.array(grid.size) * grid.spacing
    return np.asarray((abs(points) <= half_mm).all(axis=1))


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
    radius = np.full(count, tube.radius_mm)
    steps = np.full(count, step)
    if tube.round_ends:
        cap_along, cap_step, cap_radius = _half_ball(tube.radius_mm, step_mm)
        along = np.concatenate([-reach / 2 - cap_along[::-1], along, reach / 2 + cap_along])
        steps = np.concatenate([cap_step, steps, cap_step])
        radius = np.concatenate([cap_radius[::-1], radius, cap_radius])
    count = len(along)
    return Tubes(
        center_mm=np.array(tube.center_mm) + along[:, None] * tangent,
        tangent=np.tile(tangent, (count, 1)),
        inner_mm=np.zeros(count),
        outer_mm=radius,
        step_mm=steps,
        curvature=np.zeros((count, 3)),
    )


def _half_ball(radius_mm: float, step_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slices of a half ball: distance from its flat side, thickness and radius, all (k,)."""
    count = max(4, int(np.ceil(radius_mm / step_mm)))
    step = radius_mm / count
    at = (np.arange(count) + 0.5) * step
    # Mean area within each slice, so that the volume is the half ball's.
    return at, np.full(count, step), np.sqrt(radius_mm**2 - at**2 - step**2 / 12)


def _airway(
    tube: StraightTube, airway: StraightAirway, grid: Grid, step_mm: float, *, lumen: bool
) -> Tubes:
    """Lumen or wall of the airway beside a vessel."""
    vessel = _cut(replace(tube, round_ends=False), grid, step_mm)
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


def _centerlines(cut: list[Tubes], grid: Grid, volume_ml: np.ndarray) -> Centerlines:
    """Truth: the cross sections whose center is inside the volume, round ends left out."""
    full = [tube.outer_mm == tube.outer_mm.max() for tube in cut]
    parts = [
        tube.take(_inside(tube.center_mm, grid) & whole)
        for tube, whole in zip(cut, full, strict=True)
    ]
    csa = np.concatenate([part.area_mm2 for part in parts])
    # Round ends hold blood, too: each tube's is spread over its length.
    spread_ml = [
        np.full(len(part.step_mm), total / max(len(part.step_mm), 1))
        for part, total in zip(parts, volume_ml, strict=True)
    ]
    return Centerlines.measured(
        points_mm=np.concatenate([part.center_mm for part in parts]),
        branch_start=np.cumsum([0] + [len(part.step_mm) for part in parts]),
        csa_mm2=csa,
        size_class=Parameters().size_class(csa),
        point_volume_ml=np.concatenate(spread_ml),
        point_length_mm=np.concatenate([part.step_mm for part in parts]),
    )
