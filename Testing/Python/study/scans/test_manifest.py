"""Manifests as spreadsheets write them, and one clear message for all that is wrong with one."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.reading.scan_reader import read_sources
from BV5AnalysisLib.study.scans import manifest_scans
from BV5AnalysisLib.study.scans.manifest import read_manifest
from helpers.scan_files import chest, cut
from helpers.scan_trees import image, mask, names, planned, write_study


def manifest(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a manifest."""
    path = folder / "manifest.csv"
    path.write_bytes(text.encode(encoding))
    return path


def cases(folder: Path, text: str, encoding: str = "utf-8") -> list[tuple]:
    """Rows as they are read: case, path within the folder, masks."""
    rows = read_manifest(manifest(folder, text, encoding)).rows
    return [
        tuple(
            value
            if value is None or isinstance(value, str)
            else value.relative_to(folder).as_posix()
            for value in (row.case, row.path, row.lungs, row.regions)
        )
        for row in rows
    ]


# The table


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_spreadsheet_program_is_understood(delimiter, encoding, tmp_path):
    text = "Path,CASE , Regions\r\n a/b.nrrd,Zoë,\r\n,,\r\nc,P2,m.nrrd\r\n".replace(",", delimiter)
    assert cases(tmp_path, text, encoding) == [
        ("Zoë", "a/b.nrrd", None, None),
        ("P2", "c", None, "m.nrrd"),
    ]


def test_quoted_cells_and_the_separator_line_of_excel(tmp_path):
    assert cases(tmp_path, 'sep=;\ncase;path\nP1;"a;b.nrrd"\n') == [("P1", "a;b.nrrd", None, None)]
    assert cases(tmp_path, 'case,path\nP1,"a,b.nrrd"\n') == [("P1", "a,b.nrrd", None, None)]


def test_short_rows_lack_masks(tmp_path):
    assert cases(tmp_path, "case,path,lungs\nP1,a\nP2,b,m\n") == [
        ("P1", "a", None, None),
        ("P2", "b", "m", None),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there it is the separator")
def test_paths_of_windows_are_understood_elsewhere(tmp_path):
    assert cases(tmp_path, "case,path\nP1,a\\b\n") == [("P1", "a/b", None, None)]
    (tmp_path / "a\\b").write_text("")
    assert cases(tmp_path, "case,path\nP1,a\\b\n") == [("P1", "a\\b", None, None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; list cases in it"),
        (" \n\n", "is empty"),
        (",\n,\n", "only empty cells"),
        ("case,path\n", "lists no case"),
        ("case;file\nP1;a\n", "no column path in its first row (case, file)"),
        ("name,file\nP1,a\n", "no column case and no path"),
        ("P1,/data/P1\nP2,/data/P2\n", "no column case"),
        ("case,path,Case\nP1,a,P1\n", "the column case more than once"),
        ("case,path\nP1,\n", "row 2 (P1) has no path"),
        ("case,path\n,a\n", "row 2 has no case"),
        ("case,path\nP1,a\nP1,b\n", "row 3 names case P1 again, after row 2"),
        ("case,path\nP1,a\n\np1,b\n", "row 4 names case p1 again, after row 2"),
        ("case,path\n../x,a\n", "row 2 has a case name that holds one of"),
        ("case,path\na/b,a\n", "holds one of"),
        ("case,path\nCON,a\n", "is a device of Windows"),
        ("case,path\nx.,a\n", "ends with a dot"),
        ("case,path\n=1+1,a\n", "begins a formula"),
        ("case,path\nindex.html,a\n", "file of the batch"),
        (f"case,path\n{'x' * 300},a\n", "more than 100 characters"),
        ("case,path\nP1,a,b.nrrd\n", "row 2 has 3 cells under 2 titles"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text, message, tmp_path):
    with pytest.raises(AnalysisError) as refused:
        read_manifest(manifest(tmp_path, text))
    assert message in str(refused.value)
    assert "Manifest manifest.csv" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_all_wrong_rows_are_named_at_once(tmp_path):
    text = "case,path\n" + "".join(f"a/{index},x\n" for index in range(9))
    with pytest.raises(AnalysisError) as refused:
        read_manifest(manifest(tmp_path, text))
    message = str(refused.value)
    assert all(f"row {row} " in message for row in range(2, 7))
    assert message.endswith("and 4 more; correct it.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\3\4 a workbook", "workbook or archive; save it as CSV"),
        (b"case,path\nP1,a\0b\n", "no text"),
        (b"case,path\nP\x81,a\n", "cannot be decoded"),
        (b"\xff\xfec\0a", "cannot be decoded|no column|one column"),
    ],
)
def test_files_that_are_no_text(content, message, tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_bytes(content)
    with pytest.raises(AnalysisError, match=message):
        read_manifest(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ct.nrrd", b"NRRD0004\n\0", "ct.nrrd is an image file; give its folder, or a manifest"),
        ("IM1", b"\0" * 128 + b"DICM\2\0", "IM1 is a DICOM file; give its folder"),
        ("a.bin", b"case,path\n\0", "no text file; give a CSV file."),
    ],
)
def test_a_scan_in_the_place_of_a_manifest(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AnalysisError) as refused:
        read_manifest(tmp_path / name)
    assert message in str(refused.value)
    assert "xlsx" not in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="devices are POSIX")
