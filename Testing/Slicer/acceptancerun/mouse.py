"""The mouse in a slice view, as its render window's interactor hears it."""

from __future__ import annotations

import slicer
import vtk


def go_to(view: str, ras: tuple[float, float, float]) -> None:
    """Let a slice view show a point, in its middle."""
    node = slicer.app.layoutManager().sliceWidget(view).mrmlSliceNode()
    node.JumpSliceByCentering(*ras)
    slicer.app.processEvents()


def click(view: str, ras: tuple[float, float, float]) -> None:
    """Click where a slice view shows a point.

    Parameters
    ----------
    view : str
        Layout name, such as ``Red``.
    ras : tuple of float
        Point that the slice goes through.
    """
    widget = slicer.app.layoutManager().sliceWidget(view)
    interactor = widget.sliceView().interactorStyle().GetInteractor()
    place = place_of(widget.mrmlSliceNode(), ras)
    for event in (
        interactor.EnterEvent,
        interactor.MouseMoveEvent,
        interactor.LeftButtonPressEvent,
        interactor.LeftButtonReleaseEvent,
    ):
        interactor.SetEventPosition(*place)
        event()
        slicer.app.processEvents()


def place_of(node: slicer.vtkMRMLSliceNode, ras: tuple[float, float, float]) -> tuple[int, int]:
    """Pixel of a slice view, from its lower left, at which a point is."""
    to_view = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(node.GetXYToRAS(), to_view)
    x, y, _z, _one = to_view.MultiplyPoint((*ras, 1.0))
    return round(x), round(y)
