"""A batch as scripts in Slicer run it; PythonSlicer is a script of each test."""

import contextlib
import importlib
import json
import os
import runpy
import stat
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError, Cancelled
from BV5AnalysisLib.imaging.parameters import Parameters
from helpers.batch_steps import is_running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")

HEAD = """
    import json, os, signal, subprocess, sys, time
    out = sys.argv[sys.argv.index("-o") + 1]
    def step(fraction):
        print(json.dumps({"step": "Measuring", "fraction": fraction}), flush=True)
"""
MEASURES_TWO = """
    os.makedirs(out)
    with open(os.path.join(out, "measurements.csv"), "w") as file:
        file.write("case,region,tpbv_ml,bv5_pct,findings\\n")
        for case in ("a ü", "b"):
            file.write(f"{case},both,100.5,40.25,\\n{case},right,60.5,41.5,thick_slices\\n")
    with open(os.path.join(out, "failures.csv"), "w") as file:
        file.write("case,reason\\nc,c.nrrd is cut short; copy it again.\\n")
"""


@pytest.fixture
def logic(module):
    return module.BV5AnalysisLogic()


@pytest.fixture
def python_slicer(tmp_path, monkeypatch):
    """Put a PythonSlicer on the PATH that does what a test says."""

    def put(*parts: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "PythonSlicer"
        body = "\n".join(textwrap.dedent(part) for part in (HEAD, *parts))
        program.write_text(f"#!{sys.executable}\n{body}", encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    return put


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "Ergebnisse ü" / "out"


def temporary_files() -> list[str]:
    return sorted(each.name for each in Path(slicer.app.temporaryPath).iterdir())


def ended(pid: int, seconds: float = 120.0) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not is_running(pid):
            return True
        time.sleep(0.02)
    return False


def test_a_batch_is_measured_and_its_outcome_told(logic, folder, python_slicer):
    python_slicer("step(0.25)\nstep(1.0)\nprint('no progress')", MEASURES_TWO)
    told = []
    result = logic.analyzeBatch("scans", str(folder), lambda *step: told.append(step))
    assert told == [("Measuring", 0.25), ("Measuring", 1.0)]
    assert result.outputFolder == folder
    assert result.measured == ("a ü", "b")
    assert [(each.name, each.problem) for each in result.failed] == [
        ("c", "c.nrrd is cut short; copy it again.")
    ]
    assert str(result).splitlines()[0].startswith("2 of 3 cases measured in ")
    assert "c: c.nrrd is cut short" in str(result)
    assert temporary_files() == []


def test_the_command_line_says_what_was_asked_for(logic, folder, python_slicer, monkeypatch):
    python_slicer(
        MEASURES_TWO,
        """
        seen = {"arguments": sys.argv[1:], "cwd": os.getcwd(), "path": os.environ["PYTHONPATH"]}
        if "--parameters" in sys.argv:
            seen["parameters"] = json.load(open(sys.argv[sys.argv.index("--parameters") + 1]))
        json.dump(seen, open(os.path.join(out, "seen.json"), "w"))
        """,
    )
    monkeypatch.chdir(folder.parents[1])
    logic.analyzeBatch("scans", folder)
    seen = json.loads((folder / "seen.json").read_text())
    options = ["--progress", "json", "--debug", "--end-with-stdin"]
    scans = str(folder.parents[1] / "scans")
    command = ["-m", "BV5AnalysisLib", "batch", scans, "-o", str(folder)]
    assert seen["arguments"] == [*command, *options]
    library = Path(slicer.modules.BV5AnalysisInstance.parent.path).parent
    assert Path(seen["cwd"]) == library
    assert seen["path"].split(os.pathsep)[0] == str(library)

    (folder / "seen.json").unlink()
    other = folder.with_name("all options")
    parameters = Parameters(minimum_csa_mm2=0.0)
    logic.analyzeBatch(
        "scans",
        other,
        parameters={"minimum_csa_mm2": 0},
        report=False,
        resume=True,
        retryFailed=True,
        keepIdentifiers=True,
        jobs=2,
    )
    seen = json.loads((other / "seen.json").read_text())
    given = seen["arguments"][6:-4]
    assert given[:5] == ["--jobs", "2", "--resume", "--retry-failed", "--parameters"]
    assert given[6:] == ["--no-report", "--keep-identifiers"]
    assert Parameters.from_dict(seen["parameters"]) == parameters
    assert temporary_files() == []


def test_why_it_cannot_be_done_is_said_in_words_of_a_script(logic, folder, python_slicer):
    python_slicer(
        """
        print("Traceback (most recent call last): ...", file=sys.stderr)
        print("bv5: out exists; go on with --resume, or give another folder.", file=sys.stderr)
        sys.exit(1)
        """
    )
    with pytest.raises(AnalysisError, match="out exists; go on with resume=True, or give"):
        logic.analyzeBatch("scans", folder)
    (log,) = temporary_files()
    assert "Traceback" in (Path(slicer.app.temporaryPath) / log).read_text("utf-8")


@pytest.mark.parametrize(
    "end",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        "print('error: [x] exit abnormally', file=sys.stderr)",
    ],
)
def test_a_process_that_was_killed_is_told_with_its_log(logic, folder, python_slicer, end):
    python_slicer("step(0.5)", end)
    with pytest.raises(AnalysisError, match=r"ended before its time.*resume=True") as raised:
        logic.analyzeBatch("scans", folder)
    (log,) = temporary_files()
    assert log in str(raised.value)


LAUNCHES = """
    # As Slicer's launcher does: the child has the same standard input, and outlives its parent.
    child = subprocess.Popen([sys.executable, "-c", "import sys, time; sys.stdin.read()"])
    os.makedirs(out)
    open(os.path.join(out, "pids"), "w").write(f"{os.getpid()} {child.pid}")
    while True:
        step(0.5)
        time.sleep(0.02)
"""


@pytest.mark.parametrize("error", [Cancelled("enough"), KeyboardInterrupt(), ValueError("a bug")])
def test_what_progress_raises_ends_all_processes_at_once(logic, folder, python_slicer, error):
    python_slicer(LAUNCHES)

    def cancel(step, fraction):
        raise error

    with pytest.raises(type(error)):
        logic.analyzeBatch("scans", folder, cancel)
    for pid in (folder / "pids").read_text().split():
        assert ended(int(pid))
    assert temporary_files() == []


def test_closing_slicer_ends_the_batch(logic, folder, python_slicer, slicer_app):
    python_slicer(LAUNCHES)
    slicer.util.mainWindow().show()

    def close(step, fraction):
        slicer.util.mainWindow().hide()

    with pytest.raises(Cancelled, match="closed"):
        logic.analyzeBatch("scans", folder, close)
    for pid in (folder / "pids").read_text().split():
        assert ended(int(pid))


def test_the_window_is_served_meanwhile(logic, folder, python_slicer, qt):
    python_slicer(
        """
        end = time.monotonic() + 120
        while not os.path.exists(out + ".clicked") and time.monotonic() < end:
            time.sleep(0.01)
        """,
        MEASURES_TWO,
    )
    clicked = []
    timer = qt.QTimer()
    timer.setSingleShot(True)

    def click():
        clicked.append(1)
        folder.parent.mkdir()
        Path(f"{folder}.clicked").touch()

    timer.connect("timeout()", click)
    timer.start(0)
    logic.analyzeBatch("scans", folder)
    assert clicked == [1]


def test_without_progress_the_status_bar_tells(logic, folder, python_slicer, monkeypatch):
    python_slicer("step(0.25)", MEASURES_TWO)
    told = []
    monkeypatch.setattr(slicer.util, "showStatusMessage", lambda text, *_: told.append(text))
    logic.analyzeBatch("scans", folder)
    assert told == ["Measuring (25 %)"]


def test_much_output_does_not_block_it(logic, folder, python_slicer):
    python_slicer(
        "for _ in range(3000): print('x' * 99, file=sys.stderr)\nprint('y' * 200000)", MEASURES_TWO
    )
    assert len(logic.analyzeBatch("scans", folder).measured) == 2


def test_a_child_that_keeps_the_output_open_is_not_waited_for(logic, folder, python_slicer):
    python_slicer(
        MEASURES_TWO, "subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'])"
    )
    assert len(logic.analyzeBatch("scans", folder).measured) == 2


def test_without_pythonslicer_nothing_is_started(logic, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnalysisError, match="PythonSlicer, a part of 3D Slicer, was not found"):
        logic.analyzeBatch("scans", folder)


def test_a_program_that_cannot_be_started_is_told(logic, folder, python_slicer, tmp_path):
    python_slicer()
    (tmp_path / "bin" / "PythonSlicer").write_text("#!/nowhere/python\n")
    with pytest.raises(AnalysisError, match="cannot be started: No such file"):
        logic.analyzeBatch("scans", folder)


def test_packages_are_asked_for_where_they_are_needed(logic, folder, python_slicer, monkeypatch):
    python_slicer(MEASURES_TWO)
    packages = importlib.import_module("BV5AnalysisLib.panel.process.packages")
    asked = []
    monkeypatch.setattr(
        importlib.import_module("BV5AnalysisLib.panel.console.batch"),
        "ensurePackages",
        lambda needed, purpose, instead, ask: asked.append((needed, ask)),
    )
    logic.analyzeBatch("scans", folder)
    assert asked == [(packages.REPORT, True)]
    asked.clear()
    logic.analyzeBatch(
        "scans", folder.with_name("b"), report=False, scheduler="tcp://localhost:8786"
    )
    assert asked == [(packages.CLUSTER, True)]


def test_an_empty_scheduler_is_none(logic):
    batch = importlib.import_module("BV5AnalysisLib.panel.console.batch")
    job, _ = batch.batchJob("scans", "out", {"jobs": 2, "scheduler": ""})
    assert job.jobs == 2
    assert job.scheduler is None


def test_a_reference_is_found_from_where_the_script_is(logic, folder, monkeypatch):
    batch = importlib.import_module("BV5AnalysisLib.panel.console.batch")
    monkeypatch.chdir(folder.parents[1])
    for given in ("site.json", Path("site.json")):
        job, _ = batch.batchJob("scans", "out", {"reference": given})
        assert job.reference == folder.parents[1] / "site.json"
    with pytest.raises(AnalysisError, match="reference is a path, not 3"):
        batch.batchJob("scans", "out", {"reference": 3})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"job": 2}, "no option job; there are jobs, scheduler, resume, retryFailed"),
        ({"jobs": 0}, "whole number from 1"),
        ({"jobs": True}, "whole number from 1"),
        ({"jobs": "2"}, "whole number from 1"),
        ({"report": "no"}, "report is True or False, not 'no'"),
        ({"retryFailed": "no"}, "retryFailed is True or False"),
        ({"parameters": {"minimum_csa": 1}}, "minimum_csa"),
        ({"jobs": 1, "scheduler": "tcp://localhost:8786"}, "not both"),
    ],
)
def test_options_that_there_are_not_are_refused(logic, folder, options, message):
    with pytest.raises(AnalysisError, match=message):
        logic.analyzeBatch("scans", folder, **options)
    with pytest.raises(AnalysisError, match="cannot be used"):
        logic.analyzeBatch(None, folder)


