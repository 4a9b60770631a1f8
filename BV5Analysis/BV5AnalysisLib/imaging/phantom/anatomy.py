"""Body, lungs, lobes, bones and mediastinum as distances to their surfaces.

Lengths are millimeters of an adult (scale 1), about the middle of the chest: +x to the patient's
left, +y to the back, +z to the head. The shapes' numbers, inside the functions, are sizes and
places of organs in that frame, all chosen by eye to look like an adult's chest CT at full
inspiration; the analysis is measured against what is drawn from them, whatever they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from .fields import Field, signed_distance
from .spec import BODY_MM

STEP_MM = 3.0
"""Distance of the nodes that surfaces are known on, at scale 1; linear in between."""

RIGHT, LEFT = -1, 1
"""Sides of the patient, by the sign of x."""

SIDES = (RIGHT, LEFT)


@dataclass(frozen=True)
class AnatomyConstants(MethodConstants):
    """Places that several parts of the body are laid out by."""

    right_hilum_yz_mm: tuple[float, float] = constant(
        (12.0, 8.0),
        "mm",
        "Place (y, z) at which bronchus and artery enter the right lung.",
        "Chosen by eye: below the carina, a little lower than on the left.",
    )
    left_hilum_yz_mm: tuple[float, float] = constant(
        (14.0, 14.0), "mm", "The same of the left lung.", "Chosen by eye."
    )
    carina_mm: tuple[float, float, float] = constant(
        (0.0, 18.0, 38.0), "mm", "Where the trachea divides.", "Chosen by eye."
    )
    spine_y_mm: float = constant(
        74.0, "mm", "How far behind the middle of the chest vertebrae are.", "Chosen by eye."
    )

    def hilum_yz_mm(self, side: int) -> tuple[float, float]:
        """Place (y, z) at which bronchus and artery enter a lung."""
        return self.right_hilum_yz_mm if side == RIGHT else self.left_hilum_yz_mm


CONSTANTS = AnatomyConstants()


@dataclass(frozen=True, eq=False)
class PhantomAnatomy:
    """Surfaces of one body; distances in mm are positive inside.

    Attributes
    ----------
    scale : float
        Of the adult lengths.
    body, bone, marrow, great_vessels, stomach_gas : Field
        Distances; the heart is among the great vessels.
    fat : Field
        Share of fat between 0 (muscle) and 1.
    lungs : dict of int to Field
        Distance by side, `RIGHT` or `LEFT`.
    oblique : dict of int to Field
        Distance above the oblique fissure by side.
    horizontal : Field
        Distance above the right lung's horizontal fissure.
    hilum_mm : dict of int to numpy.ndarray
        (3,) where bronchus and artery cross the medial surface.
    """

    scale: float
    body: Field
    bone: Field
    marrow: Field
    great_vessels: Field
    stomach_gas: Field
    fat: Field
    lungs: dict[int, Field]
    oblique: dict[int, Field]
    horizontal: Field
    hilum_mm: dict[int, np.ndarray]

    def lobe_depth(self, points_mm: np.ndarray, side: int, lobe: np.ndarray) -> np.ndarray:
        """Distance (n,) from points (n, 3) to the nearest fissure of their lobe (n,).

        Lobes are 0 upper, 1 middle (right only), 2 lower. Positive inside the lobe.
        """
        above = self.oblique[side].at(points_mm)
        depth = np.where(lobe == 2, -above, above)
        if side == RIGHT:
            over = self.horizontal.at(points_mm)
            depth = np.where(lobe == 0, np.minimum(depth, over), depth)
            depth = np.where(lobe == 1, np.minimum(depth, -over), depth)
        return depth

    def lobe(self, points_mm: np.ndarray, side: int) -> np.ndarray:
        """Lobe (n,) of points (n, 3): 0 upper, 1 middle, 2 lower."""
        lower = self.oblique[side].at(points_mm) < 0
        middle = (self.horizontal.at(points_mm) < 0) & (side == RIGHT)
        return np.where(lower, 2, np.where(middle, 1, 0))


def build_anatomy(scale: float, expiration: float) -> PhantomAnatomy:
    """Anatomy of one body.

    Parameters
    ----------
    scale : float
        Size, 1 for an adult.
    expiration : float
        0 for full inspiration to 1 for full expiration, which raises the diaphragm.

    Returns
    -------
    PhantomAnatomy
        Its surfaces, in mm of this body.
    """
    half = np.ceil(np.array(BODY_MM) / 2 / STEP_MM + 2) * STEP_MM
    axes = [np.arange(-h, h + STEP_MM / 2, STEP_MM) for h in half]
    x, y, z = axes[0], axes[1][:, None], axes[2][:, None, None]
    frame = Field(np.zeros((1, 1, 1), np.float32), -half * scale, STEP_MM * scale)

    def field(values: np.ndarray) -> Field:
        return frame.like(scale * np.broadcast_to(values, [len(a) for a in axes[::-1]]))

    body = signed_distance(170 * (1 - _norm((x / 170, 2.5), (y / 122, 2.5))) + 0 * z, STEP_MM)
    solid = _mediastinum(x, y, z)
    lungs, cavity = {}, np.full(1, -1e3)
    for side in SIDES:
        rib_cage = _rib_cage(x, y, z, side)
        cavity = np.maximum(cavity, rib_cage)
        base = z - _diaphragm(x, y, side, expiration)
        shape = _smooth_min(_smooth_min(rib_cage, base, 6), -solid, 6)
        lungs[side] = field(signed_distance(np.where(side * x > 0, shape, -20.0), STEP_MM))
    bone, marrow = _bones(x, y, z, signed_distance(cavity, STEP_MM))
    depth = body
    hull = signed_distance(cavity, STEP_MM)
    fat = _step((13 - depth) / 2) * _step((depth - 2) / 0.8)
    # Fat around the heart, and in the mediastinum away from the great vessels.
    pericardial = _step((_heart(x, y, z) + 7) / 2) * _step(-_heart(x, y, z) / 2)
    apart = -signed_distance(_great_vessels(x, y, z), STEP_MM)
    loose = 0.75 * _step((apart - 3) / 2) * _step((18 - apart) / 4) * (z > -95) * (abs(y) < 60)
    pericardial = np.maximum(pericardial, loose * _step((solid - 2.5) / 1.5))
    between = _step((abs(hull + 17) - 3) / -1.0)
    fat = np.maximum(fat, np.maximum(pericardial, 0.7 * between * _step((depth - 2) / 1)))
    anatomy = PhantomAnatomy(
        scale=scale,
        body=field(body),
        bone=field(bone),
        marrow=field(marrow),
        great_vessels=field(signed_distance(_great_vessels(x, y, z), STEP_MM)),
        stomach_gas=field(
            20 * (1 - _norm(((x - 62) / 30, 2.0), ((y + 22) / 24, 2.0), ((z + 124) / 13, 2.0)))
        ),
        fat=frame.like(fat),
        lungs=lungs,
        oblique={side: field(_oblique(x, y, z, side)) for side in SIDES},
        horizontal=field(_horizontal(x, y, z)),
        hilum_mm={},
    )
    for side in SIDES:
        anatomy.hilum_mm[side] = _hilum(anatomy.lungs[side], side, scale)
    return anatomy


def _norm(*terms: tuple[np.ndarray, float]) -> np.ndarray:
    power = terms[0][1]
    total: np.ndarray = sum((abs(value) ** power for value, _ in terms), np.zeros(()))
    return np.asarray(total ** (1 / power))


def _step(value: np.ndarray) -> np.ndarray:
    return np.clip(0.5 + value, 0, 1)


def _smooth_min(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    overlap = np.maximum(width - abs(a - b), 0) / width
    return np.asarray(np.minimum(a, b) - 0.25 * width * overlap**2)


def _smooth_max(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    return -_smooth_min(-a, -b, width)


def _rib_cage(x: np.ndarray, y: np.ndarray, z: np.ndarray, side: int) -> np.ndarray:
    """Half of the rib cage, an egg that narrows to the apex and leans to the front below."""
    up = np.maximum(z + 45, 0) / 176
    down = np.minimum(z + 45, 0) / 420
    lean = 2 + 0.06 * z
    return 70 * (
        1
        - _norm(
            ((x - side * 69) / 66, 2.15),
            ((y - lean) / 86, 2.15),
            (up, 2.15),
            (down, 2.15),
        )
    )


def _diaphragm(x: np.ndarray, y: np.ndarray, side: int, expiration: float) -> np.ndarray:
    """Height of the dome; it drops to the sides and further to the back."""
    top = (-72 if side == RIGHT else -84) + 38 * expiration
    drop = 46 * ((x - side * 66) / 78) ** 2
    back = y + 12
    return top - drop - np.where(back > 0, 50, 36) * (back / 92) ** 2


def _heart(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Heart, its axis to the left, front and below."""
    dx, dy, dz = x - 18, y + 34, z + 52
    along = 0.78 * dx - 0.42 * dy - 0.46 * dz
    rest = np.sqrt(np.maximum(dx**2 + dy**2 + dz**2 - along**2, 0))
    return 46 * (1 - _norm((along / 66, 2.0), (rest / 46, 2.0)))


