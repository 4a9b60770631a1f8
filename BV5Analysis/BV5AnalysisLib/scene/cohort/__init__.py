"""Batches and cohorts in the scene: tables, charts, layout."""
