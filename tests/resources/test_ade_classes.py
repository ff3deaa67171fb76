"""The class table is what every label in an exported file means: its order, colours and figures must not drift."""

from __future__ import annotations

import json
from importlib import resources
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.classes import UnknownClassError, ade_class, ade_classes, palette, search

SIZES = ("s", "m", "l")


def found(query: str) -> list[int]:
    return [entry.id for entry in search(query)]


def test_ids_are_1_to_150_in_order() -> None:
    assert [entry.id for entry in ade_classes()] == list(range(1, 151))


@pytest.mark.parametrize(
    ("class_id", "name"),
    [
        (1, "wall"),
        (3, "sky"),
        (13, "person"),
        (21, "car"),
        (64, "blind"),
        (118, "cradle"),
        (131, "screen"),
        (150, "flag"),
    ],
)
def test_well_known_ids(class_id: int, name: str) -> None:
    assert ade_class(class_id).name == name


def test_names_are_unique_and_stripped() -> None:
    names = [entry.name for entry in ade_classes()]
    assert len(set(names)) == 150
    for entry in ade_classes():
        assert entry.name == entry.name.strip()
        assert entry.full_name.split(",")[0] == entry.name
        assert entry.name not in entry.synonyms
        assert len(set(entry.synonyms)) == len(entry.synonyms)


def test_shared_synonyms_are_kept() -> None:
    """ADE20K reuses words; that is why a class is never keyed by a name."""

    def known_as(word: str) -> set[int]:
        return {entry.id for entry in ade_classes() if word in (entry.name, *entry.synonyms)}

    assert known_as("screen") == {59, 64, 131}
    assert known_as("ground") == {14, 95}
    assert known_as("counter") == {46, 100}


@pytest.mark.parametrize("class_id", [-1, 0, 151, 255])
def test_other_ids_are_refused_in_a_sentence(class_id: int) -> None:
    with pytest.raises(UnknownClassError, match=rf"^{class_id} is not an ADE20K class: ids go from 1 to 150\.$"):
        ade_class(class_id)


def test_palette_layout_and_its_one_duplicate() -> None:
    table = palette()
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert not table[0].any()
    assert not table[151:].any()
    assert table[1].tolist() == [120, 120, 120]
    assert table[150].tolist() == [92, 0, 255]
    same = {
        (first, second)
        for first in range(1, 151)
        for second in range(first + 1, 151)
        if table[first].tolist() == table[second].tolist()
    }
    assert same == {(7, 49)}
    assert table[7].tolist() == [140, 140, 140]


def test_palette_is_a_fresh_copy() -> None:
    palette()[1] = 0
    assert palette()[1].tolist() == [120, 120, 120]


@pytest.mark.parametrize(("size", "miou", "macc"), [("s", 42.91, 56.55), ("m", 43.43, 57.01), ("l", 45.07, 58.03)])
def test_class_figures_average_to_the_published_means(size: str, miou: float, macc: float) -> None:
    assert fmean(entry.iou[size] for entry in ade_classes()) == pytest.approx(miou, abs=0.005)
    assert fmean(entry.acc[size] for entry in ade_classes()) == pytest.approx(macc, abs=0.005)


def test_an_iou_never_exceeds_its_accuracy() -> None:
    for entry in ade_classes():
        for size in SIZES:
            assert 0.0 <= entry.iou[size] <= entry.acc[size] <= 100.0


def test_ratios_are_shares_of_nearly_everything() -> None:
    ratios = [entry.ratio for entry in ade_classes()]
    assert ratios == sorted(ratios, reverse=True)
    assert 0.85 < sum(ratios) <= 1.0


def test_the_table_names_its_sources() -> None:
    table = json.loads(resources.files("resources").joinpath("ade20k.json").read_text(encoding="utf-8"))
    assert set(table["sources"]) == {"names", "synonyms", "color", "ratio", "iou, acc"}


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("sky", 3),
        ("3", 3),
        ("  13 ", 13),
        ("150", 150),
        ("couch", 24),
        ("Telly", 90),
        ("bike", 128),
        ("motorcycle", 117),
        ("fridge", 51),
        ("bar", 78),
        ("pick-up", 84),
        ("pick up", 84),
        ("STREET  LAMP", 88),
        ("lorry", 84),
        ("statue", 133),
    ],
)
def test_search_finds_what_people_type(query: str, best: int) -> None:
    assert found(query)[0] == best


def test_search_order_is_id_prefix_word_substring() -> None:
    assert found("1")[:3] == [1, 10, 11]
    assert found("board")[:3] == [141, 145, 4], "boardwalk, then notice board, then floorboards"
    assert found("lamp")[:2] == [37, 83], "the class called lamp, then the one also known as lamp"


def test_search_ignores_case_and_accents() -> None:
    assert found("Café-MICROWAVE") == []
    assert found("MÏCROWAVÉ") == found("microwave") == [125]


def test_search_without_a_query_lists_everything() -> None:
    assert found("") == found("   ") == list(range(1, 151))


def test_search_without_a_match_is_empty() -> None:
    assert found("zeppelin") == []


def test_every_name_and_synonym_finds_its_class() -> None:
    for entry in ade_classes():
        assert found(entry.name)[0] == entry.id
        assert all(entry.id in found(synonym) for synonym in entry.synonyms)


@given(st.text(max_size=12))
def test_search_takes_any_text(query: str) -> None:
    ids = found(query)
    assert len(set(ids)) == len(ids)
    assert set(ids) <= set(range(1, 151))
