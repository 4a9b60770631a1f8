"""Stand-ins for what a running Slicer gives to its Python and PyPI's slicer-core does not.

Qt is real (PySide6, off-screen), MRML is real (slicer-core); what lies between is here: the manner
of PythonQt, ctk's and Slicer's widgets, the application, and the scripted-module base classes.
All is strict: a name that Slicer lacks raises. docs/slicer-behavior.md tells what a running Slicer
does, `slicer_api.json` what its classes have.
"""
