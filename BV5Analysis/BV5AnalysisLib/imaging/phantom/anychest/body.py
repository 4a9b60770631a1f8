"""Organs of one body as distances to their surfaces.

As in `phantom.anatomy`, the numbers inside the functions are places and sizes of organs in the
adult template's frame, in mm about the middle of the chest (+x left, +y back, +z head), chosen by
eye; `posture` bends the template into the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import anatomy as adult
from ..anatomy import LEFT, RIGHT, SIDES, PhantomAnatomy
from ..fields import Field, signed_distance
from .posture import Posture
from .spec import AnyChestSpec

STEP_MM = 4.0
"""Distance of the nodes that surfaces are known on, at scale 1."""

ROOM_MM = ((-200.0, 200.0), (-165.0, 150.0), (-210.0, 190.0))
"""Room of the nodes at scale 1 along x, y, z, without the chest wall. Beyond it all goes on."""


@dataclass(frozen=True, eq=False)
class AnyChestBody(PhantomAnatomy):
    """Surfaces of one body, with what only some bodies have; distances are positive inside.

    Attributes
    ----------
    posture : Posture
        From the template to the body.
    right_heart, left_heart, cava, lower_cava : Field
        Blood of each attenuation, outside the pulmonary trees; the azygos vein goes with the lower.
    liver : Field
        Organs under the diaphragm.
    bowel, esophagus_air : Field
        Gas.
    nodes : Field
        Lymph nodes.
    effusion : dict of int to Field
        Fluid by side.
    """

    posture: Posture
    right_heart: Field
    left_heart: Field
    cava: Field
    lower_cava: Field
    liver: Field
    bowel: Field
    esophagus_air: Field
    nodes: Field
    effusion: dict[int, Field]


@dataclass(frozen=True)
class _Nodes:
    """Coordinates of the nodes: of the body (world), and of the template."""

    frame: Field
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    tx: np.ndarray
    ty: np.ndarray
    tz: np.ndarray

    def field(self, distance_mm: np.ndarray) -> Field:
        return self.frame.like(np.broadcast_to(distance_mm, self.frame.values.shape))

    def near(self, implicit: np.ndarray) -> Field:
        """Field of a function's zero surface, right near it, which is all that drawing needs."""
        values = np.broadcast_to(implicit, self.frame.values.shape)
        slope = np.sqrt(sum(g**2 for g in np.gradient(values, self.frame.step_mm)))
        return self.frame.like(values / np.maximum(slope, 0.25))


def build_body(spec: AnyChestSpec, rng: np.random.Generator) -> AnyChestBody:
    """Build the organs of one chest.

    Parameters
    ----------
    spec : AnyChestSpec
        Build, posture, and what is in the body besides.
    rng : numpy.random.Generator
        Places of nodes and of gas.

    Returns
    -------
    AnyChestBody
        Its surfaces, mm.
    """
    posture, scale = Posture.of(spec), spec.scale
    nodes = _nodes(spec, posture)
    x, y, z = nodes.tx, nodes.ty, nodes.tz
    step = nodes.frame.step_mm
    solid = _mediastinum(spec, x, y, z)
    rib_cage = {side: adult._rib_cage(x, y, z, side) for side in SIDES}
    cavity = signed_distance(np.maximum(rib_cage[RIGHT], rib_cage[LEFT]), step)
    heights = {side: _diaphragm(spec, x, y, side) for side in SIDES}
    shapes = {
        side: np.where(
            side * x > 0,
            adult._smooth_min(adult._smooth_min(rib_cage[side], z - heights[side], 6), -solid, 6),
            -20.0,
        )
        for side in SIDES
    }
    node_field = _lymph_nodes(spec, nodes, posture, rng)
    lungs, effusion = {}, {}
    for side, depth in zip(SIDES, spec.effusion_mm, strict=True):
        fluid = _fluid(y, z, rib_cage[side], depth / scale) if depth else np.full((1, 1, 1), -99.0)
        effusion[side] = nodes.field(np.minimum(fluid * scale, shapes[side] * scale))
        shape = adult._smooth_min(shapes[side], -fluid, 3) if depth else shapes[side]
        shape = np.minimum(scale * shape, -node_field.values)
        lungs[side] = nodes.field(signed_distance(shape, step))
    body = _skin(spec, nodes, cavity)
    bone, marrow = (
        np.minimum(part, body / scale - 2.0) for part in _bones(spec, x, y, z, cavity, scale)
    )
    right_heart, left_heart, cava, lower_cava = blood = _blood(spec, x, y, z)
    belly = np.maximum(*(heights[side] - z for side in SIDES))
    liver = np.minimum(belly, np.maximum(rib_cage[RIGHT], rib_cage[LEFT]))
    built = AnyChestBody(
        scale=scale,
        body=nodes.field(body),
        bone=nodes.near(bone * scale),
        marrow=nodes.near(marrow * scale),
        great_vessels=nodes.near(scale * np.maximum.reduce(np.broadcast_arrays(*blood))),
        stomach_gas=nodes.frame,
        fat=nodes.frame.like(_fat(spec, nodes, body, cavity, solid)),
        lungs=lungs,
        oblique={side: nodes.near(scale * adult._oblique(x, y, z, side)) for side in SIDES},
        horizontal=nodes.near(scale * adult._horizontal(x, y, z)),
        hilum_mm={},
        posture=posture,
        right_heart=nodes.near(right_heart * scale),
        left_heart=nodes.near(left_heart * scale),
        cava=nodes.near(cava * scale),
        lower_cava=nodes.near(lower_cava * scale),
        liver=nodes.near(liver * scale),
        bowel=_bowel(spec, nodes, posture, rng),
        esophagus_air=nodes.near(_esophagus(spec, nodes, rng)),
        nodes=node_field,
        effusion=effusion,
    )
    for side in SIDES:
        built.hilum_mm[side] = _hilum(built.lungs[side], side, posture)
    return built


