"""Words and numbers of a cohort's tables and figures, as papers print them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from ...study.cohort.result import CohortResult
from ...study.statistics.statistical_results import Comparison, Estimate, Roc, Summary
from ..wording import REFERENCES, number

BY_RANKS = {"mann-whitney", "kruskal-wallis"}
"""Tests that go with medians, not means."""

MEANS, MEDIANS = "means", "medians"
HEDGES_G, RANK_BISERIAL = "Hedges' g", "Rank-biserial r"

METHOD_TITLES = {"pearson": "Pearson's R", "spearman": "Spearman's ρ"}

_REFERENCES = {
    "welch": "Welch BL. The generalization of 'Student's' problem when several different population"
    " variances are involved. Biometrika. 1947;34(1-2):28-35.",
    "welch-anova": "Welch BL. On the comparison of several mean values: an alternative approach."
    " Biometrika. 1951;38(3-4):330-336.",
    "mann-whitney": "Mann HB, Whitney DR. On a test of whether one of two random variables is"
    " stochastically larger than the other. Ann Math Stat. 1947;18(1):50-60.",
    "kruskal-wallis": "Kruskal WH, Wallis WA. Use of ranks in one-criterion variance analysis. J Am"
    " Stat Assoc. 1952;47(260):583-621.",
    "maritz": "Maritz JS, Jarrett RG. A note on estimating the variance of the sample median. J Am"
    " Stat Assoc. 1978;73(361):194-196.",
    "brunner": "Brunner E, Munzel U. The nonparametric Behrens-Fisher problem: asymptotic theory"
    " and a small-sample approximation. Biom J. 2000;42(1):17-25.",
    "hedges": "Hedges LV. Distribution theory for Glass's estimator of effect size and related"
    " estimators. J Educ Stat. 1981;6(2):107-128.",
    "holm": "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat."
    " 1979;6(2):65-70.",
    "spearman": "Bonett DG, Wright TA. Sample size requirements for estimating Pearson, Kendall and"
    " Spearman correlations. Psychometrika. 2000;65(1):23-28.",
    "flow": "Schulz KF, Altman DG, Moher D. CONSORT 2010 statement: updated guidelines for"
    " reporting parallel group randomised trials. BMJ. 2010;340:c332.",
    "scipy": "Virtanen P, Gommers R, Oliphant TE, et al. SciPy 1.0: fundamental algorithms for"
    " scientific computing in Python. Nat Methods. 2020;17:261-272.",
    "statsmodels": "Seabold S, Perktold J. statsmodels: econometric and statistical modeling with"
    " Python. Proc 9th Python in Science Conf. 2010:92-96.",
}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def p_text(p: float) -> str:
    """P value as papers print it, such as ``0.023`` and ``< 0.001``; a dash where there is none."""
    if not math.isfinite(p):
        return "–"
    if p < 0.001:
        return "< 0.001"
    return "> 0.999" if p > 0.999 else f"{p:.3f}"


def p_phrase(p: float) -> str:
    """P value within a sentence, such as ``p = 0.023``; empty where there is none."""
    if not math.isfinite(p):
        return ""
    text = p_text(p)
    return f"p {text}" if text[0] in "<>" else f"p = {text}"


def estimate_text(estimate: Estimate | None, decimals: int = 2) -> str:
    """Value with its interval, such as ``5.28 (0.77 to 9.79)``, as far as they exist."""
    if estimate is None or not math.isfinite(estimate.value):
        return "–"
    text = number(estimate.value, decimals)
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return text
    return f"{text} ({number(estimate.low, decimals)} to {number(estimate.high, decimals)})"


def roc_title(roc: Roc) -> str:
    """Name of a ROC curve in legends: the measure, which of its values count, and the area."""
    direction = "low" if roc.lower_is_positive else "high"
    return f"{roc.measure.title}, {direction}: AUC {estimate_text(roc.auc)}"


def summary_text(summary: Summary, by_ranks: bool, decimals: int = 2) -> str:
    """``mean (SD)``, or ``median (quartiles)`` for a test by ranks."""
    if summary.n == 0:
        return "–"
    if by_ranks:
        return estimate_text(
            Estimate(summary.median, summary.lower_quartile, summary.upper_quartile), decimals
        )
    return f"{number(summary.mean, decimals)} ({number(summary.sd, decimals)})"


def chosen_test(comparisons: Iterable[Comparison]) -> str:
    """Name of the test that was chosen, such as ``welch``; empty if none could be done."""
    return next((comparison.tests[0].name for comparison in comparisons if comparison.tests), "")


def effect_names(test: str) -> tuple[str, str]:
    """Name what a test of two groups goes with: whose difference, and which effect size."""
    return (MEDIANS, RANK_BISERIAL) if test in BY_RANKS else (MEANS, HEDGES_G)


def references(result: CohortResult) -> tuple[str, ...]:
    """Return sources of the measures and of the statistics that were used."""
    used = {chosen_test(result.comparisons), "holm", "scipy", "statsmodels"}
    used |= {correlation.method for correlation in result.correlations}
    of_two = [pair.comparison for pair in result.pairs] or result.comparisons
    used.add(chosen_test(of_two))
    if any(comparison.effect_size for comparison in of_two):
        used |= {"maritz", "brunner"} if chosen_test(of_two) in BY_RANKS else {"hedges"}
    if result.cohort.flow:
        used.add("flow")
    return (*REFERENCES, *(text for key, text in _REFERENCES.items() if key in used))


def interval_text(result: CohortResult) -> str:
    """Level of the intervals, such as ``95 % CI``."""
    return f"{100 * result.confidence:g} % CI"


def interval_problem(estimate: Estimate | None) -> str:
    """Why a value has no interval, as a footnote; empty if it has one."""
    return f"an interval, as {estimate.problem}" if estimate and estimate.problem else ""


def comparison_problems(comparisons: Iterable[Comparison]) -> list[str]:
    """Problems of a table of comparisons, for its footnotes, row by row."""
    return [
        problem
        for comparison in comparisons
        for problem in (
            comparison.problem,
            interval_problem(comparison.difference),
            interval_problem(comparison.effect_size),
        )
    ]


def marked_estimate(estimate: Estimate | None, mark: dict[str, str], decimals: int = 2) -> str:
    """Value with its interval, or with the mark of the footnote that says why it has none."""
    return estimate_text(estimate, decimals) + mark.get(interval_problem(estimate), "")


def marks(problems: Iterable[str]) -> dict[str, str]:
    """Give each distinct problem a footnote mark: superscript numbers from 1."""
    distinct = dict.fromkeys(problem for problem in problems if problem)
    return {
        problem: str(index).translate(_SUPERSCRIPTS) for index, problem in enumerate(distinct, 1)
    }


def subscripted(text: str) -> str:
    """Set the 2 of blood gases low, as in ``PaO₂``, where it is read and not searched for."""
    return re.sub(r"\b(PaO|PaCO|AaDO|FiO|SpO|SaO|PAO|O)2\b", "\\1₂", text)


def joined(words: Sequence[str]) -> str:
    """Words as a sentence lists them: ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
