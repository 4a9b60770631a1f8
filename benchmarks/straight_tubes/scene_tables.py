"""Tables of tubes beside neighbors, airways and the chest wall, and of forks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from BV5AnalysisLib.imaging.phantom import StraightTube

from straight_tubes.rows import BESIDE_MM, END_MM, Found, measure
from straight_tubes.scenes import FORK_BALL_MM, ROOM_MM, Scene, fork_ml, scenes

FLOOR_MM2 = 1.25


@dataclass(frozen=True)
class Outcome:
    """One scene measured.

    Attributes
    ----------
    kind, label : str, tuple
        As of the scene.
    bias_pct : tuple of float
        Error of each tube's mean area, NaN where it was not found.
    found_pct : tuple of float
        Share of each tube's centerline that was found.
    false_pct : float
        Length off all tubes with at least the floor's area, % of the tubes' length.
    volume_pct : float
        Error of the blood around a fork; of all blood in the other scenes.
    """

    kind: str
    label: tuple
    bias_pct: tuple[float, ...]
    found_pct: tuple[float, ...]
    false_pct: float
    volume_pct: float


def run(scene: Scene) -> Outcome:
    """Measure a scene."""
    volume, lungs = scene.scan()
    found = measure(volume, lungs)
    across, along = _distances(scene.tubes, found.points_mm)
    radius = np.array([tube.radius_mm for tube in scene.tubes])
    # Of two tubes a point belongs to the one whose surface is closer.
    own = (across - radius).argmin(axis=1)
    on = across <= np.maximum(1.0, 0.5 * radius)
    bias, share = [], []
    for number, tube in enumerate(scene.tubes):
        mine = (own == number) & on[:, number]
        low, high = _range(scene.kind, number, tube)
        at = np.arange(low, high, 0.1) + 0.05
        covered = np.zeros(len(at), bool)
        for middle, step in zip(along[mine, number], found.step_mm[mine], strict=True):
            covered |= abs(at - middle) <= step / 2 + 0.1
        inner = mine & (along[:, number] > low) & (along[:, number] < high)
        mean = (
            np.average(found.csa_mm2[inner], weights=found.step_mm[inner])
            if inner.any()
            else np.nan
        )
        bias.append(100 * (float(mean) / tube.csa_mm2 - 1))
        share.append(100 * float(covered.mean()))
    length = sum(tube.length_mm for tube in scene.tubes)
    near = (abs(found.points_mm) <= ROOM_MM / 2 - END_MM).all(axis=1)
    beside = (across > radius + BESIDE_MM).all(axis=1)
    if scene.kind == "airway":
        # The wall is close to the artery: what is not on the artery's axis is off it.
        beside = ~on.any(axis=1)
    false = near & beside & (found.csa_mm2 >= FLOOR_MM2)
    return Outcome(
        scene.kind,
        scene.label,
        tuple(bias),
        tuple(share),
        100 * float(found.step_mm[false].sum()) / length,
        _volume_error_pct(scene, found),
    )


def _distances(tubes: Sequence[StraightTube], points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance of points from each tube's axis, ends included, and place along it, both (n, t)."""
    across, along = np.empty((2, len(points), len(tubes)))
    for number, tube in enumerate(tubes):
        axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
        offset = points - tube.center_mm
        along[:, number] = offset @ axis
        held = np.clip(along[:, number], -tube.length_mm / 2, tube.length_mm / 2)
        across[:, number] = np.linalg.norm(offset - held[:, None] * axis, axis=1)
    return across, along


def _range(kind: str, number: int, tube: StraightTube) -> tuple[float, float]:
    """Between which places along a tube it is read: not at ends, not inside a fork."""
    half = tube.length_mm / 2
    from_fork = 0.5 * half if kind == "fork" else END_MM
    return (
        -half + (END_MM if number == 0 else from_fork),
        half - (from_fork if number == 0 else END_MM),
    )


