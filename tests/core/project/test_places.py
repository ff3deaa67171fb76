"""Which file holds the project of a folder, also where the folder cannot be written, moves, or is another one."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from app.core.project import places
from app.core.project.places import FILE_NAME, Place, describe, project_file
from app.core.project.store import ProjectStore
from tests.core.project.projects import opened


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user data"
    monkeypatch.setattr(places.platformdirs, "user_data_path", lambda *_, **__: folder)
    return folder / "projects"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with some photos."""
    folder = tmp_path / "mount" / "photos"
    folder.mkdir(parents=True)
    fill(folder)
    return folder


def fill(folder: Path, *, size: int = 100) -> None:
    for number in range(4):
        (folder / f"IMG_{number}.jpg").write_bytes(bytes(size + number))
    (folder / "more").mkdir()


@pytest.fixture
def nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a CD."""
    monkeypatch.setattr(places, "_can_write", lambda _folder: False)


def made(place: Place) -> Place:
    """Open the project there, as the window does, and close it."""
    ProjectStore.open(place.root, place.file).close()
    return place


def test_a_folder_without_a_project_gets_one_of_its_own(photos: Path) -> None:
    before = sorted(photos.iterdir())
    assert project_file(photos) == Place(photos, photos / FILE_NAME, writable=True)
    assert sorted(photos.iterdir()) == before


def test_the_nearest_project_at_or_above_a_folder_has_it(photos: Path) -> None:
    deep = photos / "a" / "b"
    deep.mkdir(parents=True)
    opened(photos.parent).close()
    assert project_file(deep).root == photos.parent
    opened(photos).close()
    assert project_file(deep) == Place(photos, photos / FILE_NAME, writable=True)
    opened(deep).close()
    assert project_file(deep).root == deep
    assert project_file(photos).root == photos


def test_no_project_above_the_user_s_home_is_looked_for(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(photos.parent.parent).close()
    monkeypatch.setenv("HOME", str(photos.parent))
    assert project_file(photos).root == photos
    opened(photos.parent).close()
    assert project_file(photos).root == photos.parent


@pytest.mark.usefixtures("nothing_can_be_written")
def test_what_cannot_be_written_has_its_project_in_the_data_folder(photos: Path, data_folder: Path) -> None:
    place = made(project_file(photos))
    assert (place.root, place.file.parent, place.writable) == (photos, data_folder, True)
    assert project_file(photos) == place
    assert project_file(photos / "more") == place
    other = photos.parent / "other"
    other.mkdir()
    fill(other, size=500)
    assert made(project_file(other)).file != place.file
    assert project_file(photos) == place


@pytest.mark.usefixtures("nothing_can_be_written")
def test_a_folder_that_is_named_otherwise_now_is_found_again(photos: Path) -> None:
    place = made(project_file(photos))
    photos.rename(photos.with_name("holidays ä\udcff"))
    found = made(project_file(photos.with_name("holidays ä\udcff")))
    assert found.file == place.file
    assert project_file(found.root) == found
    with closing(ProjectStore.open(found.root, found.file, read_only=True)) as store:
        assert store.value(places.FOLDER_KEY) == describe(found.root)


@pytest.mark.usefixtures("nothing_can_be_written")
def test_a_disk_that_is_mounted_elsewhere_is_found_again(photos: Path) -> None:
    place = made(project_file(photos))
    elsewhere = photos.parent / "run" / "media"
    shutil.copytree(photos, elsewhere)  # another place on the disk, another device as far as anyone can tell
    assert project_file(elsewhere).file != place.file  # both are there: one is a copy, and has work of its own
    shutil.rmtree(photos)
    assert project_file(elsewhere) == Place(elsewhere, place.file, writable=True)


@pytest.mark.usefixtures("nothing_can_be_written")
def test_another_card_in_the_same_slot_has_a_project_of_its_own(photos: Path) -> None:
    place = made(project_file(photos))
    for path in photos.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    fill(photos, size=7000)
    (photos / "more").rename(photos / "DCIM")
    other = made(project_file(photos))
    assert other.file != place.file
    for path in photos.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    fill(photos)
    assert project_file(photos) == place


@pytest.mark.usefixtures("nothing_can_be_written")
def test_photos_that_come_and_go_do_not_part_a_folder_from_its_project(photos: Path) -> None:
    place = made(project_file(photos))
    (photos / "IMG_0.jpg").unlink()
    (photos / "A new one.jpg").write_bytes(b"new")
    assert project_file(photos) == place


@pytest.mark.usefixtures("nothing_can_be_written")
def test_files_that_are_no_projects_are_passed_over(photos: Path, data_folder: Path) -> None:
    data_folder.mkdir(parents=True)
    (data_folder / "a.sqlite").write_bytes(b"no database at all")
    (data_folder / "b.sqlite").touch()
    opened(data_folder).close()
    (data_folder / FILE_NAME).rename(data_folder / "c.sqlite")  # it does not say which folder it is of
    place = made(project_file(photos))
    assert project_file(photos) == place


def test_a_project_that_may_only_be_read_is_still_the_project(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(photos).close()
    monkeypatch.setattr(places.os, "access", lambda *_, **_how: False)
    assert project_file(photos) == Place(photos, photos / FILE_NAME, writable=False)


def test_whether_a_folder_can_be_written_is_tried(photos: Path, data_folder: Path) -> None:
    assert project_file(photos).file.parent == photos
    assert project_file(photos / "not there").file.parent == data_folder
