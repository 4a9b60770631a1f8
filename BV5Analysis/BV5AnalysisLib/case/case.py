"""One analyzed case with its review."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ..imaging.editing.recompute import Recomputed, check_recomputable
from ..imaging.errors import AnalysisError
from ..imaging.model.edits import Edits, lung_edits
from ..imaging.model.finding import Finding
from ..imaging.model.result import AnalysisResult, Measured
from ..imaging.model.scan import Acquisition
from ..imaging.model.volume import Grid
from ..imaging.parameters import Parameters
from ..imaging.sizing.blood_findings import renewed_findings
from ..study.reference import REFERENCE_MEASURES, Reference
from .applied_reference import AppliedReference, applied
from .versions import software_versions


@dataclass(frozen=True)
class Review:
    """What a reader decided about a case.

    Attributes
    ----------
    status : str
        Empty as long as nobody decided, else ``accepted`` or ``rejected``.
    reviewer, comment : str
        Free text.
    time : str
        When, ISO 8601 with the offset from UTC; empty without a decision.
    """

    status: str = ""
    reviewer: str = ""
    comment: str = ""
    time: str = ""

    def __post_init__(self) -> None:
        if self.status not in ("", "accepted", "rejected"):
            raise AnalysisError(f"A review is accepted or rejected, not {self.status!r}.")


@dataclass(frozen=True, eq=False, kw_only=True)
class Case(Measured):
    """All that is kept of an analysis: what was measured, and of the scan its place and identity.

    Attributes
    ----------
    name : str
        Name of the case.
    grid : Grid
        Of the scan, on which lungs and vessels lie.
    sha256 : str
        Of the scan's voxel values.
    acquisition : Acquisition
        How the scan was made.
    review : Review
        What a reader decided.
    edits : Edits or None
        What was edited by hand; None as long as nothing was recomputed.
    software : dict of str to str
        Versions by package, of what measured the numbers, or recomputed them.
    created : str
        When the scan was analyzed, UTC, ISO 8601.
    reference : AppliedReference or None
        Healthy people that the numbers are compared with.
    """

    name: str
    grid: Grid
    sha256: str
    acquisition: Acquisition
    review: Review = field(default_factory=Review)
    edits: Edits | None = None
    software: dict[str, str] = field(default_factory=dict)
    created: str = ""
    reference: AppliedReference | None = None


def case_of(name: str, result: AnalysisResult, reference: Reference | None = None) -> Case:
    """Case of a fresh analysis, not yet reviewed.

    Parameters
    ----------
    name : str
        Name of the case.
    result : AnalysisResult
        What was measured.
    reference : Reference, optional
        To compare with; measured in the same way, see `reference_file.check_usable`.

    Returns
    -------
    Case
        Without the scan, whose voxels are not kept.
    """
    return Case(
        name=name,
        lungs=result.lungs,
        vessels=result.vessels,
        centerlines=result.centerlines,
        measurements=result.measurements,
        csa_histogram=result.csa_histogram,
        findings=result.findings,
        calibration=result.calibration,
        parameters=result.parameters,
        seconds=result.seconds,
        lungs_given=result.lungs_given,
        opacities=result.opacities,
        withheld=result.withheld,
        tissue=result.tissue,
        grid=result.scan.volume.grid,
        sha256=result.scan.sha256,
        acquisition=result.scan.acquisition,
        software=software_versions(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        reference=_applied(reference, result) if reference else None,
    )


def _applied(reference: Reference, result: AnalysisResult) -> AppliedReference:
    """Compare a fresh analysis with the people of a reference who have what it has."""
    places = {
        (row.region, measure.key)
        for row in result.measurements
        for measure in REFERENCE_MEASURES
        if math.isfinite(result.value(row, measure.key))
    }
    return applied(reference, result.scan.person, places)


def with_recomputed(
    case: Case,
    recomputed: Recomputed,
    parameters: Parameters,
    findings: tuple[Finding, ...] | None = None,
) -> Case:
    """Update a case after edits.

    Parameters
    ----------
    case : Case
        As before the edits, but with the lungs as edited.
    recomputed : Recomputed
        Its vessels and numbers after the edits.
    parameters : Parameters
        Those that it was recomputed with.
    findings : tuple of Finding, optional
        Quality findings after the edits; updated from those of `case` if not given.

    Returns
    -------
    Case
        With the earlier and the new edits. If numbers changed, without the review, which was of
        the earlier ones; with other bounds or another hilum, or where this version is not that of
        the reference, without the reference, which was measured in another way.

    Raises
    ------
    AnalysisError
        The parameters differ in more than class bounds and hilum.
    """
    check_recomputable(case.parameters, parameters)
    lungs = lung_edits(case.measurements, recomputed.measurements, case.grid.voxel_volume_ml)
    new = recomputed.edits + lungs
    edits = (case.edits or Edits()) + new
    same = not new and parameters == case.parameters
    if findings is None:
        findings = renewed_findings(case.findings, recomputed.measurements[0], edits)
    return replace(
        case,
        vessels=recomputed.vessels,
        centerlines=recomputed.centerlines,
        measurements=recomputed.measurements,
        csa_histogram=recomputed.csa_histogram,
        findings=findings,
        parameters=parameters,
        review=case.review if same else Review(),
        edits=edits,
        software=software_versions(),
        reference=case.reference.for_parameters(parameters) if case.reference else None,
    )
