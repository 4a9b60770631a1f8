"""One analyzed case with its review."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ..imaging.editing.recompute import Recomputed, check_recomputable
from ..imaging.errors import AnalysisError
from ..imaging.model.centerlines import Centerlines
from ..imaging.model.edits import Edits, lung_edits
from ..imaging.model.finding import Finding
from ..imaging.model.measurements import AnalysisResult, Calibration, CsaHistogram, Measurement
from ..imaging.model.scan import Acquisition
from ..imaging.model.volume import Grid, Volume
from ..imaging.parameters import Parameters
from ..imaging.sizing.blood_findings import renewed_findings
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


@dataclass(frozen=True, eq=False)
class Case:
    """All that is kept of an analysis, without the scan; n points, b branches.

    Attributes
    ----------
    name : str
        Name of the case.
    lungs, vessels : Volume
        uint8 `LungLabel` and `SizeClass` values, 0 outside.
    centerlines : Centerlines
        Vessel branches with areas.
    measurements : tuple of Measurement
        Rows ``both``, ``right``, ``left``, then the given regions.
    csa_histogram : CsaHistogram
        Blood volume by area.
    findings : tuple of Finding
        Quality findings, the worst first.
    calibration : Calibration
        Blood, parenchyma and noise as measured.
    parameters : Parameters
        As used.
    seconds : dict of str to float
        Wall seconds a step.
    lungs_given : bool
        Whether the lungs were given rather than segmented.
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
        Versions by package.
    created : str
        When the scan was analyzed, UTC, ISO 8601.
    """

    name: str
    lungs: Volume
    vessels: Volume
    centerlines: Centerlines
    measurements: tuple[Measurement, ...]
    csa_histogram: CsaHistogram
    findings: tuple[Finding, ...]
    calibration: Calibration
    parameters: Parameters
    seconds: dict[str, float]
    lungs_given: bool
    grid: Grid
    sha256: str
    acquisition: Acquisition
    review: Review = field(default_factory=Review)
    edits: Edits | None = None
    software: dict[str, str] = field(default_factory=dict)
    created: str = ""


def case_of(name: str, result: AnalysisResult) -> Case:
    """Case of a fresh analysis, not yet reviewed.

    Parameters
    ----------
    name : str
        Name of the case.
    result : AnalysisResult
        What was measured.

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
        grid=result.scan.volume.grid,
        sha256=result.scan.sha256,
        acquisition=result.scan.acquisition,
        software=software_versions(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def with_recomputed(
    case: Case,
    recomputed: Recomputed,
    parameters: Parameters,
    findings: tuple[Finding, ...] | None = None,
) -> Case:
    """Case after edits.

    Parameters
    ----------
    case : Case
        Before, but with the lungs as edited.
    recomputed : Recomputed
        What became of it.
    parameters : Parameters
        That it was recomputed with.
    findings : tuple of Finding, optional
        Quality findings as they are now; made from the old ones if not given.

    Returns
    -------
    Case
        With the edits of both. A verdict goes where numbers changed: nobody has seen them.

    Raises
    ------
    AnalysisError
        The parameters differ in more than the class bounds.
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
    )