def _nodes(spec: AnyChestSpec, posture: Posture) -> _Nodes:
    scale = spec.scale
    step = STEP_MM * min(scale, 1.0) ** 0.5
    aside, behind, front = 1.3 * spec.wall_mm, 1.4 * spec.wall_mm, 1.5 * spec.wall_mm
    before = (aside, front + 1.4 * spec.breast_mm, 0.0)
    after = (aside, behind, 0.0)
    low = [scale * span[0] - room for span, room in zip(ROOM_MM, before, strict=True)]
    high = [scale * span[1] + room for span, room in zip(ROOM_MM, after, strict=True)]
    axes = [np.arange(a, b + step, step) for a, b in zip(low, high, strict=True)]
    frame = Field(np.zeros([len(a) for a in axes[::-1]], np.float32), np.array(low), step)
    x, y, z = axes[0], axes[1][:, None], axes[2][:, None, None]
    tx, ty, tz = (
        np.asarray(part, np.float32) for part in posture.to_template(*np.broadcast_arrays(x, y, z))
    )
    return _Nodes(frame, x, y, z, tx, ty, tz)


def _diaphragm(spec: AnyChestSpec, x: np.ndarray, y: np.ndarray, side: int) -> np.ndarray:
    lower = 0.0 if side == RIGHT else spec.left_lower_mm - 12.0
    return adult._diaphragm(x, y, side, 0.0) + spec.diaphragm_mm - lower


