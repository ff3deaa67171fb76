"""Labels in palettes and in colours: what the numbers and the colours may stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.import_labels import Conversion, Kind, Numbers, PhotoFrame, Reading, inspect, read, settle
from resources.classes import palette
from tests.core.import_labels.label_files import (
    any_colours,
    any_labels,
    as_colours,
    check_conversion,
    grey,
    ignored,
    in_one_folder,
    indexed,
    labels_with,
    with_alpha,
    zero_based,
)


@given(any_labels, st.integers(0, 9), st.integers(0, 1))
@in_one_folder
def test_indices_of_a_palette(tmp_path: Path, labels: np.ndarray, seed: int, small: int) -> None:
    if small:
        labels = labels % 4
    indexed(labels, tmp_path / "a.png", any_colours(seed), **({"bits": 2} if small else {}))
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.PALETTE])
    assert finding.choices == (Conversion(Reading.INDICES),)


@given(labels_with(0, 3))
@in_one_folder
def test_indices_of_the_ade_palette(tmp_path: Path, labels: np.ndarray) -> None:
    indexed(labels, tmp_path / "a.png", palette())
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.PALETTE])
    assert len(finding.choices) == 1
    indexed(zero_based(labels), tmp_path / "b.png", np.roll(palette(), -1, axis=0))
    finding = check_conversion(tmp_path / "b.png", labels, [Kind.PALETTE, Kind.ZERO_BASED])
    assert finding.choices == (Conversion(Reading.INDICES, Numbers.ZERO_BASED),)
    indexed(ignored(labels), tmp_path / "c.png", palette())
    check_conversion(tmp_path / "c.png", labels, [Kind.PALETTE, Kind.IGNORED])


@given(any_labels, st.randoms(use_true_random=False))
@in_one_folder
def test_greys_of_a_palette(tmp_path: Path, labels: np.ndarray, random: object) -> None:
    """As programs store them that make files smaller: the palette holds the greys that occur, in any order."""
    assume(not np.isin(labels, (120, 140)).all(where=labels > 0))
    greys = np.unique(labels)
    random.shuffle(greys)  # type: ignore[attr-defined]
    codes = np.zeros(151, np.uint8)
    codes[greys] = np.arange(len(greys))
    indexed(codes[labels], tmp_path / "a.png", np.repeat(np.pad(greys, (0, 256 - len(greys)))[:, None], 3, axis=1))
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.PALETTE])
    same = np.array_equal(codes[labels], labels)
    assert [choice.reading for choice in finding.choices] == [Reading.GREYS] + [Reading.INDICES] * (not same)


@given(any_labels)
@in_one_folder
def test_colours_of_a_palette_in_any_order(tmp_path: Path, labels: np.ndarray) -> None:
    labels = np.where(labels == 49, 7, labels)
    assume((labels > 0).any() and not np.isin(labels, (0, 1, 7, 9, 28)).all())
    names = np.unique(labels)[::-1]
    codes = np.zeros(151, np.uint8)
    codes[names] = 255 - np.arange(len(names))
    colours = np.zeros((256, 3), np.uint8)
    colours[codes[names]] = palette()[names]
    indexed(codes[labels], tmp_path / "a.png", colours)
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.PALETTE])
    assert finding.choices[0].reading is Reading.COLOURS


@given(any_labels, st.integers(0, 1))
@in_one_folder
def test_colours_of_ade20k(tmp_path: Path, labels: np.ndarray, alpha: int) -> None:
    labels = np.where(labels == 7, 49, labels).astype(np.uint8)
    colours = as_colours(labels)
    grey(with_alpha(colours) if alpha else colours, tmp_path / "a.png")
    finding = inspect(tmp_path / "a.png", PhotoFrame(labels.shape))
    assert Kind.COLOUR in finding.kinds
    road = np.where(labels == 49, 7, labels)
    assert np.array_equal(read(finding, finding.choices[0]), road)
    if (labels == 49).any():
        assert finding.choices[0].shared == 7
        assert finding.choices[1].shared == 49
        assert "has the colour that road and skyscraper share" in finding.sentence
        assert np.array_equal(read(finding, finding.choices[1]), labels)
        assert "for skyscraper" in finding.offer(finding.choices[1])
    else:
        kinds = [Kind.COLOUR, Kind.ALPHA] if alpha else [Kind.COLOUR]
        check_conversion(tmp_path / "a.png", labels, kinds)


@given(any_labels, st.integers(0, 1))
@in_one_folder
def test_three_equal_channels(tmp_path: Path, labels: np.ndarray, alpha: int) -> None:
    assume(not np.isin(labels, (0, 120, 140)).all())
    channels = np.dstack([labels] * 3)
    grey(with_alpha(channels) if alpha else channels, tmp_path / "a.png")
    kinds = [Kind.THREE_CHANNELS, Kind.ALPHA] if alpha else [Kind.THREE_CHANNELS]
    check_conversion(tmp_path / "a.png", labels, kinds)


def test_greys_that_are_colours_of_ade20k_may_be_either(tmp_path: Path) -> None:
    labels = np.array([[0, 120, 120]], np.uint8)
    grey(np.dstack([labels] * 3), tmp_path / "a.png")
    finding = inspect(tmp_path / "a.png")
    found = {choice.reading: read(finding, choice).tolist() for choice in finding.choices}
    assert found == {Reading.COLOURS: [[0, 1, 1]], Reading.GREYS: [[0, 120, 120]]}


def test_a_palette_that_names_classes_is_not_doubted(tmp_path: Path) -> None:
    indexed(np.array([[1, 2]], np.uint8), tmp_path / "a.png", palette())
    grey(np.array([[3, 255]], np.uint8), tmp_path / "b.png")
    sure, _ = settle([inspect(tmp_path / "a.png"), inspect(tmp_path / "b.png")])
    assert sure.kinds == (Kind.PALETTE,)
