"""The extension's files agree with each other and with the disk."""

import json
import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "BV5Analysis"
CMAKE = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
EXTENSION = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def listed(variable: str) -> list[str]:
    """Files of a list in the module's CMakeLists."""
    block = re.search(rf"set\({variable}\n(.*?)\n\s*\)", CMAKE, re.DOTALL)[1]
    return [line.strip().replace("${MODULE_NAME}", "BV5Analysis") for line in block.splitlines()]


def shipped() -> list[str]:
    """Files of the module's folder, but what Python and pip leave there."""
    return sorted(
        path.relative_to(MODULE).as_posix()
        for path in MODULE.rglob("*")
        if path.is_file()
        and path.name != "CMakeLists.txt"
        and not any(
            part == "__pycache__" or part.startswith(".") or part.endswith(".egg-info")
            for part in path.relative_to(MODULE).parts
        )
    )


def meta(name: str) -> str:
    """Value of a variable of the extension, which the Extensions Index wants quoted."""
    return re.search(rf'^set\({name} "([^"]*)"\)', EXTENSION, re.MULTILINE)[1]


def test_every_file_of_the_module_is_listed_once():
    names = listed("MODULE_PYTHON_SCRIPTS") + listed("MODULE_PYTHON_RESOURCES")
    assert sorted(names) == shipped()


def test_scripts_are_python_and_resources_are_not_loaded_as_modules():
    assert all(name.endswith(".py") for name in listed("MODULE_PYTHON_SCRIPTS"))
    # Slicer takes every script directly in the folder for a module.
    top = [name for name in shipped() if "/" not in name and name.endswith(".py")]
    assert top == ["BV5Analysis.py"]


def test_the_project_is_named_as_the_module_and_its_description():
    assert re.search(r"^project\(BV5Analysis\)", EXTENSION, re.MULTILINE)
    assert re.search(r"^add_subdirectory\(BV5Analysis\)", EXTENSION, re.MULTILINE)
    assert "slicer_add_python_unittest(SCRIPT ${MODULE_NAME}.py)" in CMAKE
    assert "WITH_GENERIC_TESTS" in CMAKE
    assert (ROOT / "BV5Analysis.json").is_file()


def test_the_catalog_entry_has_what_its_schema_asks_for():
    entry = json.loads((ROOT / "BV5Analysis.json").read_text(encoding="utf-8"))
    assert {"$schema", "category", "scm_url"} <= set(entry)
    assert set(entry) <= {
        "$schema",
        "build_dependencies",
        "build_subdirectory",
        "category",
        "enabled",
        "scm_revision",
        "scm_type",
        "scm_url",
        "tier",
    }
    assert entry["category"] == meta("EXTENSION_CATEGORY") == "Quantification"
    assert 1 <= entry["tier"] <= 5
    assert entry["scm_url"].removesuffix(".git") == meta("EXTENSION_HOMEPAGE")


@pytest.mark.parametrize("variable", ["EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"])
def test_pictures_of_the_extension_are_in_the_repository(variable):
    for address in meta(variable).split():
        assert address.startswith(meta("EXTENSION_HOMEPAGE"))
        path = ROOT / address.partition("/raw/main/")[2]
        assert path.is_file()
        assert path.stat().st_size < 2e6


@pytest.mark.parametrize(
    ("name", "size"), [("BV5Analysis.png", (128, 128)), ("BV5Phantom.png", (260, 280))]
)
def test_icons_have_the_size_that_slicer_asks_for(name, size):
    data = (MODULE / "Resources" / "Icons" / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == size


def test_the_module_has_the_classes_that_slicer_looks_for():
    source = (MODULE / "BV5Analysis.py").read_text(encoding="utf-8")
    for suffix in ("", "Widget", "Logic", "Test"):
        assert re.search(rf"^class BV5Analysis{suffix}\(", source, re.MULTILINE)
