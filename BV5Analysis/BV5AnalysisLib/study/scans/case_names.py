"""Names of cases, which name folders in the batch's output."""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from ..formulas import begins_formula
from .identifiers import short_hash

LONGEST = 100
"""Characters of a name that is given."""
LONGEST_BYTES = 180
"""The same in bytes: file systems allow 255, and hidden folders of the same name have some more."""
_LONGEST_MADE = 60
OWN_NAMES = frozenset(
    {"measurements.csv", "failures.csv", "cases.csv", "index.html", "batch.json", "sources.json"}
    | {"log.jsonl", "thumbnails", "figures"}
)
"""What else lies in the output of a batch."""
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def folded(name: str) -> str:
    """Fold a name so that two are equal if they are one folder on Windows or macOS."""
    return unicodedata.normalize("NFC", name).casefold()


def problem_of_name(name: str) -> str:
    """Say why a given name cannot be that of a folder, in a few words; empty if it can be."""
    ways = (
        (not name, "is empty"),
        (bool(_FORBIDDEN.search(name)), 'holds one of / \\ : * ? " < > | or a control character'),
        (name.startswith("."), "starts with a dot"),
        (name.endswith((".", " ")), "ends with a dot or space"),
        (
            name.startswith("'") or begins_formula(name),
            "has a sign that begins a formula in spreadsheets at its start or after a semicolon",
        ),
        (bool(_WINDOWS_DEVICES.fullmatch(name)), "is a device of Windows"),
        (folded(name) in OWN_NAMES, "is that of a file of the batch"),
        (
            len(name) > LONGEST or len(os.fsencode(name)) > LONGEST_BYTES,
            f"has more than {LONGEST} characters",
        ),
        (not name.isprintable(), "holds characters that cannot be shown"),
    )
    return next((words for applies, words in ways if applies), "")


def safe_name(text: str) -> str:
    """Make a name of any text: letters, digits, and - _ . between them."""
    text = unicodedata.normalize("NFC", text)
    kept = re.sub(r"[^\w.]+", "-", text)
    kept = re.sub(r"-{2,}", "-", kept).strip("-. ")
    if len(kept) > _LONGEST_MADE or len(os.fsencode(kept)) > LONGEST_BYTES:
        kept = f"{kept[: _LONGEST_MADE // 3].rstrip('-. ')}-{short_hash(text)}"
    if not kept or problem_of_name(kept):
        kept = f"case-{kept}".rstrip("-")
    return kept


def names_for(places: Sequence[tuple[str, ...]], keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Parts of the path that distinguish each case from the others.

    Parameters
    ----------
    places : sequence of tuple of str
        Path of each case within the tree, in parts.
    keys : sequence of str
        What identifies each case, such as the UID of its study.

    Returns
    -------
    list of tuple of str
        As few parts from the top as distinguish it, without those that all share; with a hash of
        the key where the path is not enough.
    """
    shared = _shared(min(places), max(places)) if len(places) > 1 else 0
    counts = Counter(place[:end] for place in places for end in range(len(place) + 1))
    found = []
    for place, key in zip(places, keys, strict=True):
        ends = (end for end in range(shared + 1, len(place) + 1) if counts[place[:end]] == 1)
        end = next(ends, None)
        if end is not None:
            found.append(place[shared:end])
        else:
            # Its folder holds other cases, too.
            found.append((*(place[shared:] or place[-1:]), short_hash(key)))
    return found


def made_unique(names: Sequence[str]) -> list[str]:
    """Names of which no two make one folder: later ones get a number."""
    taken = {folded(name) for name in names}
    numbers: dict[str, int] = {}
    found = []
    for name in names:
        key, unique = folded(name), name
        while key in numbers and folded(unique) in taken:
            numbers[key] += 1
            unique = f"{name}-{numbers[key]}"
        numbers.setdefault(key, 1)
        taken.add(folded(unique))
        found.append(unique)
    return found


def _shared(first: tuple[str, ...], last: tuple[str, ...]) -> int:
    """Count the parts at the start that two sorted places, and so all between, share."""
    pairs = zip(first, last, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
