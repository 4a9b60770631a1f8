"""What must not change a result, or not by much: how a scan is stored, its sides, noise, slices.

Each subject is measured as it is and changed: stored along other axes (the same patient in the
same place), mirrored left to right, with more noise, and with slices averaged to 2 mm.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from chest_phantoms.cases import USUAL_MM
from chest_phantoms.tables import signed, table
from resuming import HERE, IMAGING, OUT, Notes
from scans import scans

CACHE = OUT / "invariance.jsonl"
QUICK_SCALE = 0.6
NOISE_HU = 15.0
NOISE_SEED = 0
THICK_MM = 2.0
THIN_MM = 1.25
"""Scans with slices up to this are averaged to thicker ones."""


@dataclass(frozen=True)
class Change:
    """A way to change a scan.

    Attributes
    ----------
    name : str
        For the table.
    apply : callable
        ``Volume -> Volume``.
    bv5_points : float
        Target: BV5 % moves by no more.
    """

    name: str
    apply: Callable[[Volume], Volume]
    bv5_points: float


def permuted(volume: Volume) -> Volume:
    """Store the same patient in the same place with axes in another order, one of them flipped."""
    image = sitk.PermuteAxes(volume.to_sitk(), (1, 2, 0))
    return Volume.of(sitk.Flip(image, (True, False, False), flipAboutOrigin=False))


def flipped(volume: Volume) -> Volume:
    """Store the same patient in the same place with all axes running the other way."""
    return Volume.of(sitk.Flip(volume.to_sitk(), (True, True, True), flipAboutOrigin=False))


def mirrored_voxels(volume: Volume) -> Volume:
    """Mirror the patient: columns of voxels in reverse on the same grid."""
    return volume.with_array(np.ascontiguousarray(volume.array[:, :, ::-1]))


def mirrored_world(volume: Volume) -> Volume:
    """Mirror the patient: the same voxels on a left-handed grid."""
    direction = np.reshape(volume.grid.direction, (3, 3)).copy()
    direction[0] *= -1
    origin = (-volume.grid.origin[0], *volume.grid.origin[1:])
    grid = replace(volume.grid, direction=tuple(direction.ravel().tolist()), origin=origin)
    return Volume(volume.array, grid)


def noisier(volume: Volume) -> Volume:
    """Add white noise."""
    noise = np.random.default_rng(NOISE_SEED).normal(0, NOISE_HU, volume.array.shape)
    hu = np.rint(volume.array + noise)
    return volume.with_array(np.clip(hu, -1024, 3071).astype(np.int16))


def thicker(volume: Volume) -> Volume:
    """Average slices to thicker ones, by how much of each lies in the new slice.

    Parameters
    ----------
    volume : Volume
        Slices along its third axis.

    Returns
    -------
    Volume
        Slices of `THICK_MM`, as many as fit.
    """
    step = volume.grid.spacing[2]
    depth = len(volume.array)
    count = int(depth * step / THICK_MM)
    array = np.empty((count, *volume.array.shape[1:]), np.int16)
    for number in range(count):
        low, high = number * THICK_MM / step, (number + 1) * THICK_MM / step
        slices = np.arange(int(low), min(int(np.ceil(high)), depth))
        share = np.minimum(slices + 1, high) - np.maximum(slices, low)
        mean = np.tensordot(share / share.sum(), volume.array[slices].astype(np.float32), axes=1)
        array[number] = np.rint(mean)
    grid = volume.grid
    first = grid.index_to_world(np.array([[(THICK_MM / step - 1) / 2, 0.0, 0.0]]))[0]
    return Volume(
        array,
        replace(
            grid,
            size=(*grid.size[:2], count),
            spacing=(*grid.spacing[:2], THICK_MM),
            origin=tuple(first.tolist()),
        ),
    )


PLAIN = Change("as it is", lambda volume: volume, 0.0)
CHANGES = (
    Change("stored with axes permuted", permuted, 0.2),
    Change("stored with axes flipped", flipped, 0.2),
    Change("mirrored left to right, voxels", mirrored_voxels, 0.2),
    Change("mirrored left to right, grid", mirrored_world, 0.2),
    Change(f"+ {NOISE_HU:g} HU noise", noisier, 1.5),
)
THICKER = Change(f"slices averaged to {THICK_MM:g} mm", thicker, 3.0)


def changes_for(volume: Volume) -> tuple[Change, ...]:
    """List the changes that a scan allows: only thin slices can be averaged."""
    return (*CHANGES, THICKER) if volume.grid.spacing[2] < THIN_MM + 0.01 else CHANGES


def compare(name: str, volume: Volume, notes: Notes) -> Iterator[list[str]]:
    """Measure one subject as it is and changed.

    Parameters
    ----------
    name : str
        Of the subject.
    volume : Volume
        HU.
    notes : Notes
        Where measurements are kept.

    Yields
    ------
    list of str
        A row of the table a change.
    """
    plain = _measured(name, volume, PLAIN, notes)
    for change in changes_for(volume):
        found = _measured(name, volume, change, notes)
        if "error" in found or "error" in plain:
            why = found.get("error") or plain["error"]
            yield [name, change.name, "", "", "", f"not measured: {why}"]
            continue
        points = found["bv5_pct"] - plain["bv5_pct"]
        tpbv = 100 * (found["tpbv_ml"] / plain["tpbv_ml"] - 1)
        yield [
            name,
            change.name,
            f"{plain['bv5_pct']:.1f} → {found['bv5_pct']:.1f}",
            signed(points, 2),
            signed(tpbv, 2),
            f"{'yes' if abs(points) <= change.bv5_points else 'no'} (≤ {change.bv5_points:g})",
        ]


def _measured(name: str, volume: Volume, change: Change, notes: Notes) -> dict:
    """BV5 % and TPBV of a changed subject, or what stood in the way."""
    sha256 = hashlib.sha256(volume.array.tobytes()).hexdigest()
    question = {"subject": name, "sha256": sha256, "change": change.name}
    answer = notes.answer(question)
    if answer is None:
        print(f"{name}: {change.name} …", file=sys.stderr, flush=True)
        try:
            row = analyze(change.apply(volume).to_sitk()).measurements[0]
            answer = {"bv5_pct": row.bv5_pct, "tpbv_ml": row.tpbv_ml}
        except AnalysisError as error:
            answer = {"error": str(error)}
        notes.keep(question, answer)
    return answer


def subjects(options: argparse.Namespace) -> Iterator[tuple[str, Volume]]:
    """Yield name and HU of a chest phantom, and of each scan at hand unless it has to be quick."""
    scale = QUICK_SCALE if options.quick else options.scale
    spec = ChestPhantomSpec(scale=scale, seed=options.first_seed, spacing_mm=USUAL_MM)
    yield f"chest phantom, seed {spec.seed}", chest_phantom(spec).volume
    for path in () if options.quick else scans():
        yield path.name, read_scan(path).volume


def report(options: argparse.Namespace) -> str:
    """Measure all subjects and changes; Markdown."""
    header = ["scan", "change", "BV5 %", "moved by, points", "TPBV moved by %", "within the target"]
    notes = Notes(CACHE, [HERE / "invariance.py", IMAGING], resume=options.resume)
    rows = [row for name, volume in subjects(options) for row in compare(name, volume, notes)]
    note = "" if scans() else "\nNo scans at hand: `BV5_SCANS` names a folder with them.\n"
    return "### What must not change the result\n\n" + table(header, rows) + note
