"""A batch's output grows case by case, and survives whatever ends the process."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from BV5AnalysisLib.case.measurements_csv import COLUMNS, csv_text
from BV5AnalysisLib.case.whole_files import write_whole
from BV5AnalysisLib.export.batch import contact_sheet_file as batchsheet
from BV5AnalysisLib.export.batch import journal as batchjournal
from BV5AnalysisLib.export.batch.batch_folder import BatchFolder, check_new_batch, is_batch
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.batch.batch_case import BatchCase, CaseStatus
from BV5AnalysisLib.study.scans.plan import Plan
from helpers.batch_folders import cases, content, journal, put_case, rows

REQUEST = {"parameters": {"minimum_csa_mm2": 1.25}, "report": False}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("BV5AnalysisLib.export.batch.finished_case._WAITS_SECONDS", (0.0,))


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "out"


def begun(out, *names) -> BatchFolder:
    return BatchFolder.create(out, cases(*names), REQUEST)


def planned(*names):
    """A plan of these cases, whatever it was before."""
    return lambda *_: Plan(tuple(cases(*names)))


def resumed(out, **options) -> BatchFolder:
    return BatchFolder.resume(out, REQUEST, **options)


def names_of(batch_cases) -> list[str]:
    return [case.name for case in batch_cases]


def test_tables_grow_as_cases_finish_and_end_in_the_order_of_the_plan(out, written_case):
    with begun(out, "a", "b", "c", "d") as batch:
        assert rows(out / "measurements.csv") == rows(out / "failures.csv") == []
        put_case(out, "c", written_case)
        batch.add(CaseStatus("c", seconds=12.3))
        assert [row["case"] for row in rows(out / "measurements.csv")] == ["c"] * 3
        batch.add(CaseStatus("b", "No lungs were found.", 3.0))
        assert rows(out / "failures.csv") == [{"case": "b", "reason": "No lungs were found."}]
        put_case(out, "a", written_case)
        batch.add(CaseStatus("a", seconds=11.0))
        assert [row["case"] for row in rows(out / "measurements.csv")] == ["c"] * 3 + ["a"] * 3
        assert names_of(batch.unfinished) == ["d"]
    assert batch.measured == ("a", "c")
    assert batch.failures == (("b", "No lungs were found."),)
    table = rows(out / "measurements.csv")
    assert [row["case"] for row in table] == ["a"] * 3 + ["c"] * 3
    given = rows(written_case / "measurements.csv")
    assert [row | {"case": "template"} for row in table] == given * 2
    lines = journal(out)
    assert [(line["case"], line["status"], line["seconds"]) for line in lines] == [
        ("c", "measured", 12.3),
        ("b", "failed", 3.0),
        ("a", "measured", 11.0),
    ]
    assert all(line["time"].endswith("+00:00") for line in lines)


def test_the_order_in_which_cases_finish_changes_no_byte(tmp_path, written_case):
    def run(out, order):
        with begun(out, "a", "b", "c") as batch:
            for name in order:
                if name == "b":
                    batch.add(CaseStatus("b", "Too few slices.", len(order)))
                else:
                    put_case(out, name, written_case)
                    batch.add(CaseStatus(name, seconds=1.5))
        return content(out)

    first, second = run(tmp_path / "1", "abc"), run(tmp_path / "2", "cba")
    assert first == second
    assert {"measurements.csv", "failures.csv", "cases.csv", "batch.json"} < set(first)
    assert "sources.json" not in first


def test_a_batch_that_was_cut_off_goes_on_where_it_was(out, written_case):
    batch = begun(out, "a", "b", "c", "d", "e")
    put_case(out, "a", written_case)
    batch.add(CaseStatus("a"))
    batch.add(CaseStatus("b", "Bad."))
    batch._journal.close()  # As the system does for a process that is killed.
    # Finished, but not told any more; and lines that were being written.
    put_case(out, "d", written_case)
    with (out / "log.jsonl").open("a") as file:
        file.write('{"case": "c", "status": "mea')
    with (out / "measurements.csv").open("a") as file:
        file.write("c,both,2847.1")
    (out / ".measurements.csv.partial").write_text("case,reg")
    (out / ".e.bv5-partial-00ff00ff").mkdir()
    (out / ".e.bv5-partial-00ff00ff" / "result.json").write_text("{")

    with resumed(out) as batch:
        assert names_of(batch.cases) == list("abcde")
        assert names_of(batch.unfinished) == ["c", "e"]
        assert batch.unfinished[0].sources == (Path("/scans/c"),)
        assert [row["case"] for row in rows(out / "measurements.csv")] == ["a"] * 3 + ["d"] * 3
        assert not list(out.glob(".*"))
        put_case(out, "c", written_case)
        batch.add(CaseStatus("c"))
        put_case(out, "e", written_case)
        batch.add(CaseStatus("e"))
    assert [line["case"] for line in journal(out)] == ["a", "b", "d", "c", "e"]
    assert [row["case"] for row in rows(out / "measurements.csv")][::3] == ["a", "c", "d", "e"]


def test_a_garbled_line_in_the_journal_costs_no_more_than_its_case(out, written_case):
    with begun(out, "a", "b", "c") as batch:
        put_case(out, "a", written_case)
        batch.add(CaseStatus("a"))
        batch.add(CaseStatus("b", "Bad."))
        batch.add(CaseStatus("c", "Bad."))
    lines = (out / "log.jsonl").read_bytes().splitlines(keepends=True)
    (out / "log.jsonl").write_bytes(lines[0] + b"\0" * 40 + b"\n" + lines[2] + b"[]\n{}\n")
    with resumed(out) as batch:
        assert names_of(batch.unfinished) == ["b"]
        assert batch.measured == ("a",)


def test_no_two_write_one_batch(out):
    with (
        begun(out, "a"),
        pytest.raises(AnalysisError, match="Another process is writing batch out"),
    ):
        resumed(out)
    resumed(out).close()


def test_where_a_file_system_has_no_locks_the_batch_goes_on(out, monkeypatch, caplog):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    begun(out, "a").close()
    assert "out cannot be locked" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": {"minimum_csa_mm2": 0}}, r"parameters.minimum_csa_mm2: 1.25, now 0\)"),
        ({"report": True}, "report: false, now true"),
        ({"extra": "x"}, 'extra: not given, now "x"'),
    ],
)
def test_a_batch_is_resumed_with_the_options_that_it_was_begun_with(out, changes, message):
    begun(out, "a").close()
    with pytest.raises(AnalysisError, match=message):
        BatchFolder.resume(out, REQUEST | changes)


def test_another_version_does_not_go_on(out):
    begun(out, "a").close()
    plan = json.loads((out / "batch.json").read_text())
    (out / "batch.json").write_text(json.dumps(plan | {"software_version": "0.0.1"}))
    with pytest.raises(AnalysisError, match=r"was begun by BV5 Analysis 0\.0\.1, and this is"):
        resumed(out)
    (out / "batch.json").write_text(json.dumps(plan | {"schema_version": "9.0"}))
    with pytest.raises(AnalysisError, match=r"schema version 9.0.*begin a new output folder"):
        resumed(out)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"schema": "other"}'])
def test_a_damaged_plan_is_told(out, damage):
    begun(out, "a").close()
    (out / "batch.json").write_text(damage)
    with pytest.raises(AnalysisError, match=r"batch\.json"):
        resumed(out)
    assert not is_batch(out)


def test_a_series_that_is_no_uid_is_known_on_resume_and_stays_in_no_output(out, written_case):
    scan = BatchCase("a", (Path("/scans/a"),), series_uid="Doe-1bc8b288")
    with BatchFolder.create(out, [scan], REQUEST):
        pass
    with resumed(out) as batch:
        assert batch.unfinished == (scan,)
        put_case(out, "a", written_case)
        batch.add(CaseStatus("a"))
    assert not any(b"Doe" in each for each in content(out).values())


@pytest.mark.parametrize("damage", ["", "{}", '{"schema": "bv5-analysis/batch-sources"}'])
def test_damaged_paths_are_told(out, damage):
    begun(out, "a").close()
    (out / "sources.json").write_text(damage)
    with pytest.raises(AnalysisError, match=r"sources\.json"):
        resumed(out)


def test_nothing_to_resume_is_told(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(AnalysisError, match="no batch to resume; leave out --resume"):
        resumed(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_only_a_new_or_empty_folder_is_begun_in(tmp_path, out):
    (tmp_path / "empty").mkdir()
    begun(tmp_path / "empty", "a").close()
    begun(out, "a").close()
    with pytest.raises(AnalysisError, match="holds a batch already; add --resume"):
        begun(out, "a")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(AnalysisError, match="mine is not empty and holds no batch"):
        check_new_batch(tmp_path / "mine")
    check_new_batch(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "..", "", ".x", "CON", "x.", "Index.HTML"])
def test_no_case_gets_out_of_the_folder_or_onto_another_file(out, name):
    with pytest.raises(AnalysisError, match="rename it"):
        begun(out, "a", name)
    assert not out.exists()


@pytest.mark.parametrize("pair", [("P1", "p1"), ("Jos\u00e9", "Jose\u0301")])
def test_no_two_cases_share_a_folder_on_any_system(out, pair):
    with pytest.raises(AnalysisError, match="Two cases are called"):
        begun(out, *pair)


def test_a_link_out_of_the_folder_is_no_result(tmp_path, out, written_case):
    elsewhere = put_case(tmp_path, "elsewhere", written_case)
    with begun(out, "a") as batch:
        try:
            (out / "a").symlink_to(elsewhere, target_is_directory=True)
        except OSError:
            pytest.skip("no links here")
        batch.add(CaseStatus("a"))
    assert batch.measured == ()
    assert "missing or incomplete" in rows(out / "failures.csv")[0]["reason"]
    resumed(out, retry_failed=True).close()
    assert (elsewhere / "result.json").exists()


def test_a_case_that_lost_content_is_done_again(out, written_case):
    with begun(out, "a", "b") as batch:
        for name in "ab":
            put_case(out, name, written_case)
            batch.add(CaseStatus(name))
    (out / "a" / "vessels.seg.nrrd").write_bytes(b"")
    (out / "b" / "result.json").write_bytes(b"\0" * 100)
    (out / "b" / "notes.txt").write_text("mine")
    with resumed(out, replan=planned("a", "b")) as batch:
        assert names_of(batch.unfinished) == ["a", "b"]
        assert not (out / "a").exists()
        # What is not ours is never removed.
        assert (out / "b" / "notes.txt").read_text() == "mine"


def test_a_measured_case_without_a_folder_is_a_failure(out):
    with begun(out, "a") as batch:
        batch.add(CaseStatus("a"))
    assert "missing or incomplete" in dict(batch.failures)["a"]


def test_a_complete_folder_counts_whatever_was_said(out, written_case):
    with begun(out, "a") as batch:
        put_case(out, "a", written_case)
        batch.add(CaseStatus("a", "The worker was ended."))
        batch.add(CaseStatus("a", "The worker was ended."))
        batch.add(CaseStatus("a"))
    assert batch.measured == ("a",)
    assert len(journal(out)) == 1
    assert len(rows(out / "measurements.csv")) == 3
    assert rows(out / "failures.csv") == []


def test_a_folder_that_a_network_shows_late_is_awaited(out, written_case, monkeypatch):
    module = "BV5AnalysisLib.export.batch.finished_case"
    monkeypatch.setattr(f"{module}._WAITS_SECONDS", (0.0, 1.0))
    with begun(out, "a") as batch:
        slept = []

        def sleep(seconds):
            slept.append(seconds)
            if seconds:
                put_case(out, "a", written_case)

        monkeypatch.setattr(f"{module}.time.sleep", sleep)
        batch.add(CaseStatus("a"))
    assert slept == [0.0, 1.0]
    assert batch.measured == ("a",)


def test_failed_cases_are_done_again_only_when_asked_for(out, written_case):
    with begun(out, "a", "b") as batch:
        batch.add(CaseStatus("a", "Bad."))
        batch.add(CaseStatus("b", "Bad, too."))
    with resumed(out) as batch:
        assert batch.unfinished == ()
    # By now there are no paths any more; a new plan knows them, and what else is new.
    z = BatchCase("z", (), problem="There is no z.nrrd.")
    new = [BatchCase("a", (Path("/scans/moved"),), choice="The only series."), z]
    with resumed(out, retry_failed=True, replan=lambda *_: Plan(tuple(new))) as batch:
        assert names_of(batch.cases) == ["a", "z", "b"]
        assert batch.unfinished[0] == new[0]
        assert rows(out / "failures.csv") == []
        put_case(out, "a", written_case)
        batch.add(CaseStatus("a"))
        batch.add(CaseStatus("b", "Bad still."))
        batch.add(CaseStatus("z", z.problem))
    used = [(row["case"], row["used"], row["reason"]) for row in rows(out / "cases.csv")]
    assert used[0] == ("a", "yes", "The only series.")
    assert used[1] == ("z", "no", z.problem)
    assert used[2][:2] == ("b", "no")
    assert "not found any more" in used[2][2]
    assert rows(out / "failures.csv") == [
        {"case": "z", "reason": z.problem},
        {"case": "b", "reason": "Bad still."},
    ]
    assert [row["case"] for row in rows(out / "measurements.csv")] == ["a"] * 3
    with resumed(out) as batch:
        assert batch.unfinished == ()


def test_what_could_not_be_read_from_the_start_is_looked_for_again_only_on_a_retry(out):
    plan = [BatchCase("a", (), problem="There is no a.nrrd."), *cases("b")]
    BatchFolder.create(out, plan, REQUEST).close()

    def replan(known, needed):
        assert needed == {"b"}  # Of which there is nothing where it was.
        return Plan(tuple(known))

    with resumed(out, replan=replan) as batch:
        assert list(batch.unfinished) == plan
        batch.add(CaseStatus("a", "There is no a.nrrd."))
    with resumed(out, retry_failed=True, replan=planned("a", "b")) as batch:
        assert list(batch.unfinished) == cases("a", "b")
    assert [row["used"] for row in rows(out / "cases.csv")] == ["yes", "yes"]


def test_an_empty_file_of_the_users_spoils_no_case(out, written_case):
    with begun(out, "a") as batch:
        put_case(out, "a", written_case)
        (out / "a" / "seen").touch()
        batch.add(CaseStatus("a"))
    assert batch.measured == ("a",)


def test_a_case_whose_folder_was_deleted_is_done_again(out, written_case):
    with begun(out, "a", "b") as batch:
        for name in "ab":
            put_case(out, name, written_case)
            batch.add(CaseStatus(name))
    (out / "a").rename(out.parent / "deleted")
    with resumed(out, replan=planned("a", "b")) as batch:
        assert names_of(batch.unfinished) == ["a"]
        assert batch.unfinished[0].sources == (Path("/scans/a"),)


def test_a_review_gets_into_the_table_when_the_batch_is_resumed(out, written_case):
    with begun(out, "a") as batch:
        put_case(out, "a", written_case)
        batch.add(CaseStatus("a"))
    table = out / "a" / "measurements.csv"
    verdict = {"review": "rejected", "reviewer": "Reader", "review_comment": "=motion"}
    reviewed = [row | verdict for row in rows(table)]
    table.write_text(csv_text(COLUMNS, reviewed, header=True))
    resumed(out).close()
    for row in rows(out / "measurements.csv"):
        assert (row["review"], row["reviewer"]) == ("rejected", "Reader")
        assert row["review_comment"] == "'=motion"


def test_a_table_of_another_version_is_taken_by_its_columns(out, written_case):
    with begun(out, "a") as batch:
        put_case(out, "a", written_case)
        table = out / "a" / "measurements.csv"
        given = rows(table)
        lines = [",".join(["new", "region", "case", "bv5_pct"])]
        lines += [f"1,{row['region']},a,{row['bv5_pct']}" for row in given]
        table.write_text("\n".join(lines))
        batch.add(CaseStatus("a"))
    for row, old in zip(rows(out / "measurements.csv"), given, strict=True):
        assert (row["region"], row["bv5_pct"]) == (old["region"], old["bv5_pct"])
        assert row["tpbv_ml"] == ""
        assert "new" not in row


def test_the_sharpness_of_a_kernel_is_blank_for_a_case_of_before_it_was_measured(out, written_case):
    with begun(out, "a", "b") as batch:
        for name in "ab":
            put_case(out, name, written_case)
        table = out / "a" / "measurements.csv"
        before = [name for name in COLUMNS if name != "kernel_sharpness"]
        old = [{name: row[name] for name in before} for row in rows(table)]
        table.write_text(csv_text(before, old, header=True))
        for name in "ab":
            batch.add(CaseStatus(name))
    found = rows(out / "measurements.csv")
    assert {(row["case"], row["kernel_sharpness"]) for row in found} == {("a", ""), ("b", "0.00")}
    assert {row["hilum_share"] for row in found} == {"0.80"}


def test_paths_leave_with_the_last_case_and_stand_in_no_output(out, written_case):
    secret = Path("/archive/DOE^JOHN 19500102")
    plan = [
        BatchCase("a", (secret / "CT",), "1.2.3", lungs=secret / "lungs.nrrd"),
        BatchCase("b", tuple(secret / f"IM{i}" for i in range(5)), "1.2.4"),
    ]
    batch = BatchFolder.create(out, plan, REQUEST)
    batch.close()
    batch = BatchFolder.resume(out, REQUEST)
    assert list(batch.unfinished) == plan
    put_case(out, "a", written_case)
    batch.add(CaseStatus("a"))
    batch.add(CaseStatus("b", "b is cut short; copy it again."))
    batch.close()
    assert dict(batch.failures) == {"b": "b is cut short; copy it again."}
    for name, written in {**content(out), "log": (out / "log.jsonl").read_bytes()}.items():
        assert b"DOE" not in written, name
        assert b"1950" not in written, name


def test_identities_stand_only_where_they_were_asked_for(out, tmp_path):
    known = {"a": {"patient_name": "=DOE^JOHN", "birth_date": "19500102", "source": "/scans/a"}}
    passed_over = [("x/mask.nrrd", "It is a mask."), ("@y", "-")]
    plan = [
        BatchCase("a", (Path("/scans/a"),), choice="Thinner than series 3."),
        BatchCase("b", (), problem="There is no /scans/b."),
    ]
    BatchFolder.create(out, plan, REQUEST, passed_over=passed_over, identities=known).close()
    with_names = rows(out / "cases.csv")
    assert with_names[0]["patient_name"] == "'=DOE^JOHN"
    assert with_names[0]["source"] == "/scans/a"
    assert with_names[1]["patient_name"] == ""

    other = tmp_path / "other"
    BatchFolder.create(other, plan, REQUEST, passed_over=passed_over, identities={}).close()
    assert rows(other / "cases.csv") == [
        {"case": "a", "used": "yes", "item": "image file", "reason": "Thinner than series 3."},
        {"case": "b", "used": "no", "item": "", "reason": "There is no /scans/b."},
        {"case": "", "used": "no", "item": "x/mask.nrrd", "reason": "It is a mask."},
        {"case": "", "used": "no", "item": "'@y", "reason": "'-"},
    ]


def test_no_cell_is_a_formula(out, written_case):
    with begun(out, "a", "b") as batch:
        put_case(out, "a", written_case)
        table = out / "a" / "measurements.csv"
        table.write_text(table.read_text().replace("a,right", "a,@SUM(1)"))
        batch.add(CaseStatus("a"))
        batch.add(CaseStatus("b", "=HYPERLINK(1)"))
    assert rows(out / "failures.csv")[0]["reason"] == "'=HYPERLINK(1)"
    assert [row["region"] for row in rows(out / "measurements.csv")] == ["both", "'@SUM(1)", "left"]


def test_a_full_disk_is_told_and_costs_nothing_that_was_done(out, written_case, monkeypatch):
    batch = begun(out, "a", "b")
    put_case(out, "a", written_case)
    batch.add(CaseStatus("a"))
    put_case(out, "b", written_case)
    write = os.write

    def half_of_it(file, data):
        return write(file, data[: len(data) // 2])

    monkeypatch.setattr(batchjournal.os, "write", half_of_it)
    with pytest.raises(AnalysisError, match="disk of output folder out is full"):
        batch.add(CaseStatus("b"))
    monkeypatch.undo()
    assert [line["case"] for line in journal(out)] == ["a"]
    batch.close()
    with resumed(out) as batch:
        assert batch.measured == ("a", "b")


def test_a_signal_amid_the_telling_loses_no_case(out, written_case, monkeypatch):
    class Stopped(BaseException):
        """As a handler of signals raises it, wherever the program is."""

    batch = begun(out, "a", "b", "c")
    put_case(out, "a", written_case)
    with monkeypatch.context() as stopping:
        stopping.setattr(batch._journal, "append", raise_it(Stopped()))
        with pytest.raises(Stopped):
            batch.add(CaseStatus("a"))
        with pytest.raises(Stopped):
            batch.add(CaseStatus("b", "Bad."))
    batch.close()
    told = [(line["case"], line["status"]) for line in journal(out)]
    assert told == [("a", "measured"), ("b", "failed")]
    with resumed(out) as batch:
        assert names_of(batch.unfinished) == ["c"]


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_signal_while_a_line_gets_onto_the_disk_doubles_no_line(out, monkeypatch, call):
    class Stopped(BaseException):
        """As a handler of signals raises it."""

    original = getattr(os, call)

    def interrupted(*arguments):
        original(*arguments)
        raise Stopped

    batch = begun(out, "a", "b")
    with monkeypatch.context() as stopping:
        stopping.setattr(batchjournal.os, call, interrupted)
        with pytest.raises(Stopped):
            batch.add(CaseStatus("a", "Bad."))
    # What a full disk leaves of the next line is cut off, and no more than that.
    with monkeypatch.context() as full:
        full.setattr(batchjournal.os, "write", lambda file, data: original_write(file, data[:9]))
        with pytest.raises(AnalysisError, match="full"):
            batch.add(CaseStatus("b", "Bad."))
    batch.close()
    assert [line["case"] for line in journal(out)] == ["a", "b"]


original_write = os.write


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right")
def test_a_link_to_itself_is_no_result_and_no_crash(out):
    batch = begun(out, "a", "b")
    batch._journal.close()
    (out / "a").symlink_to("a")
    with resumed(out) as batch:
        assert names_of(batch.unfinished) == ["a", "b"]


def raise_it(error: BaseException):
    def function(*_):
        raise error

    return function


def test_what_cannot_be_replaced_leaves_no_half_file(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_whole(path, "old")
    monkeypatch.setattr(os, "fsync", raise_it(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError, match="full"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_that_a_spreadsheet_holds_gets_its_rows_later(out, written_case, monkeypatch):
    """On Windows, what a spreadsheet shows can be neither written nor replaced."""
    batch = begun(out, "a", "b")
    put_case(out, "a", written_case)
    put_case(out, "b", written_case)
    opened = Path.open

    def refuse(path, mode="r", *args, **options):
        if path.name == "measurements.csv" and "a" in mode:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, mode, *args, **options)

    with monkeypatch.context() as held:
        held.setattr(Path, "open", refuse)
        batch.add(CaseStatus("a"))
        assert rows(out / "measurements.csv") == []
    batch.add(CaseStatus("b"))
    assert [row["case"] for row in rows(out / "measurements.csv")] == ["a"] * 3 + ["b"] * 3

    def held_fast(path, target):
        raise PermissionError(errno.EACCES, "Permission denied", str(path), None, str(target))

    with monkeypatch.context() as held:
        held.setattr(Path, "replace", held_fast)
        with pytest.raises(
            AnalysisError, match=r"measurements\.csv cannot be replaced; if another"
        ):
            batch.close()
    with resumed(out) as batch:
        assert batch.measured == ("a", "b")


def test_the_sheet_is_written_less_often_the_longer_it_takes(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(batchsheet.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(batchsheet, "write_whole", lambda *_: now.__setitem__(0, now[0] + 2.0))
    sheet = batchsheet.ContactSheet(tmp_path / "index.html")
    if not sheet._can_draw:
        pytest.skip("Jinja2 is not installed")
    assert sheet.is_due
    sheet.write([], {}, {})
    assert not sheet.is_due
    # 2 s of writing within 100 s: two percent.
    now[0] = 201.9
    assert not sheet.is_due
    now[0] = 202.1
    assert sheet.is_due


def test_without_the_package_for_pages_all_else_is_there(out, written_case, monkeypatch, caplog):
    monkeypatch.setattr(batchsheet.importlib.util, "find_spec", lambda _: None)
    with begun(out, "a") as batch:
        put_case(out, "a", written_case)
        batch.add(CaseStatus("a"))
    assert "Jinja2 is not installed, so there is no contact sheet" in caplog.text
    files = {path.name for path in out.iterdir()}
    assert files == {"a", "batch.json", "cases.csv", "failures.csv", "log.jsonl"} | {
        "measurements.csv"
    }


WRITER = """
import shutil, sys
from pathlib import Path
from BV5AnalysisLib.export.batch.batch_folder import BatchFolder
from BV5AnalysisLib.study.batch.batch_case import CaseStatus
from helpers.batch_folders import put_case
from BV5AnalysisLib.case.output_folder import RESULT, output_folder

