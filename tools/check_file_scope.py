"""Check what loading a file of the module does: what it imports, and that it does nothing else.

Slicer loads the module when it starts, and packages that it does not bundle may be missing then.
So at file scope only Python's own modules and those that Slicer bundles may be imported, nothing
may be run, and no part of the module talks to the network.

    python tools/check_file_scope.py
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULE = ROOT / "BV5Analysis"

BUNDLED = {
    "slicer": "Slicer itself",
    "vtk": "Slicer's own build",
    "vtkmodules": "part of vtk",
    "SimpleITK": "Slicer's SuperBuild/External_python-SimpleITK.cmake",
    "numpy": "Slicer's SuperBuild/External_python-numpy.cmake",
    "scipy": "Slicer's SuperBuild/External_python-scipy.cmake",
    "pydicom": "Slicer's SuperBuild/External_python-dicom-requirements.cmake",
}
"""What Slicer brings, and what of Slicer says so."""
WINDOW = {"qt", "ctk"}
"""Slicer's too, but not of its Python processes and not of plain Python."""
OWN = {"BV5Analysis", "BV5AnalysisLib"}
NETWORK = {
    "aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "telnetlib", "urllib3",
    "urllib.request", "webbrowser", "xmlrpc",
}  # fmt: skip

ACTS = {
    "eval", "exec", "input", "open", "os.popen", "os.system", "pip_install", "pip_main",
    "print", "urlopen", "urlretrieve",
}  # fmt: skip
"""Calls that do something, even where a name is given their result."""
ACTS_WITHIN = ("subprocess.", "shutil.", "slicer.util.", "slicer.app.", "slicer.mrmlScene.")

DECLARES = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign,
    ast.AnnAssign, ast.Pass,
)  # fmt: skip


def faults(source: str, path: str) -> list[str]:
    """Say what is wrong with a file; `path` is within the module's folder."""
    tree = ast.parse(source)
    return [
        f"{path}:{line}: {text}"
        for line, text in sorted(
            {*_wrong_imports(tree, path), *_actions(tree.body), *_network(tree)}
        )
    ]


def _wrong_imports(tree: ast.Module, path: str) -> Iterator[tuple[int, str]]:
    for node in _at_file_scope(tree):
        for name in _imported(node):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in BUNDLED or top in OWN:
                continue
            if top in WINDOW:
                if not _may_use_window(path):
                    yield node.lineno, f"imports {top}, which only the panel may"
            else:
                yield node.lineno, f"imports {top} at file scope; Slicer may lack it"


def _may_use_window(path: str) -> bool:
    return path == "BV5Analysis.py" or path.startswith("BV5AnalysisLib/panel/")


def _network(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        for name in _imported(node):
            if name in NETWORK or name.split(".")[0] in NETWORK:
                yield node.lineno, f"imports {name}, which talks to the network"


def _actions(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    for node in body:
        if isinstance(node, ast.If) and _is_main_guard(node):
            continue
        if isinstance(node, ast.If) and _is_for_types(node):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # A docstring, or a text that explains the name above it.
        if not isinstance(node, DECLARES):
            yield node.lineno, f"runs at file scope: {ast.unparse(node).splitlines()[0]}"
        elif isinstance(node, ast.ClassDef):
            yield from _actions(node.body)
        else:
            yield from _acting_calls(node)


def _acting_calls(node: ast.stmt) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func)
            if name in ACTS or name.startswith(ACTS_WITHIN) or name.split(".")[-1] in ACTS:
                yield call.lineno, f"calls {name} at file scope"


def _at_file_scope(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes that loading the file runs."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and _is_for_types(node):
            waiting.extend(node.orelse)
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _imported(node: ast.AST) -> list[str]:
    """Full names of what a statement imports from elsewhere."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _is_for_types(node: ast.If) -> bool:
    return ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _is_main_guard(node: ast.If) -> bool:
    return ast.unparse(node.test) == "__name__ == '__main__'" and not node.orelse


def main() -> int:
    """Check every file of the module; 1 if something is wrong."""
    paths = sorted(MODULE.rglob("*.py"))
    found = [
        fault
        for path in paths
        for fault in faults(path.read_text(encoding="utf-8"), path.relative_to(MODULE).as_posix())
    ]
    for fault in found:
        print(f"BV5Analysis/{fault}", file=sys.stderr)
    if not found:
        print(f"{len(paths)} files import at file scope what Slicer bundles, and run nothing.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
