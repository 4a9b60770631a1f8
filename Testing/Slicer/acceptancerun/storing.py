"""Volumes as files, by Slicer's own storage."""

from __future__ import annotations

from pathlib import Path

import slicer


def write_volume(volume: slicer.vtkMRMLScalarVolumeNode, path: Path) -> None:
    """Write a volume as NRRD; the node keeps its own storage."""
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    storage.SetUseCompression(0)
    if not storage.WriteData(volume):
        raise OSError(f"{path} could not be written")
