"""Layers import only downwards, and each only the packages that it may."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import BV5AnalysisLib
import pytest

LIBRARY = Path(BV5AnalysisLib.__file__).parent
PACKAGE = LIBRARY.name

LAYERS = ("imaging", "study", "case", "export", "scene", "panel", "commandline", "cli", "__main__")
BUNDLED_WITH_SLICER = {"numpy", "scipy", "SimpleITK", "pydicom"}
PACKAGES = {
    "imaging": BUNDLED_WITH_SLICER,
    "study": BUNDLED_WITH_SLICER | {"statsmodels", "pandas", "openpyxl", "psutil", "distributed"},
    "case": BUNDLED_WITH_SLICER,
    "export": BUNDLED_WITH_SLICER | {"matplotlib", "jinja2"},
    "scene": BUNDLED_WITH_SLICER | {"slicer", "vtk"},
    "panel": {"slicer", "vtk", "qt", "ctk", "SampleData"},
    "commandline": {"numpy", "rich"},
    "cli": set(),
    "__main__": set(),
}
# Rooms of a layer, as an order: each imports only itself and those before it.
ROOMS = {
    "imaging": (
        "model",
        "numerics",
        "lungs",
        "reading",
        "vessels",
        "airways",
        "sizing",
        "editing",
        "phantom",
        "pipeline",
    ),
    "study": ("values", "statistics", "tables", "batch", "scans", "cohort"),
    "scene": ("nodes", "views", "case", "cohort"),
}
# Files that lie beside the rooms, because users import them by that name, belong to one.
BESIDE = {
    "imaging": {"errors": "model", "parameters": "model", "progress": "model"},
    "study": {
        **dict.fromkeys(
            ("bloodgas", "formulas", "measures", "plausible", "reference", "texts"), "values"
        ),
        **dict.fromkeys(("option_kinds", "options"), "values"),
    },
}
# Only these may load what `bv5 analyze --no-report` has to do without.
DRAWING = {
    "export/html.py",
    "export/overview.py",
    "export/histogram.py",
    "export/hilum_picture.py",
    "export/case_report.py",
    "export/batch/contact_sheet.py",
    "export/cohort/figures.py",
    "export/cohort/flow.py",
    "export/cohort/panels.py",
    "export/cohort/cohort_report.py",
    "export/cohort/style.py",
}
# Loaded only by the function that needs them.
OPTIONAL = {"statsmodels", "pandas", "openpyxl", "psutil", "distributed"}
# Slicer loads every module at its start, which has to stay quick: nothing that needs numpy.
LIGHT = {"panel", "imaging.errors", "imaging.progress"}


@dataclass(frozen=True)
class Import:
    """One import: the module's full name, and whether loading the file carries it out."""

    module: str
    at_file_scope: bool


def imports_of(source: str, module: str) -> Iterator[Import]:
    """Imports of a file, wherever they stand, relative ones resolved."""
    tree = ast.parse(source)
    inner = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING"))
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            # Of a package's own folder, what is imported may be a layer itself.
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(name, id(node) not in inner)


def room_of(layer: str, name: str) -> str:
    """Room that a file or folder at the top of a layer belongs to."""
    return BESIDE.get(layer, {}).get(name, name)


def _breaks_room(path: str, inside: list[str]) -> str | None:
    """Whether a file imports from a room that comes after its own; `inside` is the target."""
    layer, *rest = path.removesuffix(".py").split("/")
    if layer not in ROOMS or len(inside) < 2 or inside[0] != layer or rest == ["__init__"]:
        return None
    rooms, own = ROOMS[layer], room_of(layer, rest[0])
    target = room_of(layer, inside[1])
    if own not in rooms:
        return f"{path} lies in no room"
    if target not in rooms:
        return f"{path} imports {target}, which is no room"
    if rooms.index(target) > rooms.index(own):
        return f"{path} imports {target}, a room that comes after {own}"
    return None


