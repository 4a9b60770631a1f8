"""How much blood and lung a user's edits changed."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .measurements import Measurement


@dataclass(frozen=True)
class Edits:
    """Blood and lung that edits by hand changed, mL, none negative.

    Attributes
    ----------
    erased_ml, added_ml : float
        Blood of vessels that were erased, and painted.
    reclassified_ml : float
        Blood of vessels whose class was set by hand.
    lung_changed_ml : float
        Blood outside the lungs since they were edited.
    lung_volume_changed_ml : float
        Absolute changes of the right and the left lung's volume, added up.
    """

    erased_ml: float = 0.0
    added_ml: float = 0.0
    reclassified_ml: float = 0.0
    lung_changed_ml: float = 0.0
    lung_volume_changed_ml: float = 0.0

    def __add__(self, other: Edits) -> Edits:
        """Sum of both, for edits made one after the other."""
        sums = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
        }
        return Edits(**sums)

    def __bool__(self) -> bool:
        """Whether anything was changed."""
        return any(getattr(self, field.name) > 0 for field in fields(self))

    @property
    def blood_ml(self) -> float:
        """Blood that was changed in any way."""
        return self.erased_ml + self.added_ml + self.reclassified_ml + self.lung_changed_ml


def lung_edits(
    before: tuple[Measurement, ...], after: tuple[Measurement, ...], voxel_ml: float
) -> Edits:
    """Edits of the lungs, by the change of their volumes.

    Parameters
    ----------
    before, after : tuple of Measurement
        With rows of the right and the left lung.
    voxel_ml : float
        Volume of a voxel; less than half of it is rounding.

    Returns
    -------
    Edits
        Only `lung_volume_changed_ml` is set.
    """
    sides = ("right", "left")
    was, now = ({row.region: row.lung_volume_ml for row in rows} for rows in (before, after))
    changed = sum(abs(now[side] - was[side]) for side in sides if side in was and side in now)
    return Edits(lung_volume_changed_ml=changed if changed > voxel_ml / 2 else 0.0)
