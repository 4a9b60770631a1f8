"""Files of the example study: phantoms with their clinical table, and what was measured of them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...case.output_folder import FolderKind
from ...case.record import read_record
from ...case.versions import software_versions
from ...imaging.model.measurements import Measurement
from ...imaging.parameters import INCLUDED

DEMO_COHORT = FolderKind("demo-cohort.json", "bv5-analysis/demo-cohort", frozenset())
"""How the example's folder is known; what may be in it is in the folder's own record."""
SCHEMA_VERSION = "1.0"
MANIFEST, CLINICAL = "manifest.csv", "clinical.csv"
TRUE_BV5 = "true_bv5_hilum_included"
"""What ``bv5 cohort`` calls the column of the phantoms' true BV5 %."""


@dataclass(frozen=True)
class PrunedPhantom:
    """One phantom of the example.

    Attributes
    ----------
    case : str
    pruning_pct : float
        Peripheral vessels that are missing, %.
    truth : Measurement
        Of both lungs, with the hilum included, which a phantom does not tell apart.
    """

    case: str
    pruning_pct: float
    truth: Measurement


@dataclass(frozen=True)
class MeasuredPhantom:
    """A phantom, and BV5 and TPBV as they were measured: with the hilum included, as its truth."""

    phantom: PrunedPhantom
    bv5_pct: float
    tpbv_ml: float


def write_phantom_tables(folder: Path, phantoms: Sequence[PrunedPhantom]) -> None:
    """Write ``manifest.csv`` for the batch and ``clinical.csv`` for the cohort beside phantoms.

    Parameters
    ----------
    folder : pathlib.Path
        Existing folder, which has a folder a phantom.
    phantoms : sequence of PrunedPhantom
        In the order of rows.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    _write(
        folder / MANIFEST,
        ("case", "path"),
        [(phantom.case, f"{phantom.case}/ct.nrrd") for phantom in phantoms],
    )
    _write(
        folder / CLINICAL,
        ("case", "Pruning (%)", "True BV5, hilum included (%)"),
        [
            (phantom.case, f"{phantom.pruning_pct:g}", f"{phantom.truth.bv5_pct:.3f}")
            for phantom in phantoms
        ],
    )


def measured_phantoms(
    batch: Path, phantoms: Sequence[PrunedPhantom]
) -> tuple[MeasuredPhantom, ...]:
    """Give the phantoms that a batch measured, in the order of `phantoms`.

    Parameters
    ----------
    batch : pathlib.Path
        Folder of the batch. Its ``measurements.csv`` has the hilum apart, and a phantom's truth
        has it included: so do the records of its cases, beside.
    phantoms : sequence of PrunedPhantom
        All that the batch was given.

    Returns
    -------
    tuple of MeasuredPhantom
        Those with a row in ``measurements.csv``, in the same order.

    Raises
    ------
    AnalysisError
        The record of one that has a row cannot be read.
    """
    with (batch / "measurements.csv").open(encoding="utf-8", newline="") as file:
        measured = {row["case"] for row in csv.DictReader(file)}
    return tuple(
        _measured(phantom, batch / phantom.case) for phantom in phantoms if phantom.case in measured
    )


def _measured(phantom: PrunedPhantom, folder: Path) -> MeasuredPhantom:
    """Read what was measured of a phantom from the folder of its case."""
    both = read_record(folder / "result.json")["measurements_hilum_included"][0]
    bv5_pct, tpbv_ml = (
        math.nan if value is None else float(value) for value in (both["bv5_pct"], both["tpbv_ml"])
    )
    return MeasuredPhantom(phantom, bv5_pct, tpbv_ml)


def write_pruning(path: Path, measured: Sequence[MeasuredPhantom]) -> None:
    """Write measured beside true values, one row a phantom; OSError if that is not possible.

    All have the hilum included, which a column says.
    """
    values = ("true_bv5_pct", "bv5_pct", "true_tpbv_ml", "tpbv_ml")
    _write(
        path,
        ("case", "pruning_pct", *values, "hilum"),
        [
            (
                found.phantom.case,
                f"{found.phantom.pruning_pct:g}",
                f"{found.phantom.truth.bv5_pct:.3f}",
                f"{found.bv5_pct:.3f}",
                f"{found.phantom.truth.tpbv_ml:.4f}",
                f"{found.tpbv_ml:.4f}",
                INCLUDED,
            )
            for found in measured
        ],
    )


def write_record(folder: Path, content: Mapping[str, object]) -> None:
    """Write the file by which the example's folder is known, last, with all that is in it.

    Parameters
    ----------
    folder : pathlib.Path
        The example's folder, whole but for this file.
    content : mapping
        How it was made, fit for JSON.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    record = {
        "schema": DEMO_COHORT.schema,
        "schema_version": SCHEMA_VERSION,
        "software": software_versions(),
        **content,
        "files": sorted([*files, DEMO_COHORT.marker]),
    }
    text = json.dumps(record, indent=2, allow_nan=False)
    (folder / DEMO_COHORT.marker).write_text(text + "\n", encoding="utf-8", newline="")


def replaceable(folder: Path) -> FolderKind:
    """Give the kind of an example's folder, with the names that its record has.

    Parameters
    ----------
    folder : pathlib.Path
        Where the example is to go; it may exist, and may be anything.

    Returns
    -------
    FolderKind
        For `folder.output_folder`. A folder of something else is not of this kind.
    """
    if not DEMO_COHORT.holds(folder):
        return DEMO_COHORT
    files = json.loads((folder / DEMO_COHORT.marker).read_text(encoding="utf-8")).get("files")
    names = files if isinstance(files, list) else []
    return replace(DEMO_COHORT, names=frozenset(map(str, names)))


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
