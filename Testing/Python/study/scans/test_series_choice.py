"""Of a study the best chest series is taken, by the rules that `chosen` states."""

import numpy as np
import pytest
from BV5AnalysisLib.study.scans.dicom_index import IndexedSlice, grouped, read_slice
from BV5AnalysisLib.study.scans.series_choice import chosen
from BV5AnalysisLib.study.scans.series_stacks import Stack, stacks_of
from helpers.scan_files import chest, write_slice

GOOD = {"SeriesDescription": "Thorax 1.0 Br36", "ConvolutionKernel": "Br36d", "SliceThickness": 1.0}
_SIDE = 24
_FIELD = 330 / _SIDE


def stack_of(folder, number=1, length_mm=300.0, spacing_mm=1.0, field_mm=330.0, **tags) -> Stack:
    """A series of a given extent; its header is read of one file and moved along."""
    values = {
        "SeriesNumber": number,
        "SeriesInstanceUID": f"1.2.{number}",
        "SliceThickness": spacing_mm,
        "SeriesDescription": "",
        "ConvolutionKernel": "",
        "PixelSpacing": [field_mm / 20] * 2,
    }
    path = folder / f"{number}.dcm"
    write_slice(path, chest()[0], (0.0, 0.0, 0.0), **(values | tags))
    first = read_slice(path)
    normal = first.kind.header.normal
    slices = {
        f"{index:04}": IndexedSlice(first.kind, tuple(normal * spacing_mm * index), index)
        for index in range(round(length_mm / spacing_mm))
    }
    (stack,) = stacks_of(grouped(str(folder / str(number)), slices))
    return stack


def winner(*stacks: Stack) -> int:
    """Number of the chosen series; the order in which they are given must not matter."""
    numbers = {chosen(order).stack.kind.header.series_number for order in (stacks, stacks[::-1])}
    (number,) = numbers
    return int(number)


def duel(folder, better: dict, worse: dict) -> str:
    """Check that one series is preferred whatever their numbers are; give what is said."""
    assert winner(stack_of(folder, 1, **better), stack_of(folder, 2, **worse)) == 1
    stacks = stack_of(folder, 2, **better), stack_of(folder, 1, **worse)
    assert winner(*stacks) == 2
    return chosen(stacks).text


