"""``bv5 demo``: the built-in phantom measured, and the truth beside it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..case.output_folder import RESULT, check_output
from ..export.phantom_files import PHANTOM, write_phantom
from ..imaging.model.measurements import Measurement
from ..imaging.model.size_classes import VESSELS, SizeClass
from ..imaging.phantom import ChestPhantomSpec, chest_phantom
from .analyze import analyze_into_folder, measurements_table, print_files
from .arguments.analyze import Job
from .printing import print_table
from .progress import part, shown_progress
from .requirements import check_requirements
from .stopping import stop_at_once, stop_in_order

SPEC = ChestPhantomSpec(seed=1, scale=0.75)
"""A small chest, so that the whole takes less than a minute."""
_MADE, _WRITTEN = 0.3, 0.35


def run(options: argparse.Namespace) -> None:
    """Carry out the command: ``phantom`` and ``result`` inside the output folder.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed by `BV5AnalysisLib.cli`.
    """
    phantom_folder, result_folder = options.output / "phantom", options.output / "result"
    ct = options.ct or phantom_folder / "ct.nrrd"
    job = Job(ct, result_folder, overwrite=options.overwrite)
    with stop_at_once():
        check_requirements(job.report, job.scene)
    check_output(result_folder, RESULT, options.overwrite)
    if options.ct is None:
        check_output(phantom_folder, PHANTOM, options.overwrite)

    truth: tuple[Measurement, ...] = ()
    with shown_progress(options.progress) as progress:
        start = 0.0
        if options.ct is None:
            with stop_at_once():
                phantom = chest_phantom(SPEC, part(progress, 0.0, _MADE))
            with stop_in_order():
                progress("writing the phantom", _MADE)
                write_phantom(phantom, phantom_folder, options.overwrite)
            truth, start = phantom.measurements, _WRITTEN
            del phantom
        result = analyze_into_folder(job, part(progress, start, 1.0))
    if options.progress == "json":
        return
    if truth:
        print_table(*comparison_table(result.measurements_hilum_included, truth))
        if result.parameters.hilum_apart:
            print("Measured with the hilum included, as in the truth; in the files it is apart.")
    else:
        print_table(*measurements_table(result))
    print_files(job)


def comparison_table(
    measured: Sequence[Measurement], truth: Sequence[Measurement]
) -> tuple[list[str], list[list[str]]]:
    """Header and rows of measured beside true values.

    Parameters
    ----------
    measured, truth : sequence of Measurement
        The same regions in the same order, with the hilum included; `measured` may have more after
        them.

    Returns
    -------
    header, rows : list
        Cells to print.
    """
    rows = []
    for found, true in zip(measured, truth, strict=False):
        for name, (field, decimals) in {
            "Lung, mL": ("lung_volume_ml", 0),
            "TPBV, mL": ("tpbv_ml", 1),
        }.items():
            a, b = getattr(found, field), getattr(true, field)
            cells = (f"{a:.{decimals}f}", f"{b:.{decimals}f}", f"{a - b:+.{decimals}f}")
            rows.append([f"{true.region}  {name}", *cells])
        for size_class in (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10):
            appearance = VESSELS[size_class]
            (a_ml, a_pct), (b_ml, b_pct) = (
                [getattr(each, f"{appearance.key}_{unit}") for unit in ("ml", "pct")]
                for each in (found, true)
            )
            cells = (
                f"{a_ml:.1f} ({a_pct:.1f})",
                f"{b_ml:.1f} ({b_pct:.1f})",
                f"{a_ml - b_ml:+.1f} ({a_pct - b_pct:+.1f})",
            )
            rows.append([f"{true.region}  {appearance.name}, mL (%)", *cells])
    return ["Hilum included", "measured", "true", "difference"], rows
