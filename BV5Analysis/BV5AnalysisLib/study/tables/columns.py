"""What the columns of a clinical table mean, from their titles."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

import numpy as np

from ..plausible import BOUNDS, Bounds


@dataclass(frozen=True)
class Quantity:
    """A clinical quantity that tables have under many titles.

    Attributes
    ----------
    key : str
        Column name in the analysis.
    bounds : Bounds
        Plausible values, name and unit.
    titles : frozenset of str
        Titles that mean it, as `plain` makes them.
    """

    key: str
    bounds: Bounds
    titles: frozenset[str]

    @property
    def unit(self) -> str:
        """Unit of the analysis, as `known_unit` writes it."""
        return self.bounds.unit or "fraction"

    @property
    def factors(self) -> dict[str, float]:
        """Conversion factors from each unit of the quantity, its own first."""
        return {self.unit: 1.0, **dict(self.bounds.other_units)}

    def implausible(self, values: np.ndarray) -> np.ndarray:
        """(n,) bool: which values, in the unit of the analysis, are impossible."""
        return (values < self.bounds.low) | (values > self.bounds.high)


def words(text: str) -> frozenset[str]:
    """Set of a text's words."""
    return frozenset(text.split())


def _quantity(key: str, titles: str, bounds: Bounds | None = None) -> Quantity:
    return Quantity(key, bounds or BOUNDS[key], words(titles))


QUANTITIES = (
    _quantity(
        "oxygen_l_min",
        "oxygen o2 oxygenflow o2flow oxygenneed o2need oxygenrequirement o2requirement oxygendemand"
        " o2demand oxygensupply o2supply oxygentherapy o2therapy supplementaloxygen supplementalo2"
        " suppo2 oxygenrate o2rate flowrate nasalflow nasaloxygen nasalo2 flow oxygenflowrate"
        " o2flowrate oxygenuse o2use oxygensupplementation o2supplementation",
        replace(BOUNDS["oxygen_l_min"], name="Oxygen"),
    ),
    _quantity("pao2_mmhg", "pao2 po2 arterialpo2 arterialpao2 po2arterial po2art artpo2 po2a"),
    _quantity(
        "paco2_mmhg", "paco2 pco2 arterialpco2 arterialpaco2 pco2arterial pco2art artpco2 pco2a"
    ),
    _quantity("fio2", "fio2 fi02 inspiredoxygen fractionofinspiredoxygen inspiredo2"),
    _quantity(
        "aado2_mmhg",
        "aado2 aao2 aagradient aao2gradient aado2gradient alveolararterialgradient agradient"
        " alveolararterialoxygengradient alveolararterialoxygendifference alveoloarterialgradient"
        " pao2gradient aapo2",
    ),
    _quantity(
        "pao2_fio2_mmhg", "pao2fio2 pf pfratio pao2fio2ratio pao2fi02 horowitz horowitzindex"
    ),
    _quantity(
        "age",
        "age ageatct ageatscan ageyears patientage ageofpatient alter",
        Bounds("Age", "years", 0, 120, (("months", 1 / 12),)),
    ),
)
SEX = "sex"
SEX_TITLES = frozenset({"sex", "gender", "patientsex", "geschlecht", "sexe", "sexo"})
CASE_TITLES = (
    *("case", "caseid", "casename", "caseno", "casenumber", "scan", "scanid", "study", "studyid"),
    *("subject", "subjectid", "participant", "participantid", "pseudonym", "recordid", "record"),
    *("studienid", "probandenid", "fallid", "id", "patient", "patientid", "patientenid"),
    *("patientno", "patientnumber", "pid", "fall", "fallnummer"),
)
"""Titles of the column that names the cases, the likeliest first."""

ROW_NUMBERS = words("nr no number index row unnamed0 lfdnr laufnummer")
"""Titles of columns that number the rows."""

IDENTIFYING = words(
    "name patientname fullname lastname firstname surname familyname givenname middlename forename"
    " initials nachname vorname nom prenom nombre apellido apellidos dob dateofbirth birthdate"
    " birthday birth birthyear yearofbirth patientbirthdate geburtsdatum geburtstag gebdatum geb"
    " datedenaissance fechadenacimiento address street city zip zipcode postcode postalcode adresse"
    " phone phonenumber telephone mobile telefon email mail emailaddress mrn medicalrecordnumber"
    " hospitalnumber hospitalid ssn socialsecuritynumber nhsnumber insurancenumber accession"
    " accessionnumber nationalid passport patientid patientenid"
)
"""Titles of columns that identify a patient."""

_IDENTIFYING_PARTS = (
    *("patientname", "lastname", "firstname", "familyname", "surname", "birth", "phone"),
    *("vorname", "nachname", "familienname", "rufname", "geburt", "telefon", "jahrgang"),
)
"""Parts of such titles, as in ``Last name of patient``."""

