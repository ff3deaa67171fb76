"""The line below the history: how many steps there are and what they take, while somebody can see it."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing.session import Session
from app.panels.history_panel import MB, HistoryPanel, memory_text
from tests.app.panels.stripes import HEIGHT, WIDTH


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> HistoryPanel:
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.resize(240, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def paint(session: Session, seed: int) -> None:
    stroke = session.begin_edit("Brush")
    assert stroke is not None
    mask = np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.5
    stroke.paint(Box(0, 0, WIDTH, HEIGHT), mask, human_value(5))
    assert stroke.commit()


def test_it_counts_the_steps_and_their_memory(panel: HistoryPanel, session: Session, qtbot: QtBot) -> None:
    assert panel.foot.text() == "0 steps · 0 MB of 256 MB"
    paint(session, 1)
    qtbot.waitUntil(lambda: panel.foot.text() == "1 step · <0.1 MB of 256 MB")
    paint(session, 2)
    qtbot.waitUntil(lambda: panel.foot.text().startswith("2 steps · "))
    session.undo()
    assert panel.foot.text().startswith("2 steps · ")  # one of them can be done again
    session.close_all()
    qtbot.waitUntil(lambda: panel.foot.text() == "")


def test_it_rests_while_nobody_sees_it(
    panel: HistoryPanel, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.hide()
    counted: list[int] = []
    count = session.history_bytes
    monkeypatch.setattr(session, "history_bytes", lambda: counted.append(1) or count())
    paint(session, 1)
    assert not panel._soon.isActive()
    assert counted == []
    panel.show()
    assert counted == [1]
    assert panel.foot.text().startswith("1 step · ")


def test_the_budget_is_the_one_that_holds(panel: HistoryPanel, session: Session, qtbot: QtBot) -> None:
    session.undo_bytes = 64 * MB
    paint(session, 1)
    qtbot.waitUntil(lambda: panel.foot.text().endswith(" of 64 MB"))
    assert "Beyond 64 MB the oldest are let go" in panel.foot.toolTip()


def test_the_keyboard_goes_to_the_steps(panel: HistoryPanel, qtbot: QtBot) -> None:
    panel.activateWindow()
    panel.setFocus()
    qtbot.waitUntil(panel.view.hasFocus)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 MB"), (1, "<0.1 MB"), (MB // 10, "0.1 MB"), (3 * MB + MB // 2, "3.5 MB")]
)
def test_little_is_told_from_nothing(count: int, text: str) -> None:
    assert memory_text(count) == text
