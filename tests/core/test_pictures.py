"""Which pictures a list of paths means."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.pictures import file_facts, first_picture, list_folder, list_pictures, natural_key, sorted_names
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


digits_and_words = st.text(alphabet="aB019²٣. é-", max_size=8)


@given(digits_and_words, digits_and_words)
def test_the_order_is_that_of_words_and_numbers_in_turn(first: str, second: str) -> None:
    def plainly(text: str) -> tuple[object, ...]:
        words = re.split(r"([0-9]+)", text.casefold().replace(".", "\0"))
        return tuple(int(word) if index % 2 else f"{word}\1" for index, word in enumerate(words)), text

    assert (natural_key(first) < natural_key(second)) == (plainly(first) < plainly(second))


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="/", codec="utf-8"), max_size=8)))
def test_many_names_are_sorted_as_each_of_them(texts: list[str]) -> None:
    assert sorted_names(texts) == sorted(texts, key=natural_key)


def test_a_number_may_have_any_length() -> None:
    assert sorted_names(["a" + "9" * 5000, "a" + "1" * 5001, "a0"]) == ["a0", "a" + "9" * 5000, "a" + "1" * 5001]


def tree(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"12")


def test_sub_folders_on_request(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "b.jpg",
        "day 10/a.jpg",
        "day 9/x/1.png",
        "day 9/2.jpg",
        ".git/a.jpg",
        "day 9/.thumbs/a.jpg",
        "empty/a",
    )
    assert list_folder(tmp_path).names == ["b.jpg"]
    listing = list_folder(tmp_path, recursive=True)
    assert listing.names == ["b.jpg", "day 9/2.jpg", "day 9/x/1.png", "day 10/a.jpg"]
    assert list(listing.refused) == []
    assert listing.path(2) == tmp_path / "day 9" / "x" / "1.png"
    assert list_pictures([tmp_path], recursive=True) == listing.paths()
    assert list_pictures([tmp_path, tmp_path / "b.jpg"], recursive=True) == listing.paths()
    assert list_folder(tmp_path, recursive=True, without=[tmp_path / "day 9", tmp_path / "gone"]).names == [
        "b.jpg", "day 10/a.jpg"
    ]  # fmt: skip


def test_labels_beside_photos_are_no_photos(tmp_path: Path) -> None:
    tree(tmp_path, "images/training/1.jpg", "annotations/training/1.png", "more/annotations/2.png")
    assert list_folder(tmp_path, recursive=True).names == ["images/training/1.jpg", "more/annotations/2.png"]
    assert list_folder(tmp_path / "annotations" / "training").names == ["1.png"]


def test_links_between_folders_come_to_an_end(tmp_path: Path) -> None:
    tree(tmp_path, "top/sub/1.jpg", "top/.store/2.jpg", "outside/3.jpg", "outside/deeper/4.jpg")
    top = tmp_path / "top"
    for link, target in {
        "a": top / "sub", "up": top, "above": tmp_path, "sub/back": top, "sub/self": top / "sub" / "self",
        "kept": top / ".store", "far": tmp_path / "outside", "further": tmp_path / "outside", "gone": top / "nothing",
    }.items():  # fmt: skip
        (top / link).symlink_to(target)
    (tmp_path / "outside" / "home").symlink_to(top)
    listing = list_folder(top, recursive=True)
    assert listing.names == ["far/3.jpg", "far/deeper/4.jpg", "kept/2.jpg", "sub/1.jpg"]
    assert list(listing.refused) == []


def test_what_cannot_be_looked_at_is_told_and_the_rest_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, "1.jpg", "closed/2.jpg", "open/3.jpg")
    (tmp_path / "nowhere.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "circle.jpg").symlink_to(tmp_path / "circle.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "open" / "pipe.png").symlink_to(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if "closed" in path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        listing = list_folder(tmp_path, recursive=True)
    assert listing.names == ["1.jpg", "open/3.jpg"]
    refused = dict(listing.refused)
    assert refused.pop(tmp_path / "closed") == "There is no permission to read closed."
    assert refused.pop(tmp_path / "nowhere.jpg") == "nowhere.jpg is a link to a file that is not there."
    assert refused.pop(tmp_path / "circle.jpg").startswith("circle.jpg cannot be read: ")
    for name in ("pipe.jpg", "open/pipe.png"):
        assert refused.pop(tmp_path / name) == f"{name} is a pipe or a device, not a file with a photo."
    assert not refused


def test_a_folder_that_goes_away_while_it_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "1.jpg")
    scan = os.scandir

    @contextmanager
    def breaking(path: str) -> Iterator[Iterator[object]]:
        def entries() -> Iterator[object]:
            with scan(path) as found:
                yield from found
            raise OSError(errno.EIO, "Input/output error")

        yield entries()

    monkeypatch.setattr(os, "scandir", breaking)
    listing = list_folder(tmp_path)
    assert listing.names == ["1.jpg"]
    assert [reason for _, reason in listing.refused] == [f"{tmp_path} cannot be read: Input/output error."]


def test_a_name_of_any_bytes(tmp_path: Path) -> None:
    name = os.fsdecode(b"photo\xff.jpg")
    tree(tmp_path, name)
    assert list_folder(tmp_path).names == [name]


def test_a_search_can_be_given_up(tmp_path: Path) -> None:
    tree(tmp_path, "1.jpg", "sub/1.jpg")

    def enough() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        list_folder(tmp_path, check=enough)
    with pytest.raises(InterruptedError):
        file_facts(list_folder(tmp_path), check=enough)


def test_size_and_time_of_what_is_there(tmp_path: Path) -> None:
    tree(tmp_path, "1.jpg", "sub/2.jpg", "sub/3.jpg")
    os.utime(tmp_path / "1.jpg", ns=(0, 1_234_567_890_123_456_789))
    listing = list_folder(tmp_path, recursive=True)
    (tmp_path / "sub" / "2.jpg").unlink()
    sizes, times = file_facts(listing)
    assert sizes.tolist() == [2, -1, 2]
    assert times[0] == 1_234_567_890_123_456_789
    assert times[1] == -1


entry_names = st.sampled_from(["a", "B", "a2", "a10", ".h", "images", "annotations", "x.jpg"])
file_names = st.sampled_from(["1.jpg", "10.png", "2.JPG", "notes.txt", ".x.jpg"])


@given(st.lists(st.tuples(st.lists(entry_names, max_size=3), file_names), max_size=12))
def test_any_tree(places: list[tuple[list[str], str]]) -> None:
    with TemporaryDirectory() as made:
        folder = Path(made)
        for folders, name in places:
            tree(folder, "/".join([*folders, name]))
        listing = list_folder(folder, recursive=True)

        def is_listed(path: Path) -> bool:
            parts = path.relative_to(folder).parts
            labels = any(
                (folder.joinpath(*parts[:depth]) / "images").is_dir()
                for depth, part in enumerate(parts)
                if part == "annotations"
            )
            hidden = any(part.startswith(".") for part in parts)
            return path.is_file() and path.suffix.lower() in (".jpg", ".png") and not hidden and not labels

        wanted = [path for path in folder.rglob("*") if is_listed(path)]
        wanted.sort(key=lambda path: ([natural_key(part) for part in path.parent.parts], natural_key(path.name)))
        assert listing.paths() == wanted
        assert first_picture(folder, recursive=True) == (wanted[0] if wanted else None)
        top = list_folder(folder).paths()
        assert top == [path for path in wanted if path.parent == folder]
        assert first_picture(folder) == (top[0] if top else None)
