"""What a defect leaves behind: a record of it, and a copy of every correction that can still be written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.crash
from app.core.ade_png import read_labels
from app.core.arrays import U8
from app.core.export import export_snapshot
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.crash import CrashHook
from app.main_window import MainWindow
from app.settings import Settings
from tests.app.canvas.scene import document_of, predict, show_photo
from tests.app.working import make_photo

ONE, TWO, SAME_NAME = Path("/photos/one.jpg"), Path("/photos/two.jpg"), Path("/others/one.jpg")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    window = MainWindow(Settings())
    qtbot.addWidget(window, before_close_func=lambda closing: closing.session.close_all())
    yield window
    window.desk.close()


def correct(window: MainWindow, path: Path, class_id: int) -> U8:
    """Open a picture and paint into it; its labels then."""
    show_photo(window.session, path=path)
    predict(window.session, path=path)
    gesture = window.session.begin_edit("Brush")
    gesture.paint(Box(0, 0, 9, 9), None, human_value(class_id))
    assert gesture.commit()
    return document_of(window.session).labels()


def breaks(hook: CrashHook) -> None:
    error = RuntimeError("a defect for the test")
    hook(type(error), error, None)


def logged(tmp_path: Path) -> str:
    return "".join(file.read_text(encoding="utf-8") for file in tmp_path.rglob("errors.log"))


def rescued(tmp_path: Path) -> dict[str, U8]:
    return {file.name: read_labels(file) for file in tmp_path.rglob("*.png")}


@pytest.mark.parametrize("failure", [MemoryError(), cv2.error("no room"), ValueError("odd")])
def test_one_picture_that_cannot_be_written_does_not_keep_the_others_from_it(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    correct(window, ONE, 5)
    labels = correct(window, TWO, 7)

    def export(snapshot: Any, **where: Any) -> object:
        assert "a defect for the test" in logged(tmp_path), "the record comes first"
        if snapshot.path == ONE:
            raise failure
        return export_snapshot(snapshot, **where)

    monkeypatch.setattr(app.crash, "export_snapshot", export)
    hook = CrashHook(window)
    breaks(hook)
    copies = rescued(tmp_path)
    assert set(copies) == {"two.png"}
    np.testing.assert_array_equal(copies["two.png"], labels)
    assert "copies of your corrections" in window.status.text()
    assert f"{ONE} could not be rescued" in logged(tmp_path)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    breaks(hook)  # what failed is tried again, what was written is not
    assert sorted(rescued(tmp_path)) == ["one.png", "two.png"]


def test_pictures_of_one_name_are_both_rescued(window: MainWindow, tmp_path: Path) -> None:
    first, second = correct(window, ONE, 5), correct(window, SAME_NAME, 7)
    breaks(CrashHook(window))
    copies = rescued(tmp_path)
    np.testing.assert_array_equal(copies["one.png"], first)
    np.testing.assert_array_equal(copies["one (2).png"], second)


def test_a_stroke_that_cannot_be_ended_is_rescued_as_far_as_it_went(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = correct(window, ONE, 5)

    def fails() -> None:
        raise MemoryError

    monkeypatch.setattr(window.session, "end_gesture", fails)
    breaks(CrashHook(window))
    monkeypatch.undo()
    np.testing.assert_array_equal(rescued(tmp_path)["one.png"], labels)


def test_what_a_project_keeps_needs_no_copy_until_it_cannot_be_written(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_photo(tmp_path / "photos" / "castle.png")
    window.desk.keeper.load(path)
    qtbot.waitUntil(lambda: window.desk.keeper.is_loaded(path))
    correct(window, path, 5)
    hook = CrashHook(window)
    breaks(hook)
    assert not rescued(tmp_path / "data")
    assert "your corrections are kept" in window.status.text()
    monkeypatch.setattr("app.keeping.open_project._HANDLES", Path("nowhere"))  # the disk was taken out: no other name
    path.parent.rename(tmp_path / "away")
    gesture = window.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(10, 10, 19, 19), None, human_value(9))
    assert gesture.commit()
    qtbot.waitUntil(lambda: window.desk.keeper.lane.pending > 0)
    breaks(hook)
    np.testing.assert_array_equal(rescued(tmp_path / "data")["castle.png"], document_of(window.session).labels())
    (tmp_path / "away").rename(path.parent)
    window.desk.keeper.try_again()
    qtbot.waitUntil(window.desk.keeper.is_saved)


def test_with_nothing_to_rescue_no_folder_is_made(window: MainWindow, tmp_path: Path) -> None:
    breaks(CrashHook(window))
    assert not list(tmp_path.rglob("rescued"))
    assert "your corrections are kept" in window.status.text()
