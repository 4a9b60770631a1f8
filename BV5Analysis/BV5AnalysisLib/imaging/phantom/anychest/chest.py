"""A chest of any build in a scanner, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from ...model.centerlines import Centerlines
from ...model.constants import MethodConstants, constant
from ...model.measurements import Measurement
from ...model.size_classes import LungLabel
from ...model.volume import Grid, Volume, triple
from ...parameters import Parameters
from ...progress import Progress
from .. import disease
from ..anatomy import LEFT, RIGHT, SIDES
from ..chest import LABELS, partly, say_nothing
from ..fields import Field
from ..noise import add_noise
from ..plumbing import Material, Overlaps
from ..rendering import FractionCanvas, PhantomBlur, quadrature
from ..spacing import wall_share
from ..truth import Ledger, find_truth
from . import spec as spec_module
from .body import AnyChestBody, build_body
from .kinds import TissueKind, share_inside
from .lung_tissue import LungTissue, Points, build_tissue
from .spec import AnyChestSpec, any_chest_spec
from .surroundings import Surroundings
from .tubes import AnyChestTubes, BloodKind, build_tubes

LINEAR_SIGMA = 0.3
"""Sigma over voxel size at which `PhantomBlur` shares a point among two voxels along each axis."""

Box = tuple[slice, slice]
"""Rows and columns of a plane."""

FULL = 255
"""Value of a voxel that is all blood in `AnyChestPhantom.blood`."""


@dataclass(frozen=True)
class AnyChestConstants(MethodConstants):
    """Attenuations outside the lungs, and how finely tubes are filled."""

    point_mm: float = constant(
        0.55,
        "mm",
        "Distance of the points that tubes are filled with, at most.",
        "Half a pixel; volumes are right whatever it is.",
    )
    point_pixels: float = constant(
        0.85, "1", "That distance over the pixel, at most.", "A wide tube is filled evenly."
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
class AnyChestPhantom:
    """A chest CT of any build whose vessels and tissues are known.

    Attributes
    ----------
    chest : AnyChestSpec
        What was drawn.
    volume, lungs, centerlines, airway_centerlines, measurements, hidden_measurements, parameters,
    overlap_fraction
        As of `ChestPhantom`; blood in masses is hidden, too.
    kinds : Volume
        uint8 `TissueKind`.
    airways : Volume
        uint8 `AirwayKind` of the lumen, 0 elsewhere, in the lungs and outside.
    blood : Volume
        uint8 share of blood in each voxel, `FULL` for all of it, hilar vessels included.
    """

    chest: AnyChestSpec
    volume: Volume
    lungs: Volume
    centerlines: Centerlines
    airway_centerlines: Centerlines
    measurements: tuple[Measurement, ...]
    hidden_measurements: tuple[Measurement, ...]
    parameters: Parameters
    overlap_fraction: float
    kinds: Volume
    airways: Volume
    blood: Volume

    @property
    def spec(self) -> AnyChestSpec:
        """What was drawn, by the name that `ChestPhantom` has for it."""
        return self.chest


@dataclass(frozen=True, eq=False)
class _Filled:
    """Tubes in voxels: share, share times HU; and the truth of the very same points."""

    amount: np.ndarray
    attenuation: np.ndarray
    ledger: Ledger
    blood: np.ndarray
    airway: np.ndarray


@dataclass(frozen=True, eq=False)
class _Scene:
    """All that is in the scanner but the tubes, and the voxels to draw it on."""

    spec: AnyChestSpec
    body: AnyChestBody
    tissue: LungTissue
    around: Surroundings
    grid: Grid
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
    tell = progress or say_nothing
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
    # No sharper than tubes can be drawn on these voxels.
    sigma = spec.blur_pixels * grid.spacing[0]
    blur = PhantomBlur(grid.spacing, (sigma, sigma, spec.blur_slices * grid.spacing[2]))
    scene = _Scene(spec, body, tissue, around, grid, blur)
    filled = _fill(scene, tubes)
    tell("tissues", 0.6)
    hu, lungs, kinds = _compose(scene, filled)
    blood, airways = filled.blood, filled.airway
    kinds[(airways > 0) & (lungs == 0)] = TissueKind.CENTRAL_AIRWAY
    ledger = filled.ledger
    del filled
    tell("blur", 0.85)
    blur.finish(hu)
    _sharpen(hu, spec, grid.spacing[0])
    tell("noise", 0.92)
    add_noise(hu, spec.noise_hu, spec.noise_kernel, chance["noise"])
    image = _digitized(hu, spec, grid)
    labels = Volume(lungs, grid)
    tell("truth", 0.98)
    return AnyChestPhantom(
        chest=spec,
        volume=Volume(image, grid),
        lungs=labels,
        **vars(find_truth(tubes.plumbing, ledger, labels, parameters)),
        kinds=Volume(kinds, grid),
        airways=Volume(airways, grid),
        blood=Volume(blood, grid),
    )


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
    ranges, slice_mm = spec_module.CONSTANTS, spec.slice_mm
    excess = columns * lines * slices / ranges.most_voxels
    if excess > 1:
        coarser = min(excess**0.5, ranges.most_coarser)
        pixel, columns, lines = pixel * coarser, int(columns / coarser), int(lines / coarser)
        thicker = max(excess / coarser**2, 1.0)
        slice_mm, slices = round(slice_mm * thicker, 2), int(slices / thicker)
    aside, _ = spec.off_center_mm
    origin = (aside - 0.5 * (columns - 1) * pixel, front, low)
    return Grid((columns, lines, slices), (pixel, pixel, slice_mm), origin).rounded()


def _fill(scene: _Scene, built: AnyChestTubes) -> _Filled:
    """Fill the tubes with points: to voxels and to the truth from the very same points."""
    spec, grid = scene.spec, scene.grid
    plumbing = built.plumbing
    amount, attenuation = (FractionCanvas(grid, scene.blur) for _ in range(2))
    blood_hu = np.where(built.blood == BloodKind.ARTERY, spec.artery_hu, spec.vein_hu)
    material_hu = np.where(
        plumbing.material == Material.BLOOD,
        blood_hu,
        np.where(plumbing.material == Material.LUMEN, CONSTANTS.air_hu, CONSTANTS.wall_hu),
    )
    count = len(plumbing.branch)
    overlaps = Overlaps(plumbing)
    seen, hidden, faulty = np.zeros((count, 2)), np.zeros((count, 2)), np.zeros(count)
    voxels = _VoxelTruth(grid)
    center = plumbing.tubes.center_mm
    center_depth = _depths(scene, center)
    spacing = min(CONSTANTS.point_mm, CONSTANTS.point_pixels * grid.spacing[0])
    for section, points, volume in quadrature(plumbing.tubes, spacing):
        lost, foreign = overlaps.inside(section, points)
        faulty[section] = (volume * foreign).sum(axis=1)
        owned = np.where(lost, 0.0, volume)
        kept = ~lost
        place, share = points[kept], volume[kept]
        of = np.broadcast_to(section[:, None], lost.shape)[kept]
        FractionCanvas.add_together(
            [(amount, share), (attenuation, share * material_hu[of])], place
        )
        is_blood = plumbing.material[of] == Material.BLOOD
        voxels.blood.add(place[is_blood], share[is_blood])
        is_lumen = plumbing.material[of] == Material.LUMEN
        voxels.add_airway(place[is_lumen], share[is_lumen], built.airway[of[is_lumen]])
        label, unseen = _belongs(scene, center_depth, section, points)
        for column, name in enumerate(LungLabel):
            mine = np.where(label == name, owned, 0.0)
            seen[section, column] = np.where(unseen, 0.0, mine).sum(axis=1)
            hidden[section, column] = np.where(unseen, mine, 0.0).sum(axis=1)
    free = ~overlaps.inside(np.arange(count), center[:, None])[0][:, 0]
    on_line = free & ~plumbing.is_cap & (center_depth[:, 2] <= 0)
    ledger = Ledger(seen, hidden, faulty, _lung_label(center_depth, center, scene), on_line)
    return _Filled(
        amount.fraction,
        attenuation.fraction,
        ledger,
        _bytes(voxels.blood.fraction),
        voxels.airways(),
    )


class _VoxelTruth:
    """What tubes are in each voxel, shared out linearly so that no voxel is left out by chance."""

    def __init__(self, grid: Grid) -> None:
        linear = PhantomBlur(grid.spacing, triple(LINEAR_SIGMA * step for step in grid.spacing))
        self._grid = grid
        self.blood, self._lumen = FractionCanvas(grid, linear), FractionCanvas(grid, linear)
        self._rank = np.zeros(grid.shape, np.uint8)

    def add_airway(self, points: np.ndarray, volume_mm3: np.ndarray, kind: np.ndarray) -> None:
        """Add points (n, 3) of lumina with their volumes (n,) and `AirwayKind` (n,)."""
        self._lumen.add(points, volume_mm3)
        low = np.floor((points - self._grid.origin)[:, ::-1] / self._grid.spacing_zyx).astype(int)
        for corner in np.ndindex(2, 2, 2):
            index = low + corner
            inside = ((index >= 0) & (index < self._grid.shape)).all(axis=1)
            # The lowest generation wins where two share a voxel: it is the largest of these.
            np.maximum.at(self._rank, tuple(index[inside].T), FULL - kind[inside])

    def airways(self) -> np.ndarray:
        """`AirwayKind` of voxels that are half lumen and more, 0 elsewhere."""
        kind = np.where(self._lumen.fraction >= 0.5, FULL - self._rank, 0)
        return np.asarray(kind, np.uint8)


def _bytes(share: np.ndarray) -> np.ndarray:
    """Shares (0 to 1) as bytes, plane by plane for the sake of memory."""
    result = np.empty(share.shape, np.uint8)
    for z in range(len(share)):
        result[z] = np.rint(np.clip(share[z], 0, 1) * FULL)
    return result


def _depths(scene: _Scene, points: np.ndarray) -> np.ndarray:
    """Distances (..., 3) into the right lung, the left lung, and what hides blood."""
    lungs = [scene.body.lungs[side].at(points) for side in (RIGHT, LEFT)]
    return np.stack([*lungs, scene.tissue.hidden_depth(points)], -1)


def _lung_label(depths: np.ndarray, points: np.ndarray, scene: _Scene) -> np.ndarray:
    """`LungLabel` of points (..., 3) with their `_depths`, 0 outside the lungs or the image."""
    grid = scene.grid
    low = np.array(grid.origin) - 0.5 * np.array(grid.spacing)
    inside = ((points >= low) & (points <= low + np.array(grid.size) * grid.spacing)).all(axis=-1)
    if scene.spec.circle:
        inside &= ~_outside_circle(grid, points[..., 0], points[..., 1])
    label = np.zeros(points.shape[:-1], np.uint8)
    for column, side in enumerate((RIGHT, LEFT)):
        label[(depths[..., column] > 0) & inside] = LABELS[side]
    return label


def _belongs(
    scene: _Scene, center_depth: np.ndarray, section: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`LungLabel` of points (m, k, 3) of cross sections (m,), and whether their blood is hidden.

    A cross section that lies farther from all surfaces than it is wide has one answer.
    """
    depths = np.repeat(center_depth[section][:, None], points.shape[1], axis=1)
    reach = np.linalg.norm(points - points.mean(axis=1, keepdims=True), axis=-1).max(axis=1)
    near = (abs(center_depth[section]) < 2 * reach[:, None] + 1.0).any(axis=1)
    depths[near] = _depths(scene, points[near])
    return _lung_label(depths, points, scene), depths[..., 2] > 0