AXIAL, CORONAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1]
DERIVED = ["DERIVED", "SECONDARY", "AXIAL"]


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        # 1: of the chest.
        ({"SeriesDescription": "Thorax"}, {"SeriesDescription": "Abdomen"}, "another part"),
        ({"BodyPartExamined": "CHEST"}, {"BodyPartExamined": "HEAD"}, "another part"),
        (
            {"SeriesDescription": "Chest-Abd", "spacing_mm": 1.5},
            {"SeriesDescription": "Abdomen", "spacing_mm": 1.0},
            "another part",
        ),
        # 2: large enough, before all that makes a picture good.
        ({"spacing_mm": 3.0}, {"length_mm": 140.0}, "only 140 mm long"),
        ({"spacing_mm": 3.0}, {"field_mm": 180.0}, "only 180 mm wide"),
        ({"length_mm": 150.0}, {"length_mm": 100.0}, "only 100 mm long"),
        # 3: breathing and position.
        ({"spacing_mm": 2.5}, {"SeriesDescription": "Exp 1.0"}, "in expiration"),
        ({"spacing_mm": 2.5}, {"PatientPosition": "HFP"}, "prone"),
        ({"spacing_mm": 2.5}, {"SeriesDescription": "prone"}, "prone"),
        # 4: axial.
        (
            {"spacing_mm": 2.0},
            {"ImageOrientationPatient": CORONAL, "spacing_mm": 1.0},
            "not axial",
        ),
        # 5: thin, before the kernel, above 2 mm.
        ({"ConvolutionKernel": "B70f"}, {"spacing_mm": 2.5}, "slices of 2.5 mm"),
        ({"spacing_mm": 3.0}, {"spacing_mm": 5.0}, "slices of 5 mm"),
        ({"ImageType": DERIVED}, {"SliceThickness": 5.0}, "slices of 5 mm"),
        # 6: said to be of the chest, before the kernel.
        ({"SeriesDescription": "Lung", "ConvolutionKernel": "B70f"}, {}, "not said to be"),
        # 7: the kernel, before the thickness up to 2 mm.
        ({"spacing_mm": 2.0}, {"ConvolutionKernel": "B70f"}, "sharp kernel B70f"),
        (
            {"Manufacturer": "GE MEDICAL SYSTEMS", "ConvolutionKernel": "STANDARD"},
            {"Manufacturer": "GE MEDICAL SYSTEMS", "ConvolutionKernel": "BONEPLUS"},
            "sharp kernel BONEPLUS",
        ),
        # 8: original.
        ({"spacing_mm": 2.0}, {"ImageType": DERIVED}, "computed from other images"),
        # 9: without contrast agent.
        ({"spacing_mm": 2.0}, {"ContrastBolusAgent": "Ultravist"}, "with contrast agent"),
        ({"spacing_mm": 2.0}, {"SeriesDescription": "arteriell"}, "with contrast agent"),
        (
            {"SeriesDescription": "Thorax nativ", "ContrastBolusAgent": "x", "spacing_mm": 2.0},
            {"SeriesDescription": "Thorax", "ContrastBolusAgent": "x"},
            "with contrast agent",
        ),
        # 10: thinner.
        ({"spacing_mm": 1.0}, {"spacing_mm": 1.5}, "slices of 1.5 mm"),
        # 11: longer, then more slices.
        ({"length_mm": 300.0}, {"length_mm": 250.0}, "shorter, 250 mm"),
        (
            {"spacing_mm": 0.5, "SliceThickness": 1.0},
            {"spacing_mm": 1.0, "SliceThickness": 1.0},
            "fewer slices, 300",
        ),
    ],
)
def test_each_rule(better, worse, reason, tmp_path):
    assert reason in duel(tmp_path, better, worse)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"spacing_mm": 0.5, "length_mm": 300}, {"spacing_mm": 0.5, "length_mm": 300}),
        ({"SeriesDescription": "Insp/Exp"}, {"SeriesDescription": ""}),
        ({"SeriesDescription": "w/o contrast"}, {}),
        ({"ContrastBolusAgent": "NONE"}, {}),
    ],
)
def test_alike_series_are_decided_by_their_number(first, second, tmp_path):
    stacks = stack_of(tmp_path, 3, **first), stack_of(tmp_path, 4, **second)
    assert winner(*stacks) == 3
    assert "series 4 (alike, but later)" in " ".join(chosen(stacks).text.split())


