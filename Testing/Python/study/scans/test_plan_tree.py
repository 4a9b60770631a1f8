"""Any tree of scans becomes a plan: nothing is missed, doubled or lost without a word."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.reading.scan_reader import read_sources
from BV5AnalysisLib.study.batch.workers import LocalWorkers, WorkerDied
from BV5AnalysisLib.study.scans import folder_content
from BV5AnalysisLib.study.scans.plan import plan_batch
from helpers.batch_steps import dies_of_deadly
from helpers.scan_files import chest, cut, write_slice
from helpers.scan_trees import image, mask, names, planned, reasons, uid, write_study


def only(plan):
    """The single case of a plan."""
    (case,) = plan.cases
    return case


def flattened(folder: Path, target: Path) -> Path:
    """Move all files of a folder's tree into one folder, without extensions, names as of a CD."""
    target.mkdir(parents=True, exist_ok=True)
    for index, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        path.rename(target / f"IM{len(list(target.iterdir())):05}_{index}")
    shutil.rmtree(folder)
    return target


# What is a case


def test_dicom_and_all_image_formats_mixed(tmp_path):
    root = tmp_path / "scans"
    write_study(root / "P10" / "DICOM" / "ST0" / "SE0")
    write_study(root / "P2")
    for index, suffix in enumerate(("nrrd", "nhdr", "nii", "nii.gz", "mha", "mhd")):
        image(root / f"I{index}" / f"ct.{suffix}", add=index)
    (root / "readme.txt").write_text("about")
    plan = planned(root)
    assert names(plan) == ["I0", "I1", "I2", "I3", "I4", "I5", "P2", "P10"]
    assert [case.voxels for case in plan.cases] == [12 * 20 * 24] * 8
    assert not any(case.problem or case.choice for case in plan.cases)
    assert plan.identifiers == ()
    assert plan.notes == ()
    # Files with voxels of .mhd and .nhdr are parts of scans.
    assert plan.passed_over == (("1 file", "of no known type: 1 .txt"),)
    for case in plan.cases[-2:]:
        scan = read_sources(case.sources, case.series_uid)
        np.testing.assert_array_equal(scan.volume.array, chest())
    for index, case in enumerate(plan.cases[:6]):
        scan = read_sources(case.sources, case.series_uid)
        np.testing.assert_array_equal(scan.volume.array, chest() + index)


def test_a_series_that_is_all_of_a_folder_is_kept_as_the_folder(tmp_path):
    folder = write_study(tmp_path / "scans" / "P1")
    assert only(planned(tmp_path / "scans")).sources == (folder,)


def test_one_series_over_several_folders(tmp_path):
    folder = write_study(tmp_path / "scans" / "P1" / "a")
    (tmp_path / "scans" / "P1" / "b").mkdir()
    for path in sorted(folder.iterdir())[::2]:
        path.rename(folder.parent / "b" / path.name)
    case = only(planned(tmp_path / "scans"))
    assert case.sources == (folder, folder.parent / "b")
    assert case.name == "P1"
    scan = read_sources(case.sources, case.series_uid)
    np.testing.assert_array_equal(scan.volume.array, chest())


