"""The list of pictures at its edges: numbers with zeros in front, shares that are just as large as what was asked."""

from __future__ import annotations

from app.core.catalogue import Catalogue, Filter, matching
from app.core.pictures import natural_key, sorted_names


def test_zeros_in_front_of_a_number_do_not_count() -> None:
    names = ["10.png", "007.png", "8.png", "0012.png", "9b.png"]
    ordered = ["007.png", "8.png", "9b.png", "10.png", "0012.png"]
    assert sorted_names(names) == ordered
    assert sorted(names, key=natural_key) == ordered


def test_both_ends_of_a_range_of_shares_belong_to_it() -> None:
    catalogue = Catalogue(["a", "b", "c", "d", "e"])
    catalogue.unlabelled[:4] = 0.2, 0.25, 0.5, 0.6
    assert matching(catalogue, Filter(unlabelled=(0.25, 0.5))).tolist() == [False, True, True, False, False]
    assert matching(catalogue, Filter(unlabelled=(0.0, 1.0))).tolist() == [True] * 4 + [False]
