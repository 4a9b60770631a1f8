"""The tube part of the accuracy benchmark: what is measured, on how many processes, its tables."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product

import tube_scene_part
from tube_figures import (
    Figures,
    false_line,
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
    scans_of_rows,
)


@dataclass(frozen=True)
class Job:
    """Rows of tubes, in all their scans."""

    spacing_mm: tuple[float, float, float]
    psf_mm: float
    axis: int
    seed: int
    noises_hu: tuple[float, ...] = NOISES_HU
    backgrounds_hu: tuple[float, ...] = BACKGROUNDS_HU


def matrix(quick: bool) -> list[Job]:
    """List the whole matrix, or a small cut of it for trying."""
    if quick:
        return [Job(spacing, 0.55, 0, 0, (15.0, 30.0), (-870.0,)) for spacing in SPACINGS_MM]
    return [Job(*job, 0) for job in product(SPACINGS_MM, PSF_SIGMAS_MM, range(3))]


def run(job: Job) -> tuple[list[Reading], list[FalseLength]]:
    """Measure every scan of a volume."""
    readings, false = [], []
    scans = scans_of_rows(
        job.spacing_mm, job.psf_mm, job.axis, job.seed, job.noises_hu, job.backgrounds_hu
    )
    for setting, rows, volume in scans:
        found = measure(volume)
        readings += [
            read_tube(setting, tube, number, found)
            for tube, number in zip(rows.tubes, rows.direction, strict=True)
        ]
        false.append(false_length(setting, rows, volume, found))
    return readings, false


def run_all(
    jobs: list[Job], processes: int, progress: Callable[[str], None]
) -> tuple[list[Reading], list[FalseLength]]:
    """Measure volumes on several processes; tell how far it is."""
    readings, false = [], []
    with ProcessPoolExecutor(processes) as pool:
        pending = [pool.submit(run, job) for job in jobs]
        for done, future in enumerate(as_completed(pending), 1):
            more, other = future.result()
            readings += more
            false += other
            progress(f"tubes: {done} of {len(jobs)} sets of rows")
    return readings, false


def report(options: argparse.Namespace) -> str:
    """Measure what the options ask for; Markdown."""
    alone = tables(options.quick, options.jobs, _tell)
    beside = tube_scene_part.tables(options.quick, options.jobs, _tell)
    return "\n".join([*alone, "", *beside])


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


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
        false_line(false),
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
