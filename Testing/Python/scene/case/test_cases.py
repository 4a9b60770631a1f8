"""A case in the scene: read back, changed, damaged, saved, removed."""

import dataclasses
import operator
import zipfile

import numpy as np
import pytest
import slicer
import vtk
from BV5AnalysisLib.case.files import Case, Review, case_of, read_case
from BV5AnalysisLib.imaging.editing.recompute import recompute
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.centerlines import BRANCH_ARRAYS, POINT_ARRAYS
from BV5AnalysisLib.imaging.model.size_classes import VESSELS, SizeClass
from BV5AnalysisLib.imaging.model.tissue import TISSUES, OpacityVolumes, Tissue
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.model.withheld import TOTALS, Withheld
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.voxel_labels import AS_MEASURED
from BV5AnalysisLib.scene.case.bundle import save_scene
from BV5AnalysisLib.scene.case.cases import (
    add_case,
    case_from_scene,
    regions_of,
    remove_case,
    set_review,
    update_case,
)
from BV5AnalysisLib.scene.case.edited import was_edited
from BV5AnalysisLib.scene.case.exporting import write_outcome, write_table
from BV5AnalysisLib.scene.case.measuring import recomputed_case
from BV5AnalysisLib.scene.nodes.images import add_volume, labelmap
from BV5AnalysisLib.scene.nodes.outcome import find_outcomes, outcome_of
from BV5AnalysisLib.scene.nodes.places import scan_of
from BV5AnalysisLib.scene.nodes.segmentations import BINARY, SURFACE
from BV5AnalysisLib.scene.views.display import DisplaySettings, apply_display, current_display
from BV5AnalysisLib.scene.views.offscreen import OffscreenApplication
from BV5AnalysisLib.scene.views.selection import select_branch
from vtk.util.numpy_support import vtk_to_numpy

OWN_NODES = (
    "vesselsSegmentation",
    "lungsSegmentation",
    "centerlinesModel",
    "highlightModel",
    "measurementsTable",
    "branchesTable",
    "histogramTable",
    "histogramChart",
    "profileTable",
    "profileChart",
    "colors",
    "legend",
)


@pytest.fixture
def case(small_result) -> Case:
    return case_of("case 7", small_result)


