"""``bv5 batch --resume`` where manifest or folder changed since the batch was begun."""

import csv
import os
import shutil
from pathlib import Path

import batch_stub
import pytest
from batch_stub import TEMPLATE
from BV5AnalysisLib import cli
from BV5AnalysisLib.case.files import case_of, write_case
from BV5AnalysisLib.commandline import batch as command
from BV5AnalysisLib.study.scans import manifest_scans
from helpers.scan_trees import image, write_study


@pytest.fixture(autouse=True)
def stub(tmp_path, small_result, monkeypatch):
    """Have cases copied, not measured; the search is the real one."""
    folder = tmp_path / "template"
    folder.mkdir()
    write_case(folder, case_of(TEMPLATE, small_result))
    monkeypatch.setenv("BV5_STUB_TEMPLATE", str(folder))
    monkeypatch.setattr(command, "MeasureCase", batch_stub.StubStep)


@pytest.fixture
def scans(tmp_path) -> Path:
    folder = tmp_path / "scans"
    for number in range(4):
        image(folder / f"ct-{number}.nrrd", add=number)
    return folder


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "out"


def listing(scans: Path, **paths: str) -> Path:
    """Write a manifest; names of cases have _ for -."""
    rows = [f"{name.replace('_', '-')},{path}" for name, path in paths.items()]
    path = scans / "manifest.csv"
    path.write_text("\n".join(["case,path", *rows]) + "\n")
    return path


def bv5_batch(source: Path, out: Path, *options: str) -> int:
    return cli.main(["batch", str(source), "-o", str(out), "--no-report", "--jobs", "1", *options])


def column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row[name] for row in csv.DictReader(file)))


def measured(out: Path) -> list[str]:
    return column(out / "measurements.csv", "case")


def failed(out: Path) -> list[str]:
    return column(out / "failures.csv", "case")


def test_rows_that_are_new_are_measured_in_their_place(scans, out, capsys):
    assert bv5_batch(listing(scans, a_1="ct-1.nrrd", b_2="ct-2.nrrd"), out) == 0
    capsys.readouterr()
    source = listing(scans, a_1="ct-1.nrrd", new_0="ct-0.nrrd", b_2="ct-2.nrrd")
    assert bv5_batch(source, out, "--resume") == 0
    printed = capsys.readouterr()
    assert "Measured:      3 of 3 cases" in printed.out
    assert printed.err == "bv5: New since the batch was begun, and added: new-0.\n"
    assert measured(out) == ["a-1", "new-0", "b-2"]
    assert column(out / "cases.csv", "case") == ["a-1", "new-0", "b-2"]
    fresh = out.with_name("fresh")
    assert bv5_batch(source, fresh) == 0
    for path in fresh.rglob("*"):
        if path.is_file() and path.name not in {"log.jsonl", "index.html"}:
            assert (out / path.relative_to(fresh)).read_bytes() == path.read_bytes(), path


def test_a_row_of_another_scan_is_refused_by_name(scans, out, capsys):
    assert bv5_batch(listing(scans, a_1="ct-1.nrrd", b_2="ct-2.nrrd"), out) == 0
    source = listing(scans, a_1="ct-3.nrrd", b_2="ct-2.nrrd")
    before = (out / "measurements.csv").read_bytes()
    capsys.readouterr()
    assert bv5_batch(source, out, "--resume", "--retry-failed") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bv5: Scan or masks changed since they were measured: a-1; delete")
    assert (out / "measurements.csv").read_bytes() == before
    shutil.rmtree(out / "a-1")
    assert bv5_batch(source, out, "--resume") == 0
    assert measured(out) == ["a-1", "b-2"]
    assert bv5_batch(source, out, "--resume") == 0


def test_exports_with_equal_names_lengths_and_times_are_told_apart(scans, out, capsys):
    for number in (1, 2):
        for path in write_study(scans / f"study {number}").iterdir():
            os.utime(path, (1e9, 1e9))
    assert bv5_batch(listing(scans, a_1="study 1"), out) == 0
    assert bv5_batch(listing(scans, a_1="study 2"), out, "--resume") == 1
    assert "changed since they were measured: a-1" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["scan", "lungs"])
def test_a_file_that_changed_is_refused(scans, out, what, capsys):
    image(scans / "lungs.nrrd")
    source = scans / "manifest.csv"
    source.write_text("case,path,lungs\na-1,ct-1.nrrd,lungs.nrrd\n")
    assert bv5_batch(source, out) == 0
    changed = scans / ("ct-1.nrrd" if what == "scan" else "lungs.nrrd")
    os.utime(changed, (1e9, 1e9))
    assert bv5_batch(source, out, "--resume") == 1
    assert "changed since they were measured: a-1" in capsys.readouterr().err


def test_a_corrected_path_is_taken_up_on_a_retry(scans, out, capsys):
    assert bv5_batch(listing(scans, a_1="ct-1.nrrd", z_2="typo.nrrd"), out) == 0
    assert failed(out) == ["z-2"]
    source = listing(scans, a_1="ct-1.nrrd", z_2="ct-2.nrrd")
    capsys.readouterr()
    assert bv5_batch(source, out, "--resume") == 0
    assert "Changed since they failed: z-2; add --retry-failed." in capsys.readouterr().err
    assert failed(out) == ["z-2"]
    assert bv5_batch(source, out, "--resume", "--retry-failed") == 0
    assert (measured(out), failed(out)) == (["a-1", "z-2"], [])


