"""The layout manager, over the real layout logic."""

import vtk
from PySide6 import QtCore, QtWidgets

from standins.facts import MissingInStandIn
from standins.widgets.mrmlnodes import qMRMLWidget
from standins.widgets.mrmlviews import qMRMLPlotWidget, qMRMLTableWidget


class _Interactor:
    """The mouse in a slice view, which only knows how to place a point."""

    def __init__(self, logics, slice_node):
        self._logics, self._slice_node = logics, slice_node
        self._place, self._pressed = (0, 0), None

    def SetEventPosition(self, x, y):
        self._place = (x, y)

    def EnterEvent(self):
        """Nothing follows the mouse here."""

    MouseMoveEvent = EnterEvent

    def LeftButtonPressEvent(self):
        self._pressed = self._place

    def LeftButtonReleaseEvent(self):
        pressed, self._pressed = self._pressed, None
        application = self._logics.application
        interaction, selection = application.GetInteractionNode(), application.GetSelectionNode()
        if interaction.GetCurrentInteractionMode() != interaction.Place or pressed != self._place:
            return
        ras = self._slice_node.GetXYToRAS().MultiplyPoint((*self._place, 0.0, 1.0))[:3]
        point = self._logics.scene.GetNodeByID(selection.GetActivePlaceNodeID())
        point.AddControlPoint(vtk.vtkVector3d(ras))


class _InteractorStyle:
    def __init__(self, interactor):
        self._interactor = interactor

    def GetInteractor(self):
        return self._interactor


class qMRMLSliceView(qMRMLWidget):
    """A slice view; shows nothing."""

    _slice_node, _style = None, None

    def interactorStyle(self):
        return self._style

    def renderWindow(self):
        return None

    def mrmlSliceNode(self):
        return self._slice_node

    def scheduleRender(self):
        """Nothing to draw."""

    forceRender = scheduleRender


def _filled_by(widget, view_class):
    """Make the view that takes all of a widget."""
    view, layout = view_class(widget), QtWidgets.QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(view)
    return view


class qMRMLSliceWidget(qMRMLWidget):
    """One slice view with its real logic."""

    _logic = None

    def __init__(self, parent=None):
        super().__init__(parent)
        self._view = _filled_by(self, qMRMLSliceView)

    def sliceView(self):
        return self._view

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def fitSliceToBackground(self):
        self._logic.FitSliceToAll()


class qMRMLThreeDView(qMRMLWidget):
    """A 3D view with its real camera; draws nothing."""

    _view_node, _cameras = None, None

    def mrmlViewNode(self):
        return self._view_node

    def renderWindow(self):
        return None

    def cameraNode(self):
        return self._cameras.GetViewActiveCameraNode(self._view_node)

    def resetFocalPoint(self):
        """Nothing is drawn, so there are no bounds to center on."""

    resetCamera = scheduleRender = forceRender = resetFocalPoint


class qMRMLThreeDWidget(qMRMLWidget):
    """One 3D view."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._view = _filled_by(self, qMRMLThreeDView)

    def threeDView(self):
        return self._view

    def mrmlViewNode(self):
        return self._view._view_node


class qSlicerLayoutManager(QtCore.QObject):
    """Switches layouts and finds their views."""

    layoutChanged = QtCore.Signal(int)

    def __init__(self, logics):
        super().__init__()
        self._logics = logics
        self._viewport = QtWidgets.QFrame()
        self._widgets: dict = {}
        self.pauses = 0
        self.setLayout(3)  # Four-Up, Slicer's first

    def mrmlScene(self):
        return self._logics.scene

    def layoutLogic(self):
        return self._logics.layout

    def setLayout(self, layout):
        node = self._logics.layout.GetLayoutNode()
        before = node.GetViewArrangement()
        if node.GetLayoutDescription(layout) == "":
            raise MissingInStandIn(f"Layout {layout} was not added")
        self._logics.show_layout(layout)
        if layout != before:
            self.layoutChanged.emit(layout)

    def _layout(self) -> int:
        return self._logics.layout.GetLayoutNode().GetViewArrangement()

    layout = QtCore.Property(int, _layout, setLayout)

    def _views(self, kind: str) -> list:
        shown = self._logics.layout.GetViewNodes()
        nodes = [shown.GetItemAsObject(i) for i in range(shown.GetNumberOfItems())]
        return [node for node in nodes if node.IsA(kind)]

    threeDViewCount = QtCore.Property(int, lambda self: len(self._views("vtkMRMLViewNode")))
    tableViewCount = QtCore.Property(int, lambda self: len(self._views("vtkMRMLTableViewNode")))
    plotViewCount = QtCore.Property(int, lambda self: len(self._views("vtkMRMLPlotViewNode")))

    def sliceViewNames(self):
        return tuple(node.GetLayoutName() for node in self._views("vtkMRMLSliceNode"))

    def sliceWidget(self, name):
        nodes = [n for n in self._logics.nodes("vtkMRMLSliceNode") if n.GetLayoutName() == name]
        if not nodes:
            return None
        node = nodes[0]
        widget = self._widget(node, qMRMLSliceWidget)
        widget._logic = self._logics.application.GetSliceLogic(node)
        widget._view._slice_node = node
        if widget._view._style is None:
            widget._view._style = _InteractorStyle(_Interactor(self._logics, node))
        return widget

    def threeDWidget(self, index):
        node = self._nth("vtkMRMLViewNode", index)
        if node is None:
            return None
        widget = self._widget(node, qMRMLThreeDWidget)
        widget._view._view_node, widget._view._cameras = node, self._logics.modules["Cameras"]
        return widget

    def tableWidget(self, index):
        node = self._nth("vtkMRMLTableViewNode", index)
        widget = node and self._widget(node, qMRMLTableWidget)
        if widget:
            widget.setMRMLTableViewNode(node)
        return widget

    def plotWidget(self, index):
        node = self._nth("vtkMRMLPlotViewNode", index)
        widget = node and self._widget(node, qMRMLPlotWidget)
        if widget:
            widget.setMRMLPlotViewNode(node)
        return widget

    def _nth(self, kind: str, index: int):
        views = self._views(kind)
        return views[index] if 0 <= index < len(views) else None

    def _widget(self, node, widget_class):
        if node.GetID() not in self._widgets:
            widget = widget_class(self._viewport)
            widget.setMRMLScene(self._logics.scene)
            self._widgets[node.GetID()] = widget
        return self._widgets[node.GetID()]

    def viewport(self):
        return self._viewport

    def resetSliceViews(self):
        for node in self._views("vtkMRMLSliceNode"):
            self._logics.application.GetSliceLogic(node).FitSliceToAll()

    def resetThreeDViews(self):
        """Nothing is drawn, so there are no bounds to center on."""

    def mrmlSliceLogics(self):
        return self._logics.slice_logics

    def setRenderPaused(self, paused):
        self.pauses += 1 if paused else -1
        assert self.pauses >= 0, "resumed more often than paused; Slicer warns"

    def pauseRender(self):
        self.setRenderPaused(True)

    def resumeRender(self):
        self.setRenderPaused(False)