def _great_vessels(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Heart, left atrium, aorta and superior vena cava: positive inside."""
    atrium = 17 * (1 - _norm((x / 26, 2.0), ((y - 18) / 15, 2.0), ((z + 22) / 17, 2.0)))
    descending = np.minimum(11.5 - np.hypot(x - 22, y - 50), 58 - z)
    ascending = np.minimum(13.5 - np.hypot(x + 4, y + 14), np.minimum(54 - z, z + 40))
    bow = np.hypot((y - 18) / 32 * 26, np.maximum(z - 46, 0) * 1.6)
    arch = np.minimum(11 - np.hypot(bow - 26, x - 9 - 0.4 * (y - 18)), z - 44)
    cava = np.minimum(8.5 - np.hypot(x + 20, y + 6), np.minimum(z + 40, 100 - z))
    shapes = (_heart(x, y, z), atrium, descending, ascending, arch, cava)
    shape = (z + y + x).shape
    return np.asarray(np.maximum.reduce([np.broadcast_to(part, shape) for part in shapes]))


def _mediastinum(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """All between the lungs: positive inside."""
    # Narrow to front and back, wide at the great vessels.
    waist = 32 - 0.005 * (y - 5) ** 2 - 0.0012 * (z - 20) ** 2
    slab = np.maximum(waist, 6) - abs(x - 3)
    spine = 27 - np.hypot(x, y - CONSTANTS.spine_y_mm)
    aorta = 15 - np.hypot(x - 22, y - 50)
    arch = 18 - np.sqrt((x - 18) ** 2 + ((y - 20) / 2) ** 2 + (z - 58) ** 2)
    solid = _smooth_max(slab, _heart(x, y, z) + 3, 8)
    for part in (spine, np.where(z < 62, aorta, 62 + aorta - z), arch):
        solid = _smooth_max(solid, part, 6)
    return solid


def _bones(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, cavity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ribs, spine and sternum: distances to their surface, and to the marrow's."""
    behind = y - CONSTANTS.spine_y_mm
    slant = z + 0.42 * y + 0.1 * abs(x)
    across = (slant / 25 - np.floor(slant / 25) - 0.5) * 25
    ribs = 5.5 - _norm(((cavity + 8.5) * 1.35, 2.0), (across * 0.92, 2.0))
    ribs = np.where((abs(x) > 24) & (z < 128), ribs, -5)
    disc = (z / 24 - np.floor(z / 24) - 0.5) * 24
    round_body = 17 - _norm((x / 1.15, 2.0), (behind, 2.0))
    vertebra = np.minimum(round_body, 9.5 - abs(disc))
    arch = np.minimum(5 - abs(np.hypot(x, behind - 26) - 12), 8 - abs(disc))
    process = np.minimum(np.minimum(3.2 - abs(x), 14 - abs(behind - 40) * 1.4), 7 - abs(disc + 3))
    transverse = np.minimum(4.5 - np.hypot(behind - 20, disc), 36 - abs(x))
    sternum = 6 - _norm((x / 2.8, 2.6), (y + 98 + 0.03 * z, 2.6), (np.maximum(-40 - z, 0), 2.6))
    shapes = [ribs, vertebra, arch, process, transverse, sternum]
    bone = np.maximum.reduce([np.broadcast_to(shape, cavity.shape) for shape in shapes])
    return bone, bone - 2.2


def _oblique(x: np.ndarray, y: np.ndarray, z: np.ndarray, side: int) -> np.ndarray:
    """Distance above (in front of) the oblique fissure: from high behind to low in front."""
    bulge = 8 * np.cos((x - side * 70) / 45) + 5 * np.sin(y / 40)
    height = (-6 if side == RIGHT else -2) + 1.15 * y - bulge
    return np.asarray((z - height) / np.hypot(1, 1.15))


def _horizontal(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Distance above the horizontal fissure."""
    return np.asarray(z - (6 + 0.12 * (x + 70) - 0.1 * y - 5 * np.cos((x + 70) / 40)))


def _hilum(lung: Field, side: int, scale: float) -> np.ndarray:
    """First point of the lung on the way sideways from the middle at the hilum's height."""
    y, z = CONSTANTS.hilum_yz_mm(side)
    way = np.arange(5.0, 80.0, 0.25)
    points = scale * np.stack([side * way, np.full_like(way, y), np.full_like(way, z)], -1)
    return np.asarray(points[np.argmax(lung.at(points) > 0)])
