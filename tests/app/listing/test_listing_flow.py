"""A folder is opened: the first photo, then the list, what the project knows, and what becomes of it on the disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

import app.listing.facts
import app.listing.flow
from app.answering.model_in_use import ModelChoice
from app.core.catalogue import ClassShare, Exported, Filter, Sort, SortBy
from app.core.pictures import PictureStatus
from app.core.project.areas import FolderAreas
from app.core.project.parts import EVERY_ROW
from app.core.project.store import ProjectStore
from app.desk import Desk
from app.dialogs import ReasonsDialog
from app.editing.session import Session
from app.settings import Settings
from tests.app.desk_scene import FakeSegmenter, correct_corner, predicted
from tests.app.windows import shown_window
from tests.app.working import make_photo


class Held:
    """A function that has its answer and keeps it to itself until the gate opens."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function
        self.answered = threading.Event()
        self.gate = threading.Event()

    def __call__(self, *arguments: object, **more: object) -> object:
        answer = self._function(*arguments, **more)
        self.answered.set()
        assert self.gate.wait(10)
        return answer


@pytest.fixture
def again(segmenter: FakeSegmenter) -> Iterator[Callable[[], Desk]]:
    """Makes a desk as the next start has it."""
    desks: list[Desk] = []

    def make() -> Desk:
        desks.append(Desk(Session(Settings()), ModelChoice()))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


def opened(desk: Desk, folder: Path, qtbot: QtBot, *, below: bool | None = None) -> None:
    desk.open([folder], below=below)
    qtbot.waitUntil(lambda: desk.folder.root == folder and desk.folder.complete and desk.idle)


def listed(desk: Desk) -> list[str]:
    return list(desk.folder.catalogue.names)


