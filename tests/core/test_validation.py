"""Every problem of a folder of labels, alone and beside its photos."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.core.ade_png import write_labels, write_values
from app.core.document import DocumentSnapshot, ViewMode
from app.core.export import ExportOptions, export_snapshot
from app.core.import_labels import Finding, inspect
from app.core.validation import Validation, as_record, validate
from inference.errors import PhotoError
from inference.prediction import Prediction
from resources.classes import palette


def labels(*values: int, shape: tuple[int, int] = (6, 8)) -> np.ndarray:
    return np.resize(np.array(values, np.uint8), shape)


def photo(path: Path, *, size: tuple[int, int] = (8, 6)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "teal").save(path)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A folder of three label files without fault, one of them in a sub-folder."""
    folder = tmp_path / "labels"
    (folder / "more").mkdir(parents=True)
    for name in ("a", "b", "more/c"):
        write_labels(folder / f"{name}.png", labels(0, 1, 150))
    return folder


def found(folder: Path, images: Path | None = None) -> dict[str, str]:
    return {problem.file.name: problem.sentence for problem in validate(folder, images=images).problems}


def test_good_labels_have_no_problem(good: Path) -> None:
    told: list[tuple[int, int]] = []
    assert validate(good, done=lambda *counts: told.append(counts)).problems == ()
    assert validate(good).files == 3
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_each_file_has_its_own_problem(good: Path) -> None:
    write_values(good / "over.png", labels(1, 200))
    write_values(good / "ignored.png", labels(150, 255))
    Image.fromarray(palette()[labels(1, 2)]).save(good / "colours.png")
    (good / "cut.png").write_bytes((good / "a.png").read_bytes()[:50])
    photo(good / "photo.jpg")
    said = found(good)
    assert said.keys() == {"over.png", "ignored.png", "colours.png", "cut.png", "photo.jpg"}
    assert "the value 200" in said["over.png"]
    assert "255 for pixels to ignore" in said["ignored.png"]
    assert "colours of ADE20K" in said["colours.png"]
    assert "cut off" in said["cut.png"]
    assert "no PNG" in said["photo.jpg"]


def test_what_can_be_converted_is_said(good: Path) -> None:
    write_values(good / "ignored.png", labels(150, 255))
    write_values(good / "over.png", labels(1, 200))
    assert {problem.file.stem: problem.convertible for problem in validate(good).problems} == {
        "ignored": True,
        "over": False,
    }


def test_files_are_judged_by_those_beside_them(tmp_path: Path) -> None:
    write_values(tmp_path / "a.png", labels(0, 3, 255))
    write_values(tmp_path / "b.png", labels(0, 3))  # alone it would pass
    assert found(tmp_path).keys() == {"a.png", "b.png"}


def test_own_overlays_and_detections_may_lie_among_labels(good: Path) -> None:
    snapshot = DocumentSnapshot.empty(Path("a.jpg"), threshold=0.5, mode=ViewMode.SEGMENTS)
    prediction = Prediction(np.full((1, 150), 1 / 150, np.float32), np.ones((1, 2, 2), np.float32), (6, 8))
    export_snapshot(
        snapshot.with_prediction(prediction, model="some"),
        folder=good,
        stem="a",
        photo=np.zeros((6, 8, 3), np.uint8),
        options=ExportOptions(overlay=True, detections=True),
    )
    assert (good / "a_overlay.jpg").exists()
    assert found(good) == {}


