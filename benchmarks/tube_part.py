"""The tube part of the accuracy benchmark: what is measured, on how many processes, its tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product

from tube_figures import (
    Figures,
    false_table,
    grid_by,
    spacing_name,
    table_by,
    targets,
    worst_settings,
)
from tubes import (
    BACKGROUNDS_HU,
    NOISES_HU,
    PSF_SIGMAS_MM,
    SPACINGS_MM,
    FalseLength,
    Reading,
    false_length,
    measure,
    read_tube,
    scans_of_row,
)


@dataclass(frozen=True)
class Job:
    """One row of tubes, in all its scans."""

    spacing_mm: tuple[float, float, float]
    psf_mm: float
    direction: int
    seed: int
    noises_hu: tuple[float, ...] = NOISES_HU
    backgrounds_hu: tuple[float, ...] = BACKGROUNDS_HU


def matrix(quick: bool) -> list[Job]:
    """List the whole matrix, or a small cut of it for trying."""
    if quick:
        return [
            Job(spacing, 0.55, direction, 0, (15.0, 30.0), (-870.0,))
            for spacing, direction in product(SPACINGS_MM, (2, 7))
        ]
    return [Job(*job, 0) for job in product(SPACINGS_MM, PSF_SIGMAS_MM, range(12))]


def run(job: Job) -> tuple[list[Reading], list[FalseLength]]:
    """Measure every scan of a row."""
    readings, false = [], []
    scans = scans_of_row(
        job.spacing_mm, job.psf_mm, job.direction, job.seed, job.noises_hu, job.backgrounds_hu
    )
    for setting, row, volume in scans:
        found = measure(volume)
        readings += [read_tube(setting, tube, found) for tube in row.tubes]
        false.append(false_length(setting, row, volume, found))
    return readings, false


def run_all(
    jobs: list[Job], processes: int, progress: Callable[[str], None]
) -> tuple[list[Reading], list[FalseLength]]:
    """Measure rows on several processes; tell how far it is."""
    readings, false = [], []
    with ProcessPoolExecutor(processes) as pool:
        pending = [pool.submit(run, job) for job in jobs]
        for done, future in enumerate(as_completed(pending), 1):
            more, other = future.result()
            readings += more
            false += other
            progress(f"tubes: {done} of {len(jobs)} rows")
    return readings, false


def tables(quick: bool, processes: int, progress: Callable[[str], None]) -> list[str]:
    """Measure the matrix and set out its tables, Markdown lines."""
    start = time.perf_counter()
    readings, false = run_all(matrix(quick), processes, progress)
    took = time.perf_counter() - start
    plain = [r for r in readings if r.setting.background_hu < -600]
    quiet = [r for r in readings if r.setting.noise_hu <= 30]
    return [
        "## Straight tubes",
        "",
        f"{len(readings)} tubes in {took:.0f} s.",
        "",
        "### Targets, noise up to 30 HU",
        "",
        *targets(readings),
        "",
        "### Settings that miss the bias asked for",
        "",
        *worst_settings(readings),
        "",
        "### By noise, in parenchyma",
        "",
        *table_by(plain, lambda s: s.noise_hu, "noise HU", lambda noise: f"{noise:g}"),
        "",
        "### Bias % / median abs. error %, by voxel mm, noise up to 30 HU",
        "",
        *grid_by(quiet, lambda s: s.spacing_mm, spacing_name, bias_and_error),
        "",
        "### Bias % / median abs. error %, by PSF σ mm, noise up to 30 HU",
        "",
        *grid_by(quiet, lambda s: s.psf_mm, lambda psf: f"σ {psf:g}", bias_and_error),
        "",
        "### Bias % / median abs. error % / found %, by lung HU, noise up to 30 HU",
        "",
        *grid_by(quiet, lambda s: s.background_hu, lambda hu: f"{hu:g} HU", with_detection),
        "",
        "### Length found off every tube with 1.25 mm² or more, mm per liter of lung",
        "",
        *false_table(false),
    ]


def bias_and_error(figures: Figures) -> str:
    """Cell of two figures."""
    return f"{figures.bias_pct:+.1f} / {figures.error_pct:.1f}"


def with_detection(figures: Figures) -> str:
    """Cell of three figures."""
    return f"{bias_and_error(figures)} / {figures.found_pct:.1f}"
