from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.core.document import ViewMode
from app.core.errors import HistoryError, ProjectError
from app.core.export import Rest
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.records import ExportedState, FileIdentity, StoredPicture, StoredStep, identify
from app.core.project.store import ProjectStore
from tests.core.project.projects import (
    PLENTY,
    SHAPE,
    Painter,
    check_history,
    damage,
    identity,
    layer_of,
    layer_patch,
    opened,
    painted,
    snapshot_of,
    some_prediction,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    with closing(opened(tmp_path)) as store:
        yield store


def some_step(revision: int, seed: int = 0) -> StoredStep:
    patch = layer_patch(Painter.empty(), painted(Painter.empty(), seed + 3))
    assert patch is not None
    return StoredStep(revision, "Brush", patch)


# --- facts ----------------------------------------------------------------------------------------------------


def test_nothing_is_known_of_a_picture_at_first(store: ProjectStore) -> None:
    assert store.load("a.jpg", most_bytes=PLENTY) is None
    assert store.prediction("a.jpg") is None
    assert store.rows() == []
    assert store.last_revision == 0
    assert store.value("view") is None
    assert store.with_class(3, threshold=0.5) == set()


def test_facts_come_back(tmp_path: Path) -> None:
    record = ExportedState(0, ViewMode.SEGMENTS, 0.4, ((3, 0.25),), Rest.SEMANTIC)
    with closing(opened(tmp_path)) as store:
        store.add_files([("a.jpg", identity(5))])
        store.set_status("a.jpg", PictureStatus.SKIPPED, "blurred")
        store.set_note("a.jpg", "ask Ännchen about \udcff")
        store.set_threshold("a.jpg", 0.3)
        store.set_exported("a.jpg", record)
        store.set_value("view", {"zoom": 1.5, "picture": "a\udcff.jpg"})
    with closing(opened(tmp_path)) as store:
        kept = store.load("a.jpg", most_bytes=PLENTY)
        assert kept is not None
        assert (kept.identity, kept.status, kept.reason, kept.threshold) == (
            identity(5),
            PictureStatus.SKIPPED,
            "blurred",
            0.3,
        )
        assert kept.note == r"ask Ännchen about \udcff"
        assert kept.exported == record
        assert store.value("view") == {"zoom": 1.5, "picture": "a\udcff.jpg"}
        (row,) = store.rows()
        assert (row.status, row.reason, row.has_note, row.threshold) == (PictureStatus.SKIPPED, "blurred", True, 0.3)


@pytest.mark.parametrize(
    "name", ["with space.jpg", "ÄÖÜ/größe.jpg", "b\udcffd \udc80.png", "写真/海.webp", "-'\";%00?.jpg"]
)
def test_names_of_any_kind(store: ProjectStore, name: str) -> None:
    Painter(store, name).paint()
    store.add_files([(name, identity())])
    assert [row.name for row in store.rows()] == [name]
    assert store.name_of(store.path_of(name)) == name


def test_a_project_in_a_folder_with_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "Photos #1 100% ?x=1&mode=ro ä\udcff"
    folder.mkdir()
    with closing(opened(folder)) as store:
        Painter(store, "a.jpg").paint()
    with closing(opened(folder, read_only=True)) as store:
        assert len(store.rows()) == 1


def test_a_picture_elsewhere_has_no_name_here(store: ProjectStore, tmp_path: Path) -> None:
    assert store.name_of(tmp_path / "sub" / ".." / "a.jpg") == "a.jpg"
    with pytest.raises(ValueError, match="is not in the subpath"):
        store.name_of(tmp_path.parent / "a.jpg")


# --- history ----------------------------------------------------------------------------------------------------


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
    kept = store.load("a.jpg", most_bytes=PLENTY)
    assert kept is not None
    check_history(kept, painter.layers)


def test_starting_over_forgets_the_work_and_keeps_the_note(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(2)
    store.keep_snapshot("a.jpg", 2, snapshot_of(painter.layer))
    store.set_note("a.jpg", "sea")
    store.keep_prediction("a.jpg", some_prediction(), model="starter", identity=identity(1))
    store.start_over("a.jpg", identity(2))
    kept = store.load("a.jpg", most_bytes=PLENTY)
    assert kept is not None
    assert (kept.steps, kept.corrections, kept.shape, kept.model) == ((), None, None, None)
    assert (kept.identity, kept.status, kept.note, kept.revision) == (identity(2), PictureStatus.NEW, "sea", 2)
    other = Painter(store, "a.jpg", shape=(40, 50), first=3)
    other.revision, other.layers[2] = 2, other.layers[0]
    other.paint(2)
    kept = store.load("a.jpg", most_bytes=PLENTY)
    assert kept is not None
    check_history(kept, other.layers)


def test_an_empty_layer_is_a_snapshot_too(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(2)
    painter.stand_at(0)
    assert store.keep_snapshot("a.jpg", 0, None)
    painter.stand_at(1)
    kept = store.load("a.jpg", most_bytes=PLENTY)
    assert kept is not None
    check_history(kept, painter.layers)


def test_folding_stops_where_the_picture_stands(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(5)
    painter.stand_at(2)
    assert store.fold("a.jpg", 0) == 2
    assert store.fold("a.jpg", 0) == 0
    kept = store.load("a.jpg", most_bytes=PLENTY)
    assert kept is not None
    assert (kept.base_revision, kept.revision, len(kept.steps)) == (2, 2, 3)
    check_history(kept, painter.layers)
    assert store.fold("b.jpg", 0) == 0


def test_steps_nearest_to_where_the_picture_stands_come_first(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(8)
    painter.stand_at(4)
    whole = store.load("a.jpg", most_bytes=PLENTY)
    assert whole is not None
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
    kept = store.load("a.jpg", most_bytes=PLENTY)
    assert kept is not None
    assert [kept.base_revision, *(step.revision for step in kept.steps)] == [3, 4, 5, 6]
    assert kept.damaged_steps == 1
    check_history(kept, painter.layers)


def test_a_damaged_snapshot_costs_nothing(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(3)
    store.keep_snapshot("a.jpg", 3, snapshot_of(painter.layer))
    damage(store, "snapshot", "corrections")
    kept = store.load("a.jpg", most_bytes=PLENTY)
    assert kept is not None
    check_history(kept, painter.layers)


def test_corrections_that_cannot_be_made_out_are_an_error_and_not_empty(store: ProjectStore) -> None:
    Painter(store, "a.jpg").paint(3)
    damage(store, "step", "patch", "revision = 2")
    with pytest.raises(ProjectError, match=r"corrections .* are damaged"):
        store.load("a.jpg", most_bytes=PLENTY)


# --- files ----------------------------------------------------------------------------------------------------


def test_files_that_changed_are_told_and_not_paired_with_old_work(store: ProjectStore) -> None:
    files = [(f"{letter}.jpg", identity(ord(letter))) for letter in "abcd"]
    assert store.add_files(files) == []
    assert store.add_files(files) == []
    Painter(store, "a.jpg").paint()
    store.keep_prediction("b.jpg", some_prediction(), model="starter", identity=files[1][1])
    store.set_status("c.jpg", PictureStatus.UNREADABLE, "It is half there.")
    other = [(name, FileIdentity(kept.size, kept.mtime_ns + 1)) for name, kept in files]
    assert store.add_files(other) == ["a.jpg", "b.jpg"]
    rows = {row.name: row for row in store.rows()}
    assert rows["a.jpg"].mtime_ns == files[0][1].mtime_ns
    assert rows["d.jpg"].mtime_ns == files[3][1].mtime_ns + 1
    assert (rows["c.jpg"].status, rows["c.jpg"].reason) == (PictureStatus.NEW, "")
    store.set_identity("a.jpg", other[0][1])
    assert store.add_files(other) == ["b.jpg"]


def test_a_file_that_was_gone_comes_back_with_its_work(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(2)
    store.add_files([("a.jpg", identity()), ("b.jpg", identity())])
    store.gone(["a.jpg", "never seen.jpg"])
    assert [row.name for row in store.rows()] == ["b.jpg"]
    store.add_files([("a.jpg", identity())])
    kept = store.load("a.jpg", most_bytes=PLENTY)
    assert kept is not None
    check_history(kept, painter.layers)
    assert len(store.rows()) == 2


def test_a_photo_takes_its_work_along_to_another_name(store: ProjectStore) -> None:
    painter = Painter(store, "old.jpg")
    painter.paint(2)
    store.gone(["old.jpg"])
    store.add_files([("new.jpg", identity())])
    store.rename("old.jpg", "new.jpg")
    kept = store.load("new.jpg", most_bytes=PLENTY)
    assert kept is not None
    check_history(kept, painter.layers)
    assert [row.name for row in store.rows()] == ["new.jpg"]
    Painter(store, "other.jpg", first=10).paint()
    with pytest.raises(ProjectError, match="there is work under that name"):
        store.rename("new.jpg", "other.jpg")


def test_the_identity_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 40_000)
    known = identify(path)
    assert known.size == 40_000
    assert len(known.header) == 16
    os.utime(path, ns=(5, 5))
    assert known.is_same(identify(path))
    assert not known.is_same(replace(identify(path), header=b""))  # nobody looked: another time is another file
    assert known.is_same(replace(known, header=b""))
    path.write_bytes(b"y" + b"x" * 39_999)
    os.utime(path, ns=(known.mtime_ns, known.mtime_ns))
    assert not known.is_same(identify(path))
    path.write_bytes(b"x" * 39_999)
    assert not known.is_same(identify(path))


def test_a_moved_folder_keeps_its_project(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with closing(opened(tmp_path / "old")) as store:
        painter = Painter(store, "sub/a.jpg")
        painter.paint(3)
    shutil.move(tmp_path / "old", tmp_path / "Neuer Ort")
    with closing(opened(tmp_path / "Neuer Ort")) as store:
        kept = store.load("sub/a.jpg", most_bytes=PLENTY)
        assert kept is not None
        check_history(kept, painter.layers)
        assert store.path_of("sub/a.jpg") == tmp_path / "Neuer Ort" / "sub" / "a.jpg"
        assert np.array_equal(layer_of(kept.corrections), painter.layer)
        assert store.file == tmp_path / "Neuer Ort" / FILE_NAME


def test_the_list_can_be_read_in_parts_and_by_names(store: ProjectStore) -> None:
    names = [f"{number}.jpg" for number in range(10)]
    store.add_files((name, identity(number)) for number, name in enumerate(names))
    store.set_note("3.jpg", "the sea")
    store.gone(["4.jpg"])
    parts = [store.rows(part=range(start, start + 4)) for start in range(1, store.last_row() + 1, 4)]
    assert [row for part in parts for row in part] == store.rows()
    assert [row.name for row in store.rows(["7.jpg", "nobody.jpg", "2.jpg"])] == ["7.jpg", "2.jpg"]
    assert store.notes() == {"3.jpg": "the sea"}


def a_photo(folder: Path, name: str, content: bytes) -> FileIdentity:
    (folder / name).write_bytes(content)
    return identify(folder / name)


def test_work_follows_photos_that_change_their_names_in_a_circle(tmp_path: Path) -> None:
    contents = {"a.jpg": b"one", "b.jpg": b"two", "c.jpg": b"three"}
    with closing(opened(tmp_path)) as store:
        painters = {}
        for number, (name, content) in enumerate(contents.items()):
            painters[name] = Painter(store, name, first=1 + 10 * number)
            painters[name].paint(number + 1)
            store.set_identity(name, a_photo(tmp_path, name, content))
        now = {"a.jpg": "b.jpg", "b.jpg": "c.jpg", "c.jpg": "a.jpg"}  # whose photo each of them is by now
        for name, before in now.items():
            a_photo(tmp_path, name, contents[before])
        for name in now:
            store.follow(name, identify(tmp_path / name))
        for name, before in now.items():
            kept = store.load(name, most_bytes=PLENTY)
            assert kept is not None
            assert kept.revision == painters[before].revision
            assert kept.identity is not None
            assert kept.identity.is_same(identify(tmp_path / name))
            check_history(kept, painters[before].layers)


def test_work_stays_where_its_photo_is(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(2)
        store.set_identity("a.jpg", a_photo(tmp_path, "a.jpg", b"one"))
        copy = a_photo(tmp_path, "copy.jpg", b"one")
        assert store.follow("copy.jpg", copy) == ""  # a copy begins anew
        assert store.follow("a.jpg", copy) == ""
        (tmp_path / "a.jpg").unlink()
        store.keep_prediction("copy.jpg", some_prediction(), model="starter", identity=copy)
        assert store.follow("copy.jpg", copy) == "a.jpg"
        kept = store.load("copy.jpg", most_bytes=PLENTY)
        assert kept is not None
        check_history(kept, painter.layers)
        assert store.load("a.jpg", most_bytes=PLENTY) is None
        assert store.follow("other.jpg", a_photo(tmp_path, "other.jpg", b"six")) == ""


def test_a_history_can_be_written_anew_as_a_window_has_it(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(6)
        painter.stand_at(4)
        kept = store.load("a.jpg", most_bytes=PLENTY)
        assert kept is not None
        newest = kept.steps[2:]  # the window has given up the oldest

        def write(name: str, base: int, steps: tuple[StoredStep, ...]) -> StoredPicture:
            store.replace_history(
                name, steps, base_revision=base, revision=4, shape=SHAPE, corrections=kept.corrections
            )
            stored = store.load(name, most_bytes=PLENTY)
            assert stored is not None
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