def test_beyond_a_chest_longer_is_not_better_and_below_0_6_mm_thinner_is_not(tmp_path):
    stacks = stack_of(tmp_path, 1, length_mm=400), stack_of(tmp_path, 2, length_mm=700)
    assert "fewer slices" in chosen(stacks).text
    thin = {"SliceThickness": 0.3, "spacing_mm": 0.5, "ConvolutionKernel": "Br36"}
    stacks = stack_of(tmp_path, 1, **thin), stack_of(tmp_path, 2, spacing_mm=0.6)
    assert "slices of" not in chosen(stacks).text.split("not series")[1]


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Modality": "MR"}, "MR, not CT"),
        ({"Modality": None}, "no stated modality, not CT"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localizer"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "projections or renderings"),
        ({"SeriesDescription": "Thorax MIP 8/2"}, "projections or renderings"),
        ({"SeriesDescription": "MinIP"}, "projections or renderings"),
        ({"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}, "8-bit pictures"),
        ({"SamplesPerPixel": 3, "PlanarConfiguration": 0}, "color pictures"),
        ({"NumberOfFrames": 200}, "enhanced multi-frame CT: save it as .nrrd by 3D Slicer"),
        ({"ImagePositionPatient": None}, "without position, orientation or pixel spacing"),
        ({"length_mm": 9.0}, "9 slices only"),
        ({"spacing_mm": 6.0}, "slices of 6 mm"),
        ({"SliceThickness": 8.0}, "slices of 8 mm"),
    ],
)
def test_what_cannot_be_measured_is_left_out_with_its_reason(tags, reason, tmp_path):
    bad = stack_of(tmp_path, 1, **tags)
    good = stack_of(tmp_path, 2, spacing_mm=5.0, ConvolutionKernel="B70f")
    assert winner(bad, good) == 2
    assert f"({reason})" in chosen([bad, good]).text
    alone = chosen([bad])
    assert alone.stack is None
    assert alone.problem == (
        f"The series cannot be measured ({reason}); give an original axial chest CT."
    )


def test_a_study_of_which_nothing_can_be_measured_names_all(tmp_path):
    scout = stack_of(tmp_path, 1, SeriesDescription="Scout", ImageType=["", "", "LOCALIZER"])
    bolus = stack_of(tmp_path, 2, SeriesDescription="Bolus", length_mm=4.0)
    assert chosen([bolus, scout]).problem == (
        "No series can be measured: series 1 Scout (localizer), series 2 Bolus (4 slices only);"
        " give an original axial chest CT."
    )


def test_the_choice_is_one_line_that_tells_all(tmp_path):
    stacks = [
        stack_of(tmp_path, 2, spacing_mm=5.0, SeriesDescription="Thorax 5.0"),
        stack_of(tmp_path, 3, **GOOD),
        stack_of(tmp_path, 10, SeriesDescription="Lung 1.0", ConvolutionKernel="B70f"),
        stack_of(tmp_path, 1, 1.0, SeriesDescription="Topo", ImageType=["", "", "LOCALIZER"]),
    ]
    assert chosen(stacks).text == (
        "series 3 Thorax 1.0 Br36, 300 slices of 1 mm, Br36d; not series 1 Topo (localizer),"
        " series 2 Thorax 5.0 (slices of 5 mm), series 10 Lung 1.0 (sharp kernel B70f)"
    )
    assert chosen(stacks[1:2]).text == ""


def test_many_others_are_counted(tmp_path):
    stacks = [stack_of(tmp_path, number, **GOOD) for number in range(1, 15)]
    assert chosen(stacks).text.endswith(" and 5 more")


# Stacks


def slices_at(folder, places, **tags) -> dict[str, IndexedSlice]:
    """Indexed slices of one series at given heights."""
    write_slice(folder / "x.dcm", chest()[0], (0.0, 0.0, 0.0), **tags)
    kind = read_slice(folder / "x.dcm").kind
    return {
        f"{tags.get('AcquisitionNumber', 0)}-{index:03}": IndexedSlice(
            kind, (0.0, 0.0, float(z)), hash((tags.get("AcquisitionNumber"), index)) % 2**60
        )
        for index, z in enumerate(places)
    }


def test_irregular_series_lose_against_regular_ones(tmp_path):
    heights = np.delete(np.arange(200.0), [50, 51])
    (gap,) = stacks_of(grouped("a", slices_at(tmp_path, heights)))
    assert "misses 2 slices" in gap.problem
    good = stack_of(tmp_path, 9, spacing_mm=3.0)
    assert "misses 2 slices, after position 49.0 mm)" in chosen([gap, good]).text
    assert chosen([gap]).problem == gap.problem


def test_two_acquisitions_in_one_series_are_told_apart(tmp_path):
    heights = np.arange(100.0)
    slices = slices_at(tmp_path, heights, AcquisitionNumber=1)
    slices |= slices_at(tmp_path, heights, AcquisitionNumber=2)
    stacks = stacks_of(grouped("a", slices))
    assert [(stack.slices, stack.problem) for stack in stacks] == [(100, "")] * 2
    assert chosen(stacks).stack.kind.acquisition == "1"


def test_slabs_that_follow_each_other_stay_one_series(tmp_path):
    slices = slices_at(tmp_path, np.arange(100.0), AcquisitionNumber=1)
    slices |= slices_at(tmp_path, np.arange(100.0, 200.0), AcquisitionNumber=2)
    (stack,) = stacks_of(grouped("a", slices))
    assert (stack.slices, stack.problem, stack.coverage_mm) == (200, "", pytest.approx(200))
    # With a gap they are an incomplete series, not half a chest.
    del slices["1-050"]
    (stack,) = stacks_of(grouped("a", slices))
    assert "misses 1 slices" in stack.problem


def test_slices_of_other_size_or_direction_are_other_stacks(tmp_path):
    slices = slices_at(tmp_path, np.arange(100.0))
    turned = slices_at(tmp_path, range(3), ImageOrientationPatient=CORONAL, AcquisitionNumber=7)
    scout = slices_at(tmp_path, [0.0], ImageType=["", "", "LOCALIZER"], AcquisitionNumber=8)
    rounded = slices_at(tmp_path, [100.0], PixelSpacing=[0.80001, 0.7], AcquisitionNumber=9)
    stacks = stacks_of(grouped("a", slices | turned | scout | rounded))
    assert sorted(stack.slices for stack in stacks) == [1, 3, 101]
    assert chosen(stacks).stack.slices == 101
