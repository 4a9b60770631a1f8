"""Which nodes of a scene a selector lists, kept up to date."""

from collections.abc import Callable
from dataclasses import dataclass, field

import shiboken6
import vtk


@dataclass
class NodeFilter:
    """qMRMLSortFilterProxyModel's rules."""

    node_types: list[str] = field(default_factory=list)
    show_child_types: bool = True
    hidden_child_types: list[str] = field(default_factory=list)
    show_hidden: bool = False
    attributes: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def accepts(self, node) -> bool:
        if node.GetHideFromEditors() and not self.show_hidden:
            return False
        if not self.node_types:
            return True
        return self._accepts_type(node)

    def accepts_type(self, node) -> bool:
        """Whether a node is of a listed type, whatever its attributes are now."""
        return any(node.IsA(kind) for kind in self.node_types)

    def _accepts_type(self, node) -> bool:
        for kind in self.node_types:
            if not node.IsA(kind) or (not self.show_child_types and kind != node.GetClassName()):
                continue
            if self.show_child_types and any(node.IsA(c) for c in self.hidden_child_types):
                return False
            # The first type that fits decides, as in Slicer.
            return self._accepts_attribute(node, kind)
        return False

    def _accepts_attribute(self, node, kind: str) -> bool:
        name, wanted = self.attributes.get(kind, ("", None))
        if not name:
            return True
        value = node.GetAttribute(name)
        return value is not None and (wanted is None or value == wanted)


class SceneWatch:
    """Calls back when nodes come, go or change; after bulk changes once, at the end."""

    def __init__(
        self,
        owner,
        scene,
        changed: Callable[[], None],
        added: Callable,
        removed: Callable,
        going: Callable = lambda _node: None,
        imported: Callable[[], None] = lambda: None,
    ):
        self._owner, self._scene = owner, scene
        self._changed, self._added, self._removed = changed, added, removed
        self._going, self._imported = going, imported
        self._tags = [
            scene.AddObserver(scene.NodeAboutToBeRemovedEvent, self._on_going, -10.0),
            scene.AddObserver(scene.EndImportEvent, self._on_import_end),
            scene.AddObserver(scene.NodeAddedEvent, self._on_added),
            scene.AddObserver(scene.NodeRemovedEvent, self._on_removed),
            scene.AddObserver(scene.EndBatchProcessEvent, self._on_bulk_end),
        ]
        self._node_tags: dict = {}

    def watch(self, nodes) -> None:
        """Watch these nodes for changes of name and attributes."""
        for node in nodes:
            if node not in self._node_tags:
                tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_node)
                self._node_tags[node] = tag

    def stop(self) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        for node, tag in self._node_tags.items():
            node.RemoveObserver(tag)
        self._tags, self._node_tags = [], {}

    def _alive(self) -> bool:
        if shiboken6.isValid(self._owner):
            return True
        self.stop()
        return False

    def _tell(self, tell: Callable, *arguments) -> None:
        if self._alive() and not self._scene.IsBatchProcessing():
            tell(*arguments)

    def _on_import_end(self, _caller, _event):
        if self._alive():
            self._imported()

    def _on_bulk_end(self, _caller, _event):
        self._tell(self._changed)

    def _on_node(self, _caller, _event):
        self._tell(self._changed)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, _caller, _event, node):
        self._tell(self._added, node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_going(self, _caller, _event, node):
        if self._alive() and not self._scene.IsClosing():
            self._going(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_removed(self, _caller, _event, node):
        tag = self._node_tags.pop(node, None)
        if tag is not None:
            node.RemoveObserver(tag)
        self._tell(self._removed, node)


def listed(scene, node_filter: NodeFilter) -> list:
    """Nodes of the scene that the filter accepts, in the scene's order."""
    if scene is None:
        return []
    nodes = (scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes()))
    return [node for node in nodes if node_filter.accepts(node)]


def candidates(scene, node_filter: NodeFilter) -> list:
    """Nodes of the filter's types: they may come to fit, or cease to."""
    if scene is None:
        return []
    nodes = (scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes()))
    return [node for node in nodes if node_filter.accepts_type(node)]


def create_node(scene, class_name: str, base_name: str, attributes: dict):
    """Add a node as qMRMLNodeFactory does."""
    node = scene.CreateNodeByClass(class_name)
    node.UnRegister(None)
    node.SetName(scene.GenerateUniqueName(base_name or node.GetNodeTagName()))
    for name, value in attributes.values():
        node.SetAttribute(name, value)
    return scene.AddNode(node)