def assert_same(one: Case, other: Case) -> None:
    for name in (*POINT_ARRAYS.values(), *BRANCH_ARRAYS.values(), "points_mm", "branch_start"):
        np.testing.assert_array_equal(
            getattr(one.centerlines, name), getattr(other.centerlines, name), err_msg=name
        )
    np.testing.assert_array_equal(one.vessels.array, other.vessels.array)
    np.testing.assert_array_equal(one.lungs.array, other.lungs.array)
    for name in ("name", "measurements", "findings", "calibration", "parameters", "sha256"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.grid.matches(other.grid, 1e-6)
    assert one.review == other.review
    assert one.edits == other.edits


def new_numbers(case: Case, ct: Volume | None = None):
    return recompute(
        ct, case.lungs, case.vessels, case.centerlines, case.calibration, case.parameters
    )


def nodes_of(outcome) -> dict[str, slicer.vtkMRMLNode]:
    nodes = {name: getattr(outcome, name) for name in OWN_NODES}
    return nodes | {f"tubes {each.name}": node for each, node in outcome.tubesModels.items()}


def test_a_case_is_read_back_as_it_was_added(outcome, case):
    assert_same(case_from_scene(outcome), dataclasses.replace(case, software={}))


def test_every_node_is_there_and_found_by_reference(outcome):
    assert all(node is not None for node in nodes_of(outcome).values())
    assert outcome.regionsSegmentation is None
    assert outcome.name == "case 7"
    assert find_outcomes(outcome.scene) == [outcome]
    assert outcome_of(outcome.caseNode) == outcome
    other = outcome.scene.AddNewNodeByClass("vtkMRMLTextNode", "case 7")
    with pytest.raises(ValueError, match="no case node"):
        outcome_of(other)


def with_tissue(small_result) -> Case:
    labels = np.zeros(small_result.lungs.array.shape, np.uint8)
    labels[20:24, 20:30, 20:40] = Tissue.GROUND_GLASS
    labels[40:44, 20:30, 20:40] = Tissue.UNCLAIMED_AIR
    opacities = (OpacityVolumes("both", 4000.0, 200.0, 40.0, 80.0),)
    slab = Withheld("incomplete_chest", "The scan shows a slab.", TOTALS)
    result = dataclasses.replace(
        small_result,
        tissue=small_result.lungs.with_array(labels),
        opacities=opacities,
        withheld=(slab,),
    )
    return case_of("case 8", result)


def test_tissue_opacities_and_what_is_withheld_are_read_back(application, small_result):
    case = with_tissue(small_result)
    outcome = add_case(application.scene, case)
    segmentation = outcome.tissueSegmentation
    assert list(segmentation.GetSegmentation().GetSegmentIDs()) == [
        look.key for look in TISSUES.values()
    ]
    assert not segmentation.GetDisplayNode().GetVisibility3D()
    again = case_from_scene(outcome)
    np.testing.assert_array_equal(again.tissue.array, case.tissue.array)
    assert (again.opacities, again.withheld) == (case.opacities, case.withheld)
    update_case(outcome, again)
    assert outcome.tissueSegmentation is segmentation
    remove_case(outcome)
    assert segmentation.GetScene() is None


def test_opacities_are_shown_and_hidden(application, small_result):
    outcome = add_case(application.scene, with_tissue(small_result))
    display = outcome.tissueSegmentation.GetDisplayNode()
    assert current_display(outcome).tissue_visible
    apply_display(outcome, DisplaySettings(tissue_visible=False))
    assert not display.GetVisibility()
    assert not current_display(outcome).tissue_visible


def test_a_deleted_tissue_segmentation_is_none(application, small_result):
    outcome = add_case(application.scene, with_tissue(small_result))
    outcome.scene.RemoveNode(outcome.tissueSegmentation)
    assert case_from_scene(outcome).tissue is None


def test_scan_of_the_case_is_its_volume(outcome, small_result):
    scan = scan_of(outcome)
    assert scan.grid.matches(small_result.scan.volume.grid)
    np.testing.assert_array_equal(scan.array, small_result.scan.volume.array)


def test_a_turned_scan_is_given_in_the_order_of_the_case(application, turned_result):
    from BV5AnalysisLib.scene.case.results import add_result

    outcome = add_result(application.scene, turned_result, "turned")
    scan = scan_of(outcome)
    assert scan.grid.matches(turned_result.scan.volume.grid)
    np.testing.assert_array_equal(scan.array, turned_result.scan.volume.array)


def test_a_case_without_its_ct_has_no_scan(application, case):
    outcome = add_case(application.scene, case)
    assert outcome.inputVolume is None
    assert scan_of(outcome) is None
    assert_same(case_from_scene(outcome, need_volume=True), dataclasses.replace(case, software={}))


def test_a_volume_of_other_voxels_is_refused_and_nothing_added(application, case):
    scene = application.scene
    grid = Grid((96, 64, 60), (3.0, 3.0, 4.0), (-144.0, -96.0, -121.0))
    other = add_volume(scene, "another", Volume(np.zeros(grid.shape, np.int16), grid))
    before = scene.GetNumberOfNodes()
    with pytest.raises(AnalysisError, match="another does not have the voxels"):
        add_case(scene, case, other)
    assert scene.GetNumberOfNodes() == before


def test_what_fails_midway_leaves_the_scene_as_it_was(application, case, monkeypatch):
    from BV5AnalysisLib.scene.case import case_nodes

    def failing(*_: object) -> None:
        raise RuntimeError("midway")

    monkeypatch.setattr(case_nodes, "fill_histogram", failing)
    scene = application.scene
    before = {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}
    with pytest.raises(RuntimeError, match="midway"):
        add_case(scene, case)
    after = {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}
    # The subject hierarchy is made when it is first asked for, and is Slicer's.
    assert {each for each in after - before if "SubjectHierarchy" not in each} == set()


# Edits


def paint(outcome, segment_id: str, name: str, mask: np.ndarray, grid: Grid) -> None:
    segment = slicer.vtkSegment()
    segment.SetName(name)
    segment.SetLabelValue(1)
    segment.AddRepresentation(BINARY, labelmap(Volume(mask.astype(np.uint8), grid)))
    outcome.vesselsSegmentation.GetSegmentation().AddSegment(segment, segment_id)


def test_edits_are_read_back(outcome, case):
    grid = case.grid
    mask = np.zeros(grid.shape, bool)
    mask[30, 20:40, 20] = True
    paint(outcome, "Segment_1", "drawn", mask, grid)
    outcome.vesselsSegmentation.GetSegmentation().RemoveSegment("bv10")
    expected = case.vessels.array.copy()
    expected[expected == SizeClass.BV10] = 0
    expected[mask & (expected == 0)] = AS_MEASURED
    np.testing.assert_array_equal(case_from_scene(outcome).vessels.array, expected)


def test_update_puts_painted_vessels_into_classes_and_makes_deleted_segments_again(outcome, case):
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    segmentation.GetSegment("bv5").SetName("small ones")
    mask = np.zeros(case.grid.shape, bool)
    mask[30, 20:40, 20] = True
    paint(outcome, "Segment_1", "drawn", mask, case.grid)
    segmentation.RemoveSegment("bv10")
    edited = case_from_scene(outcome)
    numbers = new_numbers(edited, scan_of(outcome))
    update_case(
        outcome,
        dataclasses.replace(
            edited,
            vessels=numbers.vessels,
            centerlines=numbers.centerlines,
            measurements=numbers.measurements,
            csa_histogram=numbers.csa_histogram,
            edits=numbers.edits,
        ),
    )
    assert segmentation.GetSegmentIDs() == tuple(look.key for look in VESSELS.values())
    assert segmentation.GetSegment("bv5").GetName() == "small ones"
    after = case_from_scene(outcome)
    assert (after.vessels.array[mask] != AS_MEASURED).all()
    assert after.measurements[0].bv10_ml == 0
    column = outcome.measurementsTable.GetTable().GetColumnByName("bv10_ml")
    assert column.GetValue(0) == 0
    assert outcome.tubesModels[SizeClass.BV10].GetPolyData().GetNumberOfPoints() == 0
    assert after.edits == numbers.edits
    # Computing again from what the scene now holds changes nothing.
    assert new_numbers(after, scan_of(outcome)).measurements == after.measurements


def surfaces_of(node) -> list[vtk.vtkPolyData]:
    segmentation = node.GetSegmentation()
    return [segmentation.GetSegment(k).GetRepresentation(SURFACE) for k in ("right", "left")]


def layer_of(node):
    return node.GetSegmentation().GetLayerDataObject(0, BINARY)


def test_update_leaves_lungs_alone_that_are_the_same(outcome, case):
    before = surfaces_of(outcome.lungsSegmentation)
    lungs_changed = layer_of(outcome.lungsSegmentation).GetMTime()
    vessels = case.vessels.array.copy()
    vessels[vessels == SizeClass.BV10] = SizeClass.BV5
    update_case(outcome, dataclasses.replace(case, vessels=case.vessels.with_array(vessels)))
    assert all(map(operator.is_, before, surfaces_of(outcome.lungsSegmentation)))
    assert layer_of(outcome.lungsSegmentation).GetMTime() == lungs_changed
    np.testing.assert_array_equal(case_from_scene(outcome).vessels.array, vessels)


def test_update_makes_the_shell_of_other_lungs_anew(outcome, case):
    before = [surface.GetBounds() for surface in surfaces_of(outcome.lungsSegmentation)]
    lungs = case.lungs.array.copy()
    lungs[: lungs.shape[0] // 2] = 0
    update_case(outcome, dataclasses.replace(case, lungs=case.lungs.with_array(lungs)))
    after = [surface.GetBounds() for surface in surfaces_of(outcome.lungsSegmentation)]
    assert all(new[4] > old[4] + 1 for old, new in zip(before, after, strict=True))
    np.testing.assert_array_equal(case_from_scene(outcome).lungs.array, lungs)


def test_update_makes_room_for_voxels_beyond_the_labelmap(outcome, case):
    vessels = case.vessels.array.copy()
    vessels[0, 0, 0] = SizeClass.BV5
    update_case(outcome, dataclasses.replace(case, vessels=case.vessels.with_array(vessels)))
    np.testing.assert_array_equal(case_from_scene(outcome).vessels.array, vessels)


def test_update_drops_surfaces_of_vessels_that_changed(outcome, case):
    apply_display(outcome, DisplaySettings(geometry="surfaces"))
    apply_display(outcome, DisplaySettings())
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    update_case(outcome, case)
    assert segmentation.ContainsRepresentation(SURFACE)
    vessels = case.vessels.array.copy()
    vessels[vessels == SizeClass.BV10] = SizeClass.BV5
    update_case(outcome, dataclasses.replace(case, vessels=case.vessels.with_array(vessels)))
    assert not segmentation.ContainsRepresentation(SURFACE)


def test_numbers_older_than_an_edit_are_not_exported(outcome, case, tmp_path):
    def state() -> bool:
        return was_edited(outcome, case_from_scene(outcome))

    assert not state()
    write_outcome(outcome, tmp_path / "before", report=False)
    mask = np.zeros(case.grid.shape, bool)
    mask[30, 20:40, 20] = True
    paint(outcome, "Segment_1", "drawn", mask, case.grid)
    assert state()
    for write in (
        lambda: write_outcome(outcome, tmp_path / "stale", report=False),
        lambda: write_table(outcome, tmp_path / "stale.csv"),
    ):
        with pytest.raises(AnalysisError, match=r"case 7 were edited .* recompute"):
            write()
    assert [path.name for path in tmp_path.iterdir()] == ["before"]
    update_case(outcome, recomputed_case(outcome))
    assert not state()
    write_outcome(outcome, tmp_path / "after", report=False)
    assert_same_voxels(read_case(tmp_path / "after"), case_from_scene(outcome))
    outcome.lungsSegmentation.GetSegmentation().RemoveSegment("left")
    assert state()


def assert_same_voxels(one: Case, other: Case) -> None:
    np.testing.assert_array_equal(one.vessels.array, other.vessels.array)
    assert set(np.unique(one.vessels.array)) <= {0, *SizeClass}


def test_nothing_edited_gives_the_same_numbers_after_a_way_through_the_scene(outcome, case):
    assert new_numbers(case_from_scene(outcome)).measurements == new_numbers(case).measurements


def test_other_bounds_change_classes_names_and_colors_stay(outcome, case):
    settings = current_display(outcome)
    look = dataclasses.replace(settings.classes[SizeClass.BV5], color=(0.1, 0.2, 0.3))
    apply_display(outcome, dataclasses.replace(settings, classes={SizeClass.BV5: look}))
    parameters = Parameters(minimum_csa_mm2=0.0, class_bounds_mm2=(6.0, 50.0))
    numbers = new_numbers(dataclasses.replace(case, parameters=parameters))
    update_case(
        outcome,
        dataclasses.replace(
            case, parameters=parameters, centerlines=numbers.centerlines, vessels=numbers.vessels
        ),
    )
    assert outcome.colors.GetColorName(1) == "BV5: 0–6 mm²"
    assert not outcome.colors.GetColorDefined(int(SizeClass.BELOW_FLOOR))
    assert outcome.tubesModels[SizeClass.BV5].GetDisplayNode().GetColor() == (0.1, 0.2, 0.3)
    segment = outcome.vesselsSegmentation.GetSegmentation().GetSegment("bv5")
    assert segment.GetColor() == pytest.approx((0.1, 0.2, 0.3))
    assert outcome.tubesModels[SizeClass.BELOW_FLOOR].GetPolyData().GetNumberOfPoints() == 0


def test_update_keeps_how_things_are_shown(outcome, case):
    classes = dict(DisplaySettings().classes)
    classes[SizeClass.BV10] = dataclasses.replace(classes[SizeClass.BV10], visible=False)
    settings = DisplaySettings(classes, "surfaces", "fill", False, 0.3, False)
    apply_display(outcome, settings)
    update_case(outcome, case)
    assert current_display(outcome) == settings
    assert outcome.vesselsSegmentation.GetSegmentation().ContainsRepresentation(SURFACE)


# Deleted nodes


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("vesselsSegmentation", "vessels segmentation"),
        ("lungsSegmentation", "lungs segmentation"),
        ("centerlinesModel", "centerlines model"),
        ("inputVolume", "CT volume"),
    ],
)
def test_what_is_missing_is_named(outcome, name, told):
    outcome.scene.RemoveNode(getattr(outcome, name))
    assert getattr(outcome, name) is None
    with pytest.raises(AnalysisError, match=f"The {told} of case 7 was deleted"):
        case_from_scene(outcome, need_volume=True)


