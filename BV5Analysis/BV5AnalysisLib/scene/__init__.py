"""Slicer scene (MRML) from results; runs in Slicer and with ``slicer-core`` alike.

In Slicer the module's logic adds a case to the application's scene, beside the CT that the
user picked, and Slicer's own views show it::

    outcome = add_case(slicer.mrmlScene, case, inputVolume)
    show_layout(scene_layout_node(slicer.mrmlScene))
    fill_views(slicer.mrmlScene, slicer.app.applicationLogic(), outcome)

After edits it is read back, computed anew and shown in the same nodes::

    case = case_from_scene(outcome)
    update_case(outcome, with_recomputed(case, recompute(...), ...))

Outside of Slicer `scene.views.offscreen.OffscreenApplication` stands in for the application, and
`scene.case.bundle.save_scene` writes what Slicer opens. `scene.views.rendering.rendered_png` draws
a case without any scene.
"""
