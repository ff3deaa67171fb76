from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.interpreter import MANY, PATIENCE, TURN_SECONDS, Tidying, attentive


class _Ring:
    """Has itself, so that only a search finds that nobody needs it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def parent(qtbot: QtBot) -> QObject:
    return QObject()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    turn = sys.getswitchinterval()
    yield
    sys.setswitchinterval(turn)
    gc.enable()
    gc.unfreeze()


def _dropped(count: int = MANY) -> weakref.ref[_Ring]:
    """The first of so many rings that nobody has."""
    rings = [_Ring() for _ in range(count)]
    return weakref.ref(rings[0])


def test_python_searches_for_no_garbage_by_itself(parent: QObject) -> None:
    with attentive(lambda: False, parent):
        ring = _dropped(20 * MANY)
        assert ring() is not None


def test_what_nobody_needs_goes_in_a_calm_moment(parent: QObject) -> None:
    calm = False
    with attentive(lambda: calm, parent) as tidying:
        ring = _dropped()
        tidying.tidy()
        assert ring() is not None
        calm = True
        tidying.tidy()
        assert ring() is None


def test_the_moments_come_by_themselves(qtbot: QtBot, parent: QObject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.interpreter.TICK_MS", 1)
    with attentive(lambda: True, parent):
        ring = _dropped()
        qtbot.waitUntil(lambda: ring() is None)


def test_work_that_never_ends_does_not_let_garbage_grow_for_ever(parent: QObject) -> None:
    with attentive(lambda: False, parent) as tidying:
        ring = _dropped()
        for _ in range(PATIENCE):
            tidying.tidy()
        assert ring() is not None
        tidying.tidy()
        assert ring() is None


def test_nobody_is_held_up_in_a_stroke(parent: QObject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    with attentive(lambda: True, parent) as tidying:
        ring = _dropped()
        tidying.tidy()
        assert ring() is not None
        monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.NoButton)
        tidying.tidy()
        assert ring() is None


@pytest.mark.parametrize("slow", [False, True])
def test_what_made_a_search_slow_is_left_out_of_the_next(
    parent: QObject, monkeypatch: pytest.MonkeyPatch, *, slow: bool
) -> None:
    monkeypatch.setattr("app.interpreter.SLOW_SECONDS", 0.0 if slow else 1e9)
    with attentive(lambda: True, parent) as tidying:
        before, modules, ring = gc.get_freeze_count(), [[] for _ in range(10 * MANY)], _dropped()
        tidying.tidy()
        assert ring() is None  # first comes the search
        assert (gc.get_freeze_count() > before + len(modules) / 2) is slow


def test_for_a_few_objects_there_is_no_search(qtbot: QtBot, parent: QObject) -> None:
    asked: list[None] = []
    tidying = Tidying(lambda: asked.append(None) is None, parent)
    gc.disable()
    gc.collect()
    ring = _dropped(3)
    tidying.tidy()
    assert ring() is not None
    assert not asked


def test_what_was_there_before_is_left_out_of_the_search(parent: QObject) -> None:
    ring = _Ring()
    before = weakref.ref(ring)
    with attentive(lambda: True, parent) as tidying:
        assert gc.get_freeze_count() > 0
        del ring
        after = _dropped()
        tidying.tidy()
        assert after() is None
        assert before() is not None
    gc.collect()
    assert before() is None


def test_threads_take_short_turns_for_as_long_as_the_window_is_open(parent: QObject) -> None:
    turn = sys.getswitchinterval()
    with attentive(lambda: True, parent):
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
        assert not gc.isenabled()
    assert sys.getswitchinterval() == turn
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_no_other_thread_of_a_test_takes_qt_objects_away() -> None:
    """A search for garbage on a worker's thread would, and crash in the window's."""
    assert not gc.isenabled()
