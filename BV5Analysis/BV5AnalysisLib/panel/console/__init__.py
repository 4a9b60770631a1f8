"""Batch and cohort for Slicer's Python console."""
