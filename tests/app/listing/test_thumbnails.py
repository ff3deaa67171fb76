"""Thumbnails: made once for each file, kept on the disk within bounds, and never waited for in vain."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.listing.thumbnails
from app.core.project.records import FileIdentity
from app.core.thumbnail_cache import ThumbnailCache
from app.listing.thumbnails import SIDE, Thumbnails
from inference.photo import read_thumbnail

SMALL = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)


def identity(number: int) -> FileIdentity:
    return FileIdentity(number, 7, b"x" * 16)


@pytest.fixture
def thumbnails(tmp_path: Path, qtbot: QtBot) -> Iterator[Thumbnails]:
    thumbnails = Thumbnails(cache=tmp_path / "cache")
    yield thumbnails
    thumbnails.close()


def test_a_thumbnail_is_made_once(
    thumbnails: Thumbnails, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    monkeypatch.setattr(
        app.listing.thumbnails, "read_thumbnail", lambda path, side: made.append(path) or read_thumbnail(path, side)
    )
    for _ in range(2):
        with qtbot.waitSignal(thumbnails.ready) as told:
            thumbnails.request(photos[2])
        path, thumbnail = told.args
        assert (path, thumbnail.shape) == (photos[2], (40, 102, 3))
        assert abs(int(thumbnail[5, 5, 0]) - 80) < 4
    photos[3].replace(photos[2])
    with qtbot.waitSignal(thumbnails.ready) as told:
        thumbnails.request(photos[2])
    assert told.args[1].shape == (40, 103, 3)
    assert made == [photos[2], photos[2]]


def test_a_fine_screen_gets_finer_thumbnails(thumbnails: Thumbnails, tmp_path: Path, qtbot: QtBot) -> None:
    large = tmp_path / "large.png"
    cv2.imwrite(str(large), np.zeros((400, 800, 3), np.uint8))
    sizes = []
    for ratio in (1, 2, 1.25, 1):
        thumbnails.show_at(ratio)
        with qtbot.waitSignal(thumbnails.ready) as told:
            thumbnails.request(large)
        sizes.append(told.args[1].shape[:2])
    assert sizes == [(96, 192), (160, 320), (160, 320), (96, 192)]


def test_what_cannot_be_read_says_why(thumbnails: Thumbnails, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(thumbnails.failed) as told:
        thumbnails.request(tmp_path / "nowhere.jpg")
    assert "nowhere.jpg" in told.args[1]


def test_those_asked_for_last_come_and_those_overtaken_are_said(
    thumbnails: Thumbnails, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.listing.thumbnails, "MOST_WAITING", 2)
    dropped, ready = [], []
    thumbnails.dropped.connect(dropped.append)
    thumbnails.ready.connect(lambda path, _thumbnail: ready.append(path))
    for path in photos:
        thumbnails.request(path)
    qtbot.waitUntil(lambda: thumbnails.is_idle() and len(ready) == 2)
    assert dropped == photos[:3]
    assert set(ready) == set(photos[3:])


def test_a_thumbnail_comes_back_in_its_colours_and_for_its_own_photo_alone(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path)
    sky = np.full((60, 80, 3), (40, 90, 220), np.uint8)
    cache.put(identity(1), SIDE, sky)
    back = cache.get(identity(1), SIDE)
    assert back is not None
    np.testing.assert_allclose(back.astype(int), sky, atol=4)
    for other in (FileIdentity(2, 7, b"x" * 16), FileIdentity(1, 8, b"x" * 16), FileIdentity(1, 7, b"y" * 16)):
        assert cache.get(other, SIDE) is None


def test_what_cannot_be_written_whole_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, f"no room for {len(data)} bytes")

    cache = ThumbnailCache(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        cache.put(identity(1), SIDE, SMALL)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    cache.put(identity(1), SIDE, SMALL)
    assert cache.get(identity(1), SIDE) is not None


def test_what_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path)
    for number in range(10):
        cache.put(identity(number), SIDE, SMALL)
    files = sorted(tmp_path.glob("??/*"), key=lambda file: file.stat().st_mtime_ns)
    for age, file in enumerate(files):
        os.utime(file, ns=(age, age))
    total = sum(file.stat().st_size for file in files)
    bounded = ThumbnailCache(tmp_path, most_bytes=total // 2)
    assert bounded.get(identity(0), SIDE) is not None  # used now
    bounded.put(identity(10), SIDE, SMALL)
    assert sum(file.stat().st_size for file in tmp_path.glob("??/*")) <= total // 2
    assert bounded.get(identity(0), SIDE) is not None
    assert bounded.get(identity(10), SIDE) is not None
    assert bounded.get(identity(1), SIDE) is None


def test_a_cache_that_is_damaged_or_cannot_be_written_is_none(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "cache")
    cache.put(identity(1), SIDE, SMALL)
    for file in (tmp_path / "cache").glob("??/*"):
        file.write_bytes(b"half a file")
    assert cache.get(identity(1), SIDE) is None
    (tmp_path / "file").write_bytes(b"")
    nowhere = ThumbnailCache(tmp_path / "file")
    nowhere.put(identity(1), SIDE, SMALL)
    assert nowhere.get(identity(1), SIDE) is None
