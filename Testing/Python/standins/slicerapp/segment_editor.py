"""The Segment Editor module's widget: the part that other modules drive."""

import slicer


class SegmentEditorWidget:
    """What `slicer.modules.segmenteditor.widgetRepresentation().self()` gives."""

    def __init__(self, parent=None):
        self.parent = parent
        self.parameterSetNode, self.editor = None, None

    def setup(self):
        self.editor = slicer.qMRMLSegmentEditorWidget(self.parent)
        self.editor.setMRMLScene(slicer.mrmlScene)
        self.selectParameterNode()

    def selectParameterNode(self):
        tag = "SegmentEditor"
        node = slicer.mrmlScene.GetSingletonNode(tag, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)
            node.SetSingletonTag(tag)
            node = slicer.mrmlScene.AddNode(node)
        self.parameterSetNode = node
        self.editor.setMRMLSegmentEditorNode(node)

    def enter(self):
        self.selectParameterNode()

    def exit(self):
        """Nothing to put away."""

    def cleanup(self):
        """Nothing to put away."""