def test_the_table_of_a_batch_is_loaded_and_shown(logic, folder, python_slicer):
    python_slicer(MEASURES_TWO)
    logic.analyzeBatch("scans", folder)
    assert slicer.app.layoutManager().tableViewCount == 0
    table = logic.loadBatchTable(folder)
    assert table.GetNumberOfRows() == 2
    view = slicer.app.layoutManager().tableWidget(0).mrmlTableViewNode()
    assert view.GetTableNodeID() == table.GetID()
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveTableID() == table.GetID()
    assert logic.loadBatchTable(folder, "").GetNumberOfRows() == 4
    with pytest.raises(AnalysisError, match="region middle; choose one of both, right"):
        logic.loadBatchTable(folder, "middle")


# The example script

EXAMPLE = (
    Path(__file__).resolve().parents[3] / "BV5Analysis" / "Resources/Scripts/analyze_folder.py"
)
KEEPS_ARGUMENTS = """
    json.dump(sys.argv[1:], open(out + ".arguments", "w"))
"""


@pytest.fixture
def example(module):
    return runpy.run_path(str(EXAMPLE))["main"]


def test_the_example_tells_wrong_usage(example, tmp_path, capsys):
    assert example([]) == 2
    assert example(["--", str(tmp_path / "missing"), str(tmp_path)]) == 2
    assert "There is no" in capsys.readouterr().err
    assert example(["--help"]) == 0


