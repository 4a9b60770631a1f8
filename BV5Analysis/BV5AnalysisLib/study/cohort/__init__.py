"""From two tables to the numbers of a paper."""

from .analysis import analyze_cohort, compare_summaries
from .options import CohortOptions

__all__ = ["CohortOptions", "analyze_cohort", "compare_summaries"]
