"""The scans at hand, and the machine: what both benchmarks tell of where they ran."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

SUFFIXES = {".nrrd", ".gz", ".mha"}


def scans() -> list[Path]:
    """List the scans in the folder `BV5_SCANS`, else in ``shared/data`` beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("BV5_SCANS", default))
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_dir() or p.suffix in SUFFIXES)


def memory_gib() -> float:
    """Memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def machine() -> str:
    """Say what the figures are measured on."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "SimpleITK"))
    return (
        f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores,"
        f" {memory_gib():.0f} GiB, {platform.system()}; Python {platform.python_version()},"
        f" {packages}, BV5 Analysis {version('bv5-analysis')}"
    )
