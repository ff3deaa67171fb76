"""What the network is given of a photo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.preprocess import network_size, prepare


@pytest.mark.parametrize(
    ("photo", "seen"),
    [((640, 640), (640, 640)), ((427, 640), (640, 960)), ((4000, 6000), (640, 960)), ((6000, 4000), (960, 640))],
)
def test_the_short_side_becomes_the_input_size(photo: tuple[int, int], seen: tuple[int, int]) -> None:
    assert network_size(*photo, input_size=640) == seen


def test_without_an_input_size_the_photo_keeps_its_own() -> None:
    assert network_size(427, 641, input_size=None) == (424, 640)
    assert network_size(3, 9, input_size=None) == (32, 32)


@given(st.integers(1, 40_000), st.integers(1, 40_000), st.sampled_from([32, 288, 320, 640, 1024]))
def test_any_photo_becomes_a_picture_the_network_can_take(height: int, width: int, input_size: int) -> None:
    rows, columns = network_size(height, width, input_size=input_size)
    assert rows % 8 == columns % 8 == 0
    assert min(rows, columns) >= 32
    assert rows * columns <= 4 * input_size**2
    if max(height, width) <= 3 * min(height, width):  # ordinary shapes keep their aspect, up to the rounding to 8
        assert min(rows, columns) == round(input_size / 8) * 8
        assert max(rows, columns) == pytest.approx(input_size * max(height, width) / min(height, width), abs=4.001)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (200, 3000), (333, 517), (64, 64), (64, 50)])
def test_prepare_gives_that_size(size: tuple[int, int]) -> None:
    photo = np.full((*size, 3), (10, 20, 30), np.uint8)
    picture = prepare(photo, input_size=64)
    assert picture.shape == (*network_size(*size, input_size=64), 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert (picture == (10, 20, 30)).all()


def test_shrinking_averages_instead_of_skipping() -> None:
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::5] = 200
    assert (prepare(stripes, input_size=64) == 40).all()