def test_rows_that_are_gone_are_told_and_their_results_stay(scans, out, capsys):
    assert bv5_batch(listing(scans, a_1="ct-1.nrrd", b_2="ct-2.nrrd"), out) == 0
    assert bv5_batch(listing(scans, b_2="ct-2.nrrd"), out, "--resume") == 0
    assert "No longer in the source: a-1; what was measured stays." in capsys.readouterr().err
    assert measured(out) == ["b-2", "a-1"]


def test_another_study_is_not_mixed_in(scans, out, capsys):
    assert bv5_batch(listing(scans, a_1="ct-1.nrrd"), out) == 0
    assert bv5_batch(listing(scans, b_2="ct-2.nrrd"), out, "--resume") == 1
    assert "None of this batch's cases is in the source" in capsys.readouterr().err
    assert measured(out) == ["a-1"]


def test_a_study_that_was_moved_goes_on(scans, out, monkeypatch, capsys):
    source = listing(scans, a_1="ct-1.nrrd", b_2="ct-2.nrrd")
    monkeypatch.setenv("BV5_STUB_FULL", "b-2")
    assert bv5_batch(source, out) == 1
    monkeypatch.delenv("BV5_STUB_FULL")
    moved = scans.rename(scans.with_name("moved"))
    capsys.readouterr()
    assert bv5_batch(moved / "manifest.csv", out, "--resume") == 0
    assert capsys.readouterr().err == ""
    assert (measured(out), failed(out)) == (["a-1", "b-2"], [])


def test_rows_that_did_not_change_are_not_read_again(scans, out, monkeypatch):
    source = listing(scans, a_1="ct-1.nrrd", b_2="ct-2.nrrd")
    assert bv5_batch(source, out) == 0
    looked_at = []
    searched = manifest_scans._searched
    monkeypatch.setattr(
        manifest_scans, "_searched", lambda row: looked_at.append(row.case) or searched(row)
    )
    source = listing(scans, a_1="ct-1.nrrd", b_2="ct-2.nrrd", c_3="ct-3.nrrd")
    assert bv5_batch(source, out, "--resume") == 0
    assert looked_at == ["c-3"]


def test_output_within_a_row_s_folder_is_no_change(scans, capsys):
    folder = scans / "study"
    write_study(folder / "series")
    source = listing(scans, a_1="study")
    out = folder / "out"
    assert bv5_batch(source, out) == 0
    (folder / "notes.txt").write_text("seen")
    assert bv5_batch(source, out, "--resume") == 0
    assert measured(out) == ["a-1"]


def test_a_study_that_a_folder_gained_is_measured_and_names_stay(tmp_path, out, capsys):
    scans = tmp_path / "tree"
    write_study(scans / "P-1" / "1")
    write_study(scans / "P-2" / "1")
    assert bv5_batch(scans, out) == 0
    assert measured(out) == ["P-1", "P-2"]
    # Now P-1 alone would not tell which of its two.
    write_study(scans / "P-1" / "two-2")
    moved = scans.rename(tmp_path / "moved")
    assert bv5_batch(moved, out, "--resume") == 0
    assert "added: P-1-two-2." in capsys.readouterr().err
    assert measured(out) == ["P-1", "P-1-two-2", "P-2"]


def test_a_series_that_a_folder_s_case_changed_to_is_refused(tmp_path, out, capsys):
    scans = tmp_path / "tree"
    folder = write_study(scans / "P-1")
    write_study(scans / "P-2")
    assert bv5_batch(scans, out) == 0
    os.utime(next(folder.iterdir()), (1e9, 1e9))
    assert bv5_batch(scans, out, "--resume") == 1
    assert "changed since they were measured: P-1;" in capsys.readouterr().err


def test_characters_that_move_the_cursor_are_neither_printed_nor_written(scans, out, capsys):
    name = "ct\N{RIGHT-TO-LEFT OVERRIDE}dcm\x1b[2J\x07.nrrd"
    try:
        (scans / name).write_bytes(b"")
    except OSError:
        pytest.skip("no such names here")
    (scans / "mask\x1b[1m.nii").write_bytes(b"")
    assert bv5_batch(scans, out) == 0
    printed = capsys.readouterr()
    texts = [printed.out, printed.err]
    texts += [path.read_text("utf-8") for path in out.iterdir() if path.is_file()]
    assert "ct�dcm�[2J�.nrrd" in printed.err
    for text in texts:
        assert not any(each in text for each in "\x1b\x07\N{RIGHT-TO-LEFT OVERRIDE}")
        assert not any(f"\\u{ord(each):04x}" in text for each in "\x1b\x07")


def test_one_case_is_no_cases(scans, out, capsys):
    assert bv5_batch(listing(scans, a_1="typo.nrrd"), out) == 1
    assert capsys.readouterr().err.startswith("bv5: The only case could not be measured; ")
