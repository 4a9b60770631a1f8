"""The analysis beside Slicer: real Qt, real processes; PythonSlicer is a script of each test."""

import importlib
import json
import os
import re
import signal
import stat
import sys
import textwrap
import time
import types
from dataclasses import dataclass, field
from pathlib import Path

import BV5AnalysisLib
import numpy as np
import pytest
import slicer
from BV5AnalysisLib.case.files import read_case
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.scene.nodes.images import add_volume
from BV5AnalysisLib.scene.views.offscreen import OffscreenApplication

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")

GRID = Grid((20, 18, 16), (1.0, 1.0, 1.5))
WRITES_A_RESULT = """
    os.makedirs(out)
    open(os.path.join(out, "result.json"), "w").write("{}")
"""


@dataclass
class Heard:
    """What the callbacks were told."""

    progress: list = field(default_factory=list)
    ended: list = field(default_factory=list)
    during: list = field(default_factory=list)

    def on_progress(self, step, fraction):
        self.progress.append((step, fraction))

    def on_finished(self, folder):
        self.during.append(sorted(entry.name for entry in folder.iterdir()))
        self.ended.append(("finished", folder))

    def on_failed(self, message, log):
        self.ended.append(("failed", message, log))

    def on_cancelled(self):
        self.ended.append(("cancelled",))


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """Slicer's temporary folder, in a place whose name has spaces and umlauts."""
    folder = tmp_path / "Zwischen ablage ö"
    folder.mkdir()
    application = types.SimpleNamespace(temporaryPath=str(folder))
    monkeypatch.setattr(slicer, "app", application, raising=False)
    translations = types.ModuleType("slicer.i18n")
    translations.tr = lambda text: text
    monkeypatch.setitem(sys.modules, "slicer.i18n", translations)
    return folder


@pytest.fixture
def background(qt, temporary, monkeypatch):
    monkeypatch.delitem(sys.modules, "BV5AnalysisLib.panel.process.background", raising=False)
    module = importlib.import_module("BV5AnalysisLib.panel.process.background")
    yield module
    sys.modules.pop("BV5AnalysisLib.panel.process.background", None)


@pytest.fixture
def process_output(background):
    return importlib.import_module("BV5AnalysisLib.panel.process.output")


@pytest.fixture
def process(background):
    process = background.AnalysisProcess()
    yield process
    process.cleanup()
    spin(0.05)


@pytest.fixture
def application() -> OffscreenApplication:
    return OffscreenApplication()


@pytest.fixture
def request_of(background, application):
    """Make a request for a small volume, which the stand-in does not look at."""

    def request(name="5: Thorax ü", **options):
        array = np.full(GRID.shape, -850, np.int16)
        array[:, :9] = 40
        volume = add_volume(application.scene, name, Volume(array, GRID))
        nodes = {"lungsSegmentation": None, "regionsSegmentation": None} | options
        return background.AnalysisRequest(
            inputVolume=volume, parameters=Parameters(), caseName=name, **nodes
        )

    return request


