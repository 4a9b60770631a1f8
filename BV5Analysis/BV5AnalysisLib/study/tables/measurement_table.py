"""Tables of measurements: one row a case, of the wanted region."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...imaging.errors import AnalysisError
from ...imaging.parameters import APART, INCLUDED
from ..measures import MEASURES
from ..texts import LONGEST_REASON, counted, listed, shortened
from ..values import Exclusion, FlowStep, UnusableCell, Variable
from .batch_tables import case_name, is_of_batch, not_measured, with_own_tables
from .case_table import CaseTable, frame_of
from .numbers import parse_numbers
from .percentages import check_percentages
from .spreadsheet import Sheet, read_sheet

FILE = "measurements.csv"
LUNG_VOLUME = Variable("lung_volume_ml", "Lung volume", "mL")
DEFINITION = ("minimum_csa_mm2", "bv5_upper_csa_mm2", "bv10_lower_csa_mm2")
HILUM = "hilum"
"""Column that says whether hilar blood is counted; tables of earlier versions lack it."""
HILUM_SHARE = "hilum_share"
"""Column that says from which share of lung around a vessel is not hilar."""
_OTHER_NUMBERS = (
    LUNG_VOLUME,
    Variable("below_floor_ml", "Below floor", "mL"),
    Variable("tpbv_ml_per_l", "TPBV per liter of lung", "mL/L"),
    Variable("bv5_ml_per_l", "BV5 per liter of lung", "mL/L"),
    Variable("bv5_10_ml_per_l", "BV5-10 per liter of lung", "mL/L"),
    Variable("bv10_ml_per_l", "BV10 per liter of lung", "mL/L"),
    Variable("minimum_csa_mm2", "Minimum CSA", "mm²"),
    Variable("bv5_upper_csa_mm2", "Upper CSA of BV5", "mm²"),
    Variable("bv10_lower_csa_mm2", "Lower CSA of BV10", "mm²"),
    Variable("blood_hu", "Attenuation of blood", "HU"),
    Variable("hilar_ml", "Hilar", "mL"),
    Variable(HILUM_SHARE, "Lung around of hilar vessels, below"),
    Variable("kernel_sharpness", "Sharpness of the kernel, undone"),
)
_TEXTS = (
    Variable("findings", "Findings"),
    Variable("trusted", "Trusted"),
    Variable("withheld", "Withheld"),
    Variable("software_version", "Software version"),
    Variable("review", "Review"),
    Variable(HILUM, "Hilum"),
)
NOT_CLINICAL = frozenset(each.key for each in (*MEASURES, *_OTHER_NUMBERS, *_TEXTS)) - {
    LUNG_VOLUME.key
}
"""Columns that do not describe patients: measures, and how they were measured."""


@dataclass(frozen=True, eq=False)
class Measurements:
    """What was measured.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    table : CaseTable
        One row a case; the columns include those of `MEASURES`.
    flow : tuple of FlowStep
        From all scans to these.
    unusable : tuple of UnusableCell
    notes : tuple of str
    """

    name: str
    table: CaseTable
    flow: tuple[FlowStep, ...]
    unusable: tuple[UnusableCell, ...]
    notes: tuple[str, ...]


def read_measurements(
    path: Path, region: str = "both", keep_rejected: bool = False
) -> Measurements:
    """Read ``measurements.csv`` of a case or a batch.

    Parameters
    ----------
    path : pathlib.Path
        The table, or the folder that holds it. In a batch's folder, cases that failed or are not
        finished are counted as scans, and each case's own table counts (`with_own_tables`).
    region : str
        The region to read, in any letter case.
    keep_rejected : bool
        Keep what the review rejected.

    Returns
    -------
    Measurements

    Raises
    ------
    AnalysisError
        It cannot be read, is no table of measurements, or lacks the region.
    """
    if path.is_dir():
        if not (path / FILE).is_file():
            raise AnalysisError(
                f"Folder {path.resolve().name} holds no {FILE}; give the folder of a batch, or a"
                " table."
            )
        path = path / FILE
    sheet = read_sheet(path)
    indices = _indices(sheet)
    lost: list[Exclusion] = []
    if is_of_batch(path):
        if "region" in indices:
            sheet = with_own_tables(sheet, path.parent, indices["case"], indices["region"])
        lost = not_measured(path.parent, set(map(case_name, sheet.column(indices["case"]))))
    cases = [case_name(cell) for cell in sheet.column(indices["case"])]
    steps = [FlowStep("scans", len(set(cases)) + len(lost), tuple(lost))]
    rows, excluded = _rows_of_region(sheet, indices, cases, region)
    columns, unusable = _columns(sheet, indices, rows, [cases[row] for row in rows])
    table = CaseTable(
        frame_of([cases[row] for row in rows], columns),
        tuple(Variable(each.key, each.name, each.unit) for each in MEASURES)
        + tuple(each for each in (*_OTHER_NUMBERS, *_TEXTS) if each.key in columns),
    )
    measured = np.any([np.isfinite(columns[each.key]) for each in MEASURES], axis=0)
    excluded += [
        Exclusion(case, "all measurements are missing")
        for case, there in zip(table.cases, measured, strict=True)
        if not there
    ]
    table = table.select(measured)
    steps = _with_step(steps, "measured", len(table), excluded)
    table, rejected = _without_rejected(table, keep_rejected)
    steps = _with_step(steps, "not rejected in review", len(table), rejected)
    if not len(table):
        raise _nothing_left(sheet.name, steps, has_regions="region" in indices)
    check_percentages(sheet.name, table, {cases[row]: sheet.numbers[row] for row in rows})
    return Measurements(
        sheet.name,
        table,
        tuple(steps),
        tuple(unusable),
        (
            *sheet.notes,
            *_untrusted_note(table),
            *_withheld_note(table),
            *_findings_note(table),
            *_same_scan_note(table),
        ),
    )


def definition_of(table: CaseTable, name: str) -> tuple[float, ...] | None:
    """Floor and bounds of the size classes in mm²; None if the table lacks them.

    Raises
    ------
    AnalysisError
        Cases were measured by different ones.
    """
    if any(key not in table.columns for key in DEFINITION):
        return None
    values = np.column_stack([table.columns[key] for key in DEFINITION])
    found = Counter(map(tuple, values[np.all(np.isfinite(values), axis=1)].tolist()))
    if len(found) > 1:
        ways = "; ".join(
            f"{counted(n, 'case')} with {', '.join(f'{bound:g}' for bound in bounds)}"
            for bounds, n in found.most_common()
        )
        raise AnalysisError(
            f"{name} mixes definitions of the size classes (bounds in mm²: {ways}), whose numbers"
            " cannot be compared; measure all alike, or leave some out, as with --exclude"
            f" 'minimum_csa_mm2!={found.most_common(1)[0][0][0]:g}'."
        )
    return next(iter(found), None)


def hilum_of(table: CaseTable, name: str) -> str:
    """How hilar blood counts in all cases: ``apart`` or ``included``.

    Tables of versions that did not tell it apart have it included.

    Raises
    ------
    AnalysisError
        Cases were measured in different ways.
    """
    if HILUM not in table.columns:
        return INCLUDED
    ways = [text.strip().casefold() or INCLUDED for text in table.columns[HILUM]]
    shares = table.columns.get(HILUM_SHARE, np.full(len(ways), np.nan))
    told = [
        f"{way} below {share:g}" if way == APART and np.isfinite(share) else way
        for way, share in zip(ways, shares, strict=True)
    ]
    found = Counter(told)
    if len(found) > 1:
        kept = told.index(found.most_common(1)[0][0])
        listed_ways = "; ".join(
            f"{counted(n, 'case')} with hilar blood {way}" for way, n in found.most_common()
        )
        raise AnalysisError(
            f"{name} mixes definitions of the hilum ({listed_ways}), whose numbers cannot be"
            " compared; measure all alike, or leave some out, as with"
            f" {_rules_to_keep(kept, table.columns[HILUM], shares)}."
        )
    return told[0] if told else INCLUDED


def _rules_to_keep(kept: int, written: np.ndarray, shares: np.ndarray) -> str:
    """Options that leave out all cases whose hilum is not told as that of the case at `kept`."""
    cells = [text.strip().casefold() for text in written]
    way, share = cells[kept] or INCLUDED, shares[kept]
    rules = []
    if way == APART and "" in cells:  # Missing: what is not equal leaves it in.
        rules.append(f"{HILUM}=")
    if not {way, ""}.issuperset(cells):
        rules.append(f"{HILUM}!={way}")
    alike = np.array([cell == way for cell in cells], bool)
    if way == APART:
        known = np.isfinite(shares)
        if np.isfinite(share) and (alike & ~known).any():
            rules.append(f"{HILUM_SHARE}=")
        if (alike & known & (shares != share)).any():
            rules.append(f"{HILUM_SHARE}!={share:g}" if np.isfinite(share) else f"{HILUM_SHARE}!=")
    return " ".join(f"--exclude '{rule}'" for rule in rules)


def _indices(sheet: Sheet) -> dict[str, int]:
    """Find the columns that `bv5` writes; AnalysisError if a required one is missing."""
    titles = [title.strip().casefold() for title in sheet.header]
    missing = [key for key in ("case", *(each.key for each in MEASURES)) if key not in titles]
    if missing:
        raise AnalysisError(
            f"{sheet.name} is no table of measurements: it lacks {listed(missing)}. Give"
            f" {FILE} of a batch first, and the clinical table after it."
        )
    ours = {"case", "region", *(each.key for each in (*MEASURES, *_OTHER_NUMBERS, *_TEXTS))}
    for key, n in Counter(titles).items():
        if n > 1 and key in ours:
            places = " and ".join(str(i + 1) for i, title in enumerate(titles) if title == key)
            raise AnalysisError(
                f"{sheet.name} has {n} columns {key} (columns {places}); remove or rename all but"
                " one."
            )
    return {title: titles.index(title) for title in titles}


def _nothing_left(name: str, steps: list[FlowStep], has_regions: bool) -> AnalysisError:
    excluded = [each for step in steps for each in step.excluded]
    reasons = listed((f"{each.case} ({each.reason})" for each in excluded), 3, LONGEST_REASON)
    advice = (
        "."
        if has_regions
        else "; it has no column region, so give one row a case, or the region of each row."
    )
    return AnalysisError(f"No case of {name} can be used: {reasons}{advice}")


def _rows_of_region(
    sheet: Sheet, indices: dict[str, int], cases: list[str], region: str
) -> tuple[list[int], list[Exclusion]]:
    """One row a case, and the cases that have none or several."""
    regions = (
        [cell.casefold() for cell in sheet.column(indices["region"])]
        if "region" in indices
        else [region.casefold()] * len(sheet.rows)
    )
    if region.casefold() not in regions:
        raise AnalysisError(
            f"{sheet.name} has no region {region!r}; it has {listed(sorted(set(regions)))}."
        )
    rows_of: dict[str, list[int]] = {}
    for row, (case, name) in enumerate(zip(cases, regions, strict=True)):
        rows_of.setdefault(case, [])
        if name == region.casefold():
            rows_of[case].append(row)
    rows, excluded = [], []
    for case, found in rows_of.items():
        if not case:
            raise AnalysisError(f"{sheet.name} has rows without a case; name them.")
        if not found:
            excluded.append(Exclusion(case, f"has no region {region}"))
        elif len({sheet.rows[row] for row in found}) > 1:
            numbers = ", ".join(str(sheet.numbers[row]) for row in found)
            excluded.append(
                Exclusion(case, f"rows {numbers} of {sheet.name} contradict each other")
            )
        else:
            rows.append(found[0])
    return rows, excluded


def _columns(
    sheet: Sheet, indices: dict[str, int], rows: list[int], cases: list[str]
) -> tuple[dict[str, np.ndarray], list[UnusableCell]]:
    columns: dict[str, np.ndarray] = {}
    unusable = []
    for each in (*MEASURES, *_OTHER_NUMBERS):
        if each.key not in indices:
            continue
        cells = [sheet.rows[row][indices[each.key]] for row in rows]
        if each.unit == "%":
            cells = [cell.removesuffix("%").rstrip() for cell in cells]
        numbers = parse_numbers(cells, thousands=False)
        values, reasons = numbers.values, dict(numbers.unusable)
        if each.unit in {"%", "mL"}:
            highest = 100.5 if each.unit == "%" else np.inf
            for i in np.flatnonzero((values < 0) | (values > highest)):
                reasons[int(i)] = "is not possible"
                values[i] = np.nan
        columns[each.key] = values
        unusable += [
            UnusableCell(cases[i], each.key, shortened(cells[i]), reason)
            for i, reason in reasons.items()
        ]
    for each in _TEXTS:
        if each.key in indices:
            cells = [sheet.rows[row][indices[each.key]] for row in rows]
            columns[each.key] = np.array(cells, dtype=object)
    return columns, unusable


def _without_rejected(table: CaseTable, keep: bool) -> tuple[CaseTable, list[Exclusion]]:
    if keep or "review" not in table.columns:
        return table, []
    rejected = np.array([text.casefold() == "rejected" for text in table.columns["review"]], bool)
    out = [Exclusion(case, "rejected in review") for case in table.select(rejected).cases]
    return table.select(~rejected), out


def _with_step(
    steps: list[FlowStep], text: str, remaining: int, excluded: list[Exclusion]
) -> list[FlowStep]:
    """Add a step, if it excludes cases or scans were lost before it."""
    if text != "measured":
        return [*steps, FlowStep(text, remaining, tuple(excluded))] if excluded else steps
    lost = steps[0].excluded
    excluded = [*lost, *excluded]
    first = FlowStep("scans", steps[0].remaining)
    return [first, FlowStep(text, remaining, tuple(excluded))] if excluded else [first]


def _findings_note(table: CaseTable) -> list[str]:
    if "findings" not in table.columns:
        return []
    counts = Counter(code for cell in table.columns["findings"] for code in cell.split(";") if code)
    if not counts:
        return []
    codes = listed((f"{code} ({n})" for code, n in counts.most_common()), 12)
    return [f"Findings of quality in {FILE}, which exclude no one by themselves: {codes}."]


def _untrusted_note(table: CaseTable) -> list[str]:
    """Name cases with an error among their findings."""
    if "trusted" not in table.columns:
        return []
    marked = np.array([cell.casefold() == "no" for cell in table.columns["trusted"]], bool)
    cases = table.select(marked).cases
    if not len(cases):
        return []
    return [
        f"The numbers of {counted(len(cases), 'case')} cannot be trusted, by an error among the"
        f" findings, and count all the same: {listed(cases)}. Look at them, and leave out what is"
        " wrong, as with --exclude 'trusted=no'."
    ]


def _withheld_note(table: CaseTable) -> list[str]:
    """Say how many cases lack which measures for what their scans cannot give."""
    if "withheld" not in table.columns:
        return []
    cells = table.columns["withheld"]
    codes = Counter(code for cell in cells for code in cell.split(";") if code)
    if not codes:
        return []
    marked = np.array([bool(cell) for cell in cells], bool)
    lacking = ((each, int(np.isnan(table.columns[each.key][marked]).sum())) for each in MEASURES)
    missing = listed((f"{each.title} of {n}" for each, n in lacking if n), len(MEASURES))
    return [
        f"Values that scans cannot give are missing in {counted(int(marked.sum()), 'case')}"
        f" ({listed(f'{code} ({n})' for code, n in codes.most_common())}): {missing}."
    ]


def _same_scan_note(table: CaseTable) -> list[str]:
    """Name cases that agree in all digits: two scans never do."""
    columns = [table.columns[each.key] for each in MEASURES]
    cases: dict[tuple[float, ...], list[str]] = {}
    for case, *values in zip(table.cases, *columns, strict=True):
        if np.isfinite(values).all():
            cases.setdefault(tuple(values), []).append(case)
    same = [each for each in cases.values() if len(each) > 1]
    if not same:
        return []
    return [
        f"Cases with the same measurements in all digits, as of one scan that is there twice:"
        f" {listed(' and '.join(each) for each in same)}. Leave all but one out, as with"
        f" --exclude 'case={same[0][-1]}'."
    ]
