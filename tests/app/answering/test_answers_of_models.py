"""An answer that is on its way from the project when another model comes into use does not pass for that one's, but
that of a picture that is done comes all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.core.pictures import PictureStatus
from app.core.project.records import StoredPrediction
from app.keeping.projects import Projects
from tests.app.working import PATIENCE, Work, some_prediction


@pytest.fixture
def work(start: Callable[[], Work], photo: Path) -> Work:
    """Somebody who has painted on a photo that the network has answered for."""
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    work.session.recall(photo, some_prediction(), model="fake")
    work.keeper.keep_prediction(photo)
    work.settle()
    return work


def watched(monkeypatch: pytest.MonkeyPatch, method: str) -> threading.Event:
    """Set when the project lane has read what is asked for; the window knows nothing of it before its next turn."""
    done, really = threading.Event(), getattr(Projects, method)

    def read(*args: Any, **named: Any) -> Any:
        answer = really(*args, **named)
        done.set()
        return answer

    monkeypatch.setattr(Projects, method, read)
    return done


def use_another(work: Work) -> None:
    work.model = "other"
    work.keeper.forget_answers()


def mark(work: Work, photo: Path, status: PictureStatus) -> None:
    def keep(projects: Projects) -> None:
        store, name = projects.store_of(photo)
        store.set_status(name, status)

    work.keeper.write(keep)
    work.keeper.weigh_answers()


def accept(work: Work, photo: Path) -> None:
    """The picture is marked done."""
    mark(work, photo, PictureStatus.DONE)
    work.settle()


@pytest.mark.parametrize("changes", [False, True])
def test_an_answer_that_is_fetched(
    work: Work, photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, changes: bool
) -> None:
    read = watched(monkeypatch, "prediction")
    got: list[StoredPrediction | None] = []
    assert work.keeper.fetch_prediction(photo, got.append)
    assert read.wait(PATIENCE / 1000)
    if changes:
        use_another(work)
    qtbot.waitUntil(lambda: len(got) == 1)
    assert (got[0] is None) == changes
    assert work.keeper.fetch_prediction(photo, got.append) != changes
    work.settle()


@pytest.mark.parametrize("changes", [False, True])
def test_an_answer_that_comes_with_its_picture(
    work: Work,
    photo: Path,
    start: Callable[[], Work],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    *,
    changes: bool,
) -> None:
    layer = work.layer(photo)
    work.close()
    again, read = start(), watched(monkeypatch, "begin")
    again.session.show(photo)
    again.keeper.load(photo)
    assert read.wait(PATIENCE / 1000)
    if changes:
        use_another(again)
    qtbot.waitUntil(lambda: again.keeper.is_loaded(photo))
    again.open(photo)
    document = again.session.find(photo)
    assert document is not None
    assert (document.prediction is None) == changes
    assert (again.layer(photo) == layer).all()


def test_the_answer_of_a_picture_that_is_done_is_fetched_all_the_same(
    work: Work, photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(work, photo)
    read = watched(monkeypatch, "prediction")
    got: list[StoredPrediction | None] = []
    assert work.keeper.fetch_prediction(photo, got.append)
    assert read.wait(PATIENCE / 1000)
    use_another(work)
    qtbot.waitUntil(lambda: len(got) == 1)
    assert got[0] is not None
    assert got[0].model == "fake"


def test_the_answer_of_a_picture_that_is_done_comes_with_it_all_the_same(
    work: Work, photo: Path, start: Callable[[], Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(work, photo)
    work.close()
    again, read = start(), watched(monkeypatch, "begin")
    again.session.show(photo)
    again.keeper.load(photo)
    assert read.wait(PATIENCE / 1000)
    use_another(again)
    again.open(photo)
    document = again.session.find(photo)
    assert document is not None
    assert document.prediction is not None
    assert document.model == "fake"
    assert again.keeper.keeps(photo)


def test_a_mark_that_is_taken_away_meanwhile_lets_no_answer_through(
    work: Work, photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(work, photo)
    use_another(work)
    read = watched(monkeypatch, "prediction")
    got: list[StoredPrediction | None] = []
    assert work.keeper.fetch_prediction(photo, got.append)
    assert read.wait(PATIENCE / 1000)
    mark(work, photo, PictureStatus.IN_WORK)
    qtbot.waitUntil(lambda: len(got) == 1)
    assert got == [None]


def test_a_project_that_is_written_anew_is_asked_what_counts(work: Work, photo: Path, qtbot: QtBot) -> None:
    accept(work, photo)
    use_another(work)
    work.session.drop_predictions()
    work.keeper._write_whole(photo)
    work.settle()
    got: list[StoredPrediction | None] = []
    assert work.keeper.fetch_prediction(photo, got.append)
    qtbot.waitUntil(lambda: len(got) == 1)
    assert got[0] is not None
    assert got[0].model == "fake"


def test_a_project_that_is_closed_before_it_is_written_anew_is_written_before_it_ends(
    work: Work, photo: Path, start: Callable[[], Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    really = work.keeper._write_history
    monkeypatch.setattr(work.keeper, "_write_history", lambda path, *rest: (written.append(path), really(path, *rest)))
    work.keeper._write_whole(photo)
    work.keeper.close()
    assert written == [photo]
    work.keeper._write_whole(photo)  # what the disk says only now comes too late: there is nobody left who could write
    assert work.keeper.write_due()
    assert written == [photo]
    again = start()
    again.open(photo)
    document = again.session.document
    assert document is not None
    assert document.prediction is not None
    assert again.history(photo) == (["Brush 1", "Brush 1"], 2)


def test_what_a_stroke_keeps_from_being_written_anew_is_not_tried_after_the_end(work: Work, photo: Path) -> None:
    assert work.session.begin_edit("Brush") is not None
    work.keeper._write_whole(photo)
    work.keeper.close()
    assert not work.keeper._at_rest.isActive()
