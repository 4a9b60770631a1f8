"""The sample phantom is made beside Slicer, with progress and cancel."""

import sys

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError

CHILD = """#!{python}
import sys, time
from pathlib import Path
folder = Path(sys.argv[sys.argv.index("-o") + 1])
print('{{"step": "vessels", "fraction": 0.5}}', flush=True)
{does}
"""


@pytest.fixture
def child(python_slicer, small_phantom_result, tmp_path):
    """Let PythonSlicer do something else than make a phantom, which takes ten seconds."""
    from BV5AnalysisLib.case.nrrd import write_nrrd

    volume = small_phantom_result.scan.volume
    ct = tmp_path / "made.nrrd"
    write_nrrd(ct, volume.array, volume.grid)

    def let(does):
        python_slicer.write_text(CHILD.format(python=sys.executable, does=does.format(ct=ct)))

    return let


def left():
    """Names of what is left in Slicer's temporary folder."""
    from pathlib import Path

    return [each.name for each in Path(slicer.app.temporaryPath).iterdir()]


def test_it_is_made_shown_and_nothing_is_left(module, child, small_phantom_result):
    child('import shutil; folder.mkdir(); shutil.copy(r"{ct}", folder / "ct.nrrd")')
    volume = module.loadPhantom()
    assert volume.GetName() == "BV5 phantom"
    assert volume.GetImageData().GetDimensions() == small_phantom_result.scan.volume.grid.size
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveVolumeID() == volume.GetID()
    assert left() == []


def test_it_can_be_cancelled(module, child, qt, monkeypatch):
    child("time.sleep(60)")
    made = slicer.util.createProgressDialog

    def cancelled(*arguments, **named):
        dialog = made(*arguments, **named)
        qt.QTimer.singleShot(200, dialog.cancel)
        return dialog

    monkeypatch.setattr(slicer.util, "createProgressDialog", cancelled)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    assert module.loadPhantom() is None
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert left() == []


def test_why_it_failed_is_told(module, child):
    child('sys.exit(print("bv5: The disk is full.", file=sys.stderr) or 1)')
    with pytest.raises(AnalysisError, match="The disk is full"):
        module.loadPhantom()
    assert left() == []
