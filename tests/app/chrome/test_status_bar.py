"""What was said is seen as long as it is true: a sentence about the last thing the hand did goes with the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import app.chrome.status_bar
from app.chrome.status_bar import StatusBar
from app.main_window import MainWindow
from app.panels.elided_label import ElidedLabel
from app.settings import Settings
from tests.app.canvas.hand import wheel
from tests.app.canvas.scene import predict, show_photo, spot
from tests.app.windows import shown_window

LEFT = Qt.MouseButton.LeftButton
NO_SEGMENT = "Point at a segment first."


@pytest.fixture
def bar(qtbot: QtBot) -> StatusBar:
    bar = StatusBar()
    qtbot.addWidget(bar)
    return bar


@pytest.fixture
def empty_window(qtbot: QtBot) -> MainWindow:
    return shown_window(qtbot, Settings(tool="brush"), height=720)


@pytest.fixture
def window(empty_window: MainWindow) -> MainWindow:
    show_photo(empty_window.session)
    predict(empty_window.session)
    return empty_window


# --- the bar ----------------------------------------------------------------------------------------------------------


def test_what_was_said_hides_what_the_pointer_is_over(bar: StatusBar) -> None:
    bar.show_hover("3 sky")
    bar.say("Done.")
    bar.show_hover("2 building")
    assert bar.text() == "Done."
    bar.say("")
    assert bar.text() == "2 building"


def test_a_passing_sentence_goes_and_a_lasting_one_is_seen_again(bar: StatusBar) -> None:
    bar.show_hover("3 sky")
    bar.say("A picture stayed in the list.")
    bar.say("There is no segment here.", passing=True)
    assert bar.text() == "There is no segment here."
    bar.end_passing()
    assert bar.text() == "A picture stayed in the list."
    bar.end_passing()
    assert bar.text() == "A picture stayed in the list."
    bar.say("")
    assert bar.text() == "3 sky"


def test_the_newest_is_what_is_seen(bar: StatusBar) -> None:
    bar.say("There is no segment here.", passing=True)
    bar.say("12 pictures exported.")
    assert bar.text() == "12 pictures exported."
    bar.end_passing()
    assert bar.text() == "12 pictures exported."


def test_what_is_added_takes_nothing_away(bar: StatusBar) -> None:
    bar.add("a.jpg cannot be read.")
    assert bar.text() == "a.jpg cannot be read."
    bar.say("2 steps were recovered.")
    for sentence in ("a.jpg cannot be read.", "a.jpg cannot be read."):
        bar.add(sentence)
    assert bar.text() == "2 steps were recovered. a.jpg cannot be read."
    bar.say("")
    for sentence in ("a.jpg cannot be read.", "a.jpg cannot be read. 1 more cannot be looked at either."):
        bar.add(sentence)
    assert bar.text() == "a.jpg cannot be read. 1 more cannot be looked at either."


@pytest.mark.parametrize("passing", [False, True])
def test_a_sentence_is_seen_for_a_while(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, passing: bool) -> None:
    monkeypatch.setattr(app.chrome.status_bar, "SHOWN_FOR", 30)
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_hover("3 sky")
    bar.say("There is no segment here.", passing=passing)
    line = next(label for label in bar.findChildren(QLabel) if label.accessibleName() == "Status")
    assert line.toolTip() == "There is no segment here."  # it may be longer than the bar
    qtbot.waitUntil(lambda: bar.text() == "3 sky")
    assert line.toolTip() == ""


def test_what_does_not_fit_ends_in_an_ellipsis_and_is_told_by_the_tooltip(qtbot: QtBot, bar: StatusBar) -> None:
    bar.resize(600, 24)
    bar.show()
    line = next(label for label in bar.findChildren(ElidedLabel) if label.accessibleName() == "Status")
    bar.show_hover("3 sky · score 0.89 · decided by network · x 120, y 80")
    assert line.toolTip() == ""
    bar.resize(300, 24)
    qtbot.waitUntil(line.is_elided)
    assert line.toolTip() == bar.text() == "3 sky · score 0.89 · decided by network · x 120, y 80"
    bar.show_hover("3 sky")
    assert line.toolTip() == ""


# --- in the window ----------------------------------------------------------------------------------------------------


def say_passing(window: MainWindow) -> None:
    """By a key that finds nothing to do: the pointer was never over the picture."""
    QTest.keyClick(window.canvas, Qt.Key.Key_J)
    assert window.status.text() == NO_SEGMENT


def test_another_tool_ends_what_was_said_with_the_last(window: MainWindow) -> None:
    say_passing(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_L)
    assert window.status.text() == ""


def test_what_the_last_tool_says_as_it_goes_is_heard(window: MainWindow) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_D)
    for x, y in ((20, 20), (60, 20)):
        QTest.mouseClick(window.canvas, LEFT, pos=spot(window.canvas, x, y))
    show_photo(window.session, path=Path("/photos/next.jpg"))
    assert window.status.text() == "A polygon of 2 corners was left unfinished."


def test_the_next_press_ends_it_and_may_say_something_itself(window: MainWindow) -> None:
    canvas = window.canvas
    say_passing(window)
    wheel(canvas, spot(canvas, 20, 20), 1)
    assert window.status.text() == NO_SEGMENT  # only looking around
    QTest.mousePress(canvas, LEFT, pos=spot(canvas, 20, 20))
    assert window.status.text() != NO_SEGMENT
    QTest.mouseRelease(canvas, LEFT, pos=spot(canvas, 20, 20))
    QTest.keyClick(canvas, Qt.Key.Key_L)
    for _ in range(2):  # a lasso that goes around nothing
        QTest.mouseClick(canvas, LEFT, pos=spot(canvas, 60, 20))
        assert window.status.text().startswith("Drag around an area")


def test_a_press_by_the_keyboard_does_the_same(window: MainWindow) -> None:
    say_passing(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    assert window.status.text() != NO_SEGMENT


def test_another_picture_ends_it(window: MainWindow) -> None:
    say_passing(window)
    show_photo(window.session, path=Path("/photos/next.jpg"))
    assert window.status.text() == ""


def test_warnings_stay(window: MainWindow) -> None:
    window.desk.said.emit("a.jpg with corrections not yet exported stayed in the list.")
    said = window.status.text()
    assert said
    QTest.mouseClick(window.canvas, LEFT, pos=spot(window.canvas, 20, 20))
    QTest.keyClick(window.canvas, Qt.Key.Key_L)
    window.session.undo()
    show_photo(window.session, path=Path("/photos/next.jpg"))
    assert window.status.text() == said


def test_what_was_recovered_is_read_beside_what_cannot_be_listed(window: MainWindow) -> None:
    window.desk.keeper.said.emit("The last correction of a.jpg was recovered.")
    window.desk.listing.complained.emit("b.jpg is a link to a file that is not there.")
    said = "The last correction of a.jpg was recovered. b.jpg is a link to a file that is not there."
    assert window.status.text() == said


def test_a_click_with_nothing_open_says_what_to_do(empty_window: MainWindow) -> None:
    window, canvas = empty_window, empty_window.canvas
    corner = QPoint(10, 10)
    QTest.mouseClick(canvas, LEFT, pos=corner)
    assert window.status.text() == "Open photos first: drop them here, or press Ctrl+O."
    QTest.mouseDClick(canvas, LEFT, pos=corner)
    assert window.status.text() == "Open photos first: drop them here, or press Ctrl+O."


def test_it_says_nothing_of_opening_while_photos_are_being_opened(
    empty_window: MainWindow, photos: list[Path], qtbot: QtBot
) -> None:
    window = empty_window
    for opening in (False, True):
        QTest.mouseClick(window.canvas, LEFT, pos=QPoint(10, 10))
        assert ("Open photos first" in window.status.text()) is not opening
        window.desk.open(photos[:1])
        assert "Open photos first" not in window.status.text()
    qtbot.waitUntil(lambda: window.session.document is not None)
    QTest.mouseClick(window.canvas, LEFT, pos=QPoint(10, 10))
    assert "Open photos first" not in window.status.text()
    window.desk.cancel()


def test_why_it_is_the_cpu_is_read_without_pointing_at_anything(qtbot: QtBot, bar: StatusBar) -> None:
    engine = bar._engine
    bar.resize(1440, 24)
    bar.show()
    bar.show_engine("onnx", "cpu", reason="CPU, because no NVIDIA driver was found.")
    bar.show_zoom(0.79)
    bar.show_seconds(0.762)
    bar.show_hover("3 sky · score 0.90 · decided by network · x 1140, y 1112 · J: next probable class")
    assert engine.text() == "ONNX Runtime · CPU, because no NVIDIA driver was found"
    qtbot.waitUntil(lambda: engine.width() >= engine.fontMetrics().horizontalAdvance(engine.text()))
    bar.resize(1024, 24)
    qtbot.waitUntil(lambda: engine.text() == "CPU, because no NVIDIA driver was found")
    assert not bar._text.is_elided()
    bar.resize(600, 24)
    qtbot.waitUntil(lambda: engine.text().endswith("…"))
    assert engine.toolTip() == "ONNX Runtime: CPU, because no NVIDIA driver was found."
    bar.resize(1024, 24)
    bar.show_engine("torch", "cuda:0", reason="cuda:0 is the fastest device here.")
    assert engine.text() == "PyTorch · CUDA:0"
