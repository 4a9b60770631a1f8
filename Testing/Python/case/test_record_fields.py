"""A record or a table of points with absurd values is refused in one line that names the field."""

import dataclasses
import json

import numpy as np
import pytest
from BV5AnalysisLib.case.centerlines import read_centerlines, write_centerlines
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.case.record import case_from_record, case_record, grid_of, read_record
from BV5AnalysisLib.case.record_fields import check_record
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.edits import Edits
from BV5AnalysisLib.imaging.sizing import kernel

NAN, INF = float("nan"), float("inf")
TURNED = [1, 0, 0, 0, 0.8, 0.6, 0, -0.6, 0.8]
ABSURD = [
    ("case", 7),
    ("case", None),
    ("case", "\ud800"),
    ("created", 2026),
    ("created", "yesterday"),
    ("software", {}),
    ("software", {"bv5-analysis": 1, "python": "3"}),
    ("software", []),
    ("parameters", []),
    ("parameters.blood_hu", NAN),
    ("parameters.class_bounds_mm2", [5, True]),
    ("input", None),
    ("input.sha256", 5),
    ("input.space", "RAS"),
    ("input.lungs", []),
    ("input.kernel", 3),
    ("input.manufacturer", "\udfff"),
    ("input.slice_thickness_mm", -1),
    ("input.slice_thickness_mm", True),
    ("input.size", [True, True, True]),
    ("input.size", [10**9, 10**9, 10**9]),
    ("input.size", [10.0, 10.0, 10.0]),
    ("input.size", {"x": 1, "y": 2, "z": 3}),
    ("input.spacing_mm", [NAN, 1, 1]),
    ("input.spacing_mm", [0, 1, 1]),
    ("input.spacing_mm", [1e300, 1, 1]),
    ("input.spacing_mm", [10**400, 1, 1]),
    ("input.origin_mm", [INF, 0, 0]),
    ("input.origin_mm", ["0", 0, 0]),
    ("input.direction", [0] * 9),
    ("input.direction", [1e200] * 9),
    ("input.direction", [1, 0, 0]),
    ("calibration", None),
    ("calibration.blood_hu", None),
    ("calibration.parenchyma_hu", NAN),
    ("calibration.parenchyma_hu", 1e30),
    ("calibration.blood_hu", -1000),
    ("calibration.noise_hu", "x"),
    ("calibration.kernel.sharpness", 5.01),
    ("calibration.kernel.sharpness", -0.1),
    ("calibration.kernel.sharpness", NAN),
    ("calibration.kernel.wider_mm2", 0),
    ("parameters", {"minimum_csa_mm2": 1.25}),
    ("measurements", []),
    ("measurements", {}),
    ("measurements[0].region", 5),
    ("measurements[1].region", "both"),
    ("measurements[2].bv5_ml", INF),
    ("measurements[2]", 5),
    ("measurements[2].bv5_pct_low", 90.0),
    ("measurements[2].bv5_pct_high", None),
    ("measurements[2].tpbv_ml_low", "0"),
    ("csa_histogram", []),
    ("csa_histogram.volume_ml", [1.0]),
    ("csa_histogram.volume_ml", []),
    ("csa_histogram.volume_ml[1]", None),
    ("csa_histogram.volume_ml[1]", 1e308),
    ("csa_histogram.edges_mm2", "0123"),
    ("csa_histogram.edges_mm2[0]", -1.0),
    ("csa_histogram.edges_mm2[1]", None),
    ("csa_histogram.edges_mm2[2]", 0.0),
    ("csa_histogram.edges_mm2[2]", 1e308),
    ("findings", "none"),
    ("findings[0]", None),
    ("findings[0].code", 5),
    ("findings[0].text", None),
    ("findings[0].severity", {}),
    ("findings[0].value", []),
    ("review", None),
    ("review.status", []),
    ("review.reviewer", 5),
    ("review.comment", {"a": 1}),
    ("review.time", "noon"),
    ("review.time", 5),
    ("edits", True),
    ("edits.erased_ml", "1"),
    ("edits.added_ml", -1),
    ("edits.added_ml", True),
    ("edits.lung_changed_ml", NAN),
    ("seconds", []),
    ("seconds", {"lungs": "long"}),
]


@pytest.fixture(scope="module")
def case(small_result):
    return dataclasses.replace(case_of("case", small_result), edits=Edits(0.5))


@pytest.fixture
def record(case) -> dict:
    """As it comes back from a file."""
    return json.loads(json.dumps(case_record(case)))


def changed(record: dict, path: str, value: object) -> dict:
    """Set a field, such as ``findings[0].text``."""
    holder, names = record, path.replace("[", ".").replace("]", "").split(".")
    keys = [int(name) if name.lstrip("-").isdigit() else name for name in names]
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    return record


