"""F5 looks at the photo's file as well: what is in memory may not be what lies on the disk by now."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import app.project_signs
from app.settings import Settings
from inference.photo import read_photo
from tests.app.test_project_signs import paint
from tests.app.windows import shown_window
from tests.app.working import make_photo


@pytest.mark.parametrize("is_painted", [False, True])
def test_f5_reads_a_photo_that_has_changed_or_asks(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_painted: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(app.project_signs, "choose", lambda _parent, *, text, **_: asked.append(text))
    window, photo = shown_window(qtbot, Settings()), make_photo(tmp_path / "a.png")
    session = window.session
    window.desk.open([tmp_path])
    qtbot.waitUntil(lambda: window.desk.keeper.is_loaded(photo) and window.canvas.viewport is not None)
    if is_painted:
        paint(window, 120)
        qtbot.waitUntil(window.desk.keeper.is_saved)
    window.desk.folder.files_changed.disconnect()  # as in a folder whose changes nobody tells
    make_photo(photo, 7)
    changed = read_photo(photo)
    QTest.keyClick(window.canvas, Qt.Key.Key_F5)
    if is_painted:
        qtbot.waitUntil(lambda: asked != [])
        assert asked[0].startswith("a.png has changed on disk")
        assert session.document is not None
        assert session.document.has_corrections
        return

    def is_read() -> bool:
        document = session.document
        return document is not None and document.photo is not None and np.array_equal(document.photo, changed)

    qtbot.waitUntil(is_read)
    assert asked == []
