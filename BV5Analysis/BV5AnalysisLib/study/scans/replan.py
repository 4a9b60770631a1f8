"""The plan of a batch that was begun, from its source as that is now."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from ...imaging.progress import Progress
from ..batch.batch_case import BatchCase
from ..batch.workers import Mapper
from .case_names import made_unique
from .manifest import read_manifest
from .plan import Plan, plan_batch, plan_of_rows, row_listing


def plan_again(
    source: Path,
    output: Path,
    known: Sequence[BatchCase],
    needed: Collection[str],
    *,
    keep_identifiers: bool = False,
    mapper: Mapper = map,
    progress: Progress | None = None,
) -> Plan:
    """Plan a batch anew, reading as little as possible.

    Of a manifest only those rows are looked at that are new or whose files changed; a folder tree
    is searched as `plan_batch` does, and a case keeps its name wherever its scan is now.

    Parameters
    ----------
    source, output, keep_identifiers, mapper, progress
        See `plan_batch`.
    known : sequence of BatchCase
        The plan as it was.
    needed : collection of str
        Names of cases that are to be planned in any case, such as those without sources.

    Returns
    -------
    Plan
        All current cases; those that were not read again are as in `known`.

    Raises
    ------
    AnalysisError
        As `plan_batch`.
    """
    progress = progress or (lambda _step, _fraction: None)
    source = Path(os.path.abspath(source))  # noqa: PTH100  links stay as they are
    if source.is_dir():
        plan = plan_batch(
            source, output, keep_identifiers=keep_identifiers, mapper=mapper, progress=progress
        )
        return _with_known_names(plan, known)
    before = {case.name: case for case in known}
    manifest = read_manifest(source)
    stale = tuple(
        row
        for row in manifest.rows
        if row.case not in before
        or row.case in needed
        or row_listing(row, manifest) != before[row.case].listing
    )
    plan = plan_of_rows(replace(manifest, rows=stale), keep_identifiers, mapper, progress)
    anew = {case.name: case for case in plan.cases}
    return replace(
        plan, cases=tuple(anew.get(row.case) or before[row.case] for row in manifest.rows)
    )


def _with_known_names(plan: Plan, known: Sequence[BatchCase]) -> Plan:
    """Plan whose cases are called as they were: what is new beside them may change names."""
    counts = Counter(case.input for case in (*known, *plan.cases))
    # Copies differ by their names only.
    former = {case.input: case.name for case in known if case.input and counts[case.input] == 2}
    kept = [former.get(case.input) for case in plan.cases]
    taken = [name for name in kept if name is not None]
    others = [case.name for case, name in zip(plan.cases, kept, strict=True) if name is None]
    free = iter(made_unique([*taken, *others])[len(taken) :])
    names = [name if name is not None else next(free) for name in kept]
    now = dict(zip((case.name for case in plan.cases), names, strict=True))
    return replace(
        plan,
        cases=tuple(replace(case, name=now[case.name]) for case in plan.cases),
        identifiers=tuple(replace(each, case=now[each.case]) for each in plan.identifiers),
    )
