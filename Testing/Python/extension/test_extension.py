"""The module's icons, pictures and classes are as Slicer and the catalog want them."""

import re
import struct
from pathlib import Path

import check_index
import pytest

ROOT = Path(__file__).parents[3]
MODULE = ROOT / "BV5Analysis"


def test_pictures_of_the_extension_are_small_enough_for_the_catalog():
    values = check_index.cmake_values(ROOT)
    for address in [values["ICONURL"], *values["SCREENSHOTURLS"].split()]:
        assert (ROOT / address.partition("/raw/main/")[2]).stat().st_size < 2e6


def test_both_tests_of_the_module_are_known_to_cmake():
    cmake = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    assert "slicer_add_python_unittest(SCRIPT ${MODULE_NAME}.py)" in cmake
    assert "WITH_GENERIC_TESTS" in cmake


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
