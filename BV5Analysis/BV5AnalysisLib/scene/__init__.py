"""Slicer scene (MRML) from results; runs in Slicer and with ``slicer-core`` alike.

In Slicer the module's logic adds a result to the application's scene, beside the CT that the
user picked, and Slicer's own views show it::

    outcome = add_result(slicer.mrmlScene, result, case, ct_volume=inputVolume)

A view that a layout makes later shows the legend after `colors.renew_legend`. Outside of Slicer
`offscreen.OffscreenApplication` stands in for the application, `rendering.render_3d` for its 3D
view, and `bundle.save_scene` writes what Slicer opens::

    application = OffscreenApplication()
    outcome = add_result(application.scene, result, case)
    arrange_views(application, outcome)
    render_3d(application, outcome, Path("vessels_3d.png"))
    save_scene(application.scene, Path("scene.mrb"))
"""
