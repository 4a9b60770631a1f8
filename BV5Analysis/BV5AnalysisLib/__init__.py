"""Pulmonary blood volume by vessel cross-sectional area from chest CT."""

__version__ = "0.1.0"
