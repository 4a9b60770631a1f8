"""Versions of the software that the numbers depend on."""

from __future__ import annotations

import importlib.metadata
import platform

from .. import __version__

THIS_SOFTWARE = "bv5-analysis"
"""Its name among the packages."""
_PACKAGES = ("numpy", "scipy", "SimpleITK", "pydicom", "matplotlib", "vtk", "slicer-core")


def software_versions() -> dict[str, str]:
    """Versions of this software, Python and the installed packages that the numbers depend on."""
    versions = {THIS_SOFTWARE: __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
