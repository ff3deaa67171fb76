"""`ade-mask-studio predict`: label pictures for many photos, the same files the window exports."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from app.commands import ExitCode
from app.commands.console import about, note
from app.core.ade_png import read_labels
from app.core.arrays import U8
from app.core.document import DocumentSnapshot, ViewMode
from app.core.export import ExportOptions, export_snapshot, is_own_overlay
from app.core.export_plan import ExportPlan, plan_export
from app.core.files import atomic_write, make_folder, reason, remove_leftovers
from app.core.import_labels import photo_frame
from app.core.origin import Finding, Origin, Recipe
from app.core.pictures import list_folder, list_pictures
from app.core.pipeline import run
from app.core.project.packing import rounded
from inference import Segmenter, load_segmenter
from inference.engines.memory import notes_of
from inference.errors import ExpectedError, PhotoError
from inference.models import known_card
from inference.photo import read_photo
from inference.prediction import Prediction
from inference.remote_card import card_for
from resources.classes import CLASS_COUNT


@dataclass(frozen=True, kw_only=True)
class PredictJob:
    """What was asked for; the names are those of the command line, except `detections` (--json)."""

    paths: tuple[Path, ...]
    folder: Path
    threshold: float = 0.5
    mode: ViewMode = ViewMode.SEGMENTS
    model: str = "starter"
    engine: str = "auto"
    device: str = "auto"
    resume: bool = False
    recursive: bool = False
    detections: bool = False
    overlay: bool = False

    @property
    def options(self) -> ExportOptions:
        return ExportOptions(overlay=self.overlay, detections=self.detections)

    def recipe(self) -> Recipe:
        """What the results are made of beside the photo. WeightsError where the model is not to be found."""
        card = card_for(self.model, engine=self.engine)
        threshold = None if self.mode is ViewMode.SEMANTIC else self.threshold
        return Recipe(card.name, card.sha256, card.input_size, self.mode.value, threshold)


@dataclass
class Report:
    """What became of every input."""

    written: int = 0
    kept: int = 0  # found finished by --resume
    untold: int = 0  # of those, labels that do not say what they were made of
    refused: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        if self.written + self.kept == 0:
            return ExitCode.NO_RESULT
        return ExitCode.REFUSED if self.refused else ExitCode.DONE


def predict(job: PredictJob) -> ExitCode:
    """Does the job, prints what was written and what was refused, and returns the exit code.

    Raises UnknownModelError for a model that is none, before anything is looked at, and ExpectedError where nothing at
    all can be done: the weights, the engine or the output folder.
    """
    known_card(job.model)
    report = Report()
    below = _find_photos(job, report)
    plan = plan_export(list(below), job.folder, job.options, below=below)
    report.refused += plan.refused.items()
    try:
        if job.resume:
            plan = _without_finished(plan, job.recipe(), report)
        plan = _without_foreign(plan, report)
        if plan.targets:
            _try_folder(job.folder)
            for folder in {(job.folder / stem).parent for stem in plan.targets.values()}:
                remove_leftovers(folder)
            segmenter = load_segmenter(job.model, job.engine, job.device)
            print(f"{segmenter.card.name} on {segmenter.engine.device} ({segmenter.engine.name})")
            note(segmenter.engine.reason)  # why not on the card, for instance, or that photos leave the machine
            predict_photos(plan.targets, segmenter, job, report)
            for sentence in notes_of(segmenter.engine):
                note(sentence)
    except KeyboardInterrupt:
        print(f"Stopped. {_count(report.written)} done; --resume goes on from there.", file=sys.stderr)
        return ExitCode.INTERRUPTED
    _print_report(report, job.folder)
    return report.exit_code


def _try_folder(folder: Path) -> None:
    """Before the network runs for nothing. Raises ExportError when no result could be written."""
    make_folder(folder)
    probe = folder / f".{os.getpid()}.part"
    atomic_write(probe, b"")
    probe.unlink(missing_ok=True)


def _find_photos(job: PredictJob, report: Report) -> dict[Path, str]:
    """The photos behind files and folders, each once, with the folders that their results lie in, as "sub/".

    A path that cannot be read does not stop the others. What lies in the folder of the results is no photo.
    """
    photos: dict[Path, tuple[Path, str]] = {}
    for path in job.paths:
        try:
            if path.is_dir():
                listing = list_folder(path, recursive=job.recursive, without=[job.folder] if job.recursive else [])
                report.refused += listing.refused
                found = [(listing.path(row), _above(name)) for row, name in enumerate(listing.names)]
            else:
                found = [(photo, "") for photo in list_pictures([path])]
        except (ExpectedError, OSError) as error:
            report.refused.append((path, str(error)))
            continue
        if not found:
            below = " or below it" if job.recursive else ""
            report.refused.append((path, f"There are no pictures in this folder{below}."))
        for photo, above in found:
            photos.setdefault(photo.parent.resolve() / photo.name, (photo, above))
    return dict(photos.values())


def _above(name: str) -> str:
    """What of a name like "sub/photo.jpg" says where it lies."""
    return name[: name.rfind("/") + 1]


def _without_finished(plan: ExportPlan, recipe: Recipe, report: Report) -> ExportPlan:
    """Leaves out the photos whose results are there already, whole and made of what they would be made of now."""
    waiting: dict[Path, str] = {}
    for photo, stem in plan.targets.items():
        try:
            finding = Origin.of(photo, recipe).find(plan.files(photo), stem=photo.stem)
        except OSError:  # reading the photo will say why
            finding = Finding.WANTING
        if finding is Finding.UNTOLD and _is_of(photo, plan.files(photo)):
            report.untold += 1
        elif finding is not Finding.DONE:
            waiting[photo] = stem
    report.kept = len(plan.targets) - len(waiting)
    return ExportPlan(plan.folder, waiting, plan.refused, plan.options)


def _without_foreign(plan: ExportPlan, report: Report) -> ExportPlan:
    """Refuses photos whose results would overwrite somebody's file."""
    foreign = {
        photo: f"{file} is a file of another kind: use another output folder."
        for photo, files in plan.existing().items()
        for file in reversed(files)
        if not _is_ours(file)
    }
    report.refused += foreign.items()
    return plan.without(foreign)


