"""Bodies to find lungs in: of simple shapes, and a phantom."""

import pytest
from bodies import SimpleBody
from BV5AnalysisLib.imaging.phantom import ChestPhantom, ChestPhantomSpec, chest_phantom


@pytest.fixture
def simple_body() -> SimpleBody:
    """A body without organs."""
    return SimpleBody()


@pytest.fixture(scope="session")
def small_chest_phantom() -> ChestPhantom:
    """A child-sized chest phantom on coarse voxels."""
    return chest_phantom(ChestPhantomSpec(scale=0.6, spacing_mm=(1.5, 1.5, 2.0), seed=1))
