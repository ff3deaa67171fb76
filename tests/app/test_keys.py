"""Keys that compare while they are held, wherever the focus is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.core.arrays import U8
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.keys import WindowKeys
from app.session import Session
from app.settings import Settings
from tests.app.canvas.scene import HEIGHT, WIDTH, grabbed, predict, show_photo

V, SHIFT, NONE = Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier


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
    predicted = grabbed(canvas)
    gesture = canvas.session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(5, 5, WIDTH - 5, HEIGHT - 5), None, human_value(10))
    gesture.commit()
    assert (grabbed(canvas) != predicted).any()
    return predicted


def test_shift_v_shows_what_the_network_said(canvas: Canvas, before: U8) -> None:
    corrected = grabbed(canvas)
    QTest.keyPress(canvas, V, SHIFT)
    assert np.array_equal(grabbed(canvas), before)
    QTest.keyRelease(canvas, V, NONE)  # Shift was let go first
    assert np.array_equal(grabbed(canvas), corrected)


def test_v_shows_the_photo_alone_whatever_was_held_before(canvas: Canvas, before: U8) -> None:
    canvas.session.set_overlay(opacity=0)
    photo = grabbed(canvas)
    canvas.session.set_overlay(opacity=0.5)
    corrected = grabbed(canvas)
    QTest.keyPress(canvas, V, SHIFT)
    QTest.keyPress(canvas, V, NONE)
    assert np.array_equal(grabbed(canvas), photo)
    QTest.keyRelease(canvas, V, NONE)
    assert np.array_equal(grabbed(canvas), corrected)


def test_leaving_the_window_ends_it(canvas: Canvas, before: U8) -> None:
    corrected = grabbed(canvas)
    QTest.keyPress(canvas, V, SHIFT)
    QApplication.sendEvent(canvas.window(), QEvent(QEvent.Type.WindowDeactivate))
    assert np.array_equal(grabbed(canvas), corrected)


def test_other_modifiers_and_text_fields_are_left_alone(canvas: Canvas, before: U8, qtbot: QtBot) -> None:
    corrected = grabbed(canvas)
    QTest.keyPress(canvas, V, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(grabbed(canvas), corrected)
    field = QLineEdit(canvas.window())
    field.show()
    field.setFocus()
    corrected = grabbed(canvas)
    QTest.keyClick(field, V, SHIFT)
    assert field.text()  # it is a letter there
    assert np.array_equal(grabbed(canvas), corrected)
