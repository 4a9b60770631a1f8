"""Accuracy on the digital chest phantom and speed on scans: the figures of benchmarks/README.md.

Run by ``make benchmark``; prints Markdown. Scans are looked for in the folder that the environment
variable ``BV5_SCANS`` names, else in ``shared/data`` beside the checkout.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy
import SimpleITK as sitk
from BV5AnalysisLib import __version__
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze

SPACINGS_MM = ((0.7, 0.7, 0.7), (0.7, 0.7, 1.25))
NOISES_HU = (20.0, 25.0)
HARD_CASES = {
    "small chest, scale 0.6": ChestPhantomSpec(scale=0.6),
    "sharp kernel, 40 HU noise, PSF 0.4 mm, scale 0.7": ChestPhantomSpec(
        scale=0.7, noise_kernel="sharp", noise_hu=40.0, psf_sigma_mm=(0.4, 0.4, 0.4)
    ),
    "10 % consolidation, scale 0.7": ChestPhantomSpec(scale=0.7, consolidation_fraction=0.1),
}
SPEED_SCAN = "covid_1p25mm.nrrd"
SCANS = (SPEED_SCAN, "covid_P001_dicom", "normal_002_dicom")


@dataclass(frozen=True)
class Accuracy:
    """One phantom measured."""

    spec: ChestPhantomSpec
    true_bv5_pct: float
    bv5_pct: float
    true_tpbv_ml: float
    tpbv_ml: float
    dice: float

    @property
    def row(self) -> str:
        """Row of the table."""
        spacing = " × ".join(f"{step:g}" for step in self.spec.spacing_mm)
        bv5_error = self.bv5_pct - self.true_bv5_pct
        tpbv_error = 100 * (self.tpbv_ml / self.true_tpbv_ml - 1)
        return (
            f"| {spacing} | {self.spec.noise_hu:g} | {self.spec.seed} | {self.true_bv5_pct:.1f} |"
            f" {self.bv5_pct:.1f} | {bv5_error:+.1f} | {self.true_tpbv_ml:.1f} |"
            f" {self.tpbv_ml:.1f} | {tpbv_error:+.1f} | {self.dice:.3f} |"
        )


def measure_phantom(spec: ChestPhantomSpec) -> Accuracy:
    """Make a phantom and measure it with the program's own lungs."""
    phantom = chest_phantom(spec)
    result = analyze(phantom.volume.to_sitk())
    true, found = phantom.measurements[0], result.measurements[0]
    mine, theirs = result.lungs.array > 0, phantom.lungs.array > 0
    dice = 2 * np.count_nonzero(mine & theirs) / (mine.sum() + theirs.sum())
    return Accuracy(spec, true.bv5_pct, found.bv5_pct, true.tpbv_ml, found.tpbv_ml, float(dice))


def print_accuracy(seeds: int) -> None:
    """Print a row for each spacing, noise and seed."""
    print(
        "\n| voxel mm | noise HU | seed | BV5 % true | measured | error, points | TPBV mL true |"
        " measured | error % | lungs Dice |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    base = ChestPhantomSpec()
    for seed in range(seeds):
        for spacing in SPACINGS_MM:
            for noise in NOISES_HU:
                spec = replace(base, seed=seed, spacing_mm=spacing, noise_hu=noise)
                print(measure_phantom(spec).row, flush=True)


def print_hard_cases() -> None:
    """Print the errors on phantoms that are known to be hard, the program's own lungs."""
    print("\n| hard case | BV5 % error, points | TPBV error % |")
    print("|---|---|---|")
    for name, spec in HARD_CASES.items():
        found = measure_phantom(spec)
        tpbv_error = 100 * (found.tpbv_ml / found.true_tpbv_ml - 1)
        print(f"| {name} | {found.bv5_pct - found.true_bv5_pct:+.1f} | {tpbv_error:+.1f} |")


def print_phantom_time() -> None:
    """Print how long the phantom of a usual scan's size takes."""
    start = time.perf_counter()
    chest_phantom(ChestPhantomSpec(size=(512, 512, 300), spacing_mm=(0.7, 0.7, 1.0)))
    print(f"\nPhantom of 512 × 512 × 300 voxels: {time.perf_counter() - start:.1f} s")


def scans_folder() -> Path | None:
    """Folder with scans, None where there is none."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("BV5_SCANS", default))
    return folder if folder.is_dir() else None


def print_speed(runs: int) -> None:
    """Print wall seconds and peak memory of the whole command on each scan, as processes."""
    folder = scans_folder()
    if folder is None:
        print("\nNo scans at hand: set BV5_SCANS to a folder with them for the speed table.")
        return
    print("\n| scan | wall s, median of runs | all runs | CPU s | peak GB |")
    print("|---|---|---|---|---|")
    for name in SCANS:
        if not (folder / name).exists():
            continue
        walls, cpus, peak = zip(*(_timed(folder / name) for _ in range(runs)), strict=True)
        every = ", ".join(f"{wall:.1f}" for wall in walls)
        print(
            f"| {name} | {np.median(walls):.1f} | {every} | {np.median(cpus):.1f} |"
            f" {max(peak):.2f} |",
            flush=True,
        )


def _timed(scan: Path) -> tuple[float, float, float]:
    """Wall and CPU seconds and peak GB of one ``bv5 analyze --no-report``."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "BV5AnalysisLib", "analyze", str(scan)),
            *("-o", str(Path(folder) / "case"), "--no-report"),
        ]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"bv5 analyze failed on {scan.name} (exit status {process.returncode}).")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e9


def print_machine() -> None:
    """Print what the figures were measured on."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB; {platform.system()};")
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__},"
        f" SimpleITK {sitk.Version.VersionString()}, BV5 Analysis {__version__}"
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seeds", type=int, default=2, help="phantoms of different anatomy, 0 for none"
    )
    parser.add_argument("--runs", type=int, default=3, help="timed runs of each scan, 0 for none")
    options = parser.parse_args()
    print_machine()
    if options.seeds:
        print_accuracy(options.seeds)
        print_hard_cases()
    if options.runs:
        print_phantom_time()
        print_speed(options.runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(f"\nPeak memory of making and measuring phantoms: {peak:.2f} GB")


if __name__ == "__main__":
    main()
