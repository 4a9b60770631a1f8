"""Measurements and clinical tables, read, joined and narrowed."""
