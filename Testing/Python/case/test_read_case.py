"""A case that is read back is the one that was written; anything else is refused with a reason."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.case.centerlines import read_centerlines, write_centerlines
from BV5AnalysisLib.case.files import (
    Case,
    Review,
    case_of,
    read_case,
    with_recomputed,
    write_case,
)
from BV5AnalysisLib.case.measurements_csv import measurements_csv
from BV5AnalysisLib.case.record import write_record
from BV5AnalysisLib.case.segmentation import write_segmentation
from BV5AnalysisLib.imaging.editing.recompute import recompute
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.edits import Edits
from BV5AnalysisLib.imaging.model.measurements import CsaHistogram, Kernel
from BV5AnalysisLib.imaging.model.scan import Acquisition
from BV5AnalysisLib.imaging.model.size_classes import LUNGS, VESSELS, LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters

SAME = ("name", "measurements", "findings", "calibration", "parameters", "seconds", "lungs_given")
SAME += ("grid", "sha256", "acquisition", "review", "edits", "software", "created")


@pytest.fixture(scope="module")
def case(small_result) -> Case:
    """A case with something in every field."""
    scan = dataclasses.replace(
        small_result.scan, acquisition=Acquisition("1.2", "1.2.3", "Ü GmbH", None, "B", None, 1.25)
    )
    result = dataclasses.replace(small_result, scan=scan, lungs_given=True)
    review = Review("accepted", "Dr. Ö", "two\nlines, “quoted”", "2026-11-22T10:00:00+01:00")
    return dataclasses.replace(case_of("Fall Ä", result), review=review, edits=Edits(0.1, 0.2))


@pytest.fixture
def folder(tmp_path, case) -> Path:
    folder = tmp_path / "Fall 7 Ünï — 患者"
    folder.mkdir()
    write_case(folder, case)
    return folder


def assert_same(one: Case, other: Case) -> None:
    for name in SAME:
        assert getattr(one, name) == getattr(other, name), name
    for name in ("lungs", "vessels"):
        np.testing.assert_array_equal(getattr(one, name).array, getattr(other, name).array)
    for field in dataclasses.fields(Centerlines):
        np.testing.assert_array_equal(
            getattr(one.centerlines, field.name), getattr(other.centerlines, field.name)
        )
    np.testing.assert_array_equal(one.csa_histogram.edges_mm2, other.csa_histogram.edges_mm2)
    np.testing.assert_array_equal(one.csa_histogram.volume_ml, other.csa_histogram.volume_ml)


def unedited(case: Case):
    lines, given = case.centerlines, (case.calibration, case.parameters)
    return recompute(None, case.lungs, case.vessels, lines, *given)


def test_it_comes_back_whole(folder, case):
    assert_same(read_case(folder), case)


def test_a_bare_case_comes_back(tmp_path, small_result):
    """Not reviewed, not edited, nothing known of the scanner, and no blood."""
    intervals = dataclasses.replace(
        small_result.measurements[0].intervals, bv5_pct=None, bv5_10_pct=None, bv10_pct=None
    )
    none = dataclasses.replace(
        small_result.measurements[0],
        bv5_ml=0.0,
        bv5_10_ml=0.0,
        bv10_ml=0.0,
        intervals=intervals,
        intervals_with_hilum=intervals,
    )
    empty = np.zeros(0)
    result = dataclasses.replace(
        small_result,
        measurements=tuple(
            dataclasses.replace(none, region=region) for region in ("both", "right", "left")
        ),
        vessels=small_result.vessels.with_array(np.zeros_like(small_result.vessels.array)),
        centerlines=Centerlines.measured(
            np.zeros((0, 3)), np.zeros(1, int), empty, empty.astype(np.uint8), empty, empty
        ),
        findings=(),
        csa_histogram=CsaHistogram(np.array([0.0, 5.0, np.inf]), np.zeros(2)),
    )
    written = case_of("none", result)
    write_case(tmp_path, written)
    again = read_case(tmp_path)
    assert again.review == Review()
    assert again.edits is None
    assert np.isnan(again.measurements[0].bv5_pct)
    assert again.centerlines.branch_count == 0
    assert again.measurements == written.measurements


def test_recomputed_after_reading_the_numbers_are_those_of_before(folder, case):
    read = read_case(folder)
    first, second = (
        recompute(
            None, each.lungs, each.vessels, each.centerlines, each.calibration, each.parameters
        )
        for each in (case, read)
    )
    assert first.measurements == second.measurements
    assert second.edits == Edits()


def test_a_recomputed_case_carries_all_edits(case):
    vessels = case.vessels.array.copy()
    vessels[vessels == SizeClass.BV10] = 0
    edited = dataclasses.replace(case, vessels=case.vessels.with_array(vessels), edits=Edits(0.5))
    parameters = Parameters(minimum_csa_mm2=0.5)
    result = recompute(
        None, edited.lungs, edited.vessels, edited.centerlines, case.calibration, parameters
    )
    after = with_recomputed(edited, result, parameters)
    assert after.measurements == result.measurements
    assert after.measurements[0].bv10_ml == 0
    assert after.edits.erased_ml == pytest.approx(0.5 + result.edits.erased_ml)
    assert result.edits.erased_ml > 4
    assert after.parameters.minimum_csa_mm2 == 0.5
    assert [found.code for found in after.findings] == ["thick_slices", "edited_by_hand"]
    assert (case.review.status, after.review) == ("accepted", Review())
    with pytest.raises(AnalysisError, match="analyze the scan again"):
        with_recomputed(edited, result, Parameters(blood_hu=55.0))


def test_a_verdict_stays_where_nothing_changed(case):
    result = recompute(
        None, case.lungs, case.vessels, case.centerlines, case.calibration, case.parameters
    )
    assert with_recomputed(case, result, case.parameters).review == case.review
    floor = dataclasses.replace(case.parameters, minimum_csa_mm2=0.5)
    assert with_recomputed(case, result, floor).review == Review()


def test_lungs_edited_away_from_all_vessels_leave_a_trace(folder, case):
    """Voxels that change sides or go, without a vessel in them, change volumes all the same."""
    lungs = case.lungs.array.copy()
    free = np.flatnonzero((lungs == LungLabel.RIGHT) & (case.vessels.array == 0))
    lungs.flat[free[:30]] = LungLabel.LEFT
    lungs.flat[free[30:50]] = 0
    edited = dataclasses.replace(case, lungs=case.lungs.with_array(lungs), edits=None)
    result = unedited(edited)
    assert not result.edits
    after = with_recomputed(edited, result, case.parameters)
    changed_ml = (50 + 30) * case.grid.voxel_volume_ml
    assert after.edits == Edits(lung_volume_changed_ml=pytest.approx(changed_ml))
    assert after.edits
    assert after.findings[-1].code == "edited_by_hand"
    assert after.review == Review()
    again = with_recomputed(after, unedited(after), case.parameters)
    assert again.edits == after.edits
    write_case(folder, after)
    assert read_case(folder).edits == after.edits
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    del record["edits"]["lung_volume_changed_ml"]
    (folder / "result.json").write_text(json.dumps(record), encoding="utf-8")
    assert read_case(folder).edits == Edits()


def test_what_earlier_versions_wrote_is_read(folder, case):
    """Schema 1.0 had neither review nor edits, and centerlines no values of single points."""
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    del record["review"], record["edits"], record["calibration"]["kernel"]
    record["schema_version"] = "1.0"
    (folder / "result.json").write_text(json.dumps(record), encoding="utf-8")
    text = (folder / "centerlines.vtp").read_text(encoding="utf-8")
    for name in ("blood_ml", "class_by_hand", "kept_share", "drawn_voxels", "drawn_class"):
        start = text.index(f'Name="{name}"')
        start = text.rindex("<DataArray", 0, start)
        end = text.index("</DataArray>", start) + len("</DataArray>")
        text = text[:start] + text[end:]
    (folder / "centerlines.vtp").write_text(text, encoding="utf-8")
    old = read_case(folder)
    assert old.review == Review()
    assert old.edits is None
    # Nobody looked at the kernel, which is not the same as one that is not sharp.
    unknown = Kernel(looked_for=False)
    assert old.calibration == dataclasses.replace(case.calibration, kernel=unknown)
    (first, *_) = csv.DictReader(measurements_csv(old).splitlines())
    assert first["kernel_sharpness"] == ""
    write_record(folder / "result.json", old)
    again = read_case(folder)
    assert again.calibration == old.calibration
    assert old.centerlines.volume_ml == pytest.approx(case.centerlines.volume_ml, rel=1e-5)
    assert old.centerlines.length_mm == pytest.approx(case.centerlines.length_mm, rel=1e-5)
    assert (old.centerlines.drawn_voxels > 0).any()


def refused(folder: Path) -> str:
    with pytest.raises(AnalysisError) as caught:
        read_case(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 250
    return text


def test_a_folder_of_something_else_is_refused(tmp_path):
    assert "There is no folder" in refused(tmp_path / "absent")
    (tmp_path / "file").write_text("x")
    assert "There is no folder" in refused(tmp_path / "file")
    for name in ("n" * 300, "a\0b"):
        with pytest.raises(AnalysisError, match="There is no folder"):
            read_case(tmp_path / name)
    assert "holds no result.json" in refused(tmp_path)
    (tmp_path / "result.json").write_text('{"schema": "bv5-analysis/phantom"}')
    assert "no result of BV5 Analysis" in refused(tmp_path)
    (tmp_path / "result.json").write_text("[]")
    assert "no result of BV5 Analysis" in refused(tmp_path)


FILES = ["result.json", "vessels.seg.nrrd", "lungs.seg.nrrd", "centerlines.vtp"]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert name in refused(folder)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_is_named(folder, name, share):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(len(whole) * share)])
    assert name in refused(folder)


@pytest.mark.parametrize("name", FILES)
def test_without_its_last_bytes_a_file_is_refused_or_whole_all_the_same(folder, case, name):
    """A packed file ends in a checksum, after all of its voxels."""
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-3])
    if name.endswith(".nrrd"):
        try:
            read = read_case(folder)
        except AnalysisError as error:
            refusal = str(error)
        else:
            assert_same(read, case)
            refusal = name
        assert name in refusal
    else:
        assert name in refused(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_other_content_is_named(folder, name):
    (folder / name).write_bytes(np.random.default_rng(0).bytes(5000))
    assert name in refused(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: record.update(schema_version="2.0"), "schema version 2.0"),
        (lambda record: record.pop("schema_version"), "schema version None"),
        (lambda record: record.pop("input"), "lacks or garbles"),
        (lambda record: record["input"].pop("sha256"), "lacks or garbles"),
        (lambda record: record["input"].update(size=[3, 4]), "lacks or garbles"),
        (lambda record: record["input"].update(size="big"), "lacks or garbles"),
        (lambda record: record.update(measurements=None), "lacks or garbles"),
        (lambda record: record["measurements"][0].pop("bv5_ml"), "lacks or garbles"),
        (lambda record: record["measurements"][0].update(bv5_ml="x"), "lacks or garbles"),
        (lambda record: record["parameters"].update(odd=1), "Unknown parameter odd"),
        (lambda record: record["findings"][0].update(severity="bad"), "lacks or garbles"),
        (lambda record: record["review"].update(status="maybe"), "review.status is 'maybe'"),
        (lambda record: record.update(review=[]), "lacks or garbles"),
        (lambda record: record["edits"].update(more=1), "lacks or garbles"),
        (lambda record: record.update(csa_histogram={}), "lacks or garbles"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(folder, change, message):
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    change(record)
    (folder / "result.json").write_text(json.dumps(record), encoding="utf-8")
    assert message in refused(folder)


@pytest.mark.parametrize("name", ["vessels.seg.nrrd", "lungs.seg.nrrd"])
def test_labels_of_another_scan_are_refused(folder, name):
    grid = Grid((20, 20, 20), (1.0, 1.0, 1.0))
    labels = Volume(np.ones(grid.shape, np.uint8), grid)
    write_segmentation(folder / name, labels, VESSELS if "vessels" in name else LUNGS)
    assert "does not lie on the voxels of the scan" in refused(folder)


def test_a_segmentation_of_something_else_is_refused(folder, case):
    write_segmentation(folder / "vessels.seg.nrrd", case.lungs, LUNGS)
    assert "vessels.seg.nrrd has a segment Right lung" in refused(folder)
    image = sitk.GetImageFromArray(np.ones(case.grid.shape, np.uint8))
    sitk.WriteImage(image, str(folder / "vessels.seg.nrrd"))
    assert "vessels.seg.nrrd is no segmentation" in refused(folder)


def test_centerlines_of_another_scan_are_refused(folder, case):
    away = dataclasses.replace(case.centerlines, points_mm=case.centerlines.points_mm + 1000.0)
    write_centerlines(folder / "centerlines.vtp", away)
    assert "not of one case" in refused(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('NumberOfPoints="248"', 'NumberOfPoints="249"'),
        ('NumberOfLines="8"', 'NumberOfLines="7"'),
        ('Name="csa_mm2"', 'Name="other"'),
        ('type="Float64"', 'type="Float99"'),
        ('format="binary">', 'format="binary">!'),
        ("<PolyData>", "<Other>"),
    ],
)
def test_centerlines_that_do_not_fit_are_refused(folder, old, new):
    text = (folder / "centerlines.vtp").read_text(encoding="utf-8")
    assert old in text
    (folder / "centerlines.vtp").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(AnalysisError, match=r"centerlines\.vtp is damaged"):
        read_centerlines(folder / "centerlines.vtp")


def test_a_segmentation_that_slicer_saved_anew_is_read(folder, case):
    """Segments in an order of their own, with label values of their own, cropped."""
    path = folder / "vessels.seg.nrrd"
    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image)
    values = {"bv5": 3, "bv5_10": 1, "bv10": 4, "below_floor": 2, "hilar": 5}
    new = np.zeros_like(array)
    for value, appearance in VESSELS.items():
        new[array == value] = values[appearance.key]
    box = tuple(slice(i.min(), i.max() + 1) for i in np.nonzero(new))
    cropped = sitk.GetImageFromArray(new[box])
    cropped.SetSpacing(image.GetSpacing())
    cropped.SetOrigin(image.TransformIndexToPhysicalPoint([int(s.start) for s in box[::-1]]))
    for number, (key, value) in enumerate(values.items()):
        cropped.SetMetaData(f"Segment{number}_ID", key)
        cropped.SetMetaData(f"Segment{number}_LabelValue", str(value))
        cropped.SetMetaData(f"Segment{number}_Layer", "0")
    sitk.WriteImage(cropped, str(path))
    np.testing.assert_array_equal(read_case(folder).vessels.array, case.vessels.array)


def test_a_review_is_accepted_or_rejected():
    with pytest.raises(AnalysisError, match="accepted or rejected"):
        Review(status="perhaps")
