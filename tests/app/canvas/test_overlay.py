"""The looks of the labels: each is tables, and says what it is for at a glance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.canvas.overlay import Look, draw_overlay, look_of, pack, premultiplied
from app.core.arrays import U8, U32
from app.core.document import Document
from app.core.overlay import DECIDER_COLOURS, OverlaySettings
from app.core.palettes import ClassColours, Palette, distances
from app.core.segment_map import HUMAN_UNLABELLED, Decider, human_value
from inference.prediction import SegmentTable
from resources.classes import palette

SKY, TREE, DOUBTFUL, FLAG = 1, 2, 3, human_value(150)


def document() -> Document:
    """Two segments that count, of classes 7 and 49, and one of class 5 under the threshold."""
    made = Document(path=Path("picture.jpg"))
    made.table = SegmentTable(np.array([7, 49, 5], np.uint8), np.array([0.9, 0.8, 0.2], np.float32))
    return made


def rgb(colours: U32) -> U8:
    """The colours without premultiplication, as they are seen at full opacity: (n, 3)."""
    bgra = colours.copy().view(np.uint8).reshape(-1, 4).astype(float)
    return np.round(bgra[:, 2::-1] / np.maximum(bgra[:, 3:], 1) * 255).astype(np.uint8)


def alpha(colours: U32) -> list[int]:
    return [int(colour) >> 24 for colour in np.atleast_1d(colours)]


def drawn(look: Look, code: int, *, at: tuple[int, int] = (0, 0), size: int = 48) -> U32:
    out = np.zeros((size, size), np.uint32)
    draw_overlay(np.full((size, size), code, np.uint8), look, out=out, at=at)
    return out


def test_the_usual_colours_are_those_of_ade() -> None:
    look = look_of(document(), OverlaySettings(opacity=1), line=1)
    assert np.array_equal(rgb(look.colours[[SKY, TREE, FLAG]]), palette()[[7, 49, 150]])
    assert alpha(look.colours[[0, DOUBTFUL, HUMAN_UNLABELLED]]) == [0, 0, 0]


def test_another_palette_takes_the_duplicates_apart() -> None:
    styles = ClassColours().styles(Palette.DISTINCT, (7, 49))
    look = look_of(document(), OverlaySettings(opacity=1), line=1, styles=styles)
    sky, tree = rgb(look.colours[[SKY]]), rgb(look.colours[[TREE]])
    assert np.array_equal(sky[0], styles.colours[7])
    assert distances(sky, tree)[0, 0] > 0.14


def test_patterns_are_drawn_only_when_they_are_asked_for() -> None:
    styles = ClassColours().styles(Palette.ADE, (7, 49), patterned=True)
    plain = look_of(document(), OverlaySettings(), line=1, styles=styles)
    outline = look_of(document(), OverlaySettings(patterns=True, outline=True), line=1, styles=styles)
    assert plain.hatching is None
    assert outline.hatching is None
    hatched = look_of(document(), OverlaySettings(patterns=True), line=1, styles=styles)
    assert len(np.unique(drawn(hatched, SKY))) == 1  # the first of the two classes is plain
    assert len(np.unique(drawn(hatched, TREE))) == 2


def test_what_is_hidden_or_faded_out_has_no_pattern() -> None:
    styles = ClassColours().styles(Palette.ADE, (7, 49), patterned=True)
    hidden = OverlaySettings(patterns=True, hidden=frozenset({49}))
    for overlay in (hidden, OverlaySettings(patterns=True, opacity=0)):
        assert not drawn(look_of(document(), overlay, line=1, styles=styles), TREE).any()


@pytest.mark.parametrize("unit", [1, 2])
def test_a_pattern_moves_with_the_picture(unit: int) -> None:
    styles = ClassColours().styles(Palette.ADE, (7, 49), patterned=True)
    look = look_of(document(), OverlaySettings(patterns=True), line=unit, styles=styles)
    whole = drawn(look, TREE, size=200)
    assert np.array_equal(drawn(look, TREE, at=(37, 51)), whole[51:99, 37:85])
    period = 24 * unit
    assert np.array_equal(drawn(look, TREE, at=(5 - 3 * period, -period)), whole[0:48, 5:53])


def test_ink_can_be_told_from_the_area_it_is_on() -> None:
    colours, present = ClassColours(), range(1, 151)
    for kind in Palette:
        styles = colours.styles(kind, present, patterned=True)
        look = look_of(document(), OverlaySettings(patterns=True), line=1, styles=styles)
        assert look.hatching is not None
        codes = [human_value(class_id) for class_id in present]
        areas, inks = rgb(look.colours[codes]), rgb(look.hatching.inks[codes])
        assert np.diag(distances(areas, inks)).min() > 0.15


def test_who_decided_is_seen_by_colour() -> None:
    look = look_of(document(), OverlaySettings(opacity=1, deciders=True), line=1)
    network, person = rgb(look.colours[[SKY, TREE]]), rgb(look.colours[[FLAG, HUMAN_UNLABELLED]])
    assert (network == DECIDER_COLOURS[Decider.NETWORK]).all()
    assert (person == DECIDER_COLOURS[Decider.PERSON]).all()
    for code in (0, DOUBTFUL):
        assert len(np.unique(drawn(look, code))) == 2  # veil and hatching
    for code in (SKY, FLAG):
        assert len(np.unique(drawn(look, code))) == 1


def test_hidden_classes_do_not_hide_who_decided() -> None:
    look = look_of(document(), OverlaySettings(deciders=True, hidden=frozenset({7})), line=1)
    assert look.colours[SKY] == look.colours[TREE] != 0


def test_outlines_of_who_decided_run_between_deciders_alone() -> None:
    look = look_of(document(), OverlaySettings(deciders=True, outline=True), line=1)
    assert look.labels[SKY] == look.labels[TREE] != look.labels[FLAG]
    assert look.labels[0] == look.labels[DOUBTFUL] == 0
    assert look.hatching is None


def test_packing() -> None:
    assert pack(np.array([[1, 2, 3, 4]], np.uint8))[0] == 0x04010203
    assert premultiplied(np.array([[255, 128, 0]], np.uint8), np.array([0.5]))[0] == 0x80804000
