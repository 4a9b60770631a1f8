"""All that a chest phantom is made of, for telling where a false piece of vessel comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from BV5AnalysisLib.imaging.phantom import ChestPhantom
from BV5AnalysisLib.imaging.phantom.anatomy import RIGHT, SIDES, PhantomAnatomy, build_anatomy
from BV5AnalysisLib.imaging.phantom.bundles import wall_thickness
from BV5AnalysisLib.imaging.phantom.chest import build_plumbing, chances
from BV5AnalysisLib.imaging.phantom.disease import PhantomParenchyma, build_parenchyma
from BV5AnalysisLib.imaging.phantom.placement import Placement
from BV5AnalysisLib.imaging.phantom.plumbing import Material, Plumbing

from chest_phantoms.matching import Pieces, clearance, distance_to, nearest_in_reach, pieces_of

BLUR_MM = 0.7
"""How far off its surface a thin structure still brightens what is beside it."""


class Place(IntEnum):
    """What a found piece of vessel lies on; the first that applies."""

    VESSEL = 0
    VESSEL_OUTSIDE = 1
    VESSEL_HIDDEN = 2
    OUTSIDE = 3
    CONSOLIDATION = 4
    AIRWAY = 5
    FISSURE = 6
    NOISE = 7


PLACE_NAMES = {
    Place.VESSEL: "vessel",
    Place.VESSEL_OUTSIDE: "vessel outside the lungs",
    Place.VESSEL_HIDDEN: "vessel in consolidation",
    Place.OUTSIDE: "no vessel, outside the lungs",
    Place.CONSOLIDATION: "no vessel, consolidation",
    Place.AIRWAY: "airway wall",
    Place.FISSURE: "fissure",
    Place.NOISE: "parenchyma, noise",
}


@dataclass(frozen=True, eq=False)
class Truth:
    """What a phantom is made of.

    Attributes
    ----------
    vessels : Pieces
        Counted vessels: inside the lungs, outside consolidation.
    blood : Pieces
        Every tube with blood, those of the mediastinum and in consolidation with them.
    airways : Pieces
        Airways inside and outside the lungs; areas are of the lumen.
    """

    vessels: Pieces
    blood: Pieces
    airways: Pieces
    _phantom: ChestPhantom
    _anatomy: PhantomAnatomy
    _parenchyma: PhantomParenchyma

    @classmethod
    def of(cls, phantom: ChestPhantom) -> Truth:
        """Build the phantom's body once more, without drawing it."""
        spec = phantom.spec
        anatomy = build_anatomy(spec.chest_scale, spec.expiration)
        chance = chances(spec.seed)
        parenchyma = build_parenchyma(spec, anatomy, chance["parenchyma"])
        plumbing = build_plumbing(spec, anatomy, chance, lambda _fraction: None)
        placement = Placement.of(spec, anatomy)
        plumbing = placement.plumbing(plumbing)
        anatomy, parenchyma = placement.anatomy(anatomy), placement.parenchyma(parenchyma)
        return cls(
            vessels=pieces_of(phantom.centerlines),
            blood=_tubes(plumbing, Material.BLOOD),
            airways=_tubes(plumbing, Material.LUMEN),
            _phantom=phantom,
            _anatomy=anatomy,
            _parenchyma=parenchyma,
        )

    def in_lungs(self, points_mm: np.ndarray) -> np.ndarray:
        """Whether points (n, 3) lie in the true lungs."""
        return np.maximum(*(self._anatomy.lungs[side].at(points_mm) for side in SIDES)) > 0

    def airway_clearance(self, points_mm: np.ndarray) -> np.ndarray:
        """Distance (n,) from points (n, 3) to the outside of the nearest airway's wall, mm."""
        lumen = self.airways.radius_mm
        return clearance(self.airways, lumen + wall_thickness(lumen), points_mm)

    def on_fissure(self, points_mm: np.ndarray) -> np.ndarray:
        """Whether points (n, 3) lie on an interlobar fissure."""
        if not self._phantom.spec.fissures:
            return np.zeros(len(points_mm), bool)
        near = np.zeros(len(points_mm), bool)
        for side in SIDES:
            here = self._anatomy.lungs[side].at(points_mm) > 0
            oblique = self._anatomy.oblique[side].at(points_mm)
            near |= here & (abs(oblique) < 1 + BLUR_MM)
            if side == RIGHT:
                horizontal = self._anatomy.horizontal.at(points_mm)
                near |= here & (abs(horizontal) < 1 + BLUR_MM) & (oblique > 0)
        return near

    def place(self, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Say what points lie on.

        Parameters
        ----------
        points_mm : numpy.ndarray
            (n, 3) world points.

        Returns
        -------
        place : numpy.ndarray
            (n,) `Place` values.
        vessel : numpy.ndarray
            (n,) index into `vessels` where the place is one, else -1.
        """
        hidden = self._parenchyma.hidden(points_mm)
        outside = ~self.in_lungs(points_mm)
        place = np.full(len(points_mm), Place.NOISE)
        place[self.on_fissure(points_mm)] = Place.FISSURE
        place[self.airway_clearance(points_mm) <= BLUR_MM] = Place.AIRWAY
        place[hidden] = Place.CONSOLIDATION
        place[outside] = Place.OUTSIDE
        uncounted = nearest_in_reach(self.blood, self.blood.reach_mm, points_mm)[0] >= 0
        uncounted |= nearest_in_reach(self.blood, self.blood.radius_mm, points_mm)[0] >= 0
        place[uncounted] = np.where(outside, Place.VESSEL_OUTSIDE, Place.VESSEL_HIDDEN)[uncounted]
        # The line is the nearer clue: a branch's first bit runs through the lumen of another.
        vessel = nearest_in_reach(self.vessels, self.vessels.reach_mm, points_mm)[0]
        in_lumen = nearest_in_reach(self.vessels, self.vessels.radius_mm, points_mm)[0]
        vessel = np.where(vessel >= 0, vessel, in_lumen)
        # In the lungs and seen, a tube is a counted one though its line may lie in another tube.
        stray = uncounted & ~outside & ~hidden & (vessel < 0)
        if stray.any():
            vessel[stray] = distance_to(self.vessels, points_mm[stray])[1]
        place[vessel >= 0] = Place.VESSEL
        return place, vessel


def _tubes(plumbing: Plumbing, material: Material) -> Pieces:
    chosen = np.flatnonzero(plumbing.material == material)
    tubes = plumbing.tubes.take(chosen)
    area = np.pi * tubes.outer_mm**2
    return Pieces(
        tubes.center_mm,
        tubes.tangent,
        tubes.step_mm,
        area,
        area * tubes.step_mm / 1000,
    )
