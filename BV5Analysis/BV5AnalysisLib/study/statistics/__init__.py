"""Statistics of one measure, or one pair."""

FEWEST = 3
"""Values that a group must have to be compared, and cases that any analysis needs."""
