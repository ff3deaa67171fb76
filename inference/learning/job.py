"""A job of learning as a folder: whatever ends its process, it can be opened and gone on with.

job.json, parent.json      what is to be learned, from which pictures, and the model card that it starts from
pictures/                  NNNN.photo.png, NNNN.labels.png and NNNN.trust.png, made small
features/, checkpoint.pt   what the training keeps, see `inference.training.finetune`
before.npz, after-N.npz    what was counted so far of the parent and of each mix of it with what was learned (percent)
spent.json                 the seconds that it all took
progress.jsonl             the loss curve, one `StepTold` a line
result/, report.json       the new model with its card; the report is written last
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from inference.errors import ExpectedError
from inference.files import replace_file, shown
from inference.foreign import ForeignGraph
from inference.learning.errors import JobError
from inference.learning.events import StepTold, from_line, to_line
from inference.learning.generations import knows
from inference.learning.pictures import (
    DECIDED,
    LearnPicture,
    held_back_of,
    is_held_back,
    kept_pixels,
    no_larger_than,
    weights_of,
)
from inference.learning.png import read_picture, write_picture
from inference.learning.report import LearnReport
from inference.learning.settings import LearnSettings
from inference.ledger import is_name
from inference.models import ModelCard, read_card
from inference.weights import sha256_of

__all__ = ["MINIMUM_PICTURES", "Job", "JobError", "JobPicture", "JobState", "is_held_back"]

MINIMUM_PICTURES = 4
LARGEST_SIDE = 1.5
"""Short side of the pictures of a job, as a multiple of the network's input size."""
PACE = "pace-"
"""What a folder of a job begins with in which its pace is being measured."""
_VERSION = 1


