"""What the Extensions Index asks for, its checks, and what README quotes of the module."""

import ast
import json
import re
import shutil
from pathlib import Path

import BV5AnalysisLib
import check_index
import pytest
import repository

ROOT = Path(__file__).parents[3]
FILES = (
    "BV5Analysis.json",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "CMakeLists.txt",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "BV5Analysis/BV5Analysis.py",
    "BV5Analysis/BV5AnalysisLib/case/result.schema.json",
)
REAL = "https://github.com/someone/SlicerBV5Analysis"


@pytest.fixture
def copy(tmp_path) -> Path:
    """What the checks read, to be changed."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("Resources", "docs", "benchmarks", "BV5Analysis/Resources"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("out"))
    return tmp_path


def change(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_repository_has_what_the_index_asks_for(capsys):
    assert check_index.main([]) == 0
    assert capsys.readouterr().err == ""


def test_placeholders_are_told_and_keep_from_a_release(copy, capsys):
    assert check_index.main([], copy) == 0
    told = capsys.readouterr().out
    for name in ("pyproject.toml", "CMakeLists.txt", "BV5Analysis.json", "README.md"):
        assert f"placeholder left: {name}" in told
    assert check_index.main(["--release"], copy) == 1
    assert "placeholder left: CITATION.cff" in capsys.readouterr().err


def test_with_address_and_names_nothing_keeps_from_a_release(copy, capsys):
    for name in repository.WITH_AUTHORS:
        change(copy, name, repository.PLACEHOLDER_AUTHORS, "Ada Lovelace (London)")
    assert check_index.main(["--release", "--set-address", REAL], copy) == 0
    assert "placeholder left" not in capsys.readouterr().err
    entry = json.loads((copy / "BV5Analysis.json").read_text(encoding="utf-8"))
    assert entry["scm_url"] == f"{REAL}.git"
    # GitHub serves files as they are from another host.
    icon = check_index.cmake_values(copy)["ICONURL"]
    assert icon.startswith("https://raw.githubusercontent.com/someone/SlicerBV5Analysis/main/")
    assert "example.org" not in (copy / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("BV5Analysis.json", "SlicerBV5Analysis.git", "Vessels.git", "is not called Slicer"),
        ("BV5Analysis.json", '"tier": 1', '"tier": "1"', "has to be of type int"),
        ("BV5Analysis.json", '"tier": 1', '"stars": 5', "does not know stars"),
        ("BV5Analysis.json", "v1.0.2", "v1.0.1", "$schema is not"),
        ("BV5Analysis.json", '"Quantification"', '"Lungs"', "category"),
        ("BV5Analysis.json", "https://www", "ftp://www", "begins neither"),
        ("BV5Analysis.json", "[]", '["SlicerRT"]', "differ in dependencies"),
        ("CMakeLists.txt", "project(BV5Analysis)", "project(Vessels)", "does not call the project"),
        ("CMakeLists.txt", "3-result.png", "9-none.png", "is no picture"),
        ("CMakeLists.txt", "Measures from", "Tells from", "EXTENSION_DESCRIPTION"),
        ("CMakeLists.txt", 'ICONURL "', "ICONURL ", "lacks EXTENSION_ICONURL"),
        ("CITATION.cff", "SlicerBV5Analysis", "BV5", "CITATION.cff does not hold"),
        ("BV5Analysis/BV5Analysis.py", "Measures from", "Tells from", "help text"),
        ("README.md", "## Modules", "## Parts", "no heading 'Modules'"),
        ("README.md", "4-review.png", "9-none.png", "which is not there"),
        ("README.md", "/issues)", "/wiki)", "README.md does not hold"),
        ("README.md", "[Apache-2.0](LICENSE)", "[License](LICENSE)", "does not name Apache-2.0"),
    ],
)
def test_a_fault_is_told(copy, capsys, name, old, new, fault):
    change(copy, name, old, new)
    assert check_index.main([], copy) == 1
    assert fault in capsys.readouterr().err


def test_the_ready_sentence_has_this_version_and_the_default_classes():
    from BV5AnalysisLib.imaging.parameters import Parameters

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    sentence = next(line for line in readme.splitlines() if line.startswith("> Pulmonary"))
    parameters = Parameters()
    low, high = parameters.class_bounds_mm2
    floor = parameters.minimum_csa_mm2
    assert f"version {BV5AnalysisLib.__version__})" in sentence
    assert f"BV5 ({floor:g} to < {low:g} mm²)" in sentence
    assert f"BV5-10 ({low:g} to < {high:g} mm²) and BV10 (≥ {high:g} mm²)" in sentence
    assert f"the floor of {floor:g} mm²" in sentence


# What README quotes

GAP = "\0"


def texts_of(source: str) -> list[str]:
    """Texts of a file as users see them, `GAP` for what is filled in."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts = [v.value if isinstance(v, ast.Constant) else GAP for v in node.values]
            found.append("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(re.sub(r"\{[^{}]*\}", GAP, node.value))
    return found


def holds(text: str, quoted: str) -> bool:
    """Whether a text has the parts of a quoted message in order, with gaps between them."""
    parts = [re.escape(part.strip()) for part in quoted.split("…")]
    return re.search(r"\s*\0[^\0]*".join(parts), text) is not None


def quoted_messages() -> list[str]:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Troubleshooting")[2]
    return re.findall(r"^\| `([^`]+)` \|", section.partition("\n## ")[0], re.MULTILINE)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    files = (ROOT / "BV5Analysis").rglob("*.py")
    return [text for path in files for text in texts_of(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("message", quoted_messages())
def test_a_message_that_readme_explains_is_in_the_sources(message, texts):
    assert any(holds(text, message) for text in texts)


def test_messages_are_explained():
    assert len(quoted_messages()) >= 20


def test_a_message_that_is_nowhere_is_not_found(texts):
    assert not any(holds(text, "The lung … has … wings") for text in texts)
    assert holds("The folder \0 is empty", "The folder … is empty")
    assert not holds("The folder is empty", "The folder … is empty")
