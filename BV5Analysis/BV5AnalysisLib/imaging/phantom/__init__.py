"""Digital phantoms: what a scanner would make of vessels whose every size is known."""

from .chest import ChestPhantom, chest_phantom
from .chestwall import ChestWall
from .spec import ChestPhantomSpec
from .straight import StraightAirway, StraightTube, TubePhantom, tube_phantom

__all__ = [
    "ChestPhantom",
    "ChestPhantomSpec",
    "ChestWall",
    "StraightAirway",
    "StraightTube",
    "TubePhantom",
    "chest_phantom",
    "tube_phantom",
]
