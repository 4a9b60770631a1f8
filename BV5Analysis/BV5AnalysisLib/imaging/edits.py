"""How much of the numbers is a user's."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Edits:
    """Blood that edits by hand moved, mL, none negative.

    Attributes
    ----------
    erased_ml, added_ml : float
        Blood of vessels that were erased, and painted.
    reclassified_ml : float
        Blood of vessels whose class was set by hand.
    lung_changed_ml : float
        Blood that counts no more since the lungs were edited.
    """

    erased_ml: float = 0.0
    added_ml: float = 0.0
    reclassified_ml: float = 0.0
    lung_changed_ml: float = 0.0

    def __add__(self, other: Edits) -> Edits:
        """Both, one after the other."""
        sums = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
        }
        return Edits(**sums)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return any(getattr(self, field.name) > 0 for field in fields(self))