@pytest.fixture
def python_slicer(tmp_path, monkeypatch):
    """Put a PythonSlicer on the PATH that does what a test says; `out` is its output folder."""

    def put(*parts: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "PythonSlicer"
        body = "\n".join(textwrap.dedent(part) for part in parts)
        head = "import json, os, signal, sys, time\nout = sys.argv[sys.argv.index('-o') + 1]\n"
        program.write_text(f"#!{sys.executable}\n{head}{body}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    return put


def spin(seconds: float) -> None:
    """Run Qt's event loop for a while."""
    from PySide6 import QtCore

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QtCore.QCoreApplication.processEvents()
        QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)
        time.sleep(0.005)


def wait_until(condition, seconds=120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        spin(0.01)


def start(process, request) -> Heard:
    heard = Heard()
    process.start(
        request, heard.on_progress, heard.on_finished, heard.on_failed, heard.on_cancelled
    )
    return heard


def run(process, request) -> Heard:
    """Run to the end, and a little longer: nothing may be told twice."""
    heard = start(process, request)
    wait_until(lambda: heard.ended)
    spin(0.2)
    assert len(heard.ended) == 1
    assert not process.isRunning()
    return heard


def failure(heard: Heard) -> tuple[str, Path | None]:
    ((kind, message, log),) = heard.ended
    assert kind == "failed"
    return message, log


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_progress_then_the_folder_and_nothing_stays(process, request_of, python_slicer, temporary):
    python_slicer(
        """
        for step, fraction in (("lungs", 0.25), ("vessels", 0.5)):
            print(json.dumps({"step": step, "fraction": fraction}), flush=True)
        """,
        WRITES_A_RESULT,
    )
    heard = run(process, request_of())
    assert heard.progress == [("lungs", 0.25), ("vessels", 0.5)]
    assert heard.during == [["result.json"]]
    assert not heard.ended[0][1].exists()
    assert names(temporary) == []


def test_a_line_in_pieces_and_lines_that_are_no_progress(process, request_of, python_slicer):
    python_slicer(
        """
        write = lambda data: (sys.stdout.buffer.write(data), sys.stdout.flush(), time.sleep(0.1))
        write(b'{"step": "gr\\xc3')
        write(b'\\xb6\\xc3\\x9fe", "frac')
        write(b'tion": 0.5}\\n\\xff\\xfe garbage\\n[1]\\n{"step": "x"}\\n{"fraction": "a"}\\n')
        write(b'{"step": "end", "fraction": 7}')
        write(b'\\n')
        """,
        WRITES_A_RESULT,
    )
    heard = run(process, request_of())
    assert heard.progress == [("größe", 0.5), ("end", 1.0)]
    assert heard.ended[0][0] == "finished"


def test_the_command_and_its_environment(
    process, request_of, python_slicer, temporary, monkeypatch, background
):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PYTHONNOUSERSITE", "0")
    monkeypatch.setenv("TOLD", str(temporary.parent / "told.json"))
    python_slicer(
        """
        told = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}
        open(os.environ["TOLD"], "w").write(json.dumps(told))
        """,
        WRITES_A_RESULT,
    )
    run(process, request_of("-5: Thorax ü"))
    told = json.loads((temporary.parent / "told.json").read_text())
    assert told["arguments"][:3] == ["-m", "BV5AnalysisLib", "analyze"]
    assert "--case=-5: Thorax ü" in told["arguments"]
    assert {"--end-with-stdin", "--no-report", "--acquisition"} <= set(told["arguments"])
    module_folder = Path(BV5AnalysisLib.__file__).parents[1]
    assert told["folder"] == str(module_folder)
    assert (module_folder / "BV5AnalysisLib" / "__main__.py").is_file()
    environment = told["environment"]
    assert environment["PYTHONPATH"] == f"{module_folder}{os.pathsep}/elsewhere"
    assert environment["PYTHONNOUSERSITE"] == "0"
    assert environment["PYTHONUTF8"] == "1"


@pytest.mark.parametrize(
    "line",
    [
        "[" * 60000,
        '{"step": "a", "fraction": NaN}',
        '{"step": "a", "fraction": 1e999}',
        '{"step": "a", "fraction": 1' + "0" * 400 + "}",
        '{"step": "a", "fraction": null}',
    ],
)
def test_what_looks_like_progress_and_is_none(process_output, line):
    assert process_output.progressIn(line) is None


def test_an_endless_line_takes_no_memory_and_the_next_one_is_read(process_output):
    lines = process_output.Lines()
    for _ in range(100):
        assert lines.added(b"x" * 100_000) == []
    assert len(lines._rest) == 65536
    ended, after = lines.added(b"y\nnext\r\n")
    assert ended == "x" * 65536
    assert after == "next"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "print('bv5: ct.nrrd is no chest CT; give one.', file=sys.stderr); sys.exit(1)",
            r"^5: Thorax ü is no chest CT; give one\.$",
        ),
        ("print('Traceback', file=sys.stderr); sys.exit(1)", r"without saying why.*\b1\b"),
        ("sys.exit(7)", r"without saying why.*\b7\b"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "by the operating system"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "by the operating system"),
        (
            "print('error: [python] exit abnormally - Report the problem.', file=sys.stderr)\n"
            "sys.exit(1)",
            "by the operating system",
        ),
        ("", "without a result"),
        ("os.makedirs(out)", "without a result"),
    ],
)
def test_failures_are_told_in_plain_words_with_the_log(
    process, request_of, python_slicer, temporary, body, message
):
    python_slicer("print('printed ä', flush=True)", body)
    told, log = failure(run(process, request_of()))
    assert re.search(message, told)
    assert log.parent == temporary
    assert "printed ä" in log.read_text("utf-8")
    assert names(temporary) == [log.name]


