"""What the picture list shows of a picture: words, marks and its thumbnail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import app.panels.picture_model
from app.core.catalogue import Exported, SortBy
from app.core.pictures import PictureStatus
from app.listing.folder import Folder
from app.panels.image_list import ImageList
from app.panels.picture_model import PictureModel, PictureRole
from app.panels.picture_texts import STATUS_TEXTS
from tests.app.panels.picture_scene import PATHS, ROOT, arrange_by_hand, click, fill, listed, many

CTRL = Qt.KeyboardModifier.ControlModifier


# --- what it says -----------------------------------------------------------------------------------------------------


def test_an_unreadable_picture_says_why(pictures: ImageList) -> None:
    pictures.folder.learn(PATHS[1], status=PictureStatus.UNREADABLE, reason="castle.jpg is empty.")
    index = pictures.model.index(1)
    assert index.data(PictureRole.LINE) == "Empty."
    assert index.data(Qt.ItemDataRole.ToolTipRole) == f"{PATHS[1]}\ncastle.jpg is empty."
    assert "castle.jpg is empty" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    pictures.folder.learn(PATHS[1], reason="The folder of castle.jpg is gone.")
    assert index.data(PictureRole.LINE) == "The folder of castle.jpg is gone."


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("status", list(PictureStatus))
def test_every_status_has_its_words_and_its_mark(pictures: ImageList, status: PictureStatus, grid: bool) -> None:  # noqa: FBT001
    pictures.set_grid(on=grid)
    before = pictures.view.viewport().grab().toImage()
    pictures.folder.learn(PATHS[0], status=status)
    assert pictures.model.index(0).data(PictureRole.LINE) == STATUS_TEXTS[status]
    after = pictures.view.viewport().grab().toImage()
    assert (before == after) is (status is PictureStatus.NEW)


@pytest.mark.parametrize("grid", [False, True])
def test_exports_and_notes_have_marks_and_words(pictures: ImageList, grid: bool) -> None:  # noqa: FBT001
    pictures.set_grid(on=grid)
    looks = [pictures.view.viewport().grab().toImage()]
    for mark in (Exported.CURRENT, Exported.CHANGED):
        pictures.folder.learn(PATHS[0], exported=mark)
        looks.append(pictures.view.viewport().grab().toImage())
    tip = pictures.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Changed since its export" in tip
    pictures.folder.set_note(PATHS[0], "Ask Anna")
    looks.append(pictures.view.viewport().grab().toImage())
    assert all(one != other for number, one in enumerate(looks) for other in looks[number + 1 :])
    assert "Note: Ask Anna" in pictures.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Ask Anna" in pictures.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_picture_on_screen_has_a_sign_that_selecting_does_not_move(pictures: ImageList) -> None:
    def sign(row: int) -> bool:
        rect = pictures.view.visualRect(pictures.model.index(row))
        image = pictures.view.viewport().grab().toImage()
        return image.pixelColor(rect.left() + 1, rect.center().y()) == pictures.palette().accent().color()

    click(pictures, 1)
    assert sign(1)
    click(pictures, 3, CTRL)
    assert sign(1)
    assert not sign(3)


def test_the_second_line_tells_what_the_list_is_sorted_by(pictures: ImageList) -> None:
    folder, line = pictures.folder, pictures.model.index
    folder.learn(PATHS[0], unlabelled=0.124, uncertainty=0.5, size=2_340_000, mtime_ns=0)
    for by, text in (
        (SortBy.UNLABELLED, "12 % unlabelled"),
        (SortBy.UNCERTAINTY, "50 % uncertain"),
        (SortBy.SIZE, "2.3 MB"),
        (SortBy.NAME, "New"),
    ):
        arrange_by_hand(pictures, by)
        place = pictures.model.place(PATHS[0])
        assert line(place).data(PictureRole.LINE) == text
        assert line(place).data() == "boat.jpg"
    arrange_by_hand(pictures, SortBy.UNLABELLED)
    assert line(1).data(PictureRole.LINE) == "New"  # its share is unknown
    assert "12 % unlabelled" in line(0).data(Qt.ItemDataRole.ToolTipRole)


def test_pictures_of_sub_folders_are_called_by_their_own_names(pictures: ImageList) -> None:
    fill(pictures.folder, ["a.jpg", "deep/er/b.jpg"])
    assert listed(pictures) == ["a.jpg", "b.jpg"]
    pictures.filter.setText("er")
    assert listed(pictures) == ["b.jpg"]


# --- thumbnails -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [False, True])
def test_a_thumbnail_is_drawn_and_not_asked_for_again(qtbot: QtBot, pictures: ImageList, grid: bool) -> None:  # noqa: FBT001
    pictures.set_grid(on=grid)
    wanted: list[Path] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    fill(pictures.folder)
    qtbot.waitUntil(lambda: len(wanted) == 5)
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 200
    pictures.set_thumbnail(PATHS[0], red[:, :-1])  # rows that are not a multiple of four bytes
    rect = pictures.view.visualRect(pictures.model.index(0))
    image = pictures.view.viewport().grab().toImage()
    seen = image.pixelColor(QPoint(rect.left() + 40, rect.top() + 30) * image.devicePixelRatio())
    assert seen.getRgb()[:3] == (200, 0, 0)
    pictures.set_thumbnail(Path("/gone.jpg"), red)
    pictures.resize(240, 420)
    qtbot.wait(60)
    assert len(wanted) == 5


def test_another_screen_asks_for_other_thumbnails_and_shows_the_old_ones_meanwhile(
    qtbot: QtBot, pictures: ImageList, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[Path] = []
    ratios: list[float] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    pictures.view.ratio_changed.connect(ratios.append)
    fill(pictures.folder)
    qtbot.waitUntil(lambda: len(wanted) == 5)
    for path in PATHS:
        pictures.set_thumbnail(path, np.zeros((48, 64, 3), np.uint8))
    here = pictures.view.devicePixelRatioF()
    monkeypatch.setattr(pictures.view, "devicePixelRatioF", lambda: here + 1)
    QApplication.sendEvent(pictures.view, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert ratios == [here + 1]
    qtbot.waitUntil(lambda: len(wanted) == 10)
    assert pictures.model.index(0).data(PictureRole.THUMBNAIL).width() == 64
    pictures.set_thumbnail(PATHS[0], np.zeros((96, 128, 3), np.uint8))
    assert pictures.model.index(0).data(PictureRole.THUMBNAIL).width() == 128
    assert not pictures.model.lacks_thumbnail(0)
    assert pictures.model.lacks_thumbnail(1)


def test_seen_pictures_whose_files_are_others_now_are_asked_for_again(qtbot: QtBot, pictures: ImageList) -> None:
    wanted: list[Path] = []
    fill(pictures.folder)
    for path in PATHS:
        pictures.set_thumbnail(path, np.zeros((48, 64, 3), np.uint8))
    pictures.thumbnail_wanted.connect(wanted.append)
    pictures.folder.files_changed.emit(np.array([1, 3], np.intp))
    qtbot.waitUntil(lambda: len(wanted) == 2)
    assert wanted == [PATHS[1], PATHS[3]]


def test_only_what_is_seen_is_asked_for(qtbot: QtBot, pictures: ImageList) -> None:
    wanted: list[Path] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    fill(pictures.folder, many(10_000))
    paths = [ROOT / name for name in many(10_000)]
    qtbot.waitUntil(lambda: len(wanted) > 0)
    room = pictures.view.viewport().height() // pictures.view.visualRect(pictures.model.index(0)).height()
    assert wanted == paths[: len(wanted)]
    assert room <= len(wanted) <= room + 2
    wanted.clear()
    pictures.select(paths[7000])
    qtbot.waitUntil(lambda: paths[7000] in wanted)
    assert len(wanted) <= room + 2
    wanted.clear()
    pictures.filter.setText("0999")
    qtbot.waitUntil(lambda: paths[9990] in wanted)
    assert pictures.count.text() == "11 of 10,000"


def test_what_was_passed_is_asked_for_again_when_it_is_seen_again(qtbot: QtBot, pictures: ImageList) -> None:
    wanted: list[Path] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    fill(pictures.folder, many(1000))
    qtbot.waitUntil(lambda: len(wanted) > 0)
    first = wanted[0]
    pictures.view.scrollToBottom()
    qtbot.waitUntil(lambda: wanted[-1] == ROOT / many(1000)[-1])
    pictures.view.scrollToTop()
    qtbot.waitUntil(lambda: wanted.count(first) == 2)


def test_thumbnails_are_bounded_and_those_seen_longest_ago_go_first(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = 12
    monkeypatch.setattr(app.panels.picture_model, "KEPT_BYTES", kept * 2 * 2 * 4)
    names = many(kept + 3)
    model = PictureModel(fill(Folder(), names))
    for number, name in enumerate(names):
        if number > kept:
            assert model.index(0).data(PictureRole.THUMBNAIL) is not None
        model.set_thumbnail(ROOT / name, np.zeros((2, 2, 3), np.uint8))
        if number == kept - 1:
            assert model.index(0).data(PictureRole.THUMBNAIL) is not None
    assert [row for row in range(len(names)) if model.lacks_thumbnail(row)] == [1, 2, 3]
