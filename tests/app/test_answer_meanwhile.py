"""An answer of the network that comes while something is being painted: what was asked for goes by what was seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.session
from app.core.arrays import U8
from app.core.segment_map import human_value
from app.session import Session
from app.settings import Settings
from app.tools import make_tool
from app.tools.base import Button, Pointer
from tests.app.canvas.scene import document_of, map_of, predict, quarters, show_photo
from tests.app.tools.later import Later

LEFT = Button.LEFT
SKY, CURRENT = human_value(3), human_value(17)


@pytest.fixture
def session(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The known picture; whatever reaches further than 100 pixels waits in the runner."""
    monkeypatch.setattr(app.session, "AT_ONCE", 100)
    session = Session(Settings())
    show_photo(session)
    predict(session)
    session.set_current_class(17)
    yield session
    session.close_all()


@pytest.fixture
def later(session: Session) -> Later:
    session.runner = runner = Later()
    return runner


def answer_anew(session: Session) -> U8:
    """Every code stands for another place now."""
    layer = np.flip(quarters()).copy()
    predict(session, layer)
    return layer


def human(session: Session) -> U8:
    return map_of(session).human.copy()


def test_a_click_means_what_was_under_it(session: Session, later: Later) -> None:
    seen = document_of(session).labels()
    fill = make_tool("fill", session)
    fill.set_value("scope", "class")
    fill.press(Pointer(10, 10, LEFT))
    answer_anew(session)
    later.finish()
    np.testing.assert_array_equal(human(session) == CURRENT, seen == 3)


def test_the_rule_goes_by_the_labels_that_were_seen(session: Session, later: Later) -> None:
    seen = document_of(session).labels()
    session.set_rule(locked=frozenset({5}))
    session.edit("Fill", lambda _check: [(map_of(session).box, None, SKY)])
    answer_anew(session)
    later.finish()
    np.testing.assert_array_equal(human(session) == SKY, seen != 5)


def test_a_clean_up_goes_by_the_labels_that_were_seen(session: Session, later: Later) -> None:
    unlabelled = document_of(session).labels() == 0
    cleanup = make_tool("cleanup", session)
    cleanup.press(Pointer(10, 10, LEFT))
    cleanup.release(Pointer(10, 10, LEFT))
    later.finish()
    cleanup.accept()
    answer_anew(session)
    later.finish()
    np.testing.assert_array_equal(human(session) > 0, unlabelled)


def test_a_stroke_goes_on_by_the_new_labels(session: Session) -> None:
    """Only the rule is that of the press."""
    session.set_rule(locked=frozenset({3}))
    session.set_brush_size(3)
    tool = make_tool("brush", session)
    tool.press(Pointer(10.5, 10.5, LEFT))
    locked = answer_anew(session) == 1
    session.set_rule(locked=frozenset())
    for x, y in ((12.5, 10.5), (100.5, 10.5), (100.5, 70.5)):
        tool.move(Pointer(x, y, LEFT))
    tool.release(Pointer(100.5, 70.5, LEFT))
    painted = human(session) == CURRENT
    assert painted[10, 20:50].all()
    assert painted[:40, 70:].any()
    assert not painted[locked].any()
