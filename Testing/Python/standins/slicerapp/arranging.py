"""Lays the views of a layout out in the main window, as Slicer's layout manager does."""

from xml.etree import ElementTree

from PySide6 import QtCore, QtWidgets

_ORIENTATIONS = {
    "horizontal": QtCore.Qt.Orientation.Horizontal,
    "vertical": QtCore.Qt.Orientation.Vertical,
}


class Arranger:
    """Keeps the viewport's views as the layout node describes them.

    Parameters
    ----------
    manager : qSlicerLayoutManager
        Finds the views' widgets, and has the viewport.
    """

    def __init__(self, manager):
        self._manager, self._shown = manager, None
        QtWidgets.QVBoxLayout(manager.viewport()).setContentsMargins(0, 0, 0, 0)
        self._node = manager.layoutLogic().GetLayoutNode()
        self._tag = self._node.AddObserver("ModifiedEvent", lambda *_: self.arrange())
        self.arrange()

    def stop(self) -> None:
        self._node.RemoveObserver(self._tag)

    def arrange(self) -> None:
        """Show the layout's views, and only these."""
        text = self._node.GetLayoutDescription(self._node.GetViewArrangement())
        if not text or text == self._shown:
            return
        self._shown, viewport = text, self._manager.viewport()
        before = viewport.layout().takeAt(0)
        for widget in self._manager._widgets.values():
            widget.hide()
            widget.setParent(viewport)
        if before is not None:
            before.widget().deleteLater()
        root = self._made(ElementTree.fromstring(text))
        viewport.layout().addWidget(root)
        root.show()

    def _made(self, element) -> QtWidgets.QWidget:
        """Widget of a layout or a view."""
        if element.tag == "view":
            widget = self._view(element.get("class"), element.get("singletontag"))
            widget.show()
            return widget
        splitter = QtWidgets.QSplitter(_ORIENTATIONS[element.get("type")])
        sizes = []
        for item in element.findall("item"):
            splitter.addWidget(self._made(item[0]))
            sizes.append(int(item.get("splitSize", 0)))
        if all(sizes):
            splitter.setSizes(sizes)
        return splitter

    def _view(self, kind: str, tag: str) -> QtWidgets.QWidget:
        views = self._manager._views(kind)
        # The only 3D view of a layout is called by number or not at all.
        (number,) = [
            n for n, node in enumerate(views) if node.GetSingletonTag() == tag or len(views) == 1
        ]
        if kind == "vtkMRMLSliceNode":
            return self._manager.sliceWidget(tag)
        getters = {
            "vtkMRMLViewNode": self._manager.threeDWidget,
            "vtkMRMLTableViewNode": self._manager.tableWidget,
            "vtkMRMLPlotViewNode": self._manager.plotWidget,
        }
        return getters[kind](number)