def test_branches_without_centerlines_are_told(outcome):
    outcome.scene.RemoveNode(outcome.centerlinesModel)
    with pytest.raises(AnalysisError, match="centerlines model was deleted"):
        select_branch(outcome, 0)


def test_all_that_is_missing_is_named_at_once(outcome):
    for name in ("vesselsSegmentation", "centerlinesModel"):
        outcome.scene.RemoveNode(getattr(outcome, name))
    with pytest.raises(AnalysisError, match="vessels segmentation and the centerlines model"):
        case_from_scene(outcome)


@pytest.mark.parametrize("role", ["vesselsSegmentation", "lungsSegmentation"])
def test_a_deleted_display_is_made_again(outcome, case, role):
    node = getattr(outcome, role)
    shown = current_display(outcome)
    outcome.scene.RemoveNode(node.GetDisplayNode())
    update_case(outcome, case)
    assert node.GetDisplayNode() is not None
    assert current_display(outcome) == shown


def test_cases_of_one_name_are_told_apart(outcome, case):
    second, third = (add_case(outcome.scene, case) for _ in range(2))
    names = [each.caseNode.GetName() for each in (outcome, second, third)]
    assert names == ["BV5 case 7", "BV5 case 7 (2)", "BV5 case 7 (3)"]
    assert second.vesselsSegmentation.GetName() == "case 7 (2) vessels"
    assert {each.name for each in (outcome, second, third)} == {"case 7"}


