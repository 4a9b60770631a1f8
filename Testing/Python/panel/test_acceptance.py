"""The acceptance run, Testing/Slicer/acceptance.py, in a stand-in Slicer as a program."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import BV5AnalysisLib
import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "Testing" / "Slicer" / "acceptance.py"
LIBRARY = Path(BV5AnalysisLib.__file__).parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")

SKIPPED = {"truth": "The phantom is not the sample's own"}
WINDOWLESS = (
    "module,sample,analyze,named-once,classes,across,pick,exclude,recompute,edit,verdict,"
    "scene-file,recompute-loaded,case-folder,ten-cases,newer-record,transforms,same-names,"
    "packages-missing"
)
"""Batch, cohort and report do the same with a window, where they are tried."""


@dataclass(frozen=True)
class Ended:
    """A run that has ended."""

    status: int
    output: str
    errors: str
    folder: Path

    @property
    def steps(self) -> dict[str, dict]:
        """Records of the steps by name."""
        record = json.loads((self.folder / "acceptance.json").read_text("utf-8"))
        return {step["name"]: step for step in record["steps"]}

    def named(self, result: str) -> set[str]:
        """Names of the steps with a result."""
        return {name for name, step in self.steps.items() if step["result"] == result}

    @property
    def closing(self) -> str:
        """Last line that was printed."""
        return self.output.rstrip().splitlines()[-1]

    @property
    def page(self) -> str:
        return (self.folder / "acceptance.html").read_text("utf-8")


def start(folder: Path, arguments=(), python_slicer: str = "", **options: str):
    """Start the stand-in Slicer on the script; PythonSlicer is this Python, or what is given."""
    folder.mkdir(parents=True)
    program = folder / "bin" / "PythonSlicer"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n{python_slicer}\nexec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    paths = [str(LIBRARY), str(ROOT / "Testing" / "Python"), os.environ.get("PYTHONPATH", "")]
    environment = {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "QT_QPA_PLATFORM": "offscreen",
        "BV5_ACCEPTANCE_OUTPUT": str(folder / "out ü"),
        "BV5_ACCEPTANCE_PHANTOM": "0.5 0.9",
        # How fast it is on a machine that others use, too, is no matter here.
        "BV5_ACCEPTANCE_TIMES": "0",
    }
    environment |= {f"BV5_ACCEPTANCE_{name}": value for name, value in options.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "standins.run_slicer", *arguments, "--python-script", str(SCRIPT)],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def run(folder: Path, *arguments: str, python_slicer: str = "", **options: str) -> Ended:
    process = start(folder, arguments, python_slicer, **options)
    # To the end of both pipes: so long anything runs that the run has started.
    output, errors = process.communicate(timeout=600)
    return Ended(process.returncode, output, errors, folder / "out ü")


def run_steps(folder: Path, code: str, names: str, *arguments: str, **options: str) -> Ended:
    """Run steps that a test writes, and no others but the named ones."""
    folder.mkdir()
    extra = folder / "extra.py"
    extra.write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
    return run(folder / "run", *arguments, EXTRA=str(extra), STEPS=names, **options)


HEAD = """
import os, subprocess, sys, time
import qt, slicer
from acceptancerun.steps import Skipped, step
"""


@pytest.mark.slow
def test_every_step_passes_in_a_window(tmp_path):
    ended = run(tmp_path / "window", STEPS="-self-test")
    assert ended.named("failed") == set(), ended.output
    assert ended.named("skipped") == set(SKIPPED)
    for name, reason in SKIPPED.items():
        assert ended.steps[name]["messages"][0].startswith(reason)
    assert len(ended.steps) >= 38 and list(ended.steps)[-1] == "exit"
    assert ended.status == 0
    counts = [len(ended.named(result)) for result in ("passed", "failed", "skipped")]
    assert ended.closing == "{} passed, {} failed, {} skipped".format(*counts)
    for name, step in ended.steps.items():
        picture = ended.folder / step["picture"]
        assert picture.read_bytes().startswith(b"\x89PNG"), name
        assert f'id="{name}"' in ended.page
    assert ended.page.count("data:image/png;base64,") == len(ended.steps)
    tutorial = ("1-input", "2-analyzing", "3-result", "4-review", "5-report", "6-cohort")
    sizes = ("1366x768", "1600x1000", "1920x1080")
    layouts = (f"{layout}-{size}" for layout in ("sizes", "cohort") for size in sizes)
    pictures = {f"{name}.png" for name in (*tutorial, *layouts)}
    assert pictures <= {path.name for path in ended.folder.iterdir()}


@pytest.mark.slow
def test_the_modules_own_test_passes_in_a_window(tmp_path):
    # Apart from the others: it takes as long as many of them, and needs none.
    ended = run(tmp_path / "window", STEPS="module,self-test")
    assert ended.named("passed") == {"module", "self-test", "exit"}, ended.output
    assert ended.status == 0


@pytest.mark.slow
def test_the_logics_steps_pass_without_a_window(tmp_path):
    ended = run(tmp_path / "no window", "--no-main-window", STEPS=WINDOWLESS)
    assert ended.named("failed") == set(), ended.output
    assert ended.named("skipped") == set()
    assert set(ended.steps) == {*WINDOWLESS.split(","), "exit"}
    assert "in place of the panel's button" in ended.steps["analyze"]["title"]
    assert not list(ended.folder.glob("*.png"))
    assert "data:image" not in ended.page


@pytest.mark.slow
def test_what_goes_wrong_fails_its_step_and_no_other(tmp_path):
    ended = run_steps(
        tmp_path / "steps",
        """
        @step("good", "It holds", limit=30)
        def good(run):
            run.check(True, "it does not hold")

        @step("check", "It holds", limit=30)
        def check(run):
            run.equal(1, 2, "the number <of things>")

        @step("raises", "It holds", limit=30)
        def raises(run):
            {}["no such key"]

        @step("message", "It holds", limit=30)
        def message(run):
            slicer.util.errorDisplay("The lungs were not found.", detailedText="a log")

        @step("question", "It holds", limit=30)
        def question(run):
            run.check(not slicer.util.confirmOkCancelDisplay("Replace it?"), "it said yes")

        @step("file-dialog", "It holds", limit=30)
        def file_dialog(run):
            run.equal(qt.QFileDialog.getExistingDirectory(None, "Where"), "", "folder")

        @step("dialog", "It holds", limit=30)
        def dialog(run):
            box = qt.QDialog()
            box.windowTitle = "Waits for somebody"
            box.modal = True
            box.show()
            run.wait(lambda: not box.visible, 10, "it is closed")

        @step("slot", "It holds", limit=30)
        def slot(run):
            button = qt.QPushButton()
            button.connect("clicked(bool)", lambda _checked: 1 / 0)
            button.click()

        @step("descriptor", "It holds", limit=30)
        def descriptor(run):
            kept = os.dup(2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            global give_back
            give_back = lambda: os.dup2(kept, 2)

        @step("descriptor-back", "It holds", limit=30)
        def descriptor_back(run):
            give_back()

        @step("process", "It holds", limit=30)
        def process(run):
            global child
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

        @step("cursor", "It holds", limit=30)
        def cursor(run):
            child.kill()
            child.wait()
            slicer.app.setOverrideCursor(qt.Qt.WaitCursor)

        @step("unfit", "It holds", limit=30)
        def unfit(run):
            raise Skipped("There is no network.")

        @step("last", "It holds", limit=30)
        def last(run):
            run.note("It took 3 s")
        """,
        "good,check,raises,message,question,file-dialog,dialog,slot,descriptor,descriptor-back,"
        "process,cursor,unfit,last",
    )
    assert ended.status == 1
    assert ended.named("passed") == {"good", "last", "exit"}
    assert ended.named("skipped") == {"unfit"}
    said = {name: "\n".join(step["messages"]) for name, step in ended.steps.items()}
    for name, text in {
        "check": "the number <of things>: 1, not 2",
        "raises": "KeyError: 'no such key'",
        "message": "errorDisplay: The lungs were not found.\na log",
        "question": "confirmOkCancelDisplay: Replace it?",
        "file-dialog": "getExistingDirectory",
        "dialog": "dialog: Waits for somebody",
        "slot": "ZeroDivisionError",
        "descriptor": "Descriptor 2 leads elsewhere",
        "descriptor-back": "Descriptor 2 leads elsewhere",
        "process": "A process was left: ",
        "cursor": "wait cursor",
        "unfit": "There is no network.",
        "last": "It took 3 s",
    }.items():
        assert text in said[name]
    assert ended.closing == "3 passed, 11 failed, 1 skipped"
    assert "the number &lt;of things&gt;" in ended.page


def test_a_slicer_without_the_module_takes_it_whole_from_the_checkout(tmp_path):
    ended = run_steps(
        tmp_path / "steps",
        """
        @step("whole", "It is as after Slicer's start", limit=30)
        def whole(run):
            import SampleData
            from BV5AnalysisLib.scene.views.review_layout import OWN_LAYOUTS

            layout = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")
            run.check(all(map(layout.IsLayoutDescription, OWN_LAYOUTS)), "a layout is missing")
            sources = SampleData.SampleDataLogic.sampleDataSourcesByCategory("BV5 Analysis")
            run.equal(len(sources), 2, "sample data")
            event = slicer.vtkMRMLScene.EndImportEvent
            run.check(slicer.mrmlScene.HasObserver(event), "charts are not kept whole")
        """,
        "module,whole",
        "--without-module",
    )
    assert ended.named("failed") == set(), ended.output
    assert "it was loaded from the checkout" in "".join(ended.steps["module"]["messages"])


def test_a_step_that_hangs_is_ended_and_reported(tmp_path):
    ended = run_steps(
        tmp_path / "steps",
        """
        @step("hangs", "It holds", limit=1)
        def hangs(run):
            time.sleep(600)

        @step("after", "It holds", limit=30)
        def after(run):
            pass
        """,
        "hangs,after",
    )
    assert ended.status == 1
    assert ended.closing == "0 passed, 1 failed"
    (message, trace) = ended.steps["hangs"]["messages"]
    assert "took longer than 1 s" in message
    assert "in hangs" in trace, "the report does not say where"
    assert ended.closing in ended.page


def test_a_crash_is_reported(tmp_path):
    ended = run_steps(
        tmp_path / "steps",
        """
        import signal

        @step("good", "It holds", limit=30)
        def good(run):
            pass

        @step("crashes", "It holds", limit=30)
        def crashes(run):
            os.kill(os.getpid(), signal.SIGSEGV)
        """,
        "good,crashes",
    )
    assert ended.status not in (0, None)
    assert ended.closing == "1 passed, 1 failed"
    messages = ended.steps["crashes"]["messages"]
    assert messages[0].startswith("Slicer ended.")
    assert "Segmentation fault" in messages[1]


def test_a_slicer_that_does_not_exit_is_ended_and_reported(tmp_path):
    ended = run_steps(
        tmp_path / "steps",
        """
        def hang():
            time.sleep(600)

        @step("good", "It holds", limit=500)
        def good(run):
            slicer.app.connect("aboutToQuit()", hang)
        """,
        "good",
        LIMIT_FACTOR="0.05",
    )
    assert ended.status == 1
    assert ended.closing == "1 passed, 1 failed"
    assert "did not exit within 3 s" in ended.steps["exit"]["messages"][0]


@pytest.mark.slow
def test_an_analysis_whose_process_dies_is_reported(tmp_path):
    extra = tmp_path / "extra.py"
    extra.write_text(
        HEAD
        + textwrap.dedent(
            """
            import numpy as np
            from acceptancerun.subjects.analyzing import analyze

            @step("dead-child", "It holds", limit=60)
            def dead_child(run):
                voxels = np.full((64, 64, 64), -1000, np.int16)
                voxels[20:40, 20:40, 20:40] = 40
                run.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
                slicer.util.updateVolumeFromArray(run.volume, voxels)
                run.volume.SetSpacing(2.0, 2.0, 2.0)
                analyze(run)
            """
        ),
        encoding="utf-8",
    )
    ended = run(
        tmp_path / "run",
        python_slicer='case "$*" in *watchdog*) ;; *) kill -9 $$ ;; esac',
        EXTRA=str(extra),
        STEPS="module,dead-child",
    )
    assert ended.status == 1
    assert ended.named("failed") == {"dead-child"}
    assert any("ended by the operating system" in m for m in ended.steps["dead-child"]["messages"])


def test_a_layout_that_hides_something_and_a_standstill_are_told(tmp_path):
    ended = run_steps(
        tmp_path / "steps",
        """
        from acceptancerun import layoutcheck

        @step("columns", "It holds", limit=30)
        def columns(run):
            table = qt.QTableWidget(1, 4)
            table.setHorizontalHeaderLabels(["BV5 (%)", "TPBV (mL)", "BV5-10 (%)", "BV10 (%)"])
            table.resize(350, 100)
            table.show()
            slicer.app.processEvents()
            told = layoutcheck.not_seen(table, ["BV5 (%)", "BV5-10 (%)", "BV10 (%)", "Lost"])
            table.close()
            run.equal([text.split(" is ")[0] for text in told], ["BV10 (%)", "Lost"], "told")
            run.check("from 300 to 400" in told[0], told[0])

        @step("sizes-told", "It holds", limit=30)
        def sizes_told(run):
            view = qt.QWidget()
            view.resize(100, 90)
            told = layoutcheck.too_small({"Red": (view, (150, 80)), "Green": (view, (80, 80))})
            run.equal(told, ["Red has 100 × 90 pixels, not 150 × 80"], "told")
            run.equal(layoutcheck.unlike([300, 290, 305]), "", "told of nearly equal plots")
            told = layoutcheck.unlike([600, 150, 150])
            run.equal(told, "the plots are 600, 150, 150 pixels wide", "told")
            run.check(layoutcheck.unlike([]), "nothing is told without plots")

        @step("quick", "It holds", limit=30)
        def quick(run):
            run.standstill(0.4, "meanwhile")

        @step("stands-still", "It does not hold", limit=30)
        def stands_still(run):
            run.standstill(0.6, "meanwhile")
        """,
        "columns,sizes-told,quick,stands-still",
        TIMES="",
    )
    assert ended.named("failed") == {"stands-still"}, ended.output
    messages = ended.steps["stands-still"]["messages"]
    assert messages[0] == "the window stood still for 0.60 s meanwhile"
    assert ended.steps["quick"]["messages"][0].endswith("meanwhile: 0.40 s")


@pytest.mark.slow
def test_wrong_options_are_told_and_slicer_exits(tmp_path):
    ended = run(tmp_path / "run", SIZE="large")
    assert ended.status == 1
    assert "BV5_ACCEPTANCE_SIZE is 'large'" in ended.errors
    assert ended.closing == "0 passed, 1 failed"
    ended = run(tmp_path / "another", STEPS="module,no-such-step")
    assert ended.status == 1
    assert "no-such-step" in "".join(ended.steps["run"]["messages"])
    ended = run(tmp_path / "third", CASE="no-folder=no-ct.nrrd")
    assert ended.status == 1
    assert "BV5_ACCEPTANCE_CASE is 'no-folder=no-ct.nrrd'" in ended.errors
    ended = run(tmp_path / "fourth", TIMES="2")
    assert ended.status == 1
    assert "BV5_ACCEPTANCE_TIMES is '2'" in ended.errors


def test_the_watchdog_ends_what_hangs_with_all_its_processes(tmp_path):
    code = """
    import subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(child.pid, flush=True)
    time.sleep(600)
    """
    hung = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    child = int(hung.stdout.readline())
    watch = (
        "import sys; from pathlib import Path; from acceptancerun.watchdog import watch;"
        "sys.exit(watch(Path(sys.argv[1]), int(sys.argv[2]), sys.stdin, 0.2))"
    )
    watchdog = subprocess.Popen(
        [sys.executable, "-c", watch, str(tmp_path), str(hung.pid)],
        cwd=SCRIPT.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    watchdog.stdin.write(json.dumps({"step": "analyze", "limit": 0.2}) + "\n")
    watchdog.stdin.flush()
    try:
        assert watchdog.wait(60) == 1
        assert hung.wait(60) == -9
        # Its pipe ends when the last of both is gone.
        assert hung.stdout.read() == ""
        assert watchdog.stdout.read().rstrip().splitlines()[-1] == "0 passed, 1 failed"
        assert not Path(f"/proc/{child}/cmdline").exists() or not _command(child)
    finally:
        watchdog.stdin.close()
        for each in (hung, watchdog):
            each.kill()
            each.wait()
            each.stdout.close()
    ended = Ended(1, "", "", tmp_path)
    assert "Slicer hung for 0.2 s" in ended.steps["analyze"]["messages"][0]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_nothing_of_the_run_stays_when_slicer_is_killed(tmp_path):
    extra = tmp_path / "extra.py"
    code = """
    @step("long", "It holds", limit=600)
    def long(run):
        print("under way", flush=True)
        time.sleep(600)
    """
    extra.write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
    process = start(tmp_path / "run", EXTRA=str(extra), STEPS="long")
    for line in process.stdout:
        if line.startswith("under way"):
            break
    process.kill()
    # The pipe ends when the watchdog, which has it too, is gone.
    output = process.communicate(timeout=60)[0]
    assert output.rstrip().endswith("0 passed, 1 failed")
