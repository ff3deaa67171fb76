"""What becomes of what was learned: in the real window, by keys."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot

import app.learning.flow
import app.learning.job
from app.learning.names import job_folder
from app.learning.standing import Phase
from app.main_window import MainWindow
from inference.errors import WeightsError
from inference.learning.job import Job, JobState
from inference.models import ModelCard
from tests.app.desk_scene import FakeSegmenter
from tests.app.learning.learn_scene import (
    PATIENCE,
    alt,
    asked,
    button,
    human_pixels,
    texts,
    until,
    worked_on,
)


def test_from_the_key_to_a_model_in_use_without_touching_the_mouse(
    qtbot: QtBot,
    start: Callable[..., MainWindow],
    folder: Path,
    segmenters: dict[str, FakeSegmenter],
    added: list[tuple[Path, str | None]],
    child: None,
) -> None:
    worked_on(folder, done=5)
    window = start()  # the sixth is corrected and not done, two are untouched
    decided = human_pixels(folder)
    said: list[str] = []
    window.desk.said.connect(said.append)
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    job = Job.open(job_folder(folder))
    assert [picture.name for picture in job.pictures] == [f"{number}.png" for number in range(5)]
    assert (job.name, job.parent.name, job.state) == ("starter-castle", "starter", JobState.FINISHED)
    totals, classes = dialog.findChildren(QTreeWidget)
    rows = [[totals.topLevelItem(row).text(column) for column in (0, 3)] for row in range(3)]
    assert rows == [["Pixels right", "+8.0"], ["Mean IoU", "+8.0"], ["Left unlabelled", "±0.0"]]
    rows = [[classes.topLevelItem(row).text(column) for column in (0, 4)] for row in range(4)]
    assert rows == [["river", "+50.0"], ["sky", "+8.0"], ["tree", "−5.0"], ["water", ""]]
    assert button(dialog, "Use this model").isDefault()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.desk.model.name == "starter-castle", timeout=PATIENCE)
    sentence = "2 pictures without corrections are predicted anew. What you decided stays."
    qtbot.waitUntil(lambda: any(sentence in one for one in said), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.run_flow.run.running and window.desk.idle, timeout=PATIENCE)
    assert [name for _file, name in added] == ["starter-castle"]
    assert {106, 107} <= set(segmenters["starter-castle"].seen)
    assert not {103, 104, 105} & set(segmenters["starter-castle"].seen)  # finished, or a person is at it
    assert human_pixels(folder) == decided
    assert not dialog.isVisible()
    assert not job_folder(folder).exists()
    assert window.settings.model == "starter-castle"


def test_while_it_is_added_the_dialog_may_be_closed_and_asked_for_another_folder(
    qtbot: QtBot,
    start: Callable[..., MainWindow],
    folder: Path,
    segmenters: dict[str, FakeSegmenter],
    added: list[tuple[Path, str | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, add = threading.Event(), app.learning.job.weights_store.add
    monkeypatch.setattr(app.learning.job.weights_store, "add", lambda *of, **at: gate.wait(10) and add(*of, **at))
    other = folder.with_name("other")
    other.mkdir()
    shutil.copy(folder / "0.png", other)
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)  # use it
    dialog.close()
    window.learn.ask()
    qtbot.waitUntil(dialog.isVisible, timeout=PATIENCE)
    assert not button(dialog, "Adding it").isEnabled()
    window.learn.job.keep()
    window.learn.job.discard()
    window.opening.open([other])
    qtbot.waitUntil(lambda: window.desk.current == other / "0.png", timeout=PATIENCE)
    window.learn.ask()
    qtbot.waitUntil(lambda: "Pictures in the folder other" in texts(dialog), timeout=PATIENCE)
    gate.set()
    qtbot.waitUntil(lambda: "starter-castle" in segmenters, timeout=PATIENCE)
    qtbot.waitUntil(lambda: {106, 107} <= set(segmenters["starter-castle"].seen), timeout=PATIENCE)
    assert len(added) == 1
    assert "Pictures in the folder other" in texts(dialog)
    assert not job_folder(folder).exists()


def test_a_model_that_got_worse_is_not_what_return_takes(
    qtbot: QtBot,
    start: Callable[..., MainWindow],
    folder: Path,
    added: list[tuple[Path, str | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEARN_CHILD", "worse")
    answers: list[int | None] = [None, 1]
    monkeypatch.setattr(app.learning.flow, "choose", lambda *_, **__: answers.pop(0))
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    assert "got worse" in texts(dialog)
    assert window.status.text() == "starter-castle has learned: it is not recommended. The report says why."
    assert not any(one.isVisible() and "Use" in one.text() for one in dialog.findChildren(QPushButton))
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert (added, dialog.isVisible()) == ([], False)
    asked(window, qtbot)
    alt(qtbot, dialog, Qt.Key.Key_K, lambda: answers == [1])  # a question, answered with "Go back"
    assert added == []
    alt(qtbot, dialog, Qt.Key.Key_K, lambda: not job_folder(folder).exists())  # and now with "Only keep it"
    assert [name for _file, name in added] == ["starter-castle"]
    qtbot.waitUntil(lambda: "starter stays in use" in window.status.text(), timeout=PATIENCE)


def test_what_is_discarded_is_gone_after_a_question(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[int | None] = [None, 0]
    monkeypatch.setattr(app.learning.flow, "choose", lambda *_, **__: answers.pop(0))
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    alt(qtbot, dialog, Qt.Key.Key_D, lambda: answers == [0])
    assert job_folder(folder).exists()
    alt(qtbot, dialog, Qt.Key.Key_D, lambda: not job_folder(folder).exists())
    assert "What learns" in texts(dialog)


def test_a_model_that_cannot_enter_the_store_waits_there(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> ModelCard:
        raise WeightsError("The disk is full.")

    monkeypatch.setattr(app.learning.job.weights_store, "add", refuse)
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "The disk is full." in texts(dialog), timeout=PATIENCE)
    assert button(dialog, "Use this model").isEnabled()
    assert job_folder(folder).exists()
