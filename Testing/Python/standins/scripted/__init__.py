"""Stand-ins for `slicer.ScriptedLoadableModule`, `slicer.i18n`, `slicer.parameterNodeWrapper`.

With SLICER_SOURCE=dir of a Slicer checkout, Slicer's own are used in their place.
"""
