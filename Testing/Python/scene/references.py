"""All that the nodes of a case refer to, in words that hold in whatever scene they are."""

import slicer
import vtk


def references_of(outcome):
    """Describe what a case node leads to, by the path from it.

    Storage nodes are left out: saving makes them.
    """
    told, seen, paths = {}, set(), [("case", outcome.caseNode)]
    while paths:
        path, node = paths.pop(0)
        if node.GetID() in seen or node.IsA("vtkMRMLStorageNode"):
            continue
        seen.add(node.GetID())
        told[path] = (node.GetClassName(), node.GetName(), *_content(node))
        for role in roles_of(node):
            for index in range(node.GetNumberOfNodeReferences(role)):
                target = node.GetNthNodeReference(role, index)
                if target is None:
                    told[f"{path}/{role}[{index}]"] = "nothing"
                else:
                    paths.append((f"{path}/{role}[{index}]", target))
                    told[f"{path}>{role}[{index}]"] = (target.GetClassName(), target.GetName())
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(outcome.scene)
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(outcome.caseNode))
    for path, node in [*_nodes_of_case(outcome)]:
        item = hierarchy.GetItemByDataNode(node)
        told[f"{path} in folder"] = item and hierarchy.GetItemParent(item) == folder
    told["folder"] = hierarchy.GetItemName(folder)
    return told


def roles_of(node):
    """Roles of a node's references, but those that saving makes."""
    roles = [node.GetNthNodeReferenceRole(i) for i in range(node.GetNumberOfNodeReferenceRoles())]
    return [role for role in roles if role != "storage"]


def _nodes_of_case(outcome):
    node = outcome.caseNode
    for role in roles_of(node):
        target = node.GetNodeReference(role)
        if target is not None and role != "BV5Analysis.regionsSegmentation":
            yield role, target


def _content(node):
    """Tell what of a node shows."""
    if node.IsA("vtkMRMLTextNode"):
        return (node.GetText(),)
    if node.IsA("vtkMRMLPlotChartNode"):
        names = (node.GetNthPlotSeriesNode(i) for i in range(node.GetNumberOfPlotSeriesNodes()))
        legend = tuple(each.GetName() for each in names)
        return legend, node.GetTitle(), node.GetXAxisTitle(), node.GetYAxisTitle()
    if node.IsA("vtkMRMLPlotSeriesNode"):
        return node.GetXColumnName(), node.GetYColumnName(), _rounded(node.GetColor())
    if node.IsA("vtkMRMLColorTableNode"):
        entry, colors = [0.0] * 4, []
        for index in range(node.GetNumberOfColors()):
            node.GetColor(index, entry)
            if node.GetColorDefined(index):
                colors.append((node.GetColorName(index), _rounded(entry)))
        return tuple(colors)
    if node.IsA("vtkMRMLTableNode"):
        table = node.GetTable()
        columns = [table.GetColumn(index) for index in range(table.GetNumberOfColumns())]
        return tuple((column.GetName(), table.GetNumberOfRows()) for column in columns)
    if node.IsA("vtkMRMLModelNode"):
        # An empty model has no file, and so none of it after loading.
        mesh = node.GetPolyData() or vtk.vtkPolyData()
        return mesh.GetNumberOfPoints(), mesh.GetNumberOfCells()
    if node.IsA("vtkMRMLSegmentationNode"):
        segmentation = node.GetSegmentation()
        segments = (segmentation.GetSegment(key) for key in segmentation.GetSegmentIDs())
        return tuple((each.GetName(), _rounded(each.GetColor())) for each in segments)
    if node.IsA("vtkMRMLColorLegendDisplayNode"):
        return node.GetTitleText(), bool(node.GetVisibility())
    if node.IsA("vtkMRMLDisplayNode"):
        return _rounded(node.GetColor()), bool(node.GetVisibility()), node.GetActiveScalarName()
    return ()


def _rounded(values):
    return tuple(round(value, 3) for value in values)
