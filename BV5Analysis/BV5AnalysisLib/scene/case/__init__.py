"""A whole case in the scene: added, updated, measured anew, handed over."""
