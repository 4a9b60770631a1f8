"""The command line, with a stand-in for the analysis: what it promises around it."""

import base64
import dataclasses
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib import __version__, cli
from BV5AnalysisLib.case import output_folder as output
from BV5AnalysisLib.commandline import analyze as command
from BV5AnalysisLib.commandline import demo as demo_command
from BV5AnalysisLib.commandline import requirements
from BV5AnalysisLib.commandline.progress import shown_progress
from BV5AnalysisLib.export.batch.thumbnails import THUMBNAILS
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.withheld import TOTALS, Withheld
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec

DATA_FILES = [
    "centerlines.vtp",
    "lungs.seg.nrrd",
    "measurements.csv",
    "result.json",
    "vessels.seg.nrrd",
]
TITLES = ["Region", "Lung mL", "TPBV mL", "BV5 mL (%)", "BV5-10 mL (%)", "BV10 mL (%)"]
TITLES += ["TPBV mL/L", "Hilar mL"]
POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def ct(tmp_path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder / "scan.nrrd"


@pytest.fixture
def out(tmp_path) -> Path:
    (tmp_path / "results").mkdir()
    return tmp_path / "results" / "case 1"


@pytest.fixture
def calls(monkeypatch, small_result) -> dict:
    """Stand-ins for reading and measuring; keeps what they were given."""
    given = {}

    def read_scan(path, series=None):
        given.update(path=path, series=series)
        return small_result.scan

    def read_lungs(path, grid):
        given.update(lungs_path=path, grid=grid)
        return small_result.lungs

    def analyze(scan, lungs=None, regions=None, parameters=None, progress=None):
        given.update(scan=scan, lungs=lungs, regions=regions, parameters=parameters)
        progress("vessels", 0.2)
        progress("sizes", 0.9)
        progress("vessels again", 0.5)
        return small_result

    monkeypatch.setattr(command.scan_reader, "read_scan", read_scan)
    monkeypatch.setattr(command.masks, "read_lungs", read_lungs)
    monkeypatch.setattr(command.pipeline, "analyze", analyze)
    return given


def failing(error: BaseException):
    def fail(*_args, **_options):
        raise error

    return fail


# Usage


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["analyze"],
        ["analyze", "ct"],
        ["analyze", "-o", "out"],
        ["analyze", "ct", "-o", "out", "--nonsense"],
        ["analyze", "ct", "-o", "out", "--progress", "loud"],
        ["phantom"],
        ["phantom", "-o", "out", "--spacing", "1", "1"],
        ["demo", "--ct"],
    ],
)
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: bv5" in capsys.readouterr().err


@pytest.mark.parametrize("command_name", ["analyze", "phantom", "demo"])
def test_every_command_explains_itself(command_name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([command_name, "--help"])
    assert ended.value.code == 0
    assert "--progress" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"bv5 {__version__}\n"


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "BV5AnalysisLib", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"bv5 {__version__}\n"


# One scan


def test_analyze_writes_the_folder_and_prints_the_table(calls, ct, out, capsys):
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 0
    assert names(out) == DATA_FILES
    assert names(out.parent) == ["case 1"]
    assert json.loads((out / "result.json").read_text())["case"] == "case 1"
    printed = capsys.readouterr()
    assert re.search(
        r"both +5140 +6\.0 +0\.4 \(6\.0\) +0\.8 \(14\.0\) +4\.8 \(80\.0\)", printed.out
    )
    assert str(out) in printed.out
    assert printed.err == ""


def test_an_error_of_any_code_is_said_first(calls, ct, out, small_result, monkeypatch, capsys):
    error = Finding("never_heard_of", Severity.ERROR, "A lung is lost.")
    doubtful = dataclasses.replace(small_result, findings=(error, *small_result.findings))
    monkeypatch.setattr(command.pipeline, "analyze", lambda *_, **__: doubtful)
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "These numbers cannot be trusted:"
    assert second == "  Error: A lung is lost."


def test_what_is_withheld_is_a_dash_with_its_reason(
    calls, ct, out, small_result, monkeypatch, capsys
):
    slab = Withheld("incomplete_chest", "The scan shows a slab.", TOTALS)
    withheld = dataclasses.replace(small_result, withheld=(slab,))
    monkeypatch.setattr(command.pipeline, "analyze", lambda *_, **__: withheld)
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"both +– +– +– \(6\.0\) +– \(14\.0\) +– \(80\.0\) +1\.17", printed)
    assert "Not given (–): The scan shows a slab." in printed