class JobState(StrEnum):
    """How far a job is."""

    NEW = "new"
    UNFINISHED = "unfinished"  # it has a checkpoint
    FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class JobPicture:
    """One picture of a job; pixels are counted as the person saw them, before the picture was made small."""

    name: str
    held_back: bool
    known: bool = False  # the parent has learned from it
    decided: int  # pixels that a person decided
    kept: int  # pixels that nobody decided and that are trained on anyhow


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be learned; made by `create` and `open`."""

    folder: Path
    parent: ModelCard
    name: str  # of the new model
    settings: LearnSettings
    pictures: tuple[JobPicture, ...]

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        parent: ModelCard,
        name: str,
        settings: LearnSettings,
        pictures: Iterable[LearnPicture],
    ) -> Job:
        """Write a job; an older one there is replaced once the new one is whole.

        At least one picture is trained on, and at least one held back unless nothing shall be, see `held_back_of`.
        Raises `JobError`, `WeightsError` for the parent's weights, and whatever `pictures` raises; then all is as it
        was.
        """
        parent = _usable(parent)
        if not is_name(name):
            raise JobError(f"{name!r} cannot be the name of a model: take letters, digits, dots, dashes and blanks.")
        made = cls(folder=folder.resolve(), parent=parent, name=name, settings=settings, pictures=())
        try:
            with _making(made.folder) as new:
                made = replace(made, pictures=_shared_out(_stored(replace(made, folder=new), pictures), settings))
                _check_pictures(made)
                (new / "parent.json").write_text(json.dumps(_card_values(parent), indent=1), encoding="utf-8")
                (new / "job.json").write_text(json.dumps(made._values(), indent=1), encoding="utf-8")
            _put_in_place(new, made.folder)
        except OSError as error:
            raise JobError(f"The job cannot be written to {folder}: {error.strerror or error}.") from error
        return made

    @classmethod
    def open(cls, folder: Path) -> Job:
        """Raises `JobError` where there is no job or where it is damaged."""
        folder = folder.resolve()
        try:
            values = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            if values["version"] != _VERSION:
                raise JobError(f"The job in {folder} was written by another version of the program.")
            if not is_name(values["name"]):  # files are written under it
                raise ValueError(f"{values['name']!r} cannot be the name of a model")
            job = cls(
                folder=folder,
                parent=replace(read_card(folder / "parent.json"), file=Path(values["weights"])),
                name=values["name"],
                settings=LearnSettings.from_json(values["settings"]),
                pictures=tuple(JobPicture(**picture) for picture in values["pictures"]),
            )
        except FileNotFoundError as error:
            raise JobError(f"There is no job of learning in {folder}.") from error
        except JobError:
            raise
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, ExpectedError) as error:
            raise JobError(f"The job in {folder} is damaged: {error}.") from error
        if missing := [path for index in range(len(job.pictures)) for path in job._files(index) if not path.is_file()]:
            raise JobError(f"The job in {folder} is damaged: its file {shown(missing[0])} is gone.")
        return job

    @property
    def state(self) -> JobState:
        if self.result.is_file() and self.report_file.is_file():
            return JobState.FINISHED
        return JobState.UNFINISHED if self.checkpoint.is_file() else JobState.NEW

    @property
    def result(self) -> Path:
        """The weights of the new model; its card lies beside them. They are there once the job is finished."""
        return self.folder / "result" / f"{self.name}.safetensors"

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def features(self) -> Path:
        """The folder of the features that the head learns from."""
        return self.folder / "features"

    @property
    def report_file(self) -> Path:
        return self.folder / "report.json"

    def report(self) -> LearnReport | None:
        """None before the job is finished. Raises `JobError` for a report that is damaged."""
        if self.state is not JobState.FINISHED:
            return None
        try:
            return LearnReport.from_json(json.loads(self.report_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise JobError(f"The report of the job cannot be read: {error}.") from error

    def progress(self) -> list[StepTold]:
        """The loss curve so far; a line that was cut off in the middle is left out."""
        try:
            lines = (self.folder / "progress.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JobError(f"The loss curve of the job cannot be read: {error.strerror or error}.") from error
        return list(_steps(lines))

    def add_progress(self, told: StepTold) -> None:
        """Raises `OSError`."""
        with (self.folder / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(to_line(told) + "\n")

    def forget_progress(self, *, after: int) -> None:
        """Points of the loss curve beyond a step that will be taken again. Raises `OSError`."""
        kept = [to_line(told) + "\n" for told in self.progress() if told.step <= after]
        replace_file(self.folder / "progress.jsonl", "".join(kept).encode())

    def tidy(self) -> None:
        """Remove what processes left unfinished that were ended. For whoever is alone on the job. Raises `OSError`."""
        for file in self.folder.rglob(".*-*"):  # of `replace_file`
            file.unlink(missing_ok=True)
        for folder in self.folder.glob(f"{PACE}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def picture(self, index: int) -> LearnPicture:
        """What was stored of a picture. Raises `JobError`."""
        about = self.pictures[index]
        photo, labels, trust = (read_picture(path) for path in self._files(index))
        if photo.ndim != 3 or not labels.shape == trust.shape == photo.shape[:2]:
            raise JobError(f"The stored picture {about.name} is damaged.")
        return LearnPicture(about.name, photo, labels, trust, about.held_back)

    def indices(self, *, held_back: bool) -> list[int]:
        """The pictures that are held back, or those that are trained on."""
        return [index for index, picture in enumerate(self.pictures) if picture.held_back is held_back]

    @contextmanager
    def alone(self, *, seconds: float) -> Iterator[None]:
        """One process at a time works on a job. Raises `JobError` where another still does after so many seconds."""
        with _alone_in(self.folder, seconds=seconds):
            yield

    def _files(self, index: int) -> tuple[Path, Path, Path]:
        folder = self.folder / "pictures"
        photo, labels, trust = (folder / f"{index:04}.{kind}.png" for kind in ("photo", "labels", "trust"))
        return photo, labels, trust

    def _values(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "name": self.name,
            "weights": str(self.parent.file),
            "settings": self.settings.to_json(),
            "pictures": [asdict(picture) for picture in self.pictures],
        }


def _usable(parent: ModelCard) -> ModelCard:
    """The parent with the whole path of its weights and their hash. Raises `JobError` and `WeightsError`."""
    file = parent.weights().resolve()
    if isinstance(parent.network, ForeignGraph) or file.suffix.lower() == ".onnx":
        raise JobError(f"{parent.name} cannot learn: its network is known as an ONNX graph only.")
    return replace(parent, file=file, sha256=parent.sha256 or sha256_of(file))


def _stored(job: Job, pictures: Iterable[LearnPicture]) -> list[JobPicture]:
    """Write the pictures one after the other, so that there is never more than one of them in memory."""
    short_side = None if job.parent.input_size is None else round(LARGEST_SIDE * job.parent.input_size)
    stored, teaches, is_known = [], False, knows(job.parent.lineage)
    for index, picture in enumerate(pictures):
        shape = picture.labels.shape
        if picture.photo.shape != (*shape, 3) or picture.trust.shape != shape:
            raise ValueError(f"The photo, the labels and the trust of {picture.name} differ in size.")
        decided, kept = int((picture.trust == DECIDED).sum()), int(kept_pixels(picture, job.settings).sum())
        known = is_known(picture.name)
        held_back = picture.held_back and not known
        stored.append(JobPicture(name=picture.name, held_back=held_back, known=known, decided=decided, kept=kept))
        teaches = teaches or bool(weights_of(picture, job.settings).any())
        small = picture if short_side is None else no_larger_than(picture, short_side=short_side)
        for path, pixels in zip(job._files(index), (small.photo, small.labels, small.trust), strict=True):
            write_picture(path, pixels)
    if stored and not teaches:  # an eraser is a decision, too
        raise JobError("There is nothing to learn from: no pixel of the finished pictures has a label that counts.")
    return stored


def _shared_out(pictures: list[JobPicture], settings: LearnSettings) -> tuple[JobPicture, ...]:
    sides = held_back_of(
        [picture.name for picture in pictures],
        settings.held_back,
        known=[picture.known for picture in pictures],
        wanted=[picture.held_back for picture in pictures],
    )
    return tuple(replace(picture, held_back=side) for picture, side in zip(pictures, sides, strict=True))


def _check_pictures(job: Job) -> None:
    if len(job.pictures) < MINIMUM_PICTURES:
        raise JobError(
            f"It takes at least {MINIMUM_PICTURES} finished pictures to learn from, not {len(job.pictures)}."
        )
    if not any(picture.decided or picture.kept for picture in job.pictures if not picture.held_back):
        raise JobError("There is nothing to learn from: nobody decided a pixel of the finished pictures.")


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """A folder beside that of the job, in which the job is made; gone after an error. Raises `JobError` where another
    process is making the same job, and `OSError`."""
    new = folder.with_name(f".{folder.name}.new")
    new.mkdir(parents=True, exist_ok=True)
    with _alone_in(new, seconds=1.0):
        try:
            shutil.rmtree(new / "pictures", ignore_errors=True)  # of a process that was ended
            (new / "pictures").mkdir()
            yield new
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise


def _put_in_place(new: Path, folder: Path) -> None:
    """Raises `JobError` where something else is there, or a job that runs; and `OSError`. Then `new` is gone, and what
    was there is there again."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if folder.exists():
            if not (folder / "job.json").is_file() and any(folder.iterdir()):
                raise JobError(f"{folder} holds something other than a job of learning.")
            with _alone_in(folder, seconds=1.0):
                pass
            folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:  # on Windows, while a virus scanner looks at what was just written
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _alone_in(folder: Path, *, seconds: float) -> Iterator[None]:
    try:
        with FileLock(folder / "running.lock", timeout=seconds):
            yield
    except Timeout as error:
        raise JobError("This job is running already.") from error


def _steps(lines: Iterable[str]) -> Iterator[StepTold]:
    for line in lines:
        try:
            told = from_line(line)
        except JobError:  # the process was ended while it wrote this
            continue
        if isinstance(told, StepTold):
            yield told


def _card_values(card: ModelCard) -> Mapping[str, Any]:
    """A card as its file has it, but for the figures, which are those of other pictures."""
    return {
        "name": card.name,
        "sha256": card.sha256,
        "network": card.network.to_dict(),
        "input_size": card.input_size,
        "classes": card.classes,
        "licence": card.licence,
        "trained_on": card.trained_on,
        "limits": card.limits,
        "calibration": card.calibration.to_dict(),
        "lineage": dict(card.lineage),
    }
