"""A disk without room, or that may not be written: it is said, work goes on, and is saved when it can be."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.closing
from app.core.project.places import FILE_NAME
from app.main_window import MainWindow
from app.settings import Settings
from tests.app.working import SHAPE, Work, break_file, make_photo

NOBODY = 65534


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a few megabytes, where this process may make one."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Leave no room at all."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def paint_noise(work: Work, steps: int) -> None:
    """Strokes that no compression makes small."""
    random = np.random.default_rng(steps)
    for _ in range(steps):
        gesture = work.session.begin_edit("Noise")
        assert gesture is not None
        document = work.session.document
        assert document is not None
        assert document.segment_map is not None
        gesture.paint(document.segment_map.box, None, random.integers(101, 250, SHAPE).astype(np.uint8))
        gesture.commit()


def test_a_full_disk_loses_nothing(start: Callable[[], Work], small_disk: Path, qtbot: QtBot) -> None:
    photo = make_photo(small_disk / "photos" / "a.png")
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    work.settle()
    ballast = fill(small_disk)
    paint_noise(work, 5)
    qtbot.waitUntil(lambda: work.keeper.lane.pending > 0)
    assert work.keeper.trouble.endswith("cannot be written: the disk is full.")
    work.session.undo()
    work.paint(3)
    assert work.history(photo) == (["Brush 1"] * 2 + ["Noise"] * 4 + ["Brush 3"], 7)
    assert not work.keeper.is_saved()
    assert not work.keeper.is_safe(photo)
    ballast.unlink()
    work.keeper.try_again()
    layer, history = work.layer(photo), work.history(photo)
    work.close()
    assert work.keeper.lane.pending == 0
    again = start()
    again.open(photo)
    np.testing.assert_array_equal(again.layer(photo), layer)
    assert again.history(photo) == history
    assert again.said == []


def test_a_project_that_cannot_be_made_for_want_of_room_is_made_later(
    start: Callable[[], Work], small_disk: Path, qtbot: QtBot
) -> None:
    photo = make_photo(small_disk / "photos" / "a.png")
    ballast = fill(small_disk)
    work = start()
    work.open(photo)
    assert len(work.said) == 1
    assert work.said[0].endswith("cannot be opened: the disk is full.")
    work.paint(1, steps=3)
    assert not work.keeper.keeps(photo)
    work.keeper.try_again()
    work.settle()
    assert not work.keeper.keeps(photo)
    ballast.unlink()
    work.keeper.try_again()
    qtbot.waitUntil(lambda: work.keeper.keeps(photo))
    work.session.undo()
    layer, history = work.layer(photo), work.history(photo)
    work.close()
    again = start()
    again.open(photo)
    np.testing.assert_array_equal(again.layer(photo), layer)
    assert again.history(photo) == history


def test_earlier_work_that_a_full_disk_hides_is_not_painted_over(
    start: Callable[[], Work], small_disk: Path, qtbot: QtBot
) -> None:
    photo = make_photo(small_disk / "photos" / "a.png")
    work = start()
    work.open(photo)
    work.paint(1, steps=3)
    layer = work.layer(photo)
    work.close()
    ballast = fill(small_disk)
    work = start()
    work.open(photo)
    if not work.keeper.keeps(photo):  # SQLite may find what it needs to look at it
        assert "cannot be opened" in work.keeper.refusal(photo)
        assert work.session.begin_edit("Brush") is None
        ballast.unlink()
        work.keeper.try_again()
        qtbot.waitUntil(lambda: work.closed == [photo])
        work.open(photo)
    np.testing.assert_array_equal(work.layer(photo), layer)
    work.paint(2)
    ballast.unlink(missing_ok=True)
    layer = work.layer(photo)
    work.close()
    again = start()
    again.open(photo)
    np.testing.assert_array_equal(again.layer(photo), layer)


def test_a_damaged_project_that_cannot_be_rescued_for_now_waits_and_loses_nothing(
    start: Callable[[], Work], photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("app.keeping.keeper.IDLE_MS", 600_000)  # no snapshot that waits too
    work = start()
    work.open(photo)
    work.paint(1, steps=4)
    work.settle()
    with monkeypatch.context() as patched:
        patched.setattr("app.core.project.rescue._set_aside", full)
        break_file(photo.parent / FILE_NAME)
        work.paint(2, steps=3)
        qtbot.waitUntil(lambda: work.keeper.lane.pending == 3)
        assert work.keeper.trouble.endswith("cannot be set aside: the disk is full.")
        work.keeper.try_again()
        work.paint(3)
        qtbot.waitUntil(lambda: work.keeper.lane.pending == 4)
        assert work.said == []
    work.keeper.try_again()
    work.settle()
    assert [sentence for sentence in work.said if "was damaged and is kept as" in sentence] == work.said[:1]
    layer, history = work.layer(photo), work.history(photo)
    work.close()
    again = start()
    again.open(photo)
    np.testing.assert_array_equal(again.layer(photo), layer)
    assert again.history(photo) == history
    assert again.said == []


@contextmanager
def as_nobody() -> Iterator[None]:
    """Permissions mean nothing to root."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place where nobody in particular may write."""
    with tempfile.TemporaryDirectory(prefix="ade-mask-studio-shared-") as name:
        data = Path(name, "data")
        data.mkdir()
        for folder in (Path(name), data):
            folder.chmod(0o777)
        monkeypatch.setenv("XDG_DATA_HOME", str(data))
        yield Path(name)


