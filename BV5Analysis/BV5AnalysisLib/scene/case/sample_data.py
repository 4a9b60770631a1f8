"""The digital chest phantom as a volume, as sample data."""

from __future__ import annotations

from pathlib import Path

import slicer

from ...case.nrrd import write_nrrd
from ...imaging.phantom import ChestPhantom, ChestPhantomSpec, chest_phantom
from ...imaging.progress import Progress
from ...imaging.reading.scan_reader import read_scan
from ..nodes.images import add_volume

SPEC = ChestPhantomSpec(seed=1, scale=0.75)
"""A small chest, as that of `bv5 demo`."""


def add_phantom(
    scene: slicer.vtkMRMLScene,
    name: str,
    spec: ChestPhantomSpec | None = None,
    progress: Progress | None = None,
) -> tuple[slicer.vtkMRMLScalarVolumeNode, ChestPhantom]:
    """Make a phantom and add its CT to a scene.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Name of the volume node; made unique.
    spec : ChestPhantomSpec, optional
        What it is to be; `SPEC` if not given.
    progress : callable, optional
        Called with step and fraction; may raise `Cancelled`.

    Returns
    -------
    volume : vtkMRMLScalarVolumeNode
        CT in HU.
    phantom : ChestPhantom
        Its truth.
    """
    phantom = chest_phantom(spec or SPEC, progress)
    return add_volume(scene, scene.GenerateUniqueName(name), phantom.volume), phantom


def write_phantom_ct(path: Path, progress: Progress | None = None) -> None:
    """Write the sample phantom's CT as NRRD; OSError if the file cannot be written."""
    ct = chest_phantom(SPEC, progress).volume
    write_nrrd(path, ct.array, ct.grid)


def add_phantom_file(
    scene: slicer.vtkMRMLScene, name: str, path: Path
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add the CT of a phantom that ``bv5 phantom`` made.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Name of the volume node; made unique.
    path : pathlib.Path
        Its NRRD file.

    Returns
    -------
    vtkMRMLScalarVolumeNode
        CT in HU.

    Raises
    ------
    AnalysisError
        The file cannot be read.
    """
    return add_volume(scene, scene.GenerateUniqueName(name), read_scan(path).volume)
