"""Makes ``slicer_api.json`` anew from a listing of a running Slicer, or compares the two.

::

    make slicer-api API=api.json         # write the file anew
    make check-slicer-api API=api.json   # what changed; exit status 1 if something is gone
"""

import argparse
import json
import sys
from pathlib import Path

from standins.api_file import FILE, Api, differences, from_listing, read, written


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m standins.slicer_api", description=__doc__)
    parser.add_argument("action", choices=("make", "check"))
    parser.add_argument("listing", type=Path, help="api.json, as made inside a running Slicer")
    parser.add_argument("--file", type=Path, default=FILE, help="in place of slicer_api.json")
    options = parser.parse_args(arguments)
    new = from_listing(json.loads(options.listing.read_text(encoding="utf-8")))
    if options.action == "make":
        options.file.write_text(written(new), encoding="utf-8")
        print(f"{options.file}: {len(new.classes)} classes of Slicer {_version(new)}")
        return 0
    return _check(read(options.file.read_text(encoding="utf-8")), new)


def _check(kept: Api, new: Api) -> int:
    gone, added = differences(kept, new)
    print(f"Slicer {_version(kept)} -> {_version(new)}")
    for title, lines in (("Gone", gone), ("Added", added)):
        print("\n  ".join([f"{title}:", *lines]) if lines else f"{title}: nothing")
    return 1 if gone else 0


def _version(api: Api) -> str:
    return api.about["slicer_version"]


if __name__ == "__main__":
    sys.exit(main())
