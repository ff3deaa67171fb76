"""What the window shows of its project: what is not saved, why nothing may be changed, and what a click does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

import app.project_signs
from app.core.errors import ProjectError
from app.core.geometry import Box
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.keeping.lock import ProjectLock
from app.main_window import MainWindow
from app.settings import Settings
from tests.app.working import SHAPE, make_photo


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.show()
    return window


def show(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    window.desk.current = path
    window.session.show(path)
    window.desk.keeper.load(path)
    qtbot.waitUntil(lambda: window.desk.keeper.is_loaded(path))
    window.session.attach_photo(path, (np.zeros((*SHAPE, 3), np.uint8),))


def paint(window: MainWindow, value: int) -> None:
    gesture = window.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 50, 50), None, value)
    assert gesture.commit()


def test_what_is_not_saved_is_counted_and_a_click_tries_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.keeping.open_project._HANDLES", Path("nowhere"))  # the disk was taken out: no other name
    photo, button = make_photo(tmp_path / "photos" / "a.png"), window.project_signs.button
    show(window, qtbot, photo)
    qtbot.waitUntil(window.desk.keeper.is_saved)
    assert not button.isVisible()
    photo.parent.rename(tmp_path / "away")
    paint(window, 120)
    qtbot.waitUntil(button.isVisible)
    assert button.text() == "1 change not saved"
    assert button.toolTip() == f"The folder {photo.parent} is not there. Click to try again."
    paint(window, 130)
    qtbot.waitUntil(lambda: button.text() == "2 changes not saved")
    (tmp_path / "away").rename(photo.parent)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not button.isVisible())
    qtbot.waitUntil(window.desk.keeper.is_saved)


def test_a_project_that_another_window_holds_can_be_taken_over(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(app.project_signs, "choose", lambda _parent, *, text, **_: asked.append(text))
    photo, button = make_photo(tmp_path / "a.png"), window.project_signs.button
    ProjectStore.open(tmp_path, tmp_path / FILE_NAME).close()
    lock = ProjectLock(tmp_path / FILE_NAME)
    assert lock.take()
    window.desk.current = photo
    window.desk.keeper.load(photo)
    qtbot.waitUntil(lambda: window.desk.keeper.is_loaded(photo))
    assert window.status.text() == window.desk.keeper.refusal(photo)  # whose it is is said before anything is tried
    lock.release()
    assert window.desk.keeper.may_take_over(photo)
    assert button.text() == "Read-only"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(asked) == 1
    assert asked[0].endswith("If that window is gone, this one can take over.")


@pytest.mark.parametrize("is_away", [False, True])
def test_a_photo_that_is_replaced_while_it_is_open_is_asked_about(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_away: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(app.project_signs, "choose", lambda _parent, *, text, **_: asked.append(text))
    photo, other = make_photo(tmp_path / "a.png"), make_photo(tmp_path / "b.png", 1)
    desk = window.desk
    desk.open([tmp_path])
    qtbot.waitUntil(
        lambda: desk.folder.complete and desk.keeper.is_loaded(photo) and window.canvas.viewport is not None
    )
    paint(window, 120)
    qtbot.waitUntil(desk.keeper.is_saved)
    if is_away:
        window.go_to(other)
    make_photo(photo, 7)
    if is_away:
        window.go_to(photo)
    else:
        gesture = window.session.begin_edit("Brush")
        assert gesture is not None
        desk.folder.files_changed.emit(np.array([desk.folder.row(photo)]))
        assert window.project_signs.looking.isActive()
        window.project_signs.looking.timeout.emit()
        assert not asked  # the hand is on the picture
        gesture.commit()
    qtbot.waitUntil(lambda: asked != [])
    changed = "a.png has changed on disk since it was worked on."
    assert asked == [f"{changed} Do its corrections hold for the photo as it is now?"]


def test_a_picture_that_no_project_can_keep_is_marked_until_one_does(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_named: object) -> ProjectStore:
        raise ProjectError("The disk is full.", may_pass=True)

    photo, button = make_photo(tmp_path / "a.png"), window.project_signs.button
    with monkeypatch.context() as disk:
        disk.setattr(ProjectStore, "open", full)
        show(window, qtbot, photo)
        paint(window, 120)
        assert (button.isVisible(), button.text()) == (True, "Not saved")
        assert button.toolTip() == app.project_signs.HOMELESS
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not button.isVisible())
    qtbot.waitUntil(window.desk.keeper.is_saved)
    assert window.desk.keeper.keeps(photo)


def test_that_a_folder_was_renamed_stays_to_be_read(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    photo, desk = make_photo(before / "a.png"), window.desk
    desk.open([before])
    qtbot.waitUntil(lambda: desk.folder.complete and desk.keeper.is_loaded(photo))
    qtbot.waitUntil(lambda: window.session.document is not None and window.session.document.photo is not None)
    before.rename(after)
    paint(window, 120)
    qtbot.waitUntil(lambda: desk.folder.root == after and desk.folder.complete and desk.idle)
    assert window.status.text().startswith(f"The folder {before} is {after} now: what you do is kept there.")


def test_what_becomes_of_corrections_is_asked_once_at_a_time(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_parent: object, *, text: str, **_named: object) -> int:
        asked.append(text)
        if len(asked) == 1:
            desk.keeper.load(photo)  # as when the window becomes the active one
        return 0

    monkeypatch.setattr(app.project_signs, "choose", answer)
    photo, desk = make_photo(tmp_path / "a.png"), window.desk
    desk.open([tmp_path])
    qtbot.waitUntil(lambda: desk.folder.complete and desk.keeper.is_loaded(photo))
    qtbot.waitUntil(lambda: window.session.document is not None and window.session.document.photo is not None)
    paint(window, 120)
    qtbot.waitUntil(desk.keeper.is_saved)
    make_photo(photo, 7)
    desk.keeper.load(photo)
    qtbot.waitUntil(lambda: bool(asked))
    qtbot.waitUntil(lambda: desk.keeper.is_loaded(photo) and desk.idle)
    assert len(asked) == 1
