"""What the conversation around an export proposes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import app.export_flow
from app.core.catalogue import Catalogue
from app.core.pictures import PictureStatus
from app.desk import Desk
from app.export_flow import ExportFlow
from app.folder import Arrangement
from app.folder_rows import FolderRows
from app.settings import Settings
from resources.samples import sample_paths
from tests.app.desk_scene import predicted


class Asked:
    """Stands in for the dialog: remembers what it was given and is closed without an answer."""

    def __init__(self) -> None:
        self.pictures: list[Path] = []
        self.given: dict[str, Any] = {}

    def __call__(self, pictures: list[Path], **given: Any) -> Asked:
        self.pictures, self.given = pictures, given
        return self

    def exec(self) -> bool:
        return False


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    monkeypatch.setattr(app.export_flow, "ExportDialog", asked)
    return asked


@pytest.fixture
def flow(desk: Desk, qtbot: QtBot) -> ExportFlow:
    window = QWidget()
    qtbot.addWidget(window)
    return ExportFlow(desk, desk.session, window)


def test_labels_go_beside_the_photos_until_another_folder_is_chosen_for_them(
    flow: ExportFlow, asked: Asked, photos: list[Path]
) -> None:
    flow.ask(photos, Settings())
    assert asked.given["folder"] == str(photos[0].parent / "labels")
    chosen = replace(Settings(), export_folder="/elsewhere", export_source=str(photos[0].parent))
    flow.ask(photos, chosen)
    assert asked.given["folder"] == "/elsewhere"
    flow.ask(photos, replace(chosen, export_source="/other photos"))
    assert asked.given["folder"] == str(photos[0].parent / "labels")


def test_labels_of_the_samples_never_go_into_the_application(flow: ExportFlow, asked: Asked) -> None:
    flow.ask(sample_paths(), Settings())
    assert Path(asked.given["folder"]).is_relative_to(platformdirs.user_documents_path())


def test_what_cannot_be_read_is_counted_before_the_question(
    flow: ExportFlow, asked: Asked, desk: Desk, photos: list[Path], qtbot: QtBot
) -> None:
    photos[4].write_bytes(b"")
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    desk.thumbnails.request(photos[4])
    qtbot.waitUntil(lambda: desk.folder.status(photos[4]) is PictureStatus.UNREADABLE)
    flow.ask(photos, Settings())
    assert asked.pictures == photos[:4]
    assert asked.given["skipped"] == 1
    said: list[str] = []
    flow.said.connect(said.append)
    asked.pictures = []
    flow.ask(photos[4:], Settings())
    assert asked.pictures == []
    assert "nothing to export" in said[0]


def test_no_path_is_made_of_all_pictures_before_the_question(
    flow: ExportFlow, asked: Asked, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = Catalogue([f"{number}.jpg" for number in range(1000)])
    folder = desk.folder
    folder.take(Path("/photos"), catalogue, Arrangement.of(catalogue, folder.filter, folder.sort))
    folder.learn(Path("/photos/7.jpg"), status=PictureStatus.UNREADABLE, reason="7.jpg is empty.")
    made: list[int] = []
    item = FolderRows.__getitem__
    monkeypatch.setattr(FolderRows, "__getitem__", lambda self, index: made.append(index) or item(self, index))
    flow.ask(FolderRows.of(folder), Settings())
    assert (len(asked.pictures), asked.given["skipped"]) == (999, 1)
    assert len(made) < 10
    assert Path("/photos/7.jpg") not in list(asked.pictures)
