"""Soft masks against plain resizing, and the ranking of queries against the segment map."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core.geometry import Box
from app.core.soft_masks import (
    LEAST_MASK_PROB,
    classes_at,
    coarse_soft_mask,
    probable_classes,
    ranked_queries,
    soft_mask,
)
from inference.composition import compose
from inference.prediction import Prediction
from inference.resizing import Axis, resized

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]


def plain_resize(prediction: Prediction, query: int) -> F32:
    """The whole soft mask at the photo's size, in one go."""
    plane = prediction.mask_probs[query]
    rows = Axis.of(pixels=prediction.size[0], centres=plane.shape[0])
    return resized(plane, rows=rows, columns=Axis.of(pixels=prediction.size[1], centres=plane.shape[1]))


def spread(box: Box, mask: Bool, shape: tuple[int, int]) -> Bool:
    assert mask.dtype == np.bool_
    assert mask.shape == box.shape
    whole = np.zeros(shape, bool)
    whole[box.slices] = mask
    return whole


@st.composite
def predictions(draw: st.DrawFn, *, queries: int = 8) -> Prediction:
    """Few queries on grids of any size beside the photo's: smooth, flat, or of few values, so that there are ties."""
    height, width = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (queries, height, width)
    if draw(st.booleans()):
        masks = random.integers(0, 5, shape).astype(np.float32) / 4
        best = random.integers(1, 4, (queries, 1)).astype(np.float32) / 4
    else:
        masks, best = random.random(shape, dtype=np.float32), random.random((queries, 1), dtype=np.float32)
    classes = best * random.dirichlet(np.ones(150), queries).astype(np.float32)
    classes[np.arange(queries), random.integers(0, 150, queries)] = best[:, 0]
    return Prediction(classes, masks, (draw(st.integers(1, 50)), draw(st.integers(1, 50))))


LEVELS = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))


@given(predictions(), LEVELS, st.data())
def test_a_soft_mask_is_that_of_a_full_resize(prediction: Prediction, level: float, data: st.DataObject) -> None:
    query, (height, width) = data.draw(st.integers(0, 7)), prediction.size
    limit = Box(
        data.draw(st.integers(-3, width)), data.draw(st.integers(-3, height)),
        data.draw(st.integers(-3, width + 3)), data.draw(st.integers(-3, height + 3)),
    )  # fmt: skip
    expected = plain_resize(prediction, query) > np.float32(level)
    within = np.zeros_like(expected)
    if not limit.clip(expected.shape).empty:
        within[limit.clip(expected.shape).slices] = True
    for found, truth in (
        (soft_mask(prediction, query, level), expected),
        (soft_mask(prediction, query, level, box=limit), expected & within),
    ):
        np.testing.assert_array_equal(spread(*found, prediction.size), truth)
        ys, xs = np.nonzero(truth)
        assert found[0] == ((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(ys) else (0, 0, 0, 0))


@given(predictions(), st.data())
def test_the_first_query_owns_the_pixel(prediction: Prediction, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, prediction.size[1] - 1)), data.draw(st.integers(0, prediction.size[0] - 1))
    ranked = ranked_queries(prediction, x, y)
    assert ranked[0].query + 1 == prediction.segment_map()[y, x]
    planes = prediction.mask_probs * prediction.scores[:, None, None]
    assert ranked[0].query == compose(planes, size=prediction.size)[y, x]


@given(predictions(), st.data())
def test_all_that_may_hold_the_pixel_follow_in_order(prediction: Prediction, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, prediction.size[1] - 1)), data.draw(st.integers(0, prediction.size[0] - 1))
    ranked = ranked_queries(prediction, x, y)
    strengths = [candidate.score * candidate.mask_prob for candidate in ranked]
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(strengths))
    for candidate in ranked:
        assert candidate.score == prediction.scores[candidate.query]
        assert candidate.class_id == prediction.class_ids[candidate.query]
        assert candidate.mask_prob == plain_resize(prediction, candidate.query)[y, x]
    expected = {query for query in range(8) if plain_resize(prediction, query)[y, x] >= LEAST_MASK_PROB}
    assert {candidate.query for candidate in ranked} == expected | {ranked[0].query}


def test_equal_queries_stand_in_their_order() -> None:
    classes = np.full((4, 150), 0.001, np.float32)
    classes[:, 7] = 0.5
    masks = np.full((4, 3, 5), 0.5, np.float32)
    masks[0] = 0.04
    prediction = Prediction(classes, masks, (31, 47))
    assert [candidate.query for candidate in ranked_queries(prediction, 20, 11)] == [1, 2, 3]
    assert ranked_queries(prediction, 20, 11)[0].class_id == 8


