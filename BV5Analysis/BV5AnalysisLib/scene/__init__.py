"""Slicer scene (MRML) from results; runs in Slicer and with ``slicer-core`` alike.

In Slicer the module's logic adds a case to the application's scene, beside the CT that the
user picked, and Slicer's own views show it::

    outcome = add_case(slicer.mrmlScene, case, inputVolume)
    show_layout(scene_layout_node(slicer.mrmlScene))
    fill_views(slicer.mrmlScene, slicer.app.applicationLogic(), outcome)

After edits it is read back, recomputed and shown in the same nodes::

    case = case_from_scene(outcome)
    update_case(outcome, with_recomputed(case, recompute(...), ...))

Outside of Slicer `scene.views.offscreen.OffscreenApplication` stands in for the application, and
`scene.case.bundle.save_scene` writes what Slicer opens. `scene.views.rendering.rendered_png` draws
a case without any scene.

What Slicer's module uses can be had from this package by name, such as ``scene.add_case``. A name's
module is loaded when the name is asked for: Slicer loads the module at its start.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_NAMES = {
    "case.cases": ("add_case", "remove_case", "set_review", "update_case"),
    "case.edited": ("EditCheck",),
    "case.exclusion": ("erase_branch",),
    "case.exporting": ("table_text", "write_outcome", "write_table"),
    "case.loading": ("ChartKeeper",),
    "case.measuring": ("measured_case", "recomputed_case", "volume_of_case"),
    "case.sample_data": ("add_phantom", "add_phantom_file", "write_phantom_ct"),
    "cohort.batch_table": ("add_batch_table",),
    "cohort.cohort_nodes": ("add_cohort",),
    "cohort.cohort_layout": ("cohort_layout_xml", "fill_cohort_views"),
    "nodes.acquisition": ("add_scan",),
    "nodes.branch_table": ("branch_at",),
    "nodes.outcome": ("find_outcomes", "outcome_of"),
    "nodes.segmentations": ("SURFACE",),
    "nodes.view_nodes": ("show_table",),
    "nodes.volumes": ("reason_not_measurable",),
    "views.display": ("apply_display",),
    "views.layout": ("fill_views", "is_shown"),
    "views.review_layout": (
        "COHORT_LAYOUT_ID",
        "register_layout",
        "restore_layout",
        "scene_layout_node",
        "show_layout",
    ),
    "views.selection": ("clear_selection", "select_branch"),
}
"""Names by the module, in this package, that has them."""
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
