"""`slicer` as a process beside Slicer has it (PythonSlicer): Slicer's kits, and nothing else.

Put this folder's parent first on PYTHONPATH. Slicer's Base/Python/slicer/__init__.py imports what
its kits.py lists: `mrml` (MRMLCLI, MRMLCore, MRMLDisplayableManager, MRMLLogic), `vtkAddon`,
`vtkSegmentationCore` and `logic` (vtkSlicerBaseLogic); the kits made for Qt only within Slicer.
Libraries of loadable modules are added by the application when it loads the modules: they are
missing here, as are `app`, `mrmlScene` and Qt. PyPI's slicer-core has one library of each name.
"""

import importlib
import importlib.machinery
import importlib.util
import sys
import types

import vtk  # noqa: F401  before the libraries that derive from its classes

KITS = (
    "MRMLCLI",
    "MRMLCore",
    "MRMLDisplayableManager",
    "MRMLLogic",
    "vtkSegmentationCore",
    "vtkSlicerBaseLogic",
)


def _load() -> None:
    # The package itself would load all its libraries.
    spec = importlib.machinery.PathFinder.find_spec("slicer_core")
    package = types.ModuleType("slicer_core")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["slicer_core"] = package
    for kit in KITS:
        library = importlib.import_module(f"slicer_core.{kit}")
        globals().update({k: v for k, v in vars(library).items() if not k.startswith("_")})


_load()
for _name in ("modules", "moduleNames"):
    globals()[_name] = sys.modules[f"slicer.{_name}"] = types.ModuleType(_name)
