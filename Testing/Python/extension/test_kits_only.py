"""Pictures in a process that has Slicer's kits and none of its loadable modules (PythonSlicer)."""

import os
import subprocess
import sys
from pathlib import Path

import BV5AnalysisLib
import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.case.nrrd import write_nrrd
from BV5AnalysisLib.imaging.model.size_classes import VESSELS
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom

KITS = Path(__file__).parent / "kits"
LIBRARY = Path(BV5AnalysisLib.__file__).parents[1]


def run(*arguments: str, code: str = "") -> subprocess.CompletedProcess:
    """Run the command line, or code, where `slicer` is only what PythonSlicer has."""
    command = ["-c", code] if code else ["-m", "BV5AnalysisLib"]
    path = os.pathsep.join([str(KITS), str(LIBRARY)])
    return subprocess.run(
        [sys.executable, *command, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def test_the_stand_in_has_the_kits_and_nothing_else():
    done = run(
        code="""
import slicer
for name in ("vtkMRMLScene", "vtkMRMLSliceLogic", "vtkSegmentationConverter",
             "vtkSlicerApplicationLogic", "vtkSlicerScalarBarActor", "vtkSlicerVolumesLogic",
             "vtkMRMLColorLegendDisplayNode", "app", "mrmlScene", "util"):
    print(int(hasattr(slicer, name)), end="")
print(len([name for name in vars(slicer.modules) if not name.startswith("_")]))
"""
    )
    assert done.stdout.strip() == "1111000000" + "0", done.stderr


def test_a_report_can_be_drawn():
    done = run(
        code="""
from BV5AnalysisLib.commandline.requirements import check_requirements
check_requirements(report=True, scene=False)
"""
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def scans(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kits") / "scans"
    folder.mkdir()
    spec = ChestPhantomSpec(seed=1, scale=0.5, spacing_mm=(1.0, 1.0, 1.0))
    volume = chest_phantom(spec).volume
    write_nrrd(folder / "phantom.nrrd", volume.array, volume.grid)
    return folder


def check_pictures(case: Path) -> None:
    """All classes in their colors, in vessels and legend, and the legend's text."""
    picture = sitk.GetArrayFromImage(sitk.ReadImage(str(case / "vessels_3d.png")))
    height = len(picture)
    vessels, legend = np.split(picture, [int(0.89 * height)])
    for look in VESSELS.values():
        color = 255 * np.array(look.color)
        assert (np.abs(legend - color).max(axis=-1) < 4).sum() > 500, look.name
        share = vessels / np.maximum(vessels.max(axis=-1, keepdims=True), 1)
        bright = vessels.max(axis=-1) > 60
        alike = np.abs(share - color / color.max()).max(axis=-1) < 0.12
        assert (alike & bright).sum() > 200, look.name
    assert (legend.min(axis=-1) > 170).sum() > 2000
    overview = sitk.GetArrayFromImage(sitk.ReadImage(str(case / "overview.png")))
    assert overview.std() > 10
    assert "data:image/png;base64" in (case / "report.html").read_text("utf-8")


@pytest.mark.slow
def test_analyzing_with_a_report(scans, tmp_path):
    out = tmp_path / "case"
    done = run("analyze", str(scans / "phantom.nrrd"), "-o", str(out))
    assert done.returncode == 0, done.stderr
    check_pictures(out)


@pytest.mark.slow
def test_a_batch_with_reports(scans, tmp_path):
    out = tmp_path / "batch"
    done = run("batch", str(scans), "-o", str(out), "--jobs", "1")
    assert done.returncode == 0, done.stderr
    check_pictures(out / "phantom")


@pytest.mark.parametrize("command", ["analyze", "batch"])
def test_what_cannot_be_drawn_is_told_before_the_first_case(scans, tmp_path, command):
    """By a class that is missing: `sitecustomize` reaches the workers of a batch as well."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import vtk\n"
        "class Missing:\n"
        "    def __init__(self):\n"
        "        raise AttributeError('no such class here')\n"
        "vtk.vtkLightKit = Missing\n"
    )
    source = scans / "phantom.nrrd" if command == "analyze" else scans
    path = os.pathsep.join([str(broken), str(KITS), str(LIBRARY)])
    done = subprocess.run(
        [sys.executable, "-m", "BV5AnalysisLib", command, str(source), "-o", tmp_path / "out"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no such class here" in done.stderr
    assert "--no-report" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["broken"]


def test_a_crash_while_drawing_is_told_before_the_first_case(scans, tmp_path):
    """As by a graphics driver: it ends the worker, not the command."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import os, vtk\nvtk.vtkLightKit = lambda: os.abort()\n"
    )
    path = os.pathsep.join([str(broken), str(KITS), str(LIBRARY)])
    done = subprocess.run(
        [sys.executable, "-m", "BV5AnalysisLib", "batch", str(scans), "-o", tmp_path / "out"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 1
    assert "ends its process here (SIGABRT)" in done.stderr
    assert "--no-report" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["broken"]
