"""`slicer.packaging` and `SampleData`: what is asked of them is kept, nothing is fetched."""

import functools
import logging
import types
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import slicer

from standins.facts import MissingInStandIn


def make_packaging(installed: list) -> types.ModuleType:
    """Return a module `slicer.packaging` that asks, and appends the requirements to `installed`."""
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
        if prompt_install and not slicer.util.confirmOkCancelDisplay("Install packages?"):
            raise RuntimeError("User declined package installation")
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
        rules: dict = {}

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

        @staticmethod
        def registerUrlRewriteRule(name, rewriteFunction):
            SampleDataLogic.rules[name] = rewriteFunction

        def downloadFromSource(self, source, maximumAttemptsCount=3, forceDownload=False):
            """Load a file of this machine; a source's own way is its button's alone."""
            uri = source.uris
            for rule in SampleDataLogic.rules.values():
                uri = rule(uri)
            if not uri.startswith("file:"):
                raise MissingInStandIn(f"{uri} would be fetched")
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", source.nodeNames)
            storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
            storage.SetFileName(url2pathname(urlparse(uri).path))
            assert storage.ReadData(node)
            return [node]

        def logMessage(self, message, logLevel=logging.DEBUG):
            logging.log(logLevel, message)

    module.SampleDataLogic, module.SampleDataSource = SampleDataLogic, SampleDataSource
    return module


class SampleDataWidget:
    """The module's widget: a button a source."""

    def __init__(self, parent=None):
        self.parent = parent

    def setup(self):
        import qt
        import SampleData

        for sources in SampleData.SampleDataLogic.sampleDataSourcesByCategory().values():
            for source in sources:
                button = qt.QToolButton()
                button.name = f"{source.sampleName}PushButton"
                self.parent.layout().addWidget(button)
                get = source.customDownloader or SampleData.SampleDataLogic().downloadFromSource
                button.connect("clicked()", functools.partial(get, source))

    def cleanup(self):
        """Nothing to put away."""
