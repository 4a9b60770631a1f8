"""Arguments of ``bv5 bloodgas``."""

from __future__ import annotations

import argparse

from .common import Commands


def add_bloodgas(commands: Commands, shared: argparse.ArgumentParser) -> None:  # noqa: ARG001
    """Add ``bv5 bloodgas``, which writes no folder and shares no option."""
    bloodgas = commands.add_parser(
        "bloodgas",
        help="AaDO2 and PaO2/FiO2 of a blood gas",
        description="Alveolar-arterial oxygen difference (AaDO2) and PaO2/FiO2 of a blood gas.",
    )
    _add(bloodgas, "--pao2", "arterial oxygen pressure", required=True)
    _add(bloodgas, "--paco2", "arterial carbon dioxide pressure", required=True)
    oxygen = bloodgas.add_mutually_exclusive_group(required=True)
    _add(oxygen, "--fio2", "fraction of inspired oxygen, 0.21 in room air")
    _add(oxygen, "--flow", "oxygen through nasal prongs, L/min, to estimate FiO2 from")
    bloodgas.add_argument(
        "--unit",
        choices=("mmHg", "kPa"),
        default="mmHg",
        help="of the pressures that are given, mmHg by default",
    )
    air = bloodgas.add_mutually_exclusive_group()
    _add(air, "--altitude", "above sea level, m, for the pressure of the air")
    _add(air, "--pressure", "of the air; 760 mmHg by default")
    _add(
        bloodgas,
        "--temperature",
        "of the patient, °C, for the water vapor, if the gases were corrected to it; "
        "by default 47 mmHg, as at 37 °C",
    )
    _add(bloodgas, "--rq", "respiratory quotient, default 0.8", default=0.8)
    bloodgas.add_argument("--json", action="store_true", help="one JSON object")
    bloodgas.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add(
    place: argparse._ActionsContainer,
    flag: str,
    help_text: str,
    required: bool = False,
    default: float | None = None,
) -> None:
    """Add an option with a number."""
    place.add_argument(
        flag, type=_number, metavar="N", required=required, default=default, help=help_text
    )


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
