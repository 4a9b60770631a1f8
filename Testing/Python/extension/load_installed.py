"""Run by a test in a Python of its own: load the installed module in a stand-in for Slicer.

Arguments: the installed BV5Analysis.py, and a folder for Slicer's own. Prints what was loaded, as
JSON.
"""

import json
import sys
from pathlib import Path

from standins.installation import Installation, install_qt


def main(module_file: Path, folder: Path) -> None:
    """Load the module, make its panel, and tell where from."""
    install_qt()
    installation = Installation(folder)
    try:
        python = installation.slicer.load_module(module_file)
        installation.slicer.start()
        installation.slicer.make_widget("BV5Analysis")
        loaded = {
            name: getattr(each, "__file__", None)
            for name, each in list(sys.modules.items())
            if name.split(".")[0] == "BV5AnalysisLib"
        }
        module = installation.slicer.manager.modules_by_name["BV5Analysis"]
        told = {"file": python.__file__, "library": loaded, "title": module.title}
    finally:
        installation.remove()
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
