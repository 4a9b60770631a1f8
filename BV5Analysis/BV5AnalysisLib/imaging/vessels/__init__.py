"""Vessels found: work grid, ridge points, branches, the hilum."""