def test_a_damaged_result_is_told_and_its_log_stays(process, request_of, python_slicer, temporary):
    python_slicer(WRITES_A_RESULT)
    heard, folders = Heard(), []

    def finished(folder):
        folders.append(folder)
        read_case(folder)

    process.start(request_of(), heard.on_progress, finished, heard.on_failed, heard.on_cancelled)
    wait_until(lambda: heard.ended)
    spin(0.2)
    told, log = failure(heard)
    assert "wrote a damaged result" in told
    assert str(temporary) not in told
    assert "result.json" in log.read_text("utf-8")
    assert len(folders) == 1
    assert names(temporary) == [log.name]
    assert not process.isRunning()


def test_a_volume_without_a_name_is_analyzed(process, request_of, python_slicer):
    python_slicer("assert '--case=case' in sys.argv", WRITES_A_RESULT)
    assert run(process, request_of(" ")).ended[0][0] == "finished"


def test_without_pythonslicer(process, request_of, temporary, monkeypatch):
    monkeypatch.setenv("PATH", str(temporary))
    message, log = failure(run(process, request_of()))
    assert "PythonSlicer" in message
    assert log is None
    assert names(temporary) == []


def test_a_program_that_cannot_be_started(process, request_of, python_slicer, temporary, tmp_path):
    python_slicer("")
    (tmp_path / "bin" / "PythonSlicer").write_text("#!/nowhere/python\n")
    message, log = failure(run(process, request_of()))
    assert "cannot be started" in message
    assert names(temporary) == [log.name]


def test_an_unfit_volume_is_told_before_anything_is_written(
    process, request_of, python_slicer, temporary
):
    python_slicer("raise SystemExit('must not be started')")
    request = request_of()
    request.inputVolume.SetAndObserveImageData(None)
    message, log = failure(run(process, request))
    assert "no voxels" in message
    assert log is None
    assert names(temporary) == []


def test_a_full_disk_while_the_scan_is_written(
    process, request_of, python_slicer, temporary, monkeypatch
):
    from BV5AnalysisLib.scene.case import handover

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    python_slicer("raise SystemExit('must not be started')")
    monkeypatch.setattr(handover, "write_nrrd", full)
    message, log = failure(run(process, request_of()))
    assert "disk is full" in message
    assert str(temporary) in message
    assert log is None
    assert names(temporary) == []


def test_a_second_start_is_refused_and_the_first_goes_on(process, request_of, python_slicer):
    python_slicer("time.sleep(0.5)", WRITES_A_RESULT)
    first = start(process, request_of())
    second = Heard()
    with pytest.raises(AnalysisError, match="running already"):
        process.start(
            request_of(),
            second.on_progress,
            second.on_finished,
            second.on_failed,
            second.on_cancelled,
        )
    wait_until(lambda: first.ended)
    assert first.ended[0][0] == "finished"
    assert second.ended == []


