"""Which scans a batch measures: those of a manifest, or those found in a folder tree."""
