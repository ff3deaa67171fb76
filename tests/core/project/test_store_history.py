"""Steps, snapshots and where a picture stands: what comes back, also from what is damaged or was folded."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from app.core.errors import HistoryError, ProjectError
from app.core.pictures import PictureStatus
from app.core.project.records import StoredPicture, StoredStep
from app.core.project.store import ProjectStore
from tests.core.project.projects import (
    PLENTY,
    SHAPE,
    Painter,
    check_history,
    damage,
    identity,
    layer_patch,
    loaded,
    opened,
    painted,
    snapshot_of,
    some_prediction,
)


def some_step(revision: int, seed: int = 0) -> StoredStep:
    patch = layer_patch(Painter.empty(), painted(Painter.empty(), seed + 3))
    assert patch is not None
    return StoredStep(revision, "Brush", patch)


def test_a_step_makes_work_of_a_picture_that_could_not_be_read(store: ProjectStore) -> None:
    store.set_status("a.jpg", PictureStatus.UNREADABLE, "It is half there.")
    Painter(store, "a.jpg").paint()
    (row,) = store.rows()
    assert (row.status, row.reason, row.shape) == (PictureStatus.IN_WORK, "", SHAPE)


def test_a_step_leaves_a_picture_done(store: ProjectStore) -> None:
    store.set_status("a.jpg", PictureStatus.DONE)
    Painter(store, "a.jpg").paint()
    assert store.rows()[0].status is PictureStatus.DONE


def test_many_pictures_get_one_status_at_once(store: ProjectStore) -> None:
    store.set_note("a.jpg", "the sea")
    store.set_status("b.jpg", PictureStatus.SKIPPED, "blurred")
    store.set_statuses(["a.jpg", "b.jpg", "new.jpg"], PictureStatus.DONE)
    rows = {row.name: (row.status, row.reason, row.has_note) for row in store.rows()}
    done = PictureStatus.DONE
    assert rows == {"a.jpg": (done, "", True), "b.jpg": (done, "", False), "new.jpg": (done, "", False)}


def test_revisions_are_never_used_twice(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(3)
    painter.stand_at(1)
    before = store.load("a.jpg", most_bytes=PLENTY)
    for revision, after in ((3, 1), (2, 1), (9, 8), (9, -1)):
        with pytest.raises(ValueError, match="does not fit a history up to 3"):
            store.record_step("a.jpg", some_step(revision), after=after, shape=SHAPE)
    with pytest.raises(ValueError, match="does not lead through revision 4"):
        store.stand_at("a.jpg", 4)
    assert store.load("a.jpg", most_bytes=PLENTY) == before
    painter.paint()
    painter.stand_at(0)
    painter.paint()  # the four before are gone, and still nothing may be called 4 again
    assert store.last_revision == 5
    with pytest.raises(ValueError, match="up to 5"):
        store.record_step("a.jpg", some_step(4), after=5, shape=SHAPE)


def test_a_step_for_a_picture_of_another_size_is_refused(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint()
    with pytest.raises(ProjectError, match=r"a\.jpg is 20 x 10 pixels now, but its corrections are of 280 x 300"):
        store.record_step("a.jpg", some_step(2), after=1, shape=(10, 20))
    check_history(loaded(store, "a.jpg"), painter.layers)


def test_starting_over_forgets_the_work_and_keeps_the_note(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(2)
    store.keep_snapshot("a.jpg", 2, snapshot_of(painter.layer))
    store.set_note("a.jpg", "sea")
    store.keep_prediction("a.jpg", some_prediction(), model="starter", identity=identity(1))
    store.start_over("a.jpg", identity(2))
    kept = loaded(store, "a.jpg")
    assert (kept.steps, kept.corrections, kept.shape, kept.model) == ((), None, None, None)
    assert (kept.identity, kept.status, kept.note, kept.revision) == (identity(2), PictureStatus.NEW, "sea", 2)
    other = Painter(store, "a.jpg", shape=(40, 50), first=3)
    other.revision, other.layers[2] = 2, other.layers[0]
    other.paint(2)
    check_history(loaded(store, "a.jpg"), other.layers)


@pytest.mark.parametrize("is_predicted", [False, True])
def test_a_picture_is_in_work_while_anything_of_a_person_is_on_it(store: ProjectStore, *, is_predicted: bool) -> None:
    if is_predicted:
        store.keep_prediction("a.jpg", some_prediction(), model="starter", identity=identity(1))
    painter = Painter(store, "a.jpg")
    painter.paint(2)
    for revision, is_worked in ((1, True), (0, False), (2, True), (0, False)):
        painter.stand_at(revision)
        before = PictureStatus.PREDICTED if is_predicted else PictureStatus.NEW
        assert loaded(store, "a.jpg").status is (PictureStatus.IN_WORK if is_worked else before)
    store.set_status("a.jpg", PictureStatus.DONE)
    for revision in (2, 0):
        painter.stand_at(revision)
        assert loaded(store, "a.jpg").status is PictureStatus.DONE, "whoever said so has the last word"


def test_what_old_steps_were_merged_into_is_work_as_well(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(3)
    store.fold("a.jpg", 0)
    painter.paint()
    painter.stand_at(3)
    assert loaded(store, "a.jpg").status is PictureStatus.IN_WORK


def test_an_empty_layer_is_a_snapshot_too(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(2)
    painter.stand_at(0)
    assert store.keep_snapshot("a.jpg", 0, None)
    painter.stand_at(1)
    check_history(loaded(store, "a.jpg"), painter.layers)


def test_folding_stops_where_the_picture_stands(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(5)
    painter.stand_at(2)
    assert store.fold("a.jpg", 0) == 2
    assert store.fold("a.jpg", 0) == 0
    kept = loaded(store, "a.jpg")
    assert (kept.base_revision, kept.revision, len(kept.steps)) == (2, 2, 3)
    check_history(kept, painter.layers)
    assert store.fold("b.jpg", 0) == 0


def test_steps_nearest_to_where_the_picture_stands_come_first(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(8)
    painter.stand_at(4)
    whole = loaded(store, "a.jpg")
    sizes = [step.patch.nbytes for step in whole.steps]
    part = store.load("a.jpg", most_bytes=sum(sizes[1:6]))
    assert part is not None
    assert {3, 4} <= {step.revision for step in part.steps} < set(range(1, 9))
    check_history(part, painter.layers)


def test_a_damaged_step_shortens_the_history_and_costs_no_pixel_where_a_snapshot_is(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(6)
    store.keep_snapshot("a.jpg", 6, snapshot_of(painter.layer))
    damage(store, "step", "patch", "revision = 3")
    painter.stand_at(5)
    kept = loaded(store, "a.jpg")
    assert [kept.base_revision, *(step.revision for step in kept.steps)] == [3, 4, 5, 6]
    assert kept.damaged_steps == 1
    check_history(kept, painter.layers)


def test_a_damaged_snapshot_costs_nothing(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(3)
    store.keep_snapshot("a.jpg", 3, snapshot_of(painter.layer))
    damage(store, "snapshot", "corrections")
    check_history(loaded(store, "a.jpg"), painter.layers)


def test_corrections_that_cannot_be_made_out_are_an_error_and_not_empty(store: ProjectStore) -> None:
    Painter(store, "a.jpg").paint(3)
    damage(store, "step", "patch", "revision = 2")
    with pytest.raises(ProjectError, match=r"corrections .* are damaged"):
        store.load("a.jpg", most_bytes=PLENTY)


def test_a_history_can_be_written_anew_as_a_window_has_it(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(6)
        painter.stand_at(4)
        kept = loaded(store, "a.jpg")
        newest = kept.steps[2:]  # the window has given up the oldest

        def write(name: str, base: int, steps: tuple[StoredStep, ...]) -> StoredPicture:
            store.replace_history(
                name, steps, base_revision=base, revision=4, shape=SHAPE, corrections=kept.corrections
            )
            stored = loaded(store, name)
            check_history(stored, painter.layers)
            assert stored.revision == 4
            return stored

        assert write("new.jpg", 2, newest).base_revision == 2  # nothing was known
        assert write("a.jpg", 2, newest).base_revision == 0  # what led there is still there
        assert write("a.jpg", 3, newest[1:2]).steps[-1].revision == 4  # what was undone is gone by now
        later = StoredStep(7, "Brush", kept.steps[4].patch)
        store.record_step("a.jpg", later, after=4, shape=SHAPE)
        with pytest.raises(HistoryError):
            store.record_step("a.jpg", StoredStep(8, "Brush", later.patch), after=5, shape=SHAPE)
        with pytest.raises(HistoryError, match="x 300 pixels"):
            store.record_step("a.jpg", StoredStep(8, "Brush", later.patch), after=7, shape=(300, 100))
