"""The size classes as a color table, and its legend."""

from __future__ import annotations

import slicer

from ...case.segmentation import terminology_entry
from ...imaging.model.size_classes import VESSELS, SizeClass
from ...imaging.parameters import Parameters

LEGEND_TITLE = "Cross-sectional area of vessels, mm²"
VIEW_LEGEND_SIZE = (0.27, 0.24)
"""In Slicer's views: width and height, fractions of the view. So high that the text is scaled by
the width: rows of the legend would touch, as Slicer places them closer than it measures them."""
VIEW_LEGEND_POSITION = (0.01, 0.02)
"""In Slicer's views: left and lower edge, fractions of the remaining view."""
BELOW_FLOOR = VESSELS[SizeClass.BELOW_FLOOR].name


def add_size_class_colors(
    scene: slicer.vtkMRMLScene, name: str, parameters: Parameters
) -> slicer.vtkMRMLColorTableNode:
    """Add a color table with one entry a size class, at the class's label value.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Node name.
    parameters : Parameters
        As used in the analysis; the entries' names state its bounds.

    Returns
    -------
    vtkMRMLColorTableNode
        Color table with names, colors and coded meanings. Entry 0, the background, is undefined,
        and so is the class below the floor where the floor is 0: a legend leaves them out.
    """
    node = slicer.vtkMRMLColorTableNode()
    node.SetTypeToUser()
    node.SetName(scene.GenerateUniqueName(name))
    node.HideFromEditorsOff()
    node.SetNumberOfColors(max(SizeClass) + 1)
    # A transparent entry would make VTK draw everything that uses the table as translucent.
    node.SetColor(0, "Background", 0.0, 0.0, 0.0, 1.0)
    node.SetColorDefined(0, False)
    for size_class, appearance in VESSELS.items():
        node.SetColor(int(size_class), appearance.name, *appearance.color, 1.0)
        node.SetTerminologyFromString(int(size_class), terminology_entry(appearance))
    set_size_class_names(node, parameters)
    return scene.AddNode(node)


def size_class_label(size_class: SizeClass, parameters: Parameters) -> str:
    """Name of a size class with its bounds."""
    floor, (low, high) = parameters.minimum_csa_mm2, parameters.class_bounds_mm2
    bounds = {
        SizeClass.BV5: f"{floor:g}–{low:g}",
        SizeClass.BV5_10: f"{low:g}–{high:g}",
        SizeClass.BV10: f"≥ {high:g}",
        SizeClass.BELOW_FLOOR: f"< {floor:g}",
    }
    name = VESSELS[size_class].name
    return f"{name}: {bounds[size_class]}" if size_class in bounds else name


def set_size_class_names(node: slicer.vtkMRMLColorTableNode, parameters: Parameters) -> None:
    """Name the entries by the class bounds, and leave out a class that is empty by definition.

    Parameters
    ----------
    node : vtkMRMLColorTableNode
        As `add_size_class_colors` makes it; colors stay.
    parameters : Parameters
        With the bounds.
    """
    for size_class in SizeClass:
        index = int(size_class)
        # Short, for the corner of a view: "< 1.25 mm²" says that it is below the floor.
        label = size_class_label(size_class, parameters).removeprefix(f"{BELOW_FLOOR}: ")
        node.SetColorName(index, label if size_class == SizeClass.HILAR else f"{label} mm²")
        node.SetColorDefined(index, is_shown(size_class, parameters))


def is_shown(size_class: SizeClass, parameters: Parameters) -> bool:
    """Whether vessels can be of a class under these parameters."""
    if size_class == SizeClass.HILAR:
        return parameters.hilum_apart
    return size_class != SizeClass.BELOW_FLOOR or parameters.minimum_csa_mm2 > 0


def add_legend(model: slicer.vtkMRMLModelNode) -> slicer.vtkMRMLColorLegendDisplayNode:
    """Show a model's color table in 3D views, in the lower left corner.

    One class a row, with its unit and without a title: across the view, labels run into each other
    as soon as it is narrow, and Slicer draws a title over them.

    A legend is shown only where its model is shown: choose one that always is.
    Slice views leave the legend out: they have little room, and the 3D view is beside them.

    Parameters
    ----------
    model : vtkMRMLModelNode
        Model whose display node has the color table.

    Returns
    -------
    vtkMRMLColorLegendDisplayNode
        The legend. Only views that exist when it is added draw it, see `renew_legend`.
    """
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(model.GetDisplayNode())
    legend.SetTitleText("")
    legend.SetOrientation(slicer.vtkMRMLColorLegendDisplayNode.Vertical)
    legend.SetSize(*VIEW_LEGEND_SIZE)
    legend.SetPosition(*VIEW_LEGEND_POSITION)
    for text in (legend.GetTitleTextProperty(), legend.GetLabelTextProperty()):
        text.SetFontFamilyToArial()
        text.BoldOff()
        text.ItalicOff()
    legend.Visibility2DOff()
    return legend


def renew_legend(
    model: slicer.vtkMRMLModelNode, legend: slicer.vtkMRMLColorLegendDisplayNode
) -> None:
    """Make views that are newer than a legend draw it.

    Slicer's views create a legend's actor only when its node is added.

    Parameters
    ----------
    model : vtkMRMLModelNode
        Model that the legend belongs to.
    legend : vtkMRMLColorLegendDisplayNode
        Its legend; it is removed from the scene and added again.
    """
    scene = legend.GetScene()
    scene.RemoveNode(legend)
    scene.AddNode(legend)
    legend.SetAndObservePrimaryDisplayNode(model.GetDisplayNode())
    model.AddAndObserveDisplayNodeID(legend.GetID())
    legend.Modified()
