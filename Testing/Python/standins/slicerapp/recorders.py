"""`slicer.packaging` and `SampleData`: what is asked of them is kept, nothing is fetched."""

import logging
import types
from dataclasses import dataclass
from typing import Any

from standins.facts import MissingInStandIn


def make_packaging(installed: list) -> types.ModuleType:
    """Return a module `slicer.packaging` that appends the requirements to `installed`."""
    module = types.ModuleType("slicer.packaging")

    def pip_ensure(
        requirements,
        constraints=None,
        skip_packages=None,
        prompt_install=True,
        prompt_restart=True,
        requester=None,
        skip_in_testing=True,
        show_progress=True,
    ):
        wanted = [requirements] if isinstance(requirements, str) else list(requirements)
        installed.extend(str(requirement) for requirement in wanted)

    def pip_check(req, _seen=None):
        return True

    module.pip_ensure, module.pip_check = pip_ensure, pip_check
    return module


@dataclass
class SampleDataSource:
    """One data set that a module offers."""

    sampleName: str | None = None
    sampleDescription: str | None = None
    uris: Any = None
    fileNames: Any = None
    nodeNames: Any = None
    checksums: Any = None
    loadFiles: Any = None
    customDownloader: Any = None
    thumbnailFileName: str | None = None
    loadFileTypes: Any = None
    loadFileProperties: Any = None


def make_sample_data(registered: dict[str, list[SampleDataSource]]) -> types.ModuleType:
    """Return a module `SampleData` that keeps what is registered, by category."""
    module = types.ModuleType("SampleData")
    module.__file__ = "/Slicer/lib/qt-scripted-modules/SampleData.py"

    class SampleDataLogic:
        categories: dict = {}

        @staticmethod
        def registerCustomSampleDataSource(category="Custom", **named):
            source = SampleDataSource(**named)
            if not SampleDataLogic.isSampleDataSourceRegistered(category, source):
                registered.setdefault(category, []).append(source)

        @staticmethod
        def registerCustomSampleDataCategory(category, title):
            SampleDataLogic.categories[category] = title

        @staticmethod
        def sampleDataSourcesByCategory(category=None):
            return registered if category is None else registered.get(category, [])

        @staticmethod
        def isSampleDataSourceRegistered(category, sampleDataSource):
            return sampleDataSource in registered.get(category, [])

        def downloadSamples(self, sampleName):
            sources = [each for some in registered.values() for each in some]
            source = next(each for each in sources if each.sampleName == sampleName)
            if source.customDownloader is None:
                raise MissingInStandIn(f"{sampleName} would be fetched")
            return [source.customDownloader(source)]

        def logMessage(self, message, logLevel=logging.DEBUG):
            logging.log(logLevel, message)

    module.SampleDataLogic, module.SampleDataSource = SampleDataLogic, SampleDataSource
    return module
