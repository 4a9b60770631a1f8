"""Golden numbers: what the analysis measures on scans that do not change.

``Testing/golden.json`` holds them. Tests compare new measurements with them, so that no change of
a number goes unseen. A change that is meant is taken over by

    make golden

which measures the phantom, and the scans that are there (see `SCANS`), prints what changed, and
writes the file; commit it with the reason for the change.
"""

import json
import os
import sys
from pathlib import Path

import pytest
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan

FILE = Path(__file__).resolve().parents[2] / "golden.json"
SCANS = Path(os.environ.get("BV5_SCANS", Path(__file__).resolve().parents[4] / "shared" / "data"))
SCAN_NAMES = ("covid_1p25mm.nrrd", "covid_P001_dicom", "normal_002_dicom")
SMALL = "small phantom"
SMALL_SPEC = ChestPhantomSpec(seed=1, scale=0.45)
"""The demo's chest, smaller, so that it is measured within seconds; its lungs are given."""

FIELDS = (
    "lung_volume_ml",
    "tpbv_ml",
    "bv5_ml",
    "bv5_10_ml",
    "bv10_ml",
    "below_floor_ml",
    "bv5_pct",
    "bv5_10_pct",
    "bv10_pct",
    "vessel_length_mm",
    "hilar_ml",
)
RELATIVE, ABSOLUTE = 1e-3, 1e-3
"""Numbers may differ by this share, and this much: other processors and versions of libraries round
otherwise. `ABSOLUTE` matters for the few microliters that a small phantom holds of a class."""

Numbers = dict[str, dict[str, float]]


def numbers(result: AnalysisResult) -> Numbers:
    """The numbers of each region, by field."""
    return {
        row.region: {field: float(f"{getattr(row, field):.7g}") for field in FIELDS}
        for row in result.measurements
    }


def assert_golden(name: str, measured: Numbers) -> None:
    """Fail unless the scan `name` measures as the file says."""
    expected = _read()[name]
    assert set(measured) == set(expected)
    different = [
        f"{region} {field}: {measured[region][field]}, golden {golden}"
        for region, fields in expected.items()
        for field, golden in fields.items()
        if measured[region][field] != pytest.approx(golden, rel=RELATIVE, abs=ABSOLUTE)
    ]
    assert not different, f"{name} (if this is meant: make golden): " + "; ".join(different)


def small_phantom() -> Numbers:
    """Measure the small phantom in its true lungs: so thin a trachea is not found."""
    phantom = chest_phantom(SMALL_SPEC)
    return numbers(analyze(phantom.volume.to_sitk(), lungs=phantom.lungs))


def _read() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def _renew() -> None:
    kept = _read()
    results = {SMALL: small_phantom()}
    for name in SCAN_NAMES:
        if (SCANS / name).exists():
            results[name] = numbers(analyze(read_scan(SCANS / name)))
        else:
            print(f"{name}: not in {SCANS}; its numbers stay", file=sys.stderr)
    for name, regions in results.items():
        for region, fields in regions.items():
            for field, new in fields.items():
                old = kept.get(name, {}).get(region, {}).get(field)
                if new != old:
                    print(f"{name} {region} {field}: {old} -> {new}")
    text = json.dumps(kept | results, indent=1)
    FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    _renew()
