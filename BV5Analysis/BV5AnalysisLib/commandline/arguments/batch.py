"""Arguments of ``bv5 batch``."""

from __future__ import annotations

import argparse
import functools

from ...study.batch.options import BatchJob
from .common import Commands, add_end_with_stdin, add_output, long_work_options, path
from .declared import add_options

_DESCRIPTION = """\
Measure every scan of a folder tree, or of a manifest: a CSV file with the columns case and path,
and, where wanted, lungs and regions. A case that cannot be measured gets a row in failures.csv
and does not stop the others."""


def add_batch(commands: Commands, _shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 batch``."""
    batch = commands.add_parser(
        "batch",
        # Without --overwrite: hours of work are resumed, or removed by hand.
        parents=[long_work_options()],
        help="measure many scans",
        description=_DESCRIPTION,
    )
    batch.add_argument(
        "source", type=path, metavar="MANIFEST|FOLDER", help="CSV file, or folder of anything"
    )
    add_output(batch)
    add_options(batch, BatchJob)
    add_end_with_stdin(batch)
    batch.set_defaults(check=functools.partial(_check, batch))


def _check(batch: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with status 2 where options do not go together."""
    if "retry_failed" in options and "resume" not in options:
        batch.error("--retry-failed needs --resume; add it")
