"""From a project to what a network learns from: labels as an export writes them, and who decided each pixel."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.core import learning
from app.core.document import DocumentSnapshot, ViewMode
from app.core.errors import DamagedProjectError
from app.core.export import Rest, labels_of
from app.core.human_layer import HumanLayer
from app.core.learning import Showing, count, gather
from app.core.pictures import PictureStatus
from app.core.project.packing import rounded
from app.core.project.places import FILE_NAME
from app.core.project.records import StoredStep, identify
from app.core.project.store import ProjectStore
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from inference.errors import Cancelled
from inference.learning.pictures import DECIDED, LearnPicture, is_held_back
from inference.photo import read_photo
from tests.core.learnable import SIZE, decisions, finished, make_photo
from tests.core.project.projects import damage, layer_patch, loaded, opened, snapshot_of, some_prediction

U8 = NDArray[np.uint8]
THRESHOLD = 0.34  # with which some of the random segments count and some do not


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    with closing(opened(tmp_path)) as store:
        yield store


def gathered(
    store: ProjectStore, showing: Showing | None = None, *, short_side: int | None = None
) -> list[LearnPicture]:
    """All pictures; none may be refused."""
    refused: dict[str, str] = {}
    found = list(gather(store, short_side=short_side, held_back=0.2, showing=showing, refused=refused.__setitem__))
    assert refused == {}
    return found


@pytest.mark.parametrize(
    "showing",
    [
        Showing(threshold=THRESHOLD),
        Showing(threshold=THRESHOLD, rest=Rest.SEMANTIC),
        Showing(mode=ViewMode.SEMANTIC),
        Showing(threshold=0.3, class_thresholds=dict.fromkeys(range(1, 76), 0.45)),
    ],
    ids=["segments", "rest filled", "semantic", "class thresholds"],
)
def test_labels_are_what_an_export_writes(store: ProjectStore, showing: Showing) -> None:
    answer = rounded(some_prediction(3, size=SIZE))
    path = finished(store, "a.png", corrections=decisions(), prediction=answer)
    snapshot = DocumentSnapshot(
        path=path,
        threshold=showing.threshold,
        mode=showing.mode,
        prediction=answer,
        corrections=HumanLayer.of_patch(loaded(store, "a.png").corrections),
        class_thresholds=showing.class_thresholds,
    )
    (picture,) = gathered(store, showing)
    assert np.array_equal(picture.labels, labels_of(snapshot, rest=showing.rest))
    assert len(np.unique(picture.labels)) > 3
    assert np.array_equal(picture.photo, cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))
    assert np.array_equal(picture.trust == DECIDED, decisions() > 0)
    untouched = decisions() == 0
    assert np.array_equal(picture.trust[untouched] > 0, picture.labels[untouched] > 0)


def test_trust_is_the_score_of_the_segment_that_labels_a_pixel(store: ProjectStore) -> None:
    answer = rounded(some_prediction(3, size=SIZE))
    finished(store, "a.png", corrections=decisions(), prediction=answer)
    (picture,) = gathered(store, Showing(threshold=THRESHOLD))
    owners = answer.segment_map()
    scores = np.concatenate([[0], answer.scores])[owners]
    expected = np.where(scores > THRESHOLD, np.rint(200 * scores), 0)
    expected[decisions() > 0] = DECIDED
    assert np.array_equal(picture.trust, expected)
    assert {0, DECIDED} < set(np.unique(picture.trust).tolist())


def test_a_pixel_that_a_person_called_unlabelled_is_decided_and_has_no_label(store: ProjectStore) -> None:
    finished(store, "a.png", corrections=decisions(), prediction=some_prediction(3, size=SIZE))
    (picture,) = gathered(store, Showing(threshold=0, rest=Rest.SEMANTIC))
    assert set(picture.labels[30:40, 50:80].ravel()) == {0}
    assert set(picture.trust[30:40, 50:80].ravel()) == {DECIDED}


def test_a_threshold_of_its_own_counts_unless_one_is_for_all(store: ProjectStore) -> None:
    finished(store, "a.png", prediction=some_prediction(3, size=SIZE))
    store.set_threshold("a.png", 1.0)
    (picture,) = gathered(store, Showing(threshold=0))
    assert not picture.labels.any()
    (picture,) = gathered(store, Showing(threshold=0, for_all=True))
    assert picture.labels.all()


def test_without_an_answer_that_is_kept_there_is_what_a_person_decided(store: ProjectStore) -> None:
    finished(store, "a.png", corrections=decisions())
    (picture,) = gathered(store)
    assert np.array_equal(picture.labels, np.where(decisions() == human_value(3), 3, 0))
    assert np.array_equal(picture.trust, np.where(decisions() > 0, DECIDED, 0))


def test_an_answer_for_another_photo_of_that_name_is_left_out(store: ProjectStore) -> None:
    path = finished(store, "a.png", corrections=decisions())
    other = make_photo(store, "other.png", seed=5)
    store.keep_prediction("a.png", some_prediction(3, size=SIZE), model="starter", identity=identify(other))
    assert identify(path) != identify(other)
    (picture,) = gathered(store, Showing(threshold=0))
    assert not picture.labels[decisions() == 0].any()


def test_only_what_is_done_is_learned_from_and_what_is_held_back_depends_on_the_name_alone(
    store: ProjectStore,
) -> None:
    names = [f"sub/{number}.png" for number in range(12)]
    for name in names:
        finished(store, name, corrections=decisions())
    for name, status in zip(names, (PictureStatus.IN_WORK, PictureStatus.SKIPPED), strict=False):
        store.set_status(name, status)
    found = {picture.name: picture.held_back for picture in gathered(store)}
    assert found == {name: is_held_back(name, 0.2) for name in names[2:]}
    assert set(found.values()) == {True, False}


def test_a_picture_becomes_smaller_by_its_nearest_pixels_and_never_larger(store: ProjectStore) -> None:
    layer = np.indices(SIZE).sum(axis=0) // 7 % 2 * 40 + human_value(60)  # bands of the classes 60 and 100
    finished(store, "a.png", corrections=layer.astype(np.uint8))
    (large,) = gathered(store)
    (small,) = gathered(store, short_side=25)
    assert small.photo.shape == (25, 38, 3)
    assert small.labels.shape == small.trust.shape == (25, 38)
    assert set(np.unique(small.labels)) == {60, 100}
    assert set(np.unique(small.trust)) == {DECIDED}
    rows, columns = (((np.arange(new) + 0.5) * old / new).astype(int) for new, old in ((25, 60), (38, 90)))
    assert np.mean(small.labels == large.labels[np.ix_(rows, columns)]) > 0.95  # centres between two pixels aside
    assert np.array_equal(gathered(store, short_side=61)[0].photo, large.photo)


def changed_on_disk(store: ProjectStore) -> None:
    cv2.imwrite(str(store.path_of("bad.png")), np.zeros((*SIZE, 3), np.uint8))


def of_another_size(store: ProjectStore) -> None:
    path = make_photo(store, "bad.png", size=(50, 50))
    store.set_identity("bad.png", identify(path))


def gone(store: ProjectStore) -> None:
    store.path_of("bad.png").unlink()


def cut_off(store: ProjectStore) -> None:
    path = store.path_of("bad.png")
    path.write_bytes(path.read_bytes()[:9_000])


def damaged_corrections(store: ProjectStore) -> None:
    damage(store, "step", "patch", "picture = (SELECT id FROM picture WHERE name = CAST('bad.png' AS BLOB))")


def never_looked_at(store: ProjectStore) -> None:
    store.start_over("bad.png", identify(store.path_of("bad.png")))
    store.set_status("bad.png", PictureStatus.DONE)


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (changed_on_disk, "bad.png has changed on disk since it was worked on."),
        (of_another_size, "bad.png has changed on disk: it has another size now."),
        (gone, "bad.png does not exist."),
        (cut_off, "bad.png is damaged or cut off: it cannot be decoded to its end."),
        (damaged_corrections, "The corrections of this picture are damaged and cannot be read."),
        (never_looked_at, "bad.png has neither a prediction nor corrections yet."),
    ],
)
def test_a_picture_that_cannot_be_learned_from_is_told_and_the_others_go_on(
    store: ProjectStore, trouble: Callable[[ProjectStore], None], sentence: str
) -> None:
    for number, name in enumerate(("a.png", "bad.png", "c.png")):
        finished(store, name, corrections=decisions(), seed=number)
    trouble(store)
    refused: dict[str, str] = {}
    found = gather(store, held_back=0, refused=refused.__setitem__)
    assert [picture.name for picture in found] == ["a.png", "c.png"]
    assert refused == {"bad.png": sentence}


def test_a_picture_of_which_the_project_never_noted_the_file_is_learned_from(store: ProjectStore) -> None:
    """Nothing says that it is another one now."""
    finished(store, "a.png", corrections=decisions())
    path = make_photo(store, "b.png")
    patch = layer_patch(np.zeros(SIZE, np.uint8), decisions())
    assert patch is not None
    store.record_step("b.png", StoredStep(store.last_revision + 1, "Brush", patch), after=0, shape=SIZE)
    store.set_status("b.png", PictureStatus.DONE)
    assert [row.size for row in store.rows()] == [store.path_of("a.png").stat().st_size, None]
    assert (count(store).names, count(store).refused) == (("a.png", "b.png"), ())
    (_, picture) = gathered(store)
    assert np.array_equal(picture.photo, read_photo(path))


def test_a_picture_too_large_for_the_memory_is_told_and_the_others_go_on(
    store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(path: Path) -> U8:
        if path.name == "bad.png":
            raise MemoryError
        return read_photo(path)

    monkeypatch.setattr(learning, "read_photo", reading)
    for name in ("sub/bad.png", "c.png"):
        finished(store, name, corrections=decisions())
    refused: dict[str, str] = {}
    assert [picture.name for picture in gather(store, held_back=0, refused=refused.__setitem__)] == ["c.png"]
    assert refused == {"sub/bad.png": "There is not enough memory for bad.png."}


def test_a_damaged_project_is_no_matter_of_one_picture(store: ProjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(store, "a.png", corrections=decisions())

    def fail(*_: object, **__: object) -> None:
        raise DamagedProjectError("The project is damaged.", file=store.file)

    monkeypatch.setattr(store, "load", fail)
    with pytest.raises(DamagedProjectError):
        list(gather(store, held_back=0))


def test_it_tells_how_far_it_is_and_stops_when_it_is_told_to(store: ProjectStore) -> None:
    for name in ("a.png", "b.png", "c.png"):
        finished(store, name, corrections=decisions())
    told: list[tuple[int, int]] = []
    list(gather(store, held_back=0, told=lambda *now: told.append(now)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    found = gather(store, held_back=0, cancelled=lambda: bool(seen))
    seen = []
    seen.append(next(found).name)
    with pytest.raises(Cancelled):
        next(found)
    assert seen == ["a.png"]


def test_one_picture_is_in_memory_at_a_time(store: ProjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(path: Path) -> U8:
        read.append(path.name)
        return whole(path)

    whole = learning.read_photo
    monkeypatch.setattr(learning, "read_photo", reading)
    for name in ("a.png", "b.png", "c.png"):
        finished(store, name, corrections=decisions())
    found = gather(store, held_back=0)
    first = weakref.ref(next(found))
    assert read == ["a.png"]
    next(found)
    assert first() is None
    assert read == ["a.png", "b.png"]


def test_a_project_that_somebody_works_on_is_read_and_left_as_it_is(store: ProjectStore) -> None:
    """`store` is the window that holds the project, and goes on painting."""
    path = finished(store, "a.png", corrections=decisions(), prediction=some_prediction(3, size=SIZE))
    finished(store, "b.png", corrections=decisions())
    before = {file: hashlib.sha256(file.read_bytes()).digest() for file in (path, store.file)}
    rows = store.rows()
    with closing(ProjectStore.open(store.root, store.root / FILE_NAME, read_only=True)) as beside:
        found = gather(beside, held_back=0)
        next(found)
        assert count(beside).done == 2
        assert store.rows() == rows
        assert before == {file: hashlib.sha256(file.read_bytes()).digest() for file in before}
        store.keep_snapshot("b.png", 2, snapshot_of(decisions()))
        store.set_status("b.png", PictureStatus.SKIPPED)
        assert next(found).name == "b.png"


def test_what_there_is_to_learn_from_is_counted_without_reading_a_photo(
    store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "read_photo", lambda _: pytest.fail("a photo was read"))
    for number, name in enumerate(("a.png", "bad.png", "c.png", "d.png", "e.png")):
        finished(store, name, corrections=decisions(), seed=number)
        areas = np.zeros(256, np.int64)
        areas[[0, 5, human_value(3), HUMAN_UNLABELLED]] = 1_000, 3_500, 600, 300
        store.keep_areas(name, areas, some_prediction().segment_table())
    store.set_status("c.png", PictureStatus.IN_WORK)
    assert (count(store).done, count(store).decided, count(store).refused) == (4, 2_700 + 900, ())
    changed_on_disk(store)
    store.path_of("d.png").unlink()
    never = make_photo(store, "f.png")
    store.add_files([("f.png", identify(never))])
    store.set_status("f.png", PictureStatus.DONE)
    found = count(store)
    assert (found.done, found.decided, found.names) == (5, 1_800, ("a.png", "e.png"))
    assert dict(found.refused) == {
        "bad.png": "bad.png has changed on disk since it was worked on.",
        "d.png": "d.png does not exist.",
        "f.png": "f.png has neither a prediction nor corrections yet.",
    }