def test_a_case_does_not_hide_its_ct_from_scripts(application, small_result, case):
    ct = add_volume(application.scene, case.name, small_result.scan.volume)
    add_case(application.scene, case, ct)
    named = application.scene.GetNodesByName(case.name)
    assert [named.GetItemAsObject(i) for i in range(named.GetNumberOfItems())] == [ct]


def test_deleted_nodes_are_made_again(outcome, case):
    case_node, scene = outcome.caseNode, outcome.scene
    for node in nodes_of(outcome).values():
        if node.GetScene() is scene:
            scene.RemoveNode(node)
    assert all(node is None for node in nodes_of(outcome).values())
    update_case(outcome, case)
    assert outcome.caseNode is case_node
    assert all(node is not None for node in nodes_of(outcome).values())
    assert_same(case_from_scene(outcome), dataclasses.replace(case, software={}))


@pytest.mark.parametrize("name", [*OWN_NODES, "inputVolume"])
def test_a_node_deleted_while_shown_makes_no_trouble(outcome, case, name):
    select_branch(outcome, 2, "Green")
    outcome.scene.RemoveNode(getattr(outcome, name))
    apply_display(outcome, DisplaySettings(geometry="surfaces", slices="fill"))
    apply_display(outcome, DisplaySettings())
    current_display(outcome)
    set_review(outcome, Review("rejected", "R", "motion", "2024-05-01T10:00:00+02:00"))
    update_case(outcome, case)
    assert name == "inputVolume" or getattr(outcome, name) is not None


