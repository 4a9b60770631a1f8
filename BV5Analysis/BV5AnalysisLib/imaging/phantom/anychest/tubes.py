"""Vessels and airways of one chest: trees, the mediastinum's tubes, and what each is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from ...model.constants import MethodConstants, constant
from .. import anatomy as adult
from .. import bundles as bundle_room
from .. import curves, growth
from ..anatomy import SIDES
from ..bundles import BundleConstants, Bundles, bundle_radius, lay_side_by_side, wall_thickness
from ..curves import CurvedTree, curve_trees, unit_vectors
from ..growth import Tree, plant
from ..plumbing import Material, Plumbing
from ..rendering import Tubes
from ..spacing import separate
from .body import AnyChestBody
from .lung_tissue import LungTissue
from .spec import AnyChestSpec


class AirwayKind(IntEnum):
    """Generation of an airway; the values are label values. Deeper ones are `DEEPER`."""

    TRACHEA = 1
    MAIN = 2
    LOBAR = 3
    SEGMENTAL = 4
    SUBSEGMENTAL = 5
    DEEPER = 6


class BloodKind(IntEnum):
    """Which blood a vessel carries."""

    ARTERY = 0
    VEIN = 1


@dataclass(frozen=True)
class AnyChestTubeConstants(MethodConstants):
    """Sizes of central tubes, and how finely tubes are cut."""

    step_radii: float = constant(
        0.4, "1", "Distance of cross sections over the radius.", "Chosen by eye: smooth."
    )
    step_mm: tuple[float, float] = constant(
        (0.55, 0.65), "mm", "That distance, at least and at most.", "Half a voxel and less."
    )
    rounds: int = constant(
        12, "1", "Rounds of pushing tubes apart.", "Overlaps stay under a thousandth of the blood."
    )
    segment_share: float = constant(
        0.16,
        "1",
        "Share of a lung's vessels that a segmental bronchus serves, at most.",
        "A lung has eight to ten segments.",
    )
    main_artery_mm: float = constant(
        8.5, "mm", "Least radius of the right and left pulmonary artery.", "Adults: 17 to 26 mm."
    )
    trunk_over_main: float = constant(
        1.25, "1", "Radius of the pulmonary trunk over theirs.", "Adults: 22 to 29 mm across."
    )
    trachea_mm: float = constant(
        7.0, "mm", "Least radius of the trachea.", "Adults: 13 to 25 mm across."
    )
    trachea_over_main: float = constant(
        1.3, "1", "Radius of the trachea over the main bronchi's.", "Weibel (1963): 18 to 12.2 mm."
    )


CONSTANTS = AnyChestTubeConstants()


@dataclass(frozen=True, eq=False)
class AnyChestTubes:
    """All tubes of a chest, with what each cross section is.

    Attributes
    ----------
    plumbing : Plumbing
        Cross sections; m of them.
    blood : numpy.ndarray
        (m,) `BloodKind`; means something for blood only.
    airway : numpy.ndarray
        (m,) `AirwayKind`; means something for lumina and walls only.
    """

    plumbing: Plumbing
    blood: np.ndarray
    airway: np.ndarray


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves to be cut into cross sections; n knots.

    Attributes
    ----------
    knot_mm : numpy.ndarray
        (n, 3) world points, those of a curve one after another.
    radius_mm : numpy.ndarray
        (n,) radius of the tube there.
    line : numpy.ndarray
        (n,) number of the curve.
    """

    knot_mm: np.ndarray
    radius_mm: np.ndarray
    line: np.ndarray


def build_tubes(
    spec: AnyChestSpec,
    body: AnyChestBody,
    tissue: LungTissue,
    rng: np.random.Generator,
    top_mm: float,
    tick: Callable[[float], None],
) -> AnyChestTubes:
    """Grow arteries, veins and airways, move them apart, and cut them into cross sections.

    Parameters
    ----------
    spec : AnyChestSpec
        Proportions of the trees.
    body : AnyChestBody
        Where the lungs are.
    tissue : LungTissue
        Bullae and cavities have no vessels.
    rng : numpy.random.Generator
        Source of chance.
    top_mm : float
        World height that the trachea reaches at least.
    tick : callable
        Called with the fraction done.

    Returns
    -------
    AnyChestTubes
        All of them.
    """
    sizes = replace(
        bundle_room.CONSTANTS,
        lumen_to_artery=spec.lumen_to_artery,
        wall_to_diameter=spec.wall_to_diameter,
        smallest_lumen_mm=0.6,
    )
    trees: list[Tree] = []
    for side in SIDES:
        arteries, veins = plant(body, side, spec.terminal_csa_mm2, spec.terminal_ml, rng)
        trees += [
            _without(with_exponent(tree, spec.terminal_csa_mm2, spec.murray_exponent), tissue)
            for tree in (arteries, *veins)
        ]
    curved = curve_trees(trees, curves.CONSTANTS.knot_mm)
    is_artery = curved.tree % 3 == 0
    reach = np.where(is_artery, bundle_radius(curved.radius_mm, True, sizes), curved.radius_mm)
    curved = replace(curved, knot_mm=separate(curved, reach, body, tick, CONSTANTS.rounds))
    bundles = lay_side_by_side(curved, is_artery, True, sizes)
    return _lay(spec, curved, bundles, is_artery, body, sizes, top_mm)


