"""Lists that CONTRIBUTING's recipes ask to be kept in step are in step."""

import ast
import dataclasses
import json
import re
from pathlib import Path

from BV5AnalysisLib.imaging.parameters import Parameters

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "BV5Analysis" / "BV5AnalysisLib"


def codes_in(source: str) -> set[str]:
    """First arguments of `Finding(...)`: texts, and names of constants with their text."""
    tree = ast.parse(source)
    texts = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    codes = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding" and node.args:
            code = node.args[0]
            if isinstance(code, ast.Constant):
                codes.add(code.value)
            elif isinstance(code, ast.Name):
                codes.add(texts[code.id])
    return codes


def test_the_table_of_findings_has_exactly_the_codes_of_the_source():
    sources = [path.read_text(encoding="utf-8") for path in LIBRARY.rglob("*.py")]
    codes = set().union(*map(codes_in, (source for source in sources if "Finding(" in source)))
    document = (ROOT / "docs" / "batch-and-cohort.md").read_text(encoding="utf-8")
    table = document.partition("\n## Findings\n")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == codes
    assert {"no_vessels", "edited_by_hand", "regions_left_out"} <= codes


def test_the_schema_names_exactly_the_parameters():
    schema = json.loads((LIBRARY / "case" / "result.schema.json").read_text(encoding="utf-8"))
    parameters = schema["properties"]["parameters"]
    fields = [field.name for field in dataclasses.fields(Parameters)]
    assert list(parameters["properties"]) == fields
