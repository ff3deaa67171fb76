"""Filtering and sorting columns gives what filtering and sorting the pictures one by one does."""

from __future__ import annotations

import dataclasses
import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core.catalogue import Catalogue, Exported, Filter, PictureFacts, Sort, SortBy, following, matching, order
from app.core.pictures import PictureStatus, natural_key
from app.core.project.areas import FolderAreas, pack_areas
from app.core.project.records import PictureRow
from inference.prediction import SegmentTable

shares = st.none() | st.integers(0, 4).map(lambda quarters: quarters / 4)
facts = st.builds(
    PictureFacts,
    size=st.sampled_from([-1, 0, 5, 6]),
    mtime_ns=st.sampled_from([-1, 0, 2**62, 2**62 + 1]),
    status=st.sampled_from(PictureStatus),
    exported=st.sampled_from(Exported),
    unlabelled=shares,
    uncertainty=shares,
    noted=st.booleans(),
)
names = st.text(alphabet="aBé1 /.", max_size=4)
pictures = st.dictionaries(names, facts, max_size=12).map(
    lambda known: {name: known[name] for name in sorted(known, key=natural_key)}
)
filters = st.builds(
    Filter,
    text=st.text(alphabet="abÉ1 ", max_size=3),
    statuses=st.none() | st.frozensets(st.sampled_from(PictureStatus)),
    exported=st.none() | st.frozensets(st.sampled_from(Exported)),
    unlabelled=st.none() | st.tuples(st.sampled_from([0, 0.25, 0.5]), st.sampled_from([0.25, 0.75, 1])),
    noted=st.booleans(),
    among=st.none() | st.frozensets(names, max_size=6),
)
sorts = st.builds(Sort, by=st.sampled_from(SortBy), descending=st.booleans())


def catalogue_of(known: dict[str, PictureFacts]) -> Catalogue:
    catalogue = Catalogue(list(known))
    for row, fact in enumerate(known.values()):
        catalogue.put(row, fact)
    return catalogue


def passes(name: str, fact: PictureFacts, wanted: Filter) -> bool:
    folded = name.casefold()
    return (
        all(word.casefold() in folded for word in wanted.text.split())
        and (wanted.statuses is None or fact.status in wanted.statuses)
        and (wanted.exported is None or fact.exported in wanted.exported)
        and (not wanted.noted or fact.noted)
        and (wanted.among is None or name in wanted.among)
        and (
            wanted.unlabelled is None
            or (fact.unlabelled is not None and wanted.unlabelled[0] <= fact.unlabelled <= wanted.unlabelled[1])
        )
    )


def plainly(known: dict[str, PictureFacts], wanted: Filter, sort: Sort) -> list[str]:
    shown = [name for name in known if passes(name, known[name], wanted)]
    if sort.by is SortBy.NAME:
        return shown[::-1] if sort.descending else shown
    field = {SortBy.TIME: "mtime_ns", SortBy.SIZE: "size", SortBy.STATUS: "status"}.get(sort.by, sort.by.value)
    values = {name: getattr(known[name], field) for name in shown}
    if sort.by is SortBy.STATUS:
        values = {name: list(PictureStatus).index(status) for name, status in values.items()}
    elif sort.by in (SortBy.TIME, SortBy.SIZE):
        values = {name: None if value == -1 else value for name, value in values.items()}
    sign = -1 if sort.descending else 1
    ranked = sorted((name for name in shown if values[name] is not None), key=lambda name: sign * values[name])
    return ranked + [name for name in shown if values[name] is None]


@given(pictures, filters, sorts)
def test_order_is_that_of_a_plain_filter_and_sort(known: dict[str, PictureFacts], wanted: Filter, sort: Sort) -> None:
    catalogue = catalogue_of(known)
    rows = order(catalogue, wanted, sort)
    assert rows.dtype == np.int32
    assert [catalogue.names[row] for row in rows] == plainly(known, wanted, sort)
    assert np.array_equal(np.sort(rows), np.flatnonzero(matching(catalogue, wanted)))


@given(pictures)
def test_what_was_put_is_there(known: dict[str, PictureFacts]) -> None:
    catalogue = catalogue_of(known)
    assert len(catalogue) == len(known)
    assert {name: catalogue.facts(catalogue.row(name)) for name in known} == known
    assert catalogue.row("not there") == -1


