"""The page of an evaluation, as somebody sees it who opens it: every number, colour and word of it."""

from __future__ import annotations

import base64
import os
import re
import sys
from html import unescape
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.core.ade_png import write_labels
from app.core.evaluation import Compared, Evaluation, Pairs, evaluate
from app.core.evaluation_report import class_rows, measures, percent, report_html, write_report
from inference.metrics import Confusion
from resources.classes import ade_class, palette

RIGHT, WRONG = "#2a7", "#d33"
RECT = re.compile(r'<rect x="(\d+)" y="(\d+)" [^>]*fill="(#\w+)" fill-opacity="([\d.]+)"><title>([^<]*)</title>')


def counted(*pixels: tuple[int, int, int]) -> Evaluation:
    """An evaluation of so many pixels of a truth and a prediction."""
    confusion = Confusion()
    for truth, predicted, count in pixels:
        confusion.counts[truth, predicted] = count
    return Evaluation(confusion, pictures=1)


def cells(page: str) -> dict[str, tuple[int, int, str, float]]:
    """Of each cell of the matrix, by what it says: place, colour, opacity."""
    return {said: (int(x), int(y), fill, float(shown)) for x, y, fill, shown, said in RECT.findall(page)}


def images(page: str) -> list[np.ndarray]:
    data = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    return [np.asarray(Image.open(BytesIO(base64.b64decode(one))).convert("RGB")) for one in data]


def page_of(folder: Path, truth: np.ndarray, predicted: np.ndarray) -> str:
    for name, labels in (("truth", truth), ("predicted", predicted)):
        write_labels(folder / f"{name}.png", labels.astype(np.uint8))
    return report_html(evaluate(Pairs({folder / "truth.png": folder / "predicted.png"})), title="one")


def test_a_cell_is_as_dark_as_its_share_of_the_true_class() -> None:
    found = cells(report_html(counted((1, 1, 60), (1, 2, 20), (2, 2, 5), (1, 0, 20)), title="matrix"))
    assert {said: shown[2:] for said, shown in found.items()} == {
        "wall taken for wall: 60.0 %": (RIGHT, 0.6),
        "wall taken for building: 20.0 %": (WRONG, 0.2),
        "building taken for building: 100.0 %": (RIGHT, 1.0),
        "wall taken for unlabelled: 20.0 %": (WRONG, 0.2),
    }


def test_a_cell_that_holds_next_to_nothing_can_be_seen() -> None:
    found = cells(report_html(counted((1, 1, 999_999), (1, 2, 1)), title="matrix"))
    assert found["wall taken for building: 0.0 %"][3] >= 0.05


def test_rows_and_columns_begin_with_the_most_frequent_class_and_end_with_what_is_only_predicted() -> None:
    found = cells(report_html(counted((1, 1, 5), (3, 3, 50), (3, 4, 9)), title="matrix"))
    sky, wall = found["sky taken for sky: 84.7 %"], found["wall taken for wall: 100.0 %"]
    floor = found["sky taken for floor: 15.3 %"]
    assert sky[:2] < wall[:2]
    assert (floor[0] - wall[0], floor[1]) == (wall[0] - sky[0], sky[1])


def test_names_have_room_beside_the_matrix() -> None:
    long = max(range(1, 151), key=lambda label: len(ade_class(label).name))
    page = report_html(counted((long, long, 1)), title="matrix")
    (x, y, _, _) = cells(page)[f"{ade_class(long).name} taken for {ade_class(long).name}: 100.0 %"]
    assert x == y >= 7 * len(ade_class(long).name)
    short = cells(report_html(counted((1, 1, 1)), title="matrix"))["wall taken for wall: 100.0 %"]
    assert short[0] < 60


@pytest.mark.parametrize("classes", [3, 40, 150])
def test_names_are_never_shrunk_until_nobody_can_read_them(classes: int) -> None:
    page = report_html(counted(*((label, label, 5) for label in range(1, classes + 1))), title="matrix")
    width, font, least = map(
        int, re.findall(r'<svg [^>]* width="(\d+)" .* font-size="(\d+)" style="min-width: (\d+)px"', page)[0]
    )
    assert font * least / width == pytest.approx(9, abs=0.2)


