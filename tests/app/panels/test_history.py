"""The history panel, with real clicks and keys: any step is one click away, and what cannot be done is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing.session import KEPT_OPEN, Session
from app.panels.history import NOTHING_OPEN, HistoryView
from app.panels.history_model import EARLIER, OPENED, StepRole, StepState
from tests.app.canvas.scene import map_of
from tests.app.panels.stripes import HEIGHT, PICTURE, WIDTH

OTHER = Path("/photos/other.jpg")
NAMES = ["Paint wall", "Paint building", "Paint sky"]


def paint(session: Session, class_id: int, text: str) -> None:
    stroke = session.begin_edit(text)
    assert stroke is not None
    stroke.paint(Box(0, 0, 4 * class_id, HEIGHT), None, human_value(class_id))
    assert stroke.commit()


def open_picture(session: Session, path: Path) -> None:
    session.show(path)
    session.attach_photo(path, (np.zeros((HEIGHT, WIDTH, 3), np.uint8),))


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> HistoryView:
    """Three steps, on screen."""
    view = HistoryView(session)
    qtbot.addWidget(view)
    view.resize(240, 300)
    with qtbot.waitExposed(view):
        view.show()
    for class_id, name in enumerate(NAMES, start=1):
        paint(session, class_id, name)
    qtbot.waitUntil(lambda: view.currentIndex().row() == 3)  # the list follows the picture
    return view


def texts(view: HistoryView) -> list[str]:
    return [str(view.steps.index(row).data()) for row in range(view.steps.rowCount())]


def states(view: HistoryView) -> list[StepState]:
    return [view.steps.index(row).data(StepRole.STATE) for row in range(view.steps.rowCount())]


def click(view: HistoryView, row: int) -> None:
    at = view.visualRect(view.steps.index(row)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def columns(session: Session) -> list[int]:
    """The human layer along a row."""
    return [int(value) for value in map_of(session).human[5, :13:4]]


def test_steps_are_listed_from_the_opened_picture_to_the_newest(panel: HistoryView) -> None:
    assert texts(panel) == [OPENED, *NAMES]
    assert states(panel) == [StepState.DONE] * 3 + [StepState.CURRENT]
    assert panel.currentIndex().row() == 3
    assert panel.steps.index(0).data(StepRole.SHARE) == ""
    assert panel.steps.index(1).data(StepRole.SHARE).endswith(" %")


def test_a_click_goes_there_and_back(panel: HistoryView, session: Session) -> None:
    newest = columns(session)
    corrected: list[Path] = []
    session.corrected.connect(corrected.append)
    click(panel, 1)
    assert columns(session) == [human_value(1), 0, 0, 0]
    assert states(panel) == [StepState.DONE, StepState.CURRENT, StepState.UNDONE, StepState.UNDONE]
    click(panel, 0)
    assert columns(session) == [0, 0, 0, 0]
    click(panel, 3)
    assert columns(session) == newest
    assert states(panel)[-1] is StepState.CURRENT
    assert corrected == [PICTURE] * 3


def test_arrows_and_return_do_the_same(panel: HistoryView, session: Session) -> None:
    panel.setFocus()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up):
        QTest.keyClick(panel, key)
    assert states(panel)[3] is StepState.CURRENT  # only looked at so far
    QTest.keyClick(panel, Qt.Key.Key_Return)
    assert columns(session) == [human_value(1), 0, 0, 0]
    QTest.keyClick(panel, Qt.Key.Key_End)
    QTest.keyClick(panel, Qt.Key.Key_Enter)
    assert states(panel)[3] is StepState.CURRENT


def test_undo_elsewhere_moves_the_mark(qtbot: QtBot, panel: HistoryView, session: Session) -> None:
    session.undo()
    assert states(panel)[2:] == [StepState.CURRENT, StepState.UNDONE]
    qtbot.waitUntil(lambda: panel.currentIndex().row() == 2)


def test_a_new_step_replaces_the_undone_ones(panel: HistoryView, session: Session) -> None:
    click(panel, 1)
    paint(session, 9, "Paint bed")
    assert texts(panel) == [OPENED, "Paint wall", "Paint bed"]
    assert states(panel)[-1] is StepState.CURRENT


def test_every_picture_shows_its_own_steps(panel: HistoryView, session: Session) -> None:
    click(panel, 2)
    open_picture(session, OTHER)
    assert texts(panel) == [OPENED]
    paint(session, 5, "Paint floor")
    assert texts(panel) == [OPENED, "Paint floor"]
    open_picture(session, PICTURE)
    assert texts(panel) == [OPENED, *NAMES]
    assert states(panel)[2] is StepState.CURRENT
    session.close_all()
    assert texts(panel) == []
    assert panel.empty_text == NOTHING_OPEN


def test_a_picture_on_its_way_back_refuses_and_the_mark_stays(panel: HistoryView, session: Session) -> None:
    for number in range(KEPT_OPEN + 1):
        session.show(Path(f"/photos/{number}.jpg"))
    assert session.show(PICTURE).parked
    said: list[str] = []
    session.said.connect(said.append)
    click(panel, 1)
    assert said == [f"{PICTURE.name} is not there yet; its history waits for it."]
    assert states(panel)[3] is StepState.CURRENT
    assert panel.currentIndex().row() == 3
    open_picture(session, PICTURE)
    click(panel, 1)
    assert columns(session) == [human_value(1), 0, 0, 0]


def test_steps_let_go_for_memory_are_no_longer_listed(panel: HistoryView, session: Session) -> None:
    session.undo_bytes = session.history_bytes()
    paint(session, 8, "Paint grass")
    assert texts(panel)[0] == EARLIER
    assert texts(panel)[-1] == "Paint grass"
    assert len(texts(panel)) < 5
    click(panel, 0)
    assert columns(session)[0] != 0


def test_what_a_screen_reader_says(panel: HistoryView) -> None:
    click(panel, 2)
    role = Qt.ItemDataRole.AccessibleTextRole
    said = [str(panel.steps.index(row).data(role)) for row in range(4)]
    assert said[0] == OPENED
    assert said[2].startswith("Paint building, ")
    assert said[2].endswith("current step")
    assert said[3].endswith("undone")
