"""The strip that tells of a run: what it says, and what its buttons ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from app.core.run_progress import Progress, RunReport, Unfinished
from app.panels.run_panel import RunPanel

LEFT = Qt.MouseButton.LeftButton
REFUSED = ((Path("a.jpg"), "a.jpg is empty."),)


@pytest.fixture
def panel(qtbot: QtBot) -> RunPanel:
    panel = RunPanel()
    qtbot.addWidget(panel)
    panel.resize(232, 120)
    return panel


def test_it_is_not_there_while_there_is_nothing_to_say(panel: RunPanel) -> None:
    assert not panel.isVisible()
    panel.show_trouble("The disk is full.")
    assert not panel.isVisible()


def test_a_run_is_told_in_three_lines(panel: RunPanel) -> None:
    panel.show_progress(Progress(120, 10_000, refused=3, current="castle.jpg", rate=14.97))
    assert panel.isVisible()
    assert panel.title.text() == "Predicting castle.jpg"
    assert panel.place.text() == "120 of 10,000 · 11 min left"
    assert panel.pace.text() == "15.0 a second · 3 refused"
    assert panel.bar.share == 0.012
    assert not panel.go_on.isVisible()


def test_numbers_change_at_a_pace_that_can_be_read(panel: RunPanel, qtbot: QtBot) -> None:
    texts: list[str] = []
    for done in range(50):
        panel.show_progress(Progress(done, 100))
        texts.append(panel.place.text())
    assert len(set(texts)) == 1
    qtbot.waitUntil(lambda: panel.place.text() == "49 of 100")


def test_pause_and_going_on(panel: RunPanel, qtbot: QtBot) -> None:
    asked: list[bool] = []
    panel.pause_asked.connect(asked.append)
    panel.show_progress(Progress(3, 9, current="a.jpg", rate=2.0))
    qtbot.mouseClick(panel.pause, LEFT)
    panel.show_progress(Progress(4, 9, current="b.jpg", rate=2.0, paused=True))  # at once, not when it is calm
    assert panel.title.text() == "Paused"
    assert panel.pause.accessibleName() == "Go on"
    assert "left" not in panel.place.text()
    qtbot.keyClick(panel.pause, Qt.Key.Key_Space)
    panel.show_progress(Progress(4, 9, current="b.jpg"))
    assert panel.title.text() == "Predicting b.jpg"
    assert asked == [True, False]


def test_why_a_run_waits_is_said(panel: RunPanel) -> None:
    panel.show_progress(Progress(3, 9, current="a.jpg", rate=2.0))
    panel.show_trouble("The disk is full.")
    assert panel.pace.text() == "Waiting. The disk is full."
    panel.show_trouble("")
    assert panel.pace.text() == "2.0 a second"


def test_a_run_that_has_done_all_leaves_nothing_behind(panel: RunPanel) -> None:
    panel.show_progress(Progress(3, 9))
    panel.show_report(RunReport(9))
    assert not panel.isVisible()


@pytest.mark.parametrize(
    ("report", "offered"),
    [
        (RunReport(9, refused=REFUSED), {"Reasons…"}),
        (RunReport(5, stopped=True, left=4), {"Go on"}),
        (RunReport(5, problem="The device gave up.", refused=REFUSED), {"Go on", "Reasons…"}),
    ],
)
def test_what_there_is_to_decide_stays_until_it_is_put_away(
    panel: RunPanel, qtbot: QtBot, report: RunReport, offered: set[str]
) -> None:
    panel.show_progress(Progress(3, 9))
    panel.show_report(report)
    assert panel.message.text() == report.sentence()
    words = [button for button in panel.findChildren(QToolButton) if button.isVisible() and button.text()]
    assert {button.text() for button in words} == offered
    asked: list[str] = []
    panel.go_on_asked.connect(lambda: asked.append("Go on"))
    panel.reasons_asked.connect(lambda: asked.append("Reasons…"))
    panel.put_away.connect(lambda: asked.append("away"))
    for button in words:
        qtbot.mouseClick(button, LEFT)
    qtbot.mouseClick(panel.close_button, LEFT)
    assert asked == [button.text() for button in words] + ["away"]
    assert not panel.isVisible()


def test_an_earlier_run_is_offered_unless_one_goes_on(panel: RunPanel) -> None:
    panel.show_progress(Progress(3, 9))
    panel.offer(Unfinished(10_000))
    assert panel.place.isVisible()
    assert not panel.message.isVisible()
    panel.show_report(RunReport(9))
    panel.offer(Unfinished(10_000))
    assert panel.message.text() == "The last run over 10,000 pictures was not finished."
    assert panel.go_on.isVisible()
    panel.clear()
    assert not panel.isVisible()


def test_it_fits_a_narrow_column_and_says_all_in_tooltips(panel: RunPanel, qtbot: QtBot) -> None:
    panel.show_progress(Progress(120, 100_000, current="a rather long name of a picture.jpg", rate=14.97))
    qtbot.waitExposed(panel)
    panel.resize(192, panel.height())
    assert panel.minimumSizeHint().width() <= 192
    assert panel.title.toolTip() == panel.title.text()
