"""The whole way, as a user goes it: `bv5 demo` in a process of its own, nothing replaced."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.case.output_folder import RESULT
from BV5AnalysisLib.export.batch.thumbnails import THUMBNAILS
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, SizeClass

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, list[dict]]:
    """Folder of a demo, and the progress it reported."""
    pytest.importorskip("slicer")
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = subprocess.run(
        [sys.executable, "-m", "BV5AnalysisLib", "demo", "-o", str(folder), "--progress", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, [json.loads(line) for line in done.stdout.splitlines()]


def test_every_promised_file_is_there(demo):
    folder, _ = demo
    found = {path.name for path in (folder / "result").iterdir()}
    assert found == RESULT.names - {"scene.mrb", *THUMBNAILS.values()}


def test_progress_rises_evenly_enough(demo):
    _, progress = demo
    fractions = [line["fraction"] for line in progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert max(np.diff(fractions)) < 0.3
    assert len({line["step"] for line in progress}) > 8


def test_measured_values_are_near_the_truth(demo):
    folder, _ = demo
    truth = json.loads((folder / "phantom" / "truth.json").read_text())["measurements"]
    record = json.loads((folder / "result" / "result.json").read_text(encoding="utf-8"))
    # A phantom's truth has the hilum included, and the table has it apart.
    measured = record["measurements_hilum_included"]
    assert [row["region"] for row in measured] == [row["region"] for row in truth]
    for row, true in zip(measured, truth, strict=True):
        assert row["lung_volume_ml"] == pytest.approx(true["lung_volume_ml"], rel=0.01)
        # What the analysis has to reach, in both lungs; one lung is half the vessels to average.
        one_lung = row["region"] != "both"
        assert row["tpbv_ml"] == pytest.approx(true["tpbv_ml"], rel=0.1 if one_lung else 0.08)
        assert row["bv5_pct"] == pytest.approx(true["bv5_pct"], abs=3.5 if one_lung else 2.5)
    both = record["measurements"][0]
    assert both["tpbv_ml"] + both["hilar_ml"] == pytest.approx(measured[0]["tpbv_ml"])
    with (folder / "result" / "measurements.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["tpbv_ml"]) == pytest.approx(both["tpbv_ml"], abs=1e-3)


def test_segmentations_lie_on_the_scan(demo):
    folder, _ = demo
    ct = sitk.ReadImage(str(folder / "phantom" / "ct.nrrd"))
    lungs = sitk.ReadImage(str(folder / "result" / "lungs.seg.nrrd"))
    vessels = sitk.ReadImage(str(folder / "result" / "vessels.seg.nrrd"))
    for image in (lungs, vessels):
        assert image.GetSize() == ct.GetSize()
        assert np.allclose(image.GetOrigin(), ct.GetOrigin())
        assert np.allclose(image.GetDirection(), ct.GetDirection())
    hu, labels = sitk.GetArrayFromImage(ct), sitk.GetArrayFromImage(vessels)
    assert set(np.unique(labels)) == {0, *map(int, SizeClass)}
    # Vessels are bright in dark lungs: the thicker, the less they are blurred.
    mean = {size_class: hu[labels == size_class].mean() for size_class in SizeClass}
    assert mean[SizeClass.BV10] > mean[SizeClass.BV5] > hu[sitk.GetArrayFromImage(lungs) > 0].mean()


def test_the_pictures_show_the_classes(demo):
    from matplotlib import image as mpl_image

    folder, _ = demo
    for name, tolerance in (("overview.png", 0.08), ("vessels_3d.png", 0.25)):
        picture = mpl_image.imread(folder / "result" / name)[..., :3]
        for size_class in (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10):
            near = (abs(picture - VESSELS[size_class].color) < tolerance).all(axis=-1)
            assert near.sum() > 500, (name, size_class.name)