@given(pictures, pictures)
def test_what_is_known_stays_with_its_name(known: dict[str, PictureFacts], others: dict[str, PictureFacts]) -> None:
    before, catalogue = catalogue_of(known), catalogue_of(others)
    rows = before.rows(list(others))
    assert [name in known for name in others] == (rows >= 0).tolist()
    catalogue.adopt(before, rows)
    for row, name in enumerate(others):
        assert catalogue.facts(row) == known.get(name, others[name])


@given(pictures.filter(bool))
def test_a_copy_stays_as_it_is(known: dict[str, PictureFacts]) -> None:
    catalogue = catalogue_of(known)
    kept = catalogue.copy()
    for row, fact in enumerate(known.values()):
        catalogue.put(row, dataclasses.replace(fact, size=fact.size + 1, noted=not fact.noted))
    assert [kept.facts(row) for row in range(len(kept))] == list(known.values())


def test_columns_may_be_written_as_they_are() -> None:
    catalogue = Catalogue(["a", "b"])
    catalogue.size[:] = 3, 4
    catalogue.unlabelled[1] = 0.5
    assert catalogue.facts(1) == PictureFacts(size=4, unlabelled=0.5)


def test_accents_are_found_however_they_are_stored() -> None:
    names = [unicodedata.normalize(form, "Château Straße.jpg") for form in ("NFC", "NFD")]
    catalogue = Catalogue(names)
    for form in ("NFC", "NFD"):
        for text in ("château", "CHÂTEAU", "STRASSE châ"):
            assert catalogue.with_words(unicodedata.normalize(form, text)).all()


rows_and_wanted = st.integers(1, 8).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(0, count - 1), unique=True),
        st.integers(0, count - 1),
        st.lists(st.booleans(), min_size=count, max_size=count),
    )
)


@given(rows_and_wanted, st.sampled_from([1, -1]))
def test_the_next_that_is_wanted(case: tuple[list[int], int, list[bool]], step: int) -> None:
    shown, row, wanted = case
    turn = shown[::step]
    after = turn[turn.index(row) + 1 :] + turn[: turn.index(row)] if row in turn else turn
    expected = next((other for other in after if wanted[other]), None)
    assert following(np.array(shown, np.int32), row, np.array(wanted), step=step) == expected


def test_nothing_to_show() -> None:
    assert order(Catalogue(), Filter(text="a"), Sort(SortBy.TIME)).tolist() == []


def test_what_a_project_keeps_is_taken_over() -> None:
    row = PictureRow("b", 5, 7, PictureStatus.DONE, "", True, False, (2, 2), None, "starter", 3, 3, 0.5)
    rows = [
        row,
        row._replace(
            name="a", size=None, mtime_ns=None, status=PictureStatus.NEW, has_note=False, exported_revision=None
        ),
        row._replace(name="c", revision=4),
        row._replace(name="d", threshold=0.25),
        row._replace(name="gone"),
    ]
    catalogue = Catalogue(["a", "b", "c", "d", "new"])
    catalogue.fill(rows, threshold=0.5)
    done = PictureFacts(size=5, mtime_ns=7, status=PictureStatus.DONE, exported=Exported.CURRENT, noted=True)
    changed = dataclasses.replace(done, exported=Exported.CHANGED)
    assert [catalogue.facts(row) for row in range(5)] == [PictureFacts(), done, changed, changed, PictureFacts()]


def test_shares_are_taken_over() -> None:
    counts = np.zeros(256, np.int64)
    counts[[0, 1, 2, 101]] = 2, 4, 4, 6
    table = SegmentTable(class_ids=np.array([3, 9], np.uint8), scores=np.array([0.75, 0.25], np.float32))
    areas = FolderAreas.of_packed([(name, None, pack_areas(counts, table)) for name in ("b", "gone")])
    catalogue = Catalogue(["a", "b"])
    catalogue.fill_shares(areas, threshold=0.5)
    assert catalogue.facts(0) == PictureFacts()
    assert catalogue.facts(1) == PictureFacts(unlabelled=6 / 16, uncertainty=6 / 16)
    catalogue.fill_shares(areas, threshold=0.1)
    assert catalogue.facts(1).unlabelled == 2 / 16


def test_the_folder_of_each_picture_is_known_by_its_number() -> None:
    catalogue = Catalogue(["a.jpg", "below/b.jpg", "c.jpg", "/other/d.jpg", "below/deep/e.jpg", "below/f.jpg"])
    folders, rows = catalogue.folders()
    assert [folders[number] for number in rows] == ["", "below", "", "/other", "below/deep", "below"]
    assert len(folders) == 4
