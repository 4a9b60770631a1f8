"""A chest of any build in a scanner, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from ...model.constants import MethodConstants, constant
from ...model.size_classes import LungLabel
from ...model.volume import Grid, Volume
from ...parameters import Parameters
from ...progress import Progress
from .. import disease
from ..anatomy import LEFT, RIGHT, SIDES
from ..chest import LABELS, ChestPhantom, partly
from ..fields import Field
from ..noise import add_noise
from ..plumbing import Material, Overlaps
from ..rendering import FractionCanvas, PhantomBlur, average_parts, quadrature, rendering_grid
from ..spacing import wall_share
from ..truth import Ledger, centerlines, measure
from . import spec as spec_module
from .body import AnyChestBody, build_body
from .kinds import TissueKind, share_inside
from .lung_tissue import LungTissue, Points, build_tissue
from .spec import AnyChestSpec, any_chest_spec
from .surroundings import Surroundings
from .tubes import AnyChestTubes, BloodKind, build_tubes

FULL = 255
"""Value of a voxel that is all blood in `AnyChestPhantom.blood`."""


@dataclass(frozen=True)
class AnyChestConstants(MethodConstants):
    """Attenuations outside the lungs, and how finely tubes are filled."""

    point_mm: float = constant(
        0.45,
        "mm",
        "Distance of the points that tubes are filled with, at most.",
        "Half a pixel; volumes are right whatever it is.",
    )
    points_across: float = constant(
        7.0, "1", "Points across a wide tube.", "A ring of voxels at its surface is smooth enough."
    )
    air_hu: float = constant(-1000.0, "HU", "Air.", "The definition of the scale.")
    wall_hu: float = constant(20.0, "HU", "Bronchi's walls.", "Soft tissue.")
    muscle_hu: float = constant(50.0, "HU", "Muscle.", "Textbooks: 40 to 60 HU.")
    fat_hu: float = constant(-100.0, "HU", "Fat.", "Textbooks: -120 to -80 HU.")
    cortex_hu: float = constant(650.0, "HU", "Cortical bone.", "Textbooks: 500 HU and more.")
    marrow_hu: float = constant(170.0, "HU", "Cancellous bone.", "Textbooks: 100 to 300 HU.")
    liver_hu: float = constant(60.0, "HU", "Organs under the diaphragm.", "Liver, 50 to 65 HU.")
    fluid_hu: float = constant(12.0, "HU", "Effusion.", "Textbooks: 0 to 20 HU.")
    node_hu: float = constant(40.0, "HU", "Lymph nodes.", "Soft tissue.")
    heart_muscle_hu: float = constant(45.0, "HU", "Wall of the heart.", "Unenhanced muscle.")
    padding_hu: float = constant(
        -2000.0, "HU", "Outside the circle of reconstruction.", "What some scanners write."
    )
    streak_mm: float = constant(
        45.0, "mm", "Distance over which streaks fade.", "Angiograms with dense caval veins."
    )
    enhancement_mm: float = constant(
        1.1, "mm", "Width of a sharp kernel's undershoot.", "Lung kernels: about a millimeter."
    )


CONSTANTS = AnyChestConstants()


@dataclass(frozen=True, eq=False)
class AnyChestPhantom(ChestPhantom):
    """A chest of any build whose tissues are known.

    Attributes
    ----------
    chest : AnyChestSpec
        What was drawn.
    kinds : Volume
        uint8 `TissueKind`.
    airways : Volume
        uint8 `AirwayKind` of the lumen, 0 elsewhere, in the lungs and outside.
    blood : Volume
        uint8 share of blood in each voxel, `FULL` for all of it, hilar vessels included.
    """

    chest: AnyChestSpec
    kinds: Volume
    airways: Volume
    blood: Volume


@dataclass(frozen=True, eq=False)
class _Filled:
    """Tubes in voxels: share, share times HU; and the truth of the very same points."""

    amount: np.ndarray
    attenuation: np.ndarray
    ledger: Ledger
    blood_mm3: np.ndarray
    lumen_mm3: np.ndarray
    airway: np.ndarray


@dataclass(frozen=True, eq=False)
class _Scene:
    """All that is in the scanner but the tubes, and the voxels to draw it on."""

    spec: AnyChestSpec
    body: AnyChestBody
    tissue: LungTissue
    around: Surroundings
    grid: Grid
    fine: Grid
    blur: PhantomBlur

    @property
    def blur_mm(self) -> float:
        """Blur that sharing tubes out among voxels brings, and that surfaces get alike."""
        return float(np.sqrt(self.blur.sharing_variance_mm2.mean()))


def any_chest(
    spec: AnyChestSpec | int,
    progress: Progress | None = None,
    parameters: Parameters | None = None,
) -> AnyChestPhantom:
    """Build a chest of any build, put it in a scanner, and keep the truth.

    Parameters
    ----------
    spec : AnyChestSpec or int
        What to draw, or the seed of it.
    progress : callable, optional
        Called with step and fraction; may raise `Cancelled`.
    parameters : Parameters, optional
        Class bounds of the truth.

    Returns
    -------
    AnyChestPhantom
        Image and truth. Patient supine, identity direction, LPS.
    """
    spec = any_chest_spec(spec) if isinstance(spec, int) else spec
    parameters = parameters or Parameters()
    tell = progress or _say_nothing
    names = ("body", "tissue", "trees", "around", "noise")
    chance = dict(zip(names, np.random.default_rng(spec.seed).spawn(len(names)), strict=True))
    tell("anatomy", 0.0)
    body = build_body(spec, chance["body"])
    tissue = build_tissue(spec, body, chance["tissue"])
    around = Surroundings.around(spec, body, chance["around"])
    grid = image_grid(spec, body, around)
    tell("vessel trees", 0.1)
    top = grid.origin[2] + grid.spacing[2] * grid.size[2]
    tubes = build_tubes(
        spec, body, tissue, chance["trees"], top, partly(tell, "vessel trees", 0.1, 0.25)
    )
    tell("tubes", 0.4)
    fine = rendering_grid(grid, spec.blur_mm)
    blur = PhantomBlur(fine.spacing, spec.blur_mm)
    scene = _Scene(spec, body, tissue, around, grid, fine, blur)
    filled = _fill(scene, tubes)
    tell("tissues", 0.6)
    hu, lungs, kinds = _compose(scene, filled)
    blood = np.clip(np.rint(filled.blood_mm3 * (FULL / np.prod(grid.spacing))), 0, FULL).astype(
        np.uint8
    )
    airways = np.where(filled.lumen_mm3 >= 0.5 * np.prod(grid.spacing), filled.airway, 0)
    kinds[(airways > 0) & (lungs == 0)] = TissueKind.CENTRAL_AIRWAY
    ledger = filled.ledger
    del filled
    tell("blur", 0.85)
    blur.finish(hu)
    hu = average_parts(hu, grid)
    _sharpen(hu, spec)
    tell("noise", 0.92)
    add_noise(hu, spec.noise_hu, spec.noise_kernel, chance["noise"])
    image = _digitized(hu, spec, grid)
    lung_volume_ml = {
        label: float(np.count_nonzero(lungs == label) * grid.voxel_volume_ml) for label in LungLabel
    }
    plumbing = tubes.plumbing
    in_trees = plumbing.branch < plumbing.trees.branch_count
    whole = plumbing.tubes.area_mm2 * plumbing.tubes.step_mm
    tell("truth", 0.98)
    return AnyChestPhantom(
        spec=None,  # type: ignore[arg-type]
        volume=Volume(image, grid),
        lungs=Volume(lungs, grid),
        centerlines=centerlines(plumbing, ledger, Material.BLOOD, parameters),
        airway_centerlines=centerlines(plumbing, ledger, Material.LUMEN, parameters),
        measurements=measure(plumbing, ledger, lung_volume_ml, parameters),
        hidden_measurements=measure(plumbing, ledger, lung_volume_ml, parameters, hidden=True),
        parameters=parameters,
        overlap_fraction=float(ledger.faulty_mm3[in_trees].sum() / whole[in_trees].sum()),
        chest=spec,
        kinds=Volume(kinds, grid),
        airways=Volume(airways.astype(np.uint8), grid),
        blood=Volume(blood, grid),
    )


def _say_nothing(_step: str, _fraction: float) -> None:
    """Progress that nobody wants."""


def image_grid(spec: AnyChestSpec, body: AnyChestBody, around: Surroundings) -> Grid:
    """Voxels of the scan: a square field of view, without the rows of air before and behind.

    Parameters
    ----------
    spec : AnyChestSpec
        Voxel size, field of view, and how far the scan goes beyond the lungs.
    body : AnyChestBody
        Where the lungs are.
    around : Surroundings
        Where the table is.

    Returns
    -------
    Grid
        Axis-aligned.
    """
    frame = body.body
    depth = np.maximum(*(body.lungs[side].values for side in SIDES))
    heights = frame.origin_mm[2] + frame.step_mm * np.flatnonzero((depth > 0).any(axis=(1, 2)))
    low, high = heights.min() - spec.below_mm, heights.max() + spec.above_mm
    slices = max(int((high - low) / spec.slice_mm), 16)
    rows = frame.origin_mm[1] + frame.step_mm * np.flatnonzero((frame.values > 0).any(axis=(0, 2)))
    half_field = around.half_width_mm * spec.field_cut + 8.0
    pixel = max(spec.pixel_mm, 2 * half_field / spec_module.CONSTANTS.matrix)
    columns = round(2 * half_field / pixel)
    middle = 0.5 * (rows.min() + rows.max())
    front = max(rows.min() - 22.0, middle - half_field)
    behind = min(around.table_mm + 60.0, middle + half_field)
    lines = int((behind - front) / pixel)
    most = spec_module.CONSTANTS.most_voxels
    if columns * lines * slices > most:
        coarser = np.sqrt(columns * lines * slices / most)
        pixel, columns, lines = pixel * coarser, int(columns / coarser), int(lines / coarser)
    aside, _ = spec.off_center_mm
    origin = (aside - 0.5 * (columns - 1) * pixel, front, low)
    return Grid((columns, lines, slices), (pixel, pixel, spec.slice_mm), origin).rounded()


def _fill(scene: _Scene, built: AnyChestTubes) -> _Filled:
    """Fill the tubes with points: to voxels and to the truth from the very same points."""
    spec, body, tissue, grid = scene.spec, scene.body, scene.tissue, scene.grid
    plumbing = built.plumbing
    amount, attenuation = (FractionCanvas(scene.fine, scene.blur) for _ in range(2))
    blood_hu = np.where(built.blood == BloodKind.ARTERY, spec.artery_hu, spec.vein_hu)
    material_hu = np.where(
        plumbing.material == Material.BLOOD,
        blood_hu,
        np.where(plumbing.material == Material.LUMEN, CONSTANTS.air_hu, CONSTANTS.wall_hu),
    )
    count = len(plumbing.branch)
    overlaps = Overlaps(plumbing)
    seen, hidden, faulty = np.zeros((count, 2)), np.zeros((count, 2)), np.zeros(count)
    voxels = int(np.prod(grid.size))
    blood, lumen = np.zeros(voxels, np.float32), np.zeros(voxels, np.float32)
    airway = np.zeros(voxels, np.uint8)
    low = np.array(grid.origin) - 0.5 * np.array(grid.spacing)
    size = np.array(grid.size)
    for chosen, spacing in _by_size(plumbing.tubes.outer_mm):
        for part, points, volume in quadrature(plumbing.tubes.take(chosen), spacing):
            section = chosen[part]
            lost, foreign = overlaps.inside(section, points)
            faulty[section] = (volume * foreign).sum(axis=1)
            owned = np.where(lost, 0.0, volume)
            kept = ~lost
            place, share = points[kept], volume[kept]
            of = np.broadcast_to(section[:, None], lost.shape)[kept]
            amount.add(place, share)
            attenuation.add(place, share * material_hu[of])
            index = np.floor((place - low) / grid.spacing).astype(np.intp)
            inside = ((index >= 0) & (index < size)).all(axis=1)
            flat = (index[:, 2] * size[1] + index[:, 1]) * size[0] + index[:, 0]
            is_blood = inside & (plumbing.material[of] == Material.BLOOD)
            np.add.at(blood, flat[is_blood], share[is_blood].astype(np.float32))
            is_lumen = inside & (plumbing.material[of] == Material.LUMEN)
            np.add.at(lumen, flat[is_lumen], share[is_lumen].astype(np.float32))
            # The lowest generation wins where two share a voxel; 255 - n makes it the largest.
            np.maximum.at(airway, flat[is_lumen], 255 - built.airway[of[is_lumen]])
            label, unseen = _lung_label(points, body, grid), tissue.hidden(points)
            for column, name in enumerate(LungLabel):
                mine = np.where(label == name, owned, 0.0)
                seen[section, column] = np.where(unseen, 0.0, mine).sum(axis=1)
                hidden[section, column] = np.where(unseen, mine, 0.0).sum(axis=1)
    center = plumbing.tubes.center_mm
    free = ~overlaps.inside(np.arange(count), center[:, None])[0][:, 0]
    on_line = free & ~plumbing.is_cap & ~tissue.hidden(center)
    ledger = Ledger(seen, hidden, faulty, _lung_label(center, body, grid), on_line)
    return _Filled(
        amount.fraction,
        attenuation.fraction,
        ledger,
        blood.reshape(grid.shape),
        lumen.reshape(grid.shape),
        np.where(airway > 0, 255 - airway, 0).astype(np.uint8).reshape(grid.shape),
    )


def _by_size(radius_mm: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Cross sections by doubling radius, each with the distance of points that fills them."""
    step = np.maximum(CONSTANTS.point_mm, 2 * radius_mm / CONSTANTS.points_across)
    group = np.floor(np.log2(step / CONSTANTS.point_mm)).astype(int)
    return [
        (np.flatnonzero(group == number), CONSTANTS.point_mm * 2.0**number)
        for number in np.unique(group)
    ]


