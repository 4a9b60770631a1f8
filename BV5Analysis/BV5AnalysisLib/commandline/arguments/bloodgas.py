"""Options of ``bv5 bloodgas``."""

from __future__ import annotations

import argparse


def add_bloodgas(commands: argparse._SubParsersAction, shared: argparse.ArgumentParser) -> None:  # noqa: ARG001
    """Add ``bv5 bloodgas``, which writes no folder and shares no option."""
    bloodgas = commands.add_parser(
        "bloodgas",
        help="AaDO2 and PaO2/FiO2 of a blood gas",
        description="Alveolar-arterial oxygen difference (AaDO2) and PaO2/FiO2 of a blood gas.",
    )
    number = {"type": _number, "metavar": "N"}
    bloodgas.add_argument("--pao2", required=True, **number, help="arterial oxygen pressure")
    bloodgas.add_argument(
        "--paco2", required=True, **number, help="arterial carbon dioxide pressure"
    )
    oxygen = bloodgas.add_mutually_exclusive_group(required=True)
    oxygen.add_argument("--fio2", **number, help="fraction of inspired oxygen, 0.21 in room air")
    oxygen.add_argument(
        "--flow", **number, help="oxygen through nasal prongs, L/min, to estimate FiO2 from"
    )
    bloodgas.add_argument(
        "--unit",
        choices=("mmHg", "kPa"),
        default="mmHg",
        help="of the pressures that are given, mmHg by default",
    )
    air = bloodgas.add_mutually_exclusive_group()
    air.add_argument("--altitude", **number, help="above sea level, m, for the pressure of the air")
    air.add_argument("--pressure", **number, help="of the air; 760 mmHg by default")
    bloodgas.add_argument(
        "--temperature",
        **number,
        help="of the patient, °C, for the water vapor, if the gases were corrected to it; "
        "by default 47 mmHg, as at 37 °C",
    )
    bloodgas.add_argument("--rq", default=0.8, **number, help="respiratory quotient, default 0.8")
    bloodgas.add_argument("--json", action="store_true", help="one JSON object")
    bloodgas.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
