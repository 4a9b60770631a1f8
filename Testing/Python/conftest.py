"""Fixtures that every layer's tests share."""

import functools
import gc
import os
from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.intervals import BloodIntervals, Interval
from BV5AnalysisLib.imaging.model.measurements import Calibration, CsaHistogram, Measurement
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.scan import Scan
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.reading.quiet import own_error_stream
from BV5AnalysisLib.imaging.sizing.voxel_labels import as_drawn
from helpers.made_once import MadeOnce
from hypothesis import HealthCheck, settings

LONGEST = (
    "imaging/test_real_scans.py",
    "panel/test_acceptance.py",
    "commandline/test_demo_cohort.py",
    "commandline/test_demo.py",
    "benchmarks/test_chest_benchmark.py",
)

# Property-based tests: the same examples in every run, few enough for seconds.
settings.register_profile(
    "repeatable",
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,  # Other work on the machine must not fail a test.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_configure() -> None:
    """Let processes that tests start find this checkout's library, installed or not."""
    library = str(Path(__file__).parents[2] / "BV5Analysis")
    others = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [library, others]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: the processes of a run then end together."""
    folder = Path(__file__).parent
    longest = [folder / name for name in LONGEST]
    items.sort(key=lambda item: longest.index(item.path) if item.path in longest else len(longest))


def pytest_collection_finish() -> None:
    """Take what was loaded for no garbage: statsmodels looks through it at every adjustment."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _anatomies_kept():
    """Keep the anatomy of phantoms, which only their size tells apart: a third of their time."""
    from BV5AnalysisLib.imaging.phantom import chest

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chest, "build_anatomy", functools.lru_cache(maxsize=2)(chest.build_anatomy))
        yield


@pytest.fixture
def silenced_readers():
    """The process as a program's own, such as ``bv5``: what readers print is kept from users."""
    with own_error_stream():
        yield


@pytest.fixture(scope="session")
def small_result() -> AnalysisResult:
    """A hand-made result: two box lungs, in each four straight vessels, one a size class."""
    grid = Grid((96, 64, 60), (3.0, 3.0, 4.0), (-144.0, -96.0, -120.0))
    z, y, x = np.indices(grid.shape, sparse=True)
    lungs = np.zeros(grid.shape, np.uint8)
    inside = (abs(z - 30) < 25) & (abs(y - 32) < 24)
    # Image x grows to the patient's left in LPS, so the right lung has the low indices.
    lungs[inside & (x > 8) & (x < 40)] = LungLabel.RIGHT
    lungs[inside & (x > 56) & (x < 88)] = LungLabel.LEFT
    hu = np.where(lungs > 0, -850, 30).astype(np.int16)

    vessels = np.zeros(grid.shape, np.uint8)
    points, areas = [], []
    parameters = Parameters()
    for side in (-1, 1):
        for row, area in enumerate((0.8, 3.0, 7.0, 40.0)):
            line = np.zeros((31, 3))
            line[:, 0] = side * np.linspace(40.0, 100.0, 31)
            line[:, 1] = 30.0 * row - 45.0
            points.append(line)
            areas.append(np.full(31, area))
            index = np.rint(grid.world_to_index(line)).astype(int)
            size_class = parameters.size_class(area)
            vessels[tuple(index.T)] = size_class
            hu[tuple(index.T)] = 40
    csa = np.concatenate(areas)
    # Between the ends of a line, which stand for half a step each.
    step = np.tile(np.r_[1.0, np.full(29, 2.0), 1.0], 8)
    centerlines = Centerlines.measured(
        points_mm=np.concatenate(points),
        branch_start=np.arange(0, 31 * 9, 31),
        csa_mm2=csa,
        size_class=parameters.size_class(csa),
        point_volume_ml=csa * step / 1000,
        point_length_mm=step,
        csa_error_mm2=np.tile([0.1, 0.2, 0.3, 1.0], 2),
    )
    centerlines = as_drawn(centerlines, Volume(vessels, grid))
    side_ml = {area: 0.06 * area for area in (0.8, 3.0, 7.0, 40.0)}

    def intervals(factor: int) -> BloodIntervals:
        classes_ml = [factor * side_ml[area] for area in (3.0, 7.0, 40.0)]
        tpbv_ml = sum(classes_ml)
        volumes_ml = [tpbv_ml, *classes_ml, 0.0]
        around_ml = [Interval(0.9 * ml, 1.1 * ml) for ml in volumes_ml]
        shares_pct = [100 * ml / tpbv_ml for ml in classes_ml]
        return BloodIntervals(*around_ml, *(Interval(pct - 2, pct + 2) for pct in shares_pct))

    def measurement(region: str, factor: int) -> Measurement:
        volume = factor * np.count_nonzero(lungs == LungLabel.RIGHT) * grid.voxel_volume_ml
        return Measurement(
            region,
            volume,
            factor * side_ml[3.0],
            factor * side_ml[7.0],
            factor * side_ml[40.0],
            factor * side_ml[0.8],
            factor * 180.0,
            intervals=intervals(factor),
            intervals_with_hilum=intervals(factor),
            hilar_bv5_ml=0.0,
            hilar_bv5_10_ml=0.0,
            hilar_bv10_ml=0.0,
            hilar_below_floor_ml=0.0,
            hilar_length_mm=0.0,
        )

    edges = np.array([0.0, 1.25, 5.0, 10.0, 100.0])
    return AnalysisResult(
        scan=Scan(Volume(hu, grid), sha256="0" * 64, source="hand-made"),
        lungs=Volume(lungs, grid),
        airways=Volume(np.zeros(grid.shape, bool), grid),
        vessels=Volume(vessels, grid),
        centerlines=centerlines,
        measurements=(measurement("both", 2), measurement("right", 1), measurement("left", 1)),
        csa_histogram=CsaHistogram(edges, 2 * np.array([side_ml[a] for a in (0.8, 3, 7, 40)])),
        findings=(Finding("thick_slices", Severity.WARNING, "Slices are 4.0 mm apart.", 4.0),),
        calibration=Calibration(blood_hu=40.0, parenchyma_hu=-850.0, noise_hu=20.0),
        parameters=parameters,
        seconds={"lungs": 1.0, "vessels": 2.0},
    )


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> MadeOnce:
    """Make what takes seconds once in a run, however many processes it has."""
    return MadeOnce.of_run(tmp_path_factory)


@pytest.fixture(scope="session")
def small_phantom_result(made_once) -> AnalysisResult:
    """Analysis of a half-size chest phantom, some 850 branches."""
    from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
    from BV5AnalysisLib.imaging.pipeline import analyze

    def make() -> AnalysisResult:
        spec = ChestPhantomSpec(seed=1, scale=0.5, spacing_mm=(1.0, 1.0, 1.0))
        return analyze(chest_phantom(spec).volume.to_sitk())

    return made_once("small_phantom_result", make)


@pytest.fixture(scope="session")
def case_folder(small_phantom_result, tmp_path_factory) -> Path:
    """The phantom's output folder, as the process hands it over."""
    from BV5AnalysisLib.case.files import case_of, write_case

    folder = tmp_path_factory.mktemp("case") / "case 7"
    folder.mkdir()
    write_case(folder, case_of("case 7", small_phantom_result))
    return folder
