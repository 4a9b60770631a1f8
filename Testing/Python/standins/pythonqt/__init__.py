"""PythonQt's manner over PySide6: properties are attributes, enums are ints, names are strict."""

import ctypes
import sys

if sys.version_info < (3, 12):
    # PySide6 6.12 drops a reference of True or False with each bool that Python emits by a signal
    # (from Python 3.12 on they are immortal). Without this, a long test session aborts.
    for _constant in (True, False):
        ctypes.c_ssize_t.from_address(id(_constant)).value += 1 << 30
