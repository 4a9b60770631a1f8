"""A batch whose source changed since it was begun: what is added, kept, or refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ...imaging.errors import AnalysisError
from ...study.batch.batch_case import BatchCase
from ...study.texts import listed

GONE = "The scan is not found any more where the batch was begun from."


@dataclass(frozen=True)
class Renewal:
    """A plan put together from how it was and how it is now.

    Attributes
    ----------
    cases : tuple of BatchCase
        In the order of the source as it is now; what is no longer there comes last.
    notes : tuple of str
        What the user should know, one line each.
    """

    cases: tuple[BatchCase, ...]
    notes: tuple[str, ...] = ()


def renewed(
    before: Sequence[BatchCase],
    now: Sequence[BatchCase],
    finished: Collection[str],
    failed: Collection[str],
) -> Renewal:
    """Take up what is new in a batch's source.

    Parameters
    ----------
    before, now : sequence of BatchCase
        The plan as the batch has it, and as it is made now.
    finished, failed : collection of str
        Names of measured cases, and of failed ones that are not repeated.

    Returns
    -------
    Renewal
        New cases are added, unfinished ones are as they are now.

    Raises
    ------
    AnalysisError
        The input of a finished case changed, or no case is left, as with another source.
    """
    former = {case.name: case for case in before}
    present = {case.name for case in now}
    if former and not former.keys() & present:
        raise AnalysisError(
            "None of this batch's cases is in the source that is given; give the one that it was"
            " begun with, or another output folder."
        )
    changed = [
        case.name
        for case in now
        if case.name in former and _differs(case, former[case.name], case.name in failed)
    ]
    measured = [name for name in changed if name in finished]
    if measured:
        raise AnalysisError(
            f"Scan or masks changed since they were measured: {listed(measured)}; delete the"
            " folders of these cases to have them measured again, or begin a new output folder."
        )
    cases = [_merged(case, former.get(case.name), finished, failed) for case in now]
    for case in before:
        if case.name not in present:
            done = case.name in finished or case.name in failed
            cases.append(case if done else replace(case, problem=GONE))
    return Renewal(tuple(cases), tuple(_notes(former, cases, present, failed, changed)))


def _differs(case: BatchCase, former: BatchCase, failed: bool) -> bool:
    # A scan that was not there at first is another one, too.
    return case.input not in {"", former.input} and (failed or former.input != "")


def _merged(
    case: BatchCase,
    former: BatchCase | None,
    finished: Collection[str],
    failed: Collection[str],
) -> BatchCase:
    if former is not None and case.name in failed:
        return former  # As it failed, so that a change is reported again.
    if former is not None and case.name in finished:
        return replace(former, listing=case.listing)
    return case


def _notes(
    former: dict[str, BatchCase],
    cases: Sequence[BatchCase],
    present: Collection[str],
    failed: Collection[str],
    changed: Sequence[str],
) -> list[str]:
    notes = []
    added = [case.name for case in cases if case.name not in former]
    if added:
        notes.append(f"New since the batch was begun, and added: {listed(added)}.")
    gone = [name for name in former if name not in present]
    if gone:
        notes.append(f"No longer in the source: {listed(gone)}; what was measured stays.")
    waiting = [name for name in changed if name in failed]
    if waiting:
        notes.append(f"Changed since they failed: {listed(waiting)}; add --retry-failed.")
    return notes
