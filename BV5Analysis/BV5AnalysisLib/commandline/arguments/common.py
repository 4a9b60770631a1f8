"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import argparse
from pathlib import Path


def not_empty(text: str) -> str:
    """Refuse an empty value, as an unset variable of a script gives, and what is no text."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("is not UTF-8; rename it") from None
    return text


def path(text: str) -> Path:
    """Path of an option; not empty."""
    return Path(not_empty(text))


def shared_options() -> argparse.ArgumentParser:
    """Options of every command that writes a folder."""
    shared = argparse.ArgumentParser(add_help=False, parents=[long_work_options()])
    shared.add_argument("--overwrite", action="store_true", help="replace an output folder of bv5")
    return shared


def long_work_options() -> argparse.ArgumentParser:
    """Options of every command that takes a while."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--progress",
        choices=("auto", "json", "none"),
        default="auto",
        help="auto: a bar on a terminal; json: one object a line on standard output",
    )
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return shared
