"""Phantoms that several test files of the imaging layer share; each is made and measured once."""

import dataclasses

import pytest
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.phantom import ChestPhantom, ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from helpers.bodies import SimpleBody


@pytest.fixture(scope="session")
def chest(made_once) -> ChestPhantom:
    """Seven tenths of an adult's chest at the spacing and noise of a usual scan."""
    return made_once("chest", lambda: chest_phantom(ChestPhantomSpec(scale=0.7, noise_hu=22.0)))


@pytest.fixture(scope="session")
def analyzed(made_once, chest) -> AnalysisResult:
    """The chest, its lungs segmented by the analysis itself."""
    return made_once("analyzed", lambda: analyze(chest.volume.to_sitk()))


@pytest.fixture(scope="session")
def analyzed_in_true_lungs(made_once, chest) -> AnalysisResult:
    """The chest, its true lungs given."""
    return made_once(
        "analyzed_in_true_lungs", lambda: analyze(chest.volume.to_sitk(), lungs=chest.lungs)
    )


@pytest.fixture(scope="session")
def tiny_chest(made_once) -> ChestPhantom:
    """A chest of 0.5 L of lung; its trachea is too thin to be found, so lungs must be given."""
    spec = ChestPhantomSpec(scale=0.45, noise_hu=22.0)
    return made_once("tiny_chest", lambda: chest_phantom(spec))


@pytest.fixture(scope="session")
def tiny_analyzed(made_once, tiny_chest) -> AnalysisResult:
    """The tiny chest, its true lungs given."""
    return made_once(
        "tiny_analyzed", lambda: analyze(tiny_chest.volume.to_sitk(), lungs=tiny_chest.lungs)
    )


@pytest.fixture(scope="session")
def coarse_chest(tiny_chest) -> ChestPhantom:
    """Every second voxel of the tiny chest each way, for what does not rest on its numbers."""

    def coarse(volume: Volume) -> Volume:
        return Volume.of(volume.to_sitk()[::2, ::2, ::2])

    return dataclasses.replace(
        tiny_chest, volume=coarse(tiny_chest.volume), lungs=coarse(tiny_chest.lungs)
    )


@pytest.fixture(scope="session")
def coarse_analyzed(coarse_chest) -> AnalysisResult:
    """The coarse chest, its true lungs given."""
    return analyze(coarse_chest.volume.to_sitk(), lungs=coarse_chest.lungs)


@pytest.fixture
def simple_body() -> SimpleBody:
    """A body without organs."""
    return SimpleBody()


@pytest.fixture(scope="session")
def small_chest_phantom(made_once) -> ChestPhantom:
    """A child-sized chest phantom on coarse voxels."""
    spec = ChestPhantomSpec(scale=0.6, spacing_mm=(1.5, 1.5, 2.0), seed=1)
    return made_once("small_chest_phantom", lambda: chest_phantom(spec))