def test_several_studies_in_one_flat_folder_without_extensions(tmp_path):
    for index in range(3):
        write_study(
            tmp_path / "in", study=f"s{index}", heights=300.0 + 1.25 * np.arange(12 + index)
        )
        flattened(tmp_path / "in", tmp_path / "scans" / "flat")
    plan = planned(tmp_path / "scans")
    assert len(set(names(plan))) == 3
    assert all(name.startswith("flat-") for name in names(plan))
    assert sorted(case.voxels // 480 for case in plan.cases) == [12, 13, 14]
    assert all(len(case.sources) == case.voxels // 480 for case in plan.cases)
    for case in plan.cases:
        assert len(read_sources(case.sources, case.series_uid).volume.array) in (12, 13, 14)
    # A further study changes no other's name.
    write_study(tmp_path / "in", study=9)
    flattened(tmp_path / "in", tmp_path / "scans" / "flat")
    assert set(names(plan)) < set(names(planned(tmp_path / "scans")))


def test_two_studies_of_one_patient_are_two_cases(tmp_path):
    root = tmp_path / "scans"
    write_study(root / "P1" / "2019" / "s", PatientID="1")
    write_study(root / "P1" / "2020" / "s", PatientID="1")
    write_study(root / "P2" / "2020" / "s", PatientID="2")
    assert names(planned(root)) == ["P1-2019", "P1-2020", "P2"]


def test_studies_without_uid_are_told_apart_by_folder_and_patients_with_one_uid_by_id(tmp_path):
    root = tmp_path / "scans"
    for index in range(2):
        no_uid = {"StudyInstanceUID": None, "SeriesInstanceUID": None, "PatientID": ""}
        write_study(root / f"A{index}", **no_uid)
        write_study(root / f"B{index}", StudyInstanceUID="1.2.3", PatientID=f"B{index}")
    plan = planned(root)
    assert names(plan) == ["A0", "A1", "B0", "B1"]
    for case in plan.cases:
        scan = read_sources(case.sources, case.series_uid)
        np.testing.assert_array_equal(scan.volume.array, chest())


def test_uids_that_are_none_are_taken_as_they_are(tmp_path):
    text = "1355759b-7653-424e-b0b5-1d131628d0e4"
    tags = {"StudyInstanceUID": text, "SeriesInstanceUID": text, "SOPInstanceUID": ""}
    write_study(tmp_path / "scans" / "P1", **tags)
    case = only(planned(tmp_path / "scans"))
    assert case.series_uid == text
    assert len(read_sources(case.sources, case.series_uid).volume.array) == 12


def test_dicom_without_preamble(tmp_path):
    folder = write_study(tmp_path / "scans" / "P1")
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        del dataset.file_meta
        dataset.preamble = None
        pydicom.dcmwrite(path, dataset, implicit_vr=True, little_endian=True)
        assert path.read_bytes()[:2] == b"\x08\x00"
    case = only(planned(tmp_path / "scans"))
    np.testing.assert_array_equal(read_sources(case.sources, case.series_uid).volume.array, chest())


def test_sources_are_absolute(tmp_path, monkeypatch):
    folder = write_study(tmp_path / "scans" / "P1")
    monkeypatch.chdir(tmp_path)
    assert only(plan_batch(Path("scans"), Path("out"))).sources == (folder,)


# Copies


@pytest.mark.parametrize("sop_uid", [True, False])
def test_slices_copied_to_another_folder_count_once(sop_uid, tmp_path):
    tags = {} if sop_uid else {"SOPInstanceUID": ""}
    folder = write_study(tmp_path / "scans" / "P1" / "a", **tags)
    shutil.copytree(folder, folder.parent / "b")
    case = only(planned(tmp_path / "scans"))
    assert case.sources == (folder,)
    assert case.choice == "12 copies of its slices are passed over"
    assert len(read_sources(case.sources, case.series_uid).volume.array) == 12


def test_a_slice_copied_beside_itself_counts_once(tmp_path):
    folder = write_study(tmp_path / "scans" / "P1")
    shutil.copy(folder / "037.dcm", folder / "037 (1).dcm")
    case = only(planned(tmp_path / "scans"))
    assert len(case.sources) == 12
    assert case.choice == "1 copies of its slices are passed over"
    assert len(read_sources(case.sources, case.series_uid).volume.array) == 12


@pytest.mark.parametrize("suffix", ["nrrd", "nii", "mhd"])
def test_an_image_file_copied_is_one_case(suffix, tmp_path):
    root = tmp_path / "scans"
    image(root / "a" / f"ct.{suffix}")
    shutil.copytree(root / "a", root / "b")
    image(root / "c" / f"ct.{suffix}", add=1)
    plan = planned(root)
    assert names(plan) == ["a", "c"]
    assert reasons(plan)[f"b/ct.{suffix}"] == f"the same as a/ct.{suffix}"


def test_images_of_equal_length_and_ends_are_no_copies(tmp_path):
    hu = np.full((40, 200, 200), -1000, np.int16)
    for name, place in (("a", 1), ("b", 13)):
        # Neither at the start nor in the middle nor at the end.
        hu[5:35] = np.arange(200)
        hu[place, 3, 3] = 77
        (tmp_path / "scans").mkdir(exist_ok=True)
        sitk.WriteImage(sitk.GetImageFromArray(hu), str(tmp_path / "scans" / f"{name}.mha"))
    assert names(planned(tmp_path / "scans")) == ["a", "b"]


def test_a_converted_copy_of_a_series_is_noted(tmp_path):
    root = tmp_path / "scans"
    write_study(root / "P1" / "dicom")
    image(root / "P1" / "ct.nii.gz")
    write_study(root / "P2" / "dicom", heights=np.arange(30.0), SliceThickness=1.0)
    image(root / "P2" / "ct.nii.gz", add=1)
    assert planned(root).notes == (
        "Perhaps one scan twice, as image file and as DICOM beside it with as many voxels: P1-ct;"
        " if so, leave one out by a manifest.",
    )
    told = {case.name: case.choice for case in planned(root).cases}
    assert told["P1-ct"] == "perhaps the same scan as the DICOM series beside it"
    assert told["P2-ct"] == ""


def test_a_packed_file_beside_its_unpacked_self_is_passed_over(tmp_path):
    root = tmp_path / "scans"
    image(root / "a.nii.gz")
    image(root / "a.nii")
    plan = planned(root)
    assert names(plan) == ["a"]
    assert plan.cases[0].sources == (root / "a.nii",)
    assert reasons(plan) == {"a.nii.gz": "a.nii beside it is read in its place"}


# What is none


def test_masks_and_segmentations_are_passed_over_with_reason(tmp_path):
    root = tmp_path / "scans"
    image(root / "P1" / "ct.nrrd")
    image(root / "P1" / "Lung_CT.nii", add=1)
    mask(root / "P1" / "x.nrrd")
    mask(root / "P1" / "lobe_labels.nrrd", sitk.sitkInt16)
    mask(root / "P1" / "plain.nii", sitk.sitkInt16)
    mask(root / "P1" / "other.nii.gz", sitk.sitkFloat32)
    mask(root / "P1" / "plain.mha", sitk.sitkUInt16)
    labels = sitk.Cast(chest_labels(), sitk.sitkInt32)
    sitk.WriteImage(labels, str(root / "P1" / "five.mha"))
    segmentation = sitk.Cast(chest_labels(), sitk.sitkInt16)
    segmentation.SetMetaData("Segment0_ID", "Segment_1")
    sitk.WriteImage(segmentation, str(root / "P1" / "s.seg.nrrd"))
    sitk.WriteImage(
        sitk.Cast(chest_labels()[:, :, 3], sitk.sitkInt16), str(root / "P1" / "plane.mha")
    )
    color = sitk.Compose([sitk.Cast(chest_labels(), sitk.sitkInt16)] * 3)
    sitk.WriteImage(color, str(root / "P1" / "field.nrrd"))
    plan = planned(root)
    assert names(plan) == ["ct", "Lung_CT"]
    told = reasons(plan)
    assert told["P1/x.nrrd"] == "8-bit values: a mask or picture"
    assert told["P1/s.seg.nrrd"] == "a segmentation"
    assert "mask" in told["P1/lobe_labels.nrrd"]
    assert told["P1/plain.nii"] == "values from 0 to 1: a mask"
    assert told["P1/other.nii.gz"] == "values from 0 to 1: a mask"
    assert told["P1/plain.mha"] == "values from 0 to 1: a mask"
    assert told["P1/five.mha"] == "values from 0 to 4, few different ones: a label map"
    assert "plane" in told["P1/plane.mha"]
    assert "3 values a voxel" in told["P1/field.nrrd"]
    assert len(told) == 9


def chest_labels() -> sitk.Image:
    """Labels from 0 to 4 in bands."""
    return sitk.GetImageFromArray((np.indices((30, 40, 40))[0] // 6).astype(np.uint8))


def test_an_image_without_air_is_a_case_that_fails_with_its_reason(tmp_path):
    values = np.random.default_rng(0).integers(0, 3000, (20, 30, 30)).astype(np.uint16)
    (tmp_path / "scans").mkdir()
    sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / "scans" / "mr.nrrd"))
    case = only(planned(tmp_path / "scans"))
    with pytest.raises(AnalysisError, match="no Hounsfield units"):
        read_sources(case.sources)


@pytest.mark.parametrize("kind", ["result", "batch", "cohort"])
def test_results_of_before_are_passed_over(kind, tmp_path):
    root = tmp_path / "scans"
    image(root / "P1.nrrd")
    image(root / "old" / "deeper" / "ct.nrrd", add=1)
    (root / "old" / f"{kind}.json").write_text(f'{{\n "schema": "bv5-analysis/{kind}",\n')
    plan = planned(root)
    assert names(plan) == ["P1"]
    assert reasons(plan) == {"old": "results of BV5 Analysis"}


def test_other_json_of_that_name_is_no_reason(tmp_path):
    image(tmp_path / "scans" / "P1" / "ct.nrrd")
    (tmp_path / "scans" / "P1" / "result.json").write_text('{"schema": "mine"}')
    assert names(planned(tmp_path / "scans")) == ["P1"]


def test_the_output_may_lie_in_the_tree(tmp_path):
    image(tmp_path / "P1.nrrd")
    image(tmp_path / "out" / "P2.nrrd", add=1)
    assert names(plan_batch(tmp_path, tmp_path / "out")) == ["P1"]
    assert names(plan_batch(tmp_path, tmp_path / "elsewhere")) == ["out", "P1"]


def test_the_output_is_not_the_tree(tmp_path):
    image(tmp_path / "P1.nrrd")
    with pytest.raises(AnalysisError, match="give another output folder"):
        plan_batch(tmp_path, tmp_path)


def test_hidden_files_empty_files_archives_and_other_files_are_counted(tmp_path):
    root = tmp_path / "scans"
    folder = write_study(root / "P1")
    (folder / ".DS_Store").write_bytes(b"x")
    (root / ".cache").mkdir()
    image(root / ".cache" / "ct.nrrd", add=2)
    (root / "empty.dcm").write_bytes(b"")
    (root / "nothing").write_bytes(b"")
    (root / "P9.zip").write_bytes(b"PK\3\4")
    (root / "a.pdf").write_bytes(b"%PDF-1.7")
    (root / "b.pdf").write_bytes(b"%PDF-1.7")
    no_image = {"Rows": None, "Columns": None, "PixelData": None}
    directory = {"SOPClassUID": "1.2.840.10008.1.3.10"}
    write_slice(root / "DICOMDIR", chest()[0], (0, 0, 0), **no_image, **directory)
    plan = planned(root)
    assert names(plan) == ["P1"]
    assert plan.passed_over == (
        ("2 files", "without a byte"),
        ("1 file", "packed: unpack archives to have them read"),
        ("1 file", "DICOM without an image"),
        ("2 files", "of no known type: 2 .pdf"),
        ("2 files or folders", "hidden"),
    )


def test_other_modalities_are_told_and_no_case(tmp_path):
    root = tmp_path / "scans"
    write_study(root / "P1" / "ct")
    write_study(root / "P1" / "mr", Modality="MR")
    write_study(root / "P1" / "seg", study=root / "P1" / "ct", number=3, Modality="SEG")
    plan = planned(root)
    # A study without its own folder's name: the UID of the CT study was made of the path as text.
    assert names(plan) == ["P1"]
    assert reasons(plan)["P1/mr"] == "12 DICOM images of MR, not CT"


# Damage


def test_damaged_image_files_are_cases_that_failed(tmp_path):
    root = tmp_path / "scans"
    image(root / "P1.nrrd")
    (root / "P2.nii.gz").write_bytes(b"")
    (root / "P3.nrrd").write_bytes(b"hello")
    (root / "P4.mhd").write_bytes(b"NDims = 3\nElementDataFile = nowhere.raw\n")
    plan = planned(root)
    assert names(plan) == ["P1", "P2", "P3", "P4"]
    assert [bool(case.problem) for case in plan.cases] == [False, True, True, True]
    assert "P2.nii.gz is cut short" in plan.cases[1].problem
    assert all(case.sources == () for case in plan.cases[1:])


def test_a_header_that_would_end_the_program_is_damage(tmp_path):
    path = image(tmp_path / "scans" / "P1.mha")
    path.write_bytes(path.read_bytes().replace(b"NDims = 3", b"NDims = 83"))
    assert "P1.mha is cut short, damaged" in only(planned(tmp_path / "scans")).problem
    with pytest.raises(AnalysisError, match=r"The image is cut short, damaged"):
        read_sources([path])


def test_damaged_headers_print_nothing(tmp_path, capfd):
    folder = write_study(tmp_path / "scans" / "P1")
    path = folder / "037.dcm"
    content = path.read_bytes()
    # The length of the file's class: what comes after is taken for its value.
    place = content.index(b"UI", 140) + 2
    path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
    code = (
        "from pathlib import Path; from BV5AnalysisLib.study.scans.folder_content import *;"
        f"print(read_content(Folder({str(folder)!r}, ('037.dcm',))).damaged)"
    )
    subprocess.run([sys.executable, "-W", "default", "-c", code], check=True)
    assert capfd.readouterr() == ("('037.dcm',)\n", "")


def test_a_folder_of_damaged_dicom_is_a_case_that_failed(tmp_path):
    folder = write_study(tmp_path / "scans" / "P1")
    write_study(tmp_path / "scans" / "P2")
    for path in folder.iterdir():
        cut(path, 0.1)
    plan = planned(tmp_path / "scans")
    assert names(plan) == ["P1", "P2"]
    assert plan.cases[0].problem.startswith("All DICOM files, 12, are cut short or damaged")


def test_junk_that_calls_itself_dicom_does_not_spoil_a_series(tmp_path):
    folder = write_study(tmp_path / "scans" / "P1")
    (folder / "report.dcm").write_bytes(b"hello")
    (folder / "zero.dcm").write_bytes(b"")
    plan = planned(tmp_path / "scans")
    case = only(plan)
    assert len(case.sources) == 12
    assert reasons(plan)["P1"] == "report.dcm cut short, damaged, or may not be read"
    assert len(read_sources(case.sources, case.series_uid).volume.array) == 12


def test_a_damaged_slice_makes_a_gap_that_is_told(tmp_path):
    folder = write_study(tmp_path / "scans" / "P1")
    cut(folder / "074.dcm", 0.1)
    plan = planned(tmp_path / "scans")
    assert "misses 1 slices" in only(plan).problem
    assert reasons(plan)["P1"].startswith("074.dcm cut short")


def test_a_header_no_one_foresaw_is_damage(tmp_path, monkeypatch):
    write_study(tmp_path / "scans" / "P1")
    image(tmp_path / "scans" / "P2.nrrd")

    def fail(_path):
        raise ZeroDivisionError

    monkeypatch.setattr("BV5AnalysisLib.study.scans.folder_content.read_slice", fail)
    plan = planned(tmp_path / "scans")
    assert [bool(case.problem) for case in plan.cases] == [True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems take text only")
def test_names_of_files_that_are_no_text(tmp_path):
    root = tmp_path / "scans"
    image(root / "good" / "ct.nrrd")
    shutil.copytree(root / "good", os.fsdecode(os.fsencode(root) + b"/b\xffd"))
    write_study(tmp_path / "x")
    (tmp_path / "x").rename(os.fsdecode(os.fsencode(root) + b"/P\xff1"))
    plan = planned(root)
    assert names(plan) == ["b-d", "good", "P-1"]
    assert [bool(case.problem) for case in plan.cases] == [True, False, False]
    case = plan.cases[2]
    with pytest.raises(AnalysisError, match="are not UTF-8; rename them"):
        read_sources(case.sources, case.series_uid)


@pytest.mark.parametrize("charset", [b"ISO_IR 192", b"ISO_IR 100", b"ISO_IR 999"])
def test_names_of_patients_in_a_wrong_character_set(charset, tmp_path):
    tags = {"PatientName": "Müller^Max", "SpecificCharacterSet": "ISO_IR 100"}
    for name in ("P1", "Max"):
        for path in write_study(tmp_path / "scans" / name, **tags).iterdir():
            path.write_bytes(path.read_bytes().replace(b"ISO_IR 100", charset))
    plan = planned(tmp_path / "scans")
    assert not any(case.problem for case in plan.cases)
    assert "P1" in names(plan)
    assert "Max" not in names(plan)


# Links and permissions


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_once(tmp_path):
    root = tmp_path / "scans"
    write_study(tmp_path / "store" / "x")
    write_study(root / "P1")
    (root / "P1" / "loop").symlink_to(root)
    (root / "P2").symlink_to(tmp_path / "store" / "x")
    (root / "A1").symlink_to(root / "P1")
    (root / "broken").symlink_to(tmp_path / "nowhere")
    plan = planned(root)
    assert names(plan) == ["P1", "P2"]
    assert plan.cases[0].sources == (root / "P1",)
    assert reasons(plan) == {
        "A1": "a link that leads to a folder of the tree",
        "P1/loop": "a link that leads to a folder of the tree",
        "broken": "a link that leads to nothing",
    }


def test_files_that_may_not_be_read(tmp_path, monkeypatch):
    root = tmp_path / "scans"
    image(root / "P1.nrrd")
    folder = write_study(root / "P2")
    (root / "notes.txt").write_text("mine")
    locked = {*folder.iterdir(), root / "notes.txt"}
    read = folder_content.read_slice

    def refusing(path):
        if path in locked:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr("os.access", lambda path, _mode: path not in locked)
    monkeypatch.setattr(folder_content, "read_slice", refusing)
    plan = planned(root)
    assert [(case.name, bool(case.problem)) for case in plan.cases] == [("P1", False), ("P2", True)]
    assert plan.passed_over == (("1 file", "of no known type: 1 .txt that may not be read"),)


def test_a_folder_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    root = tmp_path / "scans"
    image(root / "P1.nrrd")
    write_study(root / "secret")
    scandir = os.scandir

    def refusing(path):
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refusing)
    plan = planned(root)
    assert names(plan) == ["P1"]
    assert reasons(plan) == {"secret": "may not be read (Permission denied)"}
    with pytest.raises(AnalysisError, match="check path and permissions"):
        planned(root / "secret")


# Order, progress, work that is shared out


def test_the_plan_is_the_same_in_any_order_of_the_file_system(tmp_path, monkeypatch):
    root = tmp_path / "scans"
    for index in range(4):
        write_study(root / f"P{index}" / "a", study=f"s{index}")
        write_study(root / f"P{index}" / "b", study=f"s{index}", number=2)
        image(root / f"I{index}.nrrd")
    plan = planned(root)
    assert len(plan.cases) == 5  # Images are copies of each other.
    scandir = os.scandir

    class Backwards:
        def __init__(self, path):
            with scandir(path) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_error):
            pass

    monkeypatch.setattr("os.scandir", Backwards)
    assert planned(root) == plan


def test_reading_is_shared_out_to_processes(tmp_path):
    root = tmp_path / "scans"
    for index in range(3):
        write_study(root / f"P{index}")
    image(root / "a.nrrd")
    shutil.copy(root / "a.nrrd", root / "a2.nrrd")
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        assert planned(root, mapper=executor.map) == planned(root)


def test_folders_of_many_files_are_read_in_parts(tmp_path, monkeypatch):
    root = tmp_path / "scans"
    write_study(root / "P1")
    whole = planned(root)
    monkeypatch.setattr("BV5AnalysisLib.study.scans.scan_tree.FILES_A_PART", 5)
    steps = []
    assert planned(root, progress=lambda step, fraction: steps.append((step, fraction))) == whole
    assert [step for step, _ in steps] == ["looking for scans", *["reading headers"] * 3, "done"]
    fractions = [fraction for _, fraction in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_a_tree_without_scans_is_said_with_what_there_is(tmp_path):
    (tmp_path / "scans").mkdir()
    with pytest.raises(AnalysisError, match="scans holds no scan; give one with DICOM"):
        planned(tmp_path / "scans")
    (tmp_path / "scans" / "a.pdf").write_bytes(b"%PDF")
    mask(tmp_path / "scans" / "m.nrrd")
    with pytest.raises(AnalysisError, match=r"\(m\.nrrd: 8-bit values.*; 1 file: of no known type"):
        planned(tmp_path / "scans")


# Patients' names


def test_folders_that_name_patients_become_pseudonyms(tmp_path):
    root = tmp_path / "scans"
    doe = {"PatientName": "Doe^Jane", "PatientBirthDate": "19500203", "PatientID": "445566"}
    write_study(
        root / "Doe_Jane" / "1" / "a", study="d1", SeriesDescription="Thorax Doe 1.0", **doe
    )
    write_study(
        root / "Doe_Jane" / "1" / "b", study="d1", number=2, SeriesDescription="Doe 2", **doe
    )
    write_study(root / "P2" / "born 3.2.1950", study="d2", **doe)
    write_study(root / "445566", study="d3", **doe)
    image(root / "Doe_Jane" / "late" / "ct.nrrd", slices=13)
    mask(root / "Doe_Jane" / "jane_lungs.nrrd")
    image(root / "Other.nrrd", add=1)
    plan = planned(root)
    assert "Other" in names(plan)
    assert "P2" in names(plan)
    assert sum(name.startswith("case-") for name in names(plan)) == 3
    assert plan.notes == (
        "Pseudonyms name 3 of 5 cases, since their folders name the patients or hold dates; to"
        " choose names, give a manifest, or use --keep-identifiers.",
    )
    texts = [*names(plan), *(case.choice + case.problem for case in plan.cases)]
    texts += [text for line in plan.passed_over for text in line]
    assert not any(word in text for text in texts for word in ("Doe", "Jane_", "jane", "445566"))
    assert any("series 1 Thorax … 1.0" in text for text in texts)
    assert "…_…/…_lungs.nrrd" in reasons(plan)
    # The same again, whatever else is there.
    shutil.rmtree(root / "P2")
    assert set(names(planned(root))) == set(names(plan)) - {"P2"}

    kept = planned(root, keep_identifiers=True)
    assert names(kept) == ["445566", "Doe_Jane-1", "Doe_Jane-late", "Other"]
    assert kept.notes == ()
    assert "series 1 Thorax Doe 1.0" in kept.cases[1].choice
    first = kept.identifiers[1]
    assert (first.case, first.patient_name, first.patient_id, first.birth_date) == (
        "Doe_Jane-1",
        "Doe^Jane",
        "445566",
        "19500203",
    )
    assert first.source == str((root / "Doe_Jane" / "1" / "a").resolve())
    assert len(kept.identifiers) == 4


def test_problems_name_no_patient(tmp_path):
    root = tmp_path / "scans"
    tags = {"PatientName": "Doe^Jane", "SeriesDescription": "Jane", "Modality": "CT"}
    heights = [0.0, 1.0, 2.0]
    write_study(root / "P1", heights=heights, **tags)
    case = only(planned(root))
    assert case.problem == (
        "The series cannot be measured (3 slices only); give an original axial chest CT."
    )
    write_study(root / "P1", study=root / "P1", number=2, heights=heights, **tags)
    assert "Jane" not in only(planned(root)).problem
    (root / "P1" / "jane.nrrd").write_bytes(b"")
    assert [case.problem for case in planned(root).cases][1].startswith("….nrrd is cut short")


def test_the_searched_folder_names_the_only_scan_in_it_unless_it_names_the_patient(tmp_path):
    write_study(tmp_path / "P7")
    assert names(plan_batch(tmp_path / "P7", tmp_path / "out")) == ["P7"]
    write_study(tmp_path / "Roe_Jim", PatientName="Roe^Jim")
    (name,) = names(plan_batch(tmp_path / "Roe_Jim", tmp_path / "out"))
    assert name.startswith("case-")


def test_names_are_safe_and_unique(tmp_path):
    root = tmp_path / "scans"
    for index, name in enumerate(("=1+1", "a b", "a-b", "index.html", "P1.nrrd/x", "P1")):
        image(root / name / "ct.nrrd", add=index)
    assert names(planned(root)) == ["1-1", "a-b", "a-b-2", "case-index.html", "P1", "P1.nrrd"]


def test_uid_helper_is_stable():
    assert uid("a", 1) == uid("a", 1) != uid("a", 2)


def test_a_broken_image_beside_a_copy_does_not_take_its_folder_s_name(tmp_path):
    image(tmp_path / "scans" / "c1" / "ct.nrrd")
    image(tmp_path / "scans" / "c3" / "ct.nrrd")
    (tmp_path / "scans" / "c3" / "zero.nrrd").write_bytes(b"")
    plan = planned(tmp_path / "scans")
    assert names(plan) == ["c1", "c3-zero"]
    assert reasons(plan) == {"c3/ct.nrrd": "the same as c1/ct.nrrd"}
    assert "zero.nrrd" in plan.cases[1].problem


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_file_that_ends_the_process_that_reads_it_fails_alone_and_is_named(tmp_path):
    root = tmp_path / "scans"
    write_study(root / "P1")
    image(root / "P2" / "ct.mhd")
    image(root / "P2" / "deadly.nrrd", add=1)
    (root / "P1" / "deadly.dcm").write_bytes(b"\0" * 128 + b"DICM")
    ended = []

    def mapper(function, items):
        with LocalWorkers(1) as workers:
            for each in workers.map(partial(dies_of_deadly, function), items):
                ended.append(each)
                yield each

    plan = plan_batch(root, tmp_path / "out", mapper=mapper)
    problems = {case.name: case.problem for case in plan.cases}
    assert problems.pop("P2-deadly").startswith("deadly.nrrd is cut short, damaged")
    assert problems == {"P1": "", "P2-ct": ""}
    assert ("P1", "deadly.dcm cut short, damaged, or may not be read") in plan.passed_over
    assert sum(isinstance(each, WorkerDied) for each in ended) == 4


@pytest.mark.parametrize(
    "folder", ["Mueller_Hans_19600412", "Hans 12.04.1960", "1960-4-12 Hans", "MUELLER^HANS"]
)
def test_a_name_without_a_header_to_check_it_by_is_not_used_if_it_holds_a_date(tmp_path, folder):
    root = tmp_path / "scans"
    image(root / folder / "ct.nrrd")
    mask(root / folder / "mask.nrrd")
    image(root / "P20250001" / "ct.nrrd", add=1)
    plan = planned(root)
    assert sorted(name.partition("-")[0] for name in names(plan)) == ["P20250001", "case"]
    assert "…/mask.nrrd" in reasons(plan)
    assert not any("Hans" in text or "HANS" in text for text in (*names(plan), *reasons(plan)))
    assert any(
        folder.split("^")[0][:4] in name for name in names(planned(root, keep_identifiers=True))
    )
