"""The module is there, and the sample phantom comes into the scene by Sample Data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import qt
import slicer

from .. import window
from ..options import SAMPLE_PHANTOM
from ..run import MODULE, Run
from ..steps import Where, step
from ..storing import write_volume

SAMPLE = "BV5 digital chest phantom"
CATEGORY = "BV5 Analysis"
CHECKOUT = Path(__file__).resolve().parents[4] / "BV5Analysis" / "BV5Analysis.py"


@step("module", "The module is in this Slicer, and its panel opens", limit=60)
def module(run: Run) -> None:
    run.scratch.mkdir()
    if not hasattr(slicer.modules, MODULE.lower()):
        _load_from_checkout(run)
    import BV5AnalysisLib

    import BV5Analysis

    run.note(f"Module: {BV5Analysis.__file__}")
    run.note(f"Library: {BV5AnalysisLib.__version__}")
    slicer.mrmlScene.Clear(0)
    if not run.has_window:
        run.check(run.logic.reasonNotToAnalyze(None), "nothing says what is missing")
        return
    window.arrange(run.options.size)
    run.open_panel()
    ui = run.ui
    run.check(not ui.analyzeButton.enabled, "Analyze is enabled without a CT")
    run.check(not ui.cancelButton.enabled, "Cancel is enabled without an analysis")
    run.check(ui.analyzeHintLabel.text, "nothing says what is missing")
    run.check(not ui.saveReportButton.enabled, "Save report is enabled without a case")


def _load_from_checkout(run: Run) -> None:
    factory = slicer.app.moduleManager().factoryManager()
    factory.registerModule(qt.QFileInfo(str(CHECKOUT)))
    run.check(factory.loadModules([MODULE]), f"{CHECKOUT} could not be loaded")
    import BV5Analysis

    # Slicer's start, at which it would be called, is over.
    BV5Analysis.onStartupCompleted()
    run.note("This Slicer lacked the module; it was loaded from the checkout.")


@step(
    "sample",
    "Sample Data makes the phantom, and shows it in the slice views",
    limit=300,
)
def sample(run: Run) -> None:
    import SampleData

    logic = SampleData.SampleDataLogic()
    run.wait(
        lambda: logic.sampleDataSourcesByCategory(CATEGORY), 20, "the sample data are registered"
    )
    sources = logic.sampleDataSourcesByCategory(CATEGORY)
    (source,) = (each for each in sources if each.sampleName == SAMPLE)
    run.check(Path(source.thumbnailFileName).is_file(), "its button has no picture")
    with _phantom_of(run):
        volume = _by_its_button(run, source) if run.has_window else _by_script(logic, source)
    slicer.app.processEvents()
    run.equal(volume.GetName(), "BV5 phantom", "name of the CT")
    write_volume(volume, run.ct_file)
    run.volume = volume
    if run.has_window:
        selection = slicer.app.applicationLogic().GetSelectionNode()
        run.equal(selection.GetActiveVolumeID(), volume.GetID(), "volume in the slice views")
    run.equal(run.logic.reasonNotToAnalyze(volume), "", "why it cannot be analyzed")
    # As Slicer hands geometry over; the numbers must not depend on it.
    spacing = volume.GetSpacing()
    volume.SetSpacing(*(float(np.nextafter(each, 0.0)) for each in spacing))


@step(
    "ct-chosen",
    "The CT that came while the panel was open is chosen there",
    limit=30,
    where=Where.WINDOW,
    picture="1-input",
)
def ct_chosen(run: Run) -> None:
    volume = run.need_volume()
    chosen = run.ui.inputVolumeSelector.currentNode()
    run.choose_ct()  # for the picture, and the steps that follow
    run.check(chosen is volume, "the panel did not choose the CT")
    run.check(run.ui.analyzeButton.enabled, "Analyze is disabled")
    run.check(not run.ui.analyzeHintLabel.visible, f"told: {run.ui.analyzeHintLabel.text}")


def _by_its_button(run: Run, source) -> slicer.vtkMRMLScalarVolumeNode:
    """Click the button in Sample Data, while the panel is shown."""
    before = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    widget = slicer.modules.sampledata.widgetRepresentation()
    slicer.util.findChild(widget, f"{source.sampleName}PushButton").click()
    after = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    new = [node for node in after if node not in before]
    run.equal(len(new), 1, "volumes that the button brought")
    return new[0]


def _by_script(logic, source) -> slicer.vtkMRMLScalarVolumeNode:
    """Get it as scripts do: as a file, which the module makes where it would be fetched."""
    (volume,) = logic.downloadFromSource(source, forceDownload=True)
    return volume


@contextmanager
def _phantom_of(run: Run) -> Iterator[None]:
    """Make the phantom that the options ask for."""
    from BV5AnalysisLib.scene.case import sample_data

    sample, (scale, voxel_mm) = sample_data.SPEC, run.options.phantom
    if run.options.phantom != SAMPLE_PHANTOM:
        sample_data.SPEC = dataclasses.replace(sample, scale=scale, spacing_mm=(voxel_mm,) * 3)
    try:
        yield
    finally:
        sample_data.SPEC = sample
