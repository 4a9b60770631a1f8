"""What our code never does with Qt's objects, as it would end Slicer; see docs/decisions/0001."""

import ast
from pathlib import Path

import BV5AnalysisLib
import pytest

LIBRARY = Path(BV5AnalysisLib.__file__).parent
FILES = [LIBRARY.parent / "BV5Analysis.py", *sorted((LIBRARY / "panel").rglob("*.py"))]
REFUSED = {
    "deleteLater": "PythonQt owns what Python made without a parent: it would be freed twice",
    "QProcess": "children run by panel.childprocess, which no Qt object outlives",
    "Thread": "Python's threads hardly run while Qt waits for events",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_uses_what_would_end_slicer(path):
    tree = ast.parse(path.read_text("utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = {name: reason for name, reason in REFUSED.items() if name in used}
    assert found == {}
