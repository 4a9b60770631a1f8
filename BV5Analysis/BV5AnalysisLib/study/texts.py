"""Lists in sentences."""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 8
LONGEST = 60
"""Letters of an item."""


def listed(items: Iterable[object], shown: int = SHOWN) -> str:
    """Join some items by commas, and say how many more there are."""
    texts = [shortened(str(item)) for item in items]
    more = f" and {len(texts) - shown} more" if len(texts) > shown else ""
    return ", ".join(texts[:shown]) + more


def shortened(text: str) -> str:
    """Text on one line, cut off where it is longer than a name."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def counted(n: int, singular: str, plural: str = "") -> str:
    """``1 case``, ``2 cases``."""
    return f"{n} {singular if n == 1 else plural or singular + 's'}"
