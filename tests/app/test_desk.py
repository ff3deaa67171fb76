"""The desk: what cannot be read, predicted or found is said, and takes nothing else along."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import app.answering.model_in_use
import app.keeping.projects
from app.answering.model_in_use import ModelChoice
from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project.places import Place
from app.desk import Desk
from inference.errors import WeightsError
from tests.app.desk_scene import FakeSegmenter, correct_corner, predicted


def test_unreadable_picture_says_why_and_the_next_one_works(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    photos[0].write_bytes(b"")
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.open(photos)
    qtbot.waitUntil(lambda: desk.folder.status(photos[0]) is PictureStatus.UNREADABLE)
    assert photos[0].name in problems[-1]
    qtbot.waitUntil(lambda: predicted(desk, photos[1]))
    desk.show(photos[1])
    assert problems[-1] == ""
    assert desk.folder.problem(photos[0])


def test_what_cannot_be_read_says_so_until_it_can(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = photos[0].read_bytes()
    photos[0].write_bytes(b"")
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: bool(problems and problems[-1]) and desk.idle)
    desk.predict_again()
    assert desk.cancel()
    assert photos[0].name in problems[-1]

    def refuse(*_: str) -> None:
        raise WeightsError("The file is truncated.")

    said: list[str] = []
    desk.said.connect(said.append)
    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", refuse)
    desk.use_model(ModelChoice("broken.pth"))
    qtbot.waitUntil(lambda: "The file is truncated." in said)
    assert photos[0].name in problems[-1]
    monkeypatch.undo()
    photos[0].write_bytes(good)
    desk.predict_again()
    qtbot.waitUntil(lambda: desk.session.document is not None and desk.session.document.photo is not None)
    assert problems[-1] == ""


def test_a_cancelled_photo_says_how_to_get_it(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.show(photos[0])
    assert desk.cancel()
    assert "F5" in problems[-1]
    desk.predict_again()
    assert problems[-1] == ""
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))


def test_failed_prediction_is_a_sentence_and_the_photo_stays(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot
) -> None:
    segmenter.refuse_width = 100
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: "no memory" in "".join(problems))
    assert desk.session.document is not None
    assert desk.session.document.photo is not None
    assert desk.session.begin_edit("Brush") is not None


def test_corrections_are_in_the_project_when_others_are_opened(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    desk.open(photos[:2])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    correct_corner(desk)
    desk.open(photos[2:])
    qtbot.waitUntil(lambda: desk.current == photos[2])
    assert desk.pictures == photos[2:]
    desk.open(photos[:2])
    qtbot.waitUntil(lambda: desk.current == photos[0] and desk.idle)
    assert desk.folder.status(photos[0]) is PictureStatus.IN_WORK


def test_corrections_that_no_project_keeps_stay_in_the_list_when_others_are_opened(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> Place:
        raise ProjectError(f"The project in {folder} cannot be opened: the disk reports an error.")

    monkeypatch.setattr(app.keeping.projects, "project_file", refuse)
    said: list[str] = []
    desk.said.connect(said.append)
    desk.open(photos[:2])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    assert any("cannot be opened: the disk reports an error" in sentence for sentence in said)
    correct_corner(desk)
    desk.open(photos[2:])
    qtbot.waitUntil(lambda: desk.current == photos[2])
    assert desk.pictures == [*photos[2:], photos[0]]
    assert desk.folder.status(photos[0]) is PictureStatus.IN_WORK


def test_folder_without_photos_changes_nothing(desk: Desk, photos: list[Path], qtbot: QtBot, tmp_path: Path) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    empty = tmp_path / "empty"
    empty.mkdir()
    said: list[str] = []
    desk.said.connect(said.append)
    desk.open([empty])
    qtbot.waitUntil(lambda: "There is no photo in empty" in "".join(said))
    assert desk.pictures == photos[:1]
    assert desk.current == photos[0]
