"""A folder of some thousand photos in the real window: at once on screen, found by typing, and followed on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.core.catalogue import Sort, SortBy
from app.core.pictures import PictureStatus
from app.main_window import MainWindow
from tests.e2e.acts import has_masks, shown
from tests.e2e.story import Script

pytestmark = pytest.mark.slow

COUNT = 3_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Many names of one small photo; every hundredth lies in a folder below."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    first = folder / "photo 0.png"
    cv2.imwrite(str(first), np.full((48, 64, 3), 90, np.uint8))
    for number in range(1, COUNT):
        os.link(first, folder / ("below" if number % 100 == 0 else ".") / f"photo {number}.png")
    return folder


def test_thousands_of_photos_are_worked_on_at_once(play, folder: Path) -> None:  # type: ignore[no-untyped-def]
    above = COUNT - COUNT // 100 + 1

    def first(window: MainWindow) -> Script:
        desk = window.desk
        yield lambda: shown_name(window) == "photo 0.png"
        yield lambda: len(desk.folder) == above and desk.folder.complete
        field = window.image_list.filter
        field.setFocus()
        QTest.keyClicks(field, "1234")
        yield lambda: [path.name for path in desk.folder.shown()] == ["photo 1234.png"]
        QTest.keyClick(field, Qt.Key.Key_Return)
        yield has_masks(window, "photo 1234.png")
        field.clear()
        yield lambda: len(desk.folder.rows) == above
        desk.folder.set_status(desk.current, PictureStatus.DONE)
        desk.folder.arrange(sort=Sort(SortBy.STATUS, descending=True))
        yield lambda: desk.folder.shown()[0].name == "photo 1234.png"
        os.link(folder / "photo 0.png", folder / "photo 3001.png")
        yield lambda: len(desk.folder) == above + 1
        assert desk.folder.shown()[0].name == "photo 1234.png"
        assert shown_name(window) == "photo 1234.png"
        window.opening.open([folder], below=True)
        yield lambda: len(desk.folder) == COUNT + 1 and desk.folder.complete
        yield lambda: desk.idle

    def second(window: MainWindow) -> Script:
        desk = window.desk
        yield has_masks(window, "photo 1234.png")  # where work was left, and with the folders below as the last time
        yield lambda: len(desk.folder) == COUNT + 1 and desk.idle
        assert desk.folder.status(folder / "photo 1234.png") is PictureStatus.DONE
        assert desk.folder.next(folder / "photo 2999.png") == folder / "photo 3001.png"
        assert desk.folder.next(folder / "photo 3001.png") == folder / "below" / "photo 100.png"

    play(first, [str(folder)])
    play(second, [str(folder)])


def shown_name(window: MainWindow) -> str:
    return "" if window.session.document is None else shown(window).path.name