LAUNCHER = """
import subprocess
code = '''
import os, sys, time
sys.path.insert(0, {library!r})
from BV5AnalysisLib.commandline.stopping import end_with_stdin
end_with_stdin()
print('{{"step": "' + str(os.getpid()) + '", "fraction": 0.1}}', flush=True)
time.sleep(600)
'''
subprocess.Popen([sys.executable, "-c", code]).wait()
"""


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", ["cancel", "cleanup", "launcher killed"])
def test_the_child_of_the_launcher_ends_too(
    process, request_of, python_slicer, temporary, background, how
):
    python_slicer(LAUNCHER.format(library=str(Path(BV5AnalysisLib.__file__).parents[1])))
    heard = start(process, request_of())
    wait_until(lambda: heard.progress)
    child = int(heard.progress[0][0])
    assert is_running(child)
    if how == "launcher killed":
        os.kill(process._run._process._process.pid, signal.SIGKILL)
        wait_until(lambda: heard.ended)
        assert "by the operating system" in failure(heard)[0]
    else:
        getattr(process, how)()
        # Told within the call: it waits neither for the child's work nor for the event loop.
        assert heard.ended == ([("cancelled",)] if how == "cancel" else [])
    assert not process.isRunning()
    wait_until(lambda: not is_running(child))
    spin(0.2)
    assert len(heard.ended) <= 1
    assert len(heard.progress) == 1
    assert [name for name in names(temporary) if not name.endswith(".log")] == []
    assert len(names(temporary)) == (how == "launcher killed")


def test_after_cancelling_another_can_start_at_once(process, request_of, python_slicer, temporary):
    python_slicer("time.sleep(60)")
    first = start(process, request_of())
    process.cancel()
    assert first.ended == [("cancelled",)]
    python_slicer(WRITES_A_RESULT)
    assert run(process, request_of()).ended[0][0] == "finished"
    assert first.ended == [("cancelled",)]
    assert names(temporary) == []


def test_cancelling_from_progress(process, request_of, python_slicer, temporary):
    python_slicer(
        """
        for _ in range(3):
            print('{"step": "a", "fraction": 0.1}')
        sys.stdout.flush()
        time.sleep(60)
        """
    )
    heard = Heard()

    def cancel(step, fraction):
        heard.on_progress(step, fraction)
        process.cancel()

    process.start(request_of(), cancel, heard.on_finished, heard.on_failed, heard.on_cancelled)
    wait_until(lambda: heard.ended)
    spin(0.2)
    assert heard.ended == [("cancelled",)]
    assert len(heard.progress) == 1
    assert names(temporary) == []


def test_cancel_and_cleanup_without_a_run_do_nothing(process):
    process.cancel()
    process.cleanup()
    assert not process.isRunning()


def test_a_callback_may_start_the_next(process, request_of, python_slicer):
    python_slicer(WRITES_A_RESULT)
    heard = Heard()
    requests = [request_of(), request_of()]

    def again(folder):
        heard.on_finished(folder)
        if requests:
            begin(requests.pop())

    def begin(request):
        process.start(request, heard.on_progress, again, heard.on_failed, heard.on_cancelled)

    begin(requests.pop())
    wait_until(lambda: len(heard.ended) == 2)
    assert [each[0] for each in heard.ended] == ["finished", "finished"]


def test_what_a_callback_raises_is_told_and_the_run_goes_on(
    process, request_of, python_slicer, temporary, slot_errors
):
    python_slicer(
        """
        for fraction in (0.1, 0.2, 0.3):
            print(json.dumps({"step": "a", "fraction": fraction}))
        """,
        WRITES_A_RESULT,
    )
    heard = Heard()

    def fails(step, fraction):
        heard.on_progress(step, fraction)
        raise ValueError(fraction)

    def finished(folder):
        heard.on_finished(folder)
        raise ValueError("shown")

    process.start(request_of(), fails, finished, heard.on_failed, heard.on_cancelled)
    wait_until(lambda: heard.ended)
    spin(0.3)
    assert [fraction for _step, fraction in heard.progress] == [0.1, 0.2, 0.3]
    assert [kind for kind, *_ in heard.ended] == ["finished"]
    assert [str(error) for error in slot_errors] == ["0.1", "0.2", "0.3", "shown"]
    slot_errors.clear()
    assert not process.isRunning()
    assert names(temporary) == []


