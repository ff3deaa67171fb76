"""Closing the real window: what is being worked out is waited for, stopped on request, and never lost in silence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import app.closing
import app.keeping.lane
from app.core.export import ExportOptions
from app.core.export_plan import plan_export
from app.core.geometry import Box
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.core.segment_map import human_value
from app.main_window import MainWindow
from app.settings import Settings
from app.workers.lane import Lane
from tests.app.canvas.scene import PATH, map_of, predict, show_photo
from tests.app.computing import Gate
from tests.app.desk_scene import FakeSegmenter, predicted
from tests.app.windows import shown_window
from tests.app.working import make_photo

SKY = human_value(3)
WAIT, STOP = 0, 1  # what can be answered while an edit is under way
LOSE = 1


class Questions:
    """Stands in for the dialogs: keeps the titles, gives the answers one after the other, then cancels."""

    def __init__(self) -> None:
        self.answers: list[int | Callable[[], int | None] | None] = []
        self.titles: list[str] = []
        self.texts: list[str] = []

    def __call__(self, _parent: object, *, title: str, text: str, **_: Any) -> int | None:
        self.titles.append(title)
        self.texts.append(text)
        answer = self.answers.pop(0) if self.answers else None
        return answer() if callable(answer) else answer


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> Questions:
    questions = Questions()
    monkeypatch.setattr(app.closing, "choose", questions)
    return questions


@pytest.fixture
def window(qtbot: QtBot, questions: Questions) -> MainWindow:
    window = shown_window(qtbot, Settings())
    show_photo(window.session)
    predict(window.session)
    return window


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def start(window: MainWindow, gate: Gate) -> None:
    assert window.session.edit("Fill with sky", gate, slow=True)
    gate.wait()


def steps(window: MainWindow) -> int:
    assert window.session.undo_stack is not None
    return window.session.undo_stack.count()


def test_an_edit_under_way_is_waited_for_and_then_asked_about_like_any_other(
    window: MainWindow, gate: Gate, questions: Questions, qtbot: QtBot
) -> None:
    start(window, gate)
    assert window.isWindowModified()
    assert not window.close()
    assert questions.titles == []
    assert window.status.text() == "The window closes when this is done: Fill with sky (picture.jpg)."
    questions.answers = [LOSE]
    gate.opened.set()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert questions.titles == ["Corrections not exported"]
    assert (map_of(window.session).human == SKY).all()
    assert steps(window) == 1


def test_who_is_asked_may_stop_it(
    window: MainWindow, gate: Gate, questions: Questions, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.closing, "PATIENCE_MS", 1)
    questions.answers = [STOP]
    start(window, gate)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert questions.titles == ["Correction under way"]
    assert questions.texts == ["This is still being worked out: Fill with sky (picture.jpg)."]
    assert not map_of(window.session).human.any()


def test_who_closes_again_is_asked_at_once_and_may_stay(
    window: MainWindow, gate: Gate, questions: Questions, qtbot: QtBot
) -> None:
    start(window, gate)
    window.close()
    window.close()
    assert questions.titles == ["Correction under way"]
    gate.opened.set()
    qtbot.waitUntil(lambda: steps(window) == 1 and window.desk.idle)
    assert window.isVisible()
    assert len(questions.titles) == 1, "who stays is not asked later"


@pytest.mark.parametrize("answer", [WAIT, STOP])
def test_it_may_end_while_the_question_is_open(
    window: MainWindow, gate: Gate, questions: Questions, qtbot: QtBot, answer: int
) -> None:
    def answered_late() -> int:
        gate.opened.set()
        qtbot.waitUntil(lambda: steps(window) == 1 and window.desk.idle)
        assert questions.titles == ["Correction under way"], "one question at a time"
        return answer

    questions.answers = [answered_late, LOSE]
    start(window, gate)
    window.close()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert questions.titles == ["Correction under way", "Corrections not exported"]


def test_an_edit_that_changes_nothing_closes_without_another_question(
    window: MainWindow, questions: Questions, qtbot: QtBot
) -> None:
    gate = Gate((Box(0, 0, 5, 5), None, 0))
    start(window, gate)
    window.close()
    gate.opened.set()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert questions.titles == []


def test_a_stroke_under_the_hand_is_a_correction(window: MainWindow, questions: Questions) -> None:
    gesture = window.session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, SKY)
    assert not window.close()
    assert questions.titles == ["Corrections not exported"]
    assert window.session.unexported() == [PATH]


def test_an_export_that_waits_for_an_edit_is_not_cut_short(
    window: MainWindow, gate: Gate, questions: Questions, qtbot: QtBot, tmp_path: Path
) -> None:
    start(window, gate)
    window.export_flow._exporter.start(plan_export([PATH], tmp_path, ExportOptions()))
    window.close()
    assert questions.titles == []
    gate.opened.set()
    qtbot.waitUntil(lambda: bool(questions.titles) or not window.isVisible())
    assert questions.titles == ["Export under way"]
    qtbot.waitUntil(lambda: not window.export_flow.running)
    assert window.session.unexported() == []
    assert window.close()


def test_what_may_be_left_is_told_before_any_of_it_is_waited_for(
    window: MainWindow, questions: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is silent, an engine at work and a device that is tried take one moment, not three."""
    told: list[bool] = []
    wait = window.models.close

    def waits() -> None:
        told.extend(lane.stopped for lane in window.findChildren(Lane) if lane.may_be_left)
        wait()

    monkeypatch.setattr(window.models, "close", waits)
    questions.answers = [LOSE]
    assert window.close()
    assert len(told) >= 3
    assert all(told)


def test_what_is_written_only_after_something_was_read_is_saved_before_the_window_closes(
    qtbot: QtBot, segmenter: FakeSegmenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes its time: an answer is kept in a project that is still being opened."""
    perform = app.keeping.lane._perform

    def slowly(job: Any) -> Any:
        threading.Event().wait(0.1)
        return perform(job)

    monkeypatch.setattr(app.keeping.lane, "_perform", slowly)
    photo = make_photo(tmp_path / "photos" / "a.png")
    window = shown_window(qtbot, Settings())
    window.opening.open([photo])
    qtbot.waitUntil(lambda: predicted(window.desk, photo))
    assert not window.desk.keeper.is_saved()
    assert window.close()
    with closing(ProjectStore.open(photo.parent, photo.parent / FILE_NAME)) as store:
        assert store.prediction(photo.name) is not None


def test_a_window_that_was_closed_may_be_closed_again(
    qtbot: QtBot, questions: Questions, segmenter: FakeSegmenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo(tmp_path / "a.png")
    window = shown_window(qtbot, Settings())
    window.opening.open([photo])
    qtbot.waitUntil(lambda: predicted(window.desk, photo))
    assert window.close()
    monkeypatch.setattr(app.closing, "SAVING_SECONDS", 0)
    again = QCloseEvent()
    QApplication.sendEvent(window, again)
    assert again.isAccepted()
    assert questions.titles == []
