"""Following, holding and ending what is learned: in the real window, by keys."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from app.dialogs import ReasonsDialog
from app.learning.names import job_folder
from app.learning.standing import Phase
from app.main_window import MainWindow
from inference.learning.job import Job, JobState
from tests.app import learn_child
from tests.app.learning.learn_scene import (
    ALT,
    PATIENCE,
    alt,
    asked,
    begun,
    button,
    ended_unseen,
    phase,
    stopped,
    texts,
    until,
    worked_on,
)


def another_parent(folder: Path) -> str:
    """As if a new version of the program had brought another starter; what the job said of it before."""
    file = job_folder(folder) / "parent.json"
    was = file.read_text()
    file.write_text(json.dumps(json.loads(was) | {"sha256": "0" * 64}))
    return was


def test_stop_keeps_what_is_learned_and_go_on_goes_on(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, child: None, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = begun(window, qtbot)
    assert window.learn.sign.isVisible()
    assert "Learning: step 25 of 40" in texts(dialog)
    assert "about 4 s left" in texts(dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_P, ALT)
    until(window, qtbot, Phase.PAUSED)
    assert button(dialog, "Go on").isDefault()
    assert "Paused" in texts(dialog)
    assert dialog.running.curve.last_step == (25, 40)
    qtbot.keyClick(dialog, Qt.Key.Key_S, ALT)
    until(window, qtbot, Phase.STOPPED)
    assert "Stopped at step 25 of 40" in texts(dialog)
    assert button(dialog, "Go on").hasFocus()
    assert not window.learn.sign.isVisible()
    assert Job.open(job_folder(folder)).state is JobState.UNFINISHED
    dialog.close()
    assert asked(window, qtbot) is dialog
    shares: list[float] = []
    window.learn.job.changed.connect(lambda: shares.append(window.learn.job.standing.share))
    qtbot.keyClick(dialog, Qt.Key.Key_Return)  # goes on, from step 26
    until(window, qtbot, Phase.FINISHED)
    assert min(shares) == pytest.approx(25 / 40)  # the bar does not begin anew
    assert [told.step for told in window.learn.job.progress()] == list(range(1, 41))
    assert "recommended" in texts(dialog)


def test_closing_the_window_stops_at_once_and_the_next_start_offers_to_go_on(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, child: None, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    begun(window, qtbot)
    process = window.learn.job.process
    began = time.monotonic()
    window.learn.close()
    assert time.monotonic() - began < 1
    window.close()
    assert process is not None
    assert process.wait(5)
    assert Job.open(job_folder(folder)).state is JobState.UNFINISHED
    window = start()
    dialog = asked(window, qtbot)
    assert "Stopped at step 25 of 40" in texts(dialog)
    assert button(dialog, "Go on").isDefault()
    alt(qtbot, dialog, Qt.Key.Key_B, lambda: "What learns" in texts(dialog))  # begin anew
    assert Job.open(job_folder(folder)).state is JobState.UNFINISHED  # until that begins
    qtbot.waitUntil(lambda: button(dialog, "Learn").isEnabled(), timeout=PATIENCE)
    dialog.setup.show_name("another")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.learn.job.standing.done == learn_child.MIDDLE, timeout=PATIENCE)
    assert Job.open(job_folder(folder)).name == "another"


def test_learning_goes_on_while_its_dialog_is_closed_and_the_status_bar_can_stop_it(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = begun(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert phase(window) is Phase.RUNNING
    (cancel,) = window.learn.sign.findChildren(QAbstractButton)
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    until(window, qtbot, Phase.STOPPED)


def test_the_sign_in_the_status_bar_says_that_it_is_paused_and_brings_the_dialog_back(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = begun(window, qtbot)
    (bar,) = window.learn.sign.findChildren(QProgressBar)
    assert bar.text().startswith("learning, ")
    assert "step 25 of 40" in bar.toolTip()
    alt(qtbot, dialog, Qt.Key.Key_P, lambda: phase(window) is Phase.PAUSED)
    assert bar.text().startswith("learning paused, ")
    assert bar.fontMetrics().horizontalAdvance(bar.text()) < bar.width()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert "Paused" in texts(dialog)


def test_what_another_window_is_learning_is_not_called_stopped_only(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = stopped(window, qtbot)
    dialog.close()
    with Job.open(job_folder(folder)).alone(seconds=1):
        asked(window, qtbot)
        assert "It is being learned just now, by another window" in texts(dialog)
    dialog.close()
    asked(window, qtbot)
    assert "just now" not in texts(dialog)
    assert "Stopped at step 25 of 40" in texts(dialog)


def test_an_end_that_nobody_saw_stays_in_the_status_bar(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = ended_unseen(window, qtbot)
    (bar,) = window.learn.sign.findChildren(QProgressBar)
    (cancel,) = window.learn.sign.findChildren(QAbstractButton)
    assert bar.isVisible()
    assert bar.text() == "learning finished"
    assert not cancel.isVisible()
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton)
    assert "recommended" in texts(dialog)
    assert not bar.isVisible()


def test_where_the_model_is_another_by_now_it_can_only_begin_anew(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    stopped(window, qtbot)
    window.close()
    another_parent(folder)
    window = start()
    qtbot.waitUntil(window.learn.is_idle, timeout=PATIENCE)
    (bar,) = window.learn.sign.findChildren(QProgressBar)
    assert "was stopped at step 25 of 40 and can only begin anew (Ctrl+L)" in bar.toolTip()
    dialog = asked(window, qtbot)
    why = "It cannot go on: it began with starter, which is another model by now."
    assert f"{why} Begin anew: no correction is lost." in texts(dialog)
    assert "is kept" not in texts(dialog)
    assert [one.text() for one in dialog.findChildren(QPushButton) if one.isVisible()] == ["&Close", "&Begin anew…"]
    window.learn.job.go_on()
    assert phase(window) is Phase.STOPPED
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: button(dialog, "Learn").isEnabled(), timeout=PATIENCE)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.learn.job.standing.done == learn_child.MIDDLE, timeout=PATIENCE)
    assert button(dialog, "Pause").isDefault()


def test_that_it_became_another_one_while_the_window_is_open_is_found_as_well(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = stopped(window, qtbot)
    qtbot.waitUntil(window.learn.is_idle, timeout=PATIENCE)
    was = another_parent(folder)
    window.learn.job.open(job_folder(folder))
    qtbot.waitUntil(lambda: "another model by now" in texts(dialog), timeout=PATIENCE)
    assert button(dialog, "Begin anew").isDefault()
    (job_folder(folder) / "parent.json").write_text(was)  # it is back
    window.learn.job.open(job_folder(folder))
    qtbot.waitUntil(lambda: "another model by now" not in texts(dialog), timeout=PATIENCE)
    assert button(dialog, "Go on").isDefault()
    monkeypatch.setenv("LEARN_CHILD", "refused")
    job = window.learn.job.job
    assert job is not None
    window.learn.job.job = replace(job, parent=replace(job.parent, sha256="0" * 64))
    qtbot.keyClick(dialog, Qt.Key.Key_Return)  # the child finds out
    qtbot.waitUntil(lambda: "another model by now" in texts(dialog), timeout=PATIENCE)
    assert button(dialog, "Begin anew").isDefault()


def test_a_training_that_fails_says_why_and_can_be_tried_again(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARN_CHILD", "refused")
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.STOPPED)
    assert learn_child.REFUSAL in texts(dialog)
    dialog.close()
    asked(window, qtbot)
    assert learn_child.REFUSAL in texts(dialog)  # still to be read
    monkeypatch.setenv("LEARN_CHILD", "better")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)


def test_pictures_that_cannot_be_learned_from_are_named(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=6)
    window = start()
    (folder / "1.png").unlink()
    dialog = asked(window, qtbot)
    assert "6 pictures marked done, of which 1 cannot be used" in texts(dialog)
    alt(qtbot, dialog, Qt.Key.Key_R, lambda: bool(window.findChildren(ReasonsDialog)))
    (reasons,) = window.findChildren(ReasonsDialog)
    reasons.close()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.learn.job.standing.done == learn_child.MIDDLE, timeout=PATIENCE)
    assert "1 picture could not be learned from" in texts(dialog)


def test_reading_the_pictures_can_be_stopped(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    window.learn.job.begin(lambda token, _told: token.event.wait(10) and token.check())
    assert phase(window) is Phase.READING
    dialog.show_page(dialog.running)
    assert "Reading the pictures…" in texts(dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_S, ALT)
    until(window, qtbot, Phase.NOTHING)
    assert "What learns" in texts(dialog)
    assert not job_folder(folder).exists()


def test_while_pictures_are_read_anew_nothing_is_told_of_the_job_before_until_that_is_all_there_is(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = stopped(window, qtbot)
    window.learn.job.begin(lambda token, _told: token.event.wait(10) and token.check(), name="another")
    dialog.close()
    asked(window, qtbot)
    assert "another" in texts(dialog).splitlines()
    assert "starter-castle" not in texts(dialog)
    assert dialog.running.curve.last_step is None
    assert "is kept" not in texts(dialog)
    alt(qtbot, dialog, Qt.Key.Key_S, lambda: phase(window) is Phase.STOPPED)
    assert "starter-castle" in texts(dialog).splitlines()
    assert "Stopped at step 25 of 40" in texts(dialog)
