"""Asking and relabelling in the real window: real mouse and key events, and what card, row and picture show."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.arrays import U8
from app.core.document import ViewMode
from app.core.segment_map import human_value
from app.main_window import MainWindow
from app.settings import Settings
from app.tools.ask import Ask
from tests.app.canvas.hand import CTRL, LEFT, NONE, RIGHT, drag, leave, wheel
from tests.app.canvas.scene import HEIGHT, PATH, TABLE, WIDTH, map_of, quarters, show_photo, spot
from tests.app.tools.test_ask import POINT, exact
from tests.app.tools.test_ask import prediction as answers
from tests.app.tools.test_guesses import prediction as guessable
from tests.app.windows import shown_window

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = shown_window(qtbot, Settings(current_class=17, tool="brush"))
    show_photo(window.session)
    window.canvas.setFocus()
    return window


@pytest.fixture
def guessing(window: MainWindow) -> MainWindow:
    layer = quarters()
    window.session.attach_prediction(PATH, guessable(), layer=layer, table=TABLE, mode=ViewMode.SEGMENTS)
    return window


@pytest.fixture
def asking(window: MainWindow) -> MainWindow:
    answer = answers()
    layer, table = answer.segment_map(), answer.segment_table()
    window.session.attach_prediction(PATH, answer, layer=layer, table=table, mode=ViewMode.SEGMENTS)
    key(window, Qt.Key.Key_Q)
    assert isinstance(window.canvas.tool, Ask)
    return window


def key(window: MainWindow, code: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(window.canvas, code, held)


def at(window: MainWindow, x: float, y: float) -> QPoint:
    return spot(window.canvas, x, y)


def human(window: MainWindow) -> U8:
    return map_of(window.session).human.copy()


def test_the_status_bar_says_what_j_does(asking: MainWindow) -> None:
    window, probable = asking, "J: next probable class"
    x, y = POINT
    QTest.mouseMove(window.canvas, at(window, x, y))
    assert window.status.text().endswith(probable)
    QTest.mouseClick(window.canvas, LEFT, NONE, at(window, x, y))
    assert "decided by network" in window.status.text()
    assert not window.status.text().endswith(probable), "J goes through the answers of the card"
    key(window, Qt.Key.Key_Escape)
    assert window.status.text().endswith(probable)


def test_j_guesses_with_the_brush_in_hand_and_the_card_follows(guessing: MainWindow) -> None:
    window, card = guessing, guessing.choices_card
    QTest.mouseMove(window.canvas, at(window, 10, 10))
    assert not card.isVisible()
    key(window, Qt.Key.Key_J)
    assert card.isVisible()
    assert card.choices is not None
    assert card.choices.active == 1
    assert np.array_equal(human(window), np.where(quarters() == 1, human_value(17), 0))
    key(window, Qt.Key.Key_J)
    key(window, Qt.Key.Key_J)
    key(window, Qt.Key.Key_J, SHIFT)
    assert card.choices.active == 2
    assert np.array_equal(human(window), np.where(quarters() == 1, human_value(4), 0))
    assert window.session.undo_stack is not None
    assert window.session.undo_stack.count() == 1
    leave(window.canvas)
    assert card.isVisible()
    QTest.mouseMove(window.canvas, at(window, 12, 30))
    assert card.isVisible()


def test_the_pointer_crosses_other_segments_on_its_way_to_an_answer_of_the_card(guessing: MainWindow) -> None:
    window, card = guessing, guessing.choices_card
    QTest.mouseMove(window.canvas, at(window, 10, 70))
    key(window, Qt.Key.Key_J)
    rows = card.choices.rows if card.choices is not None else ()
    QTest.mouseMove(window.canvas, at(window, 100, 70))
    QTest.mouseMove(window.canvas, at(window, 100, 10))
    assert card.isVisible()
    height = next(y for y in range(card.height()) if card.row_at(y) == len(rows) - 1)
    QTest.mouseClick(card, LEFT, NONE, QPoint(card.width() // 2, height + 2))
    assert np.array_equal(human(window), np.where(quarters() == 3, human_value(rows[-1][0]), 0))
    assert window.session.undo_stack is not None
    assert window.session.undo_stack.count() == 1
    QTest.mouseMove(window.canvas, at(window, 100, 10))
    key(window, Qt.Key.Key_Escape)
    assert not human(window).any()


def test_guesses_end_with_a_press_another_tool_and_j_elsewhere(guessing: MainWindow) -> None:
    window, card = guessing, guessing.choices_card
    QTest.mouseMove(window.canvas, at(window, 10, 10))
    key(window, Qt.Key.Key_I)
    key(window, Qt.Key.Key_J)
    QTest.mouseMove(window.canvas, at(window, 100, 10))
    QTest.mousePress(window.canvas, Qt.MouseButton.MiddleButton, NONE, at(window, 100, 10))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.MiddleButton, NONE, at(window, 100, 10))
    assert card.isVisible(), "moving the picture is looking around"
    QTest.mouseClick(window.canvas, LEFT, NONE, at(window, 100, 10))
    assert not card.isVisible()
    key(window, Qt.Key.Key_J)
    assert card.isVisible()
    key(window, Qt.Key.Key_B)
    assert not card.isVisible()
    key(window, Qt.Key.Key_J)
    guessed = human(window)
    QTest.mouseMove(window.canvas, at(window, 100, 70))
    key(window, Qt.Key.Key_J)
    assert card.isVisible()
    key(window, Qt.Key.Key_Escape)
    assert np.array_equal(human(window), guessed), "the answer for the segment before is kept"


def test_return_keeps_the_answer_without_a_dab_and_esc_takes_it_back(guessing: MainWindow) -> None:
    window = guessing
    QTest.mouseMove(window.canvas, at(window, 10, 10))
    key(window, Qt.Key.Key_J)
    guessed = human(window)
    key(window, Qt.Key.Key_Return)
    assert np.array_equal(human(window), guessed)
    assert not window.choices_card.isVisible()
    key(window, Qt.Key.Key_J)
    key(window, Qt.Key.Key_Escape)
    assert np.array_equal(human(window), guessed)
    assert not window.choices_card.isVisible()


def test_undo_and_a_stroke_end_it(guessing: MainWindow) -> None:
    window = guessing
    QTest.mouseMove(window.canvas, at(window, 10, 10))
    key(window, Qt.Key.Key_J)
    key(window, Qt.Key.Key_Z, CTRL)
    assert not human(window).any()
    assert not window.choices_card.isVisible()
    key(window, Qt.Key.Key_J)
    assert window.choices_card.isVisible()
    window.session.set_current_class(5)
    drag(window.canvas, [at(window, 20, 20), at(window, 30, 20)])
    assert not window.choices_card.isVisible()


def test_j_does_nothing_under_a_stroke(guessing: MainWindow) -> None:
    window = guessing
    drag(window.canvas, [at(window, 20, 20), at(window, 30, 20)], release=False)
    painted = human(window)
    key(window, Qt.Key.Key_J)
    assert np.array_equal(human(window), painted)
    QTest.mouseRelease(window.canvas, LEFT, NONE, at(window, 30, 20))
    assert window.session.undo_stack is not None
    assert window.session.undo_stack.count() == 1


def test_asking_by_mouse_alone(asking: MainWindow) -> None:
    window, place = asking, at(asking, *POINT)
    before = window.canvas.grab().toImage()
    QTest.mouseClick(window.canvas, LEFT, NONE, place)
    assert window.choices_card.isVisible()
    assert window.tool_options.accept_button.isVisible()
    assert window.tool_options.hint.text().startswith("1 of 3 · sky · score 0.90")
    assert window.canvas.grab().toImage() != before
    QTest.mouseClick(window.canvas, LEFT, NONE, place)
    assert window.tool_options.hint.text().startswith("2 of 3 · person")
    wheel(window.canvas, place, -1, CTRL)
    assert window.tool_options.hint.text().startswith("3 of 3 ·")
    wheel(window.canvas, place, 2, CTRL)
    QTest.mouseClick(window.canvas, RIGHT, NONE, at(window, 100, 70))
    expected = exact(answers(), 0, 0.5)
    assert np.array_equal(human(window), expected * np.uint8(human_value(3)))
    assert not window.choices_card.isVisible()
    assert not window.tool_options.accept_button.isVisible()


def test_asking_by_keys_alone(asking: MainWindow) -> None:
    window = asking
    QTest.mouseMove(window.canvas, at(window, 40.5, 40.5))
    for _ in range(10):
        key(window, Qt.Key.Key_Left, CTRL)
    key(window, Qt.Key.Key_Return)
    assert window.tool_options.hint.text().startswith("1 of 3")
    key(window, Qt.Key.Key_J)
    key(window, Qt.Key.Key_BracketRight)
    key(window, Qt.Key.Key_BracketRight)
    key(window, Qt.Key.Key_BracketLeft)
    key(window, Qt.Key.Key_Return)
    expected = exact(answers(), 1, 0.45)
    assert np.array_equal(human(window), expected * np.uint8(human_value(13)))
    key(window, Qt.Key.Key_Return)
    key(window, Qt.Key.Key_Escape)
    assert not window.choices_card.isVisible()
    key(window, Qt.Key.Key_Return)
    key(window, Qt.Key.Key_Z, CTRL)  # the question goes before a correction does
    assert human(window).any()
    key(window, Qt.Key.Key_Z, CTRL)
    assert not human(window).any()


def test_fill_and_relabel_by_hand(guessing: MainWindow) -> None:
    window = guessing
    key(window, Qt.Key.Key_G)
    QTest.mouseMove(window.canvas, at(window, 10, 10))
    assert window.tool_options.hint.text().startswith("Click: this region of sky becomes mountain")
    QTest.mouseClick(window.canvas, LEFT, NONE, at(window, 10, 10))
    assert np.array_equal(human(window), np.where(quarters() == 1, human_value(17), 0))
    assert window.tool_options.hint.text().startswith("Click: this region of mountain becomes mountain")
    key(window, Qt.Key.Key_R)
    corners = [at(window, x, y) for x, y in ((70, 10), (110, 12), (90, 70))]
    drag(window.canvas, corners)
    painted = human(window) == human_value(17)
    assert painted[15, 85]
    assert not painted[38, 118]
    assert not painted[HEIGHT // 2 :, WIDTH // 2 :].any()
    QTest.mouseClick(window.canvas, LEFT, CTRL, at(window, 10, 70))
    assert np.array_equal(human(window) == human_value(5), quarters() == 3)
