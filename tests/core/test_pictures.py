"""Which pictures a list of paths means."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.pictures import list_pictures, natural_key
from inference.errors import PhotoError


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(b"")
    return [folder / name for name in names]


def test_a_folder_stands_for_its_photos_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "b10.jpg", "b9.JPG", "B1.png", "a.tiff", "notes.txt", ".hidden.jpg", "c.webp", "x.bmp", "jpg")
    (tmp_path / "folder.jpg").mkdir()
    touch(tmp_path / "folder.jpg", "inside.jpg")
    found = list_pictures([tmp_path])
    assert [path.name for path in found] == ["a.tiff", "B1.png", "b9.JPG", "b10.jpg", "c.webp", "x.bmp"]


def test_files_named_by_hand_stay_whatever_they_are_called(tmp_path: Path) -> None:
    files = touch(tmp_path, "photo.dat", "noend", ".hidden.jpg")
    assert set(list_pictures(files)) == set(files)


def test_each_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = touch(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "sub").mkdir()
    assert list_pictures([two, tmp_path, one, tmp_path / "sub" / ".." / "1.jpg"]) == [one, two]
    monkeypatch.chdir(tmp_path)
    assert len(list_pictures([Path("1.jpg"), one])) == 1


def test_several_folders_come_one_after_the_other(tmp_path: Path) -> None:
    for name in ("day 10", "day 9"):
        (tmp_path / name).mkdir()
        touch(tmp_path / name, "2.jpg", "1.jpg")
    found = list_pictures([tmp_path / "day 10", tmp_path / "day 9"])
    assert [f"{path.parent.name}/{path.name}" for path in found] == [
        "day 9/1.jpg", "day 9/2.jpg", "day 10/1.jpg", "day 10/2.jpg"
    ]  # fmt: skip


def test_links_in_a_circle_and_to_nowhere(tmp_path: Path) -> None:
    (real,) = touch(tmp_path, "real.jpg")
    (tmp_path / "circle.jpg").symlink_to(tmp_path / "circle.jpg")
    (tmp_path / "nowhere.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "again.jpg").symlink_to(real)
    (tmp_path / "up").symlink_to(tmp_path)
    assert [path.name for path in list_pictures([tmp_path])] == ["again.jpg", "real.jpg"]
    assert [path.name for path in list_pictures([tmp_path / "up"])] == ["again.jpg", "real.jpg"]
    with pytest.raises(PhotoError, match=r"circle.jpg cannot be read: .*\.$"):
        list_pictures([tmp_path / "circle.jpg"])


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"gone does not exist\.$"):
        list_pictures([tmp_path / "gone"])
    assert list_pictures([]) == []
    assert list_pictures([tmp_path]) == []


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PhotoError, match=rf"^There is no permission to read {tmp_path}\.$"):
        list_pictures([tmp_path])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_really_may_not_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        with pytest.raises(PhotoError, match="no permission"):
            list_pictures([tmp_path])
    finally:
        tmp_path.chmod(0o700)


names = st.text(alphabet="aB01²٣.é", max_size=8)


@given(st.lists(names, unique=True))
def test_natural_keys_order_any_names(texts: list[str]) -> None:
    keys = [natural_key(text) for text in texts]
    assert len(set(keys)) == len(texts)
    sorted(keys)  # all can be compared with each other


@given(st.text(alphabet="ab", max_size=3), st.integers(0, 10**12), st.integers(0, 10**12))
def test_numbers_sort_by_value(words: str, first: int, second: int) -> None:
    assert (natural_key(f"{words}{first}.jpg") < natural_key(f"{words}{second}.jpg")) == (first < second)


def test_a_name_comes_before_those_that_go_on_with_it() -> None:
    names = ["street 2.jpg", "street2.jpg", "street-2.jpg", "street.jpg", "street10.jpg"]
    assert sorted(names, key=natural_key)[0] == "street.jpg"
    assert sorted(["street2.jpg", "street.jpg"], key=natural_key) == ["street.jpg", "street2.jpg"]
