"""The fixtures that the panel's tests have."""

from panel.conftest import messages, qt, slicer_app, slot_errors, windowless_slicer_app

__all__ = ["messages", "qt", "slicer_app", "slot_errors", "windowless_slicer_app"]