def _lung_label(points: np.ndarray, body: AnyChestBody, grid: Grid) -> np.ndarray:
    """`LungLabel` of points (..., 3), 0 outside the lungs or the image."""
    low = np.array(grid.origin) - 0.5 * np.array(grid.spacing)
    inside = ((points >= low) & (points <= low + np.array(grid.size) * grid.spacing)).all(axis=-1)
    label = np.zeros(points.shape[:-1], np.uint8)
    for side in SIDES:
        label[(body.lungs[side].at(points) > 0) & inside] = LABELS[side]
    return label


class _Layers:
    """Fields of the body on planes, and whether there is anything of them at a height."""

    def __init__(self, fields: dict[str, Field], margin_mm: float) -> None:
        self._fields = fields
        self._spans = {}
        for name, field in fields.items():
            rows = np.flatnonzero(field.values.max(axis=(1, 2)) > -margin_mm)
            if len(rows) == 0:
                self._spans[name] = (np.inf, -np.inf)
                continue
            low, high = field.origin_mm[2] + field.step_mm * np.array([rows[0] - 1, rows[-1] + 1])
            # What reaches the end of the nodes goes on beyond them.
            self._spans[name] = (
                -np.inf if rows[0] == 0 else low,
                np.inf if rows[-1] == len(field.values) - 1 else high,
            )

    def plane(self, name: str, where: Points) -> np.ndarray | None:
        low, high = self._spans[name]
        if not low <= where[0] <= high:
            return None
        return self._fields[name].plane(*where)


