"""Slicer without pip, without network, or with a user who declines: what is said, what works."""

import importlib
import subprocess
import sys
import types

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError


@pytest.fixture
def packages(module, monkeypatch):
    """The module `packages`, in a Slicer that has none of them."""
    packages = importlib.import_module("BV5AnalysisLib.panel.process.packages")
    found = importlib.util.find_spec
    names = {"matplotlib", "jinja2", "statsmodels", "openpyxl", "distributed"}
    monkeypatch.setattr(
        packages.importlib.util,
        "find_spec",
        lambda name, *others: None if name in names else found(name, *others),
    )
    return packages


def without_packaging(monkeypatch):
    monkeypatch.delattr(slicer, "packaging")
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)


def packaging_that(does):
    def prepare(monkeypatch):
        packaging = types.ModuleType("slicer.packaging")
        packaging.pip_ensure = lambda *_arguments, **_options: does()
        monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
        monkeypatch.setattr(slicer, "packaging", packaging)

    return prepare


def raises(error):
    def fail():
        raise error

    return packaging_that(fail)


WAYS = {
    "a Slicer without slicer.packaging": (without_packaging, "slicer.packaging"),
    "the user declines": (raises(RuntimeError("User declined installation")), "User declined"),
    "no network": (
        raises(subprocess.CalledProcessError(1, ["pip", "install", "matplotlib>=3.9"])),
        "non-zero exit status 1",
    ),
    "no pip": (raises(ModuleNotFoundError("No module named 'pip'")), "No module named 'pip'"),
    "an error without a word": (raises(OSError()), "OSError"),
    "nothing happens, as in testing mode": (packaging_that(lambda: None), "are not installed.\n"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_missing_is_told_with_every_way_to_get_it(packages, monkeypatch, way):
    prepare, reason = WAYS[way]
    prepare(monkeypatch)
    with pytest.raises(AnalysisError) as raised:
        packages.ensurePackages(packages.REPORT, "The report", "save the measurements as CSV", True)
    told = str(raised.value)
    assert told.startswith(
        "The report needs the Python packages matplotlib>=3.9, Jinja2>=3.1, which are not installed"
    )
    assert reason in told
    lines = told.splitlines()
    assert 'slicer.util.pip_install("matplotlib>=3.9")' in lines
    assert 'slicer.util.pip_install("Jinja2>=3.1")' in lines
    assert 'pip download "matplotlib>=3.9" "Jinja2>=3.1"' in lines
    assert 'slicer.util.pip_install("/path/of/the/file.whl")' in lines
    assert lines[-2:] == [
        "Or do without: save the measurements as CSV.",
        "Everything else works without them.",
    ]


def test_a_long_reason_is_cut_and_on_one_line(packages, monkeypatch):
    raises(RuntimeError("pip said:\n" + 1000 * "no "))(monkeypatch)
    with pytest.raises(AnalysisError) as raised:
        packages.ensurePackages(packages.STATISTICS, "A cohort's analysis", "", True)
    first, *others = str(raised.value).splitlines()
    assert "(pip said: no no" in first
    assert len(first) < 450
    assert not any("Or do without" in line for line in others)


def test_without_the_packages_all_but_the_report_works(
    packages, widget, case_folder, ct_node, monkeypatch, messages, tmp_path
):
    without_packaging(monkeypatch)
    slicer.util.selectModule("BV5Analysis")
    widget.logic.loadCase(case_folder, ct_node)
    slicer.app.processEvents()
    ui = widget.ui
    messages.answer("getExistingDirectory", str(tmp_path))
    ui.saveReportButton.click()
    (told,) = messages.texts("error")
    assert told.startswith("The report could not be saved.\n\nThe report needs the Python packages")
    assert list(tmp_path.iterdir()) == [tmp_path / "slicer"]
    assert ui.resultsStatusLabel.text == ""
    messages.answer("getSaveFileName", str(tmp_path / "numbers.csv"))
    ui.saveCsvButton.click()
    assert (tmp_path / "numbers.csv").is_file()
    ui.nextBranchButton.click()
    ui.copyButton.click()
    assert len(messages.texts("error")) == 1
