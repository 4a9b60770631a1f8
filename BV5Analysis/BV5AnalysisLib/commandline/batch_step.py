"""What a worker of ``bv5 batch`` does with a case."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from ..case.files import case_of, write_case
from ..case.output_folder import RESULT, output_folder
from ..export.batch.thumbnails import write_thumbnails
from ..imaging import pipeline
from ..imaging.errors import AnalysisError
from ..imaging.model.result import AnalysisResult
from ..imaging.parameters import Parameters
from ..imaging.reading import masks, scan_reader
from ..study.batch.batch_case import BatchCase
from ..study.reference import Reference
from .drawing import drawn


@dataclass(frozen=True)
class MeasureCase:
    """Reads, measures and draws a case, and writes its folder.

    The same scan and parameters give the same bytes: no time of day and no duration is written.

    Attributes
    ----------
    output : pathlib.Path
        Folder of the batch, absolute.
    parameters : Parameters
        To measure with.
    report : bool
        Whether report and pictures are wanted.
    reference : Reference or None
        Healthy people to compare with.
    """

    output: Path
    parameters: Parameters
    report: bool = True
    reference: Reference | None = None

    def __call__(self, case: BatchCase) -> None:
        """Carry it out.

        Parameters
        ----------
        case : BatchCase
            What to measure; nothing happens if its folder is there, as on a cluster that had
            given it to another worker before.

        Raises
        ------
        AnalysisError
            It cannot be done, and there is no folder.
        """
        folder = self.output / case.name
        if RESULT.holds(folder):
            return
        if folder.exists():
            raise AnalysisError(
                f"Folder {case.name} of the output has files that BV5 Analysis did not write; move"
                " it away, then --resume --retry-failed."
            )
        result = _measured(case, self.parameters)
        written = dataclasses.replace(
            case_of(case.name, result, self.reference), created="", seconds={}
        )
        drawing = drawn(written, result, self.report, scene=False)
        try:
            with output_folder(folder, RESULT) as partial:
                write_case(partial, written)
                drawing.write(partial)
                write_thumbnails(partial)
        except AnalysisError:
            if not RESULT.holds(folder):  # Another worker was faster.
                raise


def _measured(case: BatchCase, parameters: Parameters) -> AnalysisResult:
    ct = scan_reader.read_sources(case.sources, case.series_uid)
    grid = ct.volume.grid
    return pipeline.analyze(
        ct,
        lungs=masks.read_lungs(case.lungs, grid) if case.lungs else None,
        regions=masks.read_regions(case.regions, grid) if case.regions else None,
        parameters=parameters,
    )
