"""Pages and parts of pages from the templates of this folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def html_environment(filters: Mapping[str, Callable[..., object]] | None = None) -> Environment:
    """Return what loads templates; text put into them is escaped, a missing value an error.

    Parameters
    ----------
    filters : mapping of str to callable, optional
        What templates may call, by name.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters or {})
    return environment
