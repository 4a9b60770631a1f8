"""Work images of phantoms, which are lung up to their faces."""

import numpy as np
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.model.work_image import WorkImage


def work_image(volume: Volume, lung: np.ndarray | None = None) -> WorkImage:
    """Work image on a volume's own grid; all of it is lung, or what a mask (z, y, x) says."""
    return image_of(volume.array, volume.grid.spacing_zyx, lung)


def image_of(
    hu: np.ndarray, spacing: np.ndarray | float, lung: np.ndarray | None = None
) -> WorkImage:
    """Work image of an array (z, y, x) in HU, with no edge of the lungs to keep away from."""
    lung = np.ones(hu.shape, bool) if lung is None else lung
    return WorkImage(hu, lung, lung, np.broadcast_to(np.asarray(spacing, float), 3))
