"""Atomic writing: the old file or the new one, one sentence when it fails, and nothing left behind."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from app.core.errors import ExportError
from app.core.files import atomic_write, make_folder


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "übung.bin"
    atomic_write(path, b"first")
    atomic_write(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    atomic_write(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_longest_name_the_disk_takes(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".png")
    atomic_write(path, b"x")
    assert path.read_bytes() == b"x"
    with pytest.raises(ExportError, match="the name is too long"):
        atomic_write(tmp_path / ("n" * 300), b"x")


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"^a.png cannot be written to .*gone: the folder does not exist\.$"):
        atomic_write(tmp_path / "gone" / "a.png", b"x")


def test_a_file_instead_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="its folder is not a folder"):
        atomic_write(tmp_path / "file" / "a.png", b"x")
    with pytest.raises(ExportError, match=r"folder .*file cannot be made: a file of that name is in the way\.$"):
        make_folder(tmp_path / "file")


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ExportError, match="a folder of that name is in the way"):
        atomic_write(tmp_path / "a.png", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_the_folder_one_is_in_is_not_named_by_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "labels").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportError, match=r"^labels cannot be written: a folder of that name is in the way\.$"):
        atomic_write(Path("labels"), b"x")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_failing_disk_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ExportError, match=rf"^a.png cannot be written to .*: {sentence}\.$"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_really_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary file is a link to a device where every write fails."""
    monkeypatch.setattr("app.core.files.secrets.token_hex", lambda _bytes: "fixed")
    real_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: real_open(self, mode.replace("x", "w")))
    (tmp_path / ".fixed.part").symlink_to("/dev/full")
    with pytest.raises(ExportError, match="the disk is full"):
        atomic_write(tmp_path / "a.png", b"new" * 10_000)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ExportError, match="no permission"):
            atomic_write(tmp_path / "a.png", b"x")
        with pytest.raises(ExportError, match="no permission"):
            make_folder(tmp_path / "new")
    finally:
        tmp_path.chmod(0o700)


def test_no_permission_is_one_sentence_also_for_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ExportError, match=r"a.png cannot be written to .*: there is no permission\.$"):
        atomic_write(tmp_path / "a.png", b"x")


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic_write(tmp_path / "a.png", b"x")
    assert not list(tmp_path.iterdir())


def test_folders_are_made_once(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