def test_the_first_photo_is_there_before_the_list(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, search = threading.Event(), app.listing.flow.list_folder

    def slow(*arguments: object, **more: object) -> object:
        assert gate.wait(10)
        return search(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(app.listing.flow, "list_folder", slow)
    desk.open([photos[0].parent])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert (listed(desk), desk.folder.complete) == (["0.png"], False)
    correct_corner(desk)
    gate.set()
    qtbot.waitUntil(lambda: desk.folder.complete)
    assert listed(desk) == [path.name for path in photos]
    assert desk.folder.status(photos[0]) is PictureStatus.IN_WORK
    assert desk.folder.next(photos[0]) == photos[1]


def test_new_and_vanished_files_are_noticed_and_nothing_else_moves(
    desk: Desk, photos: list[Path], qtbot: QtBot
) -> None:
    opened(desk, photos[0].parent, qtbot)
    desk.show(photos[1])
    desk.folder.arrange(filter=Filter(text="png"), sort=Sort(SortBy.NAME, descending=True))
    qtbot.waitUntil(lambda: desk.folder.place(photos[4]) == 0)
    desk.folder.set_note(photos[1], "the sea")
    photos[3].rename(photos[3].with_name("7.png"))
    (photos[0].parent / "8.jpg").write_bytes(b"")
    qtbot.waitUntil(lambda: len(desk.folder) == 6 and desk.idle)
    assert [path.name for path in desk.folder.shown()] == ["7.png", "4.png", "2.png", "1.png", "0.png"]
    assert desk.current == photos[1]
    assert (desk.folder.note(photos[1]), desk.folder.facts(photos[1]).noted) == ("the sea", True)


def test_what_was_done_is_in_the_list_of_the_next_start(
    desk: Desk, photos: list[Path], qtbot: QtBot, again: Callable[[], Desk]
) -> None:
    opened(desk, photos[0].parent, qtbot)
    correct_corner(desk)
    session = desk.session
    session.mark_exported(photos[0], session.export_state(photos[0], rest=session.rest))
    qtbot.waitUntil(lambda: desk.folder.facts(photos[0]).exported is Exported.CURRENT)
    correct_corner(desk, value=9)
    qtbot.waitUntil(lambda: desk.folder.facts(photos[0]).exported is Exported.CHANGED)
    desk.folder.set_status(photos[3], PictureStatus.SKIPPED, "blurred")
    desk.folder.set_note(photos[3], "the sea")
    desk.listing.choices.set(photos[0], "export folder", "/labels")
    desk.show(photos[4])
    qtbot.waitUntil(lambda: predicted(desk, photos[4]) and desk.idle)
    desk.close()
    later = again()
    opened(later, photos[0].parent, qtbot)
    folder = later.folder
    assert folder.status(photos[0]) is PictureStatus.IN_WORK
    assert folder.facts(photos[0]).exported is Exported.CHANGED
    assert (folder.status(photos[3]), folder.reason(photos[3])) == (PictureStatus.SKIPPED, "blurred")
    assert folder.note(photos[3]) == "the sea"
    assert later.listing.choices.get(photos[2], "export folder") == "/labels"
    assert folder.facts(photos[1]).size == photos[1].stat().st_size
    assert folder.facts(photos[0]).unlabelled is not None


def test_pictures_with_a_class_are_found_through_the_project(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    opened(desk, photos[0].parent, qtbot)
    qtbot.waitUntil(lambda: predicted(desk, photos[1]) and desk.idle)
    shown = 100 % 150 + 1  # of the network for the first photo, by its width
    desk.folder.arrange(filter=Filter(of_class=ClassShare(shown, 0.5)))
    qtbot.waitUntil(lambda: desk.folder.shown() == photos[:1])


def test_areas_are_read_again_only_where_they_changed(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[range] = []
    areas = ProjectStore.areas
    opened(desk, photos[0].parent, qtbot)
    qtbot.waitUntil(lambda: predicted(desk, photos[1]) and desk.idle)

    def counted(store: ProjectStore, names: list[str] | None = None, *, part: range = EVERY_ROW) -> FolderAreas:
        read.extend([part] * (names is None))
        return areas(store, names, part=part)

    monkeypatch.setattr(ProjectStore, "areas", counted)
    shown = [number % 150 + 1 for number in (100, 101)]
    for share in (0.5, 0.4, 0.3):
        desk.folder.arrange(filter=Filter(of_class=ClassShare(shown[0], share)))
        qtbot.waitUntil(lambda: desk.folder.shown() == photos[:1] and desk.idle)
    assert len(read) == 1
    desk.folder.arrange(filter=Filter(of_class=ClassShare(shown[1], 0.5)))
    qtbot.waitUntil(lambda: desk.folder.shown() == photos[1:2] and desk.idle)
    assert len(read) == 1
    desk.show(photos[2])
    qtbot.waitUntil(lambda: predicted(desk, photos[2]) and desk.idle)
    desk.folder.arrange(filter=Filter(of_class=ClassShare(102 % 150 + 1, 0.5)))
    qtbot.waitUntil(lambda: desk.folder.shown() == photos[2:3] and desk.idle)
    assert len(read) == 2


def test_folders_below_are_listed_when_asked_for_and_so_the_next_time(
    desk: Desk, photos: list[Path], qtbot: QtBot, again: Callable[[], Desk]
) -> None:
    below = photos[0].parent / "below"
    below.mkdir()
    photos[4].rename(below / "4.png")
    (below / "back").symlink_to(photos[0].parent)
    opened(desk, photos[0].parent, qtbot)
    assert listed(desk) == ["0.png", "1.png", "2.png", "3.png"]
    opened(desk, photos[0].parent, qtbot, below=True)
    assert listed(desk) == ["0.png", "1.png", "2.png", "3.png", "below/4.png"]
    desk.folder.set_status(below / "4.png", PictureStatus.DONE)
    desk.close()
    later = again()
    opened(later, photos[0].parent, qtbot)
    assert later.folder.status(below / "4.png") is PictureStatus.DONE
    opened(later, below, qtbot)
    assert later.folder.status(below / "4.png") is PictureStatus.DONE  # in the project of the folder above
    opened(later, photos[0].parent, qtbot, below=False)
    assert len(later.folder) == 4


def test_a_photo_that_became_another_is_told_and_new_ones_come_back(
    desk: Desk, photos: list[Path], qtbot: QtBot, again: Callable[[], Desk]
) -> None:
    opened(desk, photos[0].parent, qtbot)
    correct_corner(desk)
    qtbot.waitUntil(lambda: desk.idle)
    desk.close()
    cv2.imwrite(str(photos[0]), np.full((50, 60, 3), 200, np.uint8))
    later, said = again(), []
    later.said.connect(said.append)
    renewed: list[tuple[Path, tuple[int, ...]]] = []
    later.thumbnails.ready.connect(lambda path, thumbnail: renewed.append((path, thumbnail.shape)))
    opened(later, photos[0].parent, qtbot)
    assert renewed == [(photos[0], (50, 60, 3))]
    assert any("0.png has changed on disk" in sentence for sentence in said)


def test_what_cannot_be_looked_at_is_one_sentence(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    for name in ("x.jpg", "y.jpg"):
        (photos[0].parent / name).symlink_to(photos[0].parent / "nowhere")
    said: list[str] = []
    desk.listing.complained.connect(said.append)
    opened(desk, photos[0].parent, qtbot)
    assert len(desk.folder) == 5
    assert [sentence for sentence in said if "1 more cannot be looked at either" in sentence]


def test_what_is_not_in_the_list_is_found_for_as_long_as_it_lies_there(qtbot: QtBot, tmp_path: Path) -> None:
    make_photo(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "x.jpg").symlink_to(tmp_path / "nowhere")
    window = shown_window(qtbot, Settings())
    button = window.image_list.not_listed
    assert not button.isVisible()
    window.desk.open([tmp_path])
    qtbot.waitUntil(button.isVisible)
    assert button.toolTip() == "2 entries of the folder cannot be looked at. Click to read why."
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    (dialog,) = window.findChildren(ReasonsDialog)
    listed = dialog.findChild(QListWidget)
    assert isinstance(listed, QListWidget)
    assert sorted(listed.item(row).text() for row in range(2)) == [
        "pipe.jpg is a pipe or a device, not a file with a photo.",
        "x.jpg is a link to a file that is not there.",
    ]
    dialog.accept()
    qtbot.waitUntil(lambda: window.desk.idle)
    (tmp_path / "x.jpg").unlink()
    window.desk.listing.watch.changed.emit()
    qtbot.waitUntil(lambda: button.toolTip().startswith("pipe.jpg is a pipe"))
    (tmp_path / "pipe.jpg").unlink()
    window.desk.listing.watch.changed.emit()
    qtbot.waitUntil(lambda: not button.isVisible())


def test_what_is_said_while_files_come_and_go_stays_with_its_picture(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos[0].parent
    opened(desk, folder, qtbot)
    search = Held(app.listing.flow.list_folder)
    monkeypatch.setattr(app.listing.flow, "list_folder", search)
    photos[0].unlink()
    qtbot.waitUntil(search.answered.is_set)
    rows = np.array([desk.folder.row(photos[0]), desk.folder.row(photos[2])], np.intp)
    desk.folder.set_statuses(rows, PictureStatus.DONE)
    search.gate.set()
    qtbot.waitUntil(lambda: photos[0] not in desk.folder and desk.idle)
    assert [desk.folder.status(path) is PictureStatus.DONE for path in photos[1:4]] == [False, True, False]


def test_the_project_is_asked_again_when_files_come_and_go_while_it_is_asked(
    desk: Desk, again: Callable[[], Desk], photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos[0].parent
    opened(desk, folder, qtbot)
    desk.folder.set_status(photos[3], PictureStatus.SKIPPED, "blurred")
    qtbot.waitUntil(lambda: desk.idle)
    desk.close()
    gather = Held(app.listing.facts.gather)
    monkeypatch.setattr(app.listing.facts, "gather", gather)
    desk = again()
    desk.open([folder])
    qtbot.waitUntil(lambda: gather.answered.is_set() and not desk.listing.watch.noticed)
    photos[0].unlink()
    qtbot.waitUntil(lambda: photos[0] not in desk.folder)
    gather.gate.set()
    qtbot.waitUntil(lambda: desk.idle)
    skipped = [path for path in photos[1:] if desk.folder.status(path) is PictureStatus.SKIPPED]
    assert skipped == [photos[3]]
    assert desk.folder.reason(photos[3]) == "blurred"


def test_many_pictures_that_are_marked_while_the_project_is_asked_stay_marked(
    desk: Desk, again: Callable[[], Desk], photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos[0].parent
    opened(desk, folder, qtbot)
    desk.folder.set_status(photos[3], PictureStatus.SKIPPED, "blurred")
    desk.folder.set_status(photos[2], PictureStatus.SKIPPED, "dark")
    qtbot.waitUntil(lambda: desk.idle)
    desk.close()
    gather = Held(app.listing.facts.gather)
    monkeypatch.setattr(app.listing.facts, "gather", gather)
    desk = again()
    desk.open([folder])
    qtbot.waitUntil(gather.answered.is_set)
    desk.folder.set_status(photos[3], PictureStatus.DONE)
    gather.gate.set()
    qtbot.waitUntil(lambda: desk.folder.status(photos[2]) is PictureStatus.SKIPPED)
    assert desk.folder.status(photos[3]) is PictureStatus.DONE
    assert desk.folder.reason(photos[3]) == ""
    qtbot.waitUntil(lambda: desk.idle)
    assert desk.folder.status(photos[3]) is PictureStatus.DONE


def test_a_folder_whose_photos_are_all_below_says_how_to_open_it(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    make_photo(tmp_path / "pair" / "images" / "a.png")
    (tmp_path / "empty" / ".hidden").mkdir(parents=True)
    (tmp_path / "empty" / "circle").symlink_to("circle")  # no folder, and no trouble
    said: list[str] = []
    desk.listing.said.connect(said.append)
    desk.open([tmp_path / "pair"])
    qtbot.waitUntil(lambda: bool(said) and said[-1] != "")
    assert said[-1] == "There is no photo in pair itself. Ctrl+Alt+O opens a folder with its sub-folders."
    desk.open([tmp_path / "empty"])
    qtbot.waitUntil(lambda: said[-1].startswith("There is no photo in empty (JPEG"))
