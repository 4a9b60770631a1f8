"""The bar over Slicer's plot views, as far as it writes to the scene; see `PlotBar`."""

import vtk


class PlotBar:
    """Stands for qMRMLPlotViewControllerWidget and its ctkCheckableComboBox.

    The list of series is filled anew at the end of an import and of a close, row by row. A new row
    comes unchecked, which makes the combo box compare what is checked with what was; marks of rows
    that are gone still count there. If it differs, series of the list without a mark are taken out
    of the chart. Rows of nodes that are added otherwise come in one by one.
    """

    def __init__(self, scene, view):
        self._scene, self._view = scene, view
        self._rows, self._marked = [], []
        self._chart = None
        self._observed = []
        for event, react in (
            (scene.EndImportEvent, self._fill),
            (scene.EndCloseEvent, self._fill),
            (scene.NodeAddedEvent, self._on_added),
            (scene.EndBatchProcessEvent, self.update),
        ):
            self._observe(scene, event, react)
        self._observe(view, vtk.vtkCommand.ModifiedEvent, self.update)
        self._fill()

    def _observe(self, thing, event, react):
        self._observed.append((thing, thing.AddObserver(event, react)))

    def stop(self):
        """Let go of everything."""
        for thing, tag in self._observed:
            thing.RemoveObserver(tag)
        self._observed = []

    def update(self, *_):
        """Put marks where the chart has a series (`updateWidgetFromMRML`)."""
        chart = self._view.GetPlotChartNode()
        if chart is not self._chart:
            if chart is not None:
                self._observe(chart, vtk.vtkCommand.ModifiedEvent, self.update)
            self._chart = chart
        if chart is not None:
            self._marked = [row for row in self._rows if chart.HasPlotSeriesNodeID(row.GetID())]

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, scene, _event, node):
        if node.IsA("vtkMRMLPlotSeriesNode") and not scene.IsImporting():
            self._insert(node)

    def _fill(self, *_):
        # By then the layout has touched the view, which has the chart that was loaded.
        if self._view.GetPlotChartNode() is not self._chart:
            marked = self._marked
            self.update()
            self._marked = marked
        self._rows = []
        count = self._scene.GetNumberOfNodesByClass("vtkMRMLPlotSeriesNode")
        for index in range(count):
            self._insert(self._scene.GetNthNodeByClass(index, "vtkMRMLPlotSeriesNode"))

    def _insert(self, row):
        self._rows.append(row)
        marked = [each for each in self._marked if each in self._rows and each is not row]
        if marked != self._marked:
            self._marked = marked
            self._write()

    def _write(self):
        """Take out what has no mark (`onPlotSeriesNodesSelected`)."""
        if self._chart is None:
            return
        for row in self._rows:
            if row not in self._marked and self._chart.HasPlotSeriesNodeID(row.GetID()):
                self._chart.RemovePlotSeriesNodeID(row.GetID())
