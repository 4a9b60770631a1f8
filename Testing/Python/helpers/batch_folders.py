"""Folders of cases as a batch's workers write them, made in no time."""

import csv
import json
import shutil
from pathlib import Path

from BV5AnalysisLib.study.batch.batch_case import BatchCase


def cases(*names: str) -> list[BatchCase]:
    return [BatchCase(name, (Path("/scans") / name,)) for name in names]


def put_case(out: Path, name: str, template: Path, **changes) -> Path:
    """Copy a written case into a batch under another name; `changes` go into its record."""
    folder = out / name
    shutil.copytree(template, folder)
    record = folder / "result.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"case": name} | changes))
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace("template,", f"{name},"))
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def journal(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text("utf-8").splitlines()]


def content(out: Path) -> dict[str, bytes]:
    """Bytes of all files but the journal."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "log.jsonl"
    }
