"""Straight vessels for the tests of single steps: their places, lines and branches."""

import numpy as np
from BV5AnalysisLib.imaging.phantom import TubePhantom
from BV5AnalysisLib.imaging.vessels import linking, ridges
from BV5AnalysisLib.imaging.vessels.branches import Branches
from BV5AnalysisLib.imaging.vessels.ridge_points import RidgePoints

DIRECTIONS = [(0, 0, 1), (1, 0, 0), (0.6, -0.5, 0.62), (0.1, 0.9, 0.3), (1, 1, 0)]
"""World (x, y, z): along axes, along a diagonal, and neither."""

SAMPLE_STEP_MM = linking.CONSTANTS.sample_step_mm
ISOTROPIC = (0.7, 0.7, 0.7)
THICK = (0.7, 0.7, 1.25)


def to_frame(phantom: TubePhantom, world_mm) -> np.ndarray:
    """Points (n, 3) in the frame of find_ridge_points, (z, y, x) mm, of world points."""
    grid = phantom.volume.grid
    return grid.world_to_index(world_mm) * grid.spacing_zyx


def to_world(phantom: TubePhantom, frame_mm: np.ndarray) -> np.ndarray:
    """Undo `to_frame`."""
    grid = phantom.volume.grid
    return grid.index_to_world(frame_mm / grid.spacing_zyx)


def off_axis_mm(world_mm: np.ndarray, direction, center=(0, 0, 0)) -> np.ndarray:
    """Distance (n,) of world points from a line."""
    axis = np.array(direction) / np.linalg.norm(direction)
    from_center = world_mm - np.array(center)
    return np.linalg.norm(from_center - (from_center @ axis)[:, None] * axis, axis=1)


def matching_scale(csa_mm2: float) -> float:
    """Scale that finds a tube of this area: the one closest to its blurred radius over √2."""
    blurred = np.sqrt(csa_mm2 / np.pi / 2 + 0.5**2)
    return min(ridges.CONSTANTS.scales_mm, key=lambda scale: abs(np.log(scale / blurred)))


def line_branches(lines: list[np.ndarray], scales: list[float], nodes=None) -> Branches:
    """Branches along polylines of points (n, 3) that stand for `SAMPLE_STEP_MM` each."""
    tangents = [np.gradient(line, axis=0) for line in lines]
    tangents = [t / np.linalg.norm(t, axis=1, keepdims=True) for t in tangents]
    counts = [len(line) for line in lines]
    return Branches(
        position_mm=np.concatenate(lines),
        tangent=np.concatenate(tangents),
        scale_mm=np.repeat(np.array(scales, float), counts),
        step_mm=np.full(sum(counts), SAMPLE_STEP_MM),
        branch_start=np.concatenate([[0], np.cumsum(counts)]),
        end_node=np.arange(2 * len(lines)).reshape(-1, 2) if nodes is None else np.array(nodes),
        tree=np.arange(len(lines)),
    )


def straight(start, direction, length_mm: float) -> np.ndarray:
    """Points (n, 3) every `SAMPLE_STEP_MM` from a start; the middles of their pieces."""
    axis = np.array(direction, float) / np.linalg.norm(direction)
    count = round(length_mm / SAMPLE_STEP_MM)
    return np.array(start) + (np.arange(count) + 0.5)[:, None] * SAMPLE_STEP_MM * axis


def ridge_points(lines: list[np.ndarray], scale_mm: float = 0.7, step_mm: float = 0.7):
    """Ridge points on polylines, as `find_ridge_points` would give them."""
    directions = [np.gradient(line, axis=0) for line in lines]
    direction = np.concatenate(directions)
    position = np.concatenate(lines)
    count = len(position)
    return RidgePoints(
        position,
        direction / np.linalg.norm(direction, axis=1, keepdims=True),
        np.full(count, scale_mm),
        np.full(count, 300.0),
        np.full(count, step_mm),
    )
