"""Tries the module BV5 Analysis in the Slicer that runs this file, as a user would.

    Slicer --python-script Testing/Slicer/acceptance.py
    Slicer --no-main-window --python-script Testing/Slicer/acceptance.py

The module is taken as this Slicer has it, else from the checkout that this file lies in. Through
the panel's own buttons: the sample phantom is analyzed, shown in windows of three sizes, reviewed,
edited, saved, loaded; then come bad input (ten cases, nodes deleted by hand, a newer record,
transforms, two volumes of one name, packages missing), report, batch, cohort, reloads, several
scenes in turn, a scene closed in mid-run, the module's own test, and the exit of Slicer. Without a
window the module's logic is called instead, and such steps say so in their names.

What is written, into a folder: a picture of the window a step, acceptance.html with all pictures,
seconds, results and messages, acceptance.json with the same for programs, and traces.txt with the
Python stack where a step hung or Slicer crashed. The last line on stdout is such as
"41 passed, 0 failed, 1 skipped". Exit status: 0 if no step failed, else 1 or what the crash gives.

Options, all by environment:

BV5_ACCEPTANCE_OUTPUT        folder to write to; acceptance-output in the current folder
BV5_ACCEPTANCE_SIZE          size of the main window; 1600x1000. Layouts are checked at three sizes
                             in any case
BV5_ACCEPTANCE_PHANTOM       scale and voxel size in mm of the sample phantom; "0.75 0.7". With
                             another than this its truth is not compared
BV5_ACCEPTANCE_STEPS         names of steps to run, with commas; all. What a step builds on has to
                             be named, too. Those with a minus before them are left out
BV5_ACCEPTANCE_INSTALL       0: Python packages that are missing are not installed, and what needs
                             them is skipped; 1
BV5_ACCEPTANCE_CASE          FOLDER=CT: a real case, as "bv5 analyze" wrote it, and its CT, for the
                             step "speed"; the phantom, whose seconds are only noted
BV5_ACCEPTANCE_TIMES         1: seconds on that case that are longer than asked fail the step. 0: no
                             time fails a step. A window that stands still for more than 0.5 s
                             while an analysis runs does so unless it is 0
BV5_ACCEPTANCE_LIMIT_FACTOR  multiplies the time limits of all steps, for slow machines; 1
BV5_ACCEPTANCE_EXTRA         a Python file with further steps, run before Slicer ends

How a step is added is told in acceptancerun/__init__.py.
"""

import sys
from pathlib import Path

FOLDER = str(Path(__file__).resolve().parent)
if FOLDER not in sys.path:
    sys.path.insert(0, FOLDER)

try:
    import qt  # noqa: F401
    import slicer  # noqa: F401
except ImportError:
    print(
        f"This runs in 3D Slicer: Slicer --python-script {__file__} (options are told at the"
        " beginning of the file).",
        file=sys.stderr,
    )
    sys.exit(2)

from acceptancerun.runner import main  # noqa: E402

main()
