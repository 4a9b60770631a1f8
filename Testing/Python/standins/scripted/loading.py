"""Loads the stand-ins, or Slicer's own Python from a checkout (SLICER_SOURCE)."""

import importlib.util
import os
import sys
from pathlib import Path

_OWN = Path(__file__).parent
_FILES = {
    "slicer.i18n": (_OWN / "i18n.py", "i18n.py"),
    "slicer.parameterNodeWrapper": (_OWN / "wrapper.py", "parameterNodeWrapper/__init__.py"),
    "slicer.ScriptedLoadableModule": (_OWN / "loadable_module.py", "ScriptedLoadableModule.py"),
}


def slicer_source() -> Path | None:
    """Return the folder of Slicer's Python package in the checkout, if one is named."""
    checkout = os.environ.get("SLICER_SOURCE")
    if not checkout:
        return None
    folder = Path(checkout) / "Base" / "Python" / "slicer"
    if not folder.is_dir():
        raise FileNotFoundError(f"SLICER_SOURCE={checkout} is no checkout of Slicer")
    return folder


def load_all() -> None:
    """Load the three modules afresh, as `slicer.<name>`; `qt`, `ctk`, `slicer` must be ready."""
    source = slicer_source()
    for name, (own, of_slicer) in _FILES.items():
        _load(name, source / of_slicer if source else own)


def _load(name: str, file: Path) -> None:
    folder = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=folder)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    setattr(sys.modules["slicer"], name.rpartition(".")[2], module)
