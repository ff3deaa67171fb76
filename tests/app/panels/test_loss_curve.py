"""The curve of a loss: what it says of each step, how it is read by hand and by keys, and that it is drawn."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from app.panels.loss_curve import LossCurve, _text
from app.panels.style import accent

TOTAL = 200


@pytest.fixture
def curve(qtbot: QtBot) -> LossCurve:
    curve = LossCurve()
    qtbot.addWidget(curve)
    curve.resize(480, 200)
    curve.show()
    return curve


def falling(steps: int) -> list[tuple[int, float]]:
    return [(step, 10 - step / 50 + (step % 3 - 1)) for step in range(1, steps + 1)]


def of_colour(image: QImage, colour: QColor) -> list[tuple[int, int]]:
    """Pixels (x, y) that are nearly this colour."""
    image = image.convertToFormat(QImage.Format.Format_RGBX8888)
    bytes_of = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    wanted = np.array([colour.red(), colour.green(), colour.blue()], np.int16)
    near = (abs(bytes_of[:, : image.width(), :3] - wanted) < 30).all(axis=2)
    return [(int(x), int(y)) for y, x in np.argwhere(near)]


def test_before_the_first_step_it_says_so(curve: LossCurve) -> None:
    curve.begin(TOTAL)
    assert "first step" in curve.accessibleDescription()
    assert curve.last_step is None
    assert not of_colour(curve.grab().toImage(), accent(curve.palette()))


def test_the_course_is_calmer_than_the_loss_and_goes_where_it_goes(curve: LossCurve) -> None:
    curve.begin(TOTAL, falling(120))
    course = curve.course
    assert len(course) == 120
    jumps = [abs(b - a) for a, b in pairwise(course[20:])]
    assert max(jumps) < 0.5  # the loss itself jumps by 2
    assert course[-1] == pytest.approx(10 - 120 / 50, abs=0.6)
    assert curve.last_step == (120, TOTAL)
    assert "120 of 200 steps" in curve.accessibleDescription()


def test_the_line_ends_where_the_training_is(curve: LossCurve) -> None:
    curve.begin(TOTAL, falling(100))
    half = of_colour(curve.grab().toImage(), accent(curve.palette()))
    assert max(x for x, _ in half) < 0.62 * curve.width()
    for step, loss in falling(TOTAL)[100:]:
        curve.add(step, loss, total=TOTAL)
    whole = of_colour(curve.grab().toImage(), accent(curve.palette()))
    assert max(x for x, _ in whole) > 0.9 * curve.width()
    assert min(y for _, y in whole) < max(y for _, y in whole) - 40  # it falls


def test_a_step_that_is_taken_again_replaces_what_followed(curve: LossCurve) -> None:
    curve.begin(TOTAL, falling(50))
    curve.add(31, 5.0, total=TOTAL)
    assert curve.last_step == (31, TOTAL)
    assert len(curve.course) == 31


def test_a_loss_that_is_no_number_is_left_out(curve: LossCurve) -> None:
    curve.begin(TOTAL, [(1, 3.0), (2, math.nan), (3, math.inf), (4, 2.0)])
    assert len(curve.course) == 2
    curve.grab()


def test_the_pointer_reads_the_nearest_step(curve: LossCurve, qtbot: QtBot) -> None:
    curve.begin(TOTAL, falling(100))
    QTest.mouseMove(curve, QPoint(curve.width() // 4, 80))
    qtbot.waitUntil(lambda: bool(curve.marked))
    step = int(curve.marked.removeprefix("Step ").partition(":")[0])
    assert 35 <= step <= 60
    assert "smoothed" in curve.marked
    assert QToolTip.text() == curve.marked


def test_keys_read_step_by_step(curve: LossCurve, qtbot: QtBot) -> None:
    curve.begin(TOTAL, falling(100))
    curve.setFocus(Qt.FocusReason.TabFocusReason)
    for key, step in (
        (Qt.Key.Key_Left, 99),
        (Qt.Key.Key_Home, 1),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_PageDown, 11),
        (Qt.Key.Key_Right, 12),
        (Qt.Key.Key_End, 100),
    ):
        qtbot.keyClick(curve, key)
        assert curve.marked.startswith(f"Step {step}:"), key
    curve.clearFocus()
    assert curve.marked == ""


def test_a_step_that_is_read_is_seen(curve: LossCurve, qtbot: QtBot) -> None:
    curve.begin(TOTAL, falling(100))
    before = curve.grab().toImage()
    curve.setFocus(Qt.FocusReason.OtherFocusReason)
    qtbot.keyClick(curve, Qt.Key.Key_Home)
    assert curve.grab().toImage() != before


@pytest.mark.parametrize("size", [QSize(200, 120), QSize(480, 200), QSize(1400, 700)])
def test_any_size_and_very_many_steps_can_be_drawn(curve: LossCurve, size: QSize) -> None:
    curve.resize(size)
    curve.begin(50_000, falling(20_000))
    marked = of_colour(curve.grab().toImage(), accent(curve.palette()))
    assert marked
    assert max(x for x, _ in marked) == pytest.approx(0.4 * size.width(), abs=0.08 * size.width() + 20)
    curve.begin(3, [(1, 0.0), (2, 0.0), (3, 0.0)])  # nothing but one value
    curve.grab()


@pytest.mark.parametrize("loss", [17.793, 0.0312, 1.0, 999.5, 0.0])
@pytest.mark.parametrize("apart", [0.0, 1e-5, 1e-3, 0.02])
def test_values_that_are_nearly_equal_have_labels_that_are_not(curve: LossCurve, loss: float, apart: float) -> None:
    curve.begin(TOTAL, [(1, loss), (2, loss * (1 + apart))] if apart else [(1, loss)])
    axis = curve._down()
    texts = [_text(value) for value in axis.labels]
    assert len({*texts}) == len(texts) >= 2
    assert axis.high - axis.low >= 0.05 * loss
    assert 0 <= axis.share(loss) <= axis.share(loss * (1 + apart)) <= 1
