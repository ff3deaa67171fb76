"""Slow work of the tools: one thing after the other, announced only when it takes longer than a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.workers.background import Background
from tests.app.computing import background

__all__ = ["background"]  # a fixture


class Gate:
    """Work that waits until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self, check: Callable[[], None]) -> str:
        self.entered.set()
        assert self.opened.wait(10)
        check()
        return "gate"


@pytest.fixture
def gate(background: Background) -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def signs(background: Background) -> list[str]:
    texts: list[str] = []
    background.busy_changed.connect(texts.append)
    return texts


def run(
    background: Background, work: Callable[[Callable[[], None]], object], key: object = "key", text: str = ""
) -> tuple[list[object], Callable[[], None]]:
    results: list[object] = []
    cancel = background.run(work, key=key, done=results.append, failed=pytest.fail, text=text)
    return results, cancel


def test_work_that_takes_a_while_is_announced_until_it_ends(
    background: Background, gate: Gate, signs: list[str], qtbot: QtBot
) -> None:
    results, _ = run(background, gate, text="Filling…")
    assert signs == []
    qtbot.waitSignal(background.busy_changed, timeout=5000).wait()
    assert signs == ["Filling…"]
    gate.opened.set()
    qtbot.waitUntil(lambda: results == ["gate"])
    assert signs == ["Filling…", ""]


def test_work_that_takes_a_moment_is_not_announced(background: Background, signs: list[str], qtbot: QtBot) -> None:
    for number in range(3):
        results, _ = run(background, lambda _check, number=number: number, text="Filling…")
        qtbot.waitUntil(lambda results=results, number=number: results == [number])
    with qtbot.assertNotEmitted(background.busy_changed, wait=60):
        assert background.is_idle()
    assert signs == []


def test_work_without_words_is_never_announced(
    background: Background, gate: Gate, signs: list[str], qtbot: QtBot
) -> None:
    results, _ = run(background, gate)
    with qtbot.assertNotEmitted(background.busy_changed, wait=60):
        assert gate.entered.wait(10)
    gate.opened.set()
    qtbot.waitUntil(lambda: bool(results))
    assert signs == []


def test_what_is_cancelled_answers_nobody_and_its_sign_goes(
    background: Background, gate: Gate, signs: list[str], qtbot: QtBot
) -> None:
    results, cancel = run(background, gate, text="Filling…")
    qtbot.waitSignal(background.busy_changed, timeout=5000).wait()
    cancel()
    assert signs == ["Filling…", ""]
    gate.opened.set()
    others, _ = run(background, lambda _check: "next", key="other")
    qtbot.waitUntil(lambda: others == ["next"])
    assert results == []


def test_the_same_key_replaces_what_runs(background: Background, gate: Gate, qtbot: QtBot) -> None:
    first, _ = run(background, gate)
    assert gate.entered.wait(10)
    second, _ = run(background, lambda _check: "second")
    gate.opened.set()
    qtbot.waitUntil(lambda: second == ["second"])
    assert first == []


def test_cancelling_what_was_replaced_leaves_the_newer_work_alone(
    background: Background, gate: Gate, qtbot: QtBot
) -> None:
    _, cancel_first = run(background, gate)
    assert gate.entered.wait(10)
    second, _ = run(background, lambda _check: "second")
    cancel_first()
    gate.opened.set()
    qtbot.waitUntil(background.is_idle)
    assert second == ["second"]


def test_a_replacement_without_words_takes_the_sign_away(
    background: Background, gate: Gate, signs: list[str], qtbot: QtBot
) -> None:
    run(background, gate, text="Looking…")
    qtbot.waitSignal(background.busy_changed, timeout=5000).wait()
    other = Gate()
    results, _ = run(background, other)
    assert signs == ["Looking…", ""]
    gate.opened.set()
    other.opened.set()
    qtbot.waitUntil(lambda: bool(results))


def test_the_next_work_is_announced_in_its_turn(
    background: Background, gate: Gate, signs: list[str], qtbot: QtBot
) -> None:
    other = Gate()
    run(background, gate, key="first", text="First…")
    run(background, other, key="second", text="Second…")
    qtbot.waitSignal(background.busy_changed, timeout=5000).wait()
    assert signs == ["First…"]
    gate.opened.set()
    qtbot.waitUntil(lambda: signs == ["First…", "", "Second…"])
    other.opened.set()
    qtbot.waitUntil(background.is_idle)
    assert signs == ["First…", "", "Second…", ""]


def test_only_what_concerns_the_picture_on_screen_is_announced(
    background: Background, gate: Gate, signs: list[str], qtbot: QtBot
) -> None:
    current = "first"
    background.concerns = lambda key: key == current
    results, _ = run(background, gate, key="first", text="Filling…")
    qtbot.waitSignal(background.busy_changed, timeout=5000).wait()
    current = "second"
    background.look_again()
    assert signs == ["Filling…", ""]
    current = "first"
    qtbot.waitUntil(lambda: not background._timer.isActive())
    background.look_again()
    assert signs == ["Filling…", "", "Filling…"]
    gate.opened.set()
    qtbot.waitUntil(lambda: bool(results))
    assert signs == ["Filling…", "", "Filling…", ""]


def test_closing_waits_for_what_runs(background: Background, gate: Gate, signs: list[str]) -> None:
    results, _ = run(background, gate, text="Filling…")
    assert gate.entered.wait(10)
    gate.opened.set()
    background.close()
    assert background.is_idle()
    assert results == []
    assert not [thread for thread in threading.enumerate() if thread.name == "tools"]
