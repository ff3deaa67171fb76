"""The threshold panel: slider, number, scope, the two views, and what it says about the picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode
from app.editing.session import Session
from app.panels.style import UNIT, accent
from app.panels.threshold import SEMANTIC_NOTE, SEMANTIC_TIP, ThresholdPanel
from tests.app.panels.stripes import PICTURE, paint, predict


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> ThresholdPanel:
    panel = ThresholdPanel(session)
    qtbot.addWidget(panel)
    panel.resize(300, panel.sizeHint().height())
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def at(panel: ThresholdPanel, hundredths: int) -> QPoint:
    return QPoint(round(panel.slider.x_of(hundredths)), panel.slider.height() - 10)


def test_it_starts_at_one_half_and_shows_what_is_unlabelled(panel: ThresholdPanel) -> None:
    assert panel.slider.value() == 50
    assert panel.number.value() == 0.5
    assert panel.unlabelled.text() == "15.0 %"  # nobody's five columns and the person's ten
    assert panel.slider.note() == ""


def test_dragging_changes_the_threshold_live(qtbot: QtBot, panel: ThresholdPanel, session: Session) -> None:
    seen: list[float] = []
    session.tables_changed.connect(lambda: seen.append(session.document.threshold))
    slider = panel.slider
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=at(panel, 50))
    for hundredths in (60, 85, 100, 10, 0):
        qtbot.mouseMove(slider, at(panel, hundredths))
        assert session.document.threshold == hundredths / 100
        assert panel.number.value() == hundredths / 100
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=at(panel, 0))
    assert seen == [0.6, 0.85, 1.0, 0.1, 0.0]
    assert panel.unlabelled.text() == "5.0 %"  # 0 means 0: every segment counts


def test_a_click_goes_there_and_a_double_click_back_to_one_half(
    qtbot: QtBot, panel: ThresholdPanel, session: Session
) -> None:
    qtbot.mouseClick(panel.slider, Qt.MouseButton.LeftButton, pos=at(panel, 90))
    assert session.document.threshold == 0.9
    assert panel.unlabelled.text() == "60.0 %"
    qtbot.mouseDClick(panel.slider, Qt.MouseButton.LeftButton, pos=at(panel, 90))
    assert session.document.threshold == 0.5
    qtbot.mouseMove(panel.slider, at(panel, 20))
    assert session.document.threshold == 0.5


def test_keys_step_by_a_hundredth_and_the_number_can_be_typed(
    qtbot: QtBot, panel: ThresholdPanel, session: Session
) -> None:
    panel.slider.setFocus()
    qtbot.keyClick(panel.slider, Qt.Key.Key_Right)
    assert session.document.threshold == 0.51
    qtbot.keyClick(panel.slider, Qt.Key.Key_PageDown)
    assert session.document.threshold == pytest.approx(0.41)
    panel.number.selectAll()
    qtbot.keyClicks(panel.number, "0.07")
    qtbot.keyClick(panel.number, Qt.Key.Key_Return)
    assert session.document.threshold == 0.07
    assert panel.slider.value() == 7


def test_the_histogram_weighs_by_area_and_counts_what_is_over_the_threshold(panel: ThresholdPanel) -> None:
    bars = panel.slider.bars()
    heights = {index: bar for index, bar in enumerate(bars) if any(bar)}
    assert list(heights) == [15, 27, 40, 47]  # scores 0.30, 0.55, 0.80, 0.95 in fiftieths
    assert heights[15] == (0.0, pytest.approx(0.5))  # 10 columns against 40: the root of a quarter
    assert heights[47] == (1.0, 0.0)
    assert heights[27] == (pytest.approx(np.sqrt(15 / 40)), 0.0)
    panel.slider.setValue(60)
    assert panel.slider.bars()[27] == (0.0, pytest.approx(np.sqrt(15 / 40)))


@pytest.mark.usefixtures("calm_palette")
def test_bars_over_the_threshold_are_painted_in_the_accent(panel: ThresholdPanel) -> None:
    def has_accent(hundredths: int) -> bool:
        image: QImage = panel.slider.grab().toImage()
        x = round(panel.slider.x_of(hundredths) * image.devicePixelRatio())
        return any(image.pixelColor(column, 34) == accent(panel.palette()) for column in range(x - 3, x + 6))

    assert has_accent(95)
    assert not has_accent(30)
    panel.slider.setValue(20)
    assert has_accent(30)


def test_the_histogram_follows_corrections(qtbot: QtBot, panel: ThresholdPanel, session: Session) -> None:
    paint(session, slice(0, 40), 13)
    assert panel.slider.bars()[47] == (1.0, 0.0)
    qtbot.waitUntil(lambda: panel.slider.bars()[47] == (0.0, 0.0))
    paint(session, slice(85, 100), 13)
    qtbot.waitUntil(lambda: panel.unlabelled.text() == "0 %")


def test_scope_is_this_picture_or_all(qtbot: QtBot, panel: ThresholdPanel, session: Session) -> None:
    assert panel.for_all.isChecked()
    panel.for_all.setFocus()
    qtbot.keyClick(panel.for_all, Qt.Key.Key_Space)
    assert session.threshold_for_all is False
    panel.slider.setValue(70)
    assert session.threshold == 0.5
    assert session.document.threshold == 0.7
    qtbot.keyClick(panel.for_all, Qt.Key.Key_Space)
    panel.slider.setValue(20)
    assert session.threshold == 0.2
    qtbot.keyClick(panel.for_all, Qt.Key.Key_Space)
    assert panel.slider.value() == 70
    assert session.document.threshold == 0.7


def test_the_semantic_view_needs_no_threshold(qtbot: QtBot, panel: ThresholdPanel, session: Session) -> None:
    qtbot.mouseClick(panel.view.button(ViewMode.SEMANTIC), Qt.MouseButton.LeftButton)
    assert session.mode is ViewMode.SEMANTIC
    assert not panel.slider.isEnabled()
    assert not panel.number.isEnabled()
    assert panel.slider.note() == SEMANTIC_NOTE
    assert panel.slider.toolTip() == SEMANTIC_TIP
    predict(session, mode=ViewMode.SEMANTIC)
    assert panel.unlabelled.text() == "5.0 %"
    panel.view.button(ViewMode.SEMANTIC).setFocus()
    qtbot.keyClick(panel.view.button(ViewMode.SEMANTIC), Qt.Key.Key_Left)
    assert session.mode is ViewMode.SEGMENTS
    assert panel.slider.isEnabled()
    assert panel.slider.note() == ""


def test_the_note_stays_on_one_line_and_in_line_with_the_rest(panel: ThresholdPanel, session: Session) -> None:
    session.set_mode(ViewMode.SEMANTIC)
    panel.resize(33 * UNIT, panel.height())  # as narrow as the window lets it be
    QApplication.processEvents()
    slider = panel.slider
    assert slider.fontMetrics().horizontalAdvance(slider.note()) < slider.x_of(100) - slider.x_of(0)
    image = slider.grab().toImage()
    ratio = image.devicePixelRatio()
    paper = image.pixelColor(image.width() - 1, 0)
    rows = range(round((slider.height() - 3 * UNIT) * ratio))
    inked = [x for x in range(image.width()) if any(image.pixelColor(x, y) != paper for y in rows)]
    assert 0 <= inked[0] / ratio - slider.x_of(0) <= 3


def test_it_follows_the_session_and_does_not_answer_back(panel: ThresholdPanel, session: Session) -> None:
    changes: list[None] = []
    session.tables_changed.connect(lambda: changes.append(None))
    session.set_threshold(0.335)
    session.set_mode(ViewMode.SEMANTIC)
    assert panel.slider.value() in (33, 34)
    assert panel.view.choice() is ViewMode.SEMANTIC
    assert session.document.threshold == 0.335
    assert len(changes) == 2


def test_nothing_open_nothing_to_set(qtbot: QtBot, empty_session: Session) -> None:
    panel = ThresholdPanel(empty_session)
    qtbot.addWidget(panel)
    assert not panel.slider.isEnabled()
    assert panel.unlabelled.text() == "–"
    empty_session.show(PICTURE)
    assert panel.slider.isEnabled()
    assert panel.unlabelled.text() == "–"


def test_every_control_has_a_name_and_a_tip(panel: ThresholdPanel) -> None:
    for control in (panel.slider, panel.number, panel.for_all, panel.unlabelled):
        assert control.accessibleName()
        assert control.toolTip()
    for mode in ViewMode:
        assert panel.view.button(mode).accessibleName()
        assert panel.view.button(mode).toolTip()
