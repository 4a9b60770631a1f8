"""The extension's package, built and installed by CMake as the Extensions Index does it.

Slicer's CMake macros are stood in for by the folder ``slicer``, which keeps their meaning.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from extension.repository_files import MODULE, ROOT, module_files

STANDIN = Path(__file__).with_name("slicer")
MODULES = "lib/Slicer-5.13/qt-scripted-modules"

# Windows takes no longer path, unless every program on the way is made for it.
LONGEST_WINDOWS_PATH = 259
# Where Slicer's installer and its Extensions Manager put a module by default; a Windows account's
# name has up to 20 characters, and a folder of an extension the revision of Slicer in its name.
WINDOWS_FOLDER = (
    r"C:\Users\12345678901234567890\AppData\Local\slicer.org\Slicer 5.13.0-2026-11-30"
    r"\slicer.org\Extensions-34567\BV5Analysis\lib\Slicer-5.13\qt-scripted-modules" + "\\"
)


def cmake_program() -> str:
    """Path of cmake: that of this Python's packages, else the system's."""
    beside = shutil.which("cmake", path=str(Path(sys.executable).parent))
    program = beside or shutil.which("cmake")
    if program is None:
        pytest.skip("cmake is missing: pip install cmake")
    return program


def run(*command: object) -> str:
    """Output of a command that has to work."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def configure(source: Path, build: Path, *options: str) -> None:
    """Configure the extension; it compiles nothing, so that any program stands for a compiler."""
    compilers = [
        f"-DCMAKE_{language}_{setting}"
        for language in ("C", "CXX")
        for setting in (f"COMPILER={sys.executable}", "COMPILER_FORCED=ON", "COMPILER_ID_RUN=ON")
    ]
    python = f"-DPython3_EXECUTABLE={sys.executable}"
    slicer = f"-DSlicer_DIR={STANDIN}"
    run(cmake_program(), "-S", source, "-B", build, slicer, python, *compilers, *options)


@pytest.fixture(scope="session")
def package(tmp_path_factory) -> Path:
    """Folder that the package was installed into."""
    folder = tmp_path_factory.mktemp("package")
    build, installed = folder / "build", folder / "installed"
    configure(ROOT, build, "-DBUILD_TESTING=OFF")
    run(cmake_program(), "--build", build)
    run(cmake_program(), "--install", build, "--prefix", installed)
    return installed


def installed_files(package: Path) -> set[str]:
    return {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}


def is_script(name: str) -> bool:
    return name.endswith(".py") and not name.startswith("Resources/")


def test_what_the_repository_holds_is_installed_and_nothing_else(package):
    files = module_files()
    bytecode = [f"{name}c" for name in files if is_script(name)]
    assert installed_files(package) == {f"{MODULES}/{name}" for name in [*files, *bytecode]}
    assert all(
        (package / MODULES / name).read_bytes() == (MODULE / name).read_bytes() for name in files
    )


def test_slicer_finds_one_module_in_the_package(package):
    """It takes every script directly in the folder for a module."""
    assert [path.name for path in (package / MODULES).glob("*.py")] == ["BV5Analysis.py"]


def test_paths_are_short_enough_for_windows(package):
    room = LONGEST_WINDOWS_PATH - len(WINDOWS_FOLDER)
    longest = {}
    for name in module_files():
        path = Path(name)
        # Python writes its own bytecode at the first import, under a longer name.
        cache = path.parent / "__pycache__" / f"{path.stem}.cpython-312.pyc"
        longest[name] = len(str(cache)) if is_script(name) else len(name)
    assert {name: length for name, length in longest.items() if length > room} == {}


def test_the_module_loads_from_the_package(package, tmp_path):
    module = package / MODULES / "BV5Analysis.py"
    script = Path(__file__).with_name("load_installed.py")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "Testing" / "Python")}
    home = tmp_path / "slicer"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-B", str(script), str(module), str(home)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["file"] == str(module)
    assert told["title"] == "BV5 Analysis"
    library = str(package / MODULES / "BV5AnalysisLib")
    assert "BV5AnalysisLib.panel.panel" in told["library"]
    assert all(file.startswith(library) for file in told["library"].values())


def command_of(package: Path, *arguments: str) -> str:
    """Output of the package's command line, started as the panel starts it."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "BV5AnalysisLib", *arguments],
        cwd=package / MODULES,
        env=os.environ | {"PYTHONPATH": str(package / MODULES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_runs_from_the_package(package):
    assert "analyze" in command_of(package, "--help")


@pytest.mark.slow
def test_the_package_measures_a_phantom_and_writes_its_report(package, tmp_path):
    """Every layer below the panel, and the templates."""
    phantom, out = tmp_path / "phantom", tmp_path / "case"
    size = ["--scale", "0.5", "--spacing", "1", "1", "1"]
    command_of(package, "phantom", "-o", str(phantom), *size, "--progress", "none")
    (ct,) = phantom.glob("ct*.nrrd")
    command_of(package, "analyze", str(ct), "-o", str(out), "--progress", "none")
    assert "BV5" in (out / "report.html").read_text(encoding="utf-8")
    both = json.loads((out / "result.json").read_text(encoding="utf-8"))["measurements"][0]
    assert both["tpbv_ml"] > 1


def test_with_tests_every_test_of_ctest_is_there(tmp_path):
    configure(ROOT, tmp_path / "build", "-DBUILD_TESTING=ON")
    listed = run(Path(cmake_program()).with_name("ctest"), "--test-dir", tmp_path / "build", "-N")
    assert re.search(r": py_BV5Analysis$", listed, re.MULTILINE)
    assert re.search(r": py_nomainwindow_BV5Analysis$", listed, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "ships"),
    [
        ("BV5AnalysisLib/imaging/new.py", True),
        ("BV5AnalysisLib/imaging/._new.py", False),
        ("BV5AnalysisLib/__pycache__/cli.cpython-311.pyc", False),
        ("BV5AnalysisLib/export/templates/new.html.j2", True),
        ("BV5AnalysisLib/export/templates/new.html.j2~", False),
        ("bv5_analysis.egg-info/SOURCES.txt", False),
        ("notes.py", False),
    ],
)
def test_of_files_that_appear_only_those_of_a_kind_that_ships_do(name, ships, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(ROOT / "BV5Analysis", source / "BV5Analysis", ignore=_caches)
    shutil.copy(ROOT / "CMakeLists.txt", source)
    (source / "BV5Analysis" / name).parent.mkdir(exist_ok=True)
    (source / "BV5Analysis" / name).write_text("")
    configure(source, tmp_path / "build", "-DBUILD_TESTING=OFF")
    scripts = (tmp_path / "build" / "BV5Analysis" / "files.txt").read_text().split()
    assert (name in scripts) == ships


def _caches(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]
