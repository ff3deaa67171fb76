"""The Qt binding itself: a release that miscounts references ends the window, and unsaved work with it."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal

EMITS = 500


class Sender(QObject):
    said = Signal(object)


def test_emitting_costs_no_reference_to_a_constant() -> None:
    """PySide6 6.12.0 gave one reference to True away at every emit; before Python 3.12 that aborts the process."""
    sender = Sender()
    sender.said.connect(lambda _: None)
    before = [sys.getrefcount(constant) for constant in (None, True, False)]
    for _ in range(EMITS):
        sender.said.emit(None)
    after = [sys.getrefcount(constant) for constant in (None, True, False)]
    assert all(abs(late - early) < EMITS // 2 for early, late in zip(before, after, strict=True)), (before, after)
