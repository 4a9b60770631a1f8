"""What a chest phantom of any build is to be: everything that is drawn, in plain units."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...model.constants import MethodConstants, constant

Span = tuple[float, float]


@dataclass(frozen=True)
class AnyChestRanges(MethodConstants):
    """Ranges that chests are drawn from, and how often what is not in every chest is there."""

    lung_ml: tuple[float, float] = constant(
        (1000.0, 8000.0),
        "mL",
        "Lung volume aimed at.",
        "A child of five to a tall man at full inspiration (Quanjer et al. 1993, Eur Respir J"
        " 6 Suppl 16:5).",
    )
    wall_mm: tuple[float, float] = constant(
        (3.0, 60.0),
        "mm",
        "Thickness of the chest wall beside the lungs.",
        "3 to 5 mm in thin patients at hand; 60 mm is a body mass index far over 40 kg/m².",
    )
    build: tuple[float, float] = constant(
        (0.9, 1.12), "1", "Width, depth and height over their mean.", "Chosen by eye."
    )
    rotation_deg: tuple[float, float] = constant(
        (-12.0, 12.0), "°", "Turn of the patient on the table.", "Scans at hand: up to 8°."
    )
    kyphosis_mm: tuple[float, float] = constant(
        (0.0, 30.0), "mm", "How far apex and base lie in front of the middle.", "Chosen by eye."
    )
    scoliosis_mm: tuple[float, float] = constant(
        (-15.0, 15.0), "mm", "Sideways bow of the spine.", "Chosen by eye."
    )
    heart: tuple[float, float] = constant(
        (0.85, 1.25),
        "1",
        "Size of the heart over the adult phantom's.",
        "Cardiothoracic ratio of 0.4 to 0.6.",
    )
    diaphragm_mm: tuple[float, float] = constant(
        (-22.0, 30.0),
        "mm",
        "Height of the domes over the adult phantom's.",
        "Excursion of the diaphragm is 50 mm and more (Boussuges et al. 2009, Chest 135:391).",
    )
    aorta_mm: tuple[float, float] = constant(
        (9.0, 18.0),
        "mm",
        "Radius of the descending aorta in an adult.",
        "Healthy 10 to 14 mm; aneurysm from 20 mm on is left out.",
    )
    bowel_gas_hu: tuple[float, float] = constant(
        (-1000.0, -900.0), "HU", "Attenuation of gas in stomach and bowel.", "Scans at hand."
    )
    bowel_gap_mm: tuple[float, float] = constant(
        (1.0, 6.0), "mm", "From gas to the lung above: wall and diaphragm.", "Chosen by eye."
    )
    bowel_radius_mm: tuple[float, float] = constant(
        (10.0, 38.0), "mm", "Radius of a pocket of gas.", "Scans at hand: up to 200 mL."
    )
    esophagus_mm: tuple[float, float] = constant(
        (1.5, 9.0), "mm", "Radius of air in the esophagus.", "Scans at hand; dilated in some."
    )
    contrast_hu: tuple[float, float] = constant(
        (150.0, 500.0), "HU", "Blood with contrast agent.", "Angiograms: 200 to 500 HU."
    )
    plain_blood_hu: tuple[float, float] = constant(
        (30.0, 52.0), "HU", "Blood without.", "Anemia to normal."
    )
    parenchyma_hu: tuple[float, float] = constant(
        (-910.0, -780.0), "HU", "Lung between vessels.", "Deep inspiration to near expiration."
    )
    texture_hu: tuple[float, float] = constant((6.0, 20.0), "HU", "Its texture.", "Chosen by eye.")
    gravity_hu_per_mm: tuple[float, float] = constant(
        (0.1, 0.7), "HU/mm", "How much denser it is towards the back.", "Scans at hand."
    )
    emphysema_share: tuple[float, float] = constant(
        (0.03, 0.45), "1", "Part of the lungs.", "GOLD 1 to 4."
    )
    emphysema_hu: tuple[float, float] = constant(
        (-1000.0, -960.0), "HU", "Its attenuation.", "Below -950 HU."
    )
    bulla_mm: tuple[float, float] = constant(
        (4.0, 45.0), "mm", "Radius of a bulla.", "By definition over 5 mm."
    )
    ground_glass_share: tuple[float, float] = constant(
        (0.01, 0.5), "1", "Part of the lungs.", "COVID-19: mild to severe."
    )
    ground_glass_hu: tuple[float, float] = constant(
        (-720.0, -380.0), "HU", "Ground glass.", "-700 to -300 HU."
    )
    consolidation_share: tuple[float, float] = constant(
        (0.005, 0.2), "1", "Part of the lungs.", "Chosen by eye."
    )
    consolidation_hu: tuple[float, float] = constant(
        (10.0, 50.0), "HU", "Consolidation.", "Soft tissue."
    )
    patch_mm: tuple[float, float] = constant(
        (6.0, 30.0), "mm", "Width of patches.", "Scans at hand."
    )
    reticulation_mm: tuple[float, float] = constant(
        (4.0, 28.0), "mm", "Depth of fibrosis under the pleura.", "Chosen by eye."
    )
    effusion_mm: tuple[float, float] = constant(
        (5.0, 45.0), "mm", "Depth of fluid behind a lung.", "Small to moderate effusions."
    )
    atelectasis_mm: tuple[float, float] = constant(
        (3.0, 22.0), "mm", "Depth of collapsed lung in front of it.", "Chosen by eye."
    )
    nodule_mm: tuple[float, float] = constant(
        (1.5, 6.0), "mm", "Radius of a nodule.", "3 to 12 mm across."
    )
    mass_mm: tuple[float, float] = constant(
        (12.0, 32.0), "mm", "Radius of a mass.", "Over 30 mm across."
    )
    node_mm: tuple[float, float] = constant(
        (2.5, 7.5), "mm", "Radius of a lymph node.", "5 to 15 mm across."
    )
    murray_exponent: tuple[float, float] = constant(
        (2.5, 2.9),
        "1",
        "Power of the radius that is kept at forks.",
        "2.3 to 3 in man (Singhal et al. 1973, Circ Res 33:190; Horsfield and Woldenberg 1989).",
    )
    terminal_csa_mm2: tuple[float, float] = constant(
        (0.6, 1.0), "mm²", "Area of the last vessels drawn.", "Below what is measured."
    )
    lumen_to_artery: tuple[float, float] = constant(
        (0.6, 0.85),
        "1",
        "Radius of a bronchus over its artery's.",
        "0.7 with a spread of 0.1 (Matsuoka et al. 2003, AJR 180:513).",
    )
    wall_to_diameter: tuple[float, float] = constant(
        (0.08, 0.2), "1", "Bronchial wall over the lumen's diameter.", "Health to bronchitis."
    )
    slice_mm: tuple[float, ...] = constant(
        (0.6, 0.8, 1.0, 1.0, 1.0, 1.25, 1.25, 1.5, 2.0, 2.0, 2.5, 3.0),
        "mm",
        "Distance of slices, each as likely.",
        "What scanners offer; most chests are kept at 1 to 2 mm.",
    )
    matrix: int = constant(512, "1", "Pixels across the field of view.", "What scanners offer.")
    most_voxels: float = constant(
        4.0e7,
        "1",
        "Voxels of a chest; beyond it pixels are coarser, then slices.",
        "What is outside the body is mostly left out; time and memory.",
    )
    most_coarser: float = constant(
        1.2,
        "1",
        "How much coarser pixels get for that, at most.",
        "Chosen by eye: a matrix of 400.",
    )
    glass_over_lung_hu: float = constant(
        140.0,
        "HU",
        "How much denser ground glass is than the lung around it, at least.",
        "Less would be no opacity to a radiologist.",
    )
    blur_pixels: tuple[float, float] = constant(
        (0.45, 1.0), "1", "Gaussian in the plane over the pixel.", "Soft and sharp kernels."
    )
    blur_slices: tuple[float, float] = constant(
        (0.43, 0.6), "1", "Gaussian across slices over their distance.", "Profiles of slices."
    )
    sharpening: tuple[float, float] = constant(
        (0.4, 1.8), "1", "Edge enhancement of a sharp kernel.", "Undershoot of 100 to 300 HU."
    )
    noise_hu: tuple[float, float] = constant(
        (10.0, 80.0), "HU", "Noise.", "Soft kernel to low dose, sharp."
    )
    offset_hu: tuple[float, float] = constant(
        (-15.0, 15.0), "HU", "Error of calibration.", "Quality limits."
    )
    often: float = constant(
        0.3, "1", "Share of chests with what is common.", "Every second chest has some of it."
    )
    seldom: float = constant(0.1, "1", "Share of chests with what is rare.", "20 of 200 chests.")


CONSTANTS = AnyChestRanges()

DISEASES = ("none", "covid", "pneumonia", "emphysema", "fibrosis", "effusion", "tumor")
"""What a chest has chiefly; any may have a little of the others."""

DISEASE_ODDS = (0.34, 0.15, 0.12, 0.13, 0.08, 0.1, 0.08)
"""How often each is drawn; chosen so that 200 chests hold a dozen of each and more."""


@dataclass(frozen=True)
class AnyChestSpec:
    """One chest of any build. Lengths are of this body unless said otherwise.

    Attributes
    ----------
    seed : int
        Of what is placed at random.
    disease : str
        One of `DISEASES`.
    lung_ml : float
        Volume aimed at; the truth has the one that came out.
    width, depth, height : float
        Build over the mean.
    wall_mm, breast_mm : float
        Thickness of the chest wall at its thinnest, and of breasts, 0 for none.
    rotation_deg, kyphosis_mm, scoliosis_mm : float
        Posture.
    heart, diaphragm_mm, left_lower_mm, aorta_mm, waist : float
        Size of the heart, height of the right dome at scale 1, how much lower the left is, radius
        of the aorta at scale 1, width of the mediastinum over the mean.
    arms : str
        ``up``, ``down`` or ``away`` (outside the image).
    arm_gap_mm : float
        Between arm and body.
    table : str
        ``flat``, ``curved``, ``hollow`` or ``foam``.
    table_gap_mm : float
        Air between back and table.
    wires, folds : int
        Leads on the skin, and folds of it that hold air.
    blanket : bool
        Whether a cover spans over the body.
    bowel_mm : tuple of float
        Radius of each pocket of gas under the diaphragm, by turns left and right.
    bowel_gap_mm, bowel_hu : float
        From gas to lung, and its attenuation.
    esophagus_mm : float
        Radius of air in the esophagus, 0 for none.
    artery_hu, vein_hu, cava_hu, lower_cava_hu, streak_hu : float
        Blood in pulmonary arteries and right heart; in pulmonary veins, left heart and aorta; in
        the superior and the inferior vena cava; amplitude of the streaks of the superior one.
    parenchyma_hu, gravity_hu_per_mm, texture_hu : float
        Lung between vessels.
    emphysema_share, emphysema_hu : float
        Part of the lungs, and attenuation.
    bullae_mm : tuple of float
        Radius of each.
    ground_glass_share, ground_glass_hu, ground_glass_mm : float
        Part of the lungs, attenuation, width of patches.
    consolidation_share, consolidation_hu, consolidation_mm : float
        The same.
    lobe : int
        Consolidated lobe, 0 to 4 (right upper, middle, lower, left upper, lower), -1 for none.
    reticulation_mm : float
        Depth of fibrosis under the pleura, 0 for none.
    effusion_mm, atelectasis_mm : tuple of float
        Depth behind the right and the left lung, 0 for none.
    nodules_mm, masses_mm, nodes_mm : tuple of float
        Radius of each.
    cavity : bool
        Whether masses are hollow.
    murray_exponent, terminal_csa_mm2, terminal_ml : float
        The trees: power kept at forks, area of the last vessels, lung that each serves.
    lumen_to_artery, wall_to_diameter : float
        Bronchi.
    pixel_mm, slice_mm : float
        Voxels wanted; a large body gets coarser ones (`most_voxels`), as its grid says.
    field_cut : float
        Field of view over the body's width.
    off_center_mm : tuple of float
        Of its middle.
    above_mm, below_mm : float
        Image beyond the lungs' apex and base; negative where it cuts them.
    blur_pixels, blur_slices : float
        Standard deviation of the scanner's Gaussian in the plane, over the pixel, and across it,
        over the distance of slices.
    sharpening : float
        Edge enhancement of the kernel, 0 for none.
    noise_hu, noise_kernel, offset_hu : float, str, float
        Noise, its kernel, and error of calibration.
    circle : bool
        Whether pixels outside the circle of reconstruction are empty.
    """

    seed: int
    disease: str
    lung_ml: float
    width: float
    depth: float
    height: float
    wall_mm: float
    breast_mm: float
    rotation_deg: float
    kyphosis_mm: float
    scoliosis_mm: float
    heart: float
    diaphragm_mm: float
    left_lower_mm: float
    aorta_mm: float
    waist: float
    arms: str
    arm_gap_mm: float
    table: str
    table_gap_mm: float
    wires: int
    folds: int
    blanket: bool
    bowel_mm: tuple[float, ...]
    bowel_gap_mm: float
    bowel_hu: float
    esophagus_mm: float
    artery_hu: float
    vein_hu: float
    cava_hu: float
    lower_cava_hu: float
    streak_hu: float
    parenchyma_hu: float
    gravity_hu_per_mm: float
    texture_hu: float
    emphysema_share: float
    emphysema_hu: float
    bullae_mm: tuple[float, ...]
    ground_glass_share: float
    ground_glass_hu: float
    ground_glass_mm: float
    consolidation_share: float
    consolidation_hu: float
    consolidation_mm: float
    lobe: int
    reticulation_mm: float
    effusion_mm: tuple[float, float]
    atelectasis_mm: tuple[float, float]
    nodules_mm: tuple[float, ...]
    masses_mm: tuple[float, ...]
    nodes_mm: tuple[float, ...]
    cavity: bool
    murray_exponent: float
    terminal_csa_mm2: float
    terminal_ml: float
    lumen_to_artery: float
    wall_to_diameter: float
    pixel_mm: float
    slice_mm: float
    field_cut: float
    off_center_mm: tuple[float, float]
    above_mm: float
    below_mm: float
    blur_pixels: float
    blur_slices: float
    sharpening: float
    noise_hu: float
    noise_kernel: str
    offset_hu: float
    circle: bool

    @property
    def scale(self) -> float:
        """Size over the adult phantom's, from the volume that its lungs would have."""
        return float((self.lung_ml / ADULT_LUNG_ML) ** (1 / 3))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }


