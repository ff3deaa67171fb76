"""What the conversation around an export proposes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import app.exporting.flow
from app.core.catalogue import STATUSES, Catalogue
from app.core.export import ExportOptions
from app.core.export_plan import ExportPlan
from app.core.pictures import PictureStatus
from app.desk import Desk
from app.exporting.flow import ExportFlow
from app.listing.folder import Arrangement
from app.listing.rows import FolderRows
from app.settings import Settings
from resources.samples import sample_paths
from tests.app.desk_scene import correct_corner, predicted


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
    monkeypatch.setattr(app.exporting.flow, "ExportDialog", asked)
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
    unreadable = np.arange(7, 507, dtype=np.intp)
    folder.learn_columns(
        unreadable,
        reasons={f"{number}.jpg": f"{number}.jpg is empty." for number in unreadable.tolist()},
        status=np.full(unreadable.size, STATUSES.index(PictureStatus.UNREADABLE), np.uint8),
    )
    made: list[int] = []
    item, path = FolderRows.__getitem__, folder.path
    monkeypatch.setattr(FolderRows, "__getitem__", lambda self, index: made.append(index) or item(self, index))
    monkeypatch.setattr(folder, "path", lambda row: made.append(row) or path(row))
    flow.ask(FolderRows.of(folder), Settings())
    assert (len(asked.pictures), asked.given["skipped"]) == (500, 500)
    assert len(made) < 10
    assert Path("/photos/7.jpg") not in list(asked.pictures)


def test_pictures_of_the_folder_that_cannot_be_read_are_told_with_their_reasons(
    flow: ExportFlow, asked: Asked, desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those with corrections are exported: they are a person's work."""
    desk.open([photos[0].parent])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.folder.complete and desk.idle)
    correct_corner(desk)
    for path in (photos[0], photos[3]):
        desk.folder.learn(path, status=PictureStatus.UNREADABLE, reason=f"{path.name} is empty.")
    plans: list[ExportPlan] = []
    monkeypatch.setattr(flow._exporter, "start", plans.append)
    monkeypatch.setattr(asked, "exec", lambda: True)
    monkeypatch.setattr(asked, "folder", lambda: photos[0].parent / "labels", raising=False)
    monkeypatch.setattr(asked, "options", ExportOptions, raising=False)
    flow.ask(FolderRows.of(desk.folder), Settings())
    qtbot.waitUntil(lambda: bool(plans))
    assert list(plans[0].targets) == [photos[0], photos[1], photos[2], photos[4]]
    assert plans[0].refused == {photos[3]: f"{photos[3].name} is empty."}
