"""Scans of patients: no known sizes, but lungs, sides and trees that must make sense.

The scans are not part of the project. They are looked for in the folder that the environment
variable BV5_SCANS names, else beside the repository in ``shared/data``.
"""

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.case.tables import measurements_csv
from BV5AnalysisLib.cli import main
from BV5AnalysisLib.imaging.model.finding import Severity
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.size_classes import LungLabel, SizeClass
from BV5AnalysisLib.imaging.pipeline import SHARES, analyze
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from helpers import golden
from scipy import ndimage

pytestmark = pytest.mark.slow

SCANS = Path(os.environ.get("BV5_SCANS", Path(__file__).resolve().parents[4] / "shared" / "data"))


@dataclass(frozen=True)
class Expected:
    """Findings that a scan must get, and what its lungs hold, as measured by eye and hand."""

    findings: tuple[str, ...]
    lungs_ml: tuple[float, float]


EXPECTED = {
    "covid_1p25mm.nrrd": Expected((), (2500, 5500)),
    "covid_P001_dicom": Expected(("thick_slices",), (2500, 6500)),
    "normal_002_dicom": Expected(("thick_slices",), (3500, 8000)),
}


@pytest.fixture(scope="module", params=EXPECTED)
def patient(request) -> tuple[str, AnalysisResult]:
    """A scan's name and its analysis; one at a time, for memory."""
    path = SCANS / request.param
    if not path.exists():
        pytest.skip(f"{path} is not here; set BV5_SCANS to the folder of the scans")
    return request.param, analyze(read_scan(path))


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> Path:
    """Output of ``bv5 batch`` of a folder of these scans, without reports."""
    missing = [name for name in EXPECTED if not (SCANS / name).exists()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not in {SCANS}; set BV5_SCANS to the folder of scans")
    folder = tmp_path_factory.mktemp("batch")
    scans, out = folder / "scans", folder / "study"
    for name in EXPECTED:
        link_files(SCANS / name, scans / name)
    arguments = ["batch", str(scans), "-o", str(out), "--no-report", "--progress", "none"]
    assert main(arguments) == 0
    return out


def link_files(source: Path, target: Path) -> None:
    """Make a file or folder anew of links to its files: links to folders are not followed."""
    files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
    for path in files:
        link = target / path.relative_to(source)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_folder_of_scans_is_a_batch(batch):
    measured = rows_of((batch / "measurements.csv").read_text(encoding="utf-8"))
    names = [name.removesuffix(".nrrd") for name in EXPECTED]
    assert list(dict.fromkeys(row["case"] for row in measured)) == sorted(names)
    assert rows_of((batch / "failures.csv").read_text(encoding="utf-8")) == []
    assert all((batch / name / "measurements.csv").exists() for name in names)
    sheet = (batch / "index.html").read_text(encoding="utf-8")
    assert all(name in sheet for name in names)


def test_a_batch_measures_what_single_analyses_do(patient, batch):
    name, result = patient
    case = name.removesuffix(".nrrd")
    measured = rows_of((batch / "measurements.csv").read_text(encoding="utf-8"))
    alone = rows_of(measurements_csv(case_of(case, result)))
    assert len(alone) >= 3
    assert [row for row in measured if row["case"] == case] == alone


def test_lungs_are_whole_and_on_their_sides(patient):
    name, result = patient
    lungs = result.lungs
    both, right = result.measurements[:2]
    low, high = EXPECTED[name].lungs_ml
    assert low < both.lung_volume_ml < high
    # The right lung is the larger one in nearly all people: 45 to 65 % of both.
    assert 0.45 < right.lung_volume_ml / both.lung_volume_ml < 0.65
    for label, side in ((LungLabel.RIGHT, -1), (LungLabel.LEFT, 1)):
        mask = lungs.array[::2, ::2, ::2] == label
        pieces = ndimage.label(mask)[0]
        sizes = np.bincount(pieces.ravel())[1:]
        # One lung, one piece, but for a few crumbs behind a closed bronchus.
        assert sizes.max() / sizes.sum() > 0.97
        x = lungs.grid.index_to_world(2 * np.argwhere(mask))[:, 0]
        other = lungs.grid.index_to_world(2 * np.argwhere(lungs.array[::2, ::2, ::2] == 3 - label))
        assert (np.median(x) - np.median(other[:, 0])) * side > 80


def test_lungs_hold_no_bowel_no_table_and_no_trachea(patient):
    _, result = patient
    hu = result.scan.volume.array
    inside = result.lungs.array > 0
    # Gas of bowel and trachea is below -980 all through; emphysema and air trapping are less.
    gas = ndimage.binary_erosion((hu < -975) & inside, iterations=3)
    assert gas.sum() / inside.sum() < 0.01
    # Bronchi inside the lungs belong to them; trachea and main bronchi do not.
    wide = ndimage.binary_erosion(result.airways.array, iterations=5)
    assert wide.sum() > 100
    assert (wide & inside).sum() < 0.01 * wide.sum()
    assert -900 < np.median(hu[inside]) < -600
    grid = result.lungs.grid
    points = grid.index_to_world(np.argwhere(inside[::4, ::4, ::4]) * 4)
    # No chest is deeper or wider: what is beyond would be a table or a gown.
    assert np.ptp(points[:, 0]) < 380
    assert np.ptp(points[:, 1]) < 300


def test_vessels_are_a_tree_inside_the_lungs(patient):
    _, result = patient
    labels, lungs, lines = result.vessels.array, result.lungs.array, result.centerlines
    assert not labels[lungs == 0].any()
    assert set(np.unique(labels)) == {0, *map(int, SizeClass)}
    both = result.measurements[0]
    # Measured: TPBV 2.4 to 3.2 % of the lungs, BV5 % 29 to 35, BV10 % 43 to 54 (thick slices of two
    # scans lose the thinnest; published inpatients 30/25/45).
    assert 0.01 < both.tpbv_ml / both.lung_volume_ml < 0.06
    assert 20 < both.bv5_pct < 60
    assert 20 < both.bv10_pct < 65
    for row in result.measurements[1:3]:
        assert 0.3 < row.tpbv_ml / both.tpbv_ml < 0.7
    # Measured: 19, 30 and 20 m of vessels above 1.25 mm².
    assert 10_000 < both.vessel_length_mm < 60_000
    assert lines.branch_count > 1000
    index = np.rint(result.lungs.grid.world_to_index(lines.points_mm)).astype(int)
    assert (lungs[tuple(index.T)] > 0).mean() > 0.995
    # Wide vessels are near the hilum, thin ones all over: the wider, the nearer.
    middle = result.lungs.grid.index_to_world(np.argwhere(lungs[::8, ::8, ::8] > 0) * 8).mean(0)
    away = np.linalg.norm(lines.points_mm - middle, axis=1)
    by_class = [np.median(away[lines.size_class == c]) for c in list(SizeClass)[:3]]
    assert by_class[2] < by_class[1] < by_class[0]


def test_numbers_are_the_golden_ones(patient):
    name, result = patient
    golden.assert_golden(name, golden.numbers(result))


def test_blood_noise_and_findings_are_plausible(patient):
    name, result = patient
    # Measured: 30, 38 and 40 HU; heart and aorta of these scans are at 42 to 46.
    assert 20 < result.calibration.blood_hu < 60
    assert -920 < result.calibration.parenchyma_hu < -700
    assert 3 < result.calibration.noise_hu < 80
    codes = {finding.code for finding in result.findings}
    assert codes >= set(EXPECTED[name].findings)
    assert all(finding.severity != Severity.ERROR for finding in result.findings)


def test_every_step_was_done_once_and_timed(patient):
    """How long they take is measured by benchmarks/speed.py."""
    _, result = patient
    assert list(result.seconds) == list(SHARES)
    assert all(seconds > 0 for seconds in result.seconds.values())