def _outside_circle(grid: Grid, x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
    """Whether places are outside of the circle of reconstruction, which is as wide as the image."""
    x, y = (
        (place - grid.origin[axis]) / grid.spacing[axis] - 0.5 * (grid.size[axis] - 1)
        for axis, place in enumerate((x_mm, y_mm))
    )
    return np.asarray(np.hypot(x, y) > 0.5 * grid.size[0])


class _Layers:
    """Fields of the body on planes, each only where there is anything of it."""

    def __init__(self, fields: dict[str, Field]) -> None:
        self._fields = fields

    def plane(self, name: str, where: Points) -> tuple[Box, np.ndarray] | None:
        """Box (y, x) of a plane that holds all of a field that is inside, and its values there."""
        height, y, x = where
        field = self._fields[name]
        index = np.clip((height - field.origin_mm[2]) / field.step_mm, 0, len(field.values) - 1)
        # Values change by less than twice a step within one.
        near = field.values[[int(index), int(np.ceil(index))]].max(axis=0) > -2 * field.step_mm
        rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
        if len(rows) == 0:
            return None
        box = (
            _inside(y, field.origin_mm[1], field.step_mm, rows, near.shape[0]),
            _inside(x, field.origin_mm[0], field.step_mm, columns, near.shape[1]),
        )
        if box[0].start >= box[0].stop or box[1].start >= box[1].stop:
            return None
        return box, field.plane(height, y[box[0]], x[box[1]])


def _inside(voxels: np.ndarray, origin: float, step: float, nodes: np.ndarray, count: int) -> slice:
    """Voxels along an axis that lie between the first and the last of some nodes."""
    low = -np.inf if nodes[0] == 0 else origin + step * (nodes[0] - 1)
    high = np.inf if nodes[-1] == count - 1 else origin + step * (nodes[-1] + 1)
    return slice(int(np.searchsorted(voxels, low)), int(np.searchsorted(voxels, high)))


def _compose(scene: _Scene, filled: _Filled) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tissues with the tubes in them (HU float32), the lungs' labels and the kinds."""
    body, grid = scene.body, scene.grid
    layers = _Layers(
        {
            "liver": body.liver,
            "right_heart": body.right_heart,
            "left_heart": body.left_heart,
            "cava": body.cava,
            "lower_cava": body.lower_cava,
            "nodes": body.nodes,
            "bone": body.bone,
            "marrow": body.marrow,
            "bowel": body.bowel,
            "esophagus": body.esophagus_air,
            "right lung": body.lungs[RIGHT],
            "left lung": body.lungs[LEFT],
            "right fluid": body.effusion[RIGHT],
            "left fluid": body.effusion[LEFT],
        }
    )
    x, y = (grid.origin[i] + grid.spacing[i] * np.arange(grid.size[i]) for i in (0, 1))
    heights = grid.origin[2] + grid.spacing[2] * np.arange(grid.size[2])
    lungs, kinds = np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.uint8)
    hu = filled.attenuation
    outside = _outside_circle(grid, x, y[:, None]) if scene.spec.circle else None
    for index, height in enumerate(heights):
        where = (float(height), y, x)
        plane, kinds[index] = _plane(scene, layers, where)
        share = filled.amount[index]
        hu[index] = plane * np.maximum(1 - share, 0) + hu[index] / np.maximum(share, 1)
        for side, name in ((RIGHT, "right lung"), (LEFT, "left lung")):
            drawn = layers.plane(name, where)
            if drawn is not None:
                box, depth = drawn
                lungs[index][box][depth > 0] = LABELS[side]
        if outside is not None:
            lungs[index][outside], kinds[index][outside] = 0, TissueKind.OUTSIDE
    return hu, lungs, kinds


