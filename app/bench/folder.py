"""A folder of a hundred thousand photos in the window, in a fresh process: `python -m app.bench.folder FOLDER`.

One small photo under many names: what takes time is how many there are. The longest block is the longest time for which
the window's thread could not have answered a key, told by a timer that is due every few milliseconds.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.bench.figures import Figure
from app.bench.fresh import probe
from app.bench.memory import resident_megabytes

if TYPE_CHECKING:
    from app.desk import Desk

AT_THE_LIST = "scrolling", "filtering", "filtering by class", "sorting", "selecting all", "marking 10,000"
ON_THE_DISK = "10,000 photos go", "10,000 photos come"
MARKED = 10_000  # pictures that get one status, or go and come back
PICTURES, FEW = 100_000, 5_000
FIRST = "photo 0.jpg"
_SIDES = 240, 320
_TICK_MS = 5  # a thread that never rests would slow down all others
_PATIENCE = 120.0  # s for one step
_GOALS = {"first": 1.0, "list": 2.0, "memory": 200.0, "block": 50.0}


def folder_figures(*, quick: bool) -> Iterator[Figure]:
    """Opening, scrolling, filtering and sorting a large folder, once as a new one and once as one that is known."""
    count = FEW if quick else PICTURES
    with TemporaryDirectory() as text:
        photos = Path(text, "photos")
        make_photos(photos, count)
        for which in ("new", "known"):
            found = probe("app.bench.folder", str(photos), cache=Path(text, "own"), what="Measuring a large folder")
            yield from _told(which, found)


def _told(which: str, found: dict[str, float]) -> Iterator[Figure]:
    seconds = {"first": "first photo on screen", "list": "list can be used"}
    for key, what in seconds.items():
        yield Figure(name=f"{which} folder: {what}", median=found[key], unit="s", goal=_GOALS[key])
    yield Figure(name=f"{which} folder: everything known", median=found["known"], unit="s")
    if "memory" in found:
        yield Figure(
            name=f"{which} folder: memory for the list", median=found["memory"], unit="MB", goal=_GOALS["memory"]
        )
    for what in ("opening", *AT_THE_LIST, *ON_THE_DISK):
        yield Figure(name=f"{which} folder: longest block while {what}", median=found[what], goal=_GOALS["block"])


def make_photos(folder: Path, count: int) -> None:
    """One small photo under so many names."""
    folder.mkdir()
    first = folder / FIRST
    across = np.linspace(0, 255, _SIDES[1])[None, :, None] * np.ones((_SIDES[0], 1, 3))
    cv2.imwrite(str(first), across.astype(np.uint8))
    for number in range(1, count):
        name = folder / f"photo {number}.jpg"
        try:
            os.link(first, name)
        except OSError:  # no links here, or no more of them
            shutil.copy(first, name)
            first = name


class Hand:
    """The window with a hand at its list, and a timer that tells how long nobody could have answered it."""

    def __init__(self) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        from app.main_window import MainWindow
        from app.settings import Settings
        from app.window import make_application

        self.application = make_application()
        self.window = MainWindow(Settings())
        self.desk, self.view = self.window.desk, self.window.image_list.view
        self.window.show()
        self._wait = QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        self._longest, self._last = 0.0, perf_counter()
        self._timer = QTimer(interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = perf_counter()
        self._longest, self._last = max(self._longest, now - self._last), now

    def block(self) -> float:
        """ms of the longest time since the last call in which no event could be answered."""
        self._tick()
        longest, self._longest = self._longest, 0.0
        return longest * 1000

    def until(self, reached: Callable[[], object]) -> None:
        """Let the window work until then, and paint its list."""
        began = perf_counter()
        while not reached():
            self.application.processEvents(self._wait)
            if perf_counter() - began > _PATIENCE:
                raise TimeoutError("a large folder: it did not come to that")
        self.view.viewport().update()
        for _ in range(3):
            self.application.processEvents()

    def has_photo(self, path: Path) -> bool:
        document = self.desk.session.document
        return document is not None and document.path == path and document.photo is not None

    def block_while(self, *changes: Callable[[], object]) -> float:
        """The longest block while the list is changed step by step and painted each time."""
        self.block()
        for change in changes:
            change()
            self.until(lambda: self.desk.listing.lane.is_idle() and self.desk.keeper.lane.is_idle())
        return self.block()

    def close(self) -> None:
        self.window.hide()
        self.desk.session.close_all()
        self.window.close()


def measure(photos: Path) -> dict[str, float]:
    """Seconds to "first", "list" and "known", MB of "memory", and ms of the longest block while doing the rest."""
    from app.interpreter import attentive

    hand = Hand()
    with attentive(lambda: hand.desk.idle, hand.window):
        found = _opening(hand, photos) | _at_the_list(hand) | _on_the_disk(hand, photos)
    hand.close()
    return found


def _opening(hand: Hand, photos: Path) -> dict[str, float]:
    from resources.samples import sample_paths

    desk, sample = hand.desk, sample_paths()[0]
    hand.window.opening.open([sample])  # so that the network is loaded
    hand.until(lambda: hand.has_photo(sample) and desk.idle)
    before, began = resident_megabytes(), perf_counter()
    hand.block()
    hand.window.opening.open([photos])
    hand.until(lambda: hand.has_photo(photos / FIRST))
    found = {"first": perf_counter() - began}
    hand.until(lambda: desk.folder.complete)
    found["list"] = perf_counter() - began
    hand.until(lambda: desk.idle)
    found |= {"known": perf_counter() - began, "opening": hand.block()}
    gc.collect()
    if before is not None:
        found["memory"] = (resident_megabytes() or 0) - before
    return found


def _on_the_disk(hand: Hand, photos: Path) -> dict[str, float]:
    """Very many photos go while the folder is open, and come back."""
    desk, there = hand.desk, len(hand.desk.folder)
    names, found = [f"photo {number}.jpg" for number in range(there)][-min(MARKED, there // 10) :], {}
    with TemporaryDirectory(dir=photos.parent) as aside:
        for what, source, target, count in (
            ("10,000 photos go", photos, Path(aside), there - len(names)),
            ("10,000 photos come", Path(aside), photos, there),
        ):
            for name in names:
                (source / name).rename(target / name)
            hand.block()
            hand.until(partial(_has, desk, count))
            found[what] = hand.block()
    return found


def _has(desk: Desk, count: int) -> bool:
    return len(desk.folder) == count and desk.idle


def _at_the_list(hand: Hand) -> dict[str, float]:
    from app.core.catalogue import ClassShare, Filter, Sort, SortBy
    from app.core.pictures import PictureStatus

    folder, view, bar = hand.desk.folder, hand.view, hand.view.verticalScrollBar()
    marked = np.arange(min(MARKED, len(folder)), dtype=np.intp)
    places = [bar.maximum() * step // 40 for step in range(41)]
    filters = (Filter(text="99"), Filter(text="photo 1"), Filter(noted=True), Filter())
    classes = [Filter(of_class=ClassShare(class_id, 0.02)) for class_id in (1, 1, 3)]
    sorts = [Sort(by, descending) for by in SortBy for descending in (True, False)]
    return {
        "scrolling": hand.block_while(*(partial(bar.setValue, place) for place in places)),
        "filtering": hand.block_while(*(partial(folder.arrange, filter=wanted) for wanted in filters)),
        "filtering by class": hand.block_while(
            *(partial(folder.arrange, filter=wanted) for wanted in (*classes, Filter()))
        ),
        "sorting": hand.block_while(*(partial(folder.arrange, sort=sort) for sort in sorts)),
        "selecting all": hand.block_while(view.selectAll, view.scrollToBottom, view.clearSelection),
        "marking 10,000": hand.block_while(
            *(partial(folder.set_statuses, marked, status) for status in (PictureStatus.DONE, PictureStatus.IN_WORK))
        ),
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
