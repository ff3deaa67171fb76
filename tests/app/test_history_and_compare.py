"""History, comparing and copying in the real window, with real keys and clicks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.chrome.actions import Act
from app.core.arrays import U8
from app.core.geometry import Box
from app.core.segment_map import Decider, human_value
from app.main_window import MainWindow
from app.panels.history import HistoryView
from app.panels.history_model import OPENED
from app.settings import Settings
from tests.app.canvas.hand import drag
from tests.app.canvas.scene import PATH, close, map_of, photo, predict, show_photo, spot, unsigned
from tests.app.panels.picture_scene import fill
from tests.app.windows import shown_window

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
BEFORE = Path("/photos/before.jpg")
CAR = human_value(21)


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    """The known picture with a correction, the second of a list of two."""
    window = shown_window(qtbot, Settings(), height=720)
    window.image_list.thumbnail_wanted.disconnect(window.desk.thumbnails.request)  # there are no such files
    fill(window.desk.folder, [BEFORE.as_posix(), PATH.as_posix()], root=Path())
    window.image_list.select(PATH)
    show_photo(window.session)
    predict(window.session)
    paint(window, Box(0, 0, 40, 30))
    window.canvas.zoom_fit()
    return window


def paint(window: MainWindow, box: Box, text: str = "Brush") -> None:
    stroke = window.session.begin_edit(text)
    assert stroke is not None
    stroke.paint(box, None, CAR)
    assert stroke.commit()


def picture(window: MainWindow) -> U8:
    return unsigned(window.canvas)


def history(window: MainWindow) -> HistoryView:
    view = window.findChild(HistoryView)
    assert view is not None
    return view


# --- comparing --------------------------------------------------------------------------------------------------------


def test_y_shows_the_network_alone_and_v_the_bare_photo(window: MainWindow) -> None:
    canvas = window.canvas
    all_of_it = picture(window)
    window.session.undo()
    uncorrected = picture(window)
    window.session.redo()
    QTest.keyPress(canvas, Qt.Key.Key_Y)
    np.testing.assert_array_equal(picture(window), uncorrected)
    QTest.keyPress(canvas, Qt.Key.Key_V)  # the bare photo is what is seen with both
    at = spot(canvas, 60.5, 10.5)
    assert close(picture(window)[at.y(), at.x()], photo()[10, 60], steps=3)
    QTest.keyRelease(canvas, Qt.Key.Key_V)
    np.testing.assert_array_equal(picture(window), uncorrected)
    QTest.keyRelease(canvas, Qt.Key.Key_Y)
    np.testing.assert_array_equal(picture(window), all_of_it)
    assert (all_of_it != uncorrected).any()


@pytest.mark.parametrize("key", [Qt.Key.Key_Y, Qt.Key.Key_V])
def test_a_click_while_a_key_is_held_paints_in_sight(window: MainWindow, key: Qt.Key) -> None:
    canvas = window.canvas
    QTest.keyClick(canvas, Qt.Key.Key_B)
    QTest.keyPress(canvas, key)
    assert canvas.signs.comparing.isVisible()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=spot(canvas, 90.5, 60.5))
    assert not canvas.signs.comparing.isVisible()
    shown = picture(window)
    QTest.keyRelease(canvas, key)
    np.testing.assert_array_equal(picture(window), shown)
    assert map_of(window.session).human[60, 90]


def test_a_held_key_works_from_the_lists_and_ends_with_the_window(window: MainWindow) -> None:
    all_of_it = picture(window)
    window.image_list.view.setFocus()
    for key in (Qt.Key.Key_Y, Qt.Key.Key_V):
        QTest.keyPress(window.image_list.view, key)
        assert (picture(window) != all_of_it).any()
        QTest.keyRelease(window.image_list.view, key, SHIFT)
        np.testing.assert_array_equal(picture(window), all_of_it)
        QTest.keyPress(window.image_list.view, key)
        assert (picture(window) != all_of_it).any()
        QCoreApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
        np.testing.assert_array_equal(picture(window), all_of_it)


def test_letters_in_a_field_are_text(window: MainWindow) -> None:
    all_of_it = picture(window)
    field = window.legend.search
    field.setFocus()
    QTest.keyPress(field, Qt.Key.Key_Y)
    assert field.text() == "y"
    np.testing.assert_array_equal(picture(window), all_of_it)
    QTest.keyRelease(field, Qt.Key.Key_Y)


def test_without_corrections_y_says_that_it_shows_the_same(window: MainWindow) -> None:
    window.session.undo()
    QTest.keyPress(window.canvas, Qt.Key.Key_Y)
    sign = window.canvas.signs.comparing
    assert "nothing is corrected" in sign.label.text()
    assert sign.isVisible()
    QTest.keyRelease(window.canvas, Qt.Key.Key_Y)
    assert not sign.isVisible()


def test_shift_m_shows_who_decided_with_the_share_of_each(window: MainWindow) -> None:
    labels = picture(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_M, SHIFT)
    assert window.actions_by_id[Act.DECIDERS].isChecked()
    assert window.decided_key.isVisible()
    document = window.session.document
    assert document is not None
    areas = document.decided_areas()
    share = 100 * areas[Decider.PERSON] / sum(areas.values())
    assert f"you {share:.1f} %" in window.decided_key.texts()
    assert (picture(window) != labels).any()
    for key in (Qt.Key.Key_Y, Qt.Key.Key_V):
        QTest.keyPress(window.canvas, key)
        assert not window.decided_key.isVisible()  # what is seen for a moment has other colours
        QTest.keyRelease(window.canvas, key)
        assert window.decided_key.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_M, SHIFT)
    assert not window.decided_key.isVisible()
    np.testing.assert_array_equal(picture(window), labels)


# --- history ----------------------------------------------------------------------------------------------------------


def test_ctrl_h_opens_the_history_with_the_keyboard_in_it(window: MainWindow, qtbot: QtBot) -> None:
    paint(window, Box(0, 0, 80, 60), "Paint car")
    assert not history(window).isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_H, CTRL)
    qtbot.waitUntil(history(window).hasFocus)
    assert history(window).height() > 150
    for _ in range(2):
        QTest.keyClick(history(window), Qt.Key.Key_Up)
    QTest.keyClick(history(window), Qt.Key.Key_Return)
    assert not map_of(window.session).decided
    QTest.keyClick(history(window), Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_H, CTRL)
    assert not history(window).isVisible()
    assert window.canvas.hasFocus()


def test_a_click_in_the_history_with_a_polygon_begun(window: MainWindow) -> None:
    canvas, view = window.canvas, history(window)
    window.actions_by_id[Act.HISTORY].trigger()
    QTest.keyClick(canvas, Qt.Key.Key_D)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=spot(canvas, 60, 20))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.steps.index(0)).center())
    assert not map_of(window.session).decided
    assert view.steps.index(0).data() == OPENED


def test_closing_the_panel_unticks_its_action(window: MainWindow) -> None:
    action = window.actions_by_id[Act.HISTORY]
    action.trigger()
    assert action.isChecked()
    panel = history(window).parentWidget()
    assert panel is not None
    panel.parentWidget().close()
    assert not action.isChecked()
    action.trigger()
    assert history(window).isVisible()


def test_the_history_stays_while_the_window_is_hidden_and_goes_with_it(window: MainWindow, qtbot: QtBot) -> None:
    """Minimised is hidden too: the panel is there again afterwards, also where a window is thrown away unclosed."""
    action = window.actions_by_id[Act.HISTORY]
    action.trigger()
    window.hide()
    window.show()
    assert action.isChecked()
    assert history(window).isVisible()
    other = MainWindow(Settings())
    other.show()
    other.actions_by_id[Act.HISTORY].setChecked(True)
    other.desk.close()
    other.deleteLater()
    with qtbot.captureExceptions() as raised:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not raised


def test_the_history_is_where_it_was_at_the_next_start(window: MainWindow, qtbot: QtBot) -> None:
    for wanted in (True, False):
        if window.actions_by_id[Act.HISTORY].isChecked() != wanted:
            window.actions_by_id[Act.HISTORY].trigger()
        window._save()
        again = shown_window(qtbot, Settings(), height=720)
        assert history(again).isVisible() == wanted
        assert again.actions_by_id[Act.HISTORY].isChecked() == wanted
        again.close()
        window.activateWindow()


# --- copying ----------------------------------------------------------------------------------------------------------


def test_corrections_of_the_previous_picture_come_over_by_mouse_and_keys(window: MainWindow) -> None:
    session, canvas = window.session, window.canvas
    show_photo(session, path=BEFORE)
    paint(window, Box(50, 20, 110, 70))
    show_photo(session)
    QTest.keyClick(canvas, Qt.Key.Key_U, SHIFT)
    assert window.actions_by_id[Act.TOOL_COPY].isChecked()
    drag(canvas, [spot(canvas, x, y) for x, y in ((60, 30), (80, 30), (80, 50), (60, 50), (60, 31))])
    assert not map_of(session).human[20:70, 50:110].any(), "it is shown first"
    assert window.tool_options.accept_button.isVisible()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    copied = map_of(session).human[20:70, 50:110]
    assert 300 < (copied == CAR).sum() < 500
    assert not copied[:8].any()
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    assert not map_of(session).human[20:70, 50:110].any()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=spot(canvas, 90, 40))
    assert canvas.tool is not None
    assert canvas.tool.pending()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.tool.pending()
    QTest.keyClick(canvas, Qt.Key.Key_Return)  # the pointer's click
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert (map_of(session).human[20:70, 50:110] == CAR).all()
    assert session.undo_group.undoText() == "Copy from before.jpg"
