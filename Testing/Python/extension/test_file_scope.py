"""What loading a file of the module may do, and that no optional package is needed for it."""

import subprocess
import sys

import check_file_scope
import pytest

FILE = "BV5AnalysisLib/export/a.py"

IMPORT_ALL = """
import importlib, pkgutil, sys

OPTIONAL = {"matplotlib", "jinja2", "statsmodels", "pandas", "openpyxl", "psutil", "distributed",
            "dask", "rich", "qt", "ctk", "highdicom"}

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in OPTIONAL:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import BV5AnalysisLib
names = [m.name for m in pkgutil.walk_packages(BV5AnalysisLib.__path__, "BV5AnalysisLib.")]
names = [n for n in names if n.split(".")[1] not in {"panel", "__main__"}]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_every_file_keeps_to_it(capsys):
    assert check_file_scope.main() == 0
    assert "run nothing" in capsys.readouterr().out


def test_every_layer_below_the_panel_loads_without_optional_packages():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import matplotlib.figure", "imports matplotlib at file scope"),
        ("from jinja2 import Environment", "imports jinja2 at file scope"),
        ("try:\n    import pandas\nexcept ImportError:\n    pandas = None", "imports pandas"),
        ("class A:\n    import dask", "imports dask"),
        ("if sys.platform == 'win32':\n    import rich", "imports rich"),
        ("import qt", "imports qt, which only the panel may"),
        ("def f():\n    import requests", "imports requests, which talks to the network"),
        ("from urllib import request", "imports urllib.request"),
        ("import http.client", "talks to the network"),
        ("print('loaded')", "runs at file scope"),
        ("for i in range(3):\n    pass", "runs at file scope"),
        ("try:\n    A = 1\nfinally:\n    pass", "runs at file scope"),
        ("class A:\n    print('loaded')", "runs at file scope"),
        ("A = subprocess.run(['ls'])", "calls subprocess.run"),
        ("A = slicer.util.pip_install('pandas')", "calls slicer.util.pip_install"),
        ("A = Path('a').open()", "calls Path('a').open"),
    ],
)
def test_a_breach_is_found_with_its_line(source, fault):
    (first, *_) = [each for each in check_file_scope.faults(source, FILE) if fault in each]
    assert first.startswith(f"{FILE}:")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (FILE, '"""Text."""\nimport numpy as np\nimport pydicom\nfrom ..wording import f\nA = 1\n'),
        (FILE, "if TYPE_CHECKING:\n    from matplotlib.axes import Axes"),
        (FILE, "def f():\n    from matplotlib.figure import Figure\n    print(Figure)"),
        (FILE, "from urllib.parse import quote"),
        (FILE, "A = re.compile('a')\n'''What it matches.'''"),
        ("BV5AnalysisLib/panel/a.py", "import qt\nimport ctk"),
        ("BV5Analysis.py", "import slicer\nimport qt"),
        ("Resources/Scripts/a.py", "if __name__ == '__main__':\n    main()"),
    ],
)
def test_what_is_allowed_is_not_found(path, source):
    assert check_file_scope.faults(source, path) == []