def violations(source: str, path: str) -> list[str]:
    """What a file of the library imports against the rules; `path` is within the library."""
    layer = path.removesuffix(".py").split("/")[0]
    module = ".".join([PACKAGE, *path.removesuffix(".py").removesuffix("/__init__").split("/")])
    if path.endswith("/__init__.py"):
        module += ".__init__"
    found = []
    for each in imports_of(source, module):
        top, *rest = each.module.split(".")
        if top == PACKAGE:
            target = rest[0] if rest else ""
            if target in LAYERS and LAYERS.index(target) > LAYERS.index(layer):
                found.append(f"{path} imports {target}, a layer above its own")
            if breach := _breaks_room(path, rest):
                found.append(breach)
            if layer == "commandline" and each.at_file_scope and _is_heavy(rest):
                found.append(f"{path} loads {each.module} before it is needed")
            if layer == "panel" and each.at_file_scope and not _is_light(rest):
                found.append(f"{path} loads {each.module} when Slicer starts")
        elif top not in sys.stdlib_module_names:
            if top not in PACKAGES[layer]:
                found.append(f"{path} imports {top}")
            if top in {"matplotlib", "jinja2"} and path not in DRAWING:
                found.append(f"{path} draws")
            if top in OPTIONAL and each.at_file_scope:
                found.append(f"{path} needs {top} at once; 3D Slicer may lack it")
            if top == "rich" and each.at_file_scope:
                found.append(f"{path} needs rich at once; 3D Slicer may lack it")
    return found


def _is_heavy(inside: list[str]) -> bool:
    return inside[:1] == ["scene"] or f"{'/'.join(inside[:2])}.py" in DRAWING


def _is_light(inside: list[str]) -> bool:
    # The scene's names load their modules when they are asked for.
    if inside == ["scene"]:
        return True
    return bool({inside[0] if inside else "panel", ".".join(inside[:2])} & LIGHT)


LIBRARY_FILES = sorted(
    path.relative_to(LIBRARY).as_posix()
    for path in LIBRARY.rglob("*.py")
    if path != LIBRARY / "__init__.py"
)


@pytest.mark.parametrize("path", LIBRARY_FILES)
def test_file_keeps_to_its_layer(path):
    assert violations((LIBRARY / path).read_text(encoding="utf-8"), path) == []


def test_the_module_loads_nothing_heavy_at_slicers_start():
    path = LIBRARY.parent / "BV5Analysis.py"
    if not path.exists():
        pytest.skip("the module is not written yet")
    assert violations(path.read_text(encoding="utf-8"), "panel/BV5Analysis.py") == []


