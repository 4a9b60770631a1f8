"""Puts the stand-ins in place for one test, and everything back after it."""

import functools
import importlib.util
import sys
import time
import types
from dataclasses import dataclass, field
from pathlib import Path

import slicer
from PySide6 import QtWidgets

from standins import modules
from standins import qt as qt_standin
from standins.messages import Messages, start_recording
from standins.offscreen import qt_application
from standins.pythonqt.wrapping import to_python, wrapper_class
from standins.scripted.loading import load_all
from standins.slicerapp.application import qSlicerApplication
from standins.slicerapp.layout import qSlicerLayoutManager
from standins.slicerapp.logics import Logics
from standins.slicerapp.module_objects import (
    Module,
    Modules,
    qSlicerMainWindow,
    qSlicerModuleManager,
    qSlicerScriptedLoadableModuleWidget,
)
from standins.slicerapp.recorders import SampleDataWidget, make_packaging, make_sample_data
from standins.slicerapp.segment_editor import SegmentEditorWidget
from standins.slicerapp.utilities import utilities
from standins.widgets import widget_classes


def install_qt() -> types.ModuleType:
    """Put `qt` and `ctk` in place of whatever is there; return `qt`."""
    qt_application()
    sys.modules["qt"], sys.modules["ctk"] = qt_standin.make_module(), modules.make_ctk()
    return sys.modules["qt"]


@dataclass
class Slicer:
    """A running Slicer: what tests look at and turn."""

    scene: object
    app: object
    messages: Messages
    installed: list = field(default_factory=list)
    sample_data: dict = field(default_factory=dict)
    manager: object = None
    main_window: object = None

    def start(self) -> None:
        """Do what happens when Slicer's start is complete."""
        self.app._native.startupCompleted.emit()

    def spin(self, until, seconds: float = 30.0) -> None:
        """Run the event loop until `until()` holds; fail after so many seconds."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, f"Nothing came within {seconds} s"
            self.app.processEvents()
            time.sleep(0.002)

    def load_module(self, file: Path) -> types.ModuleType:
        """Load a scripted module from its file, as Slicer does at its start."""
        name = file.stem
        sys.path.insert(0, str(file.parent))
        spec = importlib.util.spec_from_file_location(name, file)
        python = importlib.util.module_from_spec(spec)
        sys.modules[name] = python
        spec.loader.exec_module(python)
        module = Module(name, path=str(file), make=lambda: self._widget_of(name))
        self.register_module(module)
        setattr(slicer.modules, f"{name}Instance", getattr(python, name)(module))
        return python

    def _widget_of(self, name: str, widget_class=None) -> qSlicerScriptedLoadableModuleWidget:
        """Make the Qt side of a module's widget; on reload it takes the class as it is then."""

        def make(parent):
            widget = (widget_class or getattr(sys.modules[name], f"{name}Widget"))(parent)
            setattr(slicer.modules, f"{name}Widget", widget)
            return widget

        return qSlicerScriptedLoadableModuleWidget(self.scene, make)

    def make_widget(self, name: str):
        """Make a scripted module's widget, set up; return its Python object."""
        return self.manager.modules_by_name[name].widgetRepresentation().self()

    def register_module(self, module: Module) -> None:
        """Make a module known under `slicer.modules` and to the module manager."""
        self.manager.modules_by_name[module.name] = module
        setattr(slicer.modules, module.name.lower(), module)


class Installation:
    """Starts a Slicer in this process; `remove` leaves no trace of it.

    `qt` and `ctk` must be in place (`standins.installation.install_qt`).
    """

    def __init__(self, folder: Path, with_main_window: bool = True):
        self._modules = dict(sys.modules)
        self._slicer, self._util = dict(vars(slicer)), dict(vars(slicer.util))
        self._path = list(sys.path)
        self._logics = Logics(str(folder))
        manager = qSlicerModuleManager()
        self._window = qSlicerMainWindow(manager) if with_main_window else None
        layout = qSlicerLayoutManager(self._logics) if with_main_window else None
        app = to_python(
            qSlicerApplication(self._logics, to_python(layout), to_python(manager), folder)
        )
        self.slicer = Slicer(
            self._logics.scene, app, start_recording(), manager=manager, main_window=self._window
        )
        manager.factoryManager().load_module = self.slicer.load_module
        self._fill_package(app)
        load_all()
        self._add_modules()

    def _fill_package(self, app) -> None:
        slicer.app, slicer.mrmlScene, slicer.modules = app, self._logics.scene, Modules()
        slicer.packaging = make_packaging(self.slicer.installed)
        sys.modules["slicer.packaging"] = slicer.packaging
        sys.modules["SampleData"] = make_sample_data(self.slicer.sample_data)
        for name, native in widget_classes().items():
            if not name.startswith("ctk"):
                setattr(slicer, name, wrapper_class(native))
        representation = wrapper_class(qSlicerScriptedLoadableModuleWidget)
        slicer.qSlicerScriptedLoadableModuleWidget = representation
        for name, value in utilities(sys.modules["qt"]).items():
            setattr(slicer.util, name, value)

    def _add_modules(self) -> None:
        for name, logic in self._logics.modules.items():
            self.slicer.register_module(Module(name, logic))
        editor = "SegmentEditor"
        make = functools.partial(self.slicer._widget_of, editor, SegmentEditorWidget)
        self.slicer.register_module(Module(editor, make=make))
        make = functools.partial(self.slicer._widget_of, "SampleData", SampleDataWidget)
        self.slicer.register_module(Module("SampleData", make=make))

    def remove(self) -> None:
        """Close the scene and the windows; restore modules, packages and paths."""
        for module in self.slicer.manager.modules_by_name.values():
            # As when Slicer quits: each module's widget cleans up.
            self.slicer.manager.moduleAboutToBeUnloaded.emit(module.name)
            if module._widget is not None:
                module._widget.setMRMLScene(None)
        for widget in QtWidgets.QApplication.topLevelWidgets():
            widget.close()
            widget.deleteLater()
        while QtWidgets.QApplication.overrideCursor() is not None:
            QtWidgets.QApplication.restoreOverrideCursor()
        self.slicer.app.processEvents()
        self._logics.close()
        _restore(slicer, self._slicer)
        _restore(slicer.util, self._util)
        # What else was imported meanwhile stays: numpy's and VTK's modules load only once.
        gone = [n for n in sys.modules if n not in self._modules and _of_a_test(n)]
        for name in gone:
            del sys.modules[name]
        sys.path[:] = self._path


def _of_a_test(name: str) -> bool:
    """Whether a module saw this test's `qt` or `slicer.app`, so must not be used again."""
    if name in {"SampleData", "BV5Analysis"} or name.startswith(
        ("slicer.", "BV5AnalysisLib.panel")
    ):
        return True
    return name.startswith("standins.scripted.") and not name.endswith(".loading")


def _restore(module: types.ModuleType, names: dict) -> None:
    for name in list(vars(module)):
        if name not in names:
            delattr(module, name)
    for name, value in names.items():
        if vars(module).get(name) is not value:
            setattr(module, name, value)