# Two cases, removal, closing


def test_two_cases_in_one_scene_do_not_touch_each_other(application, case, small_result):
    scene = application.scene
    first = add_case(scene, case)
    second = add_case(scene, dataclasses.replace(case, name="case 8"))
    assert [each.name for each in find_outcomes(scene)] == ["case 7", "case 8"]
    ids = [{node.GetID() for node in nodes_of(each).values()} for each in (first, second)]
    assert not ids[0] & ids[1]
    classes = {SizeClass.BV5: dataclasses.replace(_look(), visible=False, color=(0.0, 1.0, 0.0))}
    apply_display(first, DisplaySettings(classes, "surfaces"))
    assert current_display(second) == DisplaySettings()
    remove_case(first)
    assert find_outcomes(scene) == [second]
    assert_same(case_from_scene(second), dataclasses.replace(case, name="case 8", software={}))


def _look():
    return DisplaySettings().classes[SizeClass.BV5]


def test_removing_a_case_leaves_the_users_nodes(application, case, small_result):
    scene = application.scene
    ct = add_volume(scene, "mine", small_result.scan.volume)
    regions = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lobes")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    items = hierarchy.GetNumberOfItems()
    before = {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}
    outcome = add_case(scene, case, ct, regions)
    assert outcome.regionsSegmentation is regions
    remove_case(outcome)
    after = {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}
    assert after == before
    assert outcome.scene is None
    assert hierarchy.GetNumberOfItems() == items