def test_where_no_mask_reaches_the_owner_stays() -> None:
    classes = np.full((3, 150), 0.001, np.float32)
    prediction = Prediction(classes, np.zeros((3, 2, 2), np.float32), (20, 20))
    ranked = ranked_queries(prediction, 3, 4)
    assert [candidate.query for candidate in ranked] == [0]
    assert prediction.segment_map()[4, 3] == 1


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (0, -1), (47, 0), (0, 31)])
def test_outside_the_photo_is_an_error(x: int, y: int) -> None:
    prediction = Prediction(np.full((1, 150), 0.5, np.float32), np.ones((1, 2, 2), np.float32), (31, 47))
    with pytest.raises(IndexError):
        ranked_queries(prediction, x, y)


@given(predictions(), LEVELS, st.integers(0, 7), st.integers(1, 3000))
def test_a_coarse_mask_covers_the_photo_in_few_pixels(
    prediction: Prediction, level: float, query: int, most_pixels: int
) -> None:
    box, mask = coarse_soft_mask(prediction, query, level, most_pixels)
    assert mask.size <= most_pixels
    if not mask.size:
        assert box.empty
        return
    step = box.width // mask.shape[1]
    assert box == (*(side // step * step for side in box),)
    assert (mask.shape[0] * step, mask.shape[1] * step) == box.shape
    assert box.x1 < prediction.size[1] + step
    assert box.y1 < prediction.size[0] + step
    if step == 1:
        exact = soft_mask(prediction, query, level)
        assert exact[0] == box
        np.testing.assert_array_equal(exact[1], mask)
    if step % 2:  # the middle of an odd square is a pixel
        values = plain_resize(prediction, query)
        for row, column in np.ndindex(mask.shape):
            y, x = box.y0 + row * step + step // 2, box.x0 + column * step + step // 2
            if y < prediction.size[0] and x < prediction.size[1] and abs(values[y, x] - level) > 1e-5:
                assert mask[row, column] == (values[y, x] > level)


def test_a_coarse_mask_of_a_large_photo_looks_like_the_exact_one() -> None:
    ys, xs = np.mgrid[0:80, 0:120].astype(np.float32)
    masks = np.exp(-(((xs - 50) / 30) ** 2) - ((ys - 40) / 20) ** 2)[None]
    prediction = Prediction(np.full((1, 150), 0.5, np.float32), masks.astype(np.float32), (2001, 3001))
    for level in (0.1, 0.5, 0.9):
        exact_box, exact = soft_mask(prediction, 0, level)
        box, mask = coarse_soft_mask(prediction, 0, level, 200_000)
        step = box.height // mask.shape[0]
        assert step > 1
        whole = np.zeros((2100, 3100), bool)
        whole[box.slices] = mask.repeat(step, axis=0).repeat(step, axis=1)
        truth = spread(exact_box, exact, whole.shape)
        assert (whole & truth).sum() / (whole | truth).sum() > 0.98


def test_probable_classes_come_with_their_probabilities() -> None:
    classes = np.full((2, 150), 0.001, np.float32)
    classes[1, [4, 149, 0, 77]] = 0.4, 0.3, 0.1, 0.1
    prediction = Prediction(classes, np.ones((2, 1, 1), np.float32), (5, 5))
    found = probable_classes(prediction, 1)
    assert [class_id for class_id, _ in found] == [5, 150, 1, 78, 2]
    np.testing.assert_allclose([probability for _, probability in found], [0.4, 0.3, 0.1, 0.1, 0.001], rtol=1e-6)
    assert probable_classes(prediction, 1, count=2) == found[:2]
    assert found[0][0] == prediction.class_ids[1]


@given(predictions(), st.data())
def test_the_largest_share_is_that_of_the_semantic_view(prediction: Prediction, data: st.DataObject) -> None:
    height, width = prediction.size
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    shares = dict(classes_at(prediction, x, y, 150))
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4) or not any(shares.values())
    assert shares[int(prediction.semantic_labels()[y, x])] == pytest.approx(max(shares.values()), abs=1e-5)
    assert classes_at(prediction, x, y) == tuple(shares.items())[:5]
    with pytest.raises(IndexError):
        classes_at(prediction, width, y)
