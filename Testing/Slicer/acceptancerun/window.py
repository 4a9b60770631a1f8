"""The main window: its size, and pictures of it."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer
import vtk

_ROW = 16
"""Pixels between those that are looked at to tell whether a view was drawn."""


def arrange(size: tuple[int, int]) -> tuple[int, int]:
    """Give the main window a size, so that pictures can be compared; return what it got."""
    window = slicer.util.mainWindow()
    window.showNormal()
    window.resize(*size)
    # Splitters inside follow from the event loop, level by level.
    for _ in range(5):
        slicer.app.processEvents()
    return window.width, window.height


def picture(path: Path) -> None:
    """Save a picture of the whole main window."""
    slicer.app.processEvents()
    slicer.util.forceRenderAllViews()
    slicer.app.processEvents()
    window = slicer.util.mainWindow()
    image = window.grab().toImage()
    painter, ratio = None, image.devicePixelRatio()
    for view in _drawing_views():
        place = view.mapTo(window, qt.QPoint(0, 0))
        part = [round(ratio * x) for x in (place.x(), place.y(), view.width, view.height)]
        if not _is_flat(image, *part):
            continue
        # Some graphics drivers leave what OpenGL drew out of the grab: take it from VTK.
        drawn = _drawn(view, path.with_suffix(".view.png"))
        if drawn is not None:
            painter = painter or qt.QPainter(image)
            painter.drawImage(qt.QRect(place.x(), place.y(), view.width, view.height), drawn)
    if painter is not None:
        painter.end()
    if not image.save(str(path)):
        raise OSError(f"{path} cannot be written")


def _drawing_views() -> list:
    """Slice and 3D views of the layout that are seen."""
    manager = slicer.app.layoutManager()
    views = [manager.sliceWidget(name).sliceView() for name in manager.sliceViewNames()]
    views += [manager.threeDWidget(i).threeDView() for i in range(manager.threeDViewCount)]
    return [view for view in views if view.visible]


def _is_flat(image: qt.QImage, left: int, top: int, width: int, height: int) -> bool:
    """Whether a part of an image has one color."""
    seen = {
        image.pixel(x, y)
        for x in range(left + _ROW, min(left + width, image.width()) - _ROW, _ROW)
        for y in range(top + _ROW, min(top + height, image.height()) - _ROW, _ROW)
    }
    return len(seen) <= 1


def _drawn(view: object, path: Path) -> qt.QImage | None:
    """What VTK drew in a view; None if it has no render window."""
    render_window = view.renderWindow()
    if render_window is None:
        return None
    grabber = vtk.vtkWindowToImageFilter()
    grabber.SetInput(render_window)
    grabber.ReadFrontBufferOff()
    writer = vtk.vtkPNGWriter()
    writer.SetFileName(str(path))
    writer.SetInputConnection(grabber.GetOutputPort())
    writer.Write()
    drawn = qt.QImage(str(path))
    path.unlink()
    return drawn
