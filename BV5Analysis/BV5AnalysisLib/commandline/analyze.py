"""``bv5 analyze``: one scan in, one folder out."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from ..case.files import case_of, write_case
from ..case.output_folder import RESULT, check_output, output_folder
from ..case.record_fields import acquisition_problem
from ..case.reference_file import check_usable, read_reference
from ..imaging import pipeline
from ..imaging.errors import AnalysisError
from ..imaging.model.finding import Severity
from ..imaging.model.intervals import HIGH, LOW
from ..imaging.model.measurements import Measurement
from ..imaging.model.result import AnalysisResult
from ..imaging.model.scan import Acquisition
from ..imaging.model.size_classes import VESSELS, Appearance, SizeClass
from ..imaging.parameters import Parameters
from ..imaging.progress import Progress, Step
from ..imaging.reading import masks, scan_reader
from ..study.reference import Reference
from .arguments.analyze import Job
from .arguments.declared import chosen
from .drawing import drawn
from .printing import print_table
from .progress import part, shown_progress
from .requirements import check_requirements
from .stopping import end_with_stdin, stop_at_once, stop_in_order

_READ, _ANALYZED, _DRAWN = 0.05, 0.85, 0.95


def run(options: argparse.Namespace) -> None:
    """Carry out the command.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed by `BV5AnalysisLib.cli`.
    """
    job = chosen(Job, options, ct=options.ct, output=options.output, overwrite=options.overwrite)
    if options.end_with_stdin:
        end_with_stdin()
    with shown_progress(options.progress) as progress:
        result = analyze_into_folder(job, progress)
    if options.progress != "json":
        print_doubts(result)
        print_table(*measurements_table(result))
        print_intervals(result)
        print_reasons(result)
        print_files(job)


def analyze_into_folder(job: Job, progress: Progress) -> AnalysisResult:
    """Read, measure, draw and write one case.

    Parameters
    ----------
    job : Job
        What to do.
    progress : callable
        Called with step and fraction; the last fraction is 1, after the folder is in place.

    Returns
    -------
    AnalysisResult
        What was measured.

    Raises
    ------
    AnalysisError
        It cannot be done; the output folder is as before.
    """
    parameters = read_parameters(job.parameters)
    reference = usable_reference(job.reference, parameters)
    acquisition = read_acquisition(job.acquisition) if job.acquisition else None
    with stop_at_once():
        check_requirements(job.report, job.scene)
    check_output(job.output, RESULT, job.overwrite)
    name = job.case or job.output.resolve().name
    with stop_at_once():
        progress(Step.READING, 0.0)
        ct = scan_reader.read_scan(job.ct, series=job.series)
        if acquisition:
            ct = scan_reader.with_acquisition(ct, acquisition)
        lungs = masks.read_lungs(job.lungs, ct.volume.grid) if job.lungs else None
        regions = masks.read_regions(job.regions, ct.volume.grid) if job.regions else None
        result = pipeline.analyze(
            ct,
            lungs=lungs,
            regions=regions,
            parameters=parameters,
            progress=part(progress, _READ, _ANALYZED),
        )
        if job.report or job.scene:
            progress(Step.DRAWING, _ANALYZED)
        case = case_of(name, result, reference)
        drawing = drawn(case, result, job.report, job.scene)
    with stop_in_order(), output_folder(job.output, RESULT, job.overwrite) as folder:
        progress(Step.WRITING, _DRAWN)
        write_case(folder, case)
        drawing.write(folder)
    progress(Step.DONE, 1.0)
    return result


def read_parameters(path: Path | None) -> Parameters:
    """Parameters of a JSON file, the defaults where there is none.

    Raises
    ------
    AnalysisError
        The file cannot be read, is no JSON, or a name or value in it does not fit.
    """
    return Parameters() if path is None else Parameters.from_dict(_read_json(path, "Parameters"))


def usable_reference(path: Path | None, parameters: Parameters) -> Reference | None:
    """Read a reference that what is measured with these parameters can be compared with.

    Raises
    ------
    AnalysisError
        The file cannot be read, holds no reference, or one that was measured in another way.
    """
    if path is None:
        return None
    reference = read_reference(path)
    check_usable(reference, parameters)
    return reference


def read_acquisition(path: Path) -> Acquisition:
    """How a scan was made, of a JSON file.

    Raises
    ------
    AnalysisError
        The file cannot be read, is no JSON, or a name or value in it does not fit.
    """
    values = _read_json(path, "Acquisition")
    if not isinstance(values, dict):
        raise AnalysisError(f"Acquisition file {path.name} must hold a JSON object.")
    problem = acquisition_problem(values)
    if problem:
        raise AnalysisError(f"Acquisition file {path.name} has {problem}; correct it.")
    return Acquisition(**values)


def _read_json(path: Path, what: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AnalysisError(
            f"{what} file {path.name} cannot be read ({error.strerror}); check its path."
        ) from error
    except (ValueError, RecursionError) as error:
        raise AnalysisError(f"{what} file {path.name} is not JSON: {error}.") from error


def measurements_table(result: AnalysisResult) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table that is shown on the terminal."""
    classes = [VESSELS[c] for c in (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10)]
    header = [
        "Region",
        "Lung mL",
        "TPBV mL",
        *(f"{each.name} mL (%)" for each in classes),
        "TPBV mL/L",
        "Hilar mL",
    ]
    rows = [
        [
            row.region,
            _cell(result.value(row, "lung_volume_ml"), 0),
            _cell(result.value(row, "tpbv_ml")),
            *(_class_cell(result, row, each) for each in classes),
            _cell(result.value(row, "tpbv_ml_per_l"), 2),
            _cell(result.value(row, "hilar_ml")),
        ]
        for row in result.measurements
    ]
    return header, rows


def _class_cell(result: AnalysisResult, row: Measurement, appearance: Appearance) -> str:
    volume, percent = (
        _cell(result.value(row, f"{appearance.key}_{unit}")) for unit in ("ml", "pct")
    )
    return f"{volume} ({percent})"


def _cell(value: float, decimals: int = 1) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else "–"


def print_doubts(result: AnalysisResult) -> None:
    """Say first why the numbers cannot be trusted, if so."""
    if result.trusted:
        return
    print("These numbers cannot be trusted:")
    for finding in result.findings:
        if finding.severity == Severity.ERROR:
            print(f"  Error: {finding.text}")
    print()


def print_intervals(result: AnalysisResult) -> None:
    """Say what the two key numbers of both lungs may truly be, so far as they are given."""
    row, said = result.measurements[0], []
    for measure, name, unit in (("bv5_pct", "BV5", "%"), ("tpbv_ml", "TPBV", "mL")):
        low, high = (result.value(row, measure + end) for end in (LOW, HIGH))
        if math.isfinite(low):
            said.append(f"{name} {low:.1f} to {high:.1f} {unit}")
    if said:
        print(f"90 % intervals, both lungs: {', '.join(said)}")


def print_reasons(result: AnalysisResult) -> None:
    """Say why values are not given."""
    for withheld in result.withheld:
        print(f"Not given (–): {withheld.reason}")


def print_files(job: Job) -> None:
    """Say where the files are."""
    if job.report:
        print(f"Report:     {job.output / 'report.html'}")
        print(f"3D picture: {job.output / 'vessels_3d.png'}")
    if job.scene:
        print(f"Scene:      {job.output / 'scene.mrb'}")
    print(f"All files:  {job.output}")
