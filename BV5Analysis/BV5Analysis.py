"""BV5 Analysis: pulmonary blood volume by vessel cross-sectional area, in 3D Slicer.

The module's classes as Slicer looks for them. What they do is in ``BV5AnalysisLib``: the panel in
``BV5AnalysisLib.panel``, everything without Qt in the layers below it. Slicer loads this file when
it starts, so heavy packages are loaded only when they are needed: names of `scene` are looked up at
their use.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from BV5AnalysisLib import scene
from BV5AnalysisLib.imaging.errors import AnalysisError
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

if TYPE_CHECKING:
    from BV5AnalysisLib.imaging.parameters import Parameters
    from BV5AnalysisLib.scene.case.edited import EditCheck
    from BV5AnalysisLib.scene.cohort.batch_table import BatchResult
    from BV5AnalysisLib.scene.cohort.cohort_nodes import CohortNodes
    from BV5AnalysisLib.scene.nodes.outcome import Outcome
    from BV5AnalysisLib.scene.views.display import DisplaySettings
    from BV5AnalysisLib.study.cohort.result import CohortResult

SAMPLE_CATEGORY = "BV5 Analysis"
SAMPLE_PHANTOM = "BV5 digital chest phantom"
SAMPLE_URI = "bv5analysis:phantom"


class BV5Analysis(ScriptedLoadableModule):
    """The module as Slicer lists it."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("BV5 Analysis")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = []
        parent.contributors = ["BV5 Analysis developers"]
        parent.helpText = _(
            "Measures from a chest CT how much of the blood in the lungs is in small, medium"
            " and large vessels (BV5, BV5-10, BV10), since small vessels are lost in diseases"
            " such as COVID-19, COPD and pulmonary hypertension. Finds lungs and vessels by"
            " itself, shows them for review and correction, and saves tables and a report."
            " Choose a CT volume and click Analyze; check and correct the vessels, accept or"
            " reject the result, and save the report. For research; not a medical device."
        )
        parent.acknowledgementText = _(
            "Classes by cross-sectional area after San José Estépar et al., Am J Respir Crit Care"
            " Med 2013;188:231, and Morris et al., Eur Respir J 2021;58:2004133."
        )
        slicer.app.connect("startupCompleted()", onStartupCompleted)


def onStartupCompleted() -> None:
    """Make known to Slicer what the module brings besides its panel.

    For a script, too, that loads the module into a Slicer that has started already.
    """
    registerLayouts()
    keepCharts()
    registerSampleData()  # Last: a Slicer may be built without that module.


def registerLayouts() -> None:
    """Make the module's layouts known: scenes that were saved in one open in it."""
    layoutNode = scene.scene_layout_node(slicer.mrmlScene)
    if layoutNode is not None:
        scene.register_layout(layoutNode)
        scene.register_layout(layoutNode, scene.COHORT_LAYOUT_ID, scene.cohort_layout_xml())


def keepCharts() -> None:
    """Keep cases' charts whole whenever a scene is loaded, whether the panel is open or not."""
    scene.ChartKeeper(slicer.mrmlScene)  # The scene's observers hold it.


def registerSampleData() -> None:
    """Offer data to try the module on, in the module Sample Data."""
    import SampleData

    logic = SampleData.SampleDataLogic
    if hasattr(logic, "registerCustomSampleDataCategory"):
        logic.registerCustomSampleDataCategory(SAMPLE_CATEGORY, title=_("BV5 Analysis"))
    if hasattr(logic, "registerUrlRewriteRule"):
        logic.registerUrlRewriteRule("BV5Analysis", _phantomFile)
    if logic.sampleDataSourcesByCategory(SAMPLE_CATEGORY):
        return  # Registered before this file was reloaded.
    checksum = "4507b664690840abb6cb9af2d919377ffc4ef75b167cb6fd0f747befdb12e38e"
    logic.registerCustomSampleDataSource(
        category=SAMPLE_CATEGORY,
        sampleName=SAMPLE_PHANTOM,
        thumbnailFileName=str(Path(__file__).parent / "Resources/Icons/BV5Phantom.png"),
        uris=SAMPLE_URI,
        fileNames="BV5-phantom.nrrd",
        nodeNames="BV5 phantom",
        customDownloader=loadPhantom,
    )
    logic.registerCustomSampleDataSource(
        category=SAMPLE_CATEGORY,
        sampleName="CTChest",
        thumbnailFileName=str(Path(SampleData.__file__).parent / "Resources/Icons/CTChest.png"),
        uris=f"{slicer.util.TESTING_DATA_URL}SHA256/{checksum}",
        fileNames="CT-chest.nrrd",
        nodeNames="CTChest",
        checksums=f"SHA256:{checksum}",
    )