_IDENTIFYING_WORDS = words("dob yob mrn geb gebdat jg jahrg tel ssn mobile email")
"""Words of such titles; as parts they are in others, such as dobutamine."""

_IDENTIFYING_NUMBER = re.compile(
    r"(pat|patients?|patienten|hospital|hosp|klinik|krankenhaus|clinic|insurance|versicherten"
    r"|versicherungs|medicalrecord)(id|record)?(nr|no|num|number|nummer|id)"
)
"""Titles of identifying numbers, such as ``hospital no``; not of days in hospital."""

_SEXES = {
    **dict.fromkeys(("m", "male", "man", "männlich", "mann", "homme", "masculino"), "male"),
    **dict.fromkeys(("f", "female", "woman", "w", "weiblich", "frau", "femme"), "female"),
}
_UNITS = {
    "mmhg": "mmHg",
    "torr": "mmHg",
    "kpa": "kPa",
    "%": "percent",
    "pct": "percent",
    "percent": "percent",
    "vol%": "percent",
    "fraction": "fraction",
    "frac": "fraction",
    "l/min": "L/min",
    "l": "L/min",
    "lmin": "L/min",
    "lpm": "L/min",
    "lpermin": "L/min",
    "l/minute": "L/min",
    "ml/min": "mL/min",
    "mlmin": "mL/min",
    "years": "years",
    "year": "years",
    "yrs": "years",
    "yr": "years",
    "y": "years",
    "months": "months",
    "month": "months",
    "mo": "months",
}
_ENCLOSED = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*$")


@dataclass(frozen=True)
class Title:
    """A column's title, understood.

    Attributes
    ----------
    text : str
        As in the file.
    quantity : Quantity or None
        What it means, if that is known.
    unit : str
        Unit in the title, as `known_unit` writes it for a quantity; else as written, or empty.
    """

    text: str
    quantity: Quantity | None
    unit: str

    @property
    def key(self) -> str:
        """Column name in the analysis."""
        return self.quantity.key if self.quantity else slug(self.text)

    def is_meant_by(self, name: str) -> bool:
        """Whether a user's name of a column means this one."""
        if plain(name) in {plain(self.text), plain(self.key)}:
            return True
        return self.quantity is not None and understand(name).quantity == self.quantity

    @property
    def name(self) -> str:
        """Name in reports, without the unit."""
        if self.quantity:
            return self.quantity.bounds.name
        return _ENCLOSED.sub("", self.text) if self.unit else self.text


def plain(text: str) -> str:
    """Letters and digits of a title, for comparing: PaO₂, pa_o2 and PaO2 are the same."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


def identifies(title: str) -> bool:
    """Whether a column of this title identifies a patient."""
    text = plain(title)
    return (
        text in IDENTIFYING
        or any(part in text for part in _IDENTIFYING_PARTS)
        or not _IDENTIFYING_WORDS.isdisjoint(slug(title).split("_"))
        or _IDENTIFYING_NUMBER.search(text) is not None
    )


def slug(text: str) -> str:
    """Title as a name: lower case, with ``_`` between words."""
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", text).casefold()).strip("_")


def usual_value(key: str, text: str) -> str:
    """Text as it stands in the analysis: ``male`` for a sex of ``M``, else as it is."""
    return _SEXES.get(text.casefold(), text) if key == SEX else text


def known_unit(text: str) -> str:
    """Usual writing of a unit, such as ``kPa`` for ``KPA``; empty for others."""
    return _UNITS.get(re.sub(r"[\s.·*]", "", unicodedata.normalize("NFKC", text).casefold()), "")


def understand(title: str) -> Title:
    """Find what a title means, and its unit: ``PaO2 (kPa)``, ``pao2_kpa``, ``O₂ flow, L/min``."""
    enclosed = _ENCLOSED.search(title)
    base = _ENCLOSED.sub("", title) if enclosed else title
    written = enclosed[1].strip() if enclosed else ""
    quantity = _quantity_of(base)
    if quantity and enclosed:
        # What stands in parentheses may be no unit, such as "arterial".
        return Title(title, quantity, known_unit(written))
    for unit_first in _split_points(title):
        before, unit = title[:unit_first], known_unit(_between(title[unit_first:]))
        named = _quantity_of(before)
        if named and unit in named.factors:
            return Title(title, named, unit)
    return Title(title, quantity, written if not quantity and base else "")


def _quantity_of(base: str) -> Quantity | None:
    wanted = plain(base)
    return next((each for each in QUANTITIES if wanted in each.titles), None)


def _split_points(title: str) -> list[int]:
    """Where a unit may begin: after what divides words, and at a percent sign."""
    return [match.start() for match in re.finditer(r"[\s_,;:/%\-]", title)]


def _between(text: str) -> str:
    """Remove the separators before a unit: `` in kPa``, ``_l_min``."""
    text = re.sub(r"^[\s_,;:/\-]+(in\s+)?", "", text)
    return text.replace("_", "")
