"""The card of answers: it is there while there are some, and says each with its probability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.arrays import U8
from app.panels.choices_card import ChoicesCard
from app.tools.base import Choices
from resources.classes import palette

ROWS = ((3, 0.62), (5, 0.2), (150, 0.01))
CHOICES = Choices("Most probable classes", ROWS, 0)


class Under(QWidget):
    """What lies under the card."""

    def __init__(self) -> None:
        super().__init__()
        self.pressed: list[QPoint] = []

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.append(event.position().toPoint())


@pytest.fixture
def under(qtbot: QtBot, calm_palette: None) -> Under:
    widget = Under()
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def card(under: Under) -> ChoicesCard:
    return ChoicesCard(under)


def pixels(widget: QWidget) -> U8:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_it_is_there_while_there_are_answers(card: ChoicesCard) -> None:
    assert not card.isVisible()
    card.show_choices(CHOICES)
    assert card.isVisible()
    assert card.choices == CHOICES
    card.show_choices(None)
    assert not card.isVisible()
    assert card.choices is None


def test_all_of_it_fits_and_it_grows_with_what_it_says(card: ChoicesCard) -> None:
    card.show_choices(CHOICES)
    small = card.size()
    assert small == card.sizeHint()
    assert card.parentWidget().rect().contains(card.geometry())
    card.show_choices(Choices("A much longer title than any of the names in it, so that it decides", ROWS, 0))
    assert card.width() > small.width()
    card.show_choices(Choices("Most probable classes", (*ROWS, (100, 0.0)), 0))
    assert card.height() > small.height()


def test_it_is_read_out(card: ChoicesCard) -> None:
    card.show_choices(CHOICES)
    assert card.accessibleName() == "Answers to go through"
    assert card.accessibleDescription() == "sky 0.62, tree 0.20, flag 0.01; chosen: sky"
    card.show_choices(Choices(CHOICES.title, ROWS, 2))
    assert card.accessibleDescription().endswith("chosen: flag")


def test_every_answer_has_its_colour_and_the_one_in_force_a_band(card: ChoicesCard) -> None:
    card.show_choices(CHOICES)
    first = pixels(card)
    for class_id, _ in ROWS:
        assert (first == palette()[class_id]).all(axis=2).any()
    card.show_choices(Choices(CHOICES.title, ROWS, 1))
    second = pixels(card)
    rows = np.flatnonzero((first != second).any(axis=(1, 2)))
    line = (card.height() - 8) / 4
    assert rows.min() >= line  # the title is as it was
    assert rows.max() <= 3 * line + 8  # and so is the third answer


def test_a_click_goes_to_an_answer_and_never_to_the_picture_behind(card: ChoicesCard, under: Under) -> None:
    card.show_choices(Choices("Most probable classes", ROWS, 1))
    steps: list[int] = []
    card.picked.connect(steps.append)
    line = card.height() / (len(ROWS) + 1)
    for row in range(-1, len(ROWS)):
        at = card.geometry().topLeft() + QPoint(20, round((row + 1.5) * line))
        QTest.mouseClick(under.window().windowHandle(), Qt.MouseButton.LeftButton, pos=at)
    assert steps == [-1, 0, 1], "the title is no answer"
    assert not under.pressed


def test_the_answer_under_the_pointer_is_marked(card: ChoicesCard) -> None:
    card.show_choices(CHOICES)
    before = pixels(card)
    QTest.mouseMove(card, QPoint(20, round(2.5 * card.height() / (len(ROWS) + 1))))
    assert not np.array_equal(pixels(card), before)
    assert card.cursor().shape() is Qt.CursorShape.PointingHandCursor


MANY = Choices("Best answers", tuple((number, 1 / number, 0.5) for number in range(1, 17)), 0, heads=("fit", "score"))


@pytest.mark.parametrize(
    ("active", "shown", "more"),
    [
        (0, range(7), "9 more below"),
        (6, range(3, 10), "3 more above · 6 more below"),
        (15, range(9, 16), "9 more above"),
    ],
)
def test_of_many_the_chosen_one_is_seen_and_the_rest_is_counted(
    card: ChoicesCard, active: int, shown: range, more: str
) -> None:
    card.show_choices(replace(MANY, active=active))
    assert card.shown() == shown
    assert active in card.shown()
    assert card.more() == more
    assert more in card.accessibleDescription()


def test_going_through_many_moves_nothing(card: ChoicesCard) -> None:
    sizes = set()
    for active in range(16):
        card.show_choices(replace(MANY, active=active))
        sizes.add(card.size().toTuple())
    assert len(sizes) == 1


def test_a_low_window_shows_fewer(card: ChoicesCard, under: Under) -> None:
    under.resize(400, 110)
    card.show_choices(replace(MANY, active=8))
    assert len(card.shown()) < 7
    assert 8 in card.shown()
    assert under.rect().contains(card.geometry())


def test_clicks_and_the_wheel_go_through_many(card: ChoicesCard, under: Under) -> None:
    card.show_choices(replace(MANY, active=8))
    steps: list[int] = []
    card.picked.connect(steps.append)
    line = (card.height() - 8) / 9
    first, title, last = (QPoint(20, round(4 + (row + 0.5) * line)) for row in (1, 0, 8))
    for at in (first, title, last):
        QTest.mouseClick(card, Qt.MouseButton.LeftButton, pos=at)
    assert steps == [5 - 8], "the title and what is said of the others are no answers"
    steps.clear()
    for amount in (-120, 60, 60, -240):
        turn = QWheelEvent(
            QPointF(first),
            QPointF(card.mapToGlobal(first)),
            QPoint(),
            QPoint(0, amount),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(card, turn)
    assert steps == [1, -1, 2]
    assert not under.pressed


def test_two_figures_stand_in_their_columns(card: ChoicesCard) -> None:
    card.show_choices(MANY)
    both = card.width()
    card.show_choices(Choices(MANY.title, tuple(row[:2] for row in MANY.rows), 0))
    assert both > card.width()
    card.show_choices(MANY)
    assert card.accessibleDescription().startswith("wall 1.00 0.50, ")