def test_the_example_goes_on_where_it_ended_and_tells_failures(
    example, tmp_path, python_slicer, capsys
):
    python_slicer("step(0.5)", MEASURES_TWO, KEEPS_ARGUMENTS)
    out = tmp_path / "out"
    assert example(["--", str(tmp_path), str(out), "--jobs", "2"]) == 1
    arguments = json.loads(Path(f"{out}.arguments").read_text())
    assert {"--resume", "--retry-failed", "--no-report"} < set(arguments)
    told = capsys.readouterr().out
    assert " 50 %  Measuring" in told
    assert "2 of 3 cases measured" in told
    assert "c: c.nrrd is cut short" in told


def test_the_example_is_done_when_all_are_measured(example, tmp_path, python_slicer):
    python_slicer(
        MEASURES_TWO, "open(os.path.join(out, 'failures.csv'), 'w').write('case,reason\\n')"
    )
    assert example([str(tmp_path), str(tmp_path / "out"), "--report"]) == 0


def test_wrong_usage_is_told_as_such(logic, folder, python_slicer):
    python_slicer(
        "print('usage: bv5 batch', file=sys.stderr)\n"
        "print('bv5 batch: error: --retry-failed needs --resume; add it', file=sys.stderr)\n"
        "sys.exit(2)"
    )
    with pytest.raises(AnalysisError, match="retryFailed=True needs resume=True; add it"):
        logic.analyzeBatch(folder, folder / "out", retryFailed=True)