def test_inputs_are_passed_on(calls, ct, out, tmp_path, small_result):
    parameters = tmp_path / "parameters.json"
    parameters.write_text('{"minimum_csa_mm2": 0, "class_bounds_mm2": [4, 12]}')
    options = ["--series", "1.2.3", "--lungs", "lungs.nrrd", "--parameters", str(parameters)]
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report", *options]) == 0
    assert calls["path"] == ct
    assert calls["series"] == "1.2.3"
    assert calls["lungs_path"] == Path("lungs.nrrd")
    assert calls["grid"] == small_result.scan.volume.grid
    assert calls["lungs"] is small_result.lungs
    assert calls["regions"] is None
    assert calls["parameters"].minimum_csa_mm2 == 0
    assert calls["parameters"].class_bounds_mm2 == (4, 12)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "JSON object"),
        ('{"floor": 1}', "Unknown parameter floor"),
        ('{"blood_hu": "much"}', "blood_hu"),
        (b"\xff\xfe", "is not JSON"),
    ],
)
def test_bad_parameters_end_before_the_work(calls, ct, out, tmp_path, content, message, capsys):
    path = tmp_path / "parameters.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    arguments = ["analyze", str(ct), "-o", str(out), "--no-report", "--parameters", str(path)]
    assert cli.main(arguments) == 1
    assert message in one_error_line(capsys)
    assert calls == {}


def one_error_line(capsys) -> str:
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("bv5: ")
    assert printed.err.count("\n") == 1
    return printed.err


def test_what_cannot_be_done_is_one_line_and_status_1(calls, ct, out, monkeypatch, capsys):
    monkeypatch.setattr(command.pipeline, "analyze", failing(AnalysisError("No lungs found.")))
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 1
    assert one_error_line(capsys) == "bv5: No lungs found.\n"
    assert names(out.parent) == []