def loadPhantom(_source: Any = None) -> slicer.vtkMRMLScalarVolumeNode | None:
    """Make the digital chest phantom, add it to the scene, and show it in the slice views.

    In a window this is done beside Slicer, with a progress dialog.

    Returns
    -------
    vtkMRMLScalarVolumeNode or None
        Its CT; None if the user cancelled.
    """
    if _isBesideSlicer():
        from BV5AnalysisLib.panel.process.sample_phantom import makePhantomFile

        path = Path(slicer.app.temporaryPath) / "BV5-phantom.nrrd"
        if not makePhantomFile(path):
            return None
        volume = scene.add_phantom_file(slicer.mrmlScene, "BV5 phantom", path)
        path.unlink()
    else:
        with slicer.util.WaitCursor():
            volume, _phantom = scene.add_phantom(
                slicer.mrmlScene, "BV5 phantom", progress=_showStep
            )
    logic = slicer.app.applicationLogic()
    logic.GetSelectionNode().SetActiveVolumeID(volume.GetID())
    logic.PropagateVolumeSelection(1)
    return volume


def _phantomFile(uri: str) -> str:
    """Make the phantom's file where Sample Data is about to get it, and return where it is."""
    if uri != SAMPLE_URI:
        return uri

    path = Path(slicer.app.temporaryPath) / "BV5-phantom.nrrd"
    scene.write_phantom_ct(path, _showStep)
    return path.as_uri()


def _isBesideSlicer() -> bool:
    """Whether there is a window to keep alive, and the program that works beside it."""
    return slicer.util.mainWindow() is not None and shutil.which("PythonSlicer") is not None


def _showStep(step: str, fraction: float) -> None:
    import qt

    slicer.util.showStatusMessage(f"{step} ({100 * fraction:.0f} %)", 5000)
    slicer.app.processEvents(qt.QEventLoop.ExcludeUserInputEvents)


