"""Optional packages, asked for before the long work and not after it."""

from __future__ import annotations

import importlib.util

from ..imaging.errors import AnalysisError

_REPORT = {"matplotlib": "matplotlib", "jinja2": "Jinja2", "slicer": "slicer-core"}
_SCENE = {"slicer": "slicer-core"}


def check_requirements(report: bool, scene: bool) -> None:
    """Check that what the wanted files need is installed and works.

    Parameters
    ----------
    report : bool
        Report and pictures are wanted.
    scene : bool
        The 3D Slicer scene is wanted.

    Raises
    ------
    AnalysisError
        A package or system library is missing; the message has the command that installs it.
    """
    check_installed(_REPORT if report else {}, "The report", "--no-report leaves the report out")
    check_installed(_SCENE if scene else {}, "The scene", "leave --scene out")
    if report:
        from ..scene.pictures import check_rendering

        check_rendering()


def check_installed(packages: dict[str, str], purpose: str, instead: str = "") -> None:
    """Check that packages are installed.

    Parameters
    ----------
    packages : dict of str to str
        Names of modules, and of what installs them.
    purpose : str
        What needs them.
    instead : str
        How to do without.

    Raises
    ------
    AnalysisError
        One is missing; the message has the command that installs it.
    """
    missing = [name for module, name in packages.items() if not importlib.util.find_spec(module)]
    if missing:
        names = " ".join(missing)
        way_out = f" (or {instead})" if instead else ""
        raise AnalysisError(f"{purpose} needs {names}: pip install {names}{way_out}.")
