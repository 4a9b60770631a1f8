"""What Slicer's plot view draws of a chart node, off-screen: as qMRMLPlotView.cxx maps it."""

import numpy as np
import slicer
import vtk
from BV5AnalysisLib.scene.views.pictures import off_screen_window, pixels_of

PENS = {
    slicer.vtkMRMLPlotSeriesNode.LineStyleNone: vtk.vtkPen.NO_PEN,
    slicer.vtkMRMLPlotSeriesNode.LineStyleSolid: vtk.vtkPen.SOLID_LINE,
    slicer.vtkMRMLPlotSeriesNode.LineStyleDash: vtk.vtkPen.DASH_LINE,
}
MARKERS = {
    slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone: vtk.vtkPlotPoints.NONE,
    slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle: vtk.vtkPlotPoints.CIRCLE,
}


def drawn_chart(node: slicer.vtkMRMLPlotChartNode, size=(640, 480)) -> np.ndarray:
    """Pixels (height, width, 3) of a chart, from the top down."""
    window, renderer, actor = off_screen_window(), vtk.vtkRenderer(), vtk.vtkContextActor()
    window.SetSize(*size)
    window.AddRenderer(renderer)
    renderer.SetBackground(1.0, 1.0, 1.0)
    renderer.AddActor(actor)
    actor.GetScene().SetRenderer(renderer)
    chart = vtk.vtkChartXY()
    actor.GetScene().AddItem(chart)
    for index in range(node.GetNumberOfPlotSeriesNodes()):
        chart.AddPlot(_plot(node.GetNthPlotSeriesNode(index)))
    chart.SetTitle(node.GetTitle())
    chart.GetTitleProperties().SetFontSize(node.GetTitleFontSize())
    chart.SetShowLegend(node.GetLegendVisibility())
    chart.GetLegend().GetLabelProperties().SetFontSize(node.GetLegendFontSize())
    for place, title, limits in (
        (vtk.vtkAxis.BOTTOM, node.GetXAxisTitle(), node.GetXAxisRange()),
        (vtk.vtkAxis.LEFT, node.GetYAxisTitle(), node.GetYAxisRange()),
    ):
        axis = chart.GetAxis(place)
        axis.SetTitle(title)
        axis.SetBehavior(vtk.vtkAxis.FIXED)
        axis.SetUnscaledRange(*limits)
        axis.GetTitleProperties().SetFontSize(node.GetAxisTitleFontSize())
        axis.GetLabelProperties().SetFontSize(node.GetAxisLabelFontSize())
    window.Render()
    pixels = pixels_of(window)[::-1].copy()
    window.Finalize()
    return pixels


def _plot(series: slicer.vtkMRMLPlotSeriesNode) -> vtk.vtkPlot:
    table = series.GetTableNode().GetTable()
    plot = vtk.vtkPlotLine()
    plot.SetWidth(series.GetLineWidth())
    plot.SetColorF(*series.GetColor())
    plot.GetPen().SetLineType(PENS[series.GetLineStyle()])
    plot.SetMarkerStyle(MARKERS[series.GetMarkerStyle()])
    plot.SetMarkerSize(series.GetMarkerSize())
    if series.GetLabelColumnName():
        labels = table.GetColumnByName(series.GetLabelColumnName())
        assert isinstance(labels, vtk.vtkStringArray)
        plot.SetIndexedLabels(labels)
    plot.SetUseIndexForXSeries(False)
    plot.SetInputData(table, series.GetXColumnName(), series.GetYColumnName())
    plot.SetLabel(series.GetName())
    return plot
