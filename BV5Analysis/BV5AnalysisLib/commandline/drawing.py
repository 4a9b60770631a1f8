"""What needs the optional packages: report, pictures and the 3D Slicer scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..case.case import Case
from ..imaging.model.result import AnalysisResult


@dataclass(frozen=True)
class Drawing:
    """Files that are drawn but not yet written.

    Attributes
    ----------
    documents : dict of str to bytes
        Content by file name.
    save_scene : callable or None
        Writes the scene to a path.
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    save_scene: Callable[[Path], None] | None = None

    def write(self, folder: Path) -> None:
        """Write all of it into a folder; OSError if that fails."""
        for name, content in self.documents.items():
            (folder / name).write_bytes(content)
        if self.save_scene:
            self.save_scene(folder / "scene.mrb")


def drawn(
    case: Case,
    result: AnalysisResult,
    report: bool,
    scene: bool,
    size: tuple[int, int] | None = None,
) -> Drawing:
    """Draw what is wanted.

    Parameters
    ----------
    case : Case
        What to report.
    result : AnalysisResult
        What to show.
    report, scene : bool
        Whether the report with its pictures, and the scene, are wanted; `check_requirements`
        tells whether they can be had.
    size : tuple of int, optional
        Width and height of the 3D picture, pixels.

    Returns
    -------
    Drawing
        What to write.
    """
    documents = {}
    if report:
        from ..scene.case.documents import case_documents
        from ..scene.views.rendering import PICTURE_SIZE

        documents = case_documents(case, result.scan.volume, size or PICTURE_SIZE)
    return Drawing(documents, _scene(case, result) if scene else None)


def _scene(case: Case, result: AnalysisResult) -> Callable[[Path], None]:
    from ..scene.case.bundle import save_scene
    from ..scene.case.results import add_result
    from ..scene.views.arrangement import arrange_views
    from ..scene.views.offscreen import OffscreenApplication

    application = OffscreenApplication()
    arrange_views(application, add_result(application.scene, result, case.name))

    def save(path: Path) -> None:
        save_scene(application.scene, path)

    return save
