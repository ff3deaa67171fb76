"""An answer that is on its way from the project when another model comes into use does not pass for that one's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.projects import Projects
from inference.prediction import Prediction
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


@pytest.mark.parametrize("changes", [False, True])
def test_an_answer_that_is_fetched(
    work: Work, photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, changes: bool
) -> None:
    read = watched(monkeypatch, "prediction")
    got: list[Prediction | None] = []
    assert work.keeper.fetch_prediction(photo, got.append)
    assert read.wait(PATIENCE / 1000)
    if changes:
        work.keeper.forget_answers()
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
        again.keeper.forget_answers()
    qtbot.waitUntil(lambda: again.keeper.is_loaded(photo))
    again.open(photo)
    document = again.session.find(photo)
    assert document is not None
    assert (document.prediction is None) == changes
    assert (again.layer(photo) == layer).all()
