"""The wand against a plain search, and its preview against itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core import regions
from app.core.geometry import Box
from app.core.pyramid import build_pyramid
from app.core.wand import coarse_similar, similar
from inference.photo import read_photo

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]


def plain_similar(photo: U8, x: int, y: int, *, tolerance: int, window: Box) -> Bool:
    seed = photo[y, x].astype(int)
    mask, window = np.zeros(photo.shape[:2], bool), window.clip(photo.shape)
    todo = [(x, y)]
    while todo:
        x, y = todo.pop()
        if not window.contains(x, y) or mask[y, x] or np.abs(photo[y, x].astype(int) - seed).max() > tolerance:
            continue
        mask[y, x] = True
        todo += [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
    return mask


def spread(box: Box, mask: Bool, shape: tuple[int, ...]) -> Bool:
    """The mask stretched over the box on a whole picture."""
    assert mask.dtype == np.bool_
    scale = box.height // mask.shape[0]
    assert (mask.shape[0] * scale, mask.shape[1] * scale) == box.shape
    whole = np.zeros((max(shape[0], box.y1), max(shape[1], box.x1)), bool)
    whole[box.slices] = mask.repeat(scale, axis=0).repeat(scale, axis=1)
    return whole[: shape[0], : shape[1]]


def overlap(first: Bool, second: Bool) -> float:
    """Intersection over union."""
    return float((first & second).sum() / (first | second).sum())


@st.composite
def scenes(draw: st.DrawFn) -> tuple[U8, int, int]:
    """A small photo of few colours and a pixel in it."""
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    colours = random.integers(0, 256, (draw(st.integers(1, 5)), 3), dtype=np.uint8)
    photo = colours[random.integers(0, len(colours), (height, width))]
    return photo, draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))


@given(scenes(), st.integers(0, 255), st.integers(0, 30), st.data())
def test_it_is_a_flood_by_edges_whatever_its_first_look(
    scene: tuple[U8, int, int], tolerance: int, first_reach: int, data: st.DataObject
) -> None:
    photo, x, y = scene
    bounds = Box.of_shape(photo.shape)
    window = Box(
        data.draw(st.integers(-2, x)),
        data.draw(st.integers(-2, y)),
        data.draw(st.integers(x + 1, bounds.x1 + 2)),
        data.draw(st.integers(y + 1, bounds.y1 + 2)),
    )
    photo.flags.writeable = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regions, "_FIRST_REACH", first_reach)
        everywhere = similar(photo, x, y, tolerance=tolerance)
        limited = similar(photo, x, y, tolerance=tolerance, window=window)
    shape = photo.shape[:2]
    for found, within in ((everywhere, bounds), (limited, window)):
        expected = plain_similar(photo, x, y, tolerance=tolerance, window=within)
        np.testing.assert_array_equal(spread(*found, shape), expected)
        ys, xs = np.nonzero(expected)
        assert found[0] == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


def test_each_channel_counts_by_itself() -> None:
    photo = np.array([[[100, 100, 100], [110, 90, 100], [100, 111, 100], [100, 100, 100]]], np.uint8)
    assert similar(photo, 0, 0, tolerance=10)[0] == (0, 0, 2, 1)
    assert similar(photo, 0, 0, tolerance=11)[0] == (0, 0, 4, 1)
    assert similar(photo, 1, 0, tolerance=0)[0] == (1, 0, 2, 1)
    photo[0, 0] = 0, 0, 0
    photo[0, 1] = 255, 255, 255
    assert similar(photo, 0, 0, tolerance=254)[0] == (0, 0, 1, 1)
    assert similar(photo, 0, 0, tolerance=255)[0] == (0, 0, 4, 1)


def test_outside_is_an_error() -> None:
    photo = np.zeros((6, 8, 3), np.uint8)
    for x, y in ((-1, 0), (8, 0), (0, 6), (0, -1)):
        with pytest.raises(IndexError):
            similar(photo, x, y, tolerance=5)
        with pytest.raises(IndexError):
            coarse_similar((photo,), x, y, tolerance=5, most_pixels=10)
    with pytest.raises(IndexError):
        similar(photo, 1, 1, tolerance=5, window=Box(2, 2, 6, 6))


def test_it_reads_no_more_of_the_photo_than_the_region_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    plain = regions.connected_region

    def counted(values: U8, x: int, y: int) -> tuple[Box, Bool]:
        read.append(values.size)
        return plain(values, x, y)

    monkeypatch.setattr(regions, "connected_region", counted)
    photo = np.zeros((3000, 4000, 3), np.uint8)
    photo[1000:1100, 2000:2100] = 200
    assert similar(photo, 2050, 1050, tolerance=20)[0] == (2000, 1000, 2100, 1100)
    assert sum(read) < 600**2


@pytest.mark.parametrize("tolerance", [12, 30, 60])
@pytest.mark.parametrize("name", ["castle", "cows", "dogs", "mountains", "street"])
def test_the_preview_agrees_with_what_is_painted(samples: Path, name: str, tolerance: int) -> None:
    photo = read_photo(samples / f"{name}.jpg")
    pyramid = build_pyramid(photo)
    height, width = photo.shape[:2]
    near = 60  # pixels around the pointer
    for x, y in ((width // 2, height // 8), (width // 3, height - 30)):
        exact = spread(*similar(photo, x, y, tolerance=tolerance), photo.shape)
        coarse = spread(*coarse_similar(pyramid, x, y, tolerance=tolerance, most_pixels=200_000), photo.shape)
        around = Box(x, y, x + 1, y + 1).grow(near).clip(photo.shape).slices
        assert coarse[y, x]
        assert overlap(exact[around], coarse[around]) > 0.7
        assert overlap(exact, coarse) > 0.7


def test_the_preview_is_exact_while_the_region_is_small() -> None:
    photo = np.random.default_rng(1).integers(0, 40, (900, 1300, 3), dtype=np.uint8)
    photo[300:500, 600:800] += 150
    pyramid = build_pyramid(photo)
    box, mask = coarse_similar(pyramid, 650, 350, tolerance=40, most_pixels=600_000)
    assert box == (600, 300, 800, 500)
    assert mask.shape == box.shape
    assert mask.all()


@pytest.mark.parametrize("shape", [(1001, 1503), (1000, 37), (1, 3001)])
def test_a_coarse_preview_covers_the_whole_picture(shape: tuple[int, int]) -> None:
    pyramid = build_pyramid(np.full((*shape, 3), 70, np.uint8))
    most_pixels = 9000 if shape[0] > 1 else 1600
    box, mask = coarse_similar(pyramid, shape[1] - 1, shape[0] - 1, tolerance=0, most_pixels=most_pixels)
    assert mask.size < shape[0] * shape[1]
    assert spread(box, mask, shape).all()
    scale = box.height // mask.shape[0]
    assert box.x1 - shape[1] < scale
    assert box.y1 - shape[0] < scale


def test_a_coarse_preview_follows_a_wire_thinner_than_its_pixels() -> None:
    photo = np.zeros((1200, 1600, 3), np.uint8)
    photo[600, 400:1200] = 255
    box, mask = coarse_similar(build_pyramid(photo), 800, 600, tolerance=10, most_pixels=90_000)
    assert mask.size < 10_000
    assert box.height <= 8
    assert box.x0 <= 800 - 140
    assert box.x1 >= 800 + 140