def test_a_page_without_a_mistake_says_so() -> None:
    assert "<h2>The largest confusions</h2><p>There are none.</p>" in report_html(counted((1, 1, 1)), title="right")


def test_without_a_pixel_of_a_known_class_there_are_no_figures_and_it_is_said_why() -> None:
    found = Evaluation(pictures=2)
    assert measures(found) == [
        ("Pictures", "2"),
        ("Pixels with a known class", "none, so there is nothing to measure"),
    ]
    assert "nothing to measure" in report_html(found, title="unlabelled")


def test_classes_are_listed_by_their_pixels_and_those_only_predicted_at_the_end() -> None:
    found = counted((1, 1, 5), (2, 2, 30), (2, 4, 10), (3, 3, 5))
    assert class_rows(found) == [
        ("building", "75.0 %", "75.0 %", "40", "30"),
        ("wall", "100.0 %", "100.0 %", "5", "5"),
        ("sky", "100.0 %", "100.0 %", "5", "5"),
        ("floor", "0.0 %", "–", "0", "10"),
    ]


def test_the_list_of_classes_is_the_key_to_the_colours_of_the_pictures() -> None:
    page = report_html(counted((3, 3, 5), (1, 1, 2)), title="colours")
    told = re.findall(r'class=swatch style="background: rgb\(([^)]+)\)"></span>(\w+)<', page)
    assert told == [(", ".join(map(str, palette()[label])), ade_class(label).name) for label in (3, 1)]


def test_pictures_show_truth_prediction_and_what_is_wrong(tmp_path: Path) -> None:
    truth = np.repeat([[0, 1, 1, 3]], 2, axis=0)
    predicted = np.repeat([[2, 1, 2, 0]], 2, axis=0)
    shown = images(page_of(tmp_path, truth, predicted))
    columns = np.array([37, 112, 187, 262])  # the middles of four, 300 wide
    for picture, labels in zip(shown, (truth, predicted), strict=False):
        assert picture.shape == (150, 300, 3)
        assert np.array_equal(picture[75, columns], palette()[labels[0]])
    assert [tuple(pixel) for pixel in shown[2][75, columns].tolist()] == [
        (128, 128, 128),
        (0, 0, 0),
        (214, 39, 40),
        (214, 39, 40),
    ]


def test_small_pictures_hold_no_class_that_the_labels_do_not(tmp_path: Path) -> None:
    labels = np.where(np.random.default_rng(0).random((40, 700)) < 0.5, 1, 5)
    for picture in images(page_of(tmp_path, labels, labels))[:2]:
        seen = {tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()}
        assert seen == {tuple(palette()[label].tolist()) for label in (1, 5)}


def test_names_of_files_and_titles_are_text_and_no_html(tmp_path: Path) -> None:
    file = tmp_path / "<b>&.png"
    found = Evaluation(refused={tmp_path / "<i>.png": "<i> & more"})
    found.worst.append(Compared(file, file, 1, 0.5, 0.5))
    page = report_html(found, title="<u> & others")
    assert not re.search("<[biu]>", page)
    assert page.count("&lt;u&gt; &amp; others") == 2
    assert "&lt;i&gt; &amp; more" in page
    assert f"{file}: 50.0 % of its pixels right" in unescape(page)


def test_a_share_that_is_none_is_a_dash() -> None:
    assert [percent(share) for share in (float("nan"), 0, 0.1234, 1)] == ["–", "0.0 %", "12.3 %", "100.0 %"]


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="names there are always text")
def test_a_name_that_is_no_text_comes_into_the_page_as_it_is(tmp_path: Path) -> None:
    found = Evaluation(refused={Path(os.fsdecode(b"b\xfc.png")): "It is broken."})
    write_report(tmp_path / "new" / "page.html", found, title="bytes")
    assert b"b\xfc.png" in (tmp_path / "new" / "page.html").read_bytes()