def test_what_never_ends_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe"):
        with pytest.raises(AnalysisError, match="is neither file nor folder; give its folder"):
            read_manifest(path)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path):
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(AnalysisError, match=r"large\.csv is too large for a manifest"):
        read_manifest(tmp_path / "large.csv")


def test_a_folder_of_far_more_than_a_scan_is_not_searched(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest_scans, "MOST_IN_A_ROW", 100)
    for number in range(9):
        (tmp_path / "many" / str(number)).mkdir(parents=True)
        for name in range(20):
            (tmp_path / "many" / str(number) / f"{name}.txt").write_text("x")
    image(tmp_path / "ct.nrrd")
    plan = planned(manifest(tmp_path, "case,path\nA,many\nB,ct.nrrd\n"))
    assert [case.problem for case in plan.cases] == [
        "The folder of row 2 holds more than 100 files and folders, and so no single scan;"
        " give the path of one.",
        "",
    ]


def test_a_manifest_that_is_not_there(tmp_path):
    with pytest.raises(AnalysisError, match="cannot be read"):
        planned(tmp_path / "nowhere.csv")


# The scans


def test_a_plan_in_the_order_of_the_manifest(tmp_path):
    write_study(tmp_path / "z" / "dicom" / "1")
    image(tmp_path / "ct.nii.gz")
    mask(tmp_path / "lungs.nrrd")
    text = "case,path,lungs,regions\nB,z,,\nA,ct.nii.gz,lungs.nrrd,lungs.nrrd\n"
    plan = planned(manifest(tmp_path, text))
    assert names(plan) == ["B", "A"]
    first, second = plan.cases
    assert first.sources == (tmp_path / "z" / "dicom" / "1",)
    assert first.voxels == second.voxels == 5760
    assert second.lungs == second.regions == tmp_path / "lungs.nrrd"
    assert plan.passed_over == plan.notes == plan.identifiers == ()
    for case in plan.cases:
        scan = read_sources(case.sources, case.series_uid)
        np.testing.assert_array_equal(scan.volume.array, chest())


def test_paths_are_from_the_manifest_or_absolute(tmp_path, monkeypatch):
    image(tmp_path / "a" / "ct.nrrd")
    image(tmp_path / "b" / "ct.nrrd", add=1)
    (tmp_path / "lists").mkdir()
    monkeypatch.chdir(tmp_path)
    text = f"case,path\nA,../a/ct.nrrd\nB,{tmp_path / 'b' / 'ct.nrrd'}\n"
    manifest(tmp_path / "lists", text)
    plan = planned(Path("lists/manifest.csv"))
    assert not any(case.problem for case in plan.cases)
    assert [read_sources(case.sources).volume.array[0, 0, 0] for case in plan.cases] == [0, 1]


