"""What the analysis of a cohort writes."""