def with_exponent(tree: Tree, terminal_csa_mm2: float, exponent: float) -> Tree:
    """Give a tree the radii of another power that is kept at forks.

    Parameters
    ----------
    tree : Tree
        Grown with the exponent of `growth`.
    terminal_csa_mm2 : float
        Typical area of its last branches, which stays.
    exponent : float
        Murray's exponent.

    Returns
    -------
    Tree
        The same branches.
    """
    last_mm = np.sqrt(terminal_csa_mm2 / np.pi)
    power = growth.CONSTANTS.murray_exponent / exponent
    return replace(tree, radius_mm=last_mm * (tree.radius_mm / last_mm) ** power)


def _without(tree: Tree, tissue: LungTissue) -> Tree:
    """Tree without the branches that end in a bulla or a cavity, and all beyond them."""
    gone = tissue.empty(tree.end_mm)
    gone[0] = False
    for branch in range(1, len(gone)):
        gone[branch] |= gone[tree.parent[branch]]
    return tree.keep(~gone)


def airway_kinds(trees: CurvedTree) -> np.ndarray:
    """`AirwayKind` (b,) of bronchi beside the branches of arterial trees.

    The first branch that serves one lobe is lobar; the first below it that serves no more than a
    segment's share of the lung is segmental.

    Parameters
    ----------
    trees : CurvedTree
        Trees of the lungs.

    Returns
    -------
    numpy.ndarray
        (b,) uint8; means nothing for veins.
    """
    has_child = np.zeros(trees.branch_count, bool)
    has_child[trees.parent[trees.parent >= 0]] = True
    serves = (~has_child).astype(float)
    for branch in range(trees.branch_count - 1, -1, -1):
        if trees.parent[branch] >= 0:
            serves[trees.parent[branch]] += serves[branch]
    kind = np.full(trees.branch_count, AirwayKind.MAIN, np.uint8)
    total = 0.0
    for branch in range(trees.branch_count):
        mother = trees.parent[branch]
        if mother < 0:
            total = serves[branch]
        elif kind[mother] >= AirwayKind.SEGMENTAL:
            kind[branch] = min(kind[mother] + 1, AirwayKind.DEEPER)
        elif trees.lobe[branch] < 0:
            kind[branch] = AirwayKind.MAIN
        elif kind[mother] == AirwayKind.LOBAR and (
            serves[branch] <= CONSTANTS.segment_share * total
        ):
            kind[branch] = AirwayKind.SEGMENTAL
        else:
            kind[branch] = AirwayKind.LOBAR
    return kind