def test_the_example_tells_why_it_could_not_begin(example, tmp_path, python_slicer, capsys):
    python_slicer("print('bv5: out cannot be written.', file=sys.stderr)\nsys.exit(1)")
    assert example([str(tmp_path), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "out cannot be written.\n"
    assert example([str(tmp_path), str(tmp_path / "out"), "--jobs", "0"]) == 1
    assert "whole number from 1" in capsys.readouterr().err


# The real command


@pytest.fixture
def real_command(tmp_path, monkeypatch) -> None:
    """Let PythonSlicer be this Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "PythonSlicer"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


@pytest.mark.slow
def test_the_real_command_refuses_a_folder_without_scans(logic, folder, tmp_path, real_command):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "notes.txt").write_text("no scan")
    with pytest.raises(AnalysisError) as raised:
        logic.analyzeBatch(tmp_path / "scans", folder, report=False)
    assert "scans" in str(raised.value)
    assert not folder.exists()


@pytest.mark.slow
def test_the_real_command_measures_a_phantom_and_tells_of_a_bad_scan(
    logic, folder, tmp_path, real_command, small_phantom_result
):
    from BV5AnalysisLib.case.nrrd import write_nrrd

    scans = tmp_path / "scans"
    scans.mkdir()
    volume = small_phantom_result.scan.volume
    write_nrrd(scans / "phantom.nrrd", volume.array, volume.grid)
    (scans / "bad.nrrd").write_bytes((scans / "phantom.nrrd").read_bytes()[:5000])
    told = []
    result = logic.analyzeBatch(
        scans, folder, lambda *step: told.append(step), report=False, jobs=1
    )
    assert result.measured == ("phantom",)
    assert [each.name for each in result.failed] == ["bad"]
    assert "cut short" in result.failed[0].problem
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("1 of 2 cases" in step for step, _ in told)

    outcome = logic.loadCase(folder / "phantom")
    table = logic.loadBatchTable(folder)
    assert table.GetCellText(0, 0) == "phantom"
    total_ml = outcome.record["measurements"][0]["tpbv_ml"]
    assert table.GetTable().GetColumnByName("tpbv_ml").GetValue(0) == pytest.approx(
        total_ml, abs=1e-3
    )
    again = logic.analyzeBatch(scans, folder, report=False, resume=True)
    assert again == result
    with pytest.raises(AnalysisError, match="resume=True"):
        logic.analyzeBatch(scans, folder, report=False)


def descendants() -> set[int]:
    """Processes that this one started, and those that they started."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat_line = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                parents[int(entry.name)] = int(stat_line[1])
    found, before = {os.getpid()}, set()
    while found != before:
        before = set(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found - {os.getpid()}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_cancelling_the_real_command_ends_its_workers_too(
    logic, folder, tmp_path, real_command, small_phantom_result
):
    from BV5AnalysisLib.case.nrrd import write_nrrd

    scans = tmp_path / "scans"
    scans.mkdir()
    volume = small_phantom_result.scan.volume
    for index, name in enumerate("abc"):  # A copy would be passed over.
        write_nrrd(scans / f"{name}.nrrd", volume.array + np.int16(index), volume.grid)
    before, running = descendants(), set()

    def cancel(step, fraction):
        if "1 of 3 cases" in step:
            running.update(descendants() - before)
            raise Cancelled

    with pytest.raises(Cancelled):
        logic.analyzeBatch(scans, folder, cancel, report=False, jobs=2)
    assert len(running) >= 3  # The command, and its workers.
    assert all(ended(pid) for pid in running)
    result = logic.analyzeBatch(scans, folder, report=False, jobs=2, resume=True)
    assert result.measured == ("a", "b", "c")
    assert result.failed == ()
    assert not [entry.name for entry in folder.iterdir() if entry.name.startswith(".")]