def test_the_unforeseen_is_one_line_with_the_place_of_the_traceback(
    calls, ct, out, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(command.pipeline, "analyze", failing(KeyError("odd\nthing")))
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 1
    line = one_error_line(capsys)
    assert "Unexpected KeyError" in line
    log = Path(re.search(r"traceback is in (.+)$", line.strip())[1])
    assert "Traceback" in log.read_text()
    assert "KeyError" in log.read_text()
    assert names(out.parent) == []


def test_debug_shows_the_traceback(calls, ct, out, monkeypatch, capsys):
    monkeypatch.setattr(command.pipeline, "analyze", failing(ValueError("odd")))
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_too_little_memory_is_said(calls, ct, out, monkeypatch, capsys):
    monkeypatch.setattr(command.pipeline, "analyze", failing(MemoryError()))
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 1
    assert "Not enough memory" in one_error_line(capsys)


def test_an_existing_folder_ends_before_the_work(calls, ct, out, capsys):
    out.mkdir()
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 1
    assert "--overwrite" in one_error_line(capsys)
    assert calls == {}


def test_overwrite_replaces_a_result(calls, ct, out):
    arguments = ["analyze", str(ct), "-o", str(out), "--no-report"]
    assert cli.main(arguments) == 0
    (out / "measurements.csv").write_text("old")
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert "both" in (out / "measurements.csv").read_text()
    assert names(out.parent) == ["case 1"]


def test_overwrite_spares_a_folder_of_the_user(calls, ct, tmp_path, capsys):
    mine = tmp_path / "Documents"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    arguments = ["analyze", str(ct), "-o", str(mine), "--no-report", "--overwrite"]
    assert cli.main(arguments) == 1
    assert "is not replaced" in one_error_line(capsys)
    assert (mine / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("missing", "options", "message"),
    [
        ("matplotlib", [], "pip install matplotlib (or --no-report"),
        ("jinja2", [], "pip install Jinja2 (or --no-report"),
        ("slicer", [], "pip install slicer-core (or --no-report"),
        ("slicer", ["--no-report", "--scene"], "pip install slicer-core (or leave --scene out"),
    ],
)
def test_a_missing_package_is_named_before_the_work(
    calls, ct, out, monkeypatch, capsys, missing, options, message
):
    find_spec = requirements.importlib.util.find_spec
    monkeypatch.setattr(
        requirements.importlib.util,
        "find_spec",
        lambda name: None if name == missing else find_spec(name),
    )
    assert cli.main(["analyze", str(ct), "-o", str(out), *options]) == 1
    assert message in one_error_line(capsys)
    assert calls == {}


def test_no_report_needs_no_package(calls, ct, out, monkeypatch):
    monkeypatch.setattr(requirements.importlib.util, "find_spec", lambda _name: None)
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 0


def test_a_full_disk_is_one_line_and_leaves_nothing(calls, ct, out, monkeypatch, capsys):
    def full(folder, _case):
        (folder / "measurements.csv").write_text("half")
        raise OSError(output.errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(command, "write_case", full)
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 1
    assert "is full" in one_error_line(capsys)
    assert names(out.parent) == []


def test_the_report_and_the_scene_come_with_the_data(calls, ct, out, capsys):
    pytest.importorskip("slicer")
    assert cli.main(["analyze", str(ct), "-o", str(out), "--scene"]) == 0
    extra = ["overview.png", "report.html", "scene.mrb", "vessels_3d.png"]
    assert names(out) == sorted([*DATA_FILES, *extra])
    # Small pictures are for the contact sheet of a batch; no opacity was looked for here.
    elsewhere = {*THUMBNAILS.values(), "opacities.csv", "tissue.seg.nrrd"}
    assert set(names(out)) == output.RESULT.names - elsewhere
    picture = base64.b64encode((out / "vessels_3d.png").read_bytes()).decode()
    assert picture in (out / "report.html").read_text(encoding="utf-8")
    assert zipfile.is_zipfile(out / "scene.mrb")
    printed = capsys.readouterr().out
    for name in ("report.html", "vessels_3d.png", "scene.mrb"):
        assert str(out / name) in printed


def test_a_missing_system_library_is_named_before_the_work(calls, ct, out, monkeypatch, capsys):
    pictures = pytest.importorskip("BV5AnalysisLib.scene.views.pictures")
    error = AnalysisError("The 3D picture needs libEGL.")
    monkeypatch.setattr(pictures, "check_rendering", failing(error))
    assert cli.main(["analyze", str(ct), "-o", str(out)]) == 1
    assert "libEGL" in one_error_line(capsys)
    assert calls == {}


# Progress


def test_progress_as_json_lines_rises_to_1(calls, ct, out, capsys):
    arguments = ["analyze", str(ct), "-o", str(out), "--no-report", "--progress", "json"]
    assert cli.main(arguments) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(line.keys() == {"step", "fraction"} for line in lines)
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert "vessels again" in [line["step"] for line in lines]


def test_without_a_terminal_there_is_no_progress(capsys):
    with shown_progress("auto") as progress:
        progress("vessels", 0.5)
    assert capsys.readouterr() == ("", "")


def test_without_rich_steps_are_plain_lines(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(requirements.importlib.util, "find_spec", lambda _name: None)
    with shown_progress("auto") as progress:
        for step, fraction in (("lungs", 0.1), ("lungs", 0.2), ("vessels", 0.3)):
            progress(step, fraction)
    assert capsys.readouterr().err == " 10 %  lungs\n 30 %  vessels\n"


def test_without_rich_the_table_is_plain(calls, ct, out, monkeypatch, capsys):
    monkeypatch.setattr(requirements.importlib.util, "find_spec", lambda _name: None)
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert re.split(" {2,}", table[0]) == TITLES
    assert table[1].split()[:3] == ["both", "5140", "6.0"]


@POSIX_ONLY
@pytest.mark.slow
def test_a_terminal_gets_a_bar():
    code = (
        "from BV5AnalysisLib.commandline.progress import shown_progress\n"
        "with shown_progress('auto') as progress:\n"
        "    progress('vessels', 0.5)\n"
        "    import time; time.sleep(0.3)\n"
    )
    ours, terminal = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    subprocess.run([sys.executable, "-c", code], stderr=terminal, env=environment, check=True)
    os.close(terminal)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "vessels" in shown
    assert "50%" in shown
    # A signal may end the program at any time, and nothing would show a hidden cursor again.
    assert "\x1b[?25l" not in shown


# Stopping

RUN_WITH = """
import pickle, sys, time
from pathlib import Path
from BV5AnalysisLib import cli
from BV5AnalysisLib.commandline import analyze as command

result = pickle.loads(Path(sys.argv[1]).read_bytes())
command.scan_reader.read_scan = lambda *args, **options: result.scan
command.pipeline.analyze = lambda *args, **options: result

def sleep_in_c(*args, **options):
    print("busy", flush=True)
    sum(range(10**12))  # one call in C that never looks at signals
    print("added", flush=True)

def sleep_while_writing(folder, case):
    (folder / "measurements.csv").write_text("half")
    print("busy", flush=True)
    time.sleep(600)
    print("slept", flush=True)

{setup}
sys.exit(cli.main(["analyze", "scan.nrrd", "-o", sys.argv[2], "--no-report", *sys.argv[3:]]))
"""


def stopped_by(number, setup, result, tmp_path, out, *options) -> int:
    """Return code of the command after a signal that came long before its work would end."""
    pickled = tmp_path / "result.pickle"
    pickled.write_bytes(pickle.dumps(result))
    code = RUN_WITH.replace("{setup}", setup)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(pickled), str(out), *options], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"busy\n"
        process.send_signal(number)
        code = process.wait(timeout=120)
        assert process.stdout.read() == b""  # The work was not gone on with.
        return code
    finally:
        process.kill()
        process.stdout.close()


@POSIX_ONLY
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_a_signal_stops_a_computation_at_once(number, small_result, tmp_path, out):
    setup = "command.pipeline.analyze = sleep_in_c"
    assert stopped_by(number, setup, small_result, tmp_path, out) == -number
    assert names(out.parent) == []


LAUNCHER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, *sys.argv[1:]])
print(child.pid, flush=True)
child.wait()
"""


def has_ended(pid: int, seconds: float = 60.0) -> bool:
    """Whether a process that is not our child ends within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", ["launcher killed", "stdin closed"])
