"""The case that the panel shows, from its record in the scene."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ..imaging.errors import AnalysisError

if TYPE_CHECKING:
    from ..scene.nodes.outcome import Outcome

LONGEST_NAME = 120
"""Longest file name, bytes: file systems allow 255, some programs no more in a whole path."""


@dataclass(frozen=True)
class ShownCase:
    """One case and its record; the keys are those of ``result.json``.

    Attributes
    ----------
    outcome : Outcome
        Its nodes.
    record : dict
        As docs/result.schema.json says.
    text : str
        The record as the case node had it.
    """

    outcome: Outcome
    record: dict[str, Any]
    text: str

    @property
    def node(self) -> slicer.vtkMRMLTextNode:
        """Case node; None once it is deleted."""
        return self.outcome.caseNode

    @property
    def file_name(self) -> str:
        """Name as a file name: what file systems do not allow is replaced, or cut off."""
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", self.node.GetName()).encode("utf-8")
        return name[:LONGEST_NAME].decode("utf-8", "ignore").strip(" .") or "case"

    @property
    def measurements(self) -> list[dict[str, Any]]:
        """Rows: both lungs, right, left, then given regions."""
        return self.record["measurements"]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The same rows, each with the opacities of its region where they were measured."""
        opacities = {row["region"]: row for row in self.record.get("opacities", ())}
        return [opacities.get(row["region"], {}) | row for row in self.measurements]

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters that the numbers were computed with."""
        return self.record["parameters"]

    @property
    def edits(self) -> dict[str, float]:
        """Blood that edits moved, mL, by kind; only kinds that occurred."""
        edits = self.record.get("edits") or {}
        return {kind: volume_ml for kind, volume_ml in edits.items() if volume_ml}

    @property
    def review(self) -> dict[str, str]:
        """Verdict: status, reviewer, comment, time; empty if there is none."""
        return self.record.get("review") or {}

    @property
    def trusted(self) -> bool:
        """Whether no finding is an error, so that the numbers can be used."""
        return all(finding["severity"] != "error" for finding in self.record["findings"])

    @property
    def withheld(self) -> list[str]:
        """Why values are not given, a sentence each."""
        return [each["reason"] for each in self.record.get("withheld", ())]

    @property
    def edited(self) -> bool:
        """Whether the segmentations were edited since the numbers were computed."""
        from ..scene.nodes.outcome import EDITED

        return self.node is not None and self.node.GetAttribute(EDITED) == "1"


def shown_case(outcome: Outcome) -> ShownCase:
    """Read the record of a case.

    Parameters
    ----------
    outcome : Outcome
        Case of the scene.

    Returns
    -------
    ShownCase
        The case and its record.

    Raises
    ------
    AnalysisError
        The record is damaged, or of a newer version of the module.
    """
    from ..case.record import SCHEMA_VERSION, check_schema, parameters_of
    from ..case.record_fields import check_record

    node = outcome.caseNode
    name, text = node.GetName(), node.GetText()
    try:
        record = json.loads(text)
        newer = _is_newer(record, SCHEMA_VERSION)
        if not newer:
            check_schema(record)
            check_record(record)
            # An earlier version may have had fewer.
            parameters = parameters_of(record).to_dict()
            record["parameters"] = json.loads(json.dumps(parameters))
    except (AnalysisError, ValueError, TypeError, RecursionError) as error:
        raise AnalysisError(
            _(
                "The record of {name} is damaged; load the case again, or analyze again. ({reason})"
            ).format(name=name, reason=error)
        ) from error
    if newer:
        raise AnalysisError(
            _(
                "{name} was made by a newer version of BV5 Analysis, whose record (version"
                " {version}) this one cannot read. Update BV5 Analysis in the Extensions Manager,"
                " or analyze the CT again."
            ).format(name=name, version=str(record["schema_version"])[:20])
        )
    return ShownCase(outcome, record, text)


def _is_newer(record: Any, known: str) -> bool:
    """Whether a record is of a later major version of the schema; others are compatible."""
    version = record.get("schema_version") if isinstance(record, dict) else None
    major = str(version).split(".", maxsplit=1)[0]
    return major.isdecimal() and int(major) > int(known.split(".", maxsplit=1)[0])
