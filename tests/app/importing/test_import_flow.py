"""An import from the dialog to the list: looked at beside the work, brought in, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.core.ade_png import write_labels
from app.core.catalogue import Exported
from app.core.export import ExportOptions
from app.core.export_plan import plan_export
from app.core.import_labels import photo_frame
from app.core.pictures import PictureStatus
from app.desk import Desk
from app.exporting.exporter import Exporter
from app.importing.dialog import ImportDialog
from app.importing.flow import ImportFlow
from tests.app.desk_scene import predicted
from tests.e2e.story import click_button


@pytest.fixture
def flow(desk: Desk, qtbot: QtBot) -> Iterator[ImportFlow]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    flow = ImportFlow(desk, desk.session, window)
    yield flow
    flow.close()


@pytest.fixture
def files(photos: list[Path], tmp_path: Path) -> Path:
    folder = tmp_path / "annotations"
    folder.mkdir()
    for photo in photos:
        write_labels(folder / photo.name, np.full(photo_frame(photo).shape, 150, np.uint8))
    return folder


def open_all(desk: Desk, qtbot: QtBot, photos: list[Path]) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)


def answer(flow: ImportFlow, qtbot: QtBot, paths: list[Path], act: Callable[[ImportDialog], object]) -> None:
    """Open the dialog on these paths and, once it says what they are, do `act`."""

    def look() -> None:
        dialog = flow._dialog
        assert dialog is not None
        try:
            qtbot.waitUntil(lambda: not dialog._progress.isVisible())
            act(dialog)
        finally:
            if dialog.isVisible():
                dialog.reject()

    QTimer.singleShot(0, look)
    flow.ask(paths)


def test_the_list_knows_of_pictures_that_nobody_opened(
    desk: Desk, flow: ImportFlow, photos: list[Path], files: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    open_all(desk, qtbot, photos)
    exporter = Exporter(desk, desk.session)
    with qtbot.waitSignal(exporter.finished, timeout=10_000):
        exporter.start(plan_export(photos[4:], tmp_path / "out", ExportOptions()))
    assert desk.folder.facts(photos[4]).exported is Exported.CURRENT
    answer(flow, qtbot, [files], ImportDialog.accept)
    qtbot.waitUntil(lambda: not flow.running)
    assert desk.session.find(photos[4]) is None
    assert desk.folder.status(photos[4]) is PictureStatus.IN_WORK
    assert desk.folder.facts(photos[4]).exported is Exported.CHANGED
    with qtbot.waitSignal(exporter.finished, timeout=10_000):
        exporter.start(plan_export(photos[4:], tmp_path / "again", ExportOptions()))
    assert desk.folder.facts(photos[4]).exported is Exported.CURRENT


def test_whoever_cancels_changes_nothing(
    desk: Desk, flow: ImportFlow, photos: list[Path], files: Path, qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos)
    answer(flow, qtbot, [files], ImportDialog.reject)
    assert not flow.running
    assert desk.session.document is not None
    assert not desk.session.document.has_corrections


def test_a_folder_that_is_gone_is_told(desk: Desk, flow: ImportFlow, photos: list[Path], qtbot: QtBot) -> None:
    open_all(desk, qtbot, photos)
    told: list[str] = []
    missing = photos[0].parent / "missing"
    answer(flow, qtbot, [missing], lambda dialog: told.append(dialog._status.text()))
    assert told == ["1 cannot be used."]


def test_without_pictures_there_is_nothing_to_ask(desk: Desk, flow: ImportFlow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.said) as said:
        flow.ask()
    assert said.args == ["Open the pictures first: labels are brought into those of the list."]


@pytest.mark.parametrize(("answer_key", "imports"), [("Import labels", 1), ("Open as pictures", 0)])
def test_labels_that_are_dropped_are_asked_about(
    desk: Desk,
    flow: ImportFlow,
    photos: list[Path],
    files: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    answer_key: str,
    imports: int,
) -> None:
    open_all(desk, qtbot, photos)
    asked: list[list[Path]] = []
    opened: list[str] = []
    monkeypatch.setattr(flow, "ask", asked.append)

    def press() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            click_button(box, answer_key)

    timer = QTimer()
    timer.timeout.connect(press)
    timer.start(20)
    flow.offer([files], lambda: opened.append("pictures"))
    qtbot.waitUntil(lambda: bool(asked or opened))
    timer.stop()
    assert (asked, opened) == ([[files]] if imports else [], [] if imports else ["pictures"])


def test_pictures_that_are_dropped_are_opened(desk: Desk, flow: ImportFlow, photos: list[Path], qtbot: QtBot) -> None:
    opened: list[str] = []
    flow.offer(photos, lambda: opened.append("nothing is open"))
    assert opened
    open_all(desk, qtbot, photos)
    flow.offer(photos, lambda: opened.append("they are no labels"))
    qtbot.waitUntil(lambda: len(opened) == 2)