def _compose(scene: _Scene, filled: _Filled) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tissues with the tubes in them (HU float32, fine grid), the lungs' labels and the kinds."""
    body, grid, fine = scene.body, scene.grid, scene.fine
    layers = _Layers(
        {
            "liver": body.liver,
            "right_heart": body.right_heart,
            "left_heart": body.left_heart,
            "cava": body.cava,
            "nodes": body.nodes,
            "bone": body.bone,
            "marrow": body.marrow,
            "bowel": body.bowel,
            "esophagus": body.esophagus_air,
            "right lung": body.lungs[RIGHT],
            "left lung": body.lungs[LEFT],
            "right fluid": body.effusion[RIGHT],
            "left fluid": body.effusion[LEFT],
        },
        3.0,
    )
    x, y = (grid.origin[i] + grid.spacing[i] * np.arange(grid.size[i]) for i in (0, 1))
    heights = fine.origin[2] + fine.spacing[2] * np.arange(fine.size[2])
    parts = fine.size[2] // grid.size[2]
    lungs, kinds = np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.uint8)
    hu = filled.attenuation
    for index, height in enumerate(heights):
        where = (float(height), y, x)
        plane, kind = _plane(scene, layers, where)
        share = filled.amount[index]
        hu[index] = plane * np.maximum(1 - share, 0) + hu[index] / np.maximum(share, 1)
        # The middle part of a thick slice stands for its tissue.
        if index % parts == parts // 2:
            row = index // parts
            kinds[row] = kind
            for side, name in ((RIGHT, "right lung"), (LEFT, "left lung")):
                depth = layers.plane(name, where)
                if depth is not None:
                    lungs[row][depth > 0] = LABELS[side]
    return hu, lungs, kinds


