"""The values that every step shares: volumes, scans, centerlines, results."""
