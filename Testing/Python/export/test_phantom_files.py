"""A phantom's folder, read back by other readers."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.export.phantom_files import write_phantom
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLPolyDataReader


@pytest.fixture(scope="module")
def phantom():
    return chest_phantom(
        ChestPhantomSpec(scale=0.35, spacing_mm=(2.0, 2.0, 2.0), consolidation_fraction=0.1)
    )


def test_images_read_back(phantom, tmp_path):
    write_phantom(phantom, tmp_path / "out")
    ct = sitk.ReadImage(str(tmp_path / "out" / "ct.nrrd"))
    assert ct.GetPixelID() == sitk.sitkInt16
    assert ct.GetSpacing() == pytest.approx((2.0, 2.0, 2.0))
    assert ct.GetOrigin() == pytest.approx(phantom.volume.grid.origin)
    assert np.array_equal(sitk.GetArrayFromImage(ct), phantom.volume.array)
    lungs = sitk.ReadImage(str(tmp_path / "out" / "lungs.seg.nrrd"))
    assert np.array_equal(sitk.GetArrayFromImage(lungs), phantom.lungs.array)
    assert lungs.GetMetaData("Segment0_Name") == "Right lung"


@pytest.mark.parametrize(
    ("name", "attribute"),
    [("truth_centerlines.vtp", "centerlines"), ("truth_airways.vtp", "airway_centerlines")],
)
def test_centerlines_read_back(phantom, tmp_path, name, attribute):
    write_phantom(phantom, tmp_path / "out")
    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "out" / name))
    reader.Update()
    lines, truth = reader.GetOutput(), getattr(phantom, attribute)
    assert lines.GetNumberOfLines() == truth.branch_count > 0
    assert vtk_to_numpy(lines.GetPoints().GetData()) == pytest.approx(truth.points_mm, abs=1e-3)
    csa = vtk_to_numpy(lines.GetPointData().GetArray("csa_mm2"))
    assert csa == pytest.approx(truth.csa_mm2, rel=1e-5)


def test_truth_reads_back(phantom, tmp_path):
    write_phantom(phantom, tmp_path / "out")
    truth = json.loads((tmp_path / "out" / "truth.json").read_text(encoding="utf-8"))
    assert truth["schema"] == "bv5-analysis/phantom"
    assert ChestPhantomSpec(**truth["spec"]) == phantom.spec
    assert [row["region"] for row in truth["measurements"]] == ["both", "right", "left"]
    both = truth["measurements"][0]
    assert both["bv5_pct"] == pytest.approx(phantom.measurements[0].bv5_pct)
    assert truth["hidden_measurements"][0]["tpbv_ml"] > 0
    above_floor = sum(truth["centerline_mm"][key] for key in ("bv5", "bv5_10", "bv10"))
    assert above_floor == pytest.approx(both["vessel_length_mm"], rel=0.01)
    assert truth["software"]["bv5-analysis"]


def test_nothing_half_written_and_nothing_replaced_unasked(phantom, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("BV5AnalysisLib.export.phantom_files.write_centerlines", full)
    with pytest.raises(AnalysisError, match="full"):
        write_phantom(phantom, out)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    write_phantom(phantom, out)
    with pytest.raises(AnalysisError, match="--overwrite"):
        write_phantom(phantom, out)
    write_phantom(phantom, out, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
