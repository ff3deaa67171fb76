"""Paints at random in the real session until somebody kills it; every line it writes says what is in the picture.

`found REVISION HASH` once what earlier lives have left is there, `did REVISION HASH` with each step of the history that
is stood at, before it goes to the file, and `kept NUMBER` when so many of those are there.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from random import Random

import numpy as np
from PySide6.QtCore import QCoreApplication, QTimer

from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing.session import Session
from app.keeping.keeper import Keeper
from app.settings import Settings

SHAPE = (700, 900)


class Painter:
    def __init__(self, picture: Path, seed: int) -> None:
        self._random, self._picture, self._count = Random(seed), picture, 0
        self.session = Session(Settings())
        self.session.corrected.connect(lambda _path: self._did())  # before anybody can write it down
        self.keeper = Keeper(self.session, lambda: "none")
        self.session.show(picture)
        self.keeper.loaded.connect(self._begin)
        self.keeper.load(picture)

    def _begin(self, _path: Path) -> None:
        self.session.attach_photo(self._picture, (np.zeros((*SHAPE, 3), np.uint8),))
        self._say("found")
        QTimer.singleShot(0, self._go_on)

    def _did(self) -> None:
        if self.session.document is not None and self.session.document.segment_map is not None:
            self._say("did")
            self._count += 1

    def _say(self, what: str) -> None:
        history, document = self.session.history, self.session.document
        assert history is not None
        assert document is not None
        assert document.segment_map is not None
        say(what, history.revision(), hashlib.blake2b(document.segment_map.human.tobytes(), digest_size=8).hexdigest())

    def _go_on(self) -> None:
        stack = self.session.undo_stack
        assert stack is not None
        chance = self._random.random()
        if chance < 0.2:
            self.session.undo()
        elif chance < 0.35:
            self.session.redo()
        elif chance < 0.4:
            self.session.go_to_step(self._random.randint(0, stack.count()))
        else:
            self._stroke()
        number = self._count
        self.keeper.lane.read(lambda: None, done=lambda _: say("kept", number), failed=sys.exit)
        QTimer.singleShot(self._random.choice((0, 0, 0, 5)), self._go_on)

    def _stroke(self) -> None:
        random = self._random
        gesture = self.session.begin_edit("Stroke")
        assert gesture is not None
        size = random.choice((5, 40, 300))
        value = human_value(random.randint(0, 150))
        for _ in range(random.randint(1, 6)):
            x, y = random.randint(0, SHAPE[1] - 1), random.randint(0, SHAPE[0] - 1)
            box = Box(x, y, x + size, y + size // 2).clip(SHAPE)
            gesture.paint(box, np.random.default_rng(random.randint(0, 9)).random(box.shape) < 0.9, value)
        gesture.commit()


def say(*words: object) -> None:
    """One line, in one write: a kill cuts none in half."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def live(picture: Path, seed: int) -> None:
    """One life: it ends when somebody ends it."""
    application = QCoreApplication(sys.argv)
    painter = Painter(picture, seed)
    sys.exit(application.exec() if painter else 0)


def main() -> None:
    """A life for each line of the input, the seed of its chances, one after the other.

    They are forked, because importing everything takes longer than they live.
    """
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(Path(sys.argv[1]), int(line))
        say("born", child)
        os.waitpid(child, 0)
        say("dead")


if __name__ == "__main__":
    main()
