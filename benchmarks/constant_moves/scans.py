"""The small chest that constants are tried on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.phantom import ChestPhantom, ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.phantom.noise import add_noise

SPEC = ChestPhantomSpec(seed=3, scale=0.6, spacing_mm=(0.9, 0.9, 1.25), noise_hu=0.0)
"""As small as the analysis finds trachea, lungs and sides in by itself; of three anatomies the
one whose result other noise moves least."""

NOISE_HU, KERNEL = 20.0, "smooth"
NUDGE = 1e-4
"""Share by which voxels grow in a change that should do nothing."""


def noisy(phantom: ChestPhantom, seed: int) -> Volume:
    """Give the phantom's image noise of its own."""
    hu = phantom.volume.array.astype(np.float32)
    add_noise(hu, NOISE_HU, KERNEL, np.random.default_rng(seed))
    return phantom.volume.with_array(np.rint(hu).astype(np.int16))


def write_phantoms(folder: Path, noise_seeds: range) -> tuple[ChestPhantom, list[Path]]:
    """Write the small chest once for each seed of the noise."""
    folder.mkdir(parents=True, exist_ok=True)
    phantom = chest_phantom(SPEC)
    paths = []
    for seed in noise_seeds:
        paths.append(folder / f"chest_{seed}.nrrd")
        sitk.WriteImage(noisy(phantom, seed).to_sitk(), paths[-1])
    return phantom, paths


def write_nudged(image: sitk.Image, path: Path) -> Path:
    """Write a scan with voxels that are larger by next to nothing."""
    nudged = sitk.Image(image)
    nudged.SetSpacing([step * (1 + NUDGE) for step in image.GetSpacing()])
    sitk.WriteImage(nudged, path)
    return path
