"""A whole case in the scene: added, updated, recomputed, written."""
