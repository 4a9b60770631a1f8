"""Phantoms that several test files of the imaging layer share; each is made and measured once."""

import pytest
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.phantom import ChestPhantom, ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from helpers.bodies import SimpleBody


@pytest.fixture(scope="session")
def chest() -> ChestPhantom:
    """Seven tenths of an adult's chest at the spacing and noise of a usual scan."""
    return chest_phantom(ChestPhantomSpec(scale=0.7, noise_hu=22.0))


@pytest.fixture(scope="session")
def analyzed(chest) -> AnalysisResult:
    """The chest, its lungs segmented by the analysis itself."""
    return analyze(chest.volume.to_sitk())


@pytest.fixture(scope="session")
def analyzed_in_true_lungs(chest) -> AnalysisResult:
    """The chest, its true lungs given."""
    return analyze(chest.volume.to_sitk(), lungs=chest.lungs)


@pytest.fixture(scope="session")
def tiny_chest() -> ChestPhantom:
    """A chest of 0.5 L of lung; its trachea is too thin to be found, so lungs must be given."""
    return chest_phantom(ChestPhantomSpec(scale=0.45, noise_hu=22.0))


@pytest.fixture(scope="session")
def tiny_analyzed(tiny_chest) -> AnalysisResult:
    """The tiny chest, its true lungs given."""
    return analyze(tiny_chest.volume.to_sitk(), lungs=tiny_chest.lungs)


@pytest.fixture
def simple_body() -> SimpleBody:
    """A body without organs."""
    return SimpleBody()


@pytest.fixture(scope="session")
def small_chest_phantom() -> ChestPhantom:
    """A child-sized chest phantom on coarse voxels."""
    return chest_phantom(ChestPhantomSpec(scale=0.6, spacing_mm=(1.5, 1.5, 2.0), seed=1))