def _is_ours(file: Path) -> bool:
    """Whether a result may take the place of a file: it is a result itself, or it is no whole file of its kind."""
    match file.suffix:
        case ".png":
            try:
                with Image.open(file) as picture:
                    return picture.mode == "L" and int(np.asarray(picture).max()) <= CLASS_COUNT
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                return True
        case ".json":
            try:
                record = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError, RecursionError):
                return False
            return isinstance(record, dict) and {"image", "detections"} <= set(record)
        case _:
            try:
                return is_own_overlay(file) or file.with_name(file.name.replace("_overlay.jpg", ".png")).exists()
            except OSError:
                return False


def _is_of(photo: Path, targets: Sequence[Path]) -> bool:
    """Whether labels that say nothing of their origin may be of a photo: newer than it, and of its size."""
    try:
        born = photo.stat().st_mtime_ns
        if any(target.stat().st_mtime_ns < born for target in targets):
            return False
        return bool(read_labels(targets[0]).shape == photo_frame(photo).shape)
    except (OSError, ExpectedError):
        return False


@dataclass(frozen=True)
class _Ready:
    """A photo on its way to the network."""

    picture: U8  # what the network sees, (h, w, 3) RGB
    size: tuple[int, int]  # (H, W) of the photo
    photo: U8 | None  # the photo itself, (H, W, 3), where the overlay needs it
    origin: Origin


def predict_photos(targets: Mapping[Path, str], segmenter: Segmenter, job: PredictJob, report: Report) -> None:
    """Label these photos, each in its files as a plan names them; what becomes of each goes into the report."""
    recipe = job.recipe()

    def read(path: Path) -> _Ready:
        try:
            origin = Origin.of(path, recipe)  # before the photo: if it changes meanwhile, it has changed since
        except OSError as error:
            raise PhotoError(f"{path.name} cannot be read: {reason(error)}.") from error
        photo = read_photo(path)
        height, width = photo.shape[:2]
        return _Ready(segmenter.prepare(photo), (height, width), photo if job.overlay else None, origin)

    def think(ready: _Ready) -> tuple[_Ready, Prediction]:
        return ready, rounded(segmenter.run(ready.picture, size=ready.size))

    def finish(path: Path, answer: tuple[_Ready, Prediction]) -> None:
        ready, prediction = answer
        snapshot = DocumentSnapshot.empty(path, threshold=job.threshold, mode=job.mode)
        export_snapshot(
            snapshot.with_prediction(prediction, model=segmenter.card.name),
            folder=(job.folder / targets[path]).parent,
            stem=path.stem,
            photo=ready.photo,
            options=job.options,
            origin=ready.origin,
        )
        report.written += 1  # here, so that a run that is stopped tells of those as well

    begun = run(targets, read=read, think=think, finish=finish, at_once=segmenter.at_once)
    with contextlib.closing(begun) as outcomes:
        # disable=None: no bar where stderr is not a terminal.
        bar = tqdm(outcomes, total=len(targets), unit="photo", disable=None, dynamic_ncols=True, file=sys.stderr)
        report.refused += [(outcome.item, outcome.problem) for outcome in bar if outcome.problem]


def _print_report(report: Report, folder: Path) -> None:
    print(f"{_count(report.written)} done, in {folder}." + (f" {report.kept} already there." if report.kept else ""))
    if report.untold:
        print(
            f"Left alone: {_count(report.untold)} with labels that do not say what they were made of. "
            "Without --resume they are made anew."
        )
    if report.refused:
        note(f"{_count(len(report.refused))} refused:")
        for path, reason in report.refused:
            note(f"  {about(path, reason)}")


def _count(number: int) -> str:
    return "1 photo" if number == 1 else f"{number} photos"
