"""An output folder appears complete or not at all, and no other folder is ever lost."""

import errno
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from BV5AnalysisLib.case import folder as output
from BV5AnalysisLib.case.folder import RESULT, check_output, output_folder
from BV5AnalysisLib.imaging.errors import AnalysisError


def fill(folder: Path, text: str) -> None:
    (folder / "result.json").write_text(json.dumps({"schema": RESULT.schema, "case": text}))
    (folder / "measurements.csv").write_text(text)


@pytest.fixture
def old(tmp_path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    fill(folder, "old")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_new_folder_appears_with_its_files_only_at_the_end(tmp_path):
    out = tmp_path / "deep" / "er" / "out"
    with output_folder(out, RESULT) as folder:
        fill(folder, "new")
        assert not out.parent.exists()
    assert names(out) == ["measurements.csv", "result.json"]
    assert names(tmp_path) == ["deep"]
    # As any folder the user makes, not the private one of a temporary file.
    plain = tmp_path / "plain"
    plain.mkdir()
    assert out.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_whatever_interrupts_leaves_nothing(tmp_path, error):
    with pytest.raises(error), output_folder(tmp_path / "out", RESULT) as folder:
        fill(folder, "new")
        raise error
    assert names(tmp_path) == []


def test_an_existing_folder_needs_overwrite(old):
    with (
        pytest.raises(AnalysisError, match="out exists; add --overwrite"),
        output_folder(old, RESULT),
    ):
        pytest.fail("nothing may be written")
    assert (old / "measurements.csv").read_text() == "old"


def test_overwrite_replaces_the_whole_folder(old):
    (old / "scene.mrb").write_text("old")
    with output_folder(old, RESULT, overwrite=True) as folder:
        fill(folder, "new")
        assert (old / "measurements.csv").read_text() == "old"
    assert names(old) == ["measurements.csv", "result.json"]
    assert (old / "measurements.csv").read_text() == "new"
    assert names(old.parent) == ["out"]


def test_a_failed_overwrite_keeps_the_old_folder(old):
    with (
        pytest.raises(RuntimeError),
        output_folder(old, RESULT, overwrite=True) as folder,
    ):
        fill(folder, "new")
        raise RuntimeError
    assert (old / "measurements.csv").read_text() == "old"
    assert names(old.parent) == ["out"]


def test_an_interrupt_between_the_two_renames_brings_the_old_folder_back(old, monkeypatch):
    rename = Path.rename

    def interrupted(self: Path, target: Path):
        if "partial" in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with (
        pytest.raises(KeyboardInterrupt),
        output_folder(old, RESULT, overwrite=True) as folder,
    ):
        fill(folder, "new")
    assert (old / "measurements.csv").read_text() == "old"
    assert names(old.parent) == ["out"]


def test_an_empty_folder_may_be_overwritten(tmp_path):
    (tmp_path / "out").mkdir()
    with output_folder(tmp_path / "out", RESULT, overwrite=True) as folder:
        fill(folder, "new")
    assert (tmp_path / "out" / "measurements.csv").exists()


@pytest.mark.parametrize(
    "content",
    [
        {"letter.txt": "dear"},
        {"result.json": "no json"},
        {"result.json": '{"schema": "another program"}'},
        {"result.json": '["a list"]'},
    ],
)
def test_a_folder_that_is_not_ours_is_never_overwritten(tmp_path, content):
    folder = tmp_path / "Documents"
    folder.mkdir()
    for name, text in content.items():
        (folder / name).write_text(text)
    with pytest.raises(AnalysisError, match="is not replaced"):
        check_output(folder, RESULT, overwrite=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == content


def test_a_file_of_the_user_among_ours_is_not_lost(old):
    (old / "notes.txt").write_text("mine")
    with pytest.raises(AnalysisError, match=r"notes\.txt"):
        check_output(old, RESULT, overwrite=True)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(AnalysisError, match="is a file"):
        check_output(tmp_path / "out", RESULT, overwrite=True)
    with pytest.raises(AnalysisError, match="Not a directory"):
        check_output(tmp_path / "out" / "inner", RESULT, overwrite=False)


@pytest.mark.parametrize("name", ["n" * 300, "n" * 250, "a\0b", "n" * 300 + "/out", "\ud800"])
def test_a_path_that_no_file_system_takes_is_refused(tmp_path, name):
    for write in (
        lambda: check_output(tmp_path / name, RESULT, overwrite=False),
        lambda: output_folder(tmp_path / name, RESULT).__enter__(),
    ):
        with pytest.raises(AnalysisError, match=r"The output folder's (path|name) ") as caught:
            write()
        assert "nnnn" not in str(caught.value).replace(str(tmp_path), "")
    assert names(tmp_path) == []


def test_a_long_name_that_fits_is_taken(tmp_path):
    with output_folder(tmp_path / ("n" * 220), RESULT) as folder:
        fill(folder, "new")
    assert names(tmp_path) == ["n" * 220]


def test_the_root_folder_is_refused():
    with pytest.raises(AnalysisError, match="root folder"):
        check_output(Path("/"), RESULT, overwrite=True)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "disk of output folder out is full"),
        (errno.EROFS, "No permission to write output folder out"),
        (errno.EACCES, "No permission to write output folder out"),
        (errno.EIO, "out cannot be written"),
    ],
)
def test_a_failing_disk_is_one_line_and_leaves_nothing(tmp_path, number, message):
    with (
        pytest.raises(AnalysisError, match=message) as caught,
        output_folder(tmp_path / "out", RESULT) as folder,
    ):
        fill(folder, "new")
        raise OSError(number, "failed")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch):
    # The superuser, as which CI may run, writes anywhere: so the system's answer is given here.
    def denied(self: Path, *_args, **_options):
        raise PermissionError(errno.EACCES, "denied", str(self))

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(AnalysisError, match="No permission to write output folder out"):
        check_output(tmp_path / "out", RESULT, overwrite=False)


@pytest.mark.parametrize(("free", "message"), [(2**20, "is full"), (2**40, "no reason given")])
def test_a_writer_that_gives_no_reason_is_taken_to_have_filled_the_disk(
    tmp_path, monkeypatch, free, message
):
    monkeypatch.setattr(
        output.shutil, "disk_usage", lambda _folder: SimpleNamespace(total=2**41, free=free)
    )
    with (
        pytest.raises(AnalysisError, match=message),
        output_folder(tmp_path / "out", RESULT),
    ):
        raise OSError("no reason given")
