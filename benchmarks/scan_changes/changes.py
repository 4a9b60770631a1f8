"""Changes of a scan that must move no number, or only a little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from BV5AnalysisLib.imaging.model.volume import Volume, triple

BILLIONTH = 1e-9
HUNDREDTH_HU = 0.01
OFFSET_HU = 10
TOP_SLICES = 20
AIR_HU = -850.0
"""A row at the edge is air if its mean is below: a table or an arm in it are cut off as well, and
that is more than air."""

SEED = 14


@dataclass(frozen=True)
class Change:
    """A way to change a scan, and what it may move.

    Attributes
    ----------
    name : str
        For the table.
    apply : callable
        ``Volume -> Volume or None``; turned volumes, LPS axes. None where a scan does not allow it.
    bv5_points, tpbv_pct : float
        What BV5 % and TPBV may move by; infinite where nothing is asked.
    is_absorbed : bool
        Reading is to round it off, so that nothing is left to measure.
    is_cut : bool
        Blood goes with what is cut off; what may move is the rest.
    """

    name: str
    apply: Callable[[Volume], Volume | None]
    bv5_points: float
    tpbv_pct: float = np.inf
    is_absorbed: bool = False
    is_cut: bool = False


def scaled(volume: Volume, factor: float) -> Volume:
    """Change the spacing."""
    spacing = triple(step * factor for step in volume.grid.spacing)
    return Volume(volume.array, replace(volume.grid, spacing=spacing))


def moved(volume: Volume, by_mm: float) -> Volume:
    """Change the origin."""
    origin = triple(place + by_mm for place in volume.grid.origin)
    return Volume(volume.array, replace(volume.grid, origin=origin))


def brighter(volume: Volume, by_hu: float) -> Volume:
    """Add to all values; whole numbers to whole ones."""
    if float(by_hu).is_integer():
        return volume.with_array((volume.array.astype(np.int32) + int(by_hu)).astype(np.int16))
    return volume.with_array(volume.array.astype(np.float32) + np.float32(by_hu))


def last_bits_flipped(volume: Volume) -> Volume:
    """Flip the last bit of each voxel, or not, at random."""
    bits = np.random.default_rng(SEED).integers(0, 2, volume.array.shape, np.int16)
    return volume.with_array(np.asarray(volume.array, np.int16) ^ bits)


def mirrored(volume: Volume) -> Volume:
    """Mirror the patient left to right."""
    return volume.with_array(np.ascontiguousarray(volume.array[:, :, ::-1]))


def without_edge(volume: Volume, axis: int, count: int, *, at_start: bool) -> Volume:
    """Cut planes off one end of an axis; the rest stays where it is."""
    rest = slice(count, None) if at_start else slice(None, -count)
    array = volume.array[(slice(None),) * axis + (rest,)]
    first = np.zeros((1, 3))
    first[0, axis] = count if at_start else 0
    origin = triple(volume.grid.index_to_world(first)[0].tolist())
    grid = replace(volume.grid, size=triple(array.shape[::-1]), origin=origin)
    return Volume(np.ascontiguousarray(array), grid)


def without_air(volume: Volume, axis: int, *, at_start: bool) -> Volume | None:
    """Cut one row of air off an edge; None where there is no air."""
    edge = np.take(volume.array, 0 if at_start else -1, axis)
    cut = without_edge(volume, axis, 1, at_start=at_start)
    return cut if edge.mean() < AIR_HU else None


PLAIN = Change("as it is", lambda volume: volume, 0.0)
FEW = (
    Change("spacing × (1 + 1e-9)", lambda v: scaled(v, 1 + BILLIONTH), 0.02, 0.1, is_absorbed=True),
    Change("spacing × (1 − 1e-9)", lambda v: scaled(v, 1 - BILLIONTH), 0.02, 0.1, is_absorbed=True),
    Change("origin + 1e-9", lambda v: moved(v, BILLIONTH), 0.02, 0.1, is_absorbed=True),
    Change("HU + 0.01", lambda v: brighter(v, HUNDREDTH_HU), 0.02, 0.1, is_absorbed=True),
    Change("last bits flipped", last_bits_flipped, 0.3, 0.5),
    Change("row of air off the right", lambda v: without_air(v, 2, at_start=True), 0.05, 0.2),
    Change("row of air off the front", lambda v: without_air(v, 1, at_start=True), 0.05, 0.2),
)
"""Asked of scans and random chests."""

MORE = (
    Change("row of air off the left", lambda v: without_air(v, 2, at_start=False), 0.05, 0.2),
    Change("row of air off the back", lambda v: without_air(v, 1, at_start=False), 0.05, 0.2),
    Change("mirrored", mirrored, 0.3),
    Change(f"HU + {OFFSET_HU}", lambda v: brighter(v, OFFSET_HU), 0.5),
    Change(f"HU − {OFFSET_HU}", lambda v: brighter(v, -OFFSET_HU), 0.5),
    Change(
        f"{TOP_SLICES} slices off the top, beyond the blood in them",
        lambda v: without_edge(v, 0, TOP_SLICES, at_start=False),
        0.3,
        is_cut=True,
    ),
)
"""Asked of scans besides."""

BY_NAME = {change.name: change for change in (PLAIN, *FEW, *MORE)}
