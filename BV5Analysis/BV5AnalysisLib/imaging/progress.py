"""Progress of a long computation."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with the step's name and the fraction done of the whole; may raise `Cancelled`."""
