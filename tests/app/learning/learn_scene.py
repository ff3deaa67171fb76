"""A folder in which somebody has finished pictures, and the dialog of learning from them, by keys."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.learning.dialog import LearnDialog
from app.learning.standing import Phase
from app.main_window import MainWindow
from tests.app import learn_child
from tests.core.project.projects import Painter

PATIENCE = 10_000  # ms
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
PICTURES, CORRECTED = 8, 6  # the first six are corrected


def has_masks(window: MainWindow) -> bool:
    document = window.session.document
    return document is not None and document.layer_mode is not None


def worked_on(folder: Path, *, done: int, corrected: int = CORRECTED) -> None:
    """Somebody has corrected the first pictures, and marked the first of them as done."""
    with closing(ProjectStore.open(folder, folder / FILE_NAME)) as store:
        for number in range(corrected):
            Painter(store, f"{number}.png", shape=(80, 100 + number), first=10 * number + 1).paint()
        store.set_statuses([f"{number}.png" for number in range(done)], PictureStatus.DONE)


def asked(window: MainWindow, qtbot: QtBot) -> LearnDialog:
    """The dialog, by its key, once it knows what there is."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=PATIENCE)
    QTest.keyClick(window, Qt.Key.Key_L, CONTROL)
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(LearnDialog)), timeout=PATIENCE)
    (dialog,) = window.findChildren(LearnDialog)
    qtbot.waitUntil(dialog.isActiveWindow, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.learn.is_idle() or window.learn.job.active, timeout=PATIENCE)
    return dialog


def button(dialog: QWidget, text: str) -> QPushButton:
    (found,) = (
        one
        for one in dialog.findChildren(QPushButton)
        if one.isVisible() and one.text().replace("&", "").startswith(text)
    )
    return found


def texts(dialog: QWidget) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def alt(qtbot: QtBot, dialog: QWidget, key: Qt.Key, happens: Callable[[], bool]) -> None:
    """Press a button by its letter: it goes down for a moment that one can see."""
    qtbot.keyClick(dialog, key, ALT)
    qtbot.waitUntil(happens, timeout=PATIENCE)


def phase(window: MainWindow) -> Phase:
    return window.learn.job.standing.phase


def until(window: MainWindow, qtbot: QtBot, wanted: Phase) -> None:
    qtbot.waitUntil(lambda: phase(window) is wanted, timeout=PATIENCE)


def begun(window: MainWindow, qtbot: QtBot) -> LearnDialog:
    """The training is in its middle, where the child holds."""
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.learn.job.standing.done == learn_child.MIDDLE, timeout=PATIENCE)
    return dialog


def stopped(window: MainWindow, qtbot: QtBot) -> LearnDialog:
    """Somebody stops the job in its middle."""
    dialog = begun(window, qtbot)
    alt(qtbot, dialog, Qt.Key.Key_S, lambda: phase(window) is Phase.STOPPED)
    return dialog


def ended_unseen(window: MainWindow, qtbot: QtBot) -> LearnDialog:
    """The job ends while nobody looks at its dialog."""
    dialog = begun(window, qtbot)
    alt(qtbot, dialog, Qt.Key.Key_P, lambda: phase(window) is Phase.PAUSED)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    window.learn.job.resume()
    until(window, qtbot, Phase.FINISHED)
    return dialog


def human_pixels(folder: Path) -> dict[str, bytes | None]:
    """What a person decided, by picture, as the project has it."""
    with closing(ProjectStore.open(folder, folder / FILE_NAME, read_only=True)) as store:
        stored = {row.name: store.load(row.name, most_bytes=0) for row in store.rows()}
    return {
        name: None if one is None or one.corrections is None else one.corrections.to_bytes()
        for name, one in stored.items()
    }
