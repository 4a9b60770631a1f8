"""How many cores this process may use, and which share of them its threads are to keep busy.

A process alone takes all. A worker of a batch is given a share, so that the workers of a machine
together start about as many threads as there are cores. No result depends on the share.
"""

from __future__ import annotations

import os
import sys

from .control_groups import own_cgroups, text_of

_share: int | None = None


def usable_cores() -> int:
    """Cores that this process may use: its affinity, and the quota of its container."""
    allowed = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    for folder in own_cgroups("cpu"):
        quota, _, period = text_of(folder / "cpu.max").partition(" ")
        if not quota:
            quota = text_of(folder / "cpu.cfs_quota_us")
            period = text_of(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.strip().isdigit():
            allowed = min(allowed, -(-int(quota) // int(period)))
    return max(1, allowed)


def cores() -> int:
    """Threads that a step may start: the share of this process, all usable cores by default."""
    return usable_cores() if _share is None else _share


def use_cores(share: int) -> None:
    """Keep this process to a share of the cores, from now on.

    Parameters
    ----------
    share : int
        At least 1. Holds for `cores`, which every pool of threads of this package asks, and for
        the filters of ITK. The libraries of linear algebra read it from the environment when they
        are loaded, and keep it: in a process that is to be confined, call this before it loads
        numpy.

    Raises
    ------
    ValueError
        The share is less than 1.
    """
    global _share  # noqa: PLW0603  a property of the process
    if share < 1:
        raise ValueError(f"A process needs at least one core, not {share}.")
    _share = share
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = str(share)
    # For ITK before and after it is loaded.
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = str(share)
    itk = sys.modules.get("SimpleITK")
    if itk is not None:
        itk.ProcessObject.SetGlobalDefaultNumberOfThreads(share)
