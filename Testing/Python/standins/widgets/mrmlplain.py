"""Slicer's widgets that are a ctk widget with a scene, or little more than a name here."""

from PySide6 import QtCore, QtWidgets

from standins.widgets.ctkbuttons import ctkCollapsibleButton as _CollapsibleButton
from standins.widgets.ctknumbers import ctkDoubleSpinBox as _DoubleSpinBox
from standins.widgets.ctknumbers import ctkRangeWidget as _RangeWidget
from standins.widgets.ctknumbers import ctkSliderWidget as _SliderWidget
from standins.widgets.mrmlnodes import qMRMLNodeComboBox as _NodeComboBox
from standins.widgets.mrmlnodes import qMRMLWidget as _SceneWidget
from standins.widgets.properties import kept


class _WithScene:
    _scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        self._scene = scene


class qMRMLSliderWidget(_WithScene, _SliderWidget):
    quantity = kept(str, "")
    unitAwareProperties = kept(int, 0x2F)


class qMRMLSpinBox(_WithScene, _DoubleSpinBox):
    quantity = kept(str, "")
    unitAwareProperties = kept(int, 0x2F)


class qMRMLRangeWidget(_WithScene, _RangeWidget):
    quantity = kept(str, "")


class qMRMLCollapsibleButton(_CollapsibleButton):
    _scene = None

    def setMRMLScene(self, scene):
        self._scene = scene


class qMRMLSegmentSelectorWidget(_SceneWidget):
    """Chooses a segmentation and one of its segments."""

    object_signals = _SceneWidget.object_signals | {
        "currentNodeChanged(vtkMRMLNode*)": "_current_node_changed"
    }
    _current_node_changed = QtCore.Signal(object)
    currentNodeChanged = QtCore.Signal(bool)
    currentSegmentChanged = QtCore.Signal(str)
    segmentSelectionChanged = QtCore.Signal("QStringList")
    noneEnabled = kept(bool, True)
    multiSelection = kept(bool, False)
    segmentationNodeSelectorVisible = kept(bool, True)

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._nodes = _NodeComboBox(self)
        self._nodes.nodeTypes = ["vtkMRMLSegmentationNode"]
        self._nodes.noneEnabled = True
        self._segments = QtWidgets.QComboBox(self)
        layout.addWidget(self._nodes)
        layout.addWidget(self._segments)
        self._mrml_scene_changed.connect(self._nodes.setMRMLScene)
        self._nodes._current_node_changed.connect(self._on_node)
        self._segments.currentIndexChanged.connect(self._on_segment)

    def _on_node(self, node):
        with QtCore.QSignalBlocker(self._segments):
            self._segments.clear()
            segmentation = node.GetSegmentation() if node else None
            for segment_id in segmentation.GetSegmentIDs() if segmentation else ():
                self._segments.addItem(segmentation.GetSegment(segment_id).GetName(), segment_id)
        self._current_node_changed.emit(node)
        self.currentNodeChanged.emit(node is not None)
        self.currentSegmentChanged.emit(self.currentSegmentID())

    def _on_segment(self, _row):
        self.currentSegmentChanged.emit(self.currentSegmentID())

    def currentNode(self):
        return self._nodes.currentNode()

    def currentNodeID(self):
        return self._nodes.currentNodeID

    def setCurrentNode(self, node):
        self._nodes.setCurrentNode(node)

    def currentSegmentID(self):
        return self._segments.currentData() or ""

    def setCurrentSegmentID(self, segment_id):
        self._segments.setCurrentIndex(self._segments.findData(segment_id))


class qMRMLDisplayNodeWidget(QtWidgets.QWidget):
    pass


class qMRMLSegmentEditorWidget(_SceneWidget):
    """Holds the parameter set that it is given."""

    _parameter_set = None

    def mrmlSegmentEditorNode(self):
        return self._parameter_set

    def setMRMLSegmentEditorNode(self, node):
        self._parameter_set = node

    def setSegmentationNode(self, node):
        self._parameter_set.SetAndObserveSegmentationNode(node)

    def segmentationNode(self):
        return self._parameter_set.GetSegmentationNode() if self._parameter_set else None

    def setSourceVolumeNode(self, node):
        self._parameter_set.SetAndObserveSourceVolumeNode(node)

    def sourceVolumeNode(self):
        return self._parameter_set.GetSourceVolumeNode() if self._parameter_set else None
