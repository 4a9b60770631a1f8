"""Quality findings: what limits the trust in the numbers of a scan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One quality finding.

    Attributes
    ----------
    code : str
        Stable identifier, lower case with underscores, such as ``thick_slices``.
    severity : Severity
        How much it matters.
    text : str
        One sentence for a clinician.
    value : float or None
        The measured value, in the unit that the text names.
    """

    code: str
    severity: Severity
    text: str
    value: float | None = None
