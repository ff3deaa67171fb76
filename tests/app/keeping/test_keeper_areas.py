"""The list can be filtered by what is on a picture, however its answer came and whatever a person decided."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode, compose_layer
from app.core.errors import ProjectError
from app.core.project.areas import FolderAreas
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.keeping.counting import Counting
from app.keeping.projects import Countable
from inference.prediction import Prediction
from tests.app.working import PATIENCE, SHAPE, Work

WALL, SKY = 1, 3  # the first is what a person decided: see `Work.paint`
FOLDER = Path("folder")


def sky() -> Prediction:
    """A network that sees nothing but sky."""
    probs = np.zeros((100, 150), np.float32)
    probs[0, SKY - 1] = 0.9
    return Prediction(probs, np.ones((100, 8, 10), np.float32), SHAPE)


def pictures_with(photo: Path, class_id: int) -> set[str]:
    with closing(ProjectStore.open(photo.parent, photo.parent / FILE_NAME, read_only=True)) as store:
        return store.with_class(class_id, threshold=0.5)


def answered_ahead(work: Work, photo: Path) -> None:
    """The answer comes before anybody looks at the picture, so that nothing is composed."""
    assert work.session.recall(photo, sky(), model="fake")


def answered_in_the_semantic_view(work: Work, photo: Path) -> None:
    layer, table = compose_layer(sky(), ViewMode.SEMANTIC)
    work.session.attach_prediction(photo, sky(), layer=layer, table=table, mode=ViewMode.SEMANTIC, model="fake")


@pytest.mark.parametrize("answer", [answered_ahead, answered_in_the_semantic_view])
@pytest.mark.parametrize("painted", [0, 6])
def test_what_is_on_a_picture_is_known_also_where_its_segments_are_not_composed(
    start: Callable[[], Work], photo: Path, answer: Callable[[Work, Path], None], painted: int
) -> None:
    work = start()
    work.open(photo)
    work.paint(0, steps=painted)
    answer(work, photo)
    document = work.session.document
    assert document is not None
    assert document.code_counts() is None
    work.keeper.keep_prediction(photo)
    work.settle()
    assert pictures_with(photo, SKY) == {photo.name}
    assert pictures_with(photo, WALL) == ({photo.name} if painted else set())
    work.close()


def in_the_segments_view(work: Work, photo: Path) -> None:
    layer, table = compose_layer(sky(), ViewMode.SEGMENTS)
    work.session.attach_prediction(photo, sky(), layer=layer, table=table, mode=ViewMode.SEGMENTS, model="fake")


def not_answered(_work: Work, _photo: Path) -> None:
    """Nobody has asked the network."""


def closed(work: Work, _photo: Path, _qtbot: QtBot) -> None:
    work.close()


def at_rest(work: Work, photo: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(work.keeper.counting.counted, timeout=PATIENCE) as told:
        work.keeper._idle.start(0)
    assert told.args is not None
    assert told.args[0] == photo
    assert told.args[1].with_class(WALL, threshold=0.5) == {photo.name}


@pytest.mark.parametrize("answer", [in_the_segments_view, answered_in_the_semantic_view, not_answered])
@pytest.mark.parametrize("then", [closed, at_rest])
def test_a_correction_is_counted_in_every_view_as_soon_as_the_hand_rests_and_at_the_end_at_the_latest(
    start: Callable[[], Work],
    photo: Path,
    qtbot: QtBot,
    answer: Callable[[Work, Path], None],
    then: Callable[[Work, Path, QtBot], None],
) -> None:
    work = start()
    work.open(photo)
    answer(work, photo)
    work.keeper.keep_prediction(photo)
    work.settle()
    seen = {photo.name} if answer is not not_answered else set()
    assert (pictures_with(photo, WALL), pictures_with(photo, SKY)) == (set(), seen)
    work.paint(0)
    then(work, photo, qtbot)
    assert (pictures_with(photo, WALL), pictures_with(photo, SKY)) == ({photo.name}, seen)


class Later(Executor):
    """Does what it was given one after the other, when a test says so."""

    def __init__(self) -> None:
        self.waiting = deque[Callable[[], object]]()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.waiting.append(partial(fn, *args, **kwargs))
        return Future()


class Counted:
    """What is counted of pictures of which a test says what there is, and how it is kept."""

    def __init__(self, qtbot: QtBot, there: Mapping[str, Countable | Exception | None]) -> None:
        self._qtbot, self._there = qtbot, there
        self.hands_at_work = 0  # so many times yet when it is asked
        self.known = set[str]()  # of these there are counts
        self.asked: list[Path] = []
        self.told: list[tuple[Path, FolderAreas]] = []
        self.executor = Later()
        self.counting = Counting(self.executor, self._ask, self._write, may_count=self._may_count)
        self.counting.counted.connect(lambda path, areas: self.told.append((path, areas)))

    def _ask(self, path: Path) -> Future[Countable | None]:
        self.asked.append(path)
        found, future = self._there[path.name], Future[Countable | None]()
        if isinstance(found, Exception):
            future.set_exception(found)
        else:
            future.set_result(found)
        return future

    def _write(self, path: Path, work: Callable[[Any, str], None]) -> None:
        work(self, path.name)

    def put_areas(self, name: str, _packed: bytes, *, over: bool = True) -> bool:
        """In place of that of the store."""
        return over or name not in self.known

    def _may_count(self) -> bool:
        assert not self.executor.waiting  # one at a time
        self.hands_at_work -= 1
        return self.hands_at_work < 0

    def rest(self) -> None:
        """Until nothing more is begun by itself."""
        self._qtbot.waitUntil(lambda: not self.counting._pause.isActive(), timeout=PATIENCE)

    def finish(self, *, pictures: int) -> None:
        """Have so many be counted."""
        for _ in range(pictures):
            self._qtbot.waitUntil(lambda: len(self.executor.waiting) > 0, timeout=PATIENCE)
            self.executor.waiting.popleft()()

    def pictures_with(self, class_id: int, *, threshold: float) -> set[str]:
        return set().union(*(areas.with_class(class_id, threshold=threshold) for _, areas in self.told))


@pytest.fixture
def crashes(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    told: list[Exception] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: told.append(error))
    return told


def seen(threshold: float | None = None) -> Countable:
    return Countable(sky(), None, threshold)


def test_a_picture_that_is_counted_again_keeps_its_own_threshold(qtbot: QtBot) -> None:
    """Else the list shows it among those with a class that nobody sees on it."""
    work = Counted(qtbot, {"strict": seen(0.95), "plain": seen()})
    for name in ("strict", "plain"):
        work.counting.count(FOLDER / name)
    work.finish(pictures=2)
    assert [path for path, _ in work.told] == [FOLDER / "strict", FOLDER / "plain"]
    assert work.pictures_with(SKY, threshold=0.5) == {"plain"}


def test_what_is_known_meanwhile_is_newer_than_what_nobody_waits_for(qtbot: QtBot) -> None:
    work = Counted(qtbot, {"known": seen(), "unknown": seen()})
    work.known = {"known"}
    work.counting.fill_in(FOLDER, ["known", "unknown"])
    work.finish(pictures=2)
    assert [path.name for path, _ in work.told] == ["unknown"]
    work.counting.count(FOLDER / "known")  # it was worked on
    work.finish(pictures=1)
    assert [path.name for path, _ in work.told] == ["unknown", "known"]


def test_a_list_is_counted_one_by_one_whatever_becomes_of_a_picture(qtbot: QtBot, crashes: list[Exception]) -> None:
    """A record that cannot be read is told when its picture is opened; what nobody expects is told at once."""
    wrong = ZeroDivisionError()
    work = Counted(qtbot, {"gone": None, "damaged": ProjectError("It cannot be read."), "wrong": wrong, "last": seen()})
    work.counting.fill_in(FOLDER, ["gone", "damaged", "wrong", "last"])
    work.finish(pictures=4)
    assert [path.name for path, _ in work.told] == ["last"]
    assert crashes == [wrong]


def test_a_hand_at_work_goes_before_pictures_that_nobody_waits_for(qtbot: QtBot) -> None:
    work = Counted(qtbot, {"a": seen()})
    work.hands_at_work = 3
    work.counting.fill_in(FOLDER, ["a"])
    work.finish(pictures=1)
    assert work.hands_at_work == -1  # it was waited until there was none
    assert len(work.told) == 1


def test_of_a_list_that_gives_way_to_another_nothing_more_is_counted(qtbot: QtBot) -> None:
    """Nor is that of the new one begun before what is under way has ended."""
    work = Counted(qtbot, {name: seen() for name in "abcd"})
    work.counting.fill_in(FOLDER, ["a", "b", "c"])
    work.rest()
    work.counting.fill_in(FOLDER / "other", ["d"])
    work.rest()
    assert len(work.executor.waiting) == 1
    work.finish(pictures=2)
    assert work.asked == [FOLDER / "a", FOLDER / "other" / "d"]


def test_what_is_stopped_begins_nothing_more(qtbot: QtBot) -> None:
    work = Counted(qtbot, {name: seen() for name in "ab"})
    work.counting.fill_in(FOLDER, ["a", "b"])
    work.counting.stop()
    work.rest()
    assert not work.executor.waiting
