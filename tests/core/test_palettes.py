"""Colours stay apart for everybody they are meant for, and a class keeps its colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.arrays import U8
from app.core.palettes import (
    ClassColours,
    Palette,
    Vision,
    distances,
    oklab,
    separated_colours,
)
from app.core.patterns import PATTERNS
from resources.classes import CLASS_COUNT, palette

MADE = (Palette.DISTINCT, Palette.COLOUR_BLIND)
PRESENT = tuple(range(1, 31))  # the thirty most frequent classes
RARE = tuple(range(4, 151, 5))
classes = st.lists(st.integers(0, CLASS_COUNT), min_size=1, max_size=25)


def palette_table(kind: Palette, present: Sequence[int]) -> U8:
    """The colours of a picture in which those classes are the first to be seen."""
    return ClassColours().styles(kind, present).colours


def least_apart(colours: U8, vision: Vision = Vision.USUAL) -> float:
    """The distance of the two colours that look the most alike, OKLab."""
    apart = distances(colours, colours, [vision])
    return float(apart[~np.eye(len(colours), dtype=bool)].min())


def test_oklab_of_known_colours() -> None:
    """The values that the author of OKLab gives for white and for the primaries."""
    lab = oklab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8))
    expected = [[1, 0, 0], [0, 0, 0], [0.628, 0.225, 0.126], [0.452, -0.032, -0.312]]
    assert np.allclose(lab, expected, atol=1e-3)


@pytest.mark.parametrize("vision", [Vision.PROTANOPIA, Vision.DEUTERANOPIA, Vision.TRITANOPIA])
def test_greys_look_the_same_to_everybody(vision: Vision) -> None:
    greys = np.repeat(np.arange(0, 256, 51, dtype=np.uint8)[:, None], 3, axis=1)
    assert np.allclose(oklab(greys, vision), oklab(greys), atol=2e-3)


def test_red_and_green_are_alike_without_red_cones_or_green_ones_alone() -> None:
    pair = np.array([[170, 100, 0], [110, 125, 0]], np.uint8)
    usual, protan, deutan, tritan = (least_apart(pair, vision) for vision in Vision)
    assert max(protan, deutan) < 0.5 * min(usual, tritan)


def test_the_usual_palette_stays_what_it_is() -> None:
    table = palette_table(Palette.ADE, PRESENT)
    assert np.array_equal(table, palette())
    assert np.array_equal(table[7], table[49])


@pytest.mark.parametrize("present", [PRESENT, RARE])
def test_thirty_classes_are_far_apart(present: tuple[int, ...]) -> None:
    rows = list(present)
    usual = least_apart(palette()[rows])
    assert usual < 0.013
    assert least_apart(palette_table(Palette.DISTINCT, rows)[rows]) > 0.085


@pytest.mark.parametrize("vision", list(Vision))
@pytest.mark.parametrize("present", [PRESENT, RARE])
def test_thirty_classes_are_apart_for_other_eyes(present: tuple[int, ...], vision: Vision) -> None:
    rows = list(present)
    assert least_apart(palette()[rows], vision) < 0.013
    assert least_apart(palette_table(Palette.COLOUR_BLIND, rows)[rows], vision) > 0.04


@pytest.mark.parametrize("kind", MADE)
def test_all_150_colours_can_be_told_from_photos_and_chrome(kind: Palette) -> None:
    lab = oklab(separated_colours(kind))
    assert lab[:, 0].min() > 0.3  # not black
    assert lab[:, 0].max() < 0.95  # not white
    assert np.hypot(lab[:, 1], lab[:, 2]).min() > 0.049  # not grey


def test_there_is_no_made_version_of_the_usual_palette() -> None:
    with pytest.raises(ValueError, match="usual palette"):
        separated_colours(Palette.ADE)


@pytest.mark.parametrize("kind", MADE)
def test_every_class_has_a_colour_of_its_own(kind: Palette) -> None:
    table = palette_table(kind, (3, 7, 49))
    assert len(np.unique(table[1 : CLASS_COUNT + 1], axis=0)) == CLASS_COUNT
    assert not table[0].any()
    assert not table[CLASS_COUNT + 1 :].any()


@given(st.sampled_from(MADE), st.lists(classes, min_size=2, max_size=5))
def test_a_class_keeps_its_colour_and_pattern(kind: Palette, pictures: list[list[int]]) -> None:
    colours, seen = ClassColours(), {}
    for present in pictures:
        styles = colours.styles(kind, present, patterned=True)
        for class_id in set(present) - {0}:
            seen.setdefault(class_id, (tuple(styles.colours[class_id]), styles.patterns[class_id]))
        for class_id, (colour, pattern) in seen.items():
            assert tuple(styles.colours[class_id]) == colour
            assert styles.patterns[class_id] == pattern


@given(st.sampled_from(list(Palette)), classes)
def test_the_same_classes_always_get_the_same_colours(kind: Palette, present: list[int]) -> None:
    assert np.array_equal(palette_table(kind, present), palette_table(kind, present[::-1]))


@pytest.mark.parametrize("kind", list(Palette))
def test_nothing_new_is_the_same_value(kind: Palette) -> None:
    colours = ClassColours()
    first = colours.styles(kind, (1, 2, 3))
    assert colours.styles(kind, (3, 1)) is first
    patterned = colours.styles(kind, (1, 2, 3), patterned=True)
    assert patterned is not first
    assert colours.styles(kind, (1, 2, 3)) is first
    assert colours.styles(kind, (1, 2, 3), patterned=True) is patterned


def test_switching_palettes_keeps_what_each_had_given() -> None:
    colours = ClassColours()
    before = colours.styles(Palette.DISTINCT, (5, 6)).colours[[5, 6]].copy()
    colours.styles(Palette.COLOUR_BLIND, (7, 8))
    assert np.array_equal(colours.styles(Palette.DISTINCT, (8, 9)).colours[[5, 6]], before)


def test_no_class_has_a_pattern_unless_asked_for() -> None:
    assert not ClassColours().styles(Palette.ADE, PRESENT).patterns.any()


def test_classes_of_similar_colours_have_different_patterns() -> None:
    present = (7, 49, 1, 2, 3, 4, 5, 6, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20)
    styles = ClassColours().styles(Palette.ADE, present, patterned=True)
    assert styles.patterns[7] != styles.patterns[49]
    assert styles.patterns.max() <= PATTERNS
    rows = np.array(present)
    apart = distances(styles.colours[rows], styles.colours[rows])
    same = (styles.patterns[rows][:, None] == styles.patterns[rows]) & ~np.eye(len(rows), dtype=bool)
    assert apart[same].min() > 0.1
