"""The errors that an analysis ends with on purpose."""

from __future__ import annotations

from pathlib import Path


class AnalysisError(Exception):
    """The analysis cannot be done.

    The message is one line for the user: what is wrong, and what to do about it.

    Parameters
    ----------
    message : str
        With `file`, a template in the syntax of `str.format`: ``{file}`` stands for the file's
        name, ``{path}`` for its whole path, and other fields for `values`. Else plain text.
    file : pathlib.Path, optional
        The file or folder that the error is about.
    **values : object
        What else the template mentions.
    """

    def __init__(self, message: str, *, file: Path | None = None, **values: object) -> None:
        super().__init__(message)
        self.file = file
        self.values = values

    def worded(self, *, file: str | None = None, path: str | None = None) -> str:
        """Message with other words for the file.

        Parameters
        ----------
        file, path : str, optional
            In place of the file's name and of its path, as for outputs that must name neither.

        Returns
        -------
        str
            One line.
        """
        message = super().__str__()
        if self.file is None:
            return message
        name = self.file.name if file is None else file
        place = str(self.file) if path is None else path
        return message.format(file=name, path=place, **self.values)

    def __str__(self) -> str:
        return self.worded()


class UnreadableCase(AnalysisError):
    """A case's folder is missing or damaged, or is none."""


class DiskFull(AnalysisError):
    """Nothing can be written any more, which no other input would change."""


class Cancelled(Exception):
    """The user asked to stop; raised by a progress callback."""
