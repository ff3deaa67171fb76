from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from app.listing.watch import FolderWatch


def test_a_file_that_comes_is_told_and_who_waits_for_quiet_waits_for_the_watch(qtbot: QtBot, tmp_path: Path) -> None:
    watch = FolderWatch()
    watch.look_at([tmp_path])
    assert watch.noticed  # the folder is looked at from the next turn on
    qtbot.waitUntil(lambda: not watch.noticed)
    with qtbot.waitSignal(watch.changed):
        (tmp_path / "new.jpg").touch()
        qtbot.waitUntil(lambda: watch.noticed)
    assert not watch.noticed


def test_the_last_folders_that_were_named_are_the_ones_that_are_watched(qtbot: QtBot, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    watch = FolderWatch()
    watch.look_at([before])
    qtbot.waitUntil(lambda: not watch.noticed)
    watch.look_at([])
    watch.look_at([after])
    qtbot.waitUntil(lambda: not watch.noticed)
    with qtbot.assertNotEmitted(watch.changed, wait=1_000):
        (before / "new.jpg").touch()
    with qtbot.waitSignal(watch.changed):
        (after / "new.jpg").touch()
