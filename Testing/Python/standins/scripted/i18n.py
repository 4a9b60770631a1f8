"""`slicer.i18n` of a Slicer in English."""

from pathlib import Path


def translate(context, text):
    return text


def getContext(sourceFile):
    return Path(sourceFile).stem


def tr(text):
    return text
