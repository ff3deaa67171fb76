"""What learning from corrections is worth: how much is left to correct on the next photos, before and after.

A person is simulated who has forty photos with known labels: twenty are corrected until they say what the labels say,
in a real project, and marked done. A model learns from them as from anybody's work. What the other twenty would need is
counted twice, with the parent's answers and with the new model's: pixels that would have to change, and the regions
they form, for each of which a person makes a stroke.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from app.bench.figures import Figure
from app.core.ade_png import read_labels
from app.core.arrays import U8
from app.core.evaluation import photos_of
from app.core.geometry import Box
from app.core.learning import gather
from app.core.patches import patch_between
from app.core.pictures import PictureStatus
from app.core.project.packing import rounded
from app.core.project.places import project_file
from app.core.project.records import StoredStep, identify
from app.core.project.store import ProjectStore
from app.core.segment_map import HUMAN_BASE, TILE
from inference import Segmenter, load_segmenter
from inference.errors import ExpectedError
from inference.learning.events import Event, Finished, Refused
from inference.learning.job import Job
from inference.learning.process import LearnProcess
from inference.learning.report import LearnReport
from inference.learning.settings import LearnSettings
from inference.photo import read_photo

PICTURES = 20
LEAST_REGION = 0.001  # of the picture; nobody picks up a brush for less


class BenefitError(ExpectedError):
    """The benefit cannot be measured, in one sentence."""


@dataclass(frozen=True)
class Needed:
    """What a person would have to do so that some pictures are right."""

    pixels: int = 0
    regions: int = 0
    of: int = 0  # pixels whose label is known

    def __add__(self, other: Needed) -> Needed:
        return Needed(self.pixels + other.pixels, self.regions + other.regions, self.of + other.of)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is simulated."""

    pictures: int = PICTURES  # that are corrected, and as many that are next
    model: str = "starter"
    settings: LearnSettings = field(default_factory=LearnSettings)


def needed(shown: U8, truth: U8) -> Needed:
    """What is wrong in `shown` (H, W) where `truth` (H, W) is known (1..150); pixels without a label count as wrong.

    A region is a connected part of the wrong pixels whose true class is the same, from `LEAST_REGION` of the picture.
    """
    known = truth > 0
    wrong = known & (shown != truth)
    least = LEAST_REGION * truth.size
    regions = 0
    for class_id in np.unique(truth[wrong]):
        part = (wrong & (truth == class_id)).astype(np.uint8)
        _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(part, connectivity=8)
        regions += int((stats[1:, cv2.CC_STAT_AREA] >= least).sum())
    return Needed(int(wrong.sum()), regions, int(known.sum()))


