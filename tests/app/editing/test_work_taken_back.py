"""A picture is in work while anything of a person's is on it: not where all of it is undone, or forgotten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.project_signs
from app.core.catalogue import Exported
from app.core.pictures import PictureStatus
from app.core.project.records import PictureRow
from app.core.project.store import ProjectStore
from app.main_window import MainWindow
from app.settings import Settings
from tests.app.test_project_signs import paint
from tests.app.windows import shown_window
from tests.app.working import make_photo
from tests.core.project.projects import opened

NEW, PREDICTED, IN_WORK, DONE = (
    PictureStatus.NEW,
    PictureStatus.PREDICTED,
    PictureStatus.IN_WORK,
    PictureStatus.DONE,
)


def start(qtbot: QtBot, photo: Path) -> MainWindow:
    window = shown_window(qtbot, Settings())
    window.desk.open([photo.parent])
    qtbot.waitUntil(lambda: window.desk.folder.complete and window.desk.keeper.is_met(photo))
    qtbot.waitUntil(lambda: window.desk.idle)
    return window


def row(qtbot: QtBot, window: MainWindow, name: str) -> PictureRow:
    """What the project's file knows of it."""
    qtbot.waitUntil(window.desk.keeper.is_saved)
    store: ProjectStore = opened(window.desk.folder.root, read_only=True)
    (found,) = store.rows([name])
    store.close()
    return found


def test_a_picture_whose_only_stroke_was_undone_is_what_it_was_before(qtbot: QtBot, tmp_path: Path) -> None:
    photo = make_photo(tmp_path / "a.png")
    window = start(qtbot, photo)
    session, folder = window.session, window.desk.folder
    before = folder.status(photo)
    assert before in (NEW, PREDICTED)
    paint(window, 120)
    assert folder.status(photo) is IN_WORK
    session.undo()
    assert folder.status(photo) is before
    assert row(qtbot, window, "a.png").status is before
    session.redo()
    assert folder.status(photo) is IN_WORK
    assert row(qtbot, window, "a.png").status is IN_WORK
    folder.set_status(photo, DONE)
    session.undo()
    assert folder.status(photo) is DONE


def test_back_to_work_is_the_word_of_a_person_and_stays(qtbot: QtBot, tmp_path: Path) -> None:
    photo = make_photo(tmp_path / "a.png")
    window = start(qtbot, photo)
    window.desk.folder.set_status(photo, IN_WORK)
    window.desk.states.refresh_all()
    assert window.desk.folder.status(photo) is IN_WORK


@pytest.mark.parametrize("is_done", [False, True])
def test_whoever_starts_over_has_a_new_picture(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_done: bool
) -> None:
    monkeypatch.setattr(app.project_signs, "choose", lambda *_args, **_named: 1)
    photo = make_photo(tmp_path / "a.png")
    window = start(qtbot, photo)
    desk = window.desk
    paint(window, 120)
    if is_done:
        desk.folder.set_status(photo, DONE)
    desk.folder.learn(photo, exported=Exported.CURRENT)
    qtbot.waitUntil(desk.keeper.is_saved)
    make_photo(photo, 7)
    desk.folder.files_changed.emit(np.array([desk.folder.row(photo)]))
    qtbot.waitUntil(lambda: desk.folder.status(photo) in (NEW, PREDICTED))
    qtbot.waitUntil(lambda: desk.idle and desk.keeper.is_loaded(photo))
    assert desk.folder.status(photo) in (NEW, PREDICTED)
    assert desk.folder.facts(photo).exported is Exported.NEVER
    assert row(qtbot, window, "a.png").status is desk.folder.status(photo)
    paint(window, 130)
    assert desk.folder.status(photo) is IN_WORK
    window.session.undo()
    assert desk.folder.status(photo) in (NEW, PREDICTED)
    window.close()
    assert start(qtbot, photo).desk.folder.status(photo) in (NEW, PREDICTED)
