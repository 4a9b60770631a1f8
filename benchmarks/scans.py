"""The scans at hand, and the machine: what both benchmarks tell of where they ran."""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import version
from pathlib import Path

ENDINGS = (".nrrd", ".nii", ".nii.gz", ".mha", ".mhd")


def scans() -> list[Path]:
    """List the scans in the folder `BV5_SCANS`, else in ``shared/data`` beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    named = os.environ.get("BV5_SCANS")
    folder = Path(named) if named else default
    if named and not folder.is_dir():
        raise SystemExit(f"BV5_SCANS is {named}, which is no folder; name one with scans.")
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_dir() or p.name.endswith(ENDINGS))


def at_least_one(text: str) -> int:
    """Whole number of an option, from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def folder_exists(text: str) -> Path:
    """File to write of an option; better refused now than after all is measured."""
    path = Path(text)
    if not path.resolve().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{path.parent} is no folder")
    return path


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
