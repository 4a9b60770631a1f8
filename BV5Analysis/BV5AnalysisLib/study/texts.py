"""Lists in sentences."""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 8
LONGEST = 60
"""Letters of an item that comes from a table."""
LONGEST_REASON = 200
"""Letters of an item that is a sentence of ours."""


def listed(items: Iterable[object], shown: int = SHOWN, longest: int = LONGEST) -> str:
    """Join some items by commas, and say how many more there are."""
    texts = [shortened(str(item), longest) for item in items]
    more = f" and {len(texts) - shown} more" if len(texts) > shown else ""
    return ", ".join(texts[:shown]) + more


def shortened(text: str, longest: int = LONGEST) -> str:
    """Text on one line, cut off where it is longer than a name."""
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def counted(n: int, singular: str, plural: str = "") -> str:
    """``1 case``, ``2 cases``."""
    return f"{n} {singular if n == 1 else plural or singular + 's'}"
