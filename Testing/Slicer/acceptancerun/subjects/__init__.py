"""The steps by subject."""

import importlib

FILES = (
    "opening",
    "analyzing",
    "viewing",
    "picking",
    "editing",
    "judging",
    "saving",
    "speeds",
    "badinput",
    "reporting",
    "cohorts",
    "scenes",
    "selftesting",
)
"""In the order in which their steps run."""


def load() -> None:
    """Make all steps known."""
    for name in FILES:
        importlib.import_module(f"{__name__}.{name}")