def test_every_layer_that_exists_was_looked_at():
    layers = {path.removesuffix(".py").split("/")[0] for path in LIBRARY_FILES}
    assert {"imaging", "export", "scene", "commandline", "cli"} <= layers <= set(LAYERS)
    assert len(LIBRARY_FILES) > 30


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("imaging/model/a.py", "from ...case.tables import COLUMNS", "above"),
        ("imaging/pipeline.py", "from .. import scene", "above"),
        ("imaging/vessels/a.py", "from ..sizing.blur import Blur", "comes after"),
        ("imaging/vessels/a.py", "from .. import pipeline", "comes after"),
        ("imaging/parameters.py", "from .numerics import cores", "comes after"),
        ("imaging/stray.py", "from .errors import AnalysisError", "in no room"),
        ("imaging/model/a.py", "from ..stray import a", "is no room"),
        ("scene/nodes/a.py", "def f():\n    from ..case.cases import a", "comes after"),
        ("case/a.py", "from ..export.case_report import report_html", "above"),
        ("imaging/phantom/a.py", "from ...export import tables", "above"),
        ("imaging/phantom/__init__.py", "from ...export import tables", "above"),
        ("imaging/pipeline.py", "def f():\n    import BV5AnalysisLib.scene.case.results", "above"),
        ("imaging/model/a.py", "import vtk", "imports vtk"),
        ("export/a.py", "def f():\n    import slicer", "imports slicer"),
        ("case/measurements_csv.py", "import matplotlib.figure", "draws"),
        ("scene/nodes/a.py", "import qt", "imports qt"),
        ("scene/nodes/a.py", "from ...commandline import analyze", "above"),
        ("commandline/a.py", "import rich.table", "rich at once"),
        ("commandline/a.py", "from ..export.case_report import report_html", "before it is needed"),
        ("commandline/a.py", "from ..scene import results", "before it is needed"),
        ("study/tables/a.py", "import pandas as pd", "pandas at once"),
        ("study/cohort/a.py", "import statsmodels.api", "statsmodels at once"),
        ("study/tables/a.py", "from ..cohort.result import CohortResult", "comes after"),
        ("study/statistics/a.py", "from ..tables.numbers import parse_numbers", "comes after"),
        ("study/a.py", "from ..case.tables import COLUMNS", "above"),
        ("cli.py", "import numpy", "imports numpy"),
        ("panel/a.py", "import numpy", "imports numpy"),
        ("panel/a.py", "from ..scene.views.display import DisplaySettings", "when Slicer starts"),
        ("panel/a.py", "def f():\n    from ..commandline import analyze", "above"),
        ("scene/nodes/a.py", "from ...panel import process", "above"),
    ],
)
def test_a_breach_is_found(path, source, reason):
    assert any(reason in violation for violation in violations(source, path))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("imaging/phantom/a.py", "from ..model.volume import Grid\nfrom .b import c\nimport math"),
        ("export/case_report.py", "from jinja2 import Environment\nfrom .. import __version__"),
        ("scene/nodes/a.py", "import slicer\nfrom ...case.segmentation import terminology_entry"),
        ("imaging/sizing/a.py", "from ..vessels.branches import a\nfrom ..errors import b"),
        ("imaging/parameters.py", "from .model.size_classes import a"),
        ("scene/__init__.py", "from .case.cases import a"),
        ("commandline/a.py", "def f():\n    from ..scene import results\n    import rich"),
        ("panel/a.py", "import qt\nfrom ..imaging.errors import AnalysisError"),
        ("panel/a.py", "def f():\n    from ..scene.views.display import DisplaySettings"),
        ("panel/a.py", "if TYPE_CHECKING:\n    from ..scene.nodes.outcome import Outcome"),
    ],
)
def test_what_is_allowed_is_not_found(path, source):
    assert violations(source, path) == []


@pytest.mark.parametrize("layer", sorted(ROOMS))
def test_every_file_of_a_layer_lies_in_a_room(layer):
    found = {
        room_of(layer, path.split("/")[1].removesuffix(".py"))
        for path in LIBRARY_FILES
        if path.startswith(f"{layer}/")
    }
    assert found == {*ROOMS[layer], "__init__"}


def test_a_public_name_of_a_room_loads_nothing_before_it_is_asked_for():
    loaded = loaded_after("import BV5AnalysisLib.imaging.reading")
    assert not loaded & {"numpy", "scipy", "SimpleITK", "pydicom"}


def test_the_scene_layer_loads_nothing_before_a_name_is_asked_for():
    assert not loaded_after("import BV5AnalysisLib.scene") & {"numpy", "scipy", "slicer", "vtk"}


def loaded_after(statement: str) -> set[str]:
    """Top-level modules that a fresh Python has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_starts_without_anything_heavy():
    loaded = loaded_after("import BV5AnalysisLib.cli")
    assert not loaded & {"numpy", "scipy", "SimpleITK", "matplotlib", "vtk", "slicer", "rich"}


def test_the_analysis_command_needs_no_optional_package():
    loaded = loaded_after("import BV5AnalysisLib.commandline.analyze")
    assert "numpy" in loaded
    assert not loaded & {"matplotlib", "jinja2", "vtk", "slicer", "rich"}