@pytest.mark.parametrize(("path", "value"), ABSURD)
def test_an_absurd_field_is_named(record, case, tmp_path, path, value):
    changed(record, path, value)
    file = tmp_path / "result.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    given = (case.lungs, case.vessels, case.centerlines)
    for read in (
        lambda: case_from_record(read_record(file), *given),
        lambda: case_from_record(record, *given),
    ):
        with pytest.raises(AnalysisError) as caught:
            read()
        text = str(caught.value)
        assert path.split("[")[0].split(".")[-1 if "[" not in path else 0] in text
        assert text.startswith("result.json")
        assert "\n" not in text
        assert text.isascii()
        assert len(text) < 250


@pytest.mark.parametrize(("path", "value"), [each for each in ABSURD if "input" in each[0]][8:])
def test_no_grid_is_made_of_absurd_fields(record, path, value):
    with pytest.raises(AnalysisError, match="lacks or garbles"):
        grid_of(changed(record, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("input.direction", TURNED),
        ("input.kernel", None),
        ("edits", None),
        ("measurements[0].bv5_pct", None),
        ("review.time", "2026-11-22T10:00:00+01:00"),
        ("case", "Fall Ä 患者"),
        ("created", "2026-11-22T10:00:00Z"),
        ("created", "2026-11-22T10:00:00.5+01:00"),
        ("parameters", {"hilum": "apart", "hilum_share": 0.8}),
        ("calibration.kernel.sharpness", 5),
        ("csa_histogram", {"edges_mm2": [0, 1.25, None], "volume_ml": [1.0, -1e-9]}),
        ("odd", 1),
    ],
)
def test_what_may_be_is_accepted(record, path, value):
    check_record(changed(record, path, value))


def test_a_kernel_may_be_as_sharp_as_any_that_is_measured(record):
    changed(record, "calibration.kernel.sharpness", kernel.CONSTANTS.most_sharp)
    check_record(record)
    changed(record, "calibration.kernel.sharpness", 1.001 * kernel.CONSTANTS.most_sharp)
    with pytest.raises(AnalysisError, match=r"calibration\.kernel\.sharpness"):
        check_record(record)


def test_a_last_edge_at_infinity_comes_back(record, case):
    changed(record, "csa_histogram.edges_mm2[-1]", None)
    read = case_from_record(record, case.lungs, case.vessels, case.centerlines)
    assert read.csa_histogram.edges_mm2[-1] == INF
    np.testing.assert_array_equal(
        read.csa_histogram.edges_mm2[:-1], case.csa_histogram.edges_mm2[:-1]
    )


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"schema": ' * 100_000, "9" * 5000, '{"schema": "bv5-analysis/result"']
)
def test_a_record_that_cannot_be_parsed_is_refused(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(AnalysisError, match=r"^result\.json is cut short"):
        read_record(tmp_path / "result.json")


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("csa_mm2", "csa_mm2", NAN),
        ("csa_mm2", "csa_mm2", INF),
        ("csa_mm2", "csa_mm2", -1.0),
        ("csa_mm2", "csa_mm2", 1e30),
        ("blood_ml", "point_volume_ml", NAN),
        ("length_mm", "point_length_mm", -1.0),
        ("size_class", "size_class", 9),
        ("kept_share", "kept_share", 0.0),
        ("drawn_voxels", "drawn_voxels", -5),
        ("csa_error_mm2", "csa_error_mm2", NAN),
        ("Points", "points_mm", 1e30),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_absurd_centerlines_are_refused(case, tmp_path, name, attribute, value):
    array = np.array(getattr(case.centerlines, attribute))
    array[len(array) // 2] = value
    path = tmp_path / "centerlines.vtp"
    with np.errstate(invalid="ignore"):
        write_centerlines(path, dataclasses.replace(case.centerlines, **{attribute: array}))
    with pytest.raises(AnalysisError, match=rf"^centerlines\.vtp holds values of {name} "):
        read_centerlines(path)


@pytest.mark.parametrize("count", ["-1", "9" * 5000, "1e9", "99999999999999999999"])
def test_centerlines_of_absurd_counts_are_refused(case, tmp_path, count):
    path = tmp_path / "centerlines.vtp"
    write_centerlines(path, case.centerlines)
    text = path.read_text(encoding="utf-8").replace(
        f'NumberOfPoints="{len(case.centerlines.points_mm)}"', f'NumberOfPoints="{count}"'
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AnalysisError, match=r"^centerlines\.vtp is damaged"):
        read_centerlines(path)
