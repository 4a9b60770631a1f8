"""The sample phantom, made in a process: it takes ten seconds, in which no window would respond."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError
from .output import PREFIX, progressIn
from .side_command import SideCommand
from .temporary import remove

LOOK_SECONDS = 0.02


def makePhantomFile(path: Path) -> bool:
    """Write the CT of the sample phantom, with a progress dialog that can be cancelled.

    Parameters
    ----------
    path : pathlib.Path
        File to write, NRRD.

    Returns
    -------
    bool
        False if the user cancelled; then there is no file.

    Raises
    ------
    AnalysisError
        It could not be made; the message says why.
    """
    from ...scene.case.sample_data import SPEC

    temporary = Path(slicer.app.temporaryPath)
    temporary.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary))
    options = ["--seed", str(SPEC.seed), "--scale", str(SPEC.scale)]
    options += ["--spacing", *map(str, SPEC.spacing_mm), "--progress", "json"]
    try:
        child = SideCommand(["phantom", "-o", str(folder / "phantom"), *options], folder)
        try:
            if not _waited(child):
                return False
        finally:
            child.end()
        if problem := child.problem():
            raise AnalysisError(_("The phantom could not be made: {0}").format(problem))
        shutil.move(folder / "phantom" / "ct.nrrd", path)
    finally:
        remove(folder)
    return True


def _waited(child: SideCommand) -> bool:
    """Serve the window until a command has ended; False if the user cancels."""
    # Modal: nothing else can be started that would have to end before this call returns.
    dialog = slicer.util.createProgressDialog(
        labelText=_("Making the digital chest phantom"),
        windowTitle=_("BV5 Analysis"),
        windowModality=qt.Qt.WindowModal,
    )
    dialog.autoClose = dialog.autoReset = False
    try:
        while not child.isOver():
            slicer.app.processEvents()
            if dialog.wasCanceled:
                return False
            for progress in filter(None, map(progressIn, child.lines())):
                dialog.value = round(100 * progress[1])
            time.sleep(LOOK_SECONDS)
    finally:
        dialog.close()  # The main window owns it.
    return True
