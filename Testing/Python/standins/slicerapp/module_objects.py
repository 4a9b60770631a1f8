"""`slicer.modules`, the module manager, and the main window with its module selector."""

from pathlib import Path

from PySide6 import QtCore, QtWidgets

from standins import facts
from standins.pythonqt.wrapping import to_python
from standins.widgets.mrmlnodes import qMRMLWidget


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The Qt side of a scripted module's widget."""

    def __init__(self, scene=None, make=None):
        super().__init__()
        self._make, self._python, self._entered = make, None, False
        self.setLayout(QtWidgets.QVBoxLayout())
        self.setMRMLScene(scene)

    def self(self):
        return self._python

    def reload(self):
        self._python = self._make(to_python(self))
        self._python.setup()

    isEntered = QtCore.Property(bool, lambda self: self._entered)

    def _switch(self, entered: bool) -> None:
        """Show or hide the panel; the module's widget hears of it, if it has a method for it."""
        self._entered = entered
        self.setVisible(entered)
        method = getattr(self._python, "enter" if entered else "exit", None)
        if method is not None:
            method()


class Module:
    """One module, as `slicer.modules.<name>` gives it; takes no other attributes."""

    __slots__ = (
        "_logic",
        "_make",
        "_widget",
        "acknowledgementText",
        "associatedNodeTypes",
        "categories",
        "contributors",
        "dependencies",
        "helpText",
        "hidden",
        "icon",
        "index",
        "name",
        "path",
        "title",
        "widgetRepresentationCreationEnabled",
    )

    def __init__(self, name: str, logic=None, path: str = "", make=None):
        self.name, self.title, self.path = name, name, path
        self.categories, self.dependencies, self.contributors = [], [], []
        self.helpText = self.acknowledgementText = ""
        self.icon, self.index, self.hidden = None, -1, False
        self._logic, self._make, self._widget = logic, make, None

    def logic(self):
        return self._logic

    def widgetRepresentation(self):
        """Return the module's widget, made when first asked for."""
        if self._widget is None and self._make is not None:
            self._widget = self._make()
            self._widget.reload()
        return to_python(self._widget)

    def connect(self, signal: str, receiver):
        raise facts.MissingInStandIn(f"Module.connect({signal!r})")


class Modules:
    """`slicer.modules`: refuses what Slicer lacks."""

    def __getattr__(self, name: str):
        if name in facts.names("slicer.modules"):
            raise facts.MissingInStandIn(f"slicer.modules.{name} exists in Slicer, not here")
        raise AttributeError(f"There is no slicer.modules.{name}")


class qSlicerModuleFactoryManager(QtCore.QObject):
    """Loads scripted modules from their files, after the start, too."""

    load_module = None
    """Loads one; `standins.installation.Slicer.load_module`."""

    def __init__(self, manager):
        super().__init__()
        self._manager, self._registered = manager, {}

    def loadedModuleNames(self):
        return tuple(self._manager.modules_by_name)

    def registerModule(self, file):
        self._registered[file.baseName()] = Path(file.absoluteFilePath())

    def loadModules(self, names):
        for name in names:
            if name not in self._registered:
                return False
            self.load_module(self._registered[name])
        return True


class qSlicerModuleManager(QtCore.QObject):
    """Knows the modules by their names."""

    moduleAboutToBeUnloaded = QtCore.Signal(str)
    moduleLoaded = QtCore.Signal(str)

    def __init__(self):
        super().__init__()
        self.modules_by_name: dict[str, Module] = {}
        self._factory = qSlicerModuleFactoryManager(self)

    def module(self, name):
        return self.modules_by_name.get(name)

    def factoryManager(self):
        return self._factory


class qSlicerModuleSelectorToolBar(QtWidgets.QToolBar):
    """Enters one module and leaves the other."""

    moduleSelected = QtCore.Signal(str)

    def __init__(self, manager):
        super().__init__()
        self._manager, self._selected = manager, ""

    selectedModule = QtCore.Property(str, lambda self: self._selected)

    def selectModule(self, name):
        if name == self._selected:
            return
        if name and self._manager.module(name) is None:
            raise facts.MissingInStandIn(f"Module {name} is not here")
        before, self._selected = self._manager.module(self._selected), name
        after = self._manager.module(name)
        for module, entered in ((before, False), (after, True)):
            if module is not None and module.widgetRepresentation() is not None:
                module._widget._switch(entered)
        self.moduleSelected.emit(name)


class qSlicerMainWindow(QtWidgets.QMainWindow):
    """The main window: found by its name, holds the module selector."""

    def __init__(self, manager):
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self._selector = qSlicerModuleSelectorToolBar(manager)
        self.addToolBar(self._selector)

    def moduleSelector(self):
        return self._selector

    def pythonConsole(self):
        return None
