"""Which predictions belong to which truth, what is left out, and the page about the rest."""

from __future__ import annotations

import json
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.core.ade_png import write_labels
from app.core.evaluation import WORST, Evaluation, Pairs, as_record, evaluate, pair_up, photos_of
from app.core.evaluation_report import report_html
from inference.errors import PhotoError
from inference.metrics import Confusion


def labelled(path: Path, labels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_labels(path, labels.astype(np.uint8))
    return path


def some_labels(seed: int, *, shape: tuple[int, int] = (12, 9)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 5, shape, np.uint8)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions and truth of five pictures; the fifth is predicted rightly."""
    predicted, truth = tmp_path / "predicted", tmp_path / "truth"
    for number in range(5):
        labelled(truth / f"p{number}.png", some_labels(number))
        labelled(predicted / f"p{number}.png", some_labels(number if number == 4 else 10 + number))
    return predicted, truth


def test_everything_is_counted_over_all_pictures(folders: tuple[Path, Path]) -> None:
    found = evaluate(pair_up(*folders))
    plain = Confusion()
    for number in range(5):
        plain.add(some_labels(number), some_labels(number if number == 4 else 10 + number))
    assert found.pictures == 5
    assert np.array_equal(found.confusion.counts, plain.counts)
    assert not found.refused


@pytest.mark.parametrize("jobs", [1, 3, 16])
def test_any_number_of_threads_finds_the_same(folders: tuple[Path, Path], jobs: int) -> None:
    told: list[int] = []
    assert as_record(evaluate(pair_up(*folders), jobs=jobs, done=told.append)) == as_record(evaluate(pair_up(*folders)))
    assert told == [1, 2, 3, 4, 5]


def test_the_worst_pictures_are_remembered_and_the_right_one_is_last(folders: tuple[Path, Path]) -> None:
    worst = evaluate(pair_up(*folders)).worst
    assert [one.pixel_accuracy for one in worst] == sorted(one.pixel_accuracy for one in worst)
    assert (worst[-1].truth.name, worst[-1].pixel_accuracy, worst[-1].mean_iou) == ("p4.png", 1, 1)


def test_only_so_many_pictures_are_remembered(tmp_path: Path) -> None:
    for number in range(WORST + 3):
        truth = np.ones((4, 8), np.uint8)
        labelled(tmp_path / "truth" / f"{number}.png", truth)
        truth.flat[:number] = 2
        labelled(tmp_path / "predicted" / f"{number}.png", truth)
    worst = evaluate(pair_up(tmp_path / "predicted", tmp_path / "truth")).worst
    assert [one.truth.stem for one in worst] == [str(number) for number in range(WORST + 2, 2, -1)]


def test_of_pictures_that_are_equally_bad_the_first_are_remembered(tmp_path: Path) -> None:
    truth = labelled(tmp_path / "truth.png", np.ones((2, 2)))
    wrong = labelled(tmp_path / "wrong.png", np.full((2, 2), 2))
    copies = {tmp_path / f"{number:02}.png": wrong for number in range(15)}
    for copy in copies:
        copy.write_bytes(truth.read_bytes())
    assert [one.truth.stem for one in evaluate(Pairs(copies)).worst] == [f"{number:02}" for number in range(12)]


def test_as_many_pictures_as_there_are_processors_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(4, timeout=20)  # four wait for each other, which takes four threads
    begun: list[Path] = []

    def read(path: Path) -> np.ndarray:
        begun.append(path)
        if len(begun) <= 4:
            together.wait()
        return np.ones((2, 2), np.uint8)

    monkeypatch.setattr("app.core.evaluation.read_labels", read)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    pairs = Pairs({tmp_path / f"{number}.png": tmp_path / f"p{number}.png" for number in range(8)})
    assert evaluate(pairs).pictures == 8


def test_only_a_few_pictures_are_looked_at_ahead(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[object] = []

    class Pool(ThreadPoolExecutor):
        def submit(self, *work: Any, **more: Any) -> Any:
            submitted.append(work)
            return super().submit(*work, **more)

    monkeypatch.setattr("app.core.evaluation.ThreadPoolExecutor", Pool)
    ahead: list[int] = []
    evaluate(pair_up(*folders), jobs=1, done=lambda count: ahead.append(len(submitted) - count))
    assert ahead == [1, 1, 1, 1, 0]


def test_sub_folders_decide_where_a_stem_occurs_twice(tmp_path: Path) -> None:
    for place in ("validation", "training"):
        labelled(tmp_path / "truth" / "annotations" / place / "a.png", some_labels(1))
        labelled(tmp_path / "predicted" / place / "a.png", some_labels(1))
    pairs = pair_up(tmp_path / "predicted", tmp_path / "truth")
    assert {truth.parent.name: predicted.parent.name for truth, predicted in pairs.files.items()} == {
        "training": "training",
        "validation": "validation",
    }


def test_a_flat_folder_of_predictions_serves_a_truth_in_sub_folders(tmp_path: Path) -> None:
    truth = labelled(tmp_path / "truth" / "validation" / "a.png", some_labels(1))
    predicted = labelled(tmp_path / "predicted" / "a.png", some_labels(2))
    assert pair_up(tmp_path / "predicted", tmp_path / "truth").files == {truth: predicted}


def test_what_cannot_be_compared_is_left_out_with_the_reason(folders: tuple[Path, Path]) -> None:
    predicted, truth = folders
    (predicted / "p0.png").unlink()
    (predicted / "p1.png").write_bytes((truth / "p1.png").read_bytes()[:40])
    labelled(predicted / "p2.png", some_labels(2, shape=(9, 12)))
    (truth / "p3.png").write_bytes(b"no picture at all")
    labelled(predicted / "spare.png", some_labels(5))
    pairs = pair_up(predicted, truth)
    found = evaluate(pairs)
    assert (found.pictures, pairs.spare) == (1, 1)
    assert pair_up(predicted.parent / "none", truth).spare == 0
    assert found.refused == {
        truth / "p0.png": "There is no prediction for p0.png.",
        predicted / "p1.png": "p1.png is cut off.",
        predicted / "p2.png": "p2.png has 12 x 9 pixels where its truth has 9 x 12.",
        truth / "p3.png": "p3.png is not a PNG.",
    }


def test_a_truth_without_a_known_pixel_counts_for_nothing(tmp_path: Path) -> None:
    labelled(tmp_path / "truth" / "a.png", np.zeros((3, 3)))
    labelled(tmp_path / "predicted" / "a.png", some_labels(1, shape=(3, 3)))
    found = evaluate(pair_up(tmp_path / "predicted", tmp_path / "truth"))
    assert (found.pictures, found.confusion.pixels, found.worst) == (1, 0, [])
    assert json.dumps(as_record(found), allow_nan=False)
    assert "<svg" in report_html(found, title="nothing")


def test_a_folder_is_not_compared_with_itself_by_another_name(folders: tuple[Path, Path]) -> None:
    pairs = pair_up(folders[1], folders[1] / ".." / "truth")
    assert pairs.files == {}
    assert [reason[:34] for reason in pairs.refused.values()] == ["What is compared with itself says "]


def test_the_record_has_each_class_by_its_number_and_every_measure(folders: tuple[Path, Path]) -> None:
    found = evaluate(pair_up(*folders))
    record, confusion = as_record(found), found.confusion
    classes = record["classes"]
    assert isinstance(classes, list)
    assert [one["id"] for one in classes] == list(range(1, 151))
    assert [one["truth_pixels"] for one in classes] == confusion.truth_pixels.tolist()
    assert [one["predicted_pixels"] for one in classes] == confusion.predicted_pixels.tolist()
    assert (classes[0]["iou"], classes[0]["accuracy"]) == (confusion.iou[0], confusion.accuracy[0])
    assert {name: record[name] for name in ("pixels", "pixel_accuracy", "mean_accuracy", "unlabelled")} == {
        "pixels": confusion.pixels,
        "pixel_accuracy": confusion.pixel_accuracy,
        "mean_accuracy": confusion.mean_accuracy,
        "unlabelled": confusion.unlabelled,
    }
    assert (record["mean_iou_150"], record["mean_iou_present"]) == (confusion.mean_iou_150, confusion.mean_iou())
    assert record["frequency_weighted_iou"] == confusion.frequency_weighted_iou


def test_where_nothing_was_compared_no_share_is_a_number() -> None:
    unlabelled = Evaluation(pictures=1)
    unlabelled.confusion.add(np.zeros((2, 3), np.uint8), np.ones((2, 3), np.uint8))
    for found in (Evaluation(), unlabelled):
        record = as_record(found)
        assert record["pixels"] == 0
        shares = ("pixel_accuracy", "mean_accuracy", "mean_iou_150", "mean_iou_present")
        assert [record[name] for name in (*shares, "frequency_weighted_iou", "unlabelled")] == [None] * 6


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="does not exist"):
        pair_up(tmp_path, tmp_path / "truth")


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    truth = labelled(tmp_path / "a.png", some_labels(1, shape=(400, 500)))
    files = {}
    for number in range(200):
        other = tmp_path / f"{number}.png"
        other.write_bytes(truth.read_bytes())
        files[other] = truth
    few = dict(list(files.items())[:20])
    tracemalloc.start()
    try:
        evaluate(Pairs(few), jobs=2)
        small = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        evaluate(Pairs(files), jobs=2)
        large = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert large < 1.3 * small + 500_000


def test_the_page_shows_figures_confusions_and_the_worst_pictures(folders: tuple[Path, Path]) -> None:
    predicted, truth = folders
    (predicted / "p0.png").unlink()
    found = evaluate(pair_up(predicted, truth))
    page = report_html(found, title="<mine> & others")
    assert "&lt;mine&gt; &amp; others" in page
    assert f"{100 * found.confusion.pixel_accuracy:.1f} %" in page
    assert page.count("<figure>") == 4
    assert page.count("data:image/png;base64,") == 12
    assert page.count("<rect") == np.count_nonzero(found.confusion.counts)
    assert "There is no prediction for p0.png." in page


def test_the_page_shows_photos_where_they_are_known(folders: tuple[Path, Path], tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    Image.new("RGB", (9, 12), "teal").save(images / "p0.jpg")
    (images / "p1.jpg").write_bytes(b"no photo")
    photos = photos_of(folders[1], images)
    assert photos == {folders[1] / f"p{number}.png": images / f"p{number}.jpg" for number in range(2)}
    (images / "p0.png").touch()  # labels beside their photo
    assert photos_of(folders[1], images) == photos
    (images / "below").mkdir()
    (images / "p1.jpg").rename(images / "below" / "p1.jpg")
    assert photos_of(folders[1], images)[folders[1] / "p1.png"] == images / "below" / "p1.jpg"
    page = report_html(evaluate(pair_up(*folders)), title="with photos", photos=photos)
    assert page.count("<span>photo</span>") == 1
    assert page.count("data:image/png;base64,") == 16


def test_the_page_survives_a_file_that_has_gone(folders: tuple[Path, Path]) -> None:
    found = evaluate(pair_up(*folders))
    (folders[0] / "p0.png").unlink()
    labelled(folders[0] / "p1.png", some_labels(1, shape=(2, 2)))
    page = report_html(found, title="gone")
    assert "p0.png does not exist." in page
    assert "The files have changed." in page
