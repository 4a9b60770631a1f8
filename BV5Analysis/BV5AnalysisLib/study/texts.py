"""Lists in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHOWN = 8
LONGEST = 60
"""Letters of an item that comes from a table."""
LONGEST_REASON = 200
"""Letters of an item that is a sentence."""
# Control characters, ends of lines, marks of direction, and bytes that are no UTF-8.
_UNPRINTABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)


def listed(items: Iterable[object], shown: int = SHOWN, longest: int = LONGEST) -> str:
    """Join some items by commas, and say how many more there are."""
    texts = [shortened(str(item), longest) for item in items]
    more = f" and {len(texts) - shown} more" if len(texts) > shown else ""
    return ", ".join(texts[:shown]) + more


def shortened(text: str, longest: int = LONGEST) -> str:
    """Text on one line, cut off where it is longer than a name."""
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Text that moves no cursor and turns no line around, as names of files may."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def counted(n: int, singular: str, plural: str = "") -> str:
    """``1 case``, ``2 cases``."""
    return f"{n} {singular if n == 1 else plural or singular + 's'}"