@pytest.mark.slow
def test_it_ends_with_the_pipe_to_its_standard_input(how, small_result, tmp_path, out):
    """As 3D Slicer's PythonSlicer: a launcher, whose child does the work."""
    pickled = tmp_path / "result.pickle"
    pickled.write_bytes(pickle.dumps(small_result))
    setup = "command.pipeline.analyze = lambda *a, **o: (print('busy', flush=True), time.sleep(60))"
    arguments = [str(pickled), str(out), "--end-with-stdin"]
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, "-c", RUN_WITH.replace("{setup}", setup), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        grandchild = int(launcher.stdout.readline())
        assert launcher.stdout.readline() == b"busy\n"
        assert not has_ended(grandchild, seconds=0.3)
        if how == "launcher killed":
            launcher.kill()
        launcher.stdin.close()
        assert has_ended(grandchild)
        assert launcher.wait(timeout=60) in {0, -signal.SIGKILL}
        assert names(out.parent) == []
    finally:
        launcher.kill()
        launcher.wait()
        launcher.stdout.close()


@POSIX_ONLY
@pytest.mark.parametrize("stdin", ["null device", "closed"])
@pytest.mark.slow
def test_without_a_pipe_it_does_not_end_with_stdin(stdin, small_result, tmp_path, out):
    pickled = tmp_path / "result.pickle"
    pickled.write_bytes(pickle.dumps(small_result))
    setup = "time.sleep(0.5)" if stdin == "null device" else "import os; os.close(0)"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            RUN_WITH.replace("{setup}", setup),
            pickled,
            out,
            "--end-with-stdin",
        ],
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0
    assert (out / "result.json").is_file()


