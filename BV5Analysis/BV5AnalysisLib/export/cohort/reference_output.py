"""The reference that the analysis of a cohort leaves, where one is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ...case.reference_file import check_content, check_reference_place, put_reference
from ...study.cohort.options import CohortOptions
from ...study.cohort.reference import ReferenceRequest, make_reference
from ...study.cohort.result import CohortResult
from ...study.reference import Reference


def check_wanted_reference(options: CohortOptions, folder: Path | None, overwrite: bool) -> None:
    """Refuse, before the work, a place that the reference could not be written to.

    Parameters
    ----------
    options : CohortOptions
        What is asked for; without a reference nothing is checked.
    folder : pathlib.Path or None
        Output folder of the same analysis.
    overwrite : bool
        Whether the user asked to replace what is there.

    Raises
    ------
    AnalysisError
        See `case.reference_file.check_reference_place`.
    """
    if options.reference is not None:
        check_reference_place(options.reference, folder, overwrite)


def wanted_reference(
    measurements: Path, clinical: Path, result: CohortResult, options: CohortOptions
) -> Reference | None:
    """Make the reference that is asked for; None if none is.

    Parameters
    ----------
    measurements, clinical : pathlib.Path
        Tables of the cohort.
    result : CohortResult
        Of these tables and options.
    options : CohortOptions
        What is asked for.

    Raises
    ------
    AnalysisError
        See `study.cohort.reference.make_reference` and `case.reference_file.check_content`.
    """
    if options.reference is None:
        return None
    created = datetime.now(UTC).isoformat(timespec="seconds")
    request = ReferenceRequest(measurements, clinical, options.reference.stem, created)
    reference = make_reference(request, result, options)
    check_content(reference)
    return reference


def put_wanted_reference(options: CohortOptions, reference: Reference | None) -> None:
    """Write the reference where it is wanted; AnalysisError if it cannot be written."""
    if options.reference is not None and reference is not None:
        put_reference(options.reference, reference)
