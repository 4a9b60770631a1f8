"""What the description of a CT series says about it, in the words that scanners and people use."""

from __future__ import annotations

import re

from .dicom_index import SliceKind

_CHEST = r"chest|thora|torax|lung|pulm|poumon|polmon|hrct|\bthx"
_OTHER_PARTS = (
    r"abd|pelvi|becken|\bliver|leber|kidney|niere|renal|urogr|colon|head|kopf|brain|skull|schaedel"
    r"|schädel|cran|neck|\bhals|sinus|\bnnh|spine|\b[hbl]ws\b|lumba|cervi|knee|\bhip\b|hand|foot"
    r"|ankle|wrist|elbow|should|femur|\bleg|extrem|cardiac|coron(?:ary|ari)|calcium|casc|heart|herz"
)
_EXPIRATION = r"\bexp\b|expir|exsp|espir|ausatm"
_INSPIRATION = r"\binsp|inspir|einatm"
_PRONE = r"\bprone|bauchlage|procub"
_NATIVE = (
    r"\bw/?o\b|without|ohne|\bnon\b|\bno (?:iv|con)|nativ|unenh|\bnc(?:ct)?\b|plain|sans|\bc-"
    r"|senza|sin con"
)
_CONTRAST = (
    r"contrast|\bkm\b|\bcect|\+ ?c\b|\bc ?\+|\biv\b|arter|venous|venös|portal|ctpa|\bcta\b|angio"
    r"|embol|delayed|enhanced"
)
_SHARP = r"\blung\b|\bbone\b|\bsharp|\bedge|hrct"
_PROJECTION = r"\b(?:min)?mips?\b|\bminip|\bvrt\b|volume render|\braysum|\bmpv\b"
_PROJECTION_TYPES = frozenset(
    {"MIP", "MINIP", "MAX_IP", "MIN_IP", "MAXIMUM", "MINIMUM", "VRT", "VOLUME_RENDERING"}
    | {"PROJECTION IMAGE", "SCREEN SAVE", "SCREENSAVE", "DOSE", "DOSE_INFO"}
)


def is_of_chest(kind: SliceKind) -> bool:
    """Whether the description, or else the body part, names the chest."""
    return _has(_CHEST, _place(kind))


def is_of_other_part(kind: SliceKind) -> bool:
    """Whether the description, or else the body part, names other parts and not the chest."""
    return _has(_OTHER_PARTS, _place(kind)) and not is_of_chest(kind)


def is_in_expiration(kind: SliceKind) -> bool:
    """Whether the description says expiration, and not inspiration as well."""
    text = kind.header.series_description
    return _has(_EXPIRATION, text) and not _has(_INSPIRATION, text)


def is_prone(kind: SliceKind) -> bool:
    """Whether the patient lay face down."""
    in_words = _has(_PRONE, kind.header.series_description)
    return in_words or kind.patient_position in {"HFP", "FFP"}


def has_contrast(kind: SliceKind) -> bool:
    """Whether a contrast agent is named, and the description does not deny it."""
    text = kind.header.series_description
    agent = (kind.header.acquisition.contrast_agent or "").strip().upper()
    given = agent not in {"", "NO", "NONE", "N", "OHNE", "0"}
    return not _has(_NATIVE, text) and (given or _has(_CONTRAST, text))


def says_sharp(kind: SliceKind) -> bool:
    """Whether the kernel's or the series' name is one that sharp reconstructions have."""
    return _has(_SHARP, kind.header.acquisition.kernel or kind.header.series_description)


def is_projection(kind: SliceKind) -> bool:
    """Whether it is a maximum intensity projection or another kind of rendering."""
    return bool(_PROJECTION_TYPES & set(kind.image_type)) or _has(
        _PROJECTION, kind.header.series_description
    )


def is_derived(kind: SliceKind) -> bool:
    """Whether it was computed from other images, such as a reformat."""
    return "DERIVED" in kind.image_type[:1] or "SECONDARY" in kind.image_type[1:2]


def _place(kind: SliceKind) -> str:
    text = kind.header.series_description
    return text if _has(f"{_CHEST}|{_OTHER_PARTS}", text) else kind.body_part


def _has(pattern: str, text: str) -> bool:
    # People type underscores between words.
    return re.search(pattern, text.replace("_", " "), re.IGNORECASE) is not None