def test_a_name_and_the_acquisition_may_be_given(calls, ct, out, tmp_path):
    given = tmp_path / "acquisition.json"
    given.write_text('{"kernel": "B70f", "manufacturer": "SIEMENS", "slice_thickness_mm": 2}')
    arguments = ["analyze", str(ct), "-o", str(out), "--no-report"]
    assert cli.main([*arguments, "--case", "Größe 1/2", "--acquisition", str(given)]) == 0
    assert calls["scan"].acquisition.kernel == "B70f"
    assert {finding.code for finding in calls["scan"].findings} == {"thick_slices", "sharp_kernel"}
    assert json.loads((out / "result.json").read_text(encoding="utf-8"))["case"] == "Größe 1/2"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "must hold a JSON object"),
        ('{"patient": "x"}', "has patient"),
        ('{"kernel": 3}', "has kernel: 3"),
        ('{"slice_thickness_mm": 9}', "slices 9 mm thick"),
        ('{"slice_thickness_mm": true}', "has slice_thickness_mm: True, not a positive number"),
        ('{"slice_thickness_mm": -1}', "has slice_thickness_mm: -1, not a positive number"),
        ('{"slice_thickness_mm": NaN}', "has slice_thickness_mm: nan, not a positive number"),
        (f'{{"slice_thickness_mm": 1{"0" * 400}}}', "has slice_thickness_mm: a huge number"),
        (r'{"kernel": "\ud800"}', r"has kernel: '\ud800', not a text"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_acquisition_is_one_line(calls, ct, out, tmp_path, content, message, capsys):
    given = tmp_path / "acquisition.json"
    given.write_text(content)
    arguments = ["analyze", str(ct), "-o", str(out), "--no-report", "--acquisition", str(given)]
    assert cli.main(arguments) == 1
    assert message in one_error_line(capsys)
    assert not out.exists()


@POSIX_ONLY
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_a_signal_while_writing_leaves_nothing(number, small_result, tmp_path, out):
    setup = "command.write_case = sleep_while_writing"
    assert stopped_by(number, setup, small_result, tmp_path, out) == -number
    assert names(out.parent) == []


@POSIX_ONLY
@pytest.mark.slow
def test_a_signal_while_overwriting_keeps_the_old_folder(calls, small_result, tmp_path, ct, out):
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 0
    before = (out / "measurements.csv").read_bytes()
    setup = "command.write_case = sleep_while_writing"
    code = stopped_by(signal.SIGTERM, setup, small_result, tmp_path, out, "--overwrite")
    assert code == -signal.SIGTERM
    assert (out / "measurements.csv").read_bytes() == before
    assert names(out.parent) == ["case 1"]


@POSIX_ONLY
@pytest.mark.slow
def test_a_reader_that_goes_away_is_one_line(small_result, tmp_path, out):
    pickled = tmp_path / "result.pickle"
    pickled.write_bytes(pickle.dumps(small_result))
    code = RUN_WITH.replace("{setup}", "")
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(pickled), str(out), "--progress", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=120) == 1
    assert errors == "bv5: Standard output was closed.\n"
    assert names(out.parent) == []


def test_signals_are_as_before_afterwards(calls, ct, out):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    cli.main(["analyze", str(ct), "-o", str(out), "--no-report"])
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_measurements_without_blood_are_shown_with_a_dash(small_result):
    none = dataclasses.replace(small_result.measurements[0], bv5_ml=0.0, bv5_10_ml=0.0, bv10_ml=0.0)
    assert np.isnan(none.bv5_pct)
    _, (row,) = command.measurements_table(dataclasses.replace(small_result, measurements=(none,)))
    assert row[3] == "0.0 (–)"


def test_intervals_of_what_is_given_are_printed(small_result, capsys):
    command.print_intervals(small_result)
    said = "90 % intervals, both lungs: BV5 4.0 to 8.0 %, TPBV 5.4 to 6.6 mL\n"
    assert capsys.readouterr().out == said
    withheld = Withheld("incomplete_chest", "The scan shows a slab.", TOTALS)
    command.print_intervals(dataclasses.replace(small_result, withheld=(withheld,)))
    assert capsys.readouterr().out == "90 % intervals, both lungs: BV5 4.0 to 8.0 %\n"
    old = dataclasses.replace(small_result.measurements[0], intervals=None)
    command.print_intervals(dataclasses.replace(small_result, measurements=(old,)))
    assert capsys.readouterr().out == ""


# Phantom and demo


@pytest.fixture
def small_phantom(monkeypatch):
    """Both commands make a chest of a third of the size, at coarse voxels."""
    monkeypatch.setattr(
        demo_command, "SPEC", ChestPhantomSpec(scale=0.3, spacing_mm=(2.0, 2.0, 2.0))
    )


SMALL = ["--scale", "0.3", "--spacing", "2", "2", "2"]
PHANTOM_FILES = [
    "ct.nrrd",
    "lungs.seg.nrrd",
    "truth.json",
    "truth_airways.vtp",
    "truth_centerlines.vtp",
]