def _plane(scene: _Scene, layers: _Layers, where: Points) -> tuple[np.ndarray, np.ndarray]:
    """HU and `TissueKind` (y, x) of an axial plane without the tubes."""
    c, spec, body, around = CONSTANTS, scene.spec, scene.body, scene.around
    blur_mm = scene.blur_mm
    skin = body.body.plane(*where)
    outside = around.draw(where, skin, blur_mm)
    kind = np.where(outside > -960, TissueKind.TABLE, TissueKind.OUTSIDE).astype(np.uint8)
    arms = around.arms(where)
    fat = body.fat.plane(*where)
    plane = c.muscle_hu + (c.fat_hu - c.muscle_hu) * fat
    if arms is not None:
        limb = c.muscle_hu + (c.fat_hu - c.muscle_hu) * (arms < 0.25 * arms.max())
        limb[arms > 0.72 * arms.max()] = c.cortex_hu
        outside += share_inside(arms, blur_mm) * (limb - outside)
        kind[arms > 0] = TissueKind.SOFT_TISSUE
    plane = outside + share_inside(skin, blur_mm) * (plane - outside)
    kind[skin > 0] = TissueKind.SOFT_TISSUE
    around.draw_on_skin(where, skin, plane, blur_mm)
    enhanced = spec.artery_hu > 100
    for name, value, what in (
        ("liver", c.liver_hu + 40.0 * enhanced, TissueKind.SOFT_TISSUE),
        ("right_heart", spec.artery_hu, TissueKind.GREAT_VESSEL),
        ("left_heart", spec.vein_hu, TissueKind.GREAT_VESSEL),
        ("cava", spec.cava_hu, TissueKind.GREAT_VESSEL),
        ("nodes", c.node_hu, TissueKind.NODE),
        ("bone", c.cortex_hu, TissueKind.BONE),
        ("marrow", c.marrow_hu, TissueKind.BONE),
        ("right fluid", c.fluid_hu, TissueKind.EFFUSION),
        ("left fluid", c.fluid_hu, TissueKind.EFFUSION),
        ("bowel", spec.bowel_hu, TissueKind.BOWEL_GAS),
        ("esophagus", c.air_hu, TissueKind.ESOPHAGUS_AIR),
    ):
        depth = layers.plane(name, where)
        if depth is None:
            continue
        if name == "liver":
            depth = np.minimum(depth, skin - 6.0)
        plane += share_inside(depth, blur_mm) * (value - plane)
        kind[depth > 0] = what
    for side, name in ((RIGHT, "right lung"), (LEFT, "left lung")):
        depth = layers.plane(name, where)
        if depth is None or depth.max() < -3.0:
            continue
        _draw_lung(scene, side, where, depth, plane, kind)
    if spec.streak_hu:
        _draw_streaks(plane, spec, body, where)
    return plane, kind


