"""A batch as scripts in Slicer run it; PythonSlicer is a script of each test."""

import importlib
import json
import os
import stat
import sys
import textwrap
import time
from pathlib import Path

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError, Cancelled
from BV5AnalysisLib.imaging.parameters import Parameters

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


def ended(pid: int, seconds: float = 10.0) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
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
        parameters=parameters,
        report=False,
        resume=True,
        retryFailed=True,
        keepIdentifiers=True,
        jobs=2,
    )
    seen = json.loads((other / "seen.json").read_text())
    given = seen["arguments"][6:-4]
    assert given[0] == "--parameters"
    assert given[2:4] == ["--jobs", "2"]
    assert set(given[4:]) == {"--no-report", "--resume", "--retry-failed", "--keep-identifiers"}
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
        end = time.monotonic() + 20
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
    packages = importlib.import_module("BV5AnalysisLib.panel.packages")
    asked = []
    monkeypatch.setattr(
        importlib.import_module("BV5AnalysisLib.panel.batch"),
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"job": 2}, "no option job; there are parameters, report, resume"),
        ({"jobs": 0}, "whole number from 1"),
        ({"jobs": True}, "whole number from 1"),
        ({"jobs": "2"}, "whole number from 1"),
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
    table = logic.loadBatchTable(folder)
    assert table.GetNumberOfRows() == 2
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveTableID() == table.GetID()
    assert logic.loadBatchTable(folder, "").GetNumberOfRows() == 4
    with pytest.raises(AnalysisError, match="region middle; choose one of both, right"):
        logic.loadBatchTable(folder, "middle")
