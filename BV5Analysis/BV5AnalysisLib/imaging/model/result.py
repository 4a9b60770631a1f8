"""What one analysis returns, and the part of it that is kept without the scan."""

from __future__ import annotations

from dataclasses import dataclass

from ..parameters import Parameters
from .centerlines import Centerlines
from .finding import Finding, Severity
from .measurements import Calibration, CsaHistogram, Measurement
from .scan import Scan
from .tissue import OpacityVolumes
from .volume import Volume
from .withheld import Withheld, given_value


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """What is measured in a scan; n points, b branches.

    The base of `AnalysisResult`, which holds the scan besides, and of a case, which holds what is
    kept of it: a base rather than a part, so that these fields are declared once and both are read
    alike (``result.vessels``, ``case.vessels``).

    Attributes
    ----------
    lungs, vessels : Volume
        uint8 `LungLabel` and `SizeClass` values on the scan's grid, 0 outside.
    centerlines : Centerlines
        Vessel branches with areas.
    measurements : tuple of Measurement
        Rows ``both``, ``right``, ``left``, then the given regions.
    csa_histogram : CsaHistogram
        Blood volume by area.
    findings : tuple of Finding
        Quality findings, the worst first.
    calibration : Calibration
        Attenuation of blood and parenchyma, and noise.
    parameters : Parameters
        As used.
    seconds : dict of str to float
        Wall time of each step.
    lungs_given : bool
        Whether the lungs were given rather than segmented.
    opacities : tuple of OpacityVolumes
        Rows ``both``, ``right``, ``left``, then the given regions; empty where not measured.
    tissue : Volume or None
        uint8 `Tissue` values on the scan's grid, 0 elsewhere; None where not looked for.
    withheld : tuple of Withheld
        Values that the scan cannot give, which `value` leaves out; `measurements` are of what was
        seen all the same.
    """

    lungs: Volume
    vessels: Volume
    centerlines: Centerlines
    measurements: tuple[Measurement, ...]
    csa_histogram: CsaHistogram
    findings: tuple[Finding, ...]
    calibration: Calibration
    parameters: Parameters
    seconds: dict[str, float]
    lungs_given: bool = False
    opacities: tuple[OpacityVolumes, ...] = ()
    tissue: Volume | None = None
    withheld: tuple[Withheld, ...] = ()

    @property
    def measurements_hilum_included(self) -> tuple[Measurement, ...]:
        """The same rows with hilar blood in all classes and percentages."""
        if not self.parameters.hilum_apart:
            return self.measurements
        return tuple(row.with_hilum() for row in self.measurements)

    @property
    def trusted(self) -> bool:
        """Whether no finding is an error, so that the numbers can be used."""
        return all(finding.severity != Severity.ERROR for finding in self.findings)

    def value(self, row: Measurement | OpacityVolumes, measure: str) -> float:
        """Value of a row as it is shown.

        Parameters
        ----------
        row : Measurement or OpacityVolumes
            One of `measurements` or `opacities`.
        measure : str
            Column of ``measurements.csv`` or ``opacities.csv``.

        Returns
        -------
        float
            NaN where it is withheld, or there is none.
        """
        return given_value(row, measure, self.withheld)


@dataclass(frozen=True, eq=False, kw_only=True)
class AnalysisResult(Measured):
    """All that one analysis found; nothing of it is on disk.

    Attributes
    ----------
    scan : Scan
        The input.
    airways : Volume
        Bool, lumen of trachea and bronchi on the scan's grid.
    """

    scan: Scan
    airways: Volume
