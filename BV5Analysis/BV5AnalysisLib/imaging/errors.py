"""The errors that an analysis ends with on purpose."""


class AnalysisError(Exception):
    """The analysis cannot be done.

    The message is one line for the user: what is wrong, and what to do about it.
    """


class DiskFull(AnalysisError):
    """Nothing can be written any more, which no other input would change."""


class Cancelled(Exception):
    """The user asked to stop; raised by a progress callback."""