ADULT_LUNG_ML = 5400.0
"""Of the adult phantom at scale 1."""


class _Draw:
    """Draws from ranges."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 14])

    def within(self, span: Span, low: float = 0.0, high: float = 1.0) -> float:
        """Evenly between two shares of a range."""
        share = self.rng.uniform(low, high)
        return round(float(span[0] + (span[1] - span[0]) * share), 3)

    def log(self, span: Span) -> float:
        """Evenly in the logarithm."""
        return round(float(np.exp(self.rng.uniform(*np.log(span)))), 3)

    def chance(self, share: float) -> bool:
        """Whether something with a share of the chests is there."""
        return bool(self.rng.random() < share)

    def several(self, span: Span, most: int) -> tuple[float, ...]:
        """One to so many, small ones oftener."""
        return tuple(self.log(span) for _ in range(int(self.rng.integers(1, most + 1))))

    def choice(self, names: tuple[str, ...], odds: tuple[float, ...] | None = None) -> str:
        """One of them."""
        return str(self.rng.choice(names, p=odds))


def any_chest_spec(seed: int) -> AnyChestSpec:
    """Draw a chest.

    Parameters
    ----------
    seed : int
        Of the draw, and of what is placed at random in the chest.

    Returns
    -------
    AnyChestSpec
        The same for the same seed.
    """
    draw, span = _Draw(seed), CONSTANTS
    disease = draw.choice(DISEASES, DISEASE_ODDS)
    lung_ml = draw.within(span.lung_ml)
    scale = (lung_ml / ADULT_LUNG_ML) ** (1 / 3)
    wall_mm = round(draw.log(span.wall_mm) * min(scale, 1.0) ** 0.5, 3)
    wall_mm = max(wall_mm, span.wall_mm[0])
    width, depth = draw.within(span.build), draw.within(span.build)
    is_large = scale > 0.85
    breast_mm = draw.within((12.0, 60.0)) * scale if is_large and draw.chance(0.35) else 0.0
    body = {
        "seed": seed,
        "disease": disease,
        "lung_ml": lung_ml,
        "width": width,
        "depth": depth,
        "height": round(1 / (width * depth), 3),
        "wall_mm": wall_mm,
        "breast_mm": round(breast_mm, 3),
        "rotation_deg": draw.within(span.rotation_deg),
        "kyphosis_mm": draw.within(span.kyphosis_mm),
        "scoliosis_mm": draw.within(span.scoliosis_mm),
        "heart": draw.within(span.heart),
        "diaphragm_mm": draw.within(span.diaphragm_mm),
        "left_lower_mm": draw.within((-10.0, 25.0)),
        "aorta_mm": draw.within(span.aorta_mm),
        "waist": draw.within((0.8, 1.15)),
        "arms": draw.choice(("up", "away", "down"), (0.45, 0.3, 0.25)),
        "arm_gap_mm": draw.within((-2.0, 25.0)),
        "table": draw.choice(("flat", "curved", "hollow", "foam")),
        "table_gap_mm": draw.within((0.0, 12.0)),
        "wires": int(draw.rng.integers(1, 5)) if draw.chance(span.often) else 0,
        "folds": int(draw.rng.integers(1, 4)) if wall_mm > 10 and draw.chance(0.5) else 0,
        "blanket": draw.chance(span.often),
    }
    return AnyChestSpec(
        **body,
        **_gas(draw),
        **_blood(draw),
        **_disease(draw, disease, scale),
        **_trees(draw, lung_ml),
        **_scanner(draw, scale, wall_mm),
    )


def _gas(draw: _Draw) -> dict[str, Any]:
    span = CONSTANTS
    return {
        "bowel_mm": draw.several(span.bowel_radius_mm, 4) if draw.chance(0.75) else (),
        "bowel_gap_mm": draw.within(span.bowel_gap_mm),
        "bowel_hu": draw.within(span.bowel_gas_hu),
        "esophagus_mm": draw.log(span.esophagus_mm) if draw.chance(0.5) else 0.0,
    }


def _blood(draw: _Draw) -> dict[str, Any]:
    span = CONSTANTS
    phase = draw.choice(("plain", "early", "late"), (0.5, 0.25, 0.25))
    plain = draw.within(span.plain_blood_hu)
    contrast = draw.within(span.contrast_hu)
    artery = vein = cava = lower = plain
    streak = 0.0
    if phase == "early":
        artery = contrast
        vein = max(round(contrast * draw.within((0.45, 1.0)), 3), plain)
        cava = draw.within((600.0, 1500.0))
        streak = draw.within((20.0, 160.0))
    elif phase == "late":
        artery = draw.within((150.0, 260.0))
        vein = round(artery * draw.within((0.95, 1.2)), 3)
        cava = lower = round(artery * 0.9, 3)
    return {
        "artery_hu": artery,
        "vein_hu": vein,
        "cava_hu": cava,
        "lower_cava_hu": lower,
        "streak_hu": streak,
    }


def _disease(draw: _Draw, disease: str, scale: float) -> dict[str, Any]:
    span = CONSTANTS

    def has(kind: str, other: float) -> bool:
        return disease == kind or draw.chance(other)

    size = min(scale, 1.0)
    rare = span.seldom / 2
    glass = disease in ("covid", "pneumonia") or draw.chance(rare)
    patchy = disease == "pneumonia" or (disease == "covid" and draw.chance(0.5))
    effusion = [
        draw.within(span.effusion_mm) * size if has("effusion", rare) else 0.0 for _ in "rl"
    ]
    if disease == "effusion" and draw.chance(0.4):
        effusion[int(draw.rng.integers(2))] = 0.0
    thin = 0.5 if disease == "emphysema" else 1.0
    parenchyma = draw.within(span.parenchyma_hu, 0.0, thin)
    masses = [draw.log(span.mass_mm) * size for _ in range(int(draw.rng.integers(1, 3)))]
    return {
        "parenchyma_hu": parenchyma,
        "gravity_hu_per_mm": draw.within(span.gravity_hu_per_mm),
        "texture_hu": draw.within(span.texture_hu),
        "emphysema_share": draw.within(span.emphysema_share) if has("emphysema", rare) else 0.0,
        "emphysema_hu": draw.within(span.emphysema_hu),
        "bullae_mm": tuple(round(r * size, 3) for r in draw.several(span.bulla_mm, 8))
        if (disease == "emphysema" and draw.chance(0.6)) or draw.chance(rare)
        else (),
        "ground_glass_share": draw.log(span.ground_glass_share) if glass else 0.0,
        "ground_glass_hu": max(
            draw.within(span.ground_glass_hu), round(parenchyma + span.glass_over_lung_hu, 3)
        ),
        "ground_glass_mm": draw.log(span.patch_mm),
        "consolidation_share": draw.log(span.consolidation_share) if patchy else 0.0,
        "consolidation_hu": draw.within(span.consolidation_hu),
        "consolidation_mm": draw.log(span.patch_mm),
        "lobe": int(draw.rng.integers(5)) if disease == "pneumonia" and draw.chance(0.3) else -1,
        "reticulation_mm": round(draw.within(span.reticulation_mm) * size, 3)
        if has("fibrosis", rare)
        else 0.0,
        "effusion_mm": (round(effusion[0], 3), round(effusion[1], 3)),
        "atelectasis_mm": tuple(
            round(draw.within(span.atelectasis_mm) * size, 3)
            if depth or draw.chance(span.seldom)
            else 0.0
            for depth in effusion
        ),
        "nodules_mm": draw.several(span.nodule_mm, 6) if has("tumor", 0.2) else (),
        "masses_mm": tuple(round(radius, 3) for radius in masses) if disease == "tumor" else (),
        "nodes_mm": draw.several(span.node_mm, 6) if draw.chance(0.4) else (),
        "cavity": draw.chance(0.3),
    }


def _trees(draw: _Draw, lung_ml: float) -> dict[str, Any]:
    span = CONSTANTS
    return {
        "murray_exponent": draw.within(span.murray_exponent),
        "terminal_csa_mm2": draw.within(span.terminal_csa_mm2),
        # Smaller lungs have fewer vessels of a size that CT shows, and smaller acini.
        "terminal_ml": round(draw.within((2.2, 3.4)) * (lung_ml / ADULT_LUNG_ML) ** 0.25, 3),
        "lumen_to_artery": draw.within(span.lumen_to_artery),
        "wall_to_diameter": draw.within(span.wall_to_diameter),
    }


def _scanner(draw: _Draw, scale: float, wall_mm: float) -> dict[str, Any]:
    span = CONSTANTS
    slice_mm = float(draw.rng.choice(span.slice_mm))
    kernel = draw.choice(("soft", "medium", "sharp"), (0.4, 0.35, 0.25))
    low, high = {"soft": (0.5, 1.0), "medium": (0.15, 0.5), "sharp": (0.0, 0.2)}[kernel]
    blur = draw.within(span.blur_pixels, low, high)
    # A little of the body is cut in some, much in a few.
    cut = draw.within((0.82, 0.98)) if draw.chance(0.2) else draw.within((1.02, 1.2))
    whole = scale * 2 * 135 + 2 * wall_mm
    pixel = float(np.clip(whole * cut / span.matrix, 0.5, 0.95))
    noise = draw.log(span.noise_hu)
    noisier = {"soft": 0.7, "medium": 1.0, "sharp": 1.4}[kernel]
    incomplete = draw.chance(0.05)
    return {
        "pixel_mm": round(pixel, 6),
        "slice_mm": slice_mm,
        "field_cut": cut,
        "off_center_mm": (draw.within((-12.0, 12.0)), draw.within((-12.0, 12.0))),
        "above_mm": round(
            scale * (draw.within((-60.0, -15.0)) if incomplete else draw.log((4.0, 110.0))), 3
        ),
        "below_mm": round(draw.log((4.0, 90.0)) * scale, 3),
        "blur_pixels": blur,
        "blur_slices": draw.within(span.blur_slices),
        "sharpening": draw.within(span.sharpening) if kernel == "sharp" else 0.0,
        "noise_hu": round(float(np.clip(noise * noisier, *span.noise_hu)), 3),
        "noise_kernel": {"soft": "smooth", "medium": "white", "sharp": "sharp"}[kernel],
        "offset_hu": draw.within(span.offset_hu),
        "circle": draw.chance(span.often),
    }