def _plane(scene: _Scene, layers: _Layers, where: Points) -> tuple[np.ndarray, np.ndarray]:
    """HU and `TissueKind` (y, x) of an axial plane without the tubes."""
    c, spec, body, around = CONSTANTS, scene.spec, scene.body, scene.around
    blur_mm = scene.blur_mm
    skin = around.fold(where, body.body.plane(*where))
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
        ("lower_cava", spec.lower_cava_hu, TissueKind.GREAT_VESSEL),
        ("nodes", c.node_hu, TissueKind.NODE),
        ("bone", c.cortex_hu, TissueKind.BONE),
        ("marrow", c.marrow_hu, TissueKind.BONE),
        ("right fluid", c.fluid_hu, TissueKind.EFFUSION),
        ("left fluid", c.fluid_hu, TissueKind.EFFUSION),
        ("bowel", spec.bowel_hu, TissueKind.BOWEL_GAS),
        ("esophagus", c.air_hu, TissueKind.ESOPHAGUS_AIR),
    ):
        drawn = layers.plane(name, where)
        if drawn is None:
            continue
        box, depth = drawn
        if name == "liver":
            depth = np.minimum(depth, skin[box] - 6.0)
        plane[box] += share_inside(depth, blur_mm) * (value - plane[box])
        kind[box][depth > 0] = what
    for side, name in ((RIGHT, "right lung"), (LEFT, "left lung")):
        drawn = layers.plane(name, where)
        if drawn is not None:
            _draw_lung(scene, side, where, drawn, (plane, kind))
    if spec.streak_hu:
        _draw_streaks(plane, spec, body, where)
    return plane, kind