def test_cleaning_up_from_a_callback(process, request_of, python_slicer, temporary):
    """As when the scene is closed, or the module reloaded, by what a callback shows."""
    python_slicer('print(\'{"step": "a", "fraction": 0.5}\', flush=True)', "time.sleep(60)")
    heard = Heard()

    def clean(step, fraction):
        heard.on_progress(step, fraction)
        process.cleanup()

    process.start(request_of(), clean, heard.on_finished, heard.on_failed, heard.on_cancelled)
    wait_until(lambda: heard.progress)
    spin(0.3)
    assert heard.ended == []
    assert len(heard.progress) == 1
    assert not process._timer.active
    assert names(temporary) == []


def test_a_callback_that_serves_events_hears_nothing_twice(process, request_of, python_slicer):
    """A message box runs the event loop, and with it the timer."""
    python_slicer(
        """
        for fraction in (0.1, 0.2):
            print(json.dumps({"step": "a", "fraction": fraction}), flush=True)
            time.sleep(0.3)
        """,
        WRITES_A_RESULT,
    )
    heard = Heard()

    def progress(step, fraction):
        heard.on_progress(step, fraction)
        spin(0.4)

    def finished(folder):
        heard.on_finished(folder)
        spin(0.4)

    process.start(request_of(), progress, finished, heard.on_failed, heard.on_cancelled)
    wait_until(lambda: heard.ended)
    spin(0.3)
    assert heard.progress == [("a", 0.1), ("a", 0.2)]
    assert len(heard.ended) == 1


def test_a_failure_that_is_told_late_finds_nothing_to_do(
    process, request_of, temporary, monkeypatch
):
    monkeypatch.setenv("PATH", str(temporary))
    heard = start(process, request_of())
    assert heard.ended == []
    process.cleanup()
    spin(0.2)
    assert heard.ended == []


def test_a_disk_too_full_for_the_reason_is_told(
    process, request_of, python_slicer, temporary, monkeypatch
):
    monkeypatch.setattr("shutil.disk_usage", lambda _: types.SimpleNamespace(free=4096))
    python_slicer("sys.exit(1)")
    assert "disk is full" in failure(run(process, request_of()))[0]


@pytest.mark.slow
def test_the_real_command_refuses_what_is_no_chest(process, request_of, tmp_path, monkeypatch):
    """The whole way: files, arguments and the reason, with the command itself."""
    use_real_command(tmp_path, monkeypatch)
    message, log = failure(run(process, request_of()))
    assert "bv5" not in message
    assert message
    assert "Traceback" in log.read_text("utf-8")


@pytest.mark.slow
def test_the_real_command_measures_a_phantom(
    process, background, application, tmp_path, monkeypatch, temporary
):
    from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec
    from BV5AnalysisLib.scene.case.sample_data import add_phantom

    use_real_command(tmp_path, monkeypatch)
    spec = ChestPhantomSpec(seed=1, scale=0.6)
    volume, phantom = add_phantom(application.scene, "phantom ü", spec)
    cases = []
    heard = Heard()
    process.start(
        background.AnalysisRequest(volume, None, None, Parameters(), "phantom ü"),
        heard.on_progress,
        lambda folder: (cases.append(read_case(folder)), heard.on_finished(folder)),
        heard.on_failed,
        heard.on_cancelled,
    )
    wait_until(lambda: heard.ended, seconds=120)
    assert heard.ended[0][0] == "finished"
    (case,) = cases
    assert case.name == "phantom ü"
    assert case.grid.matches(phantom.volume.grid)
    # The truth of a phantom has the hilum included.
    found, true = case.measurements_hilum_included[0], phantom.measurements[0]
    assert abs(found.bv5_pct - true.bv5_pct) < 5
    assert found.tpbv_ml == pytest.approx(true.tpbv_ml, rel=0.1)
    fractions = [fraction for _, fraction in heard.progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert names(temporary) == []


def use_real_command(tmp_path, monkeypatch) -> None:
    """Let PythonSlicer be this Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "PythonSlicer"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