def test_photos_that_may_only_be_read_have_their_project_elsewhere_and_it_finds_them_again(
    start: Callable[[], Work], shared: Path
) -> None:
    photo = make_photo(shared / "photos" / "a.png")
    photo.parent.chmod(0o555)
    with as_nobody():
        work = start()
        work.open(photo)
        work.paint(1, steps=3)
        layer = work.layer(photo)
        work.close()
    assert not (photo.parent / FILE_NAME).exists()
    photo.parent.chmod(0o755)
    moved = photo.parent.rename(shared / "elsewhere") / photo.name
    moved.parent.chmod(0o555)
    with as_nobody():
        again = start()
        again.open(moved)
        np.testing.assert_array_equal(again.layer(moved), layer)
        assert again.history(moved)[1] == 3
        again.close()
    moved.parent.chmod(0o755)


def test_a_project_that_may_only_be_read_is_shown_and_not_touched(start: Callable[[], Work], shared: Path) -> None:
    photo = make_photo(shared / "photos" / "a.png")
    work = start()
    work.open(photo)
    work.paint(1, steps=3)
    layer = work.layer(photo)
    work.close()
    before = (photo.parent / FILE_NAME).read_bytes()
    (photo.parent / FILE_NAME).chmod(0o444)
    photo.parent.chmod(0o555)
    with as_nobody():
        again = start()
        again.open(photo)
        np.testing.assert_array_equal(again.layer(photo), layer)
        assert "may only be read" in again.keeper.refusal(photo)
        assert again.session.begin_edit("Brush") is None
        again.close()
    photo.parent.chmod(0o755)
    assert (photo.parent / FILE_NAME).read_bytes() == before


def test_closing_does_not_stand_still_while_another_program_has_the_file(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(app.closing, "choose", lambda _parent, *, title, **_: asked.append(title))
    monkeypatch.setattr("app.core.project.database._BUSY_MS", 300)
    photo = make_photo(tmp_path / "a.png")
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.show()
    keeper, session = window.desk.keeper, window.session
    session.show(photo)
    keeper.load(photo)
    qtbot.waitUntil(lambda: keeper.is_loaded(photo))
    session.attach_photo(photo, (np.zeros((*SHAPE, 3), np.uint8),))
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        gesture = session.begin_edit("Brush")
        assert gesture is not None
        gesture.paint(session.document.segment_map.box, None, 120)  # type: ignore[union-attr]
        gesture.commit()
        window.close()
        assert window.isVisible()
        qtbot.waitUntil(lambda: asked == ["Not saved"], timeout=20_000)
        other.execute("ROLLBACK")
    qtbot.waitUntil(lambda: window.close() or not window.isVisible(), timeout=20_000)
    again = Work(qtbot)
    again.open(photo)
    assert (again.layer(photo) == 120).all()
    again.close()
