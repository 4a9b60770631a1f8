"""Statistics of one measure, or one pair."""