class BV5AnalysisWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Gives the panel its form, its logic and its process, and tells it what Slicer tells."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.process = None
        self.panel = None
        self.uiWidget = None

    def setup(self) -> None:
        """Load the form, and show what is chosen.

        Called when the module is opened for the first time, just before `enter`, and on a reload,
        when the module may be open already and `enter` does not follow.
        """
        from BV5AnalysisLib.panel.panel import Panel
        from BV5AnalysisLib.panel.process.background import AnalysisProcess
        from BV5AnalysisLib.panel.process.reporting import ReportProcess

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/BV5Analysis.ui"))
        self.layout.addWidget(uiWidget)
        self.uiWidget = uiWidget
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = BV5AnalysisLogic()
        self.process = AnalysisProcess()
        self.panel = Panel(self.ui, self.logic, self.process, reports=ReportProcess())
        mrmlScene = slicer.mrmlScene
        self.addObserver(mrmlScene, mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(mrmlScene, mrmlScene.EndCloseEvent, self.onSceneEndClose)
        # A widget without Slicer's own parent, as scripts make it, knows of no entering.
        self.panel.setup(getattr(self.parent, "isEntered", True))

    def cleanup(self) -> None:
        """Stop what runs and let go of the scene; called before the widget is destroyed."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.cleanup()
            self.panel = None
        if self.uiWidget is not None:
            # After a reload it is still there, hidden, and would follow the scene for nobody.
            self.uiWidget.setMRMLScene(None)
            self.uiWidget = None

    def enter(self) -> None:
        """Go on; the user opens the module."""
        if self.panel is not None:
            self.panel.enter()

    def exit(self) -> None:
        """Stand back; the user opens another module."""
        if self.panel is not None:
            self.panel.exit()

    def onSceneStartClose(self, _caller: Any, _event: str) -> None:
        """Let go of the scene, which is about to be closed."""
        self.panel.sceneStartClose()

    def onSceneEndClose(self, _caller: Any, _event: str) -> None:
        """Begin anew with the scene, which was closed."""
        self.panel.sceneEndClose(self.parent.isEntered)

    def onReload(self) -> None:
        """Reload this file, and the library with it.

        The panel goes first: what it still had to load would be of the new library. Cases stay,
        as all that is known of them is in the scene.
        """
        self.cleanup()
        forgetLibrary()
        ScriptedLoadableModuleWidget.onReload(self)


def forgetLibrary() -> None:
    """Let the next import of the library read its files again."""
    for name in [name for name in sys.modules if name.split(".")[0] == "BV5AnalysisLib"]:
        del sys.modules[name]


class BV5AnalysisLogic(ScriptedLoadableModuleLogic):
    """What the module can do; needs no widget and no window.

    Examples
    --------
    In Slicer's Python console, with a chest CT chosen in the slice views::

        logic = BV5AnalysisLogic()
        outcome = logic.analyze(slicer.util.getNode("CTChest"))
        logic.showResults(outcome)
        logic.exportReport(outcome, "/path/of/a/new/folder")

    Problems that a user can solve are raised as `BV5AnalysisLib.imaging.errors.AnalysisError`;
    the scene is then as before. Views draw once for each of these calls, at its end: they would
    draw at nearly every change of a node, seconds in all. ``with slicer.util.RenderBlocker():``
    around several calls makes it one for all of them. The scene is not put into batch state: there
    the views forget what they show, that of other cases too, and all selectors begin anew.
    """

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleLogic.__init__(self, parent)
        self._editCheck: EditCheck | None = None

    def getParameterNode(self) -> Any:
        """Scene's parameter node, wrapped: the user's choices in the panel."""
        from BV5AnalysisLib.panel.parameter_node import BV5AnalysisParameterNode

        return BV5AnalysisParameterNode(super().getParameterNode())

    def reasonNotToAnalyze(self, inputVolume: slicer.vtkMRMLNode | None) -> str:
        """Why a volume cannot be analyzed and what to do; empty if it can."""
        return scene.reason_not_measurable(inputVolume)

    def analyze(
        self,
        inputVolume: slicer.vtkMRMLScalarVolumeNode,
        regionsSegmentation: slicer.vtkMRMLSegmentationNode | None = None,
        parameters: Parameters | None = None,
        progress: Callable[[str, float], None] | None = None,
        lungsSegmentation: slicer.vtkMRMLSegmentationNode | None = None,
    ) -> Outcome:
        """Measure a chest CT, in this process; the panel does so in one of its own.

        Parameters
        ----------
        inputVolume : vtkMRMLScalarVolumeNode
            Chest CT in HU.
        regionsSegmentation : vtkMRMLSegmentationNode, optional
            Segments to measure apart, such as lobes.
        parameters : Parameters, optional
            The defaults if not given.
        progress : callable, optional
            Called with step and fraction; may raise `Cancelled`.
        lungsSegmentation : vtkMRMLSegmentationNode, optional
            Lungs to measure in; segmented if not given.

        Returns
        -------
        Outcome
            The nodes that were added to the scene, see `BV5AnalysisLib.scene.nodes.outcome`.

        Raises
        ------
        AnalysisError
            The volume cannot be measured; the message says why and what to do.
        """
        case = scene.measured_case(
            inputVolume, lungsSegmentation, regionsSegmentation, parameters, progress
        )
        with slicer.util.RenderBlocker():
            return scene.add_case(slicer.mrmlScene, case, inputVolume, regionsSegmentation)

    def loadScan(self, path: Path | str, name: str = "") -> slicer.vtkMRMLScalarVolumeNode:
        """Add a chest CT to the scene, read and checked as ``bv5 analyze`` does.

        Parameters
        ----------
        path : path-like
            DICOM folder with one CT series, or .nrrd, .nii, .nii.gz, .mha or .mhd file.
        name : str, optional
            Name of the volume; that of the file or folder if not given.

        Returns
        -------
        vtkMRMLScalarVolumeNode
            The CT.

        Raises
        ------
        AnalysisError
            It cannot be read, or is no chest CT; the message says why and what to do.
        """
        from BV5AnalysisLib.imaging.reading.scan_reader import read_scan

        scan = read_scan(Path(path))
        return scene.add_scan(slicer.mrmlScene, scan, name or scan.source)

    def removeCase(self, outcome: Outcome) -> None:
        """Take a case's nodes out of the scene; the CT and given segmentations stay."""
        with slicer.util.RenderBlocker():
            scene.remove_case(outcome)

    def loadCase(
        self,
        folder: Path | str,
        inputVolume: slicer.vtkMRMLScalarVolumeNode | None = None,
        regionsSegmentation: slicer.vtkMRMLSegmentationNode | None = None,
    ) -> Outcome:
        """Add the output folder of ``bv5 analyze``, or of `exportReport`, to the scene.

        Parameters
        ----------
        folder : path-like
            The folder.
        inputVolume : vtkMRMLScalarVolumeNode, optional
            The CT that was analyzed; looked for in the scene if not given.
        regionsSegmentation : vtkMRMLSegmentationNode, optional
            The regions that were given.

        Returns
        -------
        Outcome
            The nodes.

        Raises
        ------
        AnalysisError
            The folder cannot be read, or the CT is another one.
        """
        from BV5AnalysisLib.case.files import read_case

        case = read_case(Path(folder))
        volume = inputVolume or scene.volume_of_case(slicer.mrmlScene, case)
        with slicer.util.RenderBlocker():
            return scene.add_case(slicer.mrmlScene, case, volume, regionsSegmentation)

    def recompute(self, outcome: Outcome, parameters: Parameters | None = None) -> Outcome:
        """Bring a case in line with its edited segmentations, without segmenting again.

        Parameters
        ----------
        outcome : Outcome
            The case.
        parameters : Parameters, optional
            With other class bounds; those of the case if not given.

        Returns
        -------
        Outcome
            The same nodes with new content.

        Raises
        ------
        AnalysisError
            Nodes were deleted that it takes, or a parameter was changed that needs a new analysis.
        """
        case = scene.recomputed_case(outcome, parameters)
        with slicer.util.RenderBlocker():
            scene.update_case(outcome, case)
        return outcome

    def isEdited(
        self, outcome: Outcome, changed: Iterable[slicer.vtkMRMLSegmentationNode] = ()
    ) -> bool:
        """Whether a case's segmentations are others than those that its numbers are of.

        Parameters
        ----------
        outcome : Outcome
            The case.
        changed : iterable of vtkMRMLSegmentationNode, optional
            Segmentations whose voxels are to be read anew, even if they do not look changed.

        Returns
        -------
        bool
            By content: an edit that was undone is none.
        """
        if self._editCheck is None:
            self._editCheck = scene.EditCheck()
        for segmentation in changed:
            self._editCheck.changed(segmentation)
        return self._editCheck.edited(outcome)

    def outcomes(self) -> list[Outcome]:
        """Cases of the scene, in the order in which they came."""
        return scene.find_outcomes(slicer.mrmlScene)

    def outcome(self, caseNode: slicer.vtkMRMLTextNode) -> Outcome:
        """Case of a case node; ValueError if it is none."""
        return scene.outcome_of(caseNode)

    def showResults(self, outcome: Outcome) -> None:
        """Show a case in the review layout; without a window, set up the views' nodes."""
        layoutNode = scene.scene_layout_node(slicer.mrmlScene)
        with slicer.util.RenderBlocker():
            if layoutNode is not None:
                scene.show_layout(layoutNode)
            scene.fill_views(slicer.mrmlScene, slicer.app.applicationLogic(), outcome)

    def isShown(self, outcome: Outcome) -> bool:
        """Whether the review layout shows a case already."""
        return scene.is_shown(slicer.mrmlScene, slicer.app.applicationLogic(), outcome)

    def restoreLayout(self) -> None:
        """Go back to the layout from before `showResults` or `showCohort`."""
        layoutNode = scene.scene_layout_node(slicer.mrmlScene)
        if layoutNode is not None:
            scene.restore_layout(layoutNode)

    def exportReport(self, outcome: Outcome, folder: Path | str, overwrite: bool = False) -> Path:
        """Write a case's folder: report, pictures, tables, record, segmentations, centerlines.

        The packages that draw it are installed when they are first needed, after a question.

        Parameters
        ----------
        outcome : Outcome
            The case, with its CT in the scene.
        folder : path-like
            The folder, which appears complete or not at all.
        overwrite : bool
            Replace a folder of a case that is there.

        Returns
        -------
        pathlib.Path
            ``report.html`` in the folder.

        Raises
        ------
        AnalysisError
            It cannot be written; the message says why and what to do.
        """
        ensureReportPackages()
        scene.write_outcome(outcome, Path(folder), overwrite)
        return Path(folder) / "report.html"

    def saveCase(self, outcome: Outcome, folder: Path | str, overwrite: bool = False) -> None:
        """Write a case's folder as `exportReport` does, but without report and pictures."""
        scene.write_outcome(outcome, Path(folder), overwrite, report=False)

    def exportTables(self, outcome: Outcome, path: Path | str) -> None:
        """Write the measurements of a case as CSV; AnalysisError if that fails."""
        scene.write_table(outcome, Path(path))

    def measurementsText(self, outcome: Outcome) -> str:
        """Measurements of a case, tab separated, as for the clipboard."""
        return scene.table_text(outcome)

    def setReview(self, outcome: Outcome, status: str, reviewer: str, comment: str) -> None:
        """Keep what a reader decided: ``accepted``, ``rejected``, or empty to take it back.

        AnalysisError says what does not fit; then nothing is changed.
        """
        from datetime import datetime

        from BV5AnalysisLib.case.files import Review

        for what, value in (("status", status), ("reviewer", reviewer), ("comment", comment)):
            if not isinstance(value, str):
                raise AnalysisError(
                    _("The {what} of a review must be text, not {value!r}.").format(
                        what=what, value=value
                    )
                )
        time = datetime.now().astimezone().isoformat(timespec="seconds") if status else ""
        scene.set_review(outcome, Review(status, reviewer, comment, time))

    def applyDisplay(self, outcome: Outcome, settings: DisplaySettings) -> None:
        """Change how a case is shown; only what differs is touched."""
        with slicer.util.RenderBlocker():
            scene.apply_display(outcome, settings)

    def selectBranch(
        self, outcome: Outcome, branchId: int, perpendicularView: str | None = None
    ) -> None:
        """Go to a branch in all views, and turn a slice view across it, such as ``Green``."""
        with slicer.util.RenderBlocker():
            scene.select_branch(outcome, branchId, perpendicularView, slicer.app.applicationLogic())

    def clearSelection(self, outcome: Outcome) -> None:
        """Undo `selectBranch`."""
        with slicer.util.RenderBlocker():
            scene.clear_selection(outcome, slicer.app.applicationLogic())

    def branchAt(self, outcome: Outcome, ras: tuple[float, float, float]) -> int | None:
        """ID of the branch at a position (RAS, mm); None if no vessel is near."""
        return scene.branch_at(outcome, ras)

    def excludeBranch(self, outcome: Outcome, branchId: int) -> None:
        """Erase a branch from the vessels; `recompute` then leaves it out of the numbers."""
        with slicer.util.RenderBlocker():
            scene.erase_branch(outcome, branchId)

    def editVessels(self, outcome: Outcome) -> None:
        """Open Segment Editor on a case's vessels; AnalysisError if they were deleted."""
        segmentation = outcome.vesselsSegmentation
        if segmentation is None:
            raise AnalysisError(
                _("The vessels segmentation was deleted; load the case again, or analyze again.")
            )
        # With surfaces, Segment Editor would renew them at each stroke, which takes seconds.
        segmentation.GetSegmentation().RemoveRepresentation(scene.SURFACE)
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.SegmentEditorWidget.editor
        editor.setSegmentationNode(segmentation)
        if outcome.inputVolume is not None:
            editor.setSourceVolumeNode(outcome.inputVolume)

    def analyzeBatch(
        self,
        manifestOrFolder: Path | str,
        outputFolder: Path | str,
        progress: Callable[[str, float], None] | None = None,
        **options: Any,
    ) -> BatchResult:
        """Measure many scans with ``bv5 batch``, and wait for it; Slicer stays usable.

        Parameters
        ----------
        manifestOrFolder : path-like
            CSV table with the columns ``case`` and ``path``, or a folder with scans anywhere in it.
        outputFolder : path-like
            Gets a folder a case, the tables of all, and a page to look through them.
        progress : callable, optional
            Called with step and fraction; may raise `Cancelled`, which ends the batch at once.
        **options
            Fields of `BV5AnalysisLib.study.batch.options.BatchJob`: ``parameters``
            (`Parameters`, or a dict of names and values), ``report`` (True by default), ``resume``
            to go on with an interrupted batch, ``retryFailed``, ``jobs``, ``scheduler``,
            ``reference`` (path of a file that ``bv5 cohort --reference`` wrote),
            ``keepIdentifiers``.

        Returns
        -------
        BatchResult
            Cases that were measured, and those that failed with their reasons.

        Raises
        ------
        AnalysisError
            Nothing was measured; the message says why and what to do.
        """
        from BV5AnalysisLib.panel.console.batch import analyzeBatch, batchJob

        job, parameters = batchJob(manifestOrFolder, outputFolder, options)
        return analyzeBatch(job, parameters, progress)

    def loadBatchTable(self, folder: Path | str, region: str = "both") -> slicer.vtkMRMLTableNode:
        """Add the measurements of a batch to the scene, a row a case, and show them.

        A case of it is opened by `loadCase` with the folder of its name.

        Parameters
        ----------
        folder : path-like
            Output folder of `analyzeBatch`.
        region : str
            Rows of which region; of all regions if empty.

        Returns
        -------
        vtkMRMLTableNode
            The table.

        Raises
        ------
        AnalysisError
            It is no such folder, or no case has this region.
        """
        table = scene.add_batch_table(slicer.mrmlScene, Path(folder), region)
        layoutManager = slicer.app.layoutManager()
        if layoutManager is not None and layoutManager.tableViewCount == 0:
            layoutManager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView)
        scene.show_table(slicer.mrmlScene, slicer.app.applicationLogic(), table)
        return table

    def analyzeCohort(
        self,
        measurements: Path | str,
        clinical: Path | str,
        outputFolder: Path | str | None = None,
        overwrite: bool = False,
        **options: Any,
    ) -> CohortResult:
        """Join measurements with clinical data, and compare groups, as ``bv5 cohort`` does.

        The packages that compute it are installed when they are first needed, after a question.

        Parameters
        ----------
        measurements : path-like
            ``measurements.csv``, or the output folder of `analyzeBatch`.
        clinical : path-like
            Table of the patients, CSV or XLSX, with the cases' names in a column ``case``.
        outputFolder : path-like, optional
            Gets Table 1, figures and report as files; nothing is written without.
        overwrite : bool
            Replace such a folder that is there.
        **options
            Fields of `BV5AnalysisLib.study.cohort.options.CohortOptions`: ``group_by``,
            ``threshold``, ``test``, ``outcome``, ``reference`` (a file to write) and others.

        Returns
        -------
        CohortResult
            All numbers; `showCohort` shows them.

        Raises
        ------
        AnalysisError
            It cannot be done; the message says why and what to do.
        """
        from BV5AnalysisLib.panel.console.cohort import analyzeCohort

        folder = None if outputFolder is None else Path(outputFolder)
        return analyzeCohort(Path(measurements), Path(clinical), folder, overwrite, options)

    def showCohort(self, result: CohortResult, name: str = "Cohort") -> CohortNodes:
        """Add a cohort's tables and plots to the scene, and show them in a layout of their own.

        Parameters
        ----------
        result : CohortResult
            As `analyzeCohort` gives it.
        name : str
            Of the folder in the scene; a cohort of the same name is replaced.

        Returns
        -------
        CohortNodes
            Tables and charts by their keys, such as ``tables["table1"]``; `restoreLayout` goes
            back to the layout from before.
        """
        from BV5AnalysisLib.panel.console.cohort import ensureStatistics

        ensureStatistics()
        layoutNode = scene.scene_layout_node(slicer.mrmlScene)
        with slicer.util.RenderBlocker():
            nodes = scene.add_cohort(slicer.mrmlScene, result, name)
            if layoutNode is not None:
                scene.show_layout(layoutNode, scene.COHORT_LAYOUT_ID, scene.cohort_layout_xml())
            scene.fill_cohort_views(slicer.mrmlScene, nodes)
        return nodes


def ensureReportPackages(ask: bool = True) -> None:
    """Install what draws reports if it is missing, after a question.

    Parameters
    ----------
    ask : bool
        Whether to ask; a script without a user cannot.

    Raises
    ------
    AnalysisError
        It is not installed now; the message says what the report needs.
    """
    from BV5AnalysisLib.panel.process.packages import REPORT, ensurePackages

    ensurePackages(REPORT, _("The report"), _("save the measurements as CSV"), ask)


class BV5AnalysisTest(ScriptedLoadableModuleTest):
    """Runs the whole module on a small phantom, in less than three minutes."""

    def setUp(self) -> None:
        """Start from an empty scene."""
        slicer.mrmlScene.Clear()

    def tearDown(self) -> None:
        """Leave nothing behind."""
        BV5AnalysisLogic().restoreLayout()
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run all tests, as Slicer's "Reload and Test" asks for."""
        self.setUp()
        try:
            self.test_BV5Analysis1()
        finally:
            self.tearDown()

    def test_BV5Analysis1(self) -> None:
        """Take a phantom all the way, from its CT to its report and back."""
        from BV5AnalysisLib.panel.self_test import run

        run(self, BV5AnalysisLogic(), self.delayDisplay)
