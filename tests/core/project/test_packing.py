"""Predictions as bytes: rounded once, the same after that, and damage is noticed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.core.errors import ProjectError
from app.core.project.packing import is_sound_prediction, pack_prediction, rounded, unpack_prediction
from inference.prediction import Prediction
from tests.core.project.projects import some_prediction


def same(one: Prediction, other: Prediction) -> bool:
    return (
        np.array_equal(one.class_probs, other.class_probs)
        and np.array_equal(one.mask_probs, other.mask_probs)
        and one.size == other.size
    )


@given(
    seed=st.integers(0, 2**32 - 1),
    queries=st.integers(1, 100),
    grid=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    size=st.tuples(st.integers(1, 100_000), st.integers(1, 100_000)),
    power=st.integers(0, 12),
)
def test_what_comes_back_is_the_rounded_prediction(
    seed: int, queries: int, grid: tuple[int, int], size: tuple[int, int], power: int
) -> None:
    random = np.random.default_rng(seed)
    prediction = Prediction(
        random.random((queries, 150), np.float32) ** power, random.random((queries, *grid), np.float32) ** power, size
    )
    back = unpack_prediction(pack_prediction(prediction))
    assert same(back, rounded(prediction))
    assert back.class_probs.dtype == back.mask_probs.dtype == np.float32
    assert pack_prediction(back) == pack_prediction(prediction)


def test_rounding_is_half_precision_and_once_is_enough() -> None:
    prediction = some_prediction()
    kept = rounded(prediction)
    assert same(rounded(kept), kept)
    assert not same(kept, prediction)
    assert np.allclose(kept.mask_probs, prediction.mask_probs, rtol=2**-11, atol=2**-25)


@given(values=arrays(np.float32, (1, 2, 3, 4), elements=st.floats(0, 1, width=32)))
def test_rounding_is_that_of_numpy(values: np.ndarray) -> None:
    halves = rounded(Prediction(np.zeros((2, 150), np.float32), values[0], (9, 9))).mask_probs
    np.testing.assert_array_equal(halves, values[0].astype(np.float16).astype(np.float32))


def test_rounding_is_that_of_numpy_for_every_half_and_between() -> None:
    halves = np.arange(0x3C01, dtype=np.uint16).view(np.float16).astype(np.float32)  # 0..1
    between = (halves[1:] + halves[:-1]) / 2
    ways = [halves, between, np.nextafter(between, np.float32(0)), np.nextafter(between, np.float32(1))]
    values = np.concatenate(ways)[None, None]
    kept = rounded(Prediction(np.zeros((1, 150), np.float32), values, (9, 9))).mask_probs
    np.testing.assert_array_equal(kept, values.astype(np.float16).astype(np.float32))


def test_values_that_are_no_probabilities_are_rounded_all_the_same() -> None:
    values = np.array([[[-0.3, 1.7, 70_000.0, np.nan]]], np.float32)
    with np.errstate(over="ignore"):
        kept = rounded(Prediction(np.zeros((1, 150), np.float32), values, (9, 9))).mask_probs
        np.testing.assert_array_equal(kept, values.astype(np.float16).astype(np.float32))


def test_a_picture_composed_from_what_comes_back_is_the_same_to_the_byte() -> None:
    kept = rounded(some_prediction(3))
    back = unpack_prediction(pack_prediction(kept))
    assert np.array_equal(back.segment_map(), kept.segment_map())
    for one, other in zip(back.semantic_segments(), kept.semantic_segments(), strict=True):
        if isinstance(one, np.ndarray):
            assert np.array_equal(one, other)
    assert np.array_equal(back.scores, kept.scores)


@given(st.data())
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    packed = bytearray(pack_prediction(some_prediction(1, grid=(3, 4))))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProjectError, match="stored prediction"):
        unpack_prediction(bytes(packed))
    assert not is_sound_prediction(bytes(packed))


@given(st.integers(0, 300))
def test_a_part_of_it_is_refused(length: int) -> None:
    packed = pack_prediction(some_prediction(1, grid=(3, 4)))
    with pytest.raises(ProjectError, match="damaged"):
        unpack_prediction(packed[:length])
    with pytest.raises(ProjectError, match="damaged"):
        unpack_prediction(packed + bytes(length + 1))
    assert is_sound_prediction(packed)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ProjectError):
        unpack_prediction(data)