def _volume_error_pct(scene: Scene, found: Found) -> float:
    if scene.kind != "fork":
        half = np.array([tube.length_mm for tube in scene.tubes]) / 2 - END_MM
        across, along = _distances(scene.tubes, found.points_mm)
        inner = (abs(along) < half).any(axis=1) & (across < 6).any(axis=1)
        true = sum(tube.csa_mm2 * 2 * h for tube, h in zip(scene.tubes, half, strict=True)) / 1000
        return 100 * (float(found.volume_ml[inner].sum()) / true - 1)
    parent = scene.tubes[0]
    axis = np.array(parent.direction) / np.linalg.norm(parent.direction)
    node = np.array(parent.center_mm) + parent.length_mm / 2 * axis
    near = np.linalg.norm(found.points_mm - node, axis=1) < FORK_BALL_MM
    return 100 * (float(found.volume_ml[near].sum()) / fork_ml(*scene.label) - 1)


def tables(quick: bool, processes: int, progress: Callable[[str], None]) -> list[str]:
    """Measure all scenes and set out their tables, Markdown lines."""
    every = list(scenes(quick))
    outcomes = []
    with ProcessPoolExecutor(processes) as pool:
        for number, outcome in enumerate(pool.map(run, every, chunksize=8), 1):
            outcomes.append(outcome)
            if number % 100 == 0:
                progress(f"tubes beside others: {number} of {len(every)}")
    lines = []
    for kind, (title, header, row) in TABLES.items():
        groups: dict[tuple, list[Outcome]] = {}
        for outcome in outcomes:
            if outcome.kind == kind:
                groups.setdefault(outcome.label, []).append(outcome)
        lines += [f"### {title}", "", *header]
        lines += [row(label, members) for label, members in sorted(groups.items())]
        lines.append("")
    return lines


def _mean(members: Sequence[Outcome], number: int) -> str:
    """Mean and standard deviation of one tube's bias over directions and voxels."""
    biases = np.array([member.bias_pct[number] for member in members])
    known = biases[np.isfinite(biases)]
    return f"{known.mean():+.1f} ± {known.std():.1f}" if len(known) else "not found"


def _found(members: Sequence[Outcome], number: int) -> str:
    return f"{np.mean([member.found_pct[number] for member in members]):.0f}"


def _false(members: Sequence[Outcome]) -> str:
    return f"{np.mean([member.false_pct for member in members]):.1f}"


def _volume(members: Sequence[Outcome]) -> str:
    return f"{np.mean([member.volume_pct for member in members]):+.1f}"


def _pair_row(label: tuple, members: list[Outcome]) -> str:
    one, other, gap = label
    return (
        f"| {one:g} | {other:g} | {gap:g} | {_mean(members, 0)} | {_mean(members, 1)} |"
        f" {_found(members, 0)} | {_found(members, 1)} | {_volume(members)} |"
    )


def _airway_row(label: tuple, members: list[Outcome]) -> str:
    lumen, csa, gap = label
    return (
        f"| {lumen:g} | {csa:.2f} | {gap:g} | {_mean(members, 0)} | {_found(members, 0)} |"
        f" {_false(members)} | {_volume(members)} |"
    )


def _pleura_row(label: tuple, members: list[Outcome]) -> str:
    error, csa, gap = label
    return (
        f"| {error:+g} | {csa:g} | {gap:g} | {_mean(members, 0)} | {_found(members, 0)} |"
        f" {_false(members)} | {_volume(members)} |"
    )


def _fork_row(label: tuple, members: list[Outcome]) -> str:
    csa, ratio = label
    areas = " | ".join(_mean(members, number) for number in range(3))
    least = min(float(_found(members, number)) for number in range(3))
    return f"| {csa:g} | {ratio:g} | {areas} | {least:.0f} | {_volume(members)} |"


TABLES = {
    "pair": (
        "Two parallel vessels",
        [
            "| CSA mm² | other's mm² | gap mm | bias % | other's bias % | found % | other's found %"
            " | blood % |",
            "|---" * 8 + "|",
        ],
        _pair_row,
    ),
    "airway": (
        "An artery and its airway",
        [
            "| lumen radius mm | artery mm² | gap mm | artery's bias % | found % | false length %"
            " | blood % |",
            "|---" * 7 + "|",
        ],
        _airway_row,
    ),
    "pleura": (
        "A vessel along the chest wall",
        [
            "| mask's error mm | CSA mm² | gap mm | bias % | found % | false length % | blood % |",
            "|---" * 7 + "|",
        ],
        _pleura_row,
    ),
    "fork": (
        "Forks",
        [
            "| parent mm² | children's ratio | parent's bias % | wider's bias % | thinner's bias %"
            " | least found % | blood % |",
            "|---" * 7 + "|",
        ],
        _fork_row,
    ),
}
