"""Arguments of ``bv5 phantom``."""

from __future__ import annotations

import argparse
from typing import Any

from .common import Commands, add_end_with_stdin, add_output


def add_phantom(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add ``bv5 phantom``."""
    phantom = commands.add_parser(
        "phantom",
        parents=[shared],
        help="make a digital chest phantom",
        description="Make a digital chest phantom with known blood volumes.",
    )
    add_output(phantom)
    add_end_with_stdin(phantom, shown=False)
    phantom.add_argument(
        "--anatomy",
        choices=("adult", "random"),
        default="adult",
        help="adult: one body, as the options below say; random: body, disease and scanner of a "
        "chest drawn from --seed",
    )
    # Named as the fields of ChestPhantomSpec, which has the defaults and checks the values.
    scanner = phantom.add_argument_group("scanner")
    scanner.add_argument("--spacing", dest="spacing_mm", **_numbers("X Y Z"), help="voxel, mm")
    scanner.add_argument(
        "--psf", dest="psf_sigma_mm", **_numbers("X Y Z"), help="standard deviation of blur, mm"
    )
    scanner.add_argument(
        "--size", type=int, nargs=3, metavar=("X", "Y", "Z"), help="voxels; the chest is fit in"
    )
    scanner.add_argument(
        "--noise", dest="noise_hu", type=float, metavar="HU", help="standard deviation of noise"
    )
    scanner.add_argument(
        "--kernel", dest="noise_kernel", metavar="NAME", help="noise: white, smooth or sharp"
    )
    scanner.add_argument("--noise-seed", type=int, metavar="N", help="other noise on the same body")
    scanner.add_argument(
        "--shift", dest="shift_mm", **_numbers("X Y Z"), help="move the body in the scanner, mm"
    )
    scanner.add_argument(
        "--turn", dest="turn_deg", **_numbers("X Y Z"), help="turn it about these axes, degrees"
    )
    body = phantom.add_argument_group("body")
    body.add_argument("--seed", type=int, help="of everything random")
    body.add_argument("--scale", type=float, help="size of the chest, 1 for an adult")
    body.add_argument("--blood", dest="blood_hu", type=float, metavar="HU", help="attenuation")
    body.add_argument("--expiration", type=float, metavar="0..1", help="1 for full expiration")
    body.add_argument(
        "--air-lost",
        dest="air_lost_ml",
        type=float,
        metavar="ML",
        help="less air in the lungs of the same body",
    )
    body.add_argument(
        "--ground-glass", dest="ground_glass_fraction", type=float, metavar="0..1", help="of lung"
    )
    body.add_argument(
        "--consolidation", dest="consolidation_fraction", type=float, metavar="0..1", help="of lung"
    )
    body.add_argument("--pruning", type=float, metavar="0..1", help="peripheral vessels missing")
    for name in ("airways", "fissures"):
        body.add_argument(
            f"--no-{name}", dest=name, action="store_false", default=None, help=f"without {name}"
        )


def _numbers(names: str) -> dict[str, Any]:
    return {"type": float, "nargs": len(names.split()), "metavar": tuple(names.split())}
