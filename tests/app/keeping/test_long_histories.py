"""A picture with a long history is there with its newest steps; the others follow, whatever is done meanwhile."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import ProjectError
from app.core.project.places import FILE_NAME
from app.core.project.records import RawStep
from app.core.project.store import ProjectStore
from app.keeping.keeper import STEPS_UNSEEN
from app.keeping.more_steps import ENDS
from app.keeping.projects import STEPS_AT_ONCE, TORN, Projects
from tests.app.working import SHAPE, Work, make_photo

STEPS, UNDONE = 40, 15
PLENTY = 2**40


@pytest.fixture
def photo(tmp_path: Path, start: Callable[[], Work]) -> Path:
    """One with forty steps, some of them undone."""
    photo = make_photo(tmp_path / "a.png")
    work = start()
    work.open(photo)
    for number in range(STEPS):
        work.paint(number)
    for _ in range(UNDONE):
        work.session.undo()
    work.close()
    return photo


@pytest.fixture
def held(start: Callable[[], Work], photo: Path, qtbot: QtBot) -> Iterator[tuple[Work, threading.Event]]:
    """Somebody who has the picture, and is quicker than its older steps: they come when the event is set."""
    work, gate = start(), threading.Event()
    work.keeper._packer.submit(gate.wait)
    work.session.show(photo)
    work.keeper.load(photo)
    qtbot.waitUntil(lambda: work.keeper.is_loaded(photo))
    work.session.attach_photo(photo, (np.zeros((*SHAPE, 3), np.uint8),))
    yield work, gate
    gate.set()


def wait(work: Work, photo: Path, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not work.keeper.more_steps.are_coming(photo))


def texts(first: int, last: int) -> list[str]:
    return [f"Brush {number}" for number in range(first, last)]


def check_all(start: Callable[[], Work], photo: Path, work: Work, *, texts: list[str], index: int) -> None:
    """Back to the beginning and to the end the picture is what it is in a new start, step by step."""
    assert work.history(photo) == (texts, index)
    layers = []
    for step in (0, len(texts) // 2, len(texts), index):
        work.session.go_to_step(step)
        layers.append(work.layer(photo))
    work.close()
    assert not layers[0].any()
    again = start()
    again.open(photo)
    assert again.history(photo) == (texts, index)
    assert again.said == []
    for step, layer in zip((index, 0, len(texts) // 2, len(texts)), [layers[-1], *layers[:-1]], strict=True):
        again.session.go_to_step(step)
        np.testing.assert_array_equal(again.layer(photo), layer)


def test_the_newest_steps_are_there_at_once_and_the_others_follow(
    start: Callable[[], Work], photo: Path, held: tuple[Work, threading.Event], qtbot: QtBot
) -> None:
    work, gate = held
    done = STEPS - UNDONE
    assert work.history(photo) == (texts(done - STEPS_AT_ONCE, done + STEPS_AT_ONCE), STEPS_AT_ONCE)
    layer = work.layer(photo)
    work.session.undo()
    work.session.redo()
    gate.set()
    wait(work, photo, qtbot)
    np.testing.assert_array_equal(work.layer(photo), layer)
    check_all(start, photo, work, texts=texts(0, STEPS), index=done)


def test_what_is_painted_before_they_come_stays_after_them(
    start: Callable[[], Work], photo: Path, held: tuple[Work, threading.Event], qtbot: QtBot
) -> None:
    work, gate = held
    work.session.undo()
    work.paint(90)
    gesture = work.session.begin_edit("In hand")
    assert gesture is not None
    gesture.paint(work.session.document.segment_map.box, None, 120)  # type: ignore[union-attr]
    gate.set()
    qtbot.waitUntil(lambda: bool(work.keeper.more_steps._due))
    assert work.keeper.more_steps.are_coming(photo), "a stroke is under way"
    gesture.commit()
    wait(work, photo, qtbot)
    done = STEPS - UNDONE - 1
    check_all(start, photo, work, texts=[*texts(0, done), "Brush 90", "In hand"], index=done + 2)


def test_a_history_that_has_to_be_written_anew_waits_for_them(
    start: Callable[[], Work], photo: Path, held: tuple[Work, threading.Event], qtbot: QtBot
) -> None:
    work, gate = held
    work.keeper._projects._renewed(work.keeper._kept[photo].info)
    qtbot.waitUntil(lambda: bool(work.keeper._due))
    assert not work.keeper.write_due()
    gate.set()
    wait(work, photo, qtbot)
    work.settle()
    check_all(start, photo, work, texts=texts(0, STEPS), index=STEPS - UNDONE)


def test_a_picture_that_is_closed_before_they_come(
    photo: Path, held: tuple[Work, threading.Event], qtbot: QtBot
) -> None:
    work, gate = held
    work.keeper.begin_anew([photo])
    work.open(make_photo(photo.with_name("b.png"), 2))
    gate.set()
    work.open(photo)
    assert work.history(photo)[1] == STEPS - UNDONE


def test_a_defect_while_they_are_read_is_told(
    photo: Path, held: tuple[Work, threading.Event], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, gate = held
    told: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: told.append(error))
    monkeypatch.setattr("app.keeping.more_steps.STEP_BYTES", None)
    gate.set()
    wait(work, photo, qtbot)
    assert [type(error) for error in told] == [TypeError]


def test_older_steps_that_cannot_be_read_are_told(
    start: Callable[[], Work], photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> list[RawStep]:
        raise ProjectError("The project cannot be read: the disk reports an error.")

    monkeypatch.setattr(Projects, "more_steps", fails)
    work = start()
    work.open(photo)
    wait(work, photo, qtbot)
    assert work.said == [f"The project cannot be read: the disk reports an error. {ENDS.format(name=photo.name)}"]
    assert work.history(photo) == (texts(13, STEPS - UNDONE) + texts(STEPS - UNDONE, 37), STEPS_AT_ONCE)


def test_snapshots_are_taken_in_the_midst_of_work(start: Callable[[], Work], tmp_path: Path) -> None:
    """However long somebody paints without a pause, the next start has few steps to go through."""
    photo = make_photo(tmp_path / "b.png")
    work = start()
    work.open(photo)
    for number in range(5):
        work.paint(number, steps=9)
        work.session.undo()
        work.settle()
        with closing(ProjectStore.open(tmp_path, tmp_path / FILE_NAME, read_only=True)) as store:
            query = "SELECT count(*) FROM step WHERE revision > ifnull((SELECT revision FROM snapshot), 0)"
            assert store._connection.execute(query).fetchone()[0] <= STEPS_UNSEEN


@pytest.mark.parametrize("steps_away", [3, STEPS_AT_ONCE + 3])
@pytest.mark.parametrize("is_later", [False, True])
def test_damaged_steps_are_told_once_and_the_rest_leads_up_to_them(
    start: Callable[[], Work], photo: Path, *, steps_away: int, is_later: bool
) -> None:
    done = STEPS - UNDONE
    index = done + steps_away - 1 if is_later else done - steps_away  # of the step that is damaged
    file = photo.parent / FILE_NAME
    with closing(sqlite3.connect(file)) as connection:
        revisions = [row[0] for row in connection.execute("SELECT revision FROM step ORDER BY revision")]
        connection.execute("UPDATE step SET patch = x'00' WHERE revision = ?", (revisions[index],))
        connection.commit()
    work = start()
    work.open(photo)
    assert [sentence for sentence in work.said if "damaged" in sentence] == [TORN.format(name="a.png")]
    first, last = (0, index) if is_later else (index + 1, STEPS)
    assert work.history(photo) == (texts(first, last), done - first)


def test_sound_steps_are_not_worth_a_word(start: Callable[[], Work], photo: Path) -> None:
    work = start()
    work.open(photo)
    assert work.said == []
