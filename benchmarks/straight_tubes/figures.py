"""Figures and tables from tubes that were measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from BV5AnalysisLib.imaging.parameters import Parameters

from straight_tubes.rows import CSAS_MM2, FalseLength, Reading, Setting

BIAS_TARGET_PCT = 3.0
FOUND_TARGET_PCT = 97.0
FALSE_TARGET_PCT = 2.0


def error_target_pct(csa_mm2: float) -> float:
    """Largest median |error| asked for, %."""
    return 8.0 if csa_mm2 <= 2.5 else 5.0


@dataclass(frozen=True)
class Figures:
    """A group of tubes of one size.

    Attributes
    ----------
    count : int
        Tubes.
    found_pct : float
        Share of centerline that was found.
    bias_pct, spread_pct, error_pct : float
        Of all areas read along them: mean error, standard deviation, median |error|.
    tube_spread_pct : float
        Standard deviation of the tubes' mean areas.
    right_class_pct : float
        Share of the length found that is in the true size class.
    """

    count: int
    found_pct: float
    bias_pct: float
    spread_pct: float
    error_pct: float
    tube_spread_pct: float
    right_class_pct: float


def figures(readings: Sequence[Reading]) -> Figures:
    """Sum up tubes of one size; NaN where nothing was found."""
    true = readings[0].csa_mm2
    found_pct = 100 * float(np.mean([reading.found_share for reading in readings]))
    measured = [reading for reading in readings if len(reading.found_csa_mm2)]
    if not measured:
        return Figures(len(readings), found_pct, *[float("nan")] * 5)
    csa = np.concatenate([reading.found_csa_mm2 for reading in measured])
    error = 100 * (csa / true - 1)
    means = [100 * (reading.found_csa_mm2.mean() / true - 1) for reading in measured]
    classes = Parameters().size_class
    return Figures(
        len(readings),
        found_pct,
        float(error.mean()),
        float(error.std()),
        float(np.median(abs(error))),
        float(np.std(means)),
        100 * float((classes(csa) == classes(np.array([true]))).mean()),
    )


Key = Callable[[Setting], object]


def table_by(
    readings: Iterable[Reading], key: Key, title: str, name: Callable[[object], str]
) -> list[str]:
    """Markdown rows, a size and a group each: detection, bias, spread, error, class."""
    groups = _groups(readings, key)
    lines = [
        f"| CSA mm² | {title} | tubes | found % | bias % | SD % | SD of tubes % |"
        " median abs. error % | in its class % |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (csa, group), members in sorted(groups.items()):
        f = figures(members)
        lines.append(
            f"| {csa:g} | {name(group)} | {f.count} | {f.found_pct:.1f} | {f.bias_pct:+.1f} |"
            f" {f.spread_pct:.1f} | {f.tube_spread_pct:.1f} | {f.error_pct:.1f} |"
            f" {f.right_class_pct:.0f} |"
        )
    return lines


def grid_by(
    readings: Iterable[Reading],
    key: Key,
    name: Callable[[object], str],
    cell: Callable[[Figures], str],
) -> list[str]:
    """Markdown table of one figure: sizes down, groups across."""
    groups = _groups(readings, key)
    columns = sorted({group for _, group in groups})
    lines = [
        "| CSA mm² | " + " | ".join(name(column) for column in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for csa in sorted({csa for csa, _ in groups}):
        cells = [cell(figures(groups[csa, column])) for column in columns]
        lines.append(f"| {csa:g} | " + " | ".join(cells) + " |")
    return lines


def _groups(readings: Iterable[Reading], key: Key) -> dict[tuple[float, object], list[Reading]]:
    groups: dict[tuple[float, object], list[Reading]] = {}
    for reading in readings:
        groups.setdefault((reading.csa_mm2, key(reading.setting)), []).append(reading)
    return groups


def spacing_name(spacing: object) -> str:
    """Voxel size as in tables."""
    return " × ".join(f"{step:g}" for step in spacing)


def false_table(lengths: Sequence[FalseLength]) -> list[str]:
    """Markdown table of length found off every tube, mm per liter of lung."""
    groups: dict[tuple, list[FalseLength]] = {}
    for one in lengths:
        groups.setdefault((one.setting.spacing_mm, one.setting.background_hu), []).append(one)
    noises = sorted({one.setting.noise_hu for one in lengths})
    lines = [
        "| voxel mm | lung HU | " + " | ".join(f"noise {noise:g} HU" for noise in noises) + " |",
        "|---" * (len(noises) + 2) + "|",
    ]
    for (spacing, background), members in sorted(groups.items()):
        cells = []
        for noise in noises:
            some = [one for one in members if one.setting.noise_hu == noise]
            length = sum(one.length_mm for one in some)
            liters = sum(one.lung_ml for one in some) / 1000
            cells.append(f"{length / liters:.1f}")
        lines.append(f"| {spacing_name(spacing)} | {background:g} | " + " | ".join(cells) + " |")
    return lines


def targets(readings: Sequence[Reading]) -> list[str]:
    """Markdown table of what issue 3 asks of tubes at up to 30 HU of noise, a line a size."""
    quiet = [reading for reading in readings if reading.setting.noise_hu <= 30]
    lines = [
        "| CSA mm² | bias % (± 3) | largest of voxel × PSF × noise × lung % | median abs. error %"
        " (asked) | found % (97) | met |",
        "|---|---|---|---|---|---|",
    ]
    for csa in CSAS_MM2:
        some = [reading for reading in quiet if reading.csa_mm2 == csa]
        if csa < 1.25 or not some:
            continue
        whole = figures(some)
        cells = [figures(members) for members in _groups(some, without_direction).values()]
        worst = max((cell.bias_pct for cell in cells), key=abs)
        limit = error_target_pct(csa)
        met = [
            abs(whole.bias_pct) <= BIAS_TARGET_PCT,
            abs(worst) <= BIAS_TARGET_PCT,
            whole.error_pct <= limit,
            whole.found_pct >= FOUND_TARGET_PCT,
        ]
        lines.append(
            f"| {csa:g} | {whole.bias_pct:+.1f} | {worst:+.1f} | {whole.error_pct:.1f}"
            f" ({limit:g}) | {whole.found_pct:.1f} | {_met(met)} |"
        )
    return lines


def false_line(lengths: Sequence[FalseLength]) -> str:
    """Say what share of the true length was found off every tube, noise up to 30 HU."""
    quiet = [one for one in lengths if one.setting.noise_hu <= 30]
    share = 100 * sum(one.length_mm for one in quiet) / sum(one.true_mm for one in quiet)
    met = "met" if share <= FALSE_TARGET_PCT else "not met"
    return f"False length: {share:.2f} % of the true (asked for: {FALSE_TARGET_PCT:g} %): {met}."


def _met(met: list[bool]) -> str:
    names = ("bias", "bias of the worst setting", "error", "detection")
    missed = [name for name, ok in zip(names, met, strict=True) if not ok]
    return "no: " + ", ".join(missed) if missed else "yes"


def without_direction(setting: Setting) -> tuple:
    """All of a setting that one table cell may join directions and seeds over."""
    return (setting.spacing_mm, setting.psf_mm, setting.noise_hu, setting.background_hu)


def worst_settings(readings: Sequence[Reading], count: int = 12) -> list[str]:
    """Markdown table of the settings, noise up to 30 HU, whose bias misses its target most."""
    quiet = [r for r in readings if r.setting.noise_hu <= 30 and r.csa_mm2 >= 1.25]
    cells = [
        (csa, setting, figures(members))
        for (csa, setting), members in _groups(quiet, without_direction).items()
    ]
    missed = [cell for cell in cells if abs(cell[2].bias_pct) > BIAS_TARGET_PCT]
    missed.sort(key=lambda cell: -abs(cell[2].bias_pct))
    lines = [
        f"{len(missed)} of {len(cells)} settings with 1.25 mm² or more and up to 30 HU of noise"
        f" miss ± {BIAS_TARGET_PCT:g} %.",
        "",
        "| CSA mm² | voxel mm | PSF σ mm | noise HU | lung HU | bias % | SD of tubes % | found % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for csa, (spacing, psf, noise, background), f in missed[:count]:
        lines.append(
            f"| {csa:g} | {spacing_name(spacing)} | {psf:g} | {noise:g} | {background:g} |"
            f" {f.bias_pct:+.1f} | {f.tube_spread_pct:.1f} | {f.found_pct:.0f} |"
        )
    return lines
