"""The tube part of the accuracy benchmark: what is measured, on how many processes, its tables."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from todays_ways.ways import WAYS, forget

from straight_tubes import scene_tables
from straight_tubes.figures import (
    Figures,
    false_line,
    false_table,
    figures,
    grid_by,
    spacing_name,
    table_by,
    targets,
    worst_settings,
)
from straight_tubes.rows import (
    BACKGROUNDS_HU,
    BLOOD_HU,
    CSAS_MM2,
    NOISES_HU,
    PSF_SIGMAS_MM,
    SPACINGS_MM,
    FalseLength,
    Found,
    Reading,
    Setting,
    false_length,
    measure,
    read_tube,
    scans_of_rows,
)

SEEDS = (0, 1, 2)


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


def run_ways(job: Job) -> dict[str, list[Reading]]:
    """Measure every scan of a volume in today's ways."""
    readings: dict[str, list[Reading]] = {name: [] for name in WAYS}
    scans = scans_of_rows(
        job.spacing_mm, job.psf_mm, job.axis, job.seed, job.noises_hu, job.backgrounds_hu
    )
    for setting, rows, volume in scans:
        lungs = np.ones(volume.array.shape, bool)
        for name, way in WAYS.items():
            sized = way(volume, lungs, setting.background_hu, BLOOD_HU)
            found = Found(
                sized.line_mm,
                sized.line_csa_mm2,
                sized.line_step_mm,
                sized.line_csa_mm2 * sized.line_step_mm / 1000,
            )
            readings[name] += [
                read_tube(setting, tube, number, found)
                for tube, number in zip(rows.tubes, rows.direction, strict=True)
            ]
        forget()
    return readings


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
    cut = [
        Job(spacing, 0.55, axis, 0, (30.0,), (-870.0,))
        for spacing in SPACINGS_MM
        for axis in range(3)
    ]
    readings, lines = tables(options.quick, options.jobs, _tell)
    cut = cut[::3] if options.quick else cut
    lines += ["", *seed_lines(cut, options.jobs)]
    lines += ["", *way_lines(cut, readings, options.jobs)]
    beside = scene_tables.tables(options.quick, options.jobs, _tell)
    return "\n".join([*lines, "", *beside])


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def seed_lines(cut: list[Job], processes: int) -> list[str]:
    """Tables of the same settings with other noise and other places within voxels."""
    jobs = [replace(job, seed=seed) for job in cut for seed in SEEDS]
    readings, _ = run_all(jobs, processes, _tell)
    return [
        "### Bias % / median abs. error %, by seed",
        "",
        "All voxels, PSF σ 0.55 mm, noise 30 HU, lung -870 HU: how far chance moves the figures.",
        "",
        *grid_by(readings, lambda s: s.seed, lambda seed: f"seed {seed}", bias_and_error),
    ]


def way_lines(cut: list[Job], ours: list[Reading], processes: int) -> list[str]:
    """Table of this program beside today's ways on the same volumes."""
    by_way: dict[str, list[Reading]] = {"this program": [r for r in ours if _is_in(r.setting, cut)]}
    with ProcessPoolExecutor(processes) as pool:
        for part in pool.map(run_ways, cut):
            for name, some in part.items():
                by_way.setdefault(name, []).extend(some)
            _tell("tubes: today's ways on a set of rows")
    lines = [
        "### Today's ways: bias % / median abs. error % / found %",
        "",
        "The same volumes: PSF σ 0.55 mm, noise 30 HU, lung -870 HU, all voxels.",
        "",
        "| CSA mm² | " + " | ".join(by_way) + " |",
        "|---" * (len(by_way) + 1) + "|",
    ]
    for csa in CSAS_MM2:
        cells = [
            with_detection(figures([r for r in some if r.csa_mm2 == csa]))
            for some in by_way.values()
        ]
        lines.append(f"| {csa:g} | " + " | ".join(cells) + " |")
    return lines


def _is_in(setting: Setting, cut: list[Job]) -> bool:
    """Whether a setting is one of the jobs'; the axis is not known, but every cut has it."""
    return any(
        setting.spacing_mm == job.spacing_mm
        and setting.psf_mm == job.psf_mm
        and setting.noise_hu in job.noises_hu
        and setting.background_hu in job.backgrounds_hu
        for job in cut
    )


def tables(
    quick: bool, processes: int, progress: Callable[[str], None]
) -> tuple[list[Reading], list[str]]:
    """Measure the matrix; all readings, and its tables as Markdown lines."""
    start = time.perf_counter()
    readings, false = run_all(matrix(quick), processes, progress)
    took = time.perf_counter() - start
    plain = [r for r in readings if r.setting.background_hu < -600]
    quiet = [r for r in readings if r.setting.noise_hu <= 30]
    return readings, [
        "## Straight tubes",
        "",
        f"{len(readings)} tubes in {took:.0f} s; twelve directions, each somewhere within a voxel,"
        " through the pipeline's own steps. Blood's attenuation is given.",
        "",
        "### Targets, noise up to 30 HU",
        "",
        "Mean error over all settings of a size, and of the setting where it is largest.",
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
        "At the class bounds themselves (1.25, 5, 10 mm²) half of the length is above by chance.",
        "",
        *table_by(plain, lambda s: s.noise_hu, "noise HU", lambda noise: f"{noise:g}"),
        "",
        "### Bias % / median abs. error %, by voxel mm, noise up to 30 HU",
        "",
        "What thick slices cost: vessels across them are known by one or two samples along z.",
        "",
        *grid_by(quiet, lambda s: s.spacing_mm, spacing_name, bias_and_error),
        "",
        "### Bias % / median abs. error %, by PSF σ mm, noise up to 30 HU",
        "",
        "The blur moves blood out of thin vessels' middles; areas must not follow it.",
        "",
        *grid_by(quiet, lambda s: s.psf_mm, lambda psf: f"σ {psf:g}", bias_and_error),
        "",
        "### Bias % / median abs. error % / found %, by lung HU, noise up to 30 HU",
        "",
        "-500 HU is ground glass beside plain lung: less contrast, and the background is local.",
        "",
        *grid_by(quiet, lambda s: s.background_hu, lambda hu: f"{hu:g} HU", with_detection),
        "",
        "### Length found off every tube with 1.25 mm² or more, mm per liter of lung",
        "",
        "What noise, and edges of ground glass, pass off as vessels.",
        "",
        *false_table(false),
    ]


def bias_and_error(figures: Figures) -> str:
    """Cell of two figures."""
    return f"{figures.bias_pct:+.1f} / {figures.error_pct:.1f}"


def with_detection(figures: Figures) -> str:
    """Cell of three figures."""
    if figures.found_pct == 0:
        return "not found"
    return f"{bias_and_error(figures)} / {figures.found_pct:.1f}"
