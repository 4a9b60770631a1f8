"""The same body imaged again: moved and turned in the scanner, or with less air in its lungs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from ..errors import AnalysisError
from .anatomy import SIDES, PhantomAnatomy
from .disease import PhantomParenchyma
from .fields import Field
from .plumbing import Material, Plumbing
from .rendering import Tubes
from .spec import ChestPhantomSpec

LEAST_SHARE = 0.5
"""Of the lungs that must be left when air is taken: less is no breath held a little less deep."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Where each point of the body is in the scanner.

    Attributes
    ----------
    matrix : numpy.ndarray
        (3, 3) from the body to the scanner: squeezed along z, then turned.
    shift_mm : numpy.ndarray
        (3,) added then.
    squeeze : float
        Height of the body over what it is with all its air.
    """

    matrix: np.ndarray
    shift_mm: np.ndarray
    squeeze: float

    @classmethod
    def of(cls, spec: ChestPhantomSpec, anatomy: PhantomAnatomy) -> Placement:
        """Read a specification.

        Parameters
        ----------
        spec : ChestPhantomSpec
            Shift, turn and air lost.
        anatomy : PhantomAnatomy
            Before it is placed; how much lung there is.

        Raises
        ------
        AnalysisError
            More air is to be lost than the lungs can.
        """
        squeeze = 1.0 - spec.air_lost_ml / lung_volume_ml(anatomy) if spec.air_lost_ml else 1.0
        if squeeze < LEAST_SHARE:
            raise AnalysisError(
                f"Phantom air_lost_ml is {spec.air_lost_ml:g}; its lungs hold"
                f" {lung_volume_ml(anatomy):.0f} mL, and no more than half of that may be lost."
            )
        turn = Rotation.from_euler("xyz", spec.turn_deg, degrees=True).as_matrix()
        return cls(turn @ np.diag([1.0, 1.0, squeeze]), np.array(spec.shift_mm, float), squeeze)

    @property
    def is_turned(self) -> bool:
        """Whether more is done than a shift."""
        return not np.array_equal(self.matrix, np.eye(3))

    def to_scanner(self, points_mm: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the body in the scanner."""
        return np.asarray(points_mm @ self.matrix.T + self.shift_mm)

    def to_body(self, points_mm: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the scanner in the body."""
        return np.asarray((points_mm - self.shift_mm) @ np.linalg.inv(self.matrix).T)

    def field(self, field: Field) -> Field:
        """Put a quantity of the body into the scanner; the very same where nothing moves."""
        if self.is_turned:
            return PlacedField(field.values, field.origin_mm, field.step_mm, self)
        if not self.shift_mm.any():
            return field
        return Field(field.values, field.origin_mm + self.shift_mm, field.step_mm)

    def anatomy(self, anatomy: PhantomAnatomy) -> PhantomAnatomy:
        """Put the surfaces into the scanner; squeezed, distances along z are those of before."""
        return replace(
            anatomy,
            body=self.field(anatomy.body),
            bone=self.field(anatomy.bone),
            marrow=self.field(anatomy.marrow),
            great_vessels=self.field(anatomy.great_vessels),
            stomach_gas=self.field(anatomy.stomach_gas),
            fat=self.field(anatomy.fat),
            lungs={side: self.field(anatomy.lungs[side]) for side in SIDES},
            oblique={side: self.field(anatomy.oblique[side]) for side in SIDES},
            horizontal=self.field(anatomy.horizontal),
            hilum_mm={side: self.to_scanner(anatomy.hilum_mm[side]) for side in SIDES},
        )

    def parenchyma(self, parenchyma: PhantomParenchyma) -> PhantomParenchyma:
        """Put lung tissue into the scanner; squeezed, the same tissue is in less room."""
        patches = (parenchyma.ground_glass, parenchyma.consolidation)
        glass, solid = (None if each is None else self.field(each) for each in patches)
        spec = parenchyma.spec
        if self.squeeze != 1:
            spec = replace(spec, parenchyma_hu=self.denser_hu(spec.parenchyma_hu))
        return PhantomParenchyma(self.field(parenchyma.texture), glass, solid, spec)

    def denser_hu(self, parenchyma_hu: float) -> float:
        """Attenuation of lung tissue in the scanner: as much denser as there is less room."""
        return (parenchyma_hu + 1000) / self.squeeze - 1000

    def plumbing(self, plumbing: Plumbing) -> Plumbing:
        """Put all tubes into the scanner.

        Squeezed vessels keep their blood: as much shorter as they get, as much larger does their
        area. Airways keep their width.
        """
        if not self.is_turned and not self.shift_mm.any():
            return plumbing
        tubes = plumbing.tubes
        along = tubes.tangent @ self.matrix.T
        stretch = np.linalg.norm(along, axis=1)
        along = along / stretch[:, None]
        bend = tubes.curvature @ self.matrix.T / stretch[:, None] ** 2
        bend -= np.einsum("ni,ni->n", bend, along)[:, None] * along
        # Of the area; turned without a squeeze it is one but for rounding, which is no change.
        wider = np.where(plumbing.material == Material.BLOOD, 1 / stretch, 1.0)
        wider = wider if self.squeeze != 1 else np.ones_like(wider)
        placed = Tubes(
            self.to_scanner(tubes.center_mm),
            along,
            tubes.inner_mm,
            tubes.outer_mm * np.sqrt(wider),
            tubes.step_mm * (stretch if self.squeeze != 1 else 1.0),
            bend,
        )
        return replace(plumbing, tubes=placed, csa_mm2=plumbing.csa_mm2 * wider)


@dataclass(frozen=True, eq=False)
class PlacedField(Field):
    """A quantity of the body, asked for at points of the scanner.

    Attributes
    ----------
    placement : Placement
        Of the body.
    """

    placement: Placement

    def at(self, points_mm: np.ndarray) -> np.ndarray:
        """Values at points (..., 3) of the scanner."""
        return super().at(self.placement.to_body(points_mm))

    def plane(self, z_mm: float, y_mm: np.ndarray, x_mm: np.ndarray) -> np.ndarray:
        """Values (y, x) on an axial plane of the scanner's voxels."""
        points = np.stack(np.broadcast_arrays(x_mm[None], y_mm[:, None], z_mm), -1)
        return self.at(points)


def lung_volume_ml(anatomy: PhantomAnatomy) -> float:
    """Volume of both lungs with all that is in them."""
    return float(
        sum(
            np.count_nonzero(lung.values > 0) * lung.step_mm**3 / 1000
            for lung in anatomy.lungs.values()
        )
    )
