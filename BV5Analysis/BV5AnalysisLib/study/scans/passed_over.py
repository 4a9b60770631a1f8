"""What was found beside the scans and is listed with a reason."""

from __future__ import annotations

from typing import NamedTuple


class PassedOver(NamedTuple):
    """Something that was found and is not measured.

    Attributes
    ----------
    what : str
        Its path within the folder that was searched, or how many of what.
    reason : str
        Why not, one line.
    """

    what: str
    reason: str
