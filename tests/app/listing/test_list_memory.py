"""Filter and order of a folder as they are written down."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.catalogue import ClassShare, Exported, Filter, Sort, SortBy
from app.core.pictures import PictureStatus
from app.listing.memory import read_filter, read_sort, written

SHARES = st.floats(0, 1)
FILTERS = st.builds(
    Filter,
    statuses=st.none() | st.frozensets(st.sampled_from(PictureStatus), min_size=1),
    exported=st.sampled_from([None, frozenset({Exported.CHANGED})]),
    unlabelled=st.none() | st.tuples(SHARES, SHARES),
    noted=st.booleans(),
    of_class=st.none() | st.builds(ClassShare, st.integers(1, 150), SHARES),
)
SORTS = st.builds(Sort, st.sampled_from(SortBy), st.booleans())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(FILTERS, SORTS)
def test_what_was_written_is_read(wanted: Filter, sort: Sort) -> None:
    kept = json.loads(json.dumps(written(wanted, sort)))
    assert read_filter(kept) == wanted
    assert read_sort(kept) == sort


@given(JSON, st.sampled_from(["sort", "descending", "statuses", "changed", "noted", "class", "unlabelled"]))
def test_what_nobody_has_written_asks_for_nothing_that_cannot_be(junk: object, key: str) -> None:
    for kept in (junk, {**written(Filter(), Sort()), key: junk}):
        wanted, sort = read_filter(kept), read_sort(kept)
        assert read_filter(written(wanted, sort)) == wanted
        assert read_sort(written(wanted, sort)) == sort


@pytest.mark.parametrize("kept", [None, [], "name", {}, {"sort": "weight"}])
def test_without_anything_the_list_is_by_name_and_whole(kept: object) -> None:
    assert read_filter(kept) == Filter()
    assert read_sort(kept) == Sort()


def test_a_name_that_was_searched_is_left_out() -> None:
    assert read_filter(written(Filter(text="boat"), Sort())) == Filter()
