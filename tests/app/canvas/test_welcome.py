"""The sign that welcomes: in a narrow or low window nothing of it is cut off."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas


@pytest.mark.parametrize(
    ("size", "said"),
    [((800, 600), 3), ((330, 330), 3), ((200, 320), 3), ((300, 170), 2), ((200, 120), 1), ((180, 80), 0)],
)
def test_what_is_shown_fits(empty_canvas: Canvas, qtbot: QtBot, size: tuple[int, int], said: int) -> None:
    empty_canvas.setMinimumSize(1, 1)
    empty_canvas.resize(QSize(*size))
    sign = empty_canvas.signs.empty
    assert empty_canvas.rect().contains(sign.geometry())
    labels = [label for label in sign.findChildren(QLabel) if label.isVisible()]
    assert len(labels) == said
    for widget in (*labels, sign.button):
        assert sign.rect().contains(widget.geometry())
        assert widget.width() >= widget.minimumSizeHint().width()
    for label in labels:
        assert label.height() >= label.heightForWidth(label.width())
    with qtbot.waitSignal(sign.open_requested, timeout=1000):
        QTest.mouseClick(sign.button, Qt.MouseButton.LeftButton)


def test_a_wider_window_brings_the_words_back(empty_canvas: Canvas) -> None:
    empty_canvas.setMinimumSize(1, 1)
    empty_canvas.resize(200, 120)
    assert not empty_canvas.signs.empty.line.isVisible()
    empty_canvas.resize(800, 600)
    assert empty_canvas.signs.empty.line.isVisible()


@pytest.mark.parametrize(
    ("size", "said", "offers"),
    [
        ((800, 600), 3, True),
        ((330, 330), 3, True),
        ((200, 320), 3, True),
        ((300, 170), 1, True),
        ((180, 120), 0, True),
        ((180, 80), 0, False),
    ],
)
def test_what_can_be_opened_again_fits_too(
    empty_canvas: Canvas, size: tuple[int, int], said: int, *, offers: bool
) -> None:
    empty_canvas.setMinimumSize(1, 1)
    empty_canvas.resize(QSize(*size))
    sign = empty_canvas.signs.empty
    assert not sign.again.isVisible()
    sign.offer_again(f"castles & {'very ' * 20}large gardens", tip="/castles")
    assert empty_canvas.rect().contains(sign.geometry())
    labels = [label for label in sign.findChildren(QLabel) if label.isVisible()]
    assert (len(labels), sign.again.isVisible()) == (said, offers)
    for widget in (*labels, sign.button, *([sign.again] if offers else [])):
        assert sign.rect().contains(widget.geometry())
        assert widget.width() >= widget.minimumSizeHint().width()
    assert "…" in sign.again.text()
    sign.offer_again("castles & gardens", tip="/castles")
    if size[0] > 300:
        assert sign.again.text() == "Open again: castles && gardens"
    sign.offer_again("", tip="")
    assert not sign.again.isVisible()
