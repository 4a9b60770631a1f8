"""What is beside the body in a scanner: table, mattress, cover, leads, arms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .body import AnyChestBody
from .kinds import share_inside
from .spec import AnyChestSpec

FAR_MM = -999.0
"""Distance to what is not there."""

Points = tuple[float, np.ndarray, np.ndarray]
"""Places of an axial plane's voxels, mm: its height z, and their y and x."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Things outside the body, drawn plane by plane; attenuations are chosen by eye.

    Attributes
    ----------
    spec : AnyChestSpec
        Which there are.
    body : AnyChestBody
        What they lie around.
    back_mm, half_width_mm : float
        Where the body ends behind, and aside.
    leads_mm : numpy.ndarray
        (n, 2) place x of each lead in the middle, and its drift per mm of height.
    folds : numpy.ndarray
        (n, 4) normal (x, y, z) of each fold of the skin, and its distance from the middle, mm.
    foam_hu : float
        Filling of mattress and table.
    """

    spec: AnyChestSpec
    body: AnyChestBody
    back_mm: float
    half_width_mm: float
    leads_mm: np.ndarray
    folds: np.ndarray
    foam_hu: float

    @classmethod
    def around(
        cls, spec: AnyChestSpec, body: AnyChestBody, rng: np.random.Generator
    ) -> Surroundings:
        """Place them around a body."""
        inside = body.body.values > 0
        frame = body.body
        # The table carries the chest; belly and head may hang over it or sink in.
        y_at = np.flatnonzero(inside.any(axis=(0, 2))).max()
        middle = inside[len(inside) // 2]
        across = np.flatnonzero(middle.any(axis=0))
        half_width = 0.5 * (across.max() - across.min()) * frame.step_mm
        back = frame.origin_mm[1] + frame.step_mm * (y_at + 0.5)
        leads = np.stack(
            [rng.uniform(-0.6, 0.6, spec.wires) * half_width, rng.uniform(-0.3, 0.3, spec.wires)],
            -1,
        )
        # At the flanks and below the armpits, where skin lies on skin.
        side = rng.choice((-1.0, 1.0), spec.folds)
        slope = rng.uniform(-0.6, 0.6, (2, spec.folds))
        normal = np.stack([0.35 * side, slope[0] + 0.8, slope[1]], -1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        place = np.stack([side * half_width, 0 * side, rng.uniform(-80, 80, spec.folds)], -1)
        folds = np.column_stack([normal, (normal * place).sum(axis=1)])
        return cls(
            spec, body, float(back), float(half_width), leads, folds, rng.uniform(-985, -900)
        )

    @property
    def table_mm(self) -> float:
        """Height y of the table's top."""
        mattress = 28.0 if self.spec.table == "foam" else 0.0
        return self.back_mm + self.spec.table_gap_mm * (mattress == 0) + mattress

    def draw(self, where: Points, skin_mm: np.ndarray, blur_mm: float) -> np.ndarray:
        """HU (y, x) of an axial plane outside the body, whose skin is at distances (y, x)."""
        _, y, x = where
        hu = np.full(skin_mm.shape, -1000.0, np.float32)

        def lay(distance: np.ndarray, value: float) -> None:
            share = share_inside(distance, blur_mm)
            np.add(hu, share * (value - hu), out=hu)

        self._table(x, y[:, None], lay)
        if self.spec.blanket:
            cover = np.minimum(1.2 - abs(skin_mm + 16.0), self.back_mm - 30.0 - y[:, None])
            lay(cover, -600.0)
        return hu

    def fold(self, where: Points, skin_mm: np.ndarray) -> np.ndarray:
        """Distances (y, x) into the body on a plane, with slits of air where the skin is folded."""
        z, y, x = where
        deep = 0.5 * self.spec.wall_mm
        for nx, ny, nz, offset in self.folds:
            apart = abs(nx * x + ny * y[:, None] + nz * z - offset) - 1.0
            on_side = np.where(nx * x > 0, FAR_MM, -FAR_MM)
            skin_mm = np.minimum(
                skin_mm, np.maximum(np.maximum(apart, skin_mm - deep), on_side)
            ).astype(np.float32)
        return skin_mm

    def draw_on_skin(
        self, where: Points, skin_mm: np.ndarray, hu: np.ndarray, blur_mm: float
    ) -> None:
        """Add leads to a plane, in place."""
        z, y, x = where
        for place, drift in self.leads_mm:
            at = place + drift * z
            column = int(np.argmin(abs(x - at)))
            touches = np.flatnonzero(skin_mm[:, column] > 0)
            if len(touches) == 0 or touches[0] == 0:
                continue
            edge = y[touches[0]] - 1.2
            rows = slice(*np.searchsorted(y, (edge - 8.0, edge + 8.0)))
            columns = slice(*np.searchsorted(x, (at - 8.0, at + 8.0)))
            distance = 1.2 - np.hypot(x[columns] - at, (y[rows] - edge)[:, None])
            hu[rows, columns] += share_inside(distance, blur_mm) * (2200.0 - hu[rows, columns])

    def arms(self, where: Points) -> np.ndarray | None:
        """Distance (y, x) into an arm on a plane; None where there is none."""
        z, y, x = where
        spec, scale = self.spec, self.spec.scale
        if spec.arms == "away":
            return None
        radius = 40.0 * scale + 0.25 * spec.wall_mm
        shoulder = 96.0 * self.body.posture.size[2]
        if spec.arms == "down":
            aside = self.half_width_mm + spec.arm_gap_mm + radius
            end, back = shoulder - z, 10.0 * scale
        else:
            aside = 118.0 * scale + 0.3 * spec.wall_mm
            end, back = z - shoulder, 0.0
        if end < -5:
            return None
        rest = np.hypot(abs(x) - aside, (y - back)[:, None])
        return np.asarray(np.minimum(radius - rest, end).astype(np.float32))

    def _table(
        self, x: np.ndarray, y: np.ndarray, lay: Callable[[np.ndarray, float], None]
    ) -> None:
        top, kind = self.table_mm, self.spec.table
        if kind in ("flat", "foam"):
            lay(np.minimum(2.0 - abs(y - top - 2.0), 210.0 - abs(x)), -250.0)
        if kind == "foam":
            lay(np.minimum(14.0 - abs(y - self.back_mm - 14.0), 200.0 - abs(x)), self.foam_hu)
        if kind == "curved":
            radius = 420.0
            bowl = radius - np.sqrt(np.maximum(radius**2 - x**2, 1.0))
            lay(np.minimum(2.0 - abs(y - top - 2.0 + bowl), 205.0 - abs(x)), -180.0)
            lay(np.minimum(2.0 - abs(y - top - 46.0 + 0.3 * bowl), 215.0 - abs(x)), -180.0)
            lay(
                np.minimum(
                    2.5 - abs(abs(x) - 204.0), np.minimum(y - top - 2.0 + bowl, top + 46.0 - y)
                ),
                -180.0,
            )
        if kind == "hollow":
            box = np.minimum(215.0 - abs(x), 22.0 - abs(y - top - 22.0))
            lay(box, -120.0)
            lay(box - 2.5, -1000.0 if self.foam_hu < -940 else self.foam_hu)
