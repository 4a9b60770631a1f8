"""`slicer.app`."""

import tempfile
import zipfile
from pathlib import Path

from PySide6 import QtCore, QtWidgets

from standins.facts import MissingInStandIn
from standins.pythonqt.ownership import check_ownership
from standins.widgets.properties import kept

_Application = QtWidgets.QApplication


class qSlicerCommandOptions(QtCore.QObject):
    """How the program was started."""

    runPythonAndExit = kept(bool, False)


class qSlicerCoreIOManager(QtCore.QObject):
    """Reads and writes scenes; of other files nothing is known here."""

    def __init__(self, logics):
        super().__init__()
        self._logics = logics

    def saveNodes(self, kind, properties, messages):
        self._check(kind, properties)
        return self._logics.scene.WriteToMRB(properties["fileName"], None, messages)

    def loadNodes(self, kind, properties, nodes, messages):
        """Import a bundle; the scene's own reader of it takes Slicer's cache folder."""
        self._check(kind, properties)
        scene = self._logics.scene
        with (
            tempfile.TemporaryDirectory() as folder,
            zipfile.ZipFile(properties["fileName"]) as file,
        ):
            file.extractall(folder)
            (inner,) = Path(folder).glob("*/*.mrml")
            scene.SetURL(str(inner))
            return bool(scene.Import(messages))

    def _check(self, kind, properties):
        if kind != "SceneFile" or not properties["fileName"].endswith(".mrb"):
            raise MissingInStandIn(f"{kind} {properties['fileName']}")


class ctkErrorLogModel(QtCore.QObject):
    """What was logged; here nothing is."""

    def filePath(self):
        return ""

    def logEntryCount(self):
        return 0

    def logEntryDescription(self, row):
        return ""


class qSlicerApplication(QtCore.QObject):
    """The application: what a module asks it for."""

    startupCompleted = QtCore.Signal()
    aboutToQuit = QtCore.Signal()
    renderPaused = QtCore.Signal(bool)

    def __init__(self, logics, layout_manager, module_manager, folder: Path):
        super().__init__()
        self._logics, self._layout_manager = logics, layout_manager
        self._module_manager, self._folder = module_manager, folder
        self._temporary_path = str(folder / "temporary")
        Path(self._temporary_path).mkdir()
        self._settings = QtCore.QSettings(
            str(folder / "Slicer.ini"), QtCore.QSettings.Format.IniFormat
        )
        self._error_log = ctkErrorLogModel()
        self._command_options, self._io = qSlicerCommandOptions(), qSlicerCoreIOManager(logics)
        self.testing = False

    def applicationLogic(self):
        return self._logics.application

    def layoutManager(self):
        return self._layout_manager

    def moduleManager(self):
        return self._module_manager

    def moduleLogic(self, name):
        return self._logics.modules.get(name)

    def mrmlScene(self):
        return self._logics.scene

    def commandOptions(self):
        return self._command_options

    def coreIOManager(self):
        return self._io

    def exit(self, status=0):
        _Application.exit(status)

    def activeModalWidget(self):
        return _Application.activeModalWidget()

    def overrideCursor(self):
        return _Application.overrideCursor()

    def errorLogModel(self):
        return self._error_log

    def testingEnabled(self):
        return self.testing

    def settings(self):
        return self._settings

    userSettings = revisionUserSettings = settings

    def _set_temporary_path(self, path):
        self._temporary_path = path

    temporaryPath = QtCore.Property(str, lambda self: self._temporary_path, _set_temporary_path)
    applicationName = QtCore.Property(str, lambda _self: "Slicer")
    mainApplicationName = QtCore.Property(str, lambda _self: "Slicer")
    applicationVersion = QtCore.Property(str, lambda _self: "5.13.0-2026-08-21")
    mainApplicationDisplayName = QtCore.Property(str, lambda _self: "3D Slicer")
    majorVersion = QtCore.Property(int, lambda _self: 5)
    minorVersion = QtCore.Property(int, lambda _self: 13)
    revision = QtCore.Property(str, lambda _self: "0")
    os = QtCore.Property(str, lambda _self: "linux")
    platform = QtCore.Property(str, lambda _self: "linux-amd64")
    slicerHome = QtCore.Property(str, lambda self: str(self._folder))
    cachePath = QtCore.Property(str, lambda self: str(self._folder / "cache"))
    defaultScenePath = QtCore.Property(str, lambda self: str(self._folder))
    documentationBaseUrl = QtCore.Property(str, lambda _self: "https://slicer.readthedocs.io/")

    def moduleDocumentationUrl(self, name):
        return f"{self.documentationBaseUrl}{name}"

    def translate(self, context, text):
        return text

    def startupEnvironment(self):
        """Return the environment that Slicer was started in: a QProcessEnvironment."""
        return QtCore.QProcessEnvironment.systemEnvironment()

    def environment(self):
        return QtCore.QProcessEnvironment.systemEnvironment()

    def processEvents(self, flags=None):
        check_ownership()
        _Application.processEvents()
        _Application.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)

    def pauseRender(self):
        self.setRenderPaused(True)

    def resumeRender(self):
        self.setRenderPaused(False)

    def setRenderPaused(self, paused):
        if self._layout_manager is not None:
            self._layout_manager.setRenderPaused(paused)
        self.renderPaused.emit(paused)

    def clipboard(self):
        return _Application.clipboard()

    def style(self):
        return _Application.style()

    def palette(self):
        return _Application.palette()

    def font(self):
        return _Application.font()

    def keyboardModifiers(self):
        return _Application.keyboardModifiers()

    def activeWindow(self):
        return _Application.activeWindow()

    def topLevelWidgets(self):
        return _Application.topLevelWidgets()

    def setOverrideCursor(self, cursor):
        _Application.setOverrideCursor(cursor)

    def restoreOverrideCursor(self):
        _Application.restoreOverrideCursor()

    def restart(self):
        raise SystemExit("Slicer would restart")
