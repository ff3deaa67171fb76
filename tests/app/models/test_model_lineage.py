"""Where a model comes from that learned from corrections, on its page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.models.card import model_card_html
from app.models.lineage import lineage_sentences, lineage_table
from inference.models import find_card

LINEAGE = {
    "parent": "starter <b>",
    "parent_sha256": "0" * 64,
    "pictures": 19,
    "held_back": 5,
    "decided_pixels": 31_400_000,
    "kept_pixels": 12_000_000,
    "settings": {"scope": "head"},
    "steps": 1200,
    "seconds": 244.0,
    "made": "2026-11-23",
    "before": {"segments": {"pixel_accuracy": 0.7, "mean_iou": 0.4, "unlabelled": 0.1}},
    "after": {"segments": {"pixel_accuracy": 0.8, "mean_iou": 0.38, "unlabelled": 0.1}},
}


def test_a_lineage_is_told_in_words_and_figures() -> None:
    assert lineage_sentences(LINEAGE) == [
        "It learned from corrections on 2026-11-23, beginning with starter <b>.",
        "Learned from: 19 pictures, 31.4 million pixels that a person decided, "
        "12.0 million pixels of the network's own that were kept.",
        "Held back to measure it: 5 pictures.",
        "The decoder alone learned for 1,200 steps in 5 min.",
    ]
    assert lineage_sentences(LINEAGE | {"mix": 0.25})[-1] == (
        "The decoder alone learned for 1,200 steps in 5 min; 25 % of what it learned went into the model."
    )
    *_, held_back, how = lineage_sentences(LINEAGE | {"mix": 1.0})
    assert held_back == "Held back to measure it and to choose how much of what was learned it has: 5 pictures."
    assert how == lineage_sentences(LINEAGE)[-1]
    assert lineage_table(LINEAGE)[1:] == [
        ("Pixels right", "70.0 %", "80.0 %", "+10.0"),
        ("Mean IoU", "40.0 %", "38.0 %", "−2.0"),
    ]


def test_a_model_that_got_worse_or_that_nobody_compared_says_so_wherever_it_goes() -> None:
    assert lineage_sentences(LINEAGE | {"recommended": True}) == lineage_sentences(LINEAGE)
    worse = lineage_sentences(LINEAGE | {"recommended": False})
    assert worse[-1] == "It is not recommended: it got worse on the pictures held back."
    unknown = lineage_sentences(LINEAGE | {"recommended": False, "before": {}, "after": {}})
    assert unknown[-1] == "Whether it got better is not known: it was compared on no picture."


def test_it_is_on_the_page_of_its_model_and_of_no_other() -> None:
    card = find_card("starter")
    html = model_card_html(replace(card, lineage=LINEAGE))
    assert "Learned from corrections" in html
    assert "starter &lt;b&gt;" in html
    assert '<td align="left">+10.0</td>' in html
    assert "Learned from corrections" not in model_card_html(card)


@pytest.mark.parametrize(
    "lineage",
    [
        {"parent": 3, "pictures": "many"},
        {"settings": [], "steps": 5, "seconds": "long"},
        {"before": 3, "after": {"segments": 1}},
        {"made": None, "parent": "starter", "before": {"segments": {"mean_iou": "x"}}},
    ],
)
def test_what_a_card_says_wrongly_is_left_out(lineage: dict[str, object]) -> None:
    assert lineage_table(lineage) == []
    assert "<table" in model_card_html(replace(find_card("starter"), lineage=lineage))  # its figures