def _draw_lung(
    scene: _Scene,
    side: int,
    where: Points,
    depth: np.ndarray,
    plane: np.ndarray,
    kind: np.ndarray,
) -> None:
    """Draw one lung in its box of a plane, in place."""
    body, blur_mm = scene.body, scene.blur_mm
    height, y, x = where
    rows, columns = (
        np.flatnonzero((depth > -3).any(axis=1)),
        np.flatnonzero((depth > -3).any(axis=0)),
    )
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    inner = (height, y[box[0]], x[box[1]])
    lung, tissue_kind = scene.tissue.draw(inner, blur_mm)
    half = 0.2
    oblique = body.oblique[side].plane(*inner)
    sheets: list[tuple[np.ndarray, np.ndarray | float]] = [(oblique, 1.0)]
    if side == RIGHT:
        sheets.append((body.horizontal.plane(*inner), share_inside(oblique, blur_mm)))
    hilum = body.hilum_mm[side]
    for distance, extent in sheets:
        near = np.argwhere(abs(distance) < 4 * blur_mm + half)
        if len(near) == 0:
            continue
        row, column = near.T
        points = np.stack([inner[2][column], inner[1][row], np.full(len(row), height)], -1)
        closed = wall_share(points, hilum, body.scale)
        there = distance[row, column]
        share = share_inside(there + half, blur_mm) - share_inside(there - half, blur_mm)
        share = share * closed * np.broadcast_to(extent, distance.shape)[row, column]
        lung[row, column] += share * (disease.CONSTANTS.fissure_hu - lung[row, column])
    inside = depth[box]
    plane[box] += share_inside(inside, blur_mm) * (lung - plane[box])
    view = kind[box]
    view[inside > 0] = tissue_kind[inside > 0]


