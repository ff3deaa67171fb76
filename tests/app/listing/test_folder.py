"""The folder on the desk: what is shown, in which order, and what comes next, against a plain model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from app.core.catalogue import Catalogue, ClassShare, Filter, Sort, SortBy
from app.core.pictures import PictureStatus
from app.listing.folder import Arrangement, Folder

ROOT = Path("/photos")
NAMES = [f"{number}.jpg" for number in range(8)]
UNFINISHED = {PictureStatus.NEW, PictureStatus.PREDICTED, PictureStatus.IN_WORK}


def folder_of(names: list[str] = NAMES) -> Folder:
    folder, catalogue = Folder(), Catalogue(names)
    folder.take(ROOT, catalogue, Arrangement.of(catalogue, folder.filter, folder.sort))
    return folder


@given(st.lists(st.sampled_from(PictureStatus), min_size=8, max_size=8), st.data())
def test_what_comes_next_is_what_a_person_would_look_for(statuses: list[PictureStatus], data: st.DataObject) -> None:
    folder = folder_of()
    for name, status in zip(NAMES, statuses, strict=True):
        folder.learn(ROOT / name, status=status)
    wanted = frozenset(data.draw(st.sets(st.sampled_from(PictureStatus))))
    descending = data.draw(st.booleans())
    folder.arrange(filter=Filter(statuses=wanted), sort=Sort(SortBy.NAME, descending=descending))
    plain = [name for name, status in zip(NAMES, statuses, strict=True) if status in wanted]
    plain = plain[::-1] if descending else plain
    assert [path.name for path in folder.shown()] == plain
    here = data.draw(st.sampled_from(NAMES))
    folder.hold(ROOT / here)
    assert folder.place(ROOT / here) == (plain.index(here) if here in plain else -1)
    if here in plain:
        for step in (1, -1):
            rest = plain[plain.index(here) + 1 :] if step > 0 else plain[: plain.index(here)][::-1]
            readable = [name for name in rest if folder.status(ROOT / name) is not PictureStatus.UNREADABLE]
            assert folder.next(ROOT / here, step) == (ROOT / readable[0] if readable else None)
        turned = plain[plain.index(here) + 1 :] + plain[: plain.index(here)]
        unfinished = [name for name in turned if folder.status(ROOT / name) in UNFINISHED]
        assert folder.next_unfinished(ROOT / here) == (ROOT / unfinished[0] if unfinished else None)


@given(st.sets(st.sampled_from(NAMES), min_size=1), st.sampled_from(NAMES))
def test_a_picture_that_is_shown_no_more_keeps_its_place(left: set[str], here: str) -> None:
    folder = folder_of()
    folder.hold(ROOT / here)
    folder.learn_columns(np.array([NAMES.index(name) for name in left]), noted=True)
    folder.arrange(filter=Filter(noted=True))
    after, before = (
        [name for name in NAMES if name > here and name in left],
        [n for n in NAMES if n < here and n in left],
    )
    assert folder.next(ROOT / here) == (ROOT / after[0] if after else None)
    assert folder.next(ROOT / here, -1) == (ROOT / before[-1] if before else None)


def test_what_is_marked_leaves_a_list_that_asks_for_others(qtbot: QtBot) -> None:
    folder = folder_of()
    folder.arrange(filter=Filter(statuses=frozenset(UNFINISHED)))
    folder.hold(ROOT / "3.jpg")
    with qtbot.waitSignal(folder.rearranged):
        folder.set_status(ROOT / "3.jpg", PictureStatus.DONE)
    assert len(folder.rows) == 7
    assert folder.next_unfinished(ROOT / "3.jpg") == ROOT / "4.jpg"
    assert folder.next(ROOT / "3.jpg", -1) == ROOT / "2.jpg"


def test_the_latest_order_wins() -> None:
    folder, waiting = folder_of(), []
    folder.compute = lambda work, done: waiting.append((work, done))
    folder.arrange(filter=Filter(text="1"))
    folder.arrange(filter=Filter(text="2"))
    for work, done in reversed(waiting):
        done(work())
    assert folder.shown() == [ROOT / "2.jpg"]


def test_a_class_is_asked_for_where_it_is_known() -> None:
    folder = folder_of()
    folder.find_class = lambda wanted, done: done(frozenset({"4.jpg", "5.jpg"} if wanted.class_id == 77 else ()))
    folder.arrange(filter=Filter(text="5", of_class=ClassShare(77, 0.02)))
    assert folder.shown() == [ROOT / "5.jpg"]
    folder.arrange(filter=Filter())
    assert len(folder.shown()) == 8


def test_names_elsewhere_are_whole_paths() -> None:
    folder = folder_of([*NAMES, "below/a.jpg", "/other/b.jpg"])
    assert folder.path(8) == ROOT / "below" / "a.jpg"
    assert folder.path(9) == Path("/other/b.jpg")
    assert [folder.row(path) for path in (folder.path(8), folder.path(9), Path("/other/c.jpg"))] == [8, 9, -1]


def test_what_may_not_be_kept_is_said_and_the_rest_is_marked() -> None:
    folder, kept, said = folder_of([*NAMES, "held/a.jpg"]), [], []
    folder.refusal = lambda path: "Somebody else has it open." if path.parent.name == "held" else ""
    folder.status_wanted.connect(lambda rows: kept.append(rows.tolist()))
    folder.said.connect(said.append)
    folder.set_statuses(np.array([8, 2, 1], np.intp), PictureStatus.DONE)
    assert (kept, said) == ([[2, 1]], ["Somebody else has it open."])
    assert [folder.status(folder.path(row)) for row in (1, 2, 8)] == [PictureStatus.DONE] * 2 + [PictureStatus.NEW]


def test_notes_and_reasons_are_kept_with_their_pictures(qtbot: QtBot) -> None:
    folder, wanted, said = folder_of(), [], []
    folder.note_wanted.connect(wanted.append)
    folder.said.connect(said.append)
    folder.set_note(ROOT / "1.jpg", " the sea ")
    folder.set_note(ROOT / "1.jpg", "the sea")
    assert (folder.note(ROOT / "1.jpg"), folder.facts(ROOT / "1.jpg").noted) == ("the sea", True)
    assert wanted == [ROOT / "1.jpg"]
    folder.set_status(ROOT / "2.jpg", PictureStatus.SKIPPED, "blurred")
    assert (folder.reason(ROOT / "2.jpg"), folder.problem(ROOT / "2.jpg")) == ("blurred", "")
    folder.learn_columns(np.array([2]), reasons={}, notes={})
    assert (folder.reason(ROOT / "2.jpg"), folder.note(ROOT / "1.jpg")) == ("", "the sea")
    folder.refusal = lambda _path: "Somebody else has it open."
    folder.set_status(ROOT / "3.jpg", PictureStatus.DONE)
    folder.set_note(ROOT / "3.jpg", "no")
    assert said == ["Somebody else has it open."] * 2
    assert folder.status(ROOT / "3.jpg") is PictureStatus.NEW


def test_texts_of_other_pictures_stay_whether_few_or_many_are_told() -> None:
    for rows in ([3], list(range(8))):
        folder = folder_of()
        before = {name: f"{name} is dark." for name in folder.catalogue.names}
        folder.learn_columns(np.arange(len(folder), dtype=np.intp), reasons=before)
        elsewhere = Path("/other/c.jpg")
        folder.learn(elsewhere, reason="It is gone.")
        folder.learn_columns(np.array(rows, np.intp), reasons={folder.catalogue.names[3]: "It is bright."})
        told = [folder.reason(folder.path(row)) for row in range(len(folder))]
        expected = ["" if row in rows else text for row, text in enumerate(before.values())]
        assert told == [*expected[:3], "It is bright.", *expected[4:]]
        assert folder.reason(elsewhere) == "It is gone."
