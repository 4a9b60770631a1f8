"""Digital phantoms: what a scanner would make of vessels whose every size is known."""

from .straight import StraightAirway, StraightTube, TubePhantom, tube_phantom

__all__ = ["StraightAirway", "StraightTube", "TubePhantom", "tube_phantom"]
