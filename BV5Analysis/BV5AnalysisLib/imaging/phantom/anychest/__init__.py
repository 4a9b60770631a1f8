"""Chests of any build, disease and scanner, each drawn from one seed, with their truth."""

from .chest import AnyChestPhantom, any_chest
from .kinds import TissueKind
from .spec import AnyChestSpec, any_chest_spec

__all__ = ["AnyChestPhantom", "AnyChestSpec", "TissueKind", "any_chest", "any_chest_spec"]
