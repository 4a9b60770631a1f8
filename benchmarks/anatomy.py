"""Lungs, hila, opacities and findings on random chests: writes benchmarks/anatomy.md.

Run by ``make benchmark-anatomy``. Each chest is made from its seed, analyzed and held against its
truth in a process of its own; what was measured by the same code is kept, so that an interrupted
run goes on with ``RESUME=1``. Seeds from 1000 on are for development, those from 5000 on are held
out: they are for the last run alone.
"""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from BV5AnalysisLib.imaging.phantom.anychest import any_chest_spec
from chest_phantoms.tables import table
from processes import answered
from random_chests import tables
from random_chests.checks import Row
from resuming import HERE, IMAGING, OUT, Notes, code_fingerprint
from scans import at_least_one, folder_exists, machine, scans

REPORT = HERE / "anatomy.md"
SEEN = HERE / "anatomy_seen.md"
"""What was seen in the pictures: written by who looked at them, and taken into the report."""

HELD_OUT = range(5000, 5200)
QUICK = range(1000, 1020)
KEPT = OUT / "anatomy"
PICTURES = KEPT / "pictures"
COMMITTED = HERE / "pictures" / "anatomy"
COMMITTED_CHESTS = 6
LIMIT_SECONDS = 900.0
MEASURING = (
    "measuring",
    "truth",
    "true_hilum",
    "lung_scores",
    "airway_scores",
    "blood_scores",
    "pictures",
)


def seeds(text: str) -> range:
    """Range of an option, such as ``5000-5199``, or one seed."""
    first, _, last = text.partition("-")
    try:
        return range(int(first), int(last or first) + 1)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no range such as 5000-5199") from error


def measure_chests(chosen: range, options: argparse.Namespace) -> list[Row]:
    """Figures of each chest."""
    parts = [HERE / "random_chests" / f"{name}.py" for name in MEASURING]
    notes = Notes(KEPT / "chests.jsonl", [IMAGING, *parts], resume=options.resume)
    # Made chests are kept by the code that makes them: a change of the method analyzes anew only.
    made_by = code_fingerprint([IMAGING / "phantom"])[:12]
    cache = None if options.no_cache else str(KEPT / f"chests-{made_by}")
    jobs = [
        ({"seed": seed}, {"seed": seed, "cache": cache, "pictures": str(PICTURES)})
        for seed in chosen
    ]
    found = answered(
        "random_chests.measuring",
        jobs,
        notes,
        processes=options.jobs,
        limit_seconds=LIMIT_SECONDS,
    )
    return [
        broken_row(seed, row["broken"]) if "broken" in row else row
        for seed, row in zip(chosen, found, strict=True)
    ]


def broken_row(seed: int, why: str) -> Row:
    """Row of a chest whose process ended without an answer."""
    spec = any_chest_spec(seed).to_dict()
    return {"seed": seed, "spec": spec, "crashed": why, "findings": []}


