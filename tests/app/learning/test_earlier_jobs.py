"""A job of an earlier day: the window tells of it when its folder is opened, until somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar
from pytestqt.qtbot import QtBot

import app.chrome.status_bar
import app.learning.earlier
from app.core.project.places import FILE_NAME
from app.core.project.records import identify
from app.core.project.store import ProjectStore
from app.desk import Desk
from app.learning.dialog import LearnDialog
from app.learning.earlier import EarlierJob, EarlierJobs, earlier_job
from app.learning.names import job_folder
from app.learning.standing import Phase
from app.main_window import MainWindow
from inference.learning.job import Job
from tests.app.learning.learn_scene import PATIENCE, begun, ended_unseen, stopped, texts, until, worked_on
from tests.app.working import make_photo


def sign(window: MainWindow) -> QProgressBar:
    (bar,) = window.learn.sign.findChildren(QProgressBar)
    return bar


def left_stopped(window: MainWindow, qtbot: QtBot) -> None:
    """Somebody stops the job in its middle, and goes home."""
    stopped(window, qtbot)
    window.close()


def clicked(window: MainWindow, qtbot: QtBot) -> LearnDialog:
    qtbot.mouseClick(sign(window), Qt.MouseButton.LeftButton)
    (dialog,) = window.findChildren(LearnDialog)
    assert dialog.isVisible()
    return dialog


def is_told(window: MainWindow, qtbot: QtBot) -> bool:
    """Once it is known."""
    qtbot.waitUntil(lambda: window.learn.is_idle() and window.desk.idle, timeout=PATIENCE)
    return window.learn.sign.isVisible()


def test_one_that_was_stopped_is_told_and_goes_on_after_a_click(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.chrome.status_bar, "SHOWN_FOR", 600_000)  # however busy this machine is
    worked_on(folder, done=5)
    window = start()
    assert not is_told(window, qtbot)
    left_stopped(window, qtbot)
    window = start()
    assert is_told(window, qtbot)
    assert sign(window).text() == "learning stopped"
    sentence = (
        f"Learning starter-castle from the folder {folder.name} was stopped at step 25 of 40 and can go on (Ctrl+L)."
    )
    assert sentence in window.status.text()
    assert sentence in sign(window).toolTip()
    dialog = clicked(window, qtbot)
    assert "Stopped at step 25 of 40" in texts(dialog)
    assert not window.learn.sign.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    assert "recommended" in texts(dialog)
    window.close()
    assert not is_told(start(), qtbot)  # somebody has seen it


def test_one_that_ended_unseen_is_told_until_somebody_looks(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    ended_unseen(window, qtbot)
    window.close()
    for looks in (False, True):
        window = start()
        assert is_told(window, qtbot)
        assert sign(window).text() == "learning finished"
        assert f"starter-castle has been learned from the folder {folder.name}" in sign(window).toolTip()
        if looks:
            assert "recommended" in texts(clicked(window, qtbot))
        window.close()
    assert not is_told(start(), qtbot)


def test_it_is_told_of_the_folder_on_screen(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None, tmp_path: Path
) -> None:
    worked_on(folder, done=5)
    left_stopped(start(), qtbot)
    other = tmp_path / "another"
    other.mkdir()
    cv2.imwrite(str(other / "0.png"), np.full((40, 60, 3), 90, np.uint8))
    window = start()
    for wanted, told in ((folder, True), (other, False), (folder, True)):
        window.opening.open([wanted])
        qtbot.waitUntil(lambda at=wanted: window.desk.current in at.iterdir(), timeout=PATIENCE)
        assert is_told(window, qtbot) is told


def test_it_is_told_once_of_any_folder_of_the_list(
    qtbot: QtBot, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [make_photo(tmp_path / name / "0.png", shape=(40, 60)) for name in ("a", "b", "c")]
    with closing(ProjectStore.open(tmp_path / "c", tmp_path / "c" / FILE_NAME)) as store:
        store.add_files([("0.png", identify(photos[2]))])
    left = EarlierJob(tmp_path / "c", tmp_path / "c" / FILE_NAME, Phase.STOPPED, "It was stopped.")
    monkeypatch.setattr(app.learning.earlier, "earlier_job", lambda root, _file: left if root == left.root else None)
    jobs, told = EarlierJobs(desk, desk), list[EarlierJob | None]()
    jobs.found.connect(told.append)
    desk.open(photos)
    qtbot.waitUntil(lambda: desk.current == photos[0] and told == [left])
    for photo in (photos[1], photos[2], photos[0]):
        desk.show(photo)
        qtbot.waitUntil(lambda at=photo: desk.listing.choices.info(at) is not None and jobs.is_idle())
    desk.open([photos[0].parent])
    qtbot.waitUntil(lambda: len(told) > 1)
    assert told == [left, None]
    jobs.close()


def test_one_that_another_process_works_on_is_not_called_stopped(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    left_stopped(start(), qtbot)
    file = folder / FILE_NAME
    with Job.open(job_folder(folder)).alone(seconds=1):
        assert earlier_job(folder, file) is None
    left = earlier_job(folder, file)
    assert left is not None
    assert left.phase is Phase.STOPPED


def test_what_goes_on_is_not_covered_by_what_stands_still(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    begun(window, qtbot).close()
    earlier = earlier_job(folder, folder / FILE_NAME)
    assert earlier is not None
    window.learn._remind(earlier)
    assert sign(window).text().startswith("learning, ")
