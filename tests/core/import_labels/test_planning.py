"""Which label file belongs to which picture."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.core.ade_png import write_labels
from app.core.import_labels import Kind, inspect_plan, look_like_labels, plan_import


def tree(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return [folder / name for name in names]


def test_files_belong_to_the_pictures_of_their_stems(tmp_path: Path) -> None:
    castle, forest, _ = pictures = tree(tmp_path, "castle.jpg", "Forest.JPG", "sea.png")
    labels = tree(tmp_path, "masks/castle.png", "masks/forest.PNG", "masks/boat.png", "masks/notes.txt")
    plan = plan_import([tmp_path / "masks"], pictures)
    assert plan.files == {castle: labels[0], forest: labels[1]}
    assert plan.refused == {labels[2]: "There is no picture called boat that boat.png could belong to."}
    assert plan_import(labels[:1], pictures).files == {castle: labels[0]}
    assert plan_import([tmp_path / "masks", labels[0]], pictures) == plan


def test_the_folders_of_ade20k(tmp_path: Path) -> None:
    root = tmp_path / "ADEChallengeData2016"
    pictures = tree(root, "images/training/1.jpg", "images/training/2.jpg", "images/validation/1.jpg")
    labels = tree(
        root, "annotations/training/1.png", "annotations/training/2.png", "annotations/validation/1.png", "sub/3.png"
    )
    for path in (root, root / "annotations"):
        plan = plan_import([path], pictures)
        assert plan.files == dict(zip(pictures, labels, strict=False))
        assert not plan.refused


def test_another_sub_folder_may_begin_its_numbers_anew(tmp_path: Path) -> None:
    pictures = tree(tmp_path, "images/validation/1.jpg", "images/validation/2.jpg")
    (labels,) = tree(tmp_path, "annotations/training/1.png")
    plan = plan_import([tmp_path], pictures)
    assert plan.files == {}
    assert plan.refused == {labels: "There is no picture called 1 that 1.png could belong to."}


def test_of_several_pictures_the_one_in_a_folder_of_the_same_name(tmp_path: Path) -> None:
    pictures = tree(tmp_path, "photos/day 1/a.jpg", "photos/day 2/a.jpg", "x/b.jpg", "y/b.jpg")
    labels = tree(tmp_path, "masks/day 1/a.png", "masks/day 2/a.png", "masks/day 2/b.png")
    plan = plan_import([tmp_path / "masks"], pictures)
    assert plan.files == dict(zip(pictures[:2], labels, strict=False))
    assert plan.refused == {labels[2]: f"b.png may belong to {pictures[2]} or to {pictures[3]}."}


def test_the_same_letters_go_before_the_same_word(tmp_path: Path) -> None:
    pictures = tree(tmp_path, "a/X.jpg", "b/x.jpg")
    (labels,) = tree(tmp_path, "masks/x.png")
    assert plan_import([labels], pictures).files == {pictures[1]: labels}


def test_a_picture_is_never_its_own_label_file(tmp_path: Path) -> None:
    photo, drawing, labels = pictures = tree(tmp_path, "a.jpg", "b.png", "a.png")
    plan = plan_import([tmp_path], pictures)
    assert not plan.files
    plan = plan_import([labels, drawing], pictures)  # named on purpose
    assert plan.files == {photo: labels}
    assert plan.refused == {drawing: "There is no picture called b that b.png could belong to."}


def test_a_second_file_for_a_picture_is_refused(tmp_path: Path) -> None:
    (picture,) = tree(tmp_path, "a.jpg")
    first, second = tree(tmp_path, "one/a.png", "two/a.png")
    plan = plan_import([tmp_path / "one", tmp_path / "two"], [picture])
    assert plan.files == {picture: first}
    assert plan.refused == {second: f"{first} already gives labels to a.jpg."}


def test_paths_without_labels(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    plan = plan_import([tmp_path / "empty", tmp_path / "gone"], [])
    assert plan.refused == {
        tmp_path / "empty": f"There are no PNGs in {tmp_path / 'empty'}.",
        tmp_path / "gone": f"{tmp_path / 'gone'} does not exist.",
    }


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "images/a.jpg", "annotations/a.png")
    monkeypatch.chdir(tmp_path)
    plan = plan_import([Path("annotations")], [tmp_path / "images" / "a.jpg"])
    assert plan.files == {tmp_path / "images" / "a.jpg": Path("annotations/a.png")}


places = st.sets(st.tuples(st.sampled_from(["", "training/", "validation/", "a/b/"]), st.sampled_from("1234")))


@given(places, places)
def test_a_pair_of_folders_is_matched_place_by_place(
    photos: set[tuple[str, str]], labels: set[tuple[str, str]]
) -> None:
    with TemporaryDirectory() as made:
        root = Path(made)
        pictures = tree(root, *(f"images/{folder}{stem}.jpg" for folder, stem in sorted(photos)))
        files = tree(root, *(f"annotations/{folder}{stem}.png" for folder, stem in sorted(labels)))
        plan = plan_import([root / "annotations"] if labels else [], pictures)
        both = photos & labels
        assert plan.files == {
            root / f"images/{folder}{stem}.jpg": root / f"annotations/{folder}{stem}.png"
            for folder, stem in sorted(both)
        }
        assert list(plan.files) == [picture for picture in pictures if picture in plan.files]
        assert set(plan.refused) == set(files) - set(plan.files.values())


def test_all_files_of_a_plan_are_inspected_beside_their_photos(tmp_path: Path) -> None:
    pictures = tree(tmp_path, *(f"images/{name}.png" for name in ("plain", "nought", "small", "broken")))
    labels = tree(tmp_path, *(f"annotations/{name}.png" for name in ("plain", "nought", "small", "broken")))
    for picture in pictures[:3]:
        Image.fromarray(np.zeros((2, 4, 3), np.uint8)).save(picture)
    for file, values in zip(labels, ([1, 2, 3, 4], [0, 7, 8, 255], [0, 5], [1, 2, 3, 4]), strict=True):
        Image.fromarray(np.array([values] * (len(values) // 2), np.uint8)).save(file)
    done: list[int] = []
    plan = plan_import([tmp_path / "annotations"], pictures)
    found = inspect_plan(plan, check=done.append)
    assert done == [0, 1, 2, 3]
    assert [found[picture].kinds for picture in pictures] == [
        (Kind.UNSURE_NUMBERS,), (Kind.ZERO_BASED,), (Kind.SCALED, Kind.UNSURE_NUMBERS), (Kind.UNREADABLE,)
    ]  # fmt: skip
    assert found[pictures[3]].sentence == (
        "broken.png has no photo to lie on: broken.png is not a picture that can be read."
    )
    assert not inspect_plan(plan_import([], pictures))


def test_what_looks_like_labels_is_told_from_pictures(tmp_path: Path) -> None:
    photos, labels = tmp_path / "photos", tmp_path / "labels"
    for folder in (photos, labels, tmp_path / "scans", tmp_path / "pair" / "annotations"):
        folder.mkdir(parents=True)
    pictures = [photos / f"{number}.jpg" for number in range(3)]
    for picture in pictures:
        cv2.imwrite(str(picture), np.full((8, 9, 3), 7, np.uint8))
        write_labels(labels / f"{picture.stem}.png", np.full((8, 9), 7, np.uint8))
        write_labels(tmp_path / "pair" / "annotations" / f"{picture.stem}.png", np.full((8, 9), 7, np.uint8))
        scan = np.random.default_rng(1).integers(0, 256, (8, 9, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / "scans" / f"{picture.stem}.png"), scan)
    assert look_like_labels([labels], pictures)
    assert look_like_labels([labels / "2.png"], pictures)
    assert look_like_labels([tmp_path / "pair"], pictures)
    assert not look_like_labels([tmp_path / "scans"], pictures)
    assert not look_like_labels([photos], pictures)
    assert not look_like_labels([labels], [photos / "other.jpg"])
    assert not look_like_labels([tmp_path / "missing"], pictures)
