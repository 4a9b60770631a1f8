"""The errors that an analysis ends with on purpose."""


class AnalysisError(Exception):
    """The analysis cannot be done.

    The message is one line for the user: what is wrong, and what to do about it.
    """


class UnreadableCase(AnalysisError):
    """A case's folder is missing or damaged, or is none."""


class DiskFull(AnalysisError):
    """Nothing can be written any more, which no other input would change."""


class Cancelled(Exception):
    """The user asked to stop; raised by a progress callback."""
