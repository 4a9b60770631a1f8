"""Vessels measured: cross-sectional areas, blood volumes, and how sure they are."""