def _lay(
    spec: AnyChestSpec,
    trees: CurvedTree,
    bundles: Bundles,
    is_artery: np.ndarray,
    body: AnyChestBody,
    sizes: BundleConstants,
    top_mm: float,
) -> AnyChestTubes:
    """Cut all curves into cross sections: blood with its caps, lumina, walls."""
    count = trees.branch_count
    first_knot = np.flatnonzero(np.diff(trees.branch, prepend=-1))
    has_child = np.bincount(trees.parent[trees.parent >= 0], minlength=count) > 0
    vessels: list[tuple[np.ndarray, np.ndarray | float, int]] = []
    airways: list[tuple[np.ndarray, np.ndarray | float, int]] = []
    for branch in range(count):
        chain = np.arange(first_knot[branch], trees.last_knot[branch] + 1)
        chain = np.concatenate([[trees.before[chain[0]]], chain])[int(trees.parent[branch] < 0) :]
        vessels.append((bundles.artery_mm[chain], trees.radius_mm[branch], branch))
        if bundles.lumen_mm[branch] > 0:
            airways.append((bundles.airway_mm[chain], bundles.lumen_mm[branch], branch))
    blood = np.where(is_artery, BloodKind.ARTERY, BloodKind.VEIN).tolist()
    kinds = airway_kinds(trees).tolist()
    number = count
    for points, radius, kind in _central(spec, trees, bundles, is_artery, body, top_mm):
        (airways if isinstance(kind, AirwayKind) else vessels).append((points, radius, number))
        blood.append(kind if isinstance(kind, BloodKind) else BloodKind.ARTERY)
        kinds.append(kind if isinstance(kind, AirwayKind) else AirwayKind.MAIN)
        number += 1
    rounded = np.ones(number, bool)
    rounded[:count] = has_child
    parts = []
    for lines, material in ((vessels, Material.BLOOD), (airways, Material.LUMEN)):
        tubes, line = cut(_joined(lines))
        caps, cap_line = _caps(tubes, line, rounded)
        order = np.argsort(np.concatenate([line, cap_line]), kind="stable")
        whole = _stack([tubes, caps]).take(order)
        is_cap = np.repeat([False, True], [len(line), len(cap_line)])[order]
        last = {
            number: np.broadcast_to(radius, len(points))[-1] for points, radius, number in lines
        }
        parts.append((whole, material, np.concatenate([line, cap_line])[order], is_cap, last))
        if material == Material.LUMEN:
            outer = tubes.outer_mm + wall_thickness(tubes.outer_mm, sizes)
            ring = replace(tubes, inner_mm=tubes.outer_mm, outer_mm=outer)
            parts.append((ring, Material.WALL, line, np.zeros(len(line), bool), last))
    owner = np.concatenate([line for _, _, line, _, _ in parts])
    csa = np.concatenate(
        [np.pi * np.array([last[number] for number in line]) ** 2 for _, _, line, _, last in parts]
    )
    plumbing = Plumbing(
        _stack([tubes for tubes, *_ in parts]),
        np.concatenate([np.full(len(line), kind, np.uint8) for _, kind, line, _, _ in parts]),
        owner,
        csa,
        np.concatenate([is_cap for _, _, _, is_cap, _ in parts]),
        trees,
    )
    return AnyChestTubes(plumbing, np.array(blood)[owner], np.array(kinds, np.uint8)[owner])


def _central(
    spec: AnyChestSpec,
    trees: CurvedTree,
    bundles: Bundles,
    is_artery: np.ndarray,
    body: AnyChestBody,
    top_mm: float,
) -> Iterator[tuple[np.ndarray, np.ndarray | float, BloodKind | AirwayKind]]:
    """Trachea, main bronchi, central arteries and veins: knots, radii and kind."""
    scale, place = spec.scale, body.posture.to_world
    carina = place(np.array(adult.CONSTANTS.carina_mm))
    trunk = place(np.array([8.0, -14.0, 8.0]))
    outflow = place(np.array([[16.0, -40.0, -16.0], [14.0, -28.0, -2.0]]))
    roots = np.flatnonzero(trees.parent < 0)
    main = max(
        CONSTANTS.main_artery_mm * scale, *(trees.radius_mm[b] for b in roots if is_artery[b])
    )
    yield np.vstack([outflow, trunk]), CONSTANTS.trunk_over_main * main, BloodKind.ARTERY
    lumen = max(bundles.lumen_mm[b] for b in roots if is_artery[b])
    trachea = max(CONSTANTS.trachea_over_main * lumen, CONSTANTS.trachea_mm * scale)
    up = max(top_mm / body.posture.size[2] + 10.0, 140.0)
    top = place(np.array([[0.0, 4.0 - 0.1 * (up - 110), up], [0.0, 8.0, 110.0], [0.0, 14.0, 65.0]]))
    yield np.vstack([top, carina]), trachea, AirwayKind.TRACHEA
    for branch in roots:
        # Two knots of the trunk: tubes reach into it, or a gap would open at the joint.
        joint = np.flatnonzero(trees.branch == branch)[:2]
        side, own = trees.side[branch], trees.radius_mm[branch]
        if not is_artery[branch]:
            start = trees.knot_mm[joint[::-1]]
            middle = start[1] - scale * np.array([4.0 * side, 0.0, 0.0])
            atrium = place(np.array([6.0 * side, 18.0, -22.0]))
            yield np.array([*start, middle, atrium]), own, BloodKind.VEIN
            continue
        end = bundles.artery_mm[joint]
        middle = 0.5 * (trunk + end[0]) + scale * np.array([0.0, 2.0, 4.0])
        radius = np.array([main, 0.5 * (main + own), own, own])
        yield np.array([trunk, middle, *end]), radius, BloodKind.ARTERY
        end = bundles.airway_mm[joint]
        own = bundles.lumen_mm[branch]
        middle = 0.5 * (carina + end[0]) + scale * np.array([0.0, 0.0, 2.0])
        first = 0.8 * trachea
        radius = np.array([first, 0.5 * (first + own), own, own])
        yield np.array([carina, middle, *end]), radius, AirwayKind.MAIN


