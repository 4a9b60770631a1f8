"""Slicer's selectors of nodes, on the real scene."""

from PySide6 import QtCore, QtGui, QtWidgets

from standins.facts import MissingInStandIn
from standins.widgets.nodelist import (
    NodeFilter,
    SceneWatch,
    candidates,
    create_node,
    listed,
)
from standins.widgets.properties import kept

Property, Signal = QtCore.Property, QtCore.Signal
_NODE_ID = QtCore.Qt.ItemDataRole.UserRole


class qMRMLWidget(QtWidgets.QWidget):
    """A widget that knows the scene."""

    object_signals = {"mrmlSceneChanged(vtkMRMLScene*)": "_mrml_scene_changed"}
    _mrml_scene_changed = Signal(object)
    _scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        self._scene = scene
        self._mrml_scene_changed.emit(scene)


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """Chooses a node of the scene."""

    object_signals = {
        "currentNodeChanged(vtkMRMLNode*)": "_current_node_changed",
        "nodeAdded(vtkMRMLNode*)": "_node_added",
        "nodeAboutToBeRemoved(vtkMRMLNode*)": "_node_about_to_be_removed",
        "nodeActivated(vtkMRMLNode*)": "_node_activated",
        "nodeAddedByUser(vtkMRMLNode*)": "_node_added_by_user",
    }
    _current_node_changed = Signal(object)
    _node_added = Signal(object)
    _node_about_to_be_removed = Signal(object)
    _node_activated = Signal(object)
    _node_added_by_user = Signal(object)
    currentNodeChanged = Signal(bool)
    currentNodeIDChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene, self._watch, self._filter = None, None, NodeFilter()
        self._current, self._requested = None, None
        self._base_names: dict[str, str] = {}
        self._combo = QtWidgets.QComboBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self._combo.currentIndexChanged.connect(self._on_index)
        self._combo.activated.connect(lambda _row: self._node_activated.emit(self._current))
        self.setEnabled(False)

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        if self._watch:
            self._watch.stop()
        self._scene = scene
        self._watch = scene and SceneWatch(
            self,
            scene,
            self._refresh,
            self._on_added,
            self._on_removed,
            self._on_going,
            self._on_imported,
        )
        self._current = self._requested
        self._requested = None
        self.setEnabled(scene is not None)
        self._refresh(tell=True)

    def _on_added(self, node):
        if self._filter.accepts_type(node):
            self._watch.watch([node])  # an attribute may make it fit later
        if self._filter.accepts(node):
            self._refresh()
            self._node_added.emit(node)

    def _on_going(self, node):
        """Go on to the row that comes into the place of a chosen node, as a QComboBox does."""
        nodes = listed(self._scene, self._filter)
        if node not in nodes:
            return
        self._node_about_to_be_removed.emit(node)
        if self._current is node:
            rows = [None] * bool(self.noneEnabled) + nodes
            row = rows.index(node)
            rows.remove(node)
            self._take(rows[min(row, len(rows) - 1)] if rows else None)

    def _on_imported(self):
        """List all nodes anew: their rows go before they come again, and with them the choice."""
        if self.noneEnabled:
            self._take(None)

    def _on_removed(self, node):
        if self._current is node or self._filter.accepts(node):
            self._refresh()

    def _refresh(self, tell: bool = False):
        """List the nodes anew; keep the current one, else take one as Slicer does."""
        nodes = listed(self._scene, self._filter)
        if self._watch:
            self._watch.watch(candidates(self._scene, self._filter))
        before = self._current
        if before not in nodes:
            fallback = None if self.noneEnabled or not nodes else nodes[0 if before is None else -1]
            self._current = fallback
        with QtCore.QSignalBlocker(self._combo):
            self._combo.clear()
            if self.noneEnabled:
                self._combo.addItem(self.noneDisplay, None)
            for node in nodes:
                self._combo.addItem(node.GetName() or "", node.GetID())
            self._combo.setCurrentIndex(self._row(self._current))
        if self._current is not before or (tell and self._current is not None):
            self._emit_current()

    def _row(self, node) -> int:
        if node is None:
            return 0 if self.noneEnabled else -1
        return self._combo.findData(node.GetID())

    def _on_index(self, row: int):
        node_id = self._combo.itemData(row, _NODE_ID) if row >= 0 else None
        self._take(self._scene.GetNodeByID(node_id) if node_id and self._scene else None)

    def _take(self, node):
        if node is not self._current:
            self._current = node
            self._emit_current()

    def _emit_current(self):
        self._current_node_changed.emit(self._current)
        self.currentNodeChanged.emit(self._current is not None)
        self.currentNodeIDChanged.emit(self._current.GetID() if self._current else "")

    def currentNode(self):
        return self._current

    def setCurrentNode(self, node):
        if self._scene is None:
            self._requested = node
            return
        row = self._row(node)
        if node is not None and row < 0:
            node, row = None, self._row(None)
        with QtCore.QSignalBlocker(self._combo):
            self._combo.setCurrentIndex(row)
        self._take(node)

    def setCurrentNodeID(self, node_id):
        if self._scene is None:
            raise MissingInStandIn("setCurrentNodeID before setMRMLScene")
        self.setCurrentNode(self._scene.GetNodeByID(node_id) if node_id else None)

    def setCurrentNodeIndex(self, index):
        self._combo.setCurrentIndex(index + bool(self.noneEnabled))

    def nodeFromIndex(self, index):
        nodes = listed(self._scene, self._filter)
        return nodes[index] if 0 <= index < len(nodes) else None

    def nodeCount(self):
        return len(listed(self._scene, self._filter))

    currentNodeID = Property(
        str, lambda self: self._current.GetID() if self._current else "", setCurrentNodeID
    )

    def addAttribute(self, node_type, name, value=None):
        if node_type in self._filter.node_types:
            self._filter.attributes[node_type] = (name, None if value is None else str(value))
            self._refresh()

    def removeAttribute(self, node_type, name):
        if self._filter.attributes.get(node_type, ("",))[0] == name:
            del self._filter.attributes[node_type]
            self._refresh()

    def addNode(self, node_type=None):
        kind = node_type or self._filter.node_types[0]
        node = create_node(
            self._scene, kind, self._base_names.get(kind, self.baseName), self._filter.attributes
        )
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self._node_added_by_user.emit(node)
        return node

    def removeCurrentNode(self):
        if self._current is not None:
            self._scene.RemoveNode(self._current)

    def setNodeTypeLabel(self, label, node_type):
        self._combo.setPlaceholderText(f"Select a {label}")

    def _set_node_types(self, types):
        self._filter.node_types = [kind for kind in types if kind]
        self._refresh()

    def _set_show_children(self, shown):
        self._filter.show_child_types = shown
        self._refresh()

    def _set_hidden_children(self, types):
        self._filter.hidden_child_types = list(types)
        self._refresh()

    def _set_show_hidden(self, shown):
        self._filter.show_hidden = shown
        self._refresh()

    nodeTypes = Property("QStringList", lambda self: list(self._filter.node_types), _set_node_types)
    showChildNodeTypes = Property(
        bool, lambda self: self._filter.show_child_types, _set_show_children
    )
    hideChildNodeTypes = Property(
        "QStringList", lambda self: list(self._filter.hidden_child_types), _set_hidden_children
    )
    showHidden = Property(bool, lambda self: self._filter.show_hidden, _set_show_hidden)
    noneEnabled = kept(bool, False, then="_refresh")
    noneDisplay = kept(str, "None", then="_refresh")
    addEnabled = kept(bool, True)
    removeEnabled = kept(bool, True)
    editEnabled = kept(bool, False)
    renameEnabled = kept(bool, False)
    selectNodeUponCreation = kept(bool, True)
    baseName = kept(str, "")
    interactionNodeSingletonTag = kept(str, "")

    def paintEvent(self, event):
        QtGui.QPainter(self).fillRect(self.rect(), self.palette().window())
        super().paintEvent(event)
