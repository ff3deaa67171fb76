"""The threshold of one class: the popup by mouse and keys, and what the legend and the picture say."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode
from app.editing.session import Session
from app.panels.legend import Legend
from app.panels.legend_model import Column
from app.panels.legend_threshold import NO_SEGMENTS, ClassThreshold
from app.panels.style import accent
from app.panels.threshold import ThresholdPanel
from tests.app.panels.legend_scene import LAMP, PERSON, SKY, TREE, cell, press, select, text
from tests.app.panels.stripes import predict

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


def opened(qtbot: QtBot, legend: Legend, class_id: int) -> ClassThreshold:
    select(legend, class_id)
    press(qtbot, legend, Qt.Key.Key_T)
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, ClassThreshold)
    return popup


def at(popup: ClassThreshold, hundredths: int) -> QPoint:
    return QPoint(round(popup.slider.x_of(hundredths)), popup.slider.height() - 10)


def closed() -> bool:
    return QApplication.activePopupWidget() is None


def menu_texts(legend: Legend, class_id: int) -> dict[str, QAction]:
    return {action.text(): action for action in legend.make_menu(class_id).actions()}


def test_dragging_counts_at_once(qtbot: QtBot, legend: Legend, session: Session) -> None:
    session.set_threshold(0.2)
    popup = opened(qtbot, legend, PERSON)  # scores 0.30
    assert popup.slider.value() == 20
    assert not popup.reset.isEnabled()
    assert popup.slider.bars()[15] == (1.0, 0.0)  # of this class alone
    assert not any(any(bar) for index, bar in enumerate(popup.slider.bars()) if index != 15)
    qtbot.mousePress(popup.slider, Qt.MouseButton.LeftButton, pos=at(popup, 20))
    assert session.class_thresholds == {}  # taken in hand, not moved
    for hundredths, shown in ((29, "10.0 %"), (31, "0 %"), (90, "0 %"), (10, "10.0 %")):
        qtbot.mouseMove(popup.slider, at(popup, hundredths))
        assert session.class_thresholds == {PERSON: hundredths / 100}
        assert popup.number.value() == hundredths / 100
        assert text(legend, PERSON, Column.AREA) == shown
        assert popup.slider.bars()[15] == ((1.0, 0.0) if shown == "10.0 %" else (0.0, 1.0))
    qtbot.mouseRelease(popup.slider, Qt.MouseButton.LeftButton, pos=at(popup, 10))
    assert legend.state.text() == "4 classes"
    qtbot.keyClick(popup.slider, Qt.Key.Key_Return)
    assert closed()
    assert session.class_thresholds == {PERSON: 0.1}
    session.set_threshold(0.9)  # the picture's is another matter
    assert legend.model.ids() == (SKY, PERSON, 0)


def test_keys_number_and_escape(qtbot: QtBot, legend: Legend, session: Session) -> None:
    popup = opened(qtbot, legend, LAMP)
    assert popup.slider.hasFocus()
    qtbot.keyClick(popup.slider, Qt.Key.Key_Right)
    assert session.class_thresholds == {LAMP: 0.51}
    popup.number.setFocus()
    popup.number.selectAll()
    qtbot.keyClicks(popup.number, "0.07")
    qtbot.keyClick(popup.number, Qt.Key.Key_Return)
    assert session.class_thresholds == {LAMP: 0.07}
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert closed()
    popup = opened(qtbot, legend, LAMP)
    qtbot.keyClick(popup.slider, Qt.Key.Key_PageUp)
    assert session.class_thresholds == {LAMP: pytest.approx(0.17)}
    qtbot.keyClick(popup.slider, Qt.Key.Key_Escape)
    assert closed()
    assert session.class_thresholds == {LAMP: 0.07}


def test_digits_go_to_the_number_at_once(qtbot: QtBot, legend: Legend, session: Session) -> None:
    popup = opened(qtbot, legend, LAMP)
    assert popup.slider.hasFocus()
    for key in "0.37":
        qtbot.keyClick(popup.number if popup.number.hasFocus() else popup.slider, key)
        QApplication.processEvents()
    qtbot.keyClick(popup.number, Qt.Key.Key_Return)
    assert session.class_thresholds == {LAMP: 0.37}


def test_escape_leaves_a_class_without_its_own(qtbot: QtBot, legend: Legend, session: Session) -> None:
    popup = opened(qtbot, legend, LAMP)
    qtbot.keyClick(popup.slider, Qt.Key.Key_Right)
    qtbot.keyClick(popup.slider, Qt.Key.Key_Escape)
    assert session.class_thresholds == {}


def test_back_to_the_pictures_threshold(qtbot: QtBot, legend: Legend, session: Session) -> None:
    session.set_class_threshold(TREE, 0.95)
    assert legend.model.ids() == (SKY, LAMP, TREE, 0)  # absent, but one can take it back
    popup = opened(qtbot, legend, TREE)
    assert popup.note.text() == "The picture's: 0.50"
    qtbot.mouseClick(popup.reset, Qt.MouseButton.LeftButton)
    assert session.class_thresholds == {}
    assert popup.slider.value() == 50
    assert legend.model.ids() == (SKY, TREE, LAMP, 0)
    qtbot.mouseMove(popup.slider, at(popup, 50))
    qtbot.mouseClick(popup.slider, Qt.MouseButton.LeftButton, pos=at(popup, 70))
    assert session.class_thresholds == {TREE: 0.7}
    qtbot.mouseDClick(popup.slider, Qt.MouseButton.LeftButton, pos=at(popup, 70))
    assert session.class_thresholds == {}
    popup.close()


def test_the_menu_has_it_too(legend: Legend, session: Session) -> None:
    menu_texts(legend, LAMP)["Own threshold…"].trigger()
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, ClassThreshold)
    popup.close()
    assert "Use the picture's threshold" not in menu_texts(legend, LAMP)
    session.set_class_threshold(LAMP, 0.1)
    session.set_class_threshold(TREE, 0.9)
    menu_texts(legend, LAMP)["Use the picture's threshold"].trigger()
    assert session.class_thresholds == {TREE: 0.9}
    session.set_class_threshold(SKY, 0.1)
    menu_texts(legend, LAMP)["Use the picture's threshold for every class"].trigger()
    assert session.class_thresholds == {}


def test_unlabelled_and_the_semantic_view_have_none(qtbot: QtBot, legend: Legend, session: Session) -> None:
    assert not [text for text in menu_texts(legend, 0) if "threshold" in text]
    select(legend, 0)
    press(qtbot, legend, Qt.Key.Key_T)
    assert closed()
    session.set_class_threshold(LAMP, 0.9)
    session.set_mode(ViewMode.SEMANTIC)
    predict(session, mode=ViewMode.SEMANTIC)
    said: list[str] = []
    session.said.connect(said.append)
    select(legend, LAMP)
    press(qtbot, legend, Qt.Key.Key_T)
    assert closed()
    assert said == ["The semantic view has no thresholds."]
    assert not menu_texts(legend, LAMP)["Own threshold… (in the segments view)"].isEnabled()
    assert legend.model.own_threshold(LAMP) is None
    assert legend.state.text() == "4 classes"


def test_a_class_the_network_does_not_see_says_so(qtbot: QtBot, legend: Legend, session: Session) -> None:
    session.set_favourite(44, on=True)
    popup = opened(qtbot, legend, 44)
    assert popup.slider.note() == NO_SEGMENTS
    session.close_all()
    assert closed()


def test_rows_tell_of_their_own_threshold(legend: Legend, session: Session) -> None:
    session.set_class_threshold(LAMP, 0.3)
    tip, spoken = Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole
    assert "Its own threshold is 0.30" in cell(legend, LAMP, Column.SCORE).data(tip)
    assert "Its own threshold is 0.30" in cell(legend, LAMP).data(tip)
    assert cell(legend, LAMP).data(spoken) == "88 street lamp, own threshold 0.30"
    assert "own threshold" not in cell(legend, SKY, Column.SCORE).data(tip).lower()


@pytest.mark.usefixtures("calm_palette")
@pytest.mark.parametrize("width", [300, 240])
def test_rows_show_their_own_threshold(legend: Legend, session: Session, width: int) -> None:
    """At the score, or behind the name where the column of scores has no room."""
    legend.resize(width, 400)
    column = Column.CLASS if legend.view.isColumnHidden(Column.SCORE) else Column.SCORE
    assert (column is Column.CLASS) == (width == 240)

    def accented(class_id: int) -> int:
        image = legend.view.viewport().grab(legend.view.visualRect(cell(legend, class_id, column))).toImage()
        colour = accent(legend.palette())
        return sum(image.pixelColor(x, y) == colour for x in range(image.width()) for y in range(image.height()))

    assert accented(TREE) == 0
    session.set_class_threshold(TREE, 0.3)
    lenient = accented(TREE)
    assert lenient > 10
    session.set_class_threshold(TREE, 0.79)
    assert 0 < accented(TREE) < lenient
    assert accented(LAMP) == 0


def test_the_histogram_of_the_picture_knows_of_it(qtbot: QtBot, legend: Legend, session: Session) -> None:
    panel = ThresholdPanel(session)
    qtbot.addWidget(panel)
    assert panel.slider.bars()[40][1] == 0.0
    session.set_class_threshold(TREE, 0.9)
    over, under = panel.slider.bars()[40]
    assert (over, under > 0) == (0.0, True)
    assert panel.unlabelled.text() == "45.0 %"
    assert legend.model.ids() == (SKY, LAMP, TREE, 0)


def test_the_foot_counts_them_in_full_and_resets_all(qtbot: QtBot, legend: Legend, session: Session) -> None:
    foot = legend.foot
    assert not foot.thresholds.isVisible()
    session.set_class_threshold(LAMP, 0.1)
    assert foot.thresholds.text() == "1 class with its own threshold"
    session.set_class_threshold(TREE, 0.95)
    session.set_overlay(hidden=frozenset({SKY}))
    session.set_rule(locked=frozenset({SKY}))
    legend.resize(320, 400)
    assert foot.thresholds.text() == "2 classes with their own threshold"
    assert foot.state.text() == "2 classes · 1 hidden · 1 locked"
    assert not foot.thresholds.is_elided()
    assert not foot.state.is_elided()
    assert "tree 0.95, street lamp 0.10" in foot.thresholds.toolTip()
    assert "every picture" in foot.thresholds.toolTip()
    said: list[str] = []
    session.said.connect(said.append)
    qtbot.mouseClick(foot.reset, Qt.MouseButton.LeftButton)
    assert session.class_thresholds == {}
    assert said == ["Every class uses the picture's threshold again."]
    assert not foot.reset.isVisible()
    assert foot.thresholds.text() == "2 thresholds reset"
    qtbot.mouseClick(foot.put_back, Qt.MouseButton.LeftButton)
    assert session.class_thresholds == {LAMP: 0.1, TREE: 0.95}
    assert not foot.put_back.isVisible()
    assert foot.thresholds.text() == "2 classes with their own threshold"


def test_what_was_reset_is_past_once_a_class_has_its_own_threshold_again(
    qtbot: QtBot, legend: Legend, session: Session
) -> None:
    foot = legend.foot
    session.set_class_threshold(LAMP, 0.1)
    qtbot.mouseClick(foot.reset, Qt.MouseButton.LeftButton)
    assert foot.thresholds.text() == "1 threshold reset"
    session.set_class_threshold(TREE, 0.95)
    assert not foot.put_back.isVisible()
    session.set_class_threshold(TREE, None)
    assert not foot.thresholds.isVisible()
    assert not foot.put_back.isVisible()


def test_the_first_line_has_the_room_of_a_button_that_is_not_there(legend: Legend, session: Session) -> None:
    session.set_threshold(1.0)
    assert legend.state.text() == "No score above 1.00: lower the threshold"
    assert legend.state.width() > legend.width() - 24
    height = legend.foot.height()
    session.set_overlay(hidden=frozenset({SKY}))
    assert legend.show_all.isVisible()
    assert legend.foot.height() == height


def test_the_foot_says_nothing_of_them_in_the_semantic_view(legend: Legend, session: Session) -> None:
    session.set_class_threshold(LAMP, 0.1)
    assert legend.foot.thresholds.isVisible()
    session.set_mode(ViewMode.SEMANTIC)
    predict(session, mode=ViewMode.SEMANTIC)
    assert not legend.foot.thresholds.isVisible()
