"""How numbers, classes and the pixel under the pointer are written."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.core.document import Hover
from app.core.segment_map import Decider
from app.panels.class_texts import (
    class_label,
    class_tip,
    find_classes,
    iou_tip,
    is_weak,
    matching_synonym,
    published_iou,
    published_size,
)
from app.panels.elided_label import ElidedLabel
from app.panels.texts import hover_text, score_text, share_text
from resources.classes import ade_class, ade_classes


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 1000, "0 %"),
        (0, 0, "0 %"),
        (1, 100_000, "<0.1 %"),
        (1, 1000, "0.1 %"),
        (123, 1000, "12.3 %"),
        (99_999, 100_000, ">99.9 %"),
        (1000, 1000, "100 %"),
    ],
)
def test_a_share_never_rounds_something_to_nothing_or_to_all(part: int, whole: int, text: str) -> None:
    assert share_text(part, whole) == text


def test_a_score_has_two_decimals_and_none_is_a_dash() -> None:
    assert score_text(0.876) == "0.88"
    assert score_text(0.0) == "–"
    assert score_text(None) == "–"


def test_hover_tells_class_id_score_who_decided_and_where() -> None:
    seen = Hover(class_id=3, score=0.934, decider=Decider.NETWORK, code=7, x=120, y=80)
    assert hover_text(seen) == "3 sky · score 0.93 · decided by network · x 120, y 80 · J: next probable class"
    drawn = Hover(class_id=0, score=None, decider=Decider.PERSON, code=251, x=0, y=1)
    assert hover_text(drawn) == "0 unlabelled · decided by you · x 0, y 1"
    free = Hover(class_id=0, score=0.31, decider=Decider.NOBODY, code=4, x=5, y=6)
    assert hover_text(free).endswith("score 0.31 · decided by nobody · x 5, y 6")
    hidden = Hover(class_id=0, score=0.31, decider=Decider.NOBODY, code=4, x=5, y=6, below=13)
    assert hover_text(hidden).endswith("J: next probable class")
    assert hover_text(hidden, own_answers=True).endswith("x 5, y 6")


def test_every_class_has_a_published_iou_and_weak_ones_are_called_weak() -> None:
    for entry in ade_classes():
        iou = published_iou(entry.id)
        assert iou == entry.iou["m"]
        assert ("expect mistakes" in iou_tip(entry.id)) is is_weak(entry.id)
        assert f"bisenetformer-m: {iou:.1f} %" in iou_tip(entry.id)
        assert "the model that answers has no published figures" in iou_tip(entry.id)
        for size in ("s", "m", "l"):
            assert published_iou(entry.id, size) == entry.iou[size]
            assert f"bisenetformer-{size}: " in iou_tip(entry.id, size)
            assert "no published figures" not in iou_tip(entry.id, size)
    assert 0 < sum(is_weak(entry.id) for entry in ade_classes()) < 75
    assert published_iou(0) is None
    assert iou_tip(0) == ""


def test_search_finds_names_numbers_synonyms_and_unlabelled() -> None:
    assert find_classes("sky")[0] == 3
    assert find_classes("116")[0] == 116
    assert find_classes("0")[0] == 0
    assert find_classes("unlab") == [0]
    assert 0 not in find_classes("tree")
    assert find_classes("no such thing") == []


def test_the_synonym_that_matched_is_named_but_not_when_the_name_did() -> None:
    synonym = next(name for name in ade_class(66).synonyms if name not in ade_class(66).name)
    assert matching_synonym(66, synonym) == synonym
    assert matching_synonym(66, ade_class(66).name) == ""
    assert matching_synonym(66, "66") == ""
    assert matching_synonym(0, "unlabelled") == ""


def test_a_class_is_written_with_its_number() -> None:
    assert class_label(0) == "0 unlabelled"
    assert class_label(150) == "150 flag"
    assert class_tip(66).startswith("66 toilet\nAlso: ")


def test_an_elided_label_keeps_its_text_in_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("A rather long sentence about a tool")
    qtbot.addWidget(label)
    label.set_tip("What the tool does")
    label.resize(600, 20)
    label.show()
    assert not label.is_elided()
    assert label.toolTip() == "What the tool does"
    label.resize(60, 20)
    assert label.is_elided()
    assert label.toolTip() == "A rather long sentence about a tool"


def test_which_published_network_a_model_is() -> None:
    assert [published_size(f"bisenetformer-{size}-ade") for size in "sml"] == ["s", "m", "l"]
    assert published_size("starter") is None
