"""Names of nodes that a scene can be saved with."""

from __future__ import annotations


def saveable_name(text: str) -> str:
    """Name for a node whose data are saved in a file of that name.

    Slicer writes such a file's name into the scene's XML as it is; an & there ends the loading.

    Parameters
    ----------
    text : str
        Name as people would write it.

    Returns
    -------
    str
        The same, with + for &.
    """
    return text.replace("&", "+")