@pytest.mark.parametrize("name", ["inputVolume", "vesselsSegmentation", "lungsSegmentation"])
def test_nodes_moved_apart_are_refused(outcome, name):
    scene, record = outcome.scene, outcome.record
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    matrix = np.eye(4)
    matrix[0, 3] = 20.0
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    node = getattr(outcome, name)
    node.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(AnalysisError, match=f"{node.GetName()} and .* same place"):
        recomputed_case(outcome)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.eye(4)))
    assert not recomputed_case(outcome).edits
    assert outcome.record == record


def test_a_ct_that_was_hardened_elsewhere_is_refused(outcome):
    matrix = vtk.vtkMatrix4x4()
    outcome.inputVolume.GetIJKToRASMatrix(matrix)
    matrix.SetElement(0, 3, matrix.GetElement(0, 3) + 20.0)
    outcome.inputVolume.SetIJKToRASMatrix(matrix)
    with pytest.raises(AnalysisError, match="moved, cropped or resampled"):
        recomputed_case(outcome)


def test_a_ct_whose_transform_was_hardened_is_still_in_place(application, small_result, case):
    scene = application.scene
    ct = add_volume(scene, "CT", small_result.scan.volume)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "turned")
    turned = np.eye(4)
    turned[:2, :2], turned[:3, 3] = [[0.6, -0.8], [0.8, 0.6]], (15.0, -4.0, 30.0)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turned))
    ct.SetAndObserveTransformNodeID(transform.GetID())
    outcome = add_case(scene, case, ct)
    before = recomputed_case(outcome).measurements
    ct.HardenTransform()
    assert ct.GetParentTransformNode() is None
    assert recomputed_case(outcome).measurements == before
    np.testing.assert_array_equal(scan_of(outcome).array, small_result.scan.volume.array)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.eye(4)))
    with pytest.raises(AnalysisError, match="CT was moved, cropped or resampled"):
        recomputed_case(outcome)


def test_a_case_goes_without_a_change_of_nodes_that_have_no_item(outcome):
    """Slicer's plugins would look in vain for the item, and say so in the log."""
    scene = outcome.scene
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    told = []
    for node in (outcome.vesselsSegmentation, outcome.lungsSegmentation):
        for event in (
            slicer.vtkMRMLDisplayableNode.DisplayModifiedEvent,
            slicer.vtkSegmentation.SegmentRemoved,
            slicer.vtkSegmentation.SegmentModified,
        ):
            node.AddObserver(
                event, lambda node, _event: told.append(hierarchy.GetItemByDataNode(node))
            )
    remove_case(outcome)
    assert told
    assert all(told)


def test_closing_the_scene_ends_the_outcome(outcome):
    scene = outcome.scene
    scene.Clear()
    assert find_outcomes(scene) == []
    assert outcome.scene is None
    remove_case(outcome)


