"""The real window, in which somebody paints with the mouse until the process is killed.

It writes what `stroke_child` writes, and before that `shows NAME X Y SCALE`, `steps COUNT DONE` and `told SENTENCE`
of what is there when the picture has come; then `looks X Y SCALE` once the view it has moved to is kept.
"""

from __future__ import annotations

import hashlib
import sys
from random import Random

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.main_window import MainWindow
from app.window import make_application
from tests.e2e import story
from tests.e2e.story import Script
from tests.e2e.stroke_child import say

_COLUMNS, _ROWS = 7, 5


class Hand:
    """Paints on whatever picture is shown."""

    def __init__(self, window: MainWindow, seed: int) -> None:
        self._window, self._random, self._count = window, Random(seed), 0
        self._told: list[str] = []
        self._begun = False
        window.desk.said.connect(self._told.append)
        keep_up = window.desk.keeper.keep_up
        window.session.corrected.disconnect(keep_up)
        window.session.corrected.connect(lambda _path: self._did())  # before anybody can write it down
        window.session.corrected.connect(keep_up)

    def script(self) -> Script:
        window = self._window
        yield lambda: window.session.document is not None and window.session.document.segment_map is not None
        yield lambda: window.canvas.viewport is not None and not window.project_signs.remembering
        self._shows("shows", window.session.document.path.name)  # type: ignore[union-attr]
        stack = window.session.undo_stack
        assert stack is not None
        say("steps", stack.count(), stack.index())
        for sentence in filter(None, self._told):
            say("told", sentence)
        self._pixels("found")
        self._begun = True
        window.canvas.zoom_to(self._random.choice((1.5, 2.0, 3.0)))
        window.canvas.pan_by(self._random.randint(-60, 60), self._random.randint(-40, 40))
        yield lambda: not window.project_signs.remembering
        yield from self._kept()
        self._shows("looks")
        QTest.keyClick(window.canvas, Qt.Key.Key_B)
        while True:
            if self._count and self._random.random() < 0.2:  # a stroke comes first: there is something to tell of
                QTest.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            else:
                yield from self._stroke()
            if not (number := self._count):
                continue
            window.desk.keeper.lane.read(
                lambda: None, done=lambda _, number=number: say("kept", number), failed=sys.exit
            )
            yield lambda: True

    def _stroke(self) -> Script:
        """Its moves come one at a time, so that it can be cut short anywhere."""
        window, random = self._window, self._random
        window.session.set_current_class(random.randint(1, 150))
        canvas = window.canvas
        x, y = random.randint(20, canvas.width() - 150), random.randint(20, canvas.height() - 150)
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(x, y))
        for move in range(1, random.randint(2, 8)):
            yield lambda: True
            QTest.mouseMove(canvas, QPoint(x + 15 * move, y + random.randint(0, 100)))
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(x + 100, y))

    def _kept(self) -> Script:
        """Everything that was asked for is written."""
        reached: list[None] = []
        self._window.desk.keeper.lane.read(lambda: None, done=reached.append, failed=sys.exit)
        yield lambda: bool(reached)

    def _did(self) -> None:
        if self._begun:
            self._pixels("did")
            self._count += 1

    def _pixels(self, what: str) -> None:
        history, document = self._window.session.history, self._window.session.document
        assert history is not None
        assert document is not None
        assert document.segment_map is not None
        pixels = hashlib.blake2b(document.segment_map.human.tobytes(), digest_size=8).hexdigest()
        say(what, history.revision(), pixels)

    def _shows(self, *what: str) -> None:
        view = self._window.canvas.viewport
        assert view is not None
        say(*what, *(f"{value:.3f}" for value in (*view.middle, view.scale)))


def main() -> None:
    folder, seed = sys.argv[1], int(sys.argv[2])
    application = make_application()
    story.PATIENCE = 120.0
    sys.exit(story.Story(lambda window: Hand(window, seed).script()).run([folder]) if application else 1)


if __name__ == "__main__":
    main()
