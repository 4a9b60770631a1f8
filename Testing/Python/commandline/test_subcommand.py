"""A command that runs another one: its progress and its errors come through."""

import subprocess
import sys

import pytest
from BV5AnalysisLib.commandline import subcommand
from BV5AnalysisLib.commandline.subcommand import run_subcommand
from BV5AnalysisLib.imaging.errors import AnalysisError, Cancelled


def silent(step: str, fraction: float) -> None:
    pass


@pytest.fixture
def scripted(monkeypatch):
    """Let any subcommand be a Python script; gives the processes that were started."""
    started = []

    def replace(code: str) -> list[subprocess.Popen]:
        class Scripted(subprocess.Popen):
            def __init__(self, command, **options):
                assert command[-2:] == ["--progress", "json"]
                super().__init__([sys.executable, "-c", code], **options)
                started.append(self)

        monkeypatch.setattr(subcommand.subprocess, "Popen", Scripted)
        return started

    return replace


def test_progress_is_passed_on(tmp_path):
    seen = []
    output = tmp_path / "phantom"
    arguments = ["phantom", "-o", str(output), "--scale", "0.3", "--spacing", "4", "4", "4"]
    run_subcommand(arguments, lambda step, fraction: seen.append((step, fraction)))
    assert (output / "ct.nrrd").exists()
    assert len(seen) > 3
    assert seen[-1] == ("done", 1.0)


def test_the_error_is_that_of_the_command(tmp_path):
    with pytest.raises(AnalysisError, match=r"^Phantom scale is 9\.0; it must be from 0\.3"):
        run_subcommand(["phantom", "-o", str(tmp_path / "out"), "--scale", "9"], silent)


def test_wrong_usage_is_told_as_the_last_line():
    with pytest.raises(AnalysisError, match="unrecognized arguments: --nothing"):
        run_subcommand(["demo", "--nothing"], silent)


def test_a_silent_death_is_told_by_its_status(scripted):
    scripted("import os; os._exit(7)")
    with pytest.raises(AnalysisError, match="bv5 batch ended with status 7"):
        run_subcommand(["batch"], silent)


def test_much_output_beside_progress_is_no_deadlock(scripted):
    scripted(
        "import sys\n"
        "for _ in range(20000): print('x' * 50, file=sys.stderr)\n"
        "print('[1, 2]'); print('no JSON'); print('{\"step\": \"a\", \"fraction\": 0.5}')\n"
    )
    seen = []
    run_subcommand(["batch"], lambda step, fraction: seen.append((step, fraction)))
    assert seen == [("a", 0.5)]


def test_cancelling_ends_the_command(scripted):
    started = scripted(
        'import time\nprint(\'{"step": "a", "fraction": 0.5}\', flush=True)\ntime.sleep(600)\n'
    )

    def cancel(step: str, fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run_subcommand(["batch"], cancel)
    assert started[0].returncode not in (None, 0)
