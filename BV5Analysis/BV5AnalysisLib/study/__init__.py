"""Many cases: batch, blood gases and cohort statistics."""
