"""Small jobs of learning for the tests: tiny networks, tiny pictures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from inference.learning.job import Job
from inference.learning.pictures import DECIDED, LearnPicture
from inference.learning.report import ClassChange, LearnReport, Score
from inference.learning.settings import LearnSettings
from inference.models import ModelCard, find_card

INPUT_SIZE = 64


def finished_picture(name: str, *, held_back: bool = False, height: int = 64, width: int = 80) -> LearnPicture:
    """A dark floor (4) under a bright sky (3), all of it decided by a person."""
    y, x = np.mgrid[0:height, 0:width]
    sky = y < height / 3 + x / 4
    photo = np.where(sky[..., None], np.uint8([90, 160, 250]), np.uint8([110, 60, 20]))
    labels = np.where(sky, 3, 4).astype(np.uint8)
    return LearnPicture(name, photo.astype(np.uint8), labels, np.full_like(labels, DECIDED), held_back)


def finished_pictures(count: int = 5) -> list[LearnPicture]:
    """The last one is held back."""
    return [finished_picture(f"{index}.jpg", held_back=index == count - 1) for index in range(count)]


def small_parent(folder: Path, *, name: str = "tiny") -> ModelCard:
    """A network that is quickly run and trained, with weights by chance, as a file with its card."""
    import torch
    from safetensors.torch import save_file

    from inference.network.bisenetformer import BiSeNetFormer
    from tests.inference.training.test_trainer import SMALL

    torch.manual_seed(0)
    file = folder / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in BiSeNetFormer(SMALL).state_dict().items()}, file)
    card = {"name": name, "file": file.name, "network": SMALL.to_dict(), "input_size": INPUT_SIZE, "licence": "CC0"}
    file.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    return find_card(file)


def small_job(
    folder: Path,
    *,
    settings: LearnSettings | None = None,
    pictures: Sequence[LearnPicture] | None = None,
    name: str = "mine",
) -> Job:
    folder.mkdir(parents=True, exist_ok=True)
    return Job.create(
        folder / "job",
        parent=small_parent(folder),
        name=name,
        settings=settings or LearnSettings(steps=4, device="cpu"),
        pictures=finished_pictures() if pictures is None else pictures,
    )


def report(*, accuracy: tuple[float, float] = (0.8, 0.9), iou: tuple[float, float] = (0.4, 0.5)) -> LearnReport:
    """A report with these figures before and after, in the segments view."""
    before, after = (
        {
            "segments": Score(pixel_accuracy=right, mean_iou=overlap, unlabelled=0.05),
            "semantic": Score(pixel_accuracy=0.8, mean_iou=0.4, unlabelled=0.0),
        }
        for right, overlap in zip(accuracy, iou, strict=True)
    )
    return LearnReport(
        parent="starter",
        name="mine",
        trained=8,
        held_back=2,
        before=before,
        after=after,
        classes=(ClassChange(class_id=3, pixels=100, before=0.7, after=0.8),),
        decided_before=0.6,
        decided_after=0.9,
        seconds=61.5,
        settings=LearnSettings(steps=100),
    )


def create(folder: Path, parent: ModelCard, pictures: Iterable[LearnPicture]) -> Job:
    """A job of these pictures, all settings as they come."""
    return Job.create(folder, parent=parent, name="mine", settings=LearnSettings(), pictures=pictures)
