"""Texts that spreadsheets would run as formulas, and the quotation mark that prevents it."""

from __future__ import annotations

import re

# A sign counts also after a semicolon, which separates cells where the comma is decimal; and as a
# wide character, which spreadsheets in East Asian languages take for the narrow one. A mark that is
# there already is marked again, so that marking can be undone.
_SIGN = "'*[=+\\-\u2212@＝＋－＠]"
_BEFORE = re.compile(rf"(^|;\s*)(?={_SIGN})")
_MARKED = re.compile(rf"(^|;\s*)'(?={_SIGN})")


def guard(text: str) -> str:
    """Text with ``'`` before what begins a formula: no spreadsheet runs it."""
    return _BEFORE.sub(r"\1'", text)


def unguard(text: str) -> str:
    """Text as it was before `guard`."""
    return _MARKED.sub(r"\1", text)


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet may run a text, or what follows a semicolon in it, as a formula."""
    return _BEFORE.search(text) is not None
