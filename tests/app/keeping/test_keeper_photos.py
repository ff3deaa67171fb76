"""A photo that is another one by now, or has another name: whose corrections they are is asked or found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import ProjectError
from app.core.geometry import Box
from app.keeping.projects import Projects
from tests.app.working import SHAPE, Work, make_photo


def test_another_photo_is_noticed_when_the_picture_comes_back(start: Callable[[], Work], photo: Path) -> None:
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    make_photo(photo, 7)
    work.keeper.load(photo)
    assert not work.keeper.is_loaded(photo), "not before its file was looked at"
    work.settle()
    assert work.asked == [photo]
    assert "has changed on disk" in work.keeper.refusal(photo)
    assert work.session.begin_edit("Brush") is None


@pytest.mark.parametrize("use", [True, False])
@pytest.mark.parametrize("is_open", [True, False])
def test_what_becomes_of_corrections_of_another_photo(
    start: Callable[[], Work], photo: Path, *, use: bool, is_open: bool
) -> None:
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    layer = work.layer(photo)
    if not is_open:
        work.close()
        work = start()
    make_photo(photo, 7)
    if is_open:
        work.keeper.load(photo)
    else:
        work.open(photo)
    work.settle()
    assert work.asked == [photo]
    work.keeper.use_record(photo, use=use)
    work.open(photo)
    np.testing.assert_array_equal(work.layer(photo), layer if use else np.zeros(SHAPE, np.uint8))
    assert work.history(photo)[1] == (2 if use else 0)
    assert work.session.is_unexported(photo) is use
    work.paint(5)
    work.session.undo()
    work.session.redo()
    layer = work.layer(photo)
    work.close()
    again = start()
    again.open(photo)
    assert again.asked == []
    np.testing.assert_array_equal(again.layer(photo), layer)
    assert again.history(photo)[1] == (3 if use else 1)


@pytest.mark.parametrize("use", [True, False])
def test_nothing_is_decided_about_corrections_that_are_not_written_yet(
    start: Callable[[], Work], photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, use: bool
) -> None:
    """Else the picture would be read again without what still waits for room on the disk."""

    def full(*_: object) -> None:
        raise ProjectError("The disk is full.", may_pass=True)

    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    work.settle()
    layer = work.layer(photo)
    with monkeypatch.context() as patched:
        patched.setattr(Projects, "store_of", full)
        work.keeper.set_value(photo, "view", {})
        qtbot.waitUntil(lambda: work.keeper.lane.pending == 1)
        make_photo(photo, 7)
        work.keeper.load(photo)
        qtbot.waitUntil(lambda: work.asked == [photo])
        work.keeper.use_record(photo, use=use)
        assert work.said == ["That has to wait until everything is saved. The disk is full."]
        assert work.keeper.is_undecided(photo)
        np.testing.assert_array_equal(work.layer(photo), layer)
    work.keeper.try_again()
    work.settle()
    work.keeper.use_record(photo, use=use)
    work.open(photo)
    np.testing.assert_array_equal(work.layer(photo), layer if use else np.zeros(SHAPE, np.uint8))


def test_a_photo_of_another_size_begins_anew_where_nothing_is_on_it(start: Callable[[], Work], photo: Path) -> None:
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    work.session.go_to_step(0)
    work.close()
    make_photo(photo, 7, shape=(200, 100))
    work = start()
    work.open(photo)
    work.keeper.use_record(photo, use=True)
    work.open(photo, shape=(200, 100))
    gesture = work.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 50, 50), None, 120)
    assert gesture.commit()
    layer = work.layer(photo)
    work.close()
    again = start()
    again.open(photo, shape=(200, 100))
    np.testing.assert_array_equal(again.layer(photo), layer)


def test_a_photo_that_was_renamed_keeps_its_work(start: Callable[[], Work], photo: Path) -> None:
    work = start()
    work.open(photo)
    work.paint(1, steps=3)
    layer = work.layer(photo)
    work.close()
    target = photo.parent / "new folder" / "palace.png"
    target.parent.mkdir()
    photo.rename(target)
    again = start()
    again.open(target)
    assert again.said == ["new folder/palace.png was castle.png before: what was done with it came with it."]
    np.testing.assert_array_equal(again.layer(target), layer)
    assert again.history(target)[1] == 3
    again.close()


def test_photos_that_exchanged_their_names_keep_their_work(start: Callable[[], Work], tmp_path: Path) -> None:
    one, two = make_photo(tmp_path / "one.png", 1), make_photo(tmp_path / "two.png", 2)
    work = start()
    layers = []
    for number, path in enumerate((one, two)):
        work.open(path)
        work.paint(number, steps=1 + number)
        layers.append(work.layer(path))
    work.close()
    one.rename(tmp_path / "aside")
    two.rename(one)
    (tmp_path / "aside").rename(two)
    again = start()
    for path, layer in zip((one, two), reversed(layers), strict=True):
        again.open(path)
        assert again.asked == []
        np.testing.assert_array_equal(again.layer(path), layer)
