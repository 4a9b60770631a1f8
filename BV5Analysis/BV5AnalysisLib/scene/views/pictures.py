"""Windows that need no display, and their pixels."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ...imaging.errors import AnalysisError

# A process beside Slicer may load VTK's libraries when they are first asked for: without these two
# there is nothing to draw and to write with.
_DRAWN_BY = (vtk.vtkOpenGLRenderer, vtk.vtkFreeTypeTools)

PACKAGES = "sudo apt install libegl1 libgl1-mesa-dri"


def check_rendering() -> None:
    """Check that pictures can be drawn here, before the work that ends in one.

    Raises
    ------
    AnalysisError
        The system's drawing library is missing; the message has the command that installs it.
    """
    off_screen_window().Finalize()


def off_screen_window() -> vtk.vtkRenderWindow:
    """Window that needs no display, after a check that it can be made: VTK would crash."""
    window = _native_window() or _egl_window()
    window.SetShowWindow(False)
    window.SetOffScreenRendering(True)
    window.SetMultiSamples(0)
    return window


def _native_window() -> vtk.vtkRenderWindow | None:
    """Window of the system's kind; None on Linux, but for within Slicer where it has a display.

    While a view of Slicer, of the X window system, is the one that is drawn to, nothing can be
    drawn with EGL: its calls would end up in that view.
    """
    has_egl = sys.platform == "linux" and hasattr(vtk, "vtkEGLRenderWindow")
    if has_egl and getattr(slicer, "app", None) is None:
        return None
    with _silent():
        window = vtk.vtkRenderWindow()
    return None if has_egl and not window.IsA("vtkXOpenGLRenderWindow") else window


def _egl_window() -> vtk.vtkRenderWindow:
    """Window of EGL, for which there need not be a display; AnalysisError if it has no driver."""
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError as error:
        raise AnalysisError(
            f"The 3D picture needs the library libEGL.so.1; install it: {PACKAGES}"
        ) from error
    window = vtk.vtkEGLRenderWindow()
    with _silent():
        supported = window.SupportsOpenGL()
    if not supported:
        raise AnalysisError(
            f"The 3D picture needs an OpenGL driver for EGL; install Mesa's: {PACKAGES}"
        )
    return window


@contextmanager
def _silent() -> Iterator[None]:
    """Let VTK look for drivers without messages about missing ones."""
    warnings = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(warnings)


def pixels_of(window: vtk.vtkRenderWindow) -> np.ndarray:
    """Return what a window shows: (height, width, 3) uint8, from the bottom up."""
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.ShouldRerenderOff()
    grab.Update()
    image = grab.GetOutput()
    width, height, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)


def shrunk(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Make a picture smaller by a whole factor: the mean of each square of pixels."""
    height, width, channels = pixels.shape
    squares = pixels.reshape(height // factor, factor, width // factor, factor, channels)
    return np.rint(squares.mean(axis=(1, 3))).astype(np.uint8)


def png_of(pixels: np.ndarray) -> bytes:
    """Encode pixels (height, width, 3), from the bottom up, as PNG."""
    height, width, channels = pixels.shape
    image = vtk.vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(pixels.reshape(-1, channels), deep=True))
    writer = vtk.vtkPNGWriter()
    writer.SetInputData(image)
    writer.WriteToMemoryOn()
    writer.Write()
    return vtk_to_numpy(writer.GetResult()).tobytes()
