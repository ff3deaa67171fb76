"""Pictures that are marked done and teach nothing all the same: told by name, in the window and on the command line."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.commands import ExitCode
from app.core.pictures import PictureStatus
from app.core.tables import empty_table
from app.learning.gathering import look_at
from app.learning.material import Material, advice_on, there_text, without_lesson
from app.workers.lane import CancelToken
from inference.learning.job import Job, JobPicture
from inference.learning.pictures import place_of
from inference.learning.settings import LearnSettings, Untouched
from inference.models import find_card
from tests.app.commands.finetuning.conftest import learning as learning  # a training that a test plays
from tests.app.commands.finetuning.finetune_scene import Learning, finetune
from tests.app.learning.orders import order_of
from tests.core.learnable import decisions, finished
from tests.core.project.projects import opened, some_prediction

NAMES = [f"{number}.png" for number in range(6)]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six photos marked done; a person corrected the last four."""
    folder = tmp_path / "photos"
    folder.mkdir()
    with closing(opened(folder)) as store:
        for number, name in enumerate(NAMES):
            answer = some_prediction(number, size=decisions().shape)
            finished(store, name, corrections=decisions() if number > 1 else None, prediction=answer, seed=number)
    return folder


def test_what_a_person_decided_is_told_once_it_is_counted_in_all_pictures(photos: Path) -> None:
    counts = np.bincount(decisions().ravel(), minlength=256).astype(np.int64)
    told = []
    for name in NAMES[2:]:
        with closing(opened(photos)) as store:
            store.keep_areas(name, counts, empty_table())
        asked = order_of(photos, LearnSettings())
        told.append(look_at(asked.root, asked.file, asked.saved, CancelToken()))
    assert [found.decided for found in told] == [0, 0, 0, 4 * int((decisions() > 0).sum())]
    assert all(found.corrected for found in told)


def some(count: int, **more: Any) -> Material:
    return Material(count, [f"{number}.png" for number in range(count)], **more)


@pytest.mark.parametrize(
    ("there", "text"),
    [
        (Material(), "No picture is marked done."),
        (some(1), "1 picture marked done."),
        (some(5, decided=12_345), "5 pictures marked done; about 12,000 pixels of them are yours."),
        (Material(2, refused=(("0.png", "Gone."),) * 2), "2 pictures marked done, of which 2 cannot be used."),
        (Material(2, decided=9), "2 pictures marked done."),  # which are not there to be learned from
    ],
)
def test_how_much_there_is(there: Material, text: str) -> None:
    assert there_text(there) == text


@pytest.mark.parametrize(
    ("there", "known", "begins"),
    [
        (some(3, corrected=False), 3, ""),  # that it takes four is said elsewhere
        (some(4, corrected=False), 4, "Nothing was corrected in them"),
        (some(4), 0, "So few may do harm"),
        (some(11), 0, "So few may do harm"),
        (some(12), 0, ""),
        (some(12), 11, "starter has learned from all of them that are not held back."),
        (some(12), 12, "starter has learned from all of them that are not held back."),
        (some(12), 8, ""),
    ],
)
def test_what_speaks_against_it(there: Material, known: int, begins: str) -> None:
    """The model has learned from those first by their names, which would be held back else."""
    names = sorted(there.names, key=place_of)[:known]
    said = advice_on(there, held_back=0.2, parent="starter", knows=lambda name: name in names)
    assert said.startswith(begins)
    assert bool(said) == bool(begins)


def test_what_is_held_back_teaches_nothing_anyhow(tmp_path: Path) -> None:
    pictures = tuple(JobPicture(name=name, held_back=name == "0.png", decided=0, kept=0) for name in NAMES[:2])
    job = Job(folder=tmp_path, parent=find_card("starter"), name="mine", settings=LearnSettings(), pictures=pictures)
    assert [name for name, _sentence in without_lesson(job)] == ["1.png"]


def test_the_window_lists_them_with_the_reason(photos: Path, tmp_path: Path) -> None:
    asked = order_of(photos, LearnSettings(held_back=0, untouched=Untouched.IGNORE))
    job = asked.job(tmp_path / "job", CancelToken())
    assert [picture.name for picture in job.pictures] == NAMES
    assert asked.left_out == [
        (name, f"{name} teaches nothing: nobody decided a pixel of it.") for name in ("0.png", "1.png")
    ]
    unsure = order_of(photos, LearnSettings(held_back=0, kept_score=1.0))
    unsure.job(tmp_path / "job", CancelToken())
    assert unsure.left_out[0][1] == (
        "0.png teaches nothing: nobody decided a pixel of it, and the network was sure of none."
    )
    sure = order_of(photos, LearnSettings(held_back=0, kept_score=0.0))
    sure.job(tmp_path / "job", CancelToken())
    assert [name for name, _sentence in sure.left_out] == ["1.png"]  # the network labelled nothing in it


def test_the_command_names_them_and_does_the_rest(
    learning: Learning, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ("--untouched", "ignore", "--held-back", "0")
    assert finetune(photos, "-o", tmp_path / "mine.safetensors", *wanted) == ExitCode.DONE
    said = capsys.readouterr().err
    assert "0.png teaches nothing: nobody decided a pixel of it.\n" in said
    assert "2.png" not in said
    assert "So few may do harm" in said


def test_the_command_says_where_nothing_was_corrected(
    learning: Learning, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(opened(photos)) as store:
        for number, name in enumerate(NAMES[2:]):  # others are done instead
            store.set_status(name, PictureStatus.NEW)
            finished(store, f"new-{number}.png", prediction=some_prediction(number, size=decisions().shape))
    assert finetune(photos, "-o", tmp_path / "mine.safetensors", "--kept-score", "0") == ExitCode.DONE
    assert "Nothing was corrected in them" in capsys.readouterr().err
