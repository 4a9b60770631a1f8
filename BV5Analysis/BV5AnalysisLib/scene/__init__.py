"""Slicer scene (MRML) from results; runs in Slicer and with ``slicer-core`` alike."""