def _draw_lung(
    scene: _Scene,
    side: int,
    where: Points,
    drawn: tuple[Box, np.ndarray],
    onto: tuple[np.ndarray, np.ndarray],
) -> None:
    """Draw one lung in its box of a plane, in place."""
    body, blur_mm = scene.body, scene.blur_mm
    height, y, x = where
    (box, inside), (plane, kind) = drawn, onto
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
    reach = 4 * CONSTANTS.streak_mm
    rows = slice(*np.searchsorted(y, (center[1] - reach, center[1] + reach)))
    columns = slice(*np.searchsorted(x, (center[0] - reach, center[0] + reach)))
    dx = np.asarray(x[columns] - center[0], np.float32)
    dy = np.asarray(y[rows] - center[1], np.float32)[:, None]
    angle, distance = np.arctan2(dy, dx), np.hypot(dx, dy)
    # The gantry stands elsewhere at each slice.
    turn = float(40.0 * np.sin(12.9898 * height))
    wave = np.cos(7 * angle + turn) + 0.6 * np.cos(17 * angle - 1.7 * turn)
    far = np.exp(-distance / CONSTANTS.streak_mm) * np.clip(distance / 12, 0, 1)
    plane[rows, columns] += float(spec.streak_hu * fade) * wave * far


def _sharpen(hu: np.ndarray, spec: AnyChestSpec, pixel_mm: float) -> None:
    """Enhance edges within slices, in place, as a sharp kernel does."""
    if not spec.sharpening:
        return
    width = CONSTANTS.enhancement_mm / pixel_mm
    for z in range(len(hu)):
        hu[z] += spec.sharpening * (hu[z] - gaussian_filter(hu[z], width, truncate=3))


def _digitized(hu: np.ndarray, spec: AnyChestSpec, grid: Grid) -> np.ndarray:
    """Whole HU with the scanner's offset, its range, and its circle of reconstruction."""
    image = np.empty(hu.shape, np.int16)
    outside = None
    if spec.circle:
        x, y = (grid.origin[i] + grid.spacing[i] * np.arange(grid.size[i]) for i in (0, 1))
        outside = _outside_circle(grid, x, y[:, None])
    for z in range(len(hu)):
        image[z] = np.clip(np.rint(hu[z] + spec.offset_hu), -1024, 3071)
        if outside is not None:
            image[z][outside] = CONSTANTS.padding_hu
    return image