def test_photos_tell_sizes_and_what_is_missing_on_either_side(good: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photo(photos / "a.jpg")
    photo(photos / "b.jpg", size=(9, 6))
    photo(photos / "other.jpg")
    said = found(good, photos)
    assert said.keys() == {"b.png", "c.png", "other.jpg"}
    assert "8 x 6 pixels where the photo has 9 x 6" in said["b.png"]
    assert "no picture called c" in said["c.png"]
    assert said["other.jpg"] == "There are no labels for other.jpg."


def test_a_folder_of_ade20k_knows_its_photos(tmp_path: Path) -> None:
    for place in ("training", "validation"):
        photo(tmp_path / "images" / place / "a.jpg")
        (tmp_path / "annotations" / place).mkdir(parents=True)
    write_labels(tmp_path / "annotations" / "training" / "a.png", labels(1))
    problems = validate(tmp_path).problems
    assert [(problem.file.parent.name, problem.kind) for problem in problems] == [("validation", "no labels")]


def test_annotations_alone_have_no_photos_to_miss(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    write_labels(tmp_path / "annotations" / "a.png", labels(1))
    photo(tmp_path / "others" / "b.jpg")
    assert validate(tmp_path).problems == ()


def test_photos_that_are_named_count_before_those_beside_the_annotations(tmp_path: Path) -> None:
    photo(tmp_path / "images" / "a.jpg")
    photo(tmp_path / "others" / "a.jpg", size=(9, 6))
    (tmp_path / "annotations").mkdir()
    write_labels(tmp_path / "annotations" / "a.png", labels(1))
    assert validate(tmp_path).problems == ()
    assert "where the photo has 9 x 6" in found(tmp_path, tmp_path / "others")["a.png"]


def test_without_labels_each_photo_lacks_them_and_the_folder_is_no_problem_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    photo(tmp_path / "photos" / "a.jpg")
    problems = validate(tmp_path / "labels", images=tmp_path / "photos").problems
    assert [(problem.file.name, problem.kind) for problem in problems] == [("a.jpg", "no labels")]


def test_labels_may_lie_beside_their_photos(good: Path) -> None:
    for name in ("a", "b", "more/c"):
        photo(good / f"{name}.jpg")
    assert validate(good, images=good).problems == ()
    photo(good / "b.jpg", size=(9, 6))
    assert "where the photo has 9 x 6" in found(good, good)["b.png"]
    (good / "a.png").unlink()
    assert found(good, good)["a.jpg"] == "There are no labels for a.jpg."


def test_photos_may_be_pngs(good: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        photo(tmp_path / "photos" / f"{name}.png")
    assert validate(good, images=tmp_path / "photos").problems == ()


def test_problems_come_in_the_order_of_the_files(good: Path, tmp_path: Path) -> None:
    for name in ("a", "c", "d"):
        photo(tmp_path / "photos" / f"{name}.jpg")
    (good / "a.png").write_bytes(b"")  # damaged; b has no photo, d no labels; another is no PNG
    photo(good / "another.jpg")
    (good / "more" / "c.png").write_bytes(b"")
    problems = validate(good, images=tmp_path / "photos").problems
    assert [problem.file.name for problem in problems] == ["a.png", "b.png", "c.png", "another.jpg", "d.jpg"]


def test_a_png_may_be_called_so_in_capitals(good: Path) -> None:
    (good / "a.png").rename(good / "a.PNG")
    assert validate(good) == Validation(3, ())


def test_as_many_files_as_there_are_processors_are_looked_at_at_once(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(3, timeout=20)  # three wait for each other, which takes three threads

    def look(file: Path, *frame: object) -> Finding:
        together.wait()
        return inspect(file)

    monkeypatch.setattr("app.core.validation.inspect", look)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert validate(good).problems == ()


def test_a_stop_leaves_the_rest_of_the_files_alone(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        write_labels(good / f"{number}.png", labels(1))
    looked: list[Path] = []
    stopped = threading.Event()

    def look(file: Path, *frame: object) -> Finding:
        if looked:
            stopped.wait(20)
        looked.append(file)
        return inspect(file)

    def stop(count: int, of: int) -> None:
        stopped.set()
        raise KeyboardInterrupt

    monkeypatch.setattr("app.core.validation.inspect", look)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        validate(good, done=stop)
    assert len(looked) < 50


def test_a_photo_that_cannot_be_read_is_a_problem_of_its_labels(good: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for name in ("a", "b", "c"):
        photo(photos / f"{name}.jpg")
    (photos / "b.jpg").write_bytes(b"")
    assert "has a photo whose size cannot be read" in found(good, photos)["b.png"]


def test_one_file_can_be_validated(good: Path) -> None:
    assert validate(good / "a.png").files == 1


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="does not exist"):
        validate(tmp_path / "none")


def test_the_record_is_plain(good: Path) -> None:
    write_values(good / "over.png", labels(1, 200))
    (problem,) = as_record(validate(good))["problems"]  # type: ignore[misc]
    assert problem == {
        "file": str(good / "over.png"),
        "kind": "values over 150",
        "sentence": "over.png holds the value 200; labels go from 0 to 150.",
        "convertible": False,
    }
