"""Label files made into others: exact, never guessed, and nothing of anybody's is overwritten."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from app.core.ade_png import read_labels, write_labels, write_values
from app.core.conversion import STEPS, Counting, convert, plan_conversion
from app.core.files import make_folder
from resources.classes import palette

SHAPE = (6, 8)
any_labels = hnp.arrays(np.uint8, SHAPE, elements=st.integers(0, 150))


def values_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.mode == "L"
        return np.array(picture)


def some_labels(*, most: int = 150) -> np.ndarray:
    return np.resize(np.arange(most + 1, dtype=np.uint8)[::-1], SHAPE)


@settings(max_examples=settings().max_examples // 4)  # each of 48 labels, in files and back
@given(any_labels)
def test_to_zero_based_and_back_is_the_same(tmp_path_factory: pytest.TempPathFactory, labels: np.ndarray) -> None:
    folder = tmp_path_factory.mktemp("round")
    write_labels(folder / "a.png", labels)
    there = convert(plan_conversion([folder / "a.png"], folder / "b"), source=Counting.ADE, target=Counting.ZERO_BASED)
    assert not there.refused
    zero_based = values_of(folder / "b" / "a.png")
    assert np.array_equal(zero_based, np.where(labels == 0, 255, labels.astype(int) - 1))
    back = convert(plan_conversion([folder / "b"], folder / "c"), source=Counting.ZERO_BASED)
    assert not back.refused
    assert np.array_equal(read_labels(folder / "c" / "a.png"), labels)


def test_ade_labels_go_through_as_they_are(tmp_path: Path) -> None:
    write_labels(tmp_path / "in.png", some_labels())
    found = convert(plan_conversion([tmp_path / "in.png"], tmp_path / "out"))
    assert list(found.written.values()) == ["ADE labels as they are"]
    assert np.array_equal(read_labels(tmp_path / "out" / "in.png"), some_labels())


def test_what_is_around_the_numbers_is_taken_away(tmp_path: Path) -> None:
    labels = some_labels()
    picture = Image.fromarray(labels).convert("L")
    picture.putpalette(palette().tobytes())
    folder = tmp_path / "in"
    make_folder(folder)
    write_values(folder / "ignored.png", np.where(labels == 0, 255, labels).astype(np.uint8))
    Image.fromarray(labels.astype(np.uint16)).save(folder / "sixteen.png")
    Image.fromarray(np.dstack([labels] * 3)).save(folder / "three.png")
    picture.save(folder / "palette.png")
    found = convert(plan_conversion([folder], tmp_path / "out"))
    assert found.refused == {}
    assert len(found.written) == 4
    for name in ("sixteen", "three", "palette"):
        assert np.array_equal(read_labels(tmp_path / "out" / f"{name}.png"), labels), name


def test_colours_are_refused_with_the_reason(tmp_path: Path) -> None:
    Image.fromarray(palette()[some_labels()]).save(tmp_path / "in.png")
    found = convert(plan_conversion([tmp_path / "in.png"], tmp_path / "out"), source=Counting.ADE)
    assert "colours, which cannot be turned back" in found.refused[tmp_path / "in.png"]
    assert not (tmp_path / "out" / "in.png").exists()


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_what_holds_no_labels_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.png").write_bytes(content)
    assert list(convert(plan_conversion([tmp_path / "in.png"], tmp_path / "out")).refused) == [tmp_path / "in.png"]


def test_what_may_be_meant_in_two_ways_has_to_be_said(tmp_path: Path) -> None:
    values = np.where(some_labels(most=40) == 0, 255, some_labels(most=40)).astype(np.uint8)
    write_values(tmp_path / "in.png", values)
    plan = plan_conversion([tmp_path / "in.png"], tmp_path / "out")
    assert "--from" in convert(plan).refused[tmp_path / "in.png"]
    assert not convert(plan, source=Counting.ADE).refused
    assert np.array_equal(read_labels(tmp_path / "out" / "in.png"), some_labels(most=40))
    again = plan_conversion([tmp_path / "in.png"], tmp_path / "out", overwrite=True)
    assert not convert(again, source=Counting.ZERO_BASED).refused
    assert np.array_equal(read_labels(tmp_path / "out" / "in.png"), (values + 1).astype(np.uint8))


def test_a_file_that_looks_like_ade_can_be_said_to_count_from_zero(tmp_path: Path) -> None:
    write_values(tmp_path / "in.png", some_labels(most=20))
    convert(plan_conversion([tmp_path / "in.png"], tmp_path / "out"), source=Counting.ZERO_BASED)
    assert np.array_equal(read_labels(tmp_path / "out" / "in.png"), some_labels(most=20) + 1)


def test_150_contradicts_counting_from_zero(tmp_path: Path) -> None:
    write_labels(tmp_path / "in.png", some_labels())
    found = convert(plan_conversion([tmp_path / "in.png"], tmp_path / "out"), source=Counting.ZERO_BASED)
    assert "holds 150" in found.refused[tmp_path / "in.png"]


def test_sub_folders_are_kept(tmp_path: Path) -> None:
    for place in ("training", "validation"):
        make_folder(tmp_path / "in" / place)
        write_labels(tmp_path / "in" / place / "a.png", some_labels())
    convert(plan_conversion([tmp_path / "in"], tmp_path / "out"))
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")) == [
        "training/a.png",
        "validation/a.png",
    ]


def test_ade20k_itself_is_converted_from_its_annotations(tmp_path: Path) -> None:
    make_folder(tmp_path / "ade" / "annotations" / "validation")
    write_labels(tmp_path / "ade" / "annotations" / "validation" / "a.png", some_labels())
    plan = plan_conversion([tmp_path / "ade"], tmp_path / "out")
    assert list(plan.targets.values()) == [tmp_path / "out" / "validation" / "a.png"]


def test_files_are_read_in_the_light_of_those_beside_them(tmp_path: Path) -> None:
    for name, values in (("a", [0, 3, 255]), ("b", [0, 3, 3])):  # alone b would pass as it is
        write_values(tmp_path / f"{name}.png", np.array([values], np.uint8))
    found = convert(plan_conversion([tmp_path], tmp_path / "out"))
    assert found.written == {}
    assert all("--from" in sentence for sentence in found.refused.values())
    assert len(found.refused) == 2


def test_a_folder_that_is_missing_does_not_stop_the_others(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.png", some_labels())
    plan = plan_conversion([tmp_path / "none", tmp_path / "a.png"], tmp_path / "out")
    assert list(plan.targets) == [tmp_path / "a.png"]
    assert plan.refused[tmp_path / "none"].endswith("none does not exist.")


def test_places_that_differ_in_letter_case_alone_are_one_place(tmp_path: Path) -> None:
    for folder, name in (("x", "a"), ("y", "A")):
        make_folder(tmp_path / folder)
        write_labels(tmp_path / folder / f"{name}.png", some_labels())
    plan = plan_conversion([tmp_path / "x", tmp_path / "y"], tmp_path / "out")
    assert list(plan.refused) == [tmp_path / "y" / "A.png"]


def test_nothing_is_overwritten_unless_asked_for(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.png", some_labels())
    make_folder(tmp_path / "out")
    (tmp_path / "out" / "a.png").write_bytes(b"somebody's")
    plan = plan_conversion([tmp_path / "a.png"], tmp_path / "out")
    assert "is there already" in convert(plan).refused[tmp_path / "a.png"]
    assert (tmp_path / "out" / "a.png").read_bytes() == b"somebody's"
    assert convert(plan_conversion([tmp_path / "a.png"], tmp_path / "out", overwrite=True)).written
    assert np.array_equal(read_labels(tmp_path / "out" / "a.png"), some_labels())


@pytest.mark.parametrize("overwrite", [False, True])
def test_no_file_takes_the_place_of_one_that_is_read(tmp_path: Path, *, overwrite: bool) -> None:
    write_labels(tmp_path / "a.png", some_labels())
    plan = plan_conversion([tmp_path], tmp_path, overwrite=overwrite)
    assert plan.targets == {}
    assert "converted itself" in plan.refused[tmp_path / "a.png"]


def test_of_two_files_with_one_place_the_second_is_refused(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        make_folder(tmp_path / folder)
        write_labels(tmp_path / folder / "a.png", some_labels())
    plan = plan_conversion([tmp_path / "x", tmp_path / "y"], tmp_path / "out")
    assert list(plan.targets) == [tmp_path / "x" / "a.png"]
    assert "would both become" in plan.refused[tmp_path / "y" / "a.png"]


def test_a_folder_without_pngs_is_said(tmp_path: Path) -> None:
    assert list(plan_conversion([tmp_path], tmp_path / "out").refused) == [tmp_path]


def test_steps_are_told_from_the_first_file_that_is_looked_at_to_the_last_one_written(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_labels(tmp_path / f"{name}.png", some_labels())
    told: list[tuple[int, int]] = []
    out = tmp_path / "out"
    convert(plan_conversion([tmp_path], out), done=lambda step: told.append((step, len([*out.glob("*")]))))
    assert [step for step, _ in told] == list(range(1, STEPS * 3 + 1))
    assert [files for _, files in told[:3]] == [0, 0, 0]  # all are looked at before the first one is written
    assert all(files >= step - 3 for step, files in told)  # others may be written already
    assert len([*out.glob("*.png")]) == 3


def test_several_files_are_written_at_once_and_told_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number}.png" for number in range(4)]
    (tmp_path / "in").mkdir()
    for name in names:
        write_labels(tmp_path / "in" / name, np.ones((2, 3), np.uint8))
    together = threading.Barrier(len(names), timeout=30)  # is passed only where all of them are being written

    def write(path: Path, labels: np.ndarray) -> None:
        together.wait()
        write_labels(path, labels)

    monkeypatch.setattr("app.core.conversion.write_labels", write)
    found = convert(plan_conversion([tmp_path / "in"], tmp_path / "out"))
    assert [file.name for file in found.written] == names
    assert found.refused == {}


def test_a_run_that_is_stopped_leaves_whole_files_only(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_labels(tmp_path / f"{name}.png", some_labels())

    def stop(step: int) -> None:
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(plan_conversion([tmp_path], tmp_path / "out"), done=stop)
    written = {path.name: read_labels(path) for path in (tmp_path / "out").iterdir()}
    assert "a.png" in written  # others may have been begun at the same time
    assert all(np.array_equal(labels, some_labels()) for labels in written.values())