def test_regions_are_measured_as_they_are_now(application, case, small_result):
    scene = application.scene
    ct = add_volume(scene, "mine", small_result.scan.volume)
    regions = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lobes")
    outcome = add_case(scene, case, ct, regions)
    segment = slicer.vtkSegment()
    segment.SetName("Upper")
    segment.SetLabelValue(1)
    mask = np.zeros(case.grid.shape, np.uint8)
    mask[30:] = 1
    segment.AddRepresentation(BINARY, labelmap(Volume(mask, case.grid)))
    regions.GetSegmentation().AddSegment(segment, "a")
    (region,) = regions_of(outcome)
    assert region.name == "Upper"
    np.testing.assert_array_equal(region.mask.array, mask > 0)
    update_case(outcome, recomputed_case(outcome))
    assert [row["region"] for row in outcome.record["measurements"]][3:] == ["Upper"]
    scene.RemoveNode(regions)
    assert regions_of(outcome) == ()
    for _ in range(2):  # It stays told.
        update_case(outcome, recomputed_case(outcome))
        assert len(outcome.record["measurements"]) == 3
        lost = [f for f in outcome.record["findings"] if f["code"] == "regions_left_out"]
        assert [(f["severity"], f["text"].split(": ")[1]) for f in lost] == [("warning", "Upper.")]


# Review, transform, saving


def test_review_is_kept_and_shown(outcome):
    review = Review("rejected", "Dr. Ä", 'Bewegung, "schlecht"', "2024-05-01T10:00:00+02:00")
    set_review(outcome, review)
    assert case_from_scene(outcome).review == review
    table = outcome.measurementsTable.GetTable()
    for key, text in (("review", "rejected"), ("reviewer", "Dr. Ä")):
        column = table.GetColumnByName(key)
        assert [column.GetValue(row) for row in range(3)] == [text] * 3
    assert table.GetColumnByName("review_comment").GetValue(0) == "Bewegung, ”schlecht”"


def test_results_go_under_the_volumes_transform(application, case, small_result):
    scene = application.scene
    ct = add_volume(scene, "mine", small_result.scan.volume)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    turn = np.array([[0, -1, 0, 50], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1.0]])
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
    ct.SetAndObserveTransformNodeID(transform.GetID())
    outcome = add_case(scene, case, ct)
    for node in nodes_of(outcome).values():
        if isinstance(node, slicer.vtkMRMLTransformableNode):
            assert node.GetParentTransformNode() is transform, node.GetName()
    assert_same(case_from_scene(outcome), dataclasses.replace(case, software={}))


def test_a_saved_scene_opens_with_the_case(application, turned_result, tmp_path):
    from BV5AnalysisLib.scene.case.results import add_result

    outcome = add_result(application.scene, turned_result, "Fall Ä 7")
    set_review(outcome, Review("accepted", "Dr. Ö", 'gut & "klar" <1>', "2024-05-01T10:00:00Z"))
    settings = DisplaySettings(slices="fill", lungs_opacity=0.25)
    apply_display(outcome, settings)
    before, numbers = case_from_scene(outcome), new_numbers(case_from_scene(outcome))
    save_scene(application.scene, tmp_path / "scene.mrb")
    with zipfile.ZipFile(tmp_path / "scene.mrb") as bundle:
        bundle.extractall(tmp_path / "unpacked")
    other = OffscreenApplication()
    other.scene.SetURL(str(tmp_path / "unpacked" / "scene" / "scene.mrml"))
    assert other.scene.Import(None)
    (back,) = find_outcomes(other.scene)
    assert back.name == "Fall Ä 7"
    assert all(node is not None for node in nodes_of(back).values())
    assert back.inputVolume.GetName() == "Fall Ä 7 CT"
    assert current_display(back).slices == "fill"
    assert current_display(back).lungs_opacity == pytest.approx(0.25)
    again = case_from_scene(back, need_volume=True)
    assert again.review == before.review
    np.testing.assert_array_equal(again.vessels.array, before.vessels.array)
    np.testing.assert_array_equal(again.lungs.array, before.lungs.array)
    np.testing.assert_allclose(again.centerlines.points_mm, before.centerlines.points_mm, atol=1e-4)
    assert new_numbers(again).measurements == numbers.measurements
    # It still can be changed, and the tables follow.
    update_case(back, again)
    rows = back.branchesTable.GetTable().GetColumnByName("mean_csa_mm2")
    np.testing.assert_allclose(vtk_to_numpy(rows), again.centerlines.mean_csa_mm2, atol=1e-3)
    assert isinstance(back.histogramTable.GetTable(), vtk.vtkTable)
