"""What is done to a picture is in its project at once and comes back, whatever happens to the files meanwhile."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from tests.app.working import Work, break_file, make_photo, some_prediction

PLENTY = 2**40


def stored(photo: Path, *, root: Path | None = None) -> tuple[list[int], int]:
    """What the project says of a picture, read by somebody else: its revisions and where it stands."""
    root = root or photo.parent
    with closing(ProjectStore.open(root, root / FILE_NAME, read_only=True)) as store:
        kept = store.load(photo.relative_to(root).as_posix(), most_bytes=PLENTY)
    return ([], 0) if kept is None else ([step.revision for step in kept.steps], kept.revision)


def test_every_kind_of_change_is_there_at_the_next_start(start: Callable[[], Work], photo: Path) -> None:
    work = start()
    work.open(photo)
    work.paint(1, steps=6)
    work.session.undo()
    work.session.undo()
    work.session.redo()
    work.session.go_to_step(3)
    work.session.set_threshold_scope(for_all=False)
    work.session.set_threshold(0.7)
    work.session.mark_exported(photo, work.session.export_state(photo))
    layer, history, state = work.layer(photo), work.history(photo), work.session.exported_state(photo)
    work.close()
    again = start()
    again.session.set_threshold_scope(for_all=False)
    again.open(photo)
    assert again.said == []
    np.testing.assert_array_equal(again.layer(photo), layer)
    assert again.history(photo) == history == ([f"Brush {1}"] * 6, 3)
    assert again.session.own_threshold(photo) == 0.7
    assert again.session.exported_state(photo) == state
    assert again.session.is_exported(photo)
    again.paint(9)  # in place of the three that were undone
    assert again.history(photo)[1] == 4
    again.close()
    assert len(stored(photo)[0]) == 4


def test_a_change_of_picture_and_parked_pictures_lose_nothing(start: Callable[[], Work], tmp_path: Path) -> None:
    photos = [make_photo(tmp_path / f"{number}.png", number) for number in range(8)]
    work = start()
    for number, path in enumerate(photos * 2):
        work.open(path)
        work.paint(number, steps=2)
    layers = [work.layer(path) for path in photos]
    document = work.session.find(photos[0])
    assert document is not None
    assert document.parked
    work.close()
    again = start()
    for path, layer in zip(photos, layers, strict=True):
        again.open(path)
        np.testing.assert_array_equal(again.layer(path), layer)
        assert again.history(path)[1] == 4
    again.close()


def test_photos_of_several_folders_have_their_projects(start: Callable[[], Work], tmp_path: Path) -> None:
    deep = make_photo(tmp_path / "one" / "deep" / "a.png", 1)
    flat, other = make_photo(tmp_path / "one" / "a.png", 2), make_photo(tmp_path / "two" / "a.png", 3)
    work = start()
    for number, path in enumerate((flat, deep, other)):  # the project of `one` is there when `deep` is opened
        work.open(path)
        work.paint(number, steps=number + 1)
    work.close()
    assert [len(stored(path, root=root)[0]) for path, root in ((flat, flat.parent), (deep, flat.parent))] == [1, 2]
    assert len(stored(other)[0]) == 3
    assert not (deep.parent / FILE_NAME).exists()


def test_what_begins_before_its_record_is_loaded_waits(start: Callable[[], Work], photo: Path, qtbot: QtBot) -> None:
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    layer = work.layer(photo)
    work.close()
    again = start()
    again.session.show(photo)
    again.keeper.load(photo)
    again.keeper.load(photo)  # the neighbours ask for it as well
    assert not again.keeper.is_loaded(photo)
    assert again.keeper.is_met(photo)
    qtbot.waitUntil(lambda: again.keeper.is_loaded(photo))
    again.open(photo)
    np.testing.assert_array_equal(again.layer(photo), layer)


def test_steps_beyond_the_budget_of_memory_are_still_in_the_project(start: Callable[[], Work], photo: Path) -> None:
    work = start()
    work.open(photo)
    work.session.undo_bytes = 4_000
    work.paint(1, steps=40)
    steps = len(work.history(photo)[0])
    assert steps < 40
    for _ in range(steps):
        work.session.undo()
    layer = work.layer(photo)
    work.settle()
    assert len(stored(photo)[0]) == 40
    work.close()
    again = start()
    again.open(photo)
    np.testing.assert_array_equal(again.layer(photo), layer)
    assert again.history(photo)[1] == 40 - steps


def test_old_steps_are_folded_when_a_picture_is_opened(
    start: Callable[[], Work], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = start()
    work.open(photo)
    work.paint(1, steps=30)
    layer = work.layer(photo)
    work.close()
    monkeypatch.setattr("app.keeping.projects.FOLD_BYTES", 1_000)
    again = start()
    again.open(photo)
    count = len(again.history(photo)[0])
    assert 0 < count < 30
    np.testing.assert_array_equal(again.layer(photo), layer)
    again.paint(7, steps=30)
    for _ in range(count + 30):
        again.session.undo()
    first = again.layer(photo)
    again.close()
    assert len(stored(photo)[0]) == count + 30, "not while a window may go back to them"
    monkeypatch.undo()
    third = start()
    third.open(photo)
    np.testing.assert_array_equal(third.layer(photo), first)


# --- the file of the project ---------------------------------------------------------------------------------------


def test_a_project_that_is_damaged_in_use_is_mended_and_gets_all_the_window_holds(
    start: Callable[[], Work], photo: Path, tmp_path: Path
) -> None:
    other = make_photo(photo.parent / "b.png", 2)
    work = start()
    work.open(other)
    work.paint(5, steps=3)
    work.open(photo)
    work.paint(1, steps=4)
    work.session.undo()
    work.settle()
    break_file(photo.parent / FILE_NAME)
    work.paint(2, steps=3)
    work.settle()
    assert len([sentence for sentence in work.said if "was damaged and is kept as" in sentence]) == 1
    aside = [path for path in photo.parent.glob(f"{FILE_NAME}.damaged-*") if path.name[-4:] not in ("-wal", "-shm")]
    assert len(aside) == 1
    work.paint(3)
    layers = [work.layer(path) for path in (photo, other)]
    histories = [work.history(path) for path in (photo, other)]
    work.close()
    again = start()
    for path, layer, history in zip((photo, other), layers, histories, strict=True):
        again.open(path)
        np.testing.assert_array_equal(again.layer(path), layer)
        assert again.history(path) == history
    assert again.said == []


@pytest.mark.parametrize("replaced", [False, True])
def test_a_project_whose_file_was_deleted_or_replaced_gets_all_the_window_holds(
    start: Callable[[], Work], photo: Path, tmp_path: Path, *, replaced: bool
) -> None:
    file = photo.parent / FILE_NAME
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    work.settle()
    if replaced:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(file, tmp_path / "backup")
    work.paint(2, steps=2)
    work.settle()
    for path in photo.parent.glob(f"{FILE_NAME}*"):
        path.unlink()
    if replaced:
        shutil.copy(tmp_path / "backup", file)
    work.paint(3, steps=2)
    work.session.undo()
    layer, history = work.layer(photo), work.history(photo)
    work.close()
    again = start()
    again.open(photo)
    np.testing.assert_array_equal(again.layer(photo), layer)
    assert again.history(photo) == history


def test_a_folder_that_is_gone_for_a_while_gets_its_work_when_it_is_back(
    start: Callable[[], Work], photo: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.keeping.open_project._HANDLES", Path("nowhere"))  # the disk was taken out: no other name
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    work.settle()
    photo.parent.rename(tmp_path / "away")
    work.paint(2, steps=3)
    qtbot.waitUntil(lambda: work.keeper.lane.pending > 0)
    assert work.keeper.trouble == f"The folder {photo.parent} is not there."
    assert not work.keeper.is_safe(photo)
    (tmp_path / "away").rename(photo.parent)
    work.keeper.try_again()
    layer = work.layer(photo)
    work.close()
    again = start()
    again.open(photo)
    np.testing.assert_array_equal(again.layer(photo), layer)
    assert again.history(photo)[1] == 5


# --- the next start ------------------------------------------------------------------------------------------------


def test_only_after_a_crash_something_is_said_and_it_says_what_was_kept(
    start: Callable[[], Work], tmp_path: Path
) -> None:
    one, two = make_photo(tmp_path / "one.png", 1), make_photo(tmp_path / "two.png", 2)
    work = start()
    work.open(one)
    work.paint(1, steps=3)
    work.close()
    work = start()
    work.open(one)
    assert work.said == []
    work.paint(2, steps=2)
    work.crash()
    work = start()
    work.open(one)
    assert work.said == ["The last session ended unexpectedly; all 2 steps were kept: in one.png."]
    work.paint(3)
    work.open(two)
    work.paint(3)
    work.crash()
    work = start()
    work.open(one)
    assert work.said == [
        "The last session ended unexpectedly; all 2 steps were kept: in 2 pictures, two.png the last of them."
    ]
    work.crash()  # nothing was done
    work = start()
    work.open(one)
    assert work.said == []


# --- answers and exports -------------------------------------------------------------------------------------------


def test_what_the_network_said_is_written_again_as_well(start: Callable[[], Work], photo: Path) -> None:
    prediction = some_prediction()
    work = start()
    work.open(photo)
    work.session.attach_prediction(
        photo,
        prediction,
        layer=prediction.segment_map(),
        table=prediction.segment_table(),
        mode=ViewMode.SEGMENTS,
        model="fake",
    )
    work.keeper.keep_prediction(photo)
    work.paint(1)
    work.session.set_threshold_scope(for_all=False)
    work.session.set_threshold(0.3)
    work.session.mark_exported(photo, work.session.export_state(photo))
    work.settle()
    for path in photo.parent.glob(f"{FILE_NAME}*"):
        path.unlink()
    work.paint(2)
    work.close()
    with closing(ProjectStore.open(photo.parent, photo.parent / FILE_NAME)) as store:
        kept = store.load(photo.name, most_bytes=PLENTY)
        assert kept is not None
        assert kept.threshold == 0.3
        assert kept.exported is not None
        assert kept.exported == work.session.exported_state(photo)
        assert store.prediction(photo.name) is not None