def learning_figures(*, quick: bool, labelled: Path, plan: Plan | None = None) -> Iterator[Figure]:
    """`labelled`: a folder with `images` and `annotations`, as ADE20K has them, of at least twice `plan.pictures`.

    Photos are taken evenly over their names' order; the first half of them is corrected, so that what comes next is
    what comes next. Raises `BenefitError`, and `ExpectedError` for what learning refuses.
    """
    plan = plan or Plan(pictures=PICTURES // 2 if quick else PICTURES)
    pairs = _pairs(labelled, 2 * plan.pictures)
    corrected, following = pairs[: plan.pictures], pairs[plan.pictures :]
    parent = load_segmenter(plan.model)
    with TemporaryDirectory(prefix="ade-mask-studio-benefit-") as name:
        folder = Path(name)
        strokes = _correct(corrected, folder / "photos", parent)
        report, model = _learn(folder, parent, plan.settings)
        before = _needed_by(parent, following)
        after = _needed_by(load_segmenter(str(model)), following)
    yield from _figures(plan, report, strokes=strokes, before=before, after=after)


def _figures(plan: Plan, report: LearnReport, *, strokes: Needed, before: Needed, after: Needed) -> Iterator[Figure]:
    count = plan.pictures
    yield Figure(
        name=f"corrected first: {count} photos",
        median=strokes.regions / count,
        unit="regions a photo",
        note=f"{strokes.pixels / max(strokes.of, 1):.1%} of the pixels",
    )
    yield Figure(name="learning from them", median=report.seconds, unit="s", note=report.verdict)
    for what, unit, first, then in (
        ("regions to correct", "regions a photo", before.regions, after.regions),
        ("pixels to correct", "% of the pixels", 100 * before.pixels, 100 * after.pixels),
    ):
        each = count if what.startswith("regions") else max(before.of, 1)
        yield Figure(name=f"{what} on the next {count}: before", median=first / each, unit=unit)
        yield Figure(name=f"{what} on the next {count}: after", median=then / each, unit=unit)
        ratio = then / first if first else None
        note = "" if first else "nothing was to correct before"
        yield Figure(name=f"{what}: after, as a share of before", median=ratio, unit="", note=note)


def _pairs(labelled: Path, count: int) -> list[tuple[Path, Path]]:
    """Photos with their labels, evenly taken from all there are."""
    annotations, images = labelled / "annotations", labelled / "images"
    if not annotations.is_dir() or not images.is_dir():
        raise BenefitError(f"{labelled} has no folders images and annotations.")
    labels = sorted(annotations.rglob("*.png"))
    photos = photos_of(annotations, images)
    known = [(photos[label], label) for label in labels if label in photos]
    if len(known) < count:
        raise BenefitError(f"{labelled} has {len(known)} photos with labels, and {count} are needed.")
    return [known[index * len(known) // count] for index in range(count)]


def _truth(label: Path, shape: tuple[int, int]) -> U8:
    truth = read_labels(label)
    if truth.shape != shape:
        raise BenefitError(f"{label} has another size than its photo.")
    return truth


def _correct(pairs: Sequence[tuple[Path, Path]], folder: Path, parent: Segmenter) -> Needed:
    """A project in `folder` with these photos, as a person leaves it who corrected them all."""
    folder.mkdir(parents=True)
    strokes = Needed()
    store = ProjectStore.open(folder, project_file(folder).file)
    try:
        for photo_file, label in pairs:
            photo = read_photo(photo_file)
            shape = photo.shape[0], photo.shape[1]
            truth = _truth(label, shape)
            place = folder / photo_file.name
            shutil.copyfile(photo_file, place)
            prediction = rounded(parent.predict(photo))
            shown = prediction.labels()
            strokes += needed(shown, truth)
            store.keep_prediction(place.name, prediction, model=parent.card.name, identity=identify(place))
            wrong = (truth > 0) & (shown != truth)
            human = np.where(wrong, truth + np.uint8(HUMAN_BASE), np.uint8(0)).astype(np.uint8)
            tiles = Box.of_shape(shape).tiles(TILE)
            patch = patch_between(shape, ((tile, 0, human[tile.slices]) for tile in tiles))
            if patch is not None:
                store.record_step(place.name, StoredStep(1, "Correct", patch), after=0, shape=shape)
            store.set_status(place.name, PictureStatus.DONE)
    finally:
        store.close()
    return strokes


def _learn(folder: Path, parent: Segmenter, settings: LearnSettings) -> tuple[LearnReport, Path]:
    """The report and the weights of a model that learned from the project in `folder`/photos."""
    photos, told = folder / "photos", list[Event]()
    store = ProjectStore.open(photos, project_file(photos).file, read_only=True)
    try:
        pictures = gather(store, held_back=settings.held_back)
        job = Job.create(folder / "job", parent=parent.card, name="learned", settings=settings, pictures=pictures)
    finally:
        store.close()
    process = LearnProcess(job, told=told.append)
    process.start()
    try:
        process.wait()
    except KeyboardInterrupt:
        process.stop()
        process.wait()
        raise
    match told[-1]:
        case Finished(report):
            return report, job.result
        case Refused(reason):
            raise BenefitError(reason)
        case event:
            raise BenefitError(f"The learning ended without a result: {event}.")


def _needed_by(segmenter: Segmenter, pairs: Sequence[tuple[Path, Path]]) -> Needed:
    total = Needed()
    for photo_file, label in pairs:
        photo = read_photo(photo_file)
        shown = rounded(segmenter.predict(photo)).labels()
        total += needed(shown, _truth(label, (photo.shape[0], photo.shape[1])))
    return total