def test_phantom_takes_every_option(out, capsys):
    options = ["--seed", "7", "--noise", "5", "--kernel", "sharp", "--blood", "200"]
    options += ["--psf", "0.4", "0.4", "0.8", "--ground-glass", "0.2", "--consolidation", "0.1"]
    options += ["--pruning", "0.3", "--expiration", "0.5", "--no-airways", "--no-fissures"]
    options += ["--noise-seed", "8", "--shift", "1", "0", "-2", "--turn", "0", "3", "0"]
    options += ["--air-lost", "5"]
    assert cli.main(["phantom", "-o", str(out), *SMALL, *options]) == 0
    assert names(out) == PHANTOM_FILES
    truth = json.loads((out / "truth.json").read_text())
    expected = {
        "seed": 7,
        "scale": 0.3,
        "spacing_mm": [2, 2, 2],
        "psf_sigma_mm": [0.4, 0.4, 0.8],
        "noise_hu": 5,
        "noise_kernel": "sharp",
        "blood_hu": 200,
        "airways": False,
        "fissures": False,
        "ground_glass_fraction": 0.2,
        "consolidation_fraction": 0.1,
        "pruning": 0.3,
        "expiration": 0.5,
        "noise_seed": 8,
        "shift_mm": [1, 0, -2],
        "turn_deg": [0, 3, 0],
        "air_lost_ml": 5,
    }
    assert {name: truth["spec"][name] for name in expected} == expected
    assert str(out) in capsys.readouterr().out


def test_phantom_options_out_of_range_are_one_line(out, capsys):
    assert cli.main(["phantom", "-o", str(out), "--noise", "-1"]) == 1
    assert "noise_hu" in one_error_line(capsys)
    assert names(out.parent) == []


def test_a_random_phantom_is_drawn_from_its_seed_alone(out, capsys):
    options = ["--anatomy", "random", "--seed", "3", "--noise", "5", "--no-airways"]
    assert cli.main(["phantom", "-o", str(out), *options]) == 1
    line = one_error_line(capsys)
    assert "noise_hu, airways" in line
    assert "--anatomy adult" in line
    assert names(out.parent) == []


def test_phantom_needs_overwrite_and_spares_a_result(calls, ct, out, capsys):
    assert cli.main(["analyze", str(ct), "-o", str(out), "--no-report"]) == 0
    capsys.readouterr()
    assert cli.main(["phantom", "-o", str(out), *SMALL]) == 1
    assert "--overwrite" in one_error_line(capsys)
    assert cli.main(["phantom", "-o", str(out), *SMALL, "--overwrite"]) == 1
    assert "is not replaced" in one_error_line(capsys)
    assert names(out) == DATA_FILES


def test_phantom_progress_rises_to_1(out, capsys):
    assert cli.main(["phantom", "-o", str(out), *SMALL, "--progress", "json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_demo_shows_measured_beside_true(calls, small_phantom, out, capsys):
    pytest.importorskip("slicer")
    assert cli.main(["demo", "-o", str(out)]) == 0
    assert names(out) == ["phantom", "result"]
    assert calls["path"] == out / "phantom" / "ct.nrrd"
    truth = json.loads((out / "phantom" / "truth.json").read_text())["measurements"][0]
    printed = capsys.readouterr().out
    (line,) = [line for line in printed.splitlines() if "both  TPBV" in line]
    assert line.split()[-3:-1] == ["6.0", f"{truth['tpbv_ml']:.1f}"]
    (line,) = [line for line in printed.splitlines() if "both  BV5," in line]
    cells = re.split(" {2,}", line.strip())
    assert cells[2:4] == ["0.4 (6.0)", f"{truth['bv5_ml']:.1f} ({truth['bv5_pct']:.1f})"]
    assert str(out / "result" / "report.html") in printed

    assert cli.main(["demo", "-o", str(out)]) == 1
    assert "--overwrite" in one_error_line(capsys)
    assert cli.main(["demo", "-o", str(out), "--overwrite"]) == 0


def test_demo_on_a_scan_makes_no_phantom(calls, ct, out, capsys):
    pytest.importorskip("slicer")
    assert cli.main(["demo", "-o", str(out), "--ct", str(ct)]) == 0
    assert names(out) == ["result"]
    assert calls["path"] == ct
    assert "5140" in capsys.readouterr().out


def test_demo_asks_for_packages_first(calls, out, monkeypatch, capsys):
    monkeypatch.setattr(requirements.importlib.util, "find_spec", lambda _name: None)
    assert cli.main(["demo", "-o", str(out)]) == 1
    assert "pip install matplotlib Jinja2 slicer-core" in one_error_line(capsys)
    assert names(out.parent) == []


@pytest.mark.parametrize(
    "arguments",
    [["", "-o", "out"], ["ct.nrrd", "-o", ""], ["ct", "-o", "out", "--series", " "]],
)
def test_empty_values_are_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["analyze", *arguments])
    assert ended.value.code == 2
    assert "is empty" in capsys.readouterr().err