def measure_scans(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Figures of each real scan at hand."""
    parts = [HERE / "random_chests" / name for name in ("real_scan.py", "pictures.py")]
    notes = Notes(KEPT / "scans.jsonl", [IMAGING, *parts], resume=options.resume)
    jobs = [
        ({"scan": path.name}, {"path": str(path), "picture": str(PICTURES / f"{path.name}.png")})
        for path in scans()
    ]
    return answered(
        "random_chests.real_scan",
        jobs,
        notes,
        processes=options.jobs,
        limit_seconds=LIMIT_SECONDS,
    )


def report(chosen: range, rows: Sequence[Row], real: Sequence[dict[str, Any]]) -> str:
    """All tables; Markdown."""
    command = f"make benchmark-anatomy SEEDS={chosen[0]}-{chosen[-1]}"
    with_truth = [row for row in rows if "truth" in row]
    parts = [
        "# Anatomy\n",
        f"`{command}`, {datetime.date.today()}, {machine()}.\n",
        f"{len(rows)} random chests, {len(tables.analyzed(rows))} with a result."
        " How they are drawn: `bv5 phantom --anatomy random`. Dice, volumes and errors are against"
        " the geometry that they were drawn from; visible blood is that outside of opacities that"
        " hide it.\n",
        "## Targets\n",
        tables.must_reach(rows),
        "## Figures\n",
        tables.spreads(rows),
        "## By disease\n",
        tables.by_group(rows, "disease", lambda row: str(row["spec"]["disease"])),
        "## By slices\n",
        tables.by_group(rows, "slices", lambda row: f"{row['spec']['slice_mm']:.1f} mm"),
        "## By noise\n",
        tables.by_group(
            rows, "noise, HU", lambda row: f"up to {20 * -(-row['spec']['noise_hu'] // 20):.0f}"
        ),
        "## Blood: what is false, and what was lost\n",
        tables.false_sources(rows),
        "## Opacities\n",
        tables.opacities(rows),
        "## Airways\n",
        tables.bronchi(rows),
        "## Findings\n",
        tables.confusion(with_truth),
        tables.error_findings(rows),
        "## Refused and crashed\n",
        tables.no_results(rows),
        f"## The {tables.WORST} worst\n",
        tables.worst_table(rows),
        pictures(rows),
        "## Real scans\n",
        scan_table(real),
    ]
    if SEEN.exists():
        parts += ["## What was seen in the pictures\n", SEEN.read_text(encoding="utf-8")]
    return "\n".join(parts)


def scan_table(real: Sequence[dict[str, Any]]) -> str:
    """Figures of the real scans."""
    lines = []
    for row in real:
        if "tpbv_ml" not in row:
            lines.append([row.get("scan", ""), row.get("refused") or row.get("broken", "")])
            continue
        lines.append(
            [
                row["scan"],
                " / ".join(f"{ml:.0f}" for ml in row["lung_ml"]),
                " / ".join(f"{ml:.1f}" for ml in row["tpbv_ml"]),
                " / ".join(f"{pct:.1f}" for pct in row["bv5_pct"]),
                f"{row['blood_hu']:.0f}",
                ", ".join(f"{k.lower()} {v:.1f}" for k, v in row["opacity_pct"].items()),
                ", ".join(row["findings"]),
            ]
        )
    header = [
        "scan",
        "lungs right / left mL",
        "TPBV right / left mL",
        "BV5 % both / right / left",
        "blood HU",
        "opacities %",
        "findings",
    ]
    lines = [line + [""] * (len(header) - len(line)) for line in lines]
    return table(header, lines) if lines else "No scans at hand: `BV5_SCANS` names their folder.\n"


def pictures(rows: Sequence[Row]) -> str:
    """Links to pictures of the worst chests; the others stay in benchmarks/out/anatomy."""
    known = [row for row in tables.worst(rows) if (COMMITTED / _picture(row)).exists()]
    return "".join(f"![seed {row['seed']}](pictures/anatomy/{_picture(row)})\n\n" for row in known)


def _picture(row: Row) -> str:
    return f"seed{row['seed']}.png"


def keep_pictures(rows: Sequence[Row]) -> None:
    """Copy the pictures of the worst chests beside the report, and remove earlier ones."""
    shutil.rmtree(COMMITTED, ignore_errors=True)
    COMMITTED.mkdir(parents=True)
    for row in tables.worst(rows)[:COMMITTED_CHESTS]:
        if (PICTURES / _picture(row)).exists():
            shutil.copy(PICTURES / _picture(row), COMMITTED / _picture(row))


def main() -> None:
    """Measure the chests and the scans, print the tables and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=seeds, help="range of chests, such as 1000-1199")
    parser.add_argument("--quick", action="store_true", help="20 chests for development, no file")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument("--no-cache", action="store_true", help="keep no made chests on disk")
    parser.add_argument("--no-scans", action="store_true", help="leave real scans out")
    parser.add_argument("--jobs", type=at_least_one, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--output", type=folder_exists, help="file to write; anatomy.md unless quick if not given"
    )
    options = parser.parse_args()
    chosen = options.seeds or (QUICK if options.quick else HELD_OUT)
    rows = measure_chests(chosen, options)
    real = [] if options.quick or options.no_scans else measure_scans(options)
    output = options.output or (None if options.quick else REPORT)
    if output == REPORT:
        keep_pictures(rows)
    text = report(chosen, rows, real)
    sys.stdout.write(text)
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