def test_one_scan_that_is_not_there_stops_no_other(tmp_path):
    image(tmp_path / "ct.nrrd")
    cut(image(tmp_path / "cut.nrrd"), 0.02)
    (tmp_path / "empty").mkdir()
    write_study(tmp_path / "mr", Modality="MR")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    slices = write_study(tmp_path / "slices")
    many = tmp_path / "many"
    write_study(many / "1")
    write_study(many / "2")
    rows = {
        "good": "ct.nrrd",
        "gone": "nowhere",
        "lungs": "ct.nrrd,nowhere",
        "regions": "ct.nrrd,,nowhere",
        "damaged": "cut.nrrd",
        "empty": "empty",
        "mr": "mr",
        "pdf": "a.pdf",
        "slice": f"slices/{next(slices.iterdir()).name}",
        "many": "many",
    }
    text = "case,path,lungs,regions\n" + "".join(f"{case},{row}\n" for case, row in rows.items())
    plan = planned(manifest(tmp_path, text))
    problems = {case.name: case.problem for case in plan.cases}
    assert list(problems) == list(rows)
    expected = {
        "good": "",
        "gone": "There is no file or folder at the path of row 3; correct it.",
        "lungs": "There is no file or folder at the lungs path of row 4; correct it.",
        "regions": "There is no file or folder at the regions path of row 5; correct it.",
        "empty": "The folder of row 7 holds no scan; correct its path.",
        "mr": (
            "The folder of row 8 holds no scan (12 DICOM images of MR, not CT); correct its path."
        ),
        "many": "The folder of row 11 holds 2 scans; give the path of one, in a row each.",
    }
    assert {name: problems[name] for name in expected} == expected
    assert problems["damaged"].startswith("The image of row 6 is cut short")
    assert "of row 9 is of no known type" in problems["pdf"]
    assert "of row 10 is one DICOM file; give a folder" in problems["slice"]


def test_a_folder_may_hold_other_series_and_files_besides(tmp_path):
    folder = write_study(tmp_path / "P1" / "a", study="s")
    write_study(tmp_path / "P1" / "b", study="s", number=2, ConvolutionKernel="B70f")
    image(tmp_path / "P1" / "ct.nii.gz")
    mask(tmp_path / "P1" / "mask.nrrd")
    image(tmp_path / "P2" / "ct.nii.gz", add=1)
    mask(tmp_path / "P2" / "mask.nrrd")
    plan = planned(manifest(tmp_path, "case,path\nA,P1\nB,P2\n"))
    assert plan.cases[0].sources == (folder,)
    assert plan.cases[0].choice == (
        "DICOM, not the 1 image file beside it; series 1 Thorax, 12 slices of 1.25 mm, B30f; not"
        " series 2 Thorax (sharp kernel B70f)"
    )
    assert plan.cases[1].sources == (tmp_path / "P2" / "ct.nii.gz",)
    assert plan.cases[1].problem == ""


def test_a_dicomdir_stands_for_its_folder(tmp_path):
    folder = write_study(tmp_path / "cd" / "DICOM")
    (tmp_path / "cd" / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    (case,) = planned(manifest(tmp_path, "case,path\nA,cd/DICOMDIR\n")).cases
    assert (case.sources, case.problem) == ((folder,), "")


def test_a_listed_mask_fails_by_itself_when_it_is_read(tmp_path):
    mask(tmp_path / "mask.nrrd")
    (case,) = planned(manifest(tmp_path, "case,path\nA,mask.nrrd\n")).cases
    with pytest.raises(AnalysisError, match="8-bit"):
        read_sources(case.sources)


def test_unused_columns_doubled_paths_and_guessed_letters_are_noted(tmp_path):
    image(tmp_path / "ct.nrrd")
    text = "case,path,age,lung\nZoë,ct.nrrd,3,\nP2,ct.nrrd,4,\n"
    plan = planned(manifest(tmp_path, text, "cp1252"))
    assert len(plan.notes) == 3
    assert "Windows-1252" in plan.notes[0]
    assert plan.notes[1] == "Manifest manifest.csv: not used are the columns age, lung."
    assert plan.notes[2] == "The path is the same for P2 and Zoë."


# Patients


def test_case_names_that_tell_who_it_is_are_refused_by_row(tmp_path):
    write_study(
        tmp_path / "a", PatientName="Doe^Jane", PatientBirthDate="19500203", PatientID="P77"
    )
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    path = manifest(tmp_path, "case,path\ngood,a\njane_1,a\n1950-02-03,b\nP77,a\n")
    with pytest.raises(AnalysisError) as refused:
        planned(path)
    assert "row 3, 4 hold the name or birth date of the patient" in str(refused.value)
    assert "jane" not in str(refused.value)
    plan = planned(path, keep_identifiers=True)
    assert names(plan) == ["good", "jane_1", "1950-02-03", "P77"]
    identity = plan.identifiers[2]
    assert identity.case == "1950-02-03"
    assert identity.patient_name == "Doe^Jane"
    assert identity.patient_id == "P77"
    assert identity.birth_date == "19500203"
    assert identity.source == str((tmp_path / "b").resolve())
