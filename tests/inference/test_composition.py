"""`compose` must equal the plain method in every bit, whatever the planes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.composition import compose, compose_plain

F32 = NDArray[np.float32]
GOLDEN = Path(__file__).parents[1] / "golden"
ONE_UP = float(np.nextafter(np.float32(0.5), np.float32(1)))
ONE_DOWN = float(np.nextafter(np.float32(0.5), np.float32(0)))


def smooth_planes(*, count: int, height: int, width: int, seed: int) -> F32:
    """Planes that look like masks: a few blobs each, with soft borders and plateaus at 0 and 1."""
    random = np.random.default_rng(seed)
    noise = random.random((count, height // 4 + 2, width // 4 + 2), dtype=np.float32)
    planes = np.stack([cv2.resize(plane, (width, height), interpolation=cv2.INTER_CUBIC) for plane in noise])
    return np.clip(2 * planes - 0.6, 0, 1, dtype=np.float32)


@st.composite
def cases(draw: st.DrawFn) -> tuple[F32, tuple[int, int]]:
    """Planes of four kinds and a size, larger or smaller than their grid."""
    count, height, width = draw(st.integers(1, 12)), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    size = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (count, height, width)
    match draw(st.sampled_from(["random", "few values", "one ulp apart", "tiny", "equal", "smooth"])):
        case "random":
            planes = random.random(shape, dtype=np.float32)
        case "few values":  # ties at many corners
            planes = random.integers(0, draw(st.integers(2, 4)), shape).astype(np.float32) / 3
        case "one ulp apart":  # rounding decides, or hides the difference
            planes = random.choice(np.array([ONE_DOWN, 0.5, ONE_UP], np.float32), shape)
        case "tiny":  # denormal numbers, zero among them
            planes = random.integers(0, 9, shape).astype(np.float32) * np.finfo(np.float32).smallest_subnormal
        case "equal":
            planes = np.repeat(random.random((1, height, width), dtype=np.float32), count, axis=0)
        case _:
            planes = smooth_planes(count=count, height=height, width=width, seed=int(random.integers(1 << 30)))
    return planes, size


@settings(max_examples=300, deadline=None)
@given(cases())
def test_it_equals_the_plain_method_in_every_bit(case: tuple[F32, tuple[int, int]]) -> None:
    planes, size = case
    np.testing.assert_array_equal(compose(planes, size=size), compose_plain(planes, size=size))


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((100, 20, 30), (333, 517)),
        ((255, 6, 6), (61, 59)),
        ((100, 13, 800), (10, 5000)),  # wider than the blocks in which columns are taken
        ((100, 80, 120), (40, 33)),  # a photo smaller than the grid of the masks
        ((3, 80, 120), (1, 1)),
        ((3, 1, 1), (7, 9)),
    ],
)
@pytest.mark.parametrize("kind", ["random", "smooth"])
def test_it_equals_the_plain_method_on_larger_planes(
    shape: tuple[int, int, int], size: tuple[int, int], kind: str
) -> None:
    count, height, width = shape
    planes = np.random.default_rng(7).random(shape, dtype=np.float32)
    if kind == "smooth":
        planes = smooth_planes(count=count, height=height, width=width, seed=7)
    np.testing.assert_array_equal(compose(planes, size=size), compose_plain(planes, size=size))


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(0, 2**32), st.integers(1, 5))
def test_with_values_it_equals_the_values_of_the_plain_winners(
    case: tuple[F32, tuple[int, int]], seed: int, different: int
) -> None:
    planes, size = case
    values = np.random.default_rng(seed).integers(0, different, len(planes)).astype(np.uint8) * 51
    np.testing.assert_array_equal(compose(planes, size=size, values=values), values[compose_plain(planes, size=size)])


@pytest.mark.parametrize("different", [1, 2, 7, 100])
def test_with_values_it_equals_them_on_larger_planes_too(different: int) -> None:
    planes, size = smooth_planes(count=100, height=40, width=60, seed=11), (333, 517)
    values = (np.arange(100) % different).astype(np.uint8)
    np.testing.assert_array_equal(compose(planes, size=size, values=values), values[compose_plain(planes, size=size)])


@pytest.mark.parametrize("count", [3, 9, 30, 120])
def test_planes_that_take_over_from_one_another_many_times_in_one_cell(count: int) -> None:
    # Tangents of a parabola: each is the largest somewhere between the two rows of centres.
    steeper = np.linspace(0, 1, count, dtype=np.float32)
    planes = np.stack([-(steeper**2), 2 * steeper - steeper**2], axis=1)[..., None].repeat(3, axis=2)
    shuffled = planes[np.random.default_rng(2).permutation(count)]
    winners = compose(shuffled, size=(600, 40))
    np.testing.assert_array_equal(winners, compose_plain(shuffled, size=(600, 40)))
    assert len(np.unique(winners)) == count


def test_planes_of_many_cells_that_are_nearly_equal_are_looked_at_closely() -> None:
    noise = np.random.default_rng(4).choice(np.array([ONE_DOWN, 0.5, ONE_UP], np.float32), (40, 30, 50))
    np.testing.assert_array_equal(compose(noise, size=(240, 401)), compose_plain(noise, size=(240, 401)))


def test_cells_with_a_hundred_candidates_that_have_nothing_in_common() -> None:
    planes = np.random.default_rng(6).random((120, 12, 90), dtype=np.float32)
    np.testing.assert_array_equal(compose(planes, size=(131, 1300)), compose_plain(planes, size=(131, 1300)))


def test_there_is_a_value_for_each_plane() -> None:
    with pytest.raises(ValueError, match="Cannot compose 3 planes"):
        compose(np.zeros((3, 3, 3), np.float32), size=(5, 5), values=np.zeros(4, np.uint8))


def test_sums_above_one_and_below_zero_are_handled_too() -> None:
    planes = 60 * smooth_planes(count=30, height=12, width=9, seed=3) - 30
    np.testing.assert_array_equal(compose(planes, size=(100, 77)), compose_plain(planes, size=(100, 77)))


def test_a_tie_goes_to_the_lowest_index() -> None:
    planes = np.zeros((4, 3, 3), np.float32)
    planes[1:3] = 0.25
    assert (compose(planes, size=(20, 20)) == 1).all()


def test_it_does_not_touch_the_planes() -> None:
    planes = smooth_planes(count=5, height=8, width=8, seed=1)
    before = planes.copy()
    compose(planes, size=(50, 50))
    np.testing.assert_array_equal(planes, before)


@pytest.mark.parametrize("size", [(160, 240), (97, 131), (20, 31)])
def test_pixels_differ_from_opencv_only_where_two_planes_are_nearly_equal(size: tuple[int, int]) -> None:
    planes = smooth_planes(count=20, height=20, width=30, seed=5)
    resized = np.stack([cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes])
    ours = compose(planes, size=size)
    first, second = np.sort(resized, axis=0)[[-1, -2]]
    assert ((ours == resized.argmax(axis=0)) | (first - second < 1e-5)).all()


@pytest.mark.parametrize("name", ["bisenetformer-s_320x416", "bisenetformer-m_427x640"])
def test_it_draws_the_maps_of_the_original(name: str) -> None:
    with np.load(GOLDEN / f"{name}.npz") as golden:
        masks = golden["mask_probs"].astype(np.float32) / 65535
        classes, by_query, by_class = golden["class_probs"], golden["query_map"], golden["semantic_map"]
    query_map = compose(masks * classes.max(axis=1)[:, None, None], size=by_query.shape)
    semantic_map = compose(np.einsum("qc,qhw->chw", classes, masks), size=by_class.shape)
    assert (query_map == by_query).mean() >= 0.999
    assert (semantic_map == by_class).mean() >= 0.999


@pytest.mark.parametrize(
    ("shape", "size"), [((0, 3, 3), (5, 5)), ((256, 3, 3), (5, 5)), ((3, 3), (5, 5)), ((3, 3, 3), (0, 5))]
)
def test_impossible_requests_are_refused(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="Cannot compose"):
        compose(np.zeros(shape, np.float32), size=size)
