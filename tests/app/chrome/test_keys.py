"""Keys that compare while they are held, wherever the focus is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.chrome.actions import ACTIONS, Act
from app.chrome.keys import WindowKeys
from app.chrome.shortcuts_dialog import ShortcutsDialog
from app.core.arrays import U8
from app.core.document import ViewMode
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.dialogs import SummaryDialog, choose, show_about, show_not_listed
from app.editing.session import Session
from app.exporting.exporter import ExportSummary
from app.learning.dialog import LearnDialog
from app.main_window import MainWindow
from app.settings import Settings
from app.tools import make_tool
from tests.app.canvas.scene import HEIGHT, PATH, WIDTH, predict, show_photo, spot, unsigned
from tests.app.windows import shown_window

V, NETWORK = (Qt.Key(QKeySequence(ACTIONS[act].keys[0])[0].key()) for act in (Act.BARE, Act.NETWORK_ONLY))


@pytest.fixture
def canvas(qtbot: QtBot, qapp: QApplication) -> Iterator[Canvas]:
    """A window with a corrected picture."""
    session = Session(Settings())
    window, canvas = QMainWindow(), Canvas(session)
    window.setCentralWidget(canvas)
    qtbot.addWidget(window)
    window.resize(500, 400)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    show_photo(session)
    predict(session)
    canvas.setFocus()
    keys = WindowKeys(window, canvas)
    qapp.installEventFilter(keys)
    yield canvas
    qapp.removeEventFilter(keys)
    session.close_all()


@pytest.fixture
def before(canvas: Canvas) -> U8:
    """The picture as the network left it."""
    predicted = unsigned(canvas)
    gesture = canvas.session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(5, 5, WIDTH - 5, HEIGHT - 5), None, human_value(10))
    gesture.commit()
    assert (unsigned(canvas) != predicted).any()
    return predicted


def test_a_key_shows_what_the_network_said(canvas: Canvas, before: U8) -> None:
    corrected = unsigned(canvas)
    QTest.keyPress(canvas, NETWORK)
    assert np.array_equal(unsigned(canvas), before)
    QTest.keyRelease(canvas, NETWORK, Qt.KeyboardModifier.ShiftModifier)  # whatever else is held by now
    assert np.array_equal(unsigned(canvas), corrected)


def test_with_both_held_the_photo_is_seen(canvas: Canvas, before: U8) -> None:
    canvas.session.set_overlay(opacity=0)
    photo = unsigned(canvas)
    canvas.session.set_overlay(opacity=0.55)
    corrected = unsigned(canvas)
    QTest.keyPress(canvas, NETWORK)
    QTest.keyPress(canvas, V)
    assert np.array_equal(unsigned(canvas), photo)
    QTest.keyRelease(canvas, V)
    assert np.array_equal(unsigned(canvas), before)
    QTest.keyRelease(canvas, NETWORK)
    assert np.array_equal(unsigned(canvas), corrected)


@pytest.mark.parametrize("key", [V, NETWORK])
def test_leaving_the_window_ends_it(canvas: Canvas, before: U8, key: Qt.Key) -> None:
    corrected = unsigned(canvas)
    QTest.keyPress(canvas, key)
    assert not np.array_equal(unsigned(canvas), corrected)
    QApplication.sendEvent(canvas.window(), QEvent(QEvent.Type.WindowDeactivate))
    assert np.array_equal(unsigned(canvas), corrected)


@pytest.mark.parametrize("key", [V, NETWORK])
def test_other_modifiers_and_text_fields_are_left_alone(canvas: Canvas, before: U8, key: Qt.Key) -> None:
    corrected = unsigned(canvas)
    QTest.keyPress(canvas, key, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(unsigned(canvas), corrected)
    field = QLineEdit(canvas.window())
    field.show()
    field.setFocus()
    corrected = unsigned(canvas)
    QTest.keyClick(field, key)
    assert field.text()  # it is a letter there
    assert np.array_equal(unsigned(canvas), corrected)


@pytest.mark.parametrize("key", [V, NETWORK])
def test_after_a_press_a_key_that_is_still_down_starts_nothing_again(canvas: Canvas, before: U8, key: Qt.Key) -> None:
    canvas.set_tool(make_tool("brush", canvas.session))
    QTest.keyPress(canvas, key)
    assert canvas.comparing.seen is not None
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):  # as X11 repeats a key that is held
        QApplication.sendEvent(canvas, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, "", True))
    assert canvas.comparing.seen is None
    QTest.keyRelease(canvas, key)
    QTest.keyPress(canvas, key)
    assert canvas.comparing.seen is not None
    QTest.keyRelease(canvas, key)


# --- the keyboard goes back to the picture ----------------------------------------------------------------------------


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = shown_window(qtbot, Settings(), height=720)
    show_photo(window.session)
    predict(window.session)
    return window


def press(*keys: Qt.Key) -> None:
    """Wherever the focus is by then."""
    for key in keys:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key)


def test_keys_go_on_working_when_the_control_that_had_them_goes_out_of_use(window: MainWindow) -> None:
    slider = window.threshold_panel.slider
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center())
    assert slider.hasFocus()
    press(Qt.Key.Key_M, Qt.Key.Key_M, Qt.Key.Key_B)
    assert window.session.mode is ViewMode.SEGMENTS
    assert window.canvas.tool is not None
    assert window.canvas.tool.id == "brush"
    assert window.canvas.hasFocus()
    assert window.legend.search.text() == ""


def test_keys_go_on_working_when_the_button_that_had_them_is_gone(window: MainWindow) -> None:
    press(Qt.Key.Key_D)
    for x, y in ((20, 20), (60, 20), (60, 60)):
        QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=spot(window.canvas, x, y))
    accept = window.tool_options.accept_button
    accept.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.mouseClick(accept, Qt.MouseButton.LeftButton)
    assert not accept.isVisible()
    assert window.canvas.hasFocus()
    press(Qt.Key.Key_B)
    assert window.canvas.tool is not None
    assert window.canvas.tool.id == "brush"


# --- leaving ----------------------------------------------------------------------------------------------------------

DIALOGS: dict[str, Callable[[MainWindow], object]] = {
    "models and devices": lambda window: window.models.show(),
    "learning": lambda window: LearnDialog(refusal_of_name=str, parent=window).come_up(),
    "a list of reasons": lambda window: show_not_listed(["a.txt: not a photo"], parent=window),
}


def shown_dialog(window: MainWindow, qtbot: QtBot) -> QDialog:
    (dialog,) = (one for one in window.findChildren(QDialog) if one.isVisible())
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


@pytest.mark.parametrize("name", DIALOGS)
def test_quit_closes_the_window_also_from_a_dialog_beside_the_work(qtbot: QtBot, name: str) -> None:
    window = shown_window(qtbot, Settings())
    DIALOGS[name](window)
    dialog = shown_dialog(window, qtbot)
    QTest.keyClick(dialog, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert not window.isVisible()
    dialog.close()


def asked(window: MainWindow) -> int | None:
    return choose(window, title="Use it?", text="It got worse.", choices=("Use it",), cancel="Leave it")


def quit_from(dialog: QDialog) -> None:
    """Ctrl+Q by the keyboard, wherever in the dialog the focus is."""
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)


QUESTIONS: dict[str, Callable[[MainWindow], object]] = {
    "a question": asked,
    "the export": lambda window: window.export_flow.ask([PATH], Settings()),
    "the keys": lambda window: ShortcutsDialog(parent=window).exec(),
    "about": lambda window: show_about(parent=window),
    "a folder for the export": lambda window: QFileDialog.getExistingDirectory(window),
    "a summary": lambda window: SummaryDialog(ExportSummary(Path()), parent=window).open(),
}


@pytest.fixture
def told(qtbot: QtBot) -> Iterator[Callable[..., list[str]]]:
    """Does one thing after the other, each to the next dialog that wants an answer; the titles of these."""
    timer, acts, titles = QTimer(interval=0), list[Callable[[QDialog], object]](), list[str]()

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if acts and isinstance(dialog, QDialog) and dialog.isActiveWindow():
            titles.append(dialog.windowTitle())
            acts.pop(0)(dialog)

    def tell(*wanted: Callable[[QDialog], object]) -> list[str]:
        acts.extend(wanted)
        timer.start()
        return titles

    timer.timeout.connect(look)
    yield tell
    timer.stop()
    assert acts == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_quit_in_a_dialog_that_wants_an_answer_cancels_it_and_closes_the_window(
    qtbot: QtBot, told: Callable[..., list[str]], name: str
) -> None:
    window = shown_window(qtbot, Settings())
    show_photo(window.session)
    told(quit_from)
    QTimer.singleShot(0, lambda: QUESTIONS[name](window))
    qtbot.waitUntil(lambda: not window.isVisible())


def test_whoever_has_asked_has_the_answer_before_the_window_closes(
    qtbot: QtBot, told: Callable[..., list[str]]
) -> None:
    window, answers = shown_window(qtbot, Settings()), []
    told(quit_from)

    def ask() -> None:
        answers.append((asked(window), window.isVisible()))
        answers.append((asked(window), window.isVisible()))  # comes of the first answer: the same key cancels it

    QTimer.singleShot(0, ask)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert answers == [(None, True)] * 2


def test_wanting_to_quit_is_no_answer_to_whether_corrections_may_be_lost(
    qtbot: QtBot, told: Callable[..., list[str]]
) -> None:
    window = shown_window(qtbot, Settings())
    show_photo(window.session)
    predict(window.session)
    gesture = window.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 9, 9), None, human_value(3))
    gesture.commit()
    titles = told(quit_from, QDialog.reject)
    QTimer.singleShot(0, window.close)
    qtbot.waitUntil(lambda: titles == ["Corrections not exported"] * 2)
    assert window.isVisible()