def _heart(spec: AnyChestSpec, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Heart, its tip staying near the front wall and the diaphragm."""
    lift = 0.6 * spec.diaphragm_mm
    dx, dy, dz = x - 18, y + 34, z + 52 - lift
    along = 0.78 * dx - 0.42 * dy - 0.46 * dz
    rest = np.sqrt(np.maximum(dx**2 + dy**2 + dz**2 - along**2, 0))
    size = spec.heart
    return 46 * (1 - adult._norm((along / (66 * size), 2.0), (rest / (46 * size), 2.0)))


def _aorta(spec: AnyChestSpec, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    radius = spec.aorta_mm
    # It leaves its place beside the spine as it ages, towards the left lung.
    aside = 22 + 0.6 * (radius - 11) + 5 * np.sin(z / 40)
    descending = np.minimum(radius - np.hypot(x - aside, y - 50), 58 - z)
    ascending = np.minimum(1.2 * radius - np.hypot(x + 4, y + 14), np.minimum(54 - z, z + 40))
    bow = np.hypot((y - 18) / 32 * 26, np.maximum(z - 46, 0) * 1.6)
    arch = np.minimum(radius - np.hypot(bow - 26, x - 9 - 0.4 * (y - 18)), z - 44)
    return np.asarray(np.maximum(np.maximum(descending, ascending), arch))


def _blood(
    spec: AnyChestSpec, x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Right heart; left heart, atrium and aorta; superior vena cava; inferior, and azygos vein."""
    heart = _heart(spec, x, y, z)
    # The septum divides the heart in front and to the right from behind and to the left.
    septum = 0.62 * (x - 18) + 0.6 * (y + 34) + 0.1 * (z + 52)
    wall = 4.0
    right = np.minimum(heart - 2, -septum - wall)
    left = np.minimum(heart - 8, septum - wall)
    size = spec.heart
    atrium = 17 * (
        1 - adult._norm((x / (26 * size), 2.0), ((y - 18) / (15 * size), 2.0), ((z + 22) / 17, 2.0))
    )
    left = np.maximum(left, np.maximum(atrium, _aorta(spec, x, y, z)))
    cava = np.minimum(8.5 - np.hypot(x + 20, y + 6), np.minimum(z + 40, 100 - z))
    lower = np.minimum(11 - np.hypot(x + 22, y - 8), -20 - z)
    azygos = np.minimum(4 - np.hypot(x + 6, y - 54), 50 - z)
    return right, left, cava, np.maximum(lower, azygos)


def _mediastinum(spec: AnyChestSpec, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """All between the lungs: positive inside."""
    waist = 32 * spec.waist - 0.005 * (y - 5) ** 2 - 0.0012 * (z - 20) ** 2
    slab = np.maximum(waist, 6) - abs(x - 3)
    solid = adult._smooth_max(slab, _heart(spec, x, y, z) + 3, 8)
    spine = 27 - np.hypot(x, y - adult.CONSTANTS.spine_y_mm)
    atrium = 19 * (1 - adult._norm((x / 29, 2.0), ((y - 18) / 18, 2.0), ((z + 22) / 20, 2.0)))
    cava = np.minimum(10.5 - np.hypot(x + 20, y + 6), np.minimum(z + 40, 100 - z))
    for part in (spine, _aorta(spec, x, y, z) + 2.5, cava, atrium):
        solid = adult._smooth_max(solid, part, 6)
    return solid


def _fluid(y: np.ndarray, z: np.ndarray, rib_cage: np.ndarray, depth: float) -> np.ndarray:
    """Fluid behind a lung of a patient on the back: a crescent, thickest behind and below."""
    behind = (y + 25) / 95
    share = np.clip(behind, 0, 1) ** 1.5 * np.clip(0.8 - z / 220, 0.4, 1.2)
    # It ends in a thin edge: nothing beyond, whatever lies in front of fluid.
    return np.asarray(depth * share - rib_cage - 60 * np.maximum(0.4 - behind, 0))


def _skin(spec: AnyChestSpec, nodes: _Nodes, cavity: np.ndarray) -> np.ndarray:
    """Distance into the body: rib cage and wall, spine, shoulders, neck, belly, breasts."""
    x, y, z, scale = nodes.tx, nodes.ty, nodes.tz, spec.scale
    wall = spec.wall_mm / scale
    front = np.clip(-y / 90, 0, 1)
    back = np.clip(y / 90, 0, 1)
    # Muscles beside the spine, and more fat in front below than at the sides.
    muscle = 22 * back * np.exp(-((abs(x) - 35) ** 2) / 900)
    thick = wall * (1 + 0.35 * front * np.clip(0.5 - z / 100, 0, 1) + 0.3 * back) + muscle
    chest = cavity / scale + thick
    # The rib cage of the template closes below; the belly goes on.
    # A trunk fills the furrows between the halves of the rib cage, and covers the spine.
    broad, deep = 118 + 0.3 * wall, 102 + 0.8 * wall
    low = np.clip((100 - z) / 60, 0, 1)
    trunk = deep * (1 - adult._norm((x / broad, 2.6), ((y - 15) / deep, 2.6)))
    trunk = trunk - 40 * (1 - low)
    rise = np.clip((z - 95) / 70, 0, 1)
    rise = rise**2 * (3 - 2 * rise)
    half_width = (150 + wall) * (1 - rise) + (58 + 0.5 * wall) * rise
    half_depth = (70 + 0.6 * wall) * (1 - rise) + (62 + 0.5 * wall) * rise
    shoulders = half_depth * (1 - adult._norm((x / half_width, 2.3), ((y - 6) / half_depth, 2.3)))
    shoulders = np.minimum(shoulders, (z - 78) * 0.7)
    body = adult._smooth_max(adult._smooth_max(chest, trunk, 12), shoulders, 14)
    if spec.breast_mm:
        size = spec.breast_mm / scale
        for side in SIDES:
            across, up = (x - side * 78) / 66, (z + 18) / 62
            out = (y + 88 + 0.5 * wall) / (size + 0.8 * wall + 8)
            breast = size * (1 - adult._norm((across, 2.0), (up, 2.0), (out, 2.0)))
            body = adult._smooth_max(body, breast, 5)
    return np.asarray(signed_distance(scale * body, nodes.frame.step_mm))


def _bones(
    spec: AnyChestSpec,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    cavity_mm: np.ndarray,
    scale: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Ribs no thicker than the wall; spine, sternum, clavicles: distances at scale 1."""
    wall = spec.wall_mm / scale
    cavity = cavity_mm / scale
    half = min(4.5, 0.36 * wall)
    depth = min(8.0, 0.5 * wall)
    slant = z + 0.42 * y + 0.1 * abs(x)
    across = (slant / 25 - np.floor(slant / 25) - 0.5) * 25
    ribs = half * (1 - adult._norm(((cavity + depth) / half, 2.0), (across / 6.0, 2.0)))
    ribs = np.where((abs(x) > 24) & (z < 128), ribs, -5)
    behind = y - adult.CONSTANTS.spine_y_mm
    disc = (z / 24 - np.floor(z / 24) - 0.5) * 24
    round_body = 17 - adult._norm((x / 1.15, 2.0), (behind, 2.0))
    vertebra = np.minimum(round_body, 9.5 - abs(disc))
    arch = np.minimum(5 - abs(np.hypot(x, behind - 26) - 12), 8 - abs(disc))
    process = np.minimum(np.minimum(3.2 - abs(x), 14 - abs(behind - 40) * 1.4), 7 - abs(disc + 3))
    transverse = np.minimum(4.5 - np.hypot(behind - 20, disc), 36 - abs(x))
    thin = 5.0
    front = y - (0.06 * z + 15 - 102 - 0.8 * wall + thin + 0.4 * min(wall, 14))
    sternum = thin * (
        1
        - adult._norm(
            (x / 17, 2.6), (front / thin, 2.6), (np.maximum(abs(z - 20) - 75, 0) / 20, 2.6)
        )
    )
    clavicle = 5 - np.hypot(z - 112 - 0.12 * abs(x), y + 42 - 0.3 * abs(x))
    clavicle = np.minimum(clavicle, np.minimum(abs(x) - 20, 140 - abs(x)))
    scapula = np.minimum(3.5 - abs(y - 92 + 0.45 * abs(abs(x) - 85)), 34 - abs(abs(x) - 100))
    scapula = np.minimum(np.minimum(scapula, 110 - z), np.minimum(z - 5, -cavity - 13))
    shapes = [ribs, vertebra, arch, process, transverse, sternum, clavicle, scapula]
    bone = np.maximum.reduce([np.broadcast_to(shape, cavity.shape) for shape in shapes])
    return np.asarray(bone), np.asarray(bone - 1.8)


def _fat(
    spec: AnyChestSpec, nodes: _Nodes, body: np.ndarray, cavity: np.ndarray, solid: np.ndarray
) -> np.ndarray:
    """Share of fat: under the skin, outside the muscles; around heart and great vessels."""
    x, y, z, scale = nodes.tx, nodes.ty, nodes.tz, spec.scale
    muscle = min(0.5 * spec.wall_mm, 16.0 * scale)
    beyond = -cavity - muscle
    share = adult._step(beyond / 2) * adult._step((body - 1.5) / 0.8)
    # Shoulders and neck are mostly muscle.
    share = share * np.where(z > 100, 0.35, 1.0)
    heart = _heart(spec, x, y, z)
    around = adult._step((heart + 6) / 2) * adult._step(-heart / 2)
    blood = np.maximum.reduce(np.broadcast_arrays(*_blood(spec, x, y, z)))
    loose = adult._step((-blood - 2.5) / 1.5) * adult._step((solid - 2) / 1.5) * (abs(y) < 60)
    loose = loose * adult._step((-heart - 1) / 1.5)
    return np.asarray(np.maximum(share, np.maximum(around, 0.8 * loose)), np.float32)


def _bowel(spec: AnyChestSpec, nodes: _Nodes, posture: Posture, rng: np.random.Generator) -> Field:
    """Pockets of gas in stomach and colon, right under the diaphragm."""
    total = np.full(nodes.frame.values.shape, -50.0, np.float32)
    for index, radius in enumerate(spec.bowel_mm):
        side = LEFT if index % 3 != 1 else RIGHT
        wide = radius * rng.uniform(0.8, 1.4, 3) * min(spec.scale, 1.0)
        x = side * rng.uniform(35, 90)
        y = rng.uniform(-55, 20)
        size = max(wide[0] / posture.size[0], wide[1] / posture.size[1])
        # Stays inside the belly: the colon follows its wall, and does not cross it.
        x = side * min(abs(x), 118 - size)
        height = float(_diaphragm(spec, np.array(x), np.array(y), side))
        center = posture.to_world(np.array([x, y, height]))
        center[2] -= wide[2] + spec.bowel_gap_mm
        pocket = wide.mean() * (
            1
            - adult._norm(
                ((nodes.x - center[0]) / wide[0], 2.2),
                ((nodes.y - center[1]) / wide[1], 2.2),
                ((nodes.z - center[2]) / wide[2], 2.2),
            )
        )
        total = np.maximum(total, pocket)
    if spec.bowel_mm:
        # The dome is curved: what would come through it is cut at its wall.
        under = np.where(
            nodes.tx < 0,
            _diaphragm(spec, nodes.tx, nodes.ty, RIGHT),
            _diaphragm(spec, nodes.tx, nodes.ty, LEFT),
        )
        under = (under - nodes.tz) * posture.size[2] * 0.75 - spec.bowel_gap_mm
        inside = np.maximum(*(adult._rib_cage(nodes.tx, nodes.ty, nodes.tz, s) for s in SIDES))
        total = np.minimum(np.minimum(total, under), inside * spec.scale - 2.0)
        spine = np.hypot(nodes.tx, nodes.ty - adult.CONSTANTS.spine_y_mm) - 30
        total = np.minimum(total, spine * spec.scale)
    return nodes.near(total)


def _esophagus(spec: AnyChestSpec, nodes: _Nodes, rng: np.random.Generator) -> np.ndarray:
    """Air in stretches of the esophagus, between trachea and spine."""
    if not spec.esophagus_mm:
        return np.full((1, 1, 1), -50.0)
    x, y, z = nodes.tx, nodes.ty, nodes.tz
    radius = spec.esophagus_mm * min(spec.scale, 1.0) / spec.scale
    phase, length = rng.uniform(0, 2 * np.pi), rng.uniform(9, 30)
    # Stretches of air, closed in between, none in neck and belly.
    inner = radius * (1.4 * np.sin(z / length + phase) - 0.4)
    inner = np.minimum(inner, np.minimum(z + 95, 120 - z))
    center_x = 6 - 0.02 * z
    center_y = np.minimum(42 - 0.09 * np.maximum(z - 20, 0), 50 - radius)
    tube = inner - np.hypot((x - center_x) / 1.25, y - center_y)
    return np.asarray(spec.scale * np.maximum(tube, -50.0))


def _lymph_nodes(
    spec: AnyChestSpec, nodes: _Nodes, posture: Posture, rng: np.random.Generator
) -> Field:
    """Nodes at the hila, under the carina and beside the trachea."""
    total = np.full(nodes.frame.values.shape, -50.0, np.float32)
    for radius in spec.nodes_mm:
        side = int(rng.choice(SIDES))
        stations = ((26, 22, 0), (30, 6, 18), (4, 24, 24), (14, 12, 66), (28, 20, -14))
        place = np.array(stations[rng.integers(len(stations))]) * (side, 1, 1)
        center = posture.to_world(place + rng.uniform(-4, 4, 3))
        wide = radius * rng.uniform(0.8, 1.4, 3)
        node = radius * (
            1
            - adult._norm(
                ((nodes.x - center[0]) / wide[0], 2.0),
                ((nodes.y - center[1]) / wide[1], 2.0),
                ((nodes.z - center[2]) / wide[2], 2.0),
            )
        )
        total = np.maximum(total, node)
    return nodes.near(total)


def _hilum(lung: Field, side: int, posture: Posture) -> np.ndarray:
    """First point of the lung on the way sideways from the middle at the hilum's height."""
    y, z = adult.CONSTANTS.hilum_yz_mm(side)
    way = np.arange(5.0, 80.0, 0.25)
    points = posture.to_world(
        np.stack([side * way, np.full_like(way, y), np.full_like(way, z)], -1)
    )
    return np.asarray(points[np.argmax(lung.at(points) > 0)])
