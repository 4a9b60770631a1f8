"""How many cases fit this machine at once."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from ...imaging.numerics.control_groups import PROC, own_cgroups, text_of

BASE_BYTES = 2_000_000_000
"""Of a case however small, with its report."""
BYTES_A_VOXEL = 7
"""That the base grows by."""
USUAL_VOXELS = 512 * 512 * 400
"""Of a scan whose size is not known."""
SHARE = 0.9
"""Of the available memory that may be used."""


def bytes_for(voxels: int) -> int:
    """Memory that a case needs at its peak.

    Parameters
    ----------
    voxels : int
        Of the scan; 0 if not known.

    Returns
    -------
    int
        Bytes: what scans of 100 to 1000 slices took (benchmarks/speed.md), some 0.4 GB for the
        report, and what a process keeps of earlier cases.
    """
    return BASE_BYTES + BYTES_A_VOXEL * (voxels or USUAL_VOXELS)


def worker_count(voxels: Sequence[int], cores: int, available_bytes: int | None) -> int:
    """How many cases to measure at once.

    Parameters
    ----------
    voxels : sequence of int
        Of each scan, 0 where not known.
    cores : int
        That this process may use.
    available_bytes : int or None
        Free memory; None if unknown, which makes it one case.

    Returns
    -------
    int
        At least 1, at most one a core and one a case, and as many of median size as memory holds.
    """
    if not voxels or available_bytes is None:
        return 1
    fitting = int(SHARE * available_bytes) // bytes_for(int(median(voxels)))
    return max(1, min(cores, len(voxels), fitting))


def available_bytes() -> int | None:
    """Memory that is free or can be freed, within the limits of this process's container.

    Returns
    -------
    int or None
        Bytes; None if this platform does not report them.
    """
    on_machine = _machine_bytes()
    limits = [] if on_machine is None else [on_machine]
    for folder in own_cgroups("memory"):
        for limit, usage in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            most, used = text_of(folder / limit), text_of(folder / usage)
            if most.isdigit() and used.isdigit():
                limits.append(max(0, int(most) - int(used) + _reclaimable(folder)))
    return min(limits, default=None)


def _machine_bytes() -> int | None:
    try:
        import psutil
    except ImportError:  # 3D Slicer lacks it.
        return _machine_bytes_of_system()
    available: int = psutil.virtual_memory().available
    return available


def _machine_bytes_of_system() -> int | None:
    for line in text_of(PROC / "meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    if sys.platform == "win32":
        return _windows_bytes()
    try:
        # macOS reports only the installed memory; half of it is usually in use.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return None


def _windows_bytes() -> int | None:
    class Status(ctypes.Structure):
        # MEMORYSTATUSEX of the Windows API.
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("physical", ctypes.c_uint64),
            ("available", ctypes.c_uint64),
            *((name, ctypes.c_uint64) for name in ("page", "free_page", "virtual", "free", "more")),
        )

    if sys.platform == "win32":
        status = Status(length=ctypes.sizeof(Status))
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            available: int = status.available
            return available
    return None


def _reclaimable(folder: Path) -> int:
    """Bytes of cached files, which count as used but make room at once."""
    for line in text_of(folder / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file") and value.isdigit():
            return int(value)
    return 0
