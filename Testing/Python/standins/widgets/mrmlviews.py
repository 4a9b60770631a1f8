"""Slicer's table, plot, slice and 3D views as a panel may hold them."""

from PySide6 import QtCore, QtGui, QtWidgets

from standins.widgets.mrmlnodes import qMRMLWidget as _SceneWidget
from standins.widgets.properties import kept

_TEXT = QtCore.Qt.ItemDataRole.DisplayRole
_CENTER = QtCore.Qt.AlignmentFlag.AlignCenter


class qMRMLTableView(QtWidgets.QTableView):
    """Shows a table node."""

    object_signals = {"mrmlSceneChanged(vtkMRMLScene*)": "_mrml_scene_changed"}
    _mrml_scene_changed = QtCore.Signal(object)
    _scene, _node, _view_node, _observed = None, None, None, None
    firstRowLocked = kept(bool, False, then="_fill")
    firstColumnLocked = kept(bool, False)
    transposed = kept(bool, False)

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        self._scene = scene
        self._mrml_scene_changed.emit(scene)

    def mrmlTableNode(self):
        return self._node

    def setMRMLTableNode(self, node):
        if self._observed:
            self._node.RemoveObserver(self._observed)
        self._node = node
        self._observed = node and node.AddObserver("ModifiedEvent", lambda *_: self._fill())
        self._fill()

    def mrmlTableViewNode(self):
        return self._view_node

    def setMRMLTableViewNode(self, view_node):
        self._view_node = view_node
        self.setMRMLTableNode(view_node.GetTableNode() if view_node else None)

    def _fill(self):
        table = self._node.GetTable() if self._node else None
        model = QtGui.QStandardItemModel(self)
        if table is not None:
            rows = range(table.GetNumberOfRows())
            first = int(self._node.GetUseFirstColumnAsRowHeader())
            columns = range(first, table.GetNumberOfColumns())
            for row in rows:
                items = [QtGui.QStandardItem(table.GetValue(row, c).ToString()) for c in columns]
                model.appendRow(items)
            model.setHorizontalHeaderLabels([self._header(table, column) for column in columns])
            if first:
                model.setVerticalHeaderLabels([table.GetValue(r, 0).ToString() for r in rows])
        self.setModel(model)

    def _header(self, table, column):
        name = table.GetColumnName(column) or ""
        if not self._node.GetUseColumnTitleAsColumnHeader():
            return name
        title, unit = self._node.GetColumnTitle(name), self._node.GetColumnUnitLabel(name)
        return f"{title or name} [{unit}]" if unit else title or name


class _View(_SceneWidget):
    """Draws the name of the node that it shows."""

    viewLabel = kept(str, "", then="update")
    _view_node = None

    def mrmlAbstractViewNode(self):
        return self._view_node

    def setMRMLAbstractViewNode(self, node):
        self._view_node = node
        self.update()

    def sizeHint(self):
        return QtCore.QSize(240, 160)

    def paintEvent(self, _event):
        _draw(self, self._view_node.GetName() if self._view_node else type(self).__name__)


def _draw(widget, text: str) -> None:
    """Draw a frame with a text in place of what the view would show."""
    painter = QtGui.QPainter(widget)
    painter.fillRect(widget.rect(), widget.palette().base())
    painter.setPen(widget.palette().text().color())
    painter.drawRect(widget.rect().adjusted(0, 0, -1, -1))
    painter.drawText(widget.rect(), _CENTER, text)


class qMRMLTableWidget(_View):
    """A table view with its head."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._view = qMRMLTableView(self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self._mrml_scene_changed.connect(self._view.setMRMLScene)

    def tableView(self):
        return self._view

    def mrmlTableViewNode(self):
        return self._view_node

    def setMRMLTableViewNode(self, node):
        self.setMRMLAbstractViewNode(node)
        self._view.setMRMLTableViewNode(node)


class qMRMLPlotView(QtWidgets.QWidget):
    """Would draw a chart; writes its name."""

    _scene, _view_node = None, None

    def setMRMLScene(self, scene):
        self._scene = scene

    def setMRMLPlotViewNode(self, node):
        self._view_node = node
        self.update()

    def fitToContent(self):
        """Nothing is drawn, so there is nothing to fit."""

    def paintEvent(self, _event):
        chart = self._view_node.GetPlotChartNode() if self._view_node else None
        _draw(self, f"[plot] {chart.GetName() if chart else '(no chart)'}")


class qMRMLPlotWidget(_View):
    """A plot view with its head."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._view = qMRMLPlotView(self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self._mrml_scene_changed.connect(self._view.setMRMLScene)

    def plotView(self):
        return self._view

    def mrmlPlotViewNode(self):
        return self._view_node

    def setMRMLPlotViewNode(self, node):
        self.setMRMLAbstractViewNode(node)
        self._view.setMRMLPlotViewNode(node)
