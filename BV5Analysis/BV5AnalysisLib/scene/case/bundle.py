"""A scene as one file that Slicer opens."""

from __future__ import annotations

import tempfile
from pathlib import Path

import slicer
import vtk


def save_scene(scene: slicer.vtkMRMLScene, path: Path) -> None:
    """Write a scene with all its data as a bundle.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to write; it keeps its own file names.
    path : pathlib.Path
        File to write, ending in ``.mrb``; it appears complete or not at all.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path = Path(path).resolve()
    messages = slicer.vtkMRMLMessageCollection()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".scene-") as folder:
        # The bundle's inner folder takes the file's name, so that has to be the final one.
        bundle = Path(folder) / path.name
        # What goes wrong is in the messages; VTK would print it besides.
        shown = vtk.vtkObject.GetGlobalWarningDisplay()
        vtk.vtkObject.GlobalWarningDisplayOff()
        try:
            done = scene.WriteToMRB(str(bundle), None, messages)
        finally:
            vtk.vtkObject.SetGlobalWarningDisplay(shown)
        if not done:
            reason = " ".join(messages.GetAllMessagesAsString().split())
            raise OSError(f"{path.name} cannot be written: {reason}")
        bundle.replace(path)