def _draw_streaks(plane: np.ndarray, spec: AnyChestSpec, body: AnyChestBody, where: Points) -> None:
    """Add streaks that go out from the superior vena cava's contrast agent, in place."""
    height, y, x = where
    template_z = height / body.posture.size[2]
    fade = np.clip((template_z + 40) / 20, 0, 1) * np.clip((100 - template_z) / 20, 0, 1)
    if not fade:
        return
    center = body.posture.to_world(np.array([-20.0, -6.0, template_z]))
    dx, dy = x - center[0], (y - center[1])[:, None]
    angle, distance = np.arctan2(dy, dx), np.hypot(dx, dy)
    # The gantry stands elsewhere at each slice.
    turn = 40.0 * np.sin(12.9898 * height)
    wave = np.cos(7 * angle + turn) + 0.6 * np.cos(17 * angle - 1.7 * turn)
    far = np.exp(-distance / CONSTANTS.streak_mm) * np.clip(distance / 12, 0, 1)
    plane += (spec.streak_hu * fade * wave * far).astype(np.float32)


def _sharpen(hu: np.ndarray, spec: AnyChestSpec) -> None:
    """Enhance edges within slices, in place, as a sharp kernel does."""
    if not spec.sharpening:
        return
    width = CONSTANTS.enhancement_mm / spec.pixel_mm
    for z in range(len(hu)):
        hu[z] += spec.sharpening * (hu[z] - gaussian_filter(hu[z], width, truncate=3))


def _digitized(hu: np.ndarray, spec: AnyChestSpec, grid: Grid) -> np.ndarray:
    """Whole HU with the scanner's offset, its range, and its circle of reconstruction."""
    image = np.empty(hu.shape, np.int16)
    outside = None
    if spec.circle:
        y = np.arange(grid.size[1]) - 0.5 * (grid.size[1] - 1)
        x = np.arange(grid.size[0]) - 0.5 * (grid.size[0] - 1)
        outside = np.hypot(x, y[:, None]) > 0.5 * grid.size[0]
    for z in range(len(hu)):
        image[z] = np.clip(np.rint(hu[z] + spec.offset_hu), -1024, 3071)
        if outside is not None:
            image[z][outside] = CONSTANTS.padding_hu
    return image