def _joined(lines: list[tuple[np.ndarray, np.ndarray | float, int]]) -> Curves:
    return Curves(
        np.concatenate([points for points, _, _ in lines]),
        np.concatenate([np.broadcast_to(radius, len(points)) for points, radius, _ in lines]),
        np.concatenate([np.full(len(points), number) for points, _, number in lines]),
    )


def cut(lines: Curves) -> tuple[Tubes, np.ndarray]:
    """Cut smooth curves through knots (cubic Hermite splines) into cross sections, all at once.

    Parameters
    ----------
    lines : Curves
        Knots, radii there, and the curve that each belongs to.

    Returns
    -------
    tubes : Tubes
        m cross sections, each in the middle of its step.
    line : numpy.ndarray
        (m,) curve of each.
    """
    knot, line = lines.knot_mm, lines.line
    left = np.flatnonzero(line[1:] == line[:-1])
    chord = knot[left + 1] - knot[left]
    length = np.maximum(np.linalg.norm(chord, axis=1), 1e-6)
    # Slopes at knots: the mean of the chords' on both sides, the nearer one counting more.
    slope, weight = np.zeros_like(knot), np.zeros(len(knot))
    for index in (left, left + 1):
        np.add.at(slope, index, chord / length[:, None] ** 2)
        np.add.at(weight, index, 1 / length)
    slope /= np.maximum(weight, 1e-9)[:, None]
    low, high = CONSTANTS.step_mm
    step = np.clip(CONSTANTS.step_radii * lines.radius_mm[left], low, high)
    count = np.ceil(length / step).astype(int)
    segment = np.repeat(np.arange(len(left)), count)
    place = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
    u = ((place + 0.5) / count[segment])[:, None]
    start, end = knot[left][segment], knot[left + 1][segment]
    long = length[segment][:, None]
    out, arrive = slope[left][segment] * long, slope[left + 1][segment] * long
    center = (
        (1 - u) ** 2 * (1 + 2 * u) * start
        + u**2 * (3 - 2 * u) * end
        + u * (1 - u) ** 2 * out
        - u**2 * (1 - u) * arrive
    )
    velocity = (
        6 * u * (1 - u) * (end - start) + (1 - u) * (1 - 3 * u) * out + u * (3 * u - 2) * arrive
    )
    change = (6 - 12 * u) * (end - start) + (6 * u - 4) * out + (6 * u - 2) * arrive
    pace = np.maximum(np.linalg.norm(velocity, axis=1, keepdims=True), 1e-6)
    tangent = velocity / pace
    across = change - (change * tangent).sum(axis=1, keepdims=True) * tangent
    curvature = across / pace**2
    ends = lines.radius_mm[left][segment], lines.radius_mm[left + 1][segment]
    radius = ends[0] + (ends[1] - ends[0]) * u[:, 0]
    sharp = np.linalg.norm(curvature, axis=1) * radius / curves.CONSTANTS.sharpest_bend
    tubes = Tubes(
        center,
        unit_vectors(tangent),
        np.zeros(len(center)),
        radius,
        pace[:, 0] / count[segment],
        curvature / np.maximum(sharp, 1)[:, None],
    )
    return tubes, line[left][segment]


def _caps(tubes: Tubes, line: np.ndarray, rounded: np.ndarray) -> tuple[Tubes, np.ndarray]:
    """Half balls at the ends of curves, as cross sections; they close the gaps of forks."""
    last = np.flatnonzero(np.diff(line, append=-1) != 0)
    last = last[rounded[line[last]]]
    count = np.maximum(np.ceil(tubes.outer_mm[last] / CONSTANTS.step_mm[0]).astype(int), 2)
    of = np.repeat(last, count)
    place = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    total = np.repeat(count, count)
    radius, tangent = tubes.outer_mm[of], tubes.tangent[of]
    low, high = radius * place / total, radius * (place + 1) / total
    # The radius that gives each slice of the half ball its exact volume.
    area2 = radius**2 - (high**3 - low**3) / (3 * (high - low))
    way = tubes.step_mm[of] / 2 + 0.5 * (low + high)
    caps = Tubes(
        tubes.center_mm[of] + way[:, None] * tangent,
        tangent,
        np.zeros(len(of)),
        np.sqrt(area2),
        high - low,
        np.zeros((len(of), 3)),
    )
    return caps, line[of]


def _stack(parts: list[Tubes]) -> Tubes:
    return Tubes(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in Tubes.__dataclass_fields__
        )
    )
