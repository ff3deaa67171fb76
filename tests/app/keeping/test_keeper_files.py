"""The file of a project goes while the window is open: what only it held comes back, open in the window or not."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.catalogue import Catalogue, Filter, Sort
from app.core.geometry import Box
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.records import ExportedState, PictureRow
from app.core.project.store import CARRIED, ProjectStore
from app.keeping.lock import ProjectLock
from app.keeping.open_project import ProjectInfo
from app.listing.folder import Arrangement, Folder
from app.listing.lost_facts import LostFacts
from app.main_window import MainWindow
from app.settings import Settings
from tests.app.working import Work, make_photo, some_prediction


def facts(folder: Path) -> tuple[dict[str, PictureRow], dict[str, str], bool, int]:
    """What the project says of all pictures, read by somebody else."""
    with closing(ProjectStore.open(folder, folder / FILE_NAME, read_only=True)) as store:
        rows = {row.name: row for row in store.rows()}
        kept = store.load("other.png", most_bytes=2**40)
        return rows, store.notes(), store.prediction("other.png") is not None, 0 if kept is None else len(kept.steps)


def told(work: Work, folder: Path) -> None:
    """Things that no open document holds."""

    def tell(store: ProjectStore) -> None:
        store.set_status("other.png", PictureStatus.DONE)
        store.set_note("other.png", "roof")
        store.set_threshold("other.png", 0.7)
        store.set_exported("other.png", ExportedState(3, work.session.mode, 0.7))

    work.keeper.write(lambda projects: tell(projects.store(folder)))


def delete_all(folder: Path) -> None:
    for path in folder.glob(f"{FILE_NAME}*"):
        if path.suffix != ".lock":
            path.unlink()


def make_folder_anew(folder: Path) -> None:
    photos = {path: path.read_bytes() for path in folder.glob("*.png")}
    shutil.rmtree(folder)
    folder.mkdir()
    for path, data in photos.items():
        path.write_bytes(data)


@pytest.mark.parametrize("happens", [delete_all, make_folder_anew])
@pytest.mark.parametrize("goes_on", [True, False])
def test_pictures_that_are_not_open_keep_all(
    start: Callable[[], Work], photo: Path, happens: Callable[[Path], None], *, goes_on: bool
) -> None:
    folder, other = photo.parent, make_photo(photo.with_name("other.png"), 2)
    work = start()
    work.open(other)
    work.paint(1, steps=3)
    assert work.session.document is not None
    work.session.recall(other, some_prediction(), model="fake")
    work.keeper.keep_prediction(other)
    work.settle()
    work.close()
    work = start()
    work.open(photo)
    work.paint(2, steps=2)
    told(work, folder)
    work.settle()
    before = facts(folder)
    assert before[1:] == ({"other.png": "roof"}, True, 3)
    happens(folder)
    if goes_on:
        work.paint(3)
        work.settle()
        assert work.said == [CARRIED]
        assert not ProjectLock(folder / FILE_NAME).take(), "no other window writes it meanwhile"
    work.keeper.close()
    rows, *rest = facts(folder)
    assert (rows["other.png"], *rest) == (before[0]["other.png"], *before[1:])
    again = start()
    again.open(photo)
    assert again.history(photo)[1] == (3 if goes_on else 2)
    assert again.said == []


def test_a_defect_while_an_answer_is_packed_is_told_and_the_next_one_is_kept(
    start: Callable[[], Work], photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: told.append(error))
    work = start()
    work.open(photo)
    work.session.recall(photo, some_prediction(), model="fake")
    with monkeypatch.context() as patch:
        patch.setattr("app.keeping.writing.PackedAnswer.of", lambda *_: 1 // 0)
        work.keeper.keep_prediction(photo)
        qtbot.waitUntil(lambda: len(told) == 1)
    assert isinstance(told[0], ZeroDivisionError)
    work.paint(1)
    work.keeper.keep_prediction(photo)
    work.settle()
    with closing(ProjectStore.open(photo.parent, photo.parent / FILE_NAME, read_only=True)) as store:
        assert store.prediction(photo.name) is not None


def test_what_a_rescue_lost_and_the_list_still_knows_is_written_again(start: Callable[[], Work], photo: Path) -> None:
    work = start()
    work.open(photo)
    work.settle()
    folder = Folder()
    names = ["a.png", "b.png", "c.png", "d.png"]
    catalogue = Catalogue(names)
    folder.take(photo.parent, catalogue, Arrangement.of(catalogue, Filter(), Sort()))
    for name, status in zip(names, ("done", "skipped", "unreadable", "new"), strict=True):
        folder.learn(photo.parent / name, status=PictureStatus(status))
    folder.set_note(photo.parent / "d.png", "roof")
    folder.set_note(photo.parent / "a.png", "mine")
    work.keeper.write(lambda projects: projects.store(photo.parent).set_note("a.png", "theirs"))
    lost = LostFacts(folder, work.keeper)
    info = work.keeper._kept[photo].info
    work.keeper._projects._renewed(info)
    work.settle()
    rows, notes, *_ = facts(photo.parent)
    assert {name: rows[name].status.value for name in ("a.png", "b.png", "d.png")} == {
        "a.png": "done",
        "b.png": "skipped",
        "d.png": "new",
    }
    assert "c.png" not in rows
    assert notes == {"a.png": "theirs", "d.png": "roof"}
    assert lost is not None


# --- a folder that gets another name -------------------------------------------------------------------------------


@pytest.mark.parametrize("is_linux", [True, False])
def test_a_folder_that_gets_another_name_goes_on_under_it(
    start: Callable[[], Work], photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, is_linux: bool
) -> None:
    if not is_linux:
        monkeypatch.setattr("app.keeping.open_project._HANDLES", Path("nowhere"))
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    told(work, photo.parent)
    work.settle()
    new = photo.parent.rename(photo.parent.with_name("new name")) / photo.name
    work.paint(2, steps=2)
    gesture = work.session.begin_edit("In hand")
    assert gesture is not None
    gesture.paint(Box(0, 0, 20, 20), None, 120)
    if is_linux:
        work.settle()
    else:
        qtbot.waitUntil(lambda: work.keeper.lane.pending > 0)
    opened: list[object] = []
    work.keeper.open(new.parent, opened.append)
    qtbot.waitUntil(lambda: len(opened) == 1)
    assert isinstance(opened[0], ProjectInfo)
    assert (opened[0].refusal, opened[0].root) == ("", new.parent)
    assert work.session.find(photo) is None
    work.open(new)
    assert work.history(new) == (["Brush 1"] * 2 + ["Brush 2"] * 2 + ["In hand"], 5)
    work.paint(3)
    layer, history = work.layer(new), work.history(new)
    assert not ProjectLock(new.parent / FILE_NAME).take()
    work.close()
    assert not photo.parent.exists()
    assert ProjectLock(new.parent / FILE_NAME).take()
    again = start()
    again.open(new)
    assert again.said == []
    np.testing.assert_array_equal(again.layer(new), layer)
    assert again.history(new) == history
    assert facts(new.parent)[1] == {"other.png": "roof"}


def test_the_window_goes_on_in_a_folder_that_got_another_name(qtbot: QtBot, photo: Path, tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("nobody can tell here what a folder is called now")
    make_photo(photo.with_name("other.png"), 2)
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    desk = window.desk
    desk.open([photo.parent])
    new = tmp_path / "new name" / photo.name
    qtbot.waitUntil(lambda: desk.folder.complete and desk.current == photo and desk.keeper.is_loaded(photo))
    qtbot.waitUntil(lambda: desk.session.document is not None and desk.session.document.segment_map is not None)
    photo.parent.rename(new.parent)
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 20, 20), None, 120)
    assert gesture.commit()
    qtbot.waitUntil(lambda: desk.folder.complete and desk.current == new and desk.keeper.is_loaded(new))
    history = desk.session.history_of(new)
    assert history is not None
    assert [step.text() for step in history.steps()] == ["Brush"]
    assert desk.folder.root == new.parent
    assert desk.session.find(photo) is None
    qtbot.waitUntil(lambda: desk.keeper.is_saved())
    window.close()
