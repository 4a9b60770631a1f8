"""What is said in several files is the same in each, and what ships is all that is needed."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import BV5AnalysisLib

ROOT = Path(__file__).parents[3]
LIBRARY = Path(BV5AnalysisLib.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_citation_names_this_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == BV5AnalysisLib.__version__


def test_the_command_that_is_installed_exists():
    script = PROJECT["project"]["scripts"]["bv5"]
    assert callable(importlib.metadata.EntryPoint("bv5", script, "console_scripts").load())


def test_every_folder_with_code_is_a_package():
    folders = {path.parent for path in LIBRARY.rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_every_file_that_is_no_code_is_shipped():
    data = PROJECT["tool"]["setuptools"]["package-data"]
    for path in LIBRARY.rglob("*"):
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts:
            assert any(
                path.match(f"{package.replace('.', '/')}/{pattern}")
                for package, patterns in data.items()
                for pattern in patterns
            ), f"{path.name} is in no package-data"


def test_no_package_beyond_slicers_own_is_needed_to_measure():
    names = {re.split(r"[<>=]", each)[0] for each in PROJECT["project"]["dependencies"]}
    assert names == {"numpy", "scipy", "SimpleITK", "pydicom", "rich"}
