"""``bv5 demo-cohort``: from scans to tables, on phantoms and on invented patients.

The tables come from ``bv5 batch`` and ``bv5 cohort``, run as a user runs them.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..case.output_folder import check_output, output_folder
from ..export.cohort.demo_files import (
    CLINICAL,
    MANIFEST,
    TRUE_BV5,
    MeasuredPhantom,
    PrunedPhantom,
    measured_phantoms,
    replaceable,
    write_phantom_tables,
    write_pruning,
    write_record,
)
from ..export.cohort.synthetic_tables import write_synthetic_cohort
from ..export.phantom_files import write_phantom
from ..imaging.errors import AnalysisError
from ..imaging.phantom import ChestPhantomSpec, chest_phantom
from ..imaging.progress import Progress
from ..study.cohort.synthetic import synthetic_cohort
from .printing import print_table
from .progress import part, shown_progress
from .requirements import check_requirements
from .stopping import stop_in_order
from .subcommand import run_subcommand

SPEC = ChestPhantomSpec(seed=1, scale=0.75, spacing_mm=(0.8, 0.8, 1.0))
"""A small chest, so that all phantoms together take a minute or two."""
PRUNINGS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75)
PRUNING_THRESHOLD_PCT = 35
PATIENTS_SEED = 0
_MADE, _MEASURED, _PRUNING_ANALYZED = 0.5, 0.9, 0.95


@dataclass(frozen=True)
class Study:
    """What ``bv5`` is run with; `folder` is where all of it is.

    Attributes
    ----------
    folder : pathlib.Path
        The example's folder, or the hidden one that it is made in.
    report : bool
        Whether the batch draws pictures and reports.
    """

    folder: Path
    report: bool = True

    @property
    def batch(self) -> list[str]:
        """Measure the phantoms."""
        manifest = str(self.folder / "phantoms" / MANIFEST)
        plain = [] if self.report else ["--no-report"]
        return ["batch", manifest, "-o", str(self.folder / "batch"), *plain]

    @property
    def pruning(self) -> list[str]:
        """Compare the phantoms."""
        return [
            "cohort",
            str(self.folder / "batch" / "measurements.csv"),
            str(self.folder / "phantoms" / CLINICAL),
            *("-o", str(self.folder / "pruning")),
            *("--group-by", "pruning", "--threshold", str(PRUNING_THRESHOLD_PCT)),
            *("--correlate", f"pruning,{TRUE_BV5}"),
        ]

    @property
    def patients(self) -> list[str]:
        """Compare the invented patients."""
        return [
            "cohort",
            str(self.folder / "patients" / "measurements.csv"),
            str(self.folder / "patients" / "clinical.csv"),
            *("-o", str(self.folder / "table1")),
            *("--outcome", "outcome", "--positive", "died"),
        ]


def run(options: argparse.Namespace) -> None:
    """Carry out the command.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed by `BV5AnalysisLib.cli`.
    """
    report = not options.no_report
    check_requirements(report, scene=False)
    _check_statistics()
    kind = replaceable(options.output)
    check_output(options.output, kind, options.overwrite)
    with (
        stop_in_order(),
        shown_progress(options.progress) as progress,
        output_folder(options.output, kind, options.overwrite) as folder,
    ):
        measured = make_study(Study(folder, report), progress)
        write_record(folder, _record(Study(options.output, report)))
    if options.progress != "json":
        _print_summary(options.output, report, measured)


def _check_statistics() -> None:
    """Refuse, before phantoms are made, what ``bv5 cohort`` would refuse after them."""
    if importlib.util.find_spec("statsmodels") is None:
        raise AnalysisError(
            "The statistics need statsmodels; install it with: pip install statsmodels"
        )


def make_study(study: Study, progress: Progress) -> tuple[MeasuredPhantom, ...]:
    """Make phantoms and patients, measure and compare them.

    Parameters
    ----------
    study : Study
        Its folder exists and is empty.
    progress : callable
        Called with step and fraction.

    Returns
    -------
    tuple of MeasuredPhantom
        All phantoms.

    Raises
    ------
    AnalysisError
        A command failed, or a phantom could not be measured.
    """
    phantoms = make_phantoms(study.folder / "phantoms", part(progress, 0.0, _MADE))
    # So that the batch does not go on alone should this process be killed.
    run_subcommand([*study.batch, "--end-with-stdin"], part(progress, _MADE, _MEASURED))
    measured = measured_phantoms(study.folder / "batch", phantoms)
    if len(measured) < len(phantoms):
        reasons = (study.folder / "batch" / "failures.csv").read_text(encoding="utf-8")
        raise AnalysisError(f"Not every phantom was measured: {' '.join(reasons.split())}")
    write_pruning(study.folder / "pruning.csv", measured)
    run_subcommand(study.pruning, part(progress, _MEASURED, _PRUNING_ANALYZED))
    (study.folder / "patients").mkdir()
    write_synthetic_cohort(study.folder / "patients", synthetic_cohort(PATIENTS_SEED))
    run_subcommand(study.patients, part(progress, _PRUNING_ANALYZED, 1.0))
    return measured


def make_phantoms(folder: Path, progress: Progress) -> tuple[PrunedPhantom, ...]:
    """Write one chest with ever fewer peripheral vessels, and the tables of these phantoms.

    Parameters
    ----------
    folder : pathlib.Path
        To make, with a folder a phantom, ``manifest.csv`` and ``clinical.csv``.
    progress : callable
        Called with step and fraction.

    Returns
    -------
    tuple of PrunedPhantom
        One for each of `PRUNINGS`.
    """
    folder.mkdir()
    made = []
    for index, pruning in enumerate(PRUNINGS):
        name = f"pruned-{100 * pruning:02.0f}"
        share = part(progress, index / len(PRUNINGS), (index + 1) / len(PRUNINGS))
        phantom = chest_phantom(dataclasses.replace(SPEC, pruning=pruning), share)
        write_phantom(phantom, folder / name)
        made.append(PrunedPhantom(name, 100 * pruning, phantom.measurements[0]))
    write_phantom_tables(folder, made)
    return tuple(made)


def _record(study: Study) -> dict[str, object]:
    return {
        "phantom": SPEC.to_dict() | {"pruning": list(PRUNINGS)},
        "patients_seed": PATIENTS_SEED,
        "commands": [
            ["bv5", *(Path(word).as_posix() for word in command)]
            for command in (study.batch, study.pruning, study.patients)
        ],
    }


def _print_summary(folder: Path, report: bool, measured: Sequence[MeasuredPhantom]) -> None:
    """Print what was found, by which commands, and where it is."""
    study = Study(folder, report)
    print("One chest phantom, ever more of its peripheral vessels missing (hilum included):")
    print_table(*pruning_table(measured))
    record = json.loads((folder / "table1" / "cohort.json").read_text(encoding="utf-8"))
    print("Fifty invented patients, with the statistics of a published table:")
    print_table(*patients_table(record))
    print("The commands that make the same:")
    for command in (study.batch, study.pruning, study.patients):
        print("  bv5", *command)
    print()
    if report:
        print(f"Contact sheet:  {folder / 'batch' / 'index.html'}")
    print(f"BV5 by pruning: {folder / 'pruning' / 'cohort.html'}")
    print(f"Table 1:        {folder / 'table1' / 'cohort.html'}")


def pruning_table(measured: Sequence[MeasuredPhantom]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of measured beside true values, hilum included, to print."""
    rows = [
        [
            f"{each.phantom.pruning_pct:.0f} %",
            f"{each.bv5_pct:.1f}",
            f"{each.phantom.truth.bv5_pct:.1f}",
            f"{each.tpbv_ml:.1f}",
            f"{each.phantom.truth.tpbv_ml:.1f}",
        ]
        for each in measured
    ]
    return ["Missing", "BV5 %", "true", "TPBV mL", "true"], rows


def patients_table(record: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of what a cohort's record tells about BV5 %, to print."""
    bv5 = next(each for each in record["comparisons"] if each["measure"]["key"] == "bv5_pct")
    rows = [
        [group["label"], f"mean {summary['mean']:.2f} (SD {summary['sd']:.2f})", f"{summary['n']}"]
        for group, summary in zip(record["groups"], bv5["summaries"], strict=True)
    ]
    rows.append(["difference", f"p {bv5['tests'][0]['p']:.4f}", f"{record['n']}"])
    rows += [
        [
            f"with {each['variable']['name']}",
            f"R {each['coefficient']['value']:.3f}, p {each['p']:.4f}",
            f"{each['n']}",
        ]
        for each in record["correlations"]
        if (each["measure"]["key"], each["method"]) == ("bv5_pct", "pearson")
        and each["variable"]["key"] in {"pao2_mmhg", "aado2_mmhg"}
    ]
    return ["BV5 %", "", "n"], rows
