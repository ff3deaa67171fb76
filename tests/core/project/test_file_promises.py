"""What a project's file promises: commits that last, rows that take all of theirs along, damage that shows at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project import database, timeline
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.core.segment_map import SegmentMap
from tests.core.project.projects import (
    PLENTY,
    SHAPE,
    Painter,
    check_history,
    identity,
    layer_of,
    opened,
    some_prediction,
)

COUNTS = SegmentMap(*SHAPE).histogram()
_DAMAGED = b"\xa5" * 700


def page_with(file: Path, text: bytes) -> int:
    """Where the page of the file begins that holds a text."""
    with file.open("rb") as opened_file:
        data = opened_file.read()
    at = data.index(text)
    return at - at % 4096


def test_the_log_is_synchronized_and_bounded(tmp_path: Path) -> None:
    """No test can pull the plug: these settings of SQLite are what makes a project open after a power cut."""
    store = opened(tmp_path)
    told = {name: store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert told == {"journal_mode": "wal", "synchronous": 1}
    assert store._connection.execute("PRAGMA journal_size_limit").fetchone()[0] == 64 * 2**20
    store.close()


def test_a_picture_that_gives_its_name_away_leaves_nothing_to_who_comes_next(tmp_path: Path) -> None:
    """A new row may have the number of one that is gone."""
    store = opened(tmp_path)
    Painter(store, "old.png").paint()
    store.keep_prediction("new.png", some_prediction(), model="m", identity=identity(), counts=COUNTS)
    store.rename("old.png", "new.png")
    store.set_note("third.png", "another one")
    assert store.prediction("new.png") is None
    assert store.prediction("third.png") is None
    assert store.areas().names == ()
    store.close()


def test_damage_is_noticed_when_the_file_is_opened(tmp_path: Path) -> None:
    """Not only when somebody happens upon it: until then all that is written would go into a broken file."""
    store = opened(tmp_path)
    painters = [Painter(store, f"{number}.png") for number in range(3)]
    for painter in painters:
        painter.paint(6)
    for number in range(400):
        store.set_note(f"{number} noted.png", f"note {number} " * 20)
    store.close()
    file = tmp_path / FILE_NAME
    with file.open("r+b") as opened_file:
        opened_file.seek(page_with(file, b"note 200 ") + 8)
        opened_file.write(_DAMAGED)
    store = opened(tmp_path)
    assert store.rescued
    for painter in painters:
        kept = store.load(painter.name, most_bytes=PLENTY)
        assert kept is not None
        check_history(kept, painter.layers)
    store.close()


def test_who_only_reads_sees_what_is_still_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a folder that may not be written, where SQLite would have to be told that nobody writes."""
    writer = opened(tmp_path)
    painter = Painter(writer, "a.png")
    painter.paint(2)
    monkeypatch.setattr(database, "may_write", lambda _path: False)
    reader = ProjectStore.open(tmp_path, tmp_path / FILE_NAME, read_only=True)
    kept = reader.load("a.png", most_bytes=PLENTY)
    assert kept is not None
    check_history(kept, painter.layers)
    reader.close()
    writer.close()


def test_the_layer_that_old_steps_were_folded_into_is_that_of_its_revision(tmp_path: Path) -> None:
    """Not that of where the picture stands: it is seen as soon as every kept step is undone."""
    store = opened(tmp_path)
    painter = Painter(store, "a.png")
    painter.paint(6)
    sizes = store._connection.execute("SELECT length(patch) FROM step ORDER BY revision DESC").fetchall()
    assert store.fold("a.png", sum(size for (size,) in sizes[:2])) == 4
    base = timeline.base_of(store._connection, 1)
    assert base.revision == 4
    assert np.array_equal(layer_of(base.patch()), painter.layers[4])
    painter.stand_at(4)
    kept = store.load("a.png", most_bytes=0)
    assert kept is not None
    assert np.array_equal(layer_of(kept.corrections), painter.layers[4])
    store.close()


def test_nothing_that_the_network_said_of_another_photo_stays(tmp_path: Path) -> None:
    store = opened(tmp_path)
    Painter(store, "a.png").paint()
    store.keep_prediction("a.png", some_prediction(), model="m", identity=identity(), counts=COUNTS)
    store.start_over("a.png", identity(2))
    assert store.prediction("a.png") is None
    assert store.areas().names == ()
    store.close()


def test_a_note_is_work_that_no_other_photo_takes_the_place_of(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.set_note("new.png", "mine")
    store.set_note("old.png", "mine too")
    with pytest.raises(ProjectError, match="there is work under that name already"):
        store.rename("old.png", "new.png")
    assert store.notes() == {"new.png": "mine", "old.png": "mine too"}
    store.close()


def test_work_of_two_lost_photos_that_are_alike_goes_to_neither(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for name in ("one.png", "two.png"):
        store.set_identity(name, identity())
        store.set_note(name, name)
    assert store.follow("three.png", identity()) == ""
    assert store.notes() == {"one.png": "one.png", "two.png": "two.png"}
    store.close()


def test_a_history_that_is_written_anew_leaves_a_picture_done_and_no_revision_free(tmp_path: Path) -> None:
    store = opened(tmp_path)
    painter = Painter(store, "a.png")
    painter.paint(3)
    store.set_status("a.png", PictureStatus.DONE)
    kept = store.load("a.png", most_bytes=PLENTY)
    assert kept is not None
    first = kept.steps[:1]
    store.replace_history("a.png", first, base_revision=0, revision=1, shape=SHAPE, corrections=first[0].patch)
    again = store.load("a.png", most_bytes=PLENTY)
    assert again is not None
    assert again.status is PictureStatus.DONE
    assert store.last_revision == 3
    store.close()
