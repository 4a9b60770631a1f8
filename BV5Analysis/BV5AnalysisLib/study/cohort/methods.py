"""Sentences for a paper's methods section, on data, groups and statistics."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence

from ... import __version__
from ..measures import MEASURES
from ..statistics.comparisons import FOR_MANY_GROUPS, TEST_NAMES
from ..statistics.roc import LOWER_IS_POSITIVE
from ..statistics.statistical_results import Roc
from .analyses import Analyses
from .groups import Grouping
from .options import CohortOptions

_PACKAGES = ("numpy", "scipy", "statsmodels")


def software_versions() -> dict[str, str]:
    """Versions of this software, Python and the packages that the statistics rest on."""
    versions = {"bv5-analysis": __version__, "python": platform.python_version()}
    return versions | {package: importlib.metadata.version(package) for package in _PACKAGES}


def definitions(bounds: tuple[float, ...] | None, hilum: str) -> tuple[str, ...]:
    """Tell what the measures are.

    Parameters
    ----------
    bounds : tuple of float or None
        Floor, upper bound of BV5 and lower bound of BV10, mm²; None if not known.
    hilum : str
        How hilar blood counts, as `hilum_of` says.

    Returns
    -------
    tuple of str
        One a size class, then the total, then the hilum.
    """
    place = f"Hilar blood: {hilum}"
    total = "TPBV: total pulmonary blood volume, BV5 + BV5-10 + BV10; % are of it"
    if bounds is None:
        return (
            "BV5, BV5-10, BV10: blood volume in vessels by cross-sectional area (CSA), whose"
            " bounds the table of measurements does not tell",
            total,
            place,
        )
    floor, low, high = (f"{bound:g}" for bound in bounds)
    return (
        f"BV5: blood volume in vessels of cross-sectional area (CSA) {floor} ≤ CSA < {low} mm²",
        f"BV5-10: {low} ≤ CSA < {high} mm²",
        f"BV10: CSA ≥ {high} mm²",
        f"{total}, without vessels below {floor} mm²" if bounds[0] > 0 else total,
        place,
    )


def methods(
    options: CohortOptions,
    grouping: Grouping,
    gases: str,
    found: Analyses,
    versions: dict[str, str],
    measured_with: Sequence[str],
) -> tuple[str, ...]:
    """Tell what was done; of each kind of analysis only if it was done.

    Parameters
    ----------
    options : CohortOptions
        What was asked for.
    grouping : Grouping
        Cases in groups.
    gases : str
        How AaDO2 came about; empty if it was given or is not there.
    found : Analyses
        What was found.
    versions : dict of str to str
        Of software.
    measured_with : sequence of str
        Versions of the software that measured.

    Returns
    -------
    tuple of str
        Sentences.
    """
    level = f"{100 * options.confidence:g} %"
    sentences = [_measuring(options, measured_with), *_selecting(options)]
    sentences += [gases] if gases else []
    sentences.append(f"Groups: {grouping.rule}.")
    if any(each.tests for each in found.comparisons):
        tested = sum(bool(each.tests) for each in found.comparisons)
        sentences += _comparing(options, len(grouping.groups), tested, level)
    if any(each.test for each in found.categories):
        sentences.append(
            "Categories were compared by Fisher's exact test (two by two) or the chi-squared test"
            " without correction."
        )
    if found.correlations:
        sentences.append(
            "Correlations are Pearson's r, with an interval by Fisher's transformation, and"
            " Spearman's ρ, with one by that of Bonett and Wright (2000); p values are two-sided"
            " and adjusted by Holm over the measures, for each variable and coefficient by itself."
        )
    if found.adjusted and not found.adjusted.problem:
        sentences.append(
            f"An ordinary least squares model, {found.adjusted.formula}, was fitted to the"
            f" {found.adjusted.n} patients without missing values."
        )
    if any(not each.problem for each in found.rocs):
        sentences += _telling(found.rocs, options, level)
    sentences.append(
        "Patients with a missing value were left out of the analyses that need it, and of no other;"
        " nothing was imputed."
    )
    packages = ", ".join(f"{name} {versions[name]}" for name in _PACKAGES)
    sentences.append(
        f"Statistics: BV5 Analysis {versions['bv5-analysis']} with {packages} (Python"
        f" {versions['python']})."
    )
    return tuple(sentences)


def _measuring(options: CohortOptions, measured_with: Sequence[str]) -> str:
    by = " and ".join(measured_with)
    region = "both lungs" if options.region.casefold() == "both" else options.region
    return (
        f"Blood volumes of {region} by vessel cross-sectional area were measured on CT with BV5"
        f" Analysis{f' {by}' if by else ', whose version the table of measurements does not tell'}."
    )


def _selecting(options: CohortOptions) -> list[str]:
    """Tell how the patients were chosen, as far as that is not the usual way."""
    sentences = []
    if options.exclude:
        rules = "; ".join(rule.strip() for rule in options.exclude)
        sentences.append(f"Patients were left out by these rules: {rules}.")
    if options.keep_rejected:
        sentences.append("Measurements that a reader rejected in review were not left out.")
    if options.loose_names:
        sentences.append(
            "Names of cases that differ only in capitals, separators, leading zeros or a file's"
            " ending were taken for the same."
        )
    return sentences


def _comparing(options: CohortOptions, n_groups: int, n_measures: int, level: str) -> list[str]:
    by_ranks = options.test == "mann-whitney"
    sentences = [f"Values are {'median (quartiles)' if by_ranks else 'mean (SD)'}."]
    holm = (
        f" P values are two-sided and also given adjusted by Holm over the {n_measures}"
        " measures, all of them by the same test; clinical characteristics are not adjusted."
    )
    if n_groups > 2:
        name = TEST_NAMES[FOR_MANY_GROUPS[options.test]]
        return [
            *sentences,
            f"Groups were compared by {name}.{holm}",
            f"Each two groups were compared by {TEST_NAMES[options.test]} as well, with p values"
            f" adjusted by Holm over all pairs of all measures.",
            _differences(options.test, level),
        ]
    return [
        *sentences,
        f"Groups were compared by {TEST_NAMES[options.test]}.{holm}",
        _differences(options.test, level),
    ]


def _differences(test: str, level: str) -> str:
    if test == "mann-whitney":
        return (
            f"Differences are the first group's median less the second's, with a normal {level}"
            " interval by standard errors of Maritz and Jarrett (1978); the effect size is the"
            f" rank-biserial correlation, 2 U / (n₁ n₂) − 1, with a {level} interval by Brunner and"
            " Munzel (2000)."
        )
    interval = "Student's" if test == "student" else "Welch's"
    return (
        f"Differences are the first group's mean less the second's, with {interval} {level}"
        f" interval; the effect size is Hedges' g, with a {level} interval of the noncentral t"
        " distribution."
    )


def _telling(rocs: Sequence[Roc], options: CohortOptions, level: str) -> list[str]:
    lower = ", ".join(each.title for each in MEASURES if each.key in LOWER_IS_POSITIVE)
    higher = ", ".join(each.title for each in MEASURES if each.key not in LOWER_IS_POSITIVE)
    return [
        f"How well measures tell {rocs[0].outcome} is given by the area under the receiver"
        " operating characteristic (AUC), Mann and Whitney's U over the number of pairs; its"
        f" {level} interval holds the percentiles of {options.resamples} bootstrap resamples,"
        f" drawn within those with and without it (seed {options.seed}).",
        f"Set beforehand, low values of {lower} and high values of {higher} speak for it.",
    ]