out, template = Path(sys.argv[1]), Path(sys.argv[2])
with BatchFolder.resume(out, {}) as batch:
    for case in batch.unfinished:
        problem = "Bad." if case.name.endswith("7") else ""
        if not problem:
            put_case(out, f".{case.name}.bv5-partial-00", template)
            (out / f".{case.name}.bv5-partial-00").rename(out / case.name)
        batch.add(CaseStatus(case.name, problem))
        print(case.name, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_killed_again_and_again_every_case_is_there_exactly_once(out, written_case):
    names = [f"P{i:03}" for i in range(60)]
    BatchFolder.create(out, cases(*names), {}).close()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for kill_after in (9, 16, 22, None):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(out), str(written_case)],
            stdout=subprocess.PIPE,
            env=environment,
        )
        for told, _ in enumerate(process.stdout, start=1):
            if told == kill_after:
                process.kill()
        process.stdout.close()
        assert process.wait() == (0 if kill_after is None else -signal.SIGKILL)
    table = [row["case"] for row in rows(out / "measurements.csv")]
    failed = [row["case"] for row in rows(out / "failures.csv")]
    assert table == [name for name in names if not name.endswith("7") for _ in range(3)]
    assert failed == [name for name in names if name.endswith("7")]
    assert sorted(line["case"] for line in journal(out)) == names
    assert not list(out.glob(".*"))
