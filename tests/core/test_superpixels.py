"""Superpixels are a partition that follows the picture, whichever tiles were computed, and in whichever order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.geometry import Box
from app.core.pyramid import build_pyramid
from app.core.superpixels import SuperpixelTiles
from inference.photo import read_photo

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]


def superpixels(photo: U8, size: int, **options: float) -> SuperpixelTiles:
    return SuperpixelTiles(build_pyramid(photo), size, **options)


def region(tiles: SuperpixelTiles, x: int, y: int) -> tuple[Box, Bool]:
    """The superpixel at (x, y), after whatever has to be computed for it."""
    for _ in range(9):
        if (tile := tiles.missing(x, y)) is None:
            break
        assert tiles.region(x, y) is None
        tiles.add(tile, tiles.compute(tile))
    found = tiles.region(x, y)
    assert found is not None
    return found


def partition(tiles: SuperpixelTiles, box: Box, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """The number of the superpixel that each pixel of `box` belongs to, having checked that it is exactly one."""
    owners = np.zeros(shape[:2], np.int32)
    count = 0
    for y in range(box.y0, box.y1):
        for x in range(box.x0, box.x1):
            if owners[y, x]:
                continue
            found, mask = region(tiles, x, y)
            assert mask.dtype == np.bool_
            assert mask.shape == found.shape
            assert mask[y - found.y0, x - found.x0]
            assert all(edge.any() for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
            assert cv2.connectedComponents(mask.view(np.uint8), connectivity=4)[0] == 2  # the ground and one piece
            assert not owners[found.slices][mask].any()
            count += 1
            owners[found.slices][mask] = count
    return owners[box.slices]


@pytest.fixture(scope="module")
def street() -> U8:
    return read_photo(Path(__file__).parents[2] / "resources" / "samples" / "street.jpg")


def test_each_pixel_belongs_to_exactly_one_connected_superpixel(street: U8) -> None:
    photo = street[:440, :460]
    tiles = superpixels(photo, 24)
    owners = partition(tiles, Box.of_shape(photo.shape), photo.shape)
    areas = np.bincount(owners.ravel())[1:]
    assert areas.sum() == 440 * 460
    assert 0.6 * 24**2 < np.median(areas) < 1.5 * 24**2
    assert (areas < 24**2 / 4).mean() < 0.02  # only where two tiles disagree


def test_a_superpixel_of_a_coarser_level_is_made_of_its_pixels(street: U8) -> None:
    photo = street[:501, :803]
    tiles = superpixels(photo, 100)
    owners = partition(tiles, Box.of_shape(photo.shape), photo.shape)
    assert tiles.grain == 2
    squares = owners[:500, :802].reshape(250, 2, 401, 2)
    assert (squares == squares[:, :1, :, :1]).all()
    assert 20 < owners.max() < 70


@pytest.mark.parametrize(("shape", "size", "grain"), [((400, 500), 64, 1), ((2000, 2001), 64, 2), ((400, 500), 400, 8)])
def test_edges_are_coarser_where_superpixels_are_large_and_where_the_photo_is(
    shape: tuple[int, int], size: int, grain: int
) -> None:
    assert superpixels(np.zeros((*shape, 3), np.uint8), size).grain == grain


@pytest.mark.parametrize("size", [8, 9, 13, 16, 23, 32, 40, 64, 100, 140])
def test_without_edges_they_are_squares_on_one_lattice(size: int) -> None:
    photo = np.full((1000, 1700, 3), 90, np.uint8)
    tiles = superpixels(photo, size)
    grain = tiles.grain
    side = round(size / grain) * grain
    edge = tiles.tile_at(0, 0).x1
    for x, y in ((side * 3 + side // 2, side * 2 + side // 2), (edge + side // 2, side * 2 + side // 2)):
        box, mask = region(tiles, x, y)
        assert mask.all()
        assert abs(box.width - side) <= grain
        assert abs(box.height - side) <= grain
        assert abs(box.x0 - x // side * side) <= grain


@pytest.mark.parametrize(("size", "slack"), [(16, 0), (30, 0), (60, 0), (120, 2)])
def test_they_end_at_the_edge_of_two_colours(size: int, slack: int) -> None:
    """The edge crosses the line between two tiles."""
    ys, xs = np.mgrid[:640, :900]
    right = xs + 0.3 * ys > 480
    photo = np.where(right[..., None], np.uint8([200, 60, 50]), np.uint8([60, 90, 170]))
    tiles = superpixels(photo.astype(np.uint8), size)
    band = np.zeros(right.shape, np.uint8)
    band[right] = 1
    near = cv2.dilate(band, np.ones((2 * slack + 1, 2 * slack + 1), np.uint8)) > 0
    near &= cv2.erode(band, np.ones((2 * slack + 1, 2 * slack + 1), np.uint8)) == 0
    for y in range(10, 640, 45):
        x = int(480 - 0.3 * y)
        for step in (-2 * slack - 2, 2 * slack + 2):
            box, mask = region(tiles, x + step, y)
            sides = right[box.slices][mask & ~near[box.slices]]
            assert (sides == (step > 0)).all()


def test_they_run_across_the_line_between_two_tiles(street: U8) -> None:
    size = 20
    tiles = superpixels(street, size)
    line = tiles.tile_at(0, 0).x1
    box = Box(line - 3 * size, 100, line + 3 * size, 300)
    owners = partition(tiles, box, street.shape)
    together = (owners[:, :-1] == owners[:, 1:]).mean(axis=0)  # of the pixels left and right of each column line
    at_line = together[line - box.x0 - 1]
    assert at_line > 0.85 * np.median(together)


def test_the_order_of_computing_does_not_matter(street: U8) -> None:
    photo = street[:420, :500]
    first, second = superpixels(photo, 25), superpixels(photo, 25)
    boxes = [first.tile_at(x, y) for y in (0, 419) for x in (0, 499)]
    assert len(set(boxes)) == 4
    for box in boxes:
        first.add(box, first.compute(box))
    spots = [(x, y) for x in (3, 370, 374, 376, 400) for y in (5, 372, 376, 410)]
    for x, y in reversed(spots):
        expected = first.region(x, y)
        assert expected is not None
        box, mask = region(second, x, y)
        assert box == expected[0]
        np.testing.assert_array_equal(mask, expected[1])


def test_a_fork_knows_what_was_known_and_keeps_to_itself_what_it_learns(street: U8) -> None:
    tiles = superpixels(street, 30)
    here = region(tiles, 10, 10)
    fork = tiles.fork()
    assert fork.missing(10, 10) is None
    there = region(fork, street.shape[1] - 10, 10)
    assert tiles.missing(street.shape[1] - 10, 10) is not None
    for (box, mask), (again, mask_again) in (
        (here, region(fork, 10, 10)),
        (there, region(tiles, street.shape[1] - 10, 10)),
    ):
        assert box == again
        assert np.array_equal(mask, mask_again)


def test_compactness_is_between_edges_and_squares(street: U8) -> None:
    loose, tight = (superpixels(street, 24, compactness=compactness) for compactness in (2, 40))
    spots = [(x, y) for x in range(120, 260, 30) for y in range(120, 260, 30)]

    def filled(tiles: SuperpixelTiles) -> float:
        """The share of its box that a superpixel fills."""
        return float(np.mean([region(tiles, x, y)[1].mean() for x, y in spots]))

    assert filled(tight) > filled(loose) + 0.1


def test_what_was_not_looked_at_for_longest_is_forgotten() -> None:
    photo = np.full((60, 1600, 3), 90, np.uint8)
    tiles = superpixels(photo, 32, most_bytes=3 * 60 * 384 * 4)
    spots = (100, 500, 900, 1300)
    for x in spots[:3]:
        region(tiles, x, 30)
    assert tiles.region(spots[0], 30) is not None  # looked at again
    region(tiles, spots[3], 30)
    assert [tiles.region(x, 30) is None for x in spots] == [False, True, False, False]
    assert 0 < tiles.nbytes <= 3 * 60 * 384 * 4


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (40, 7)])
@pytest.mark.parametrize("size", [8, 400])
def test_small_pictures_have_superpixels_too(shape: tuple[int, int], size: int) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    owners = partition(superpixels(photo, size), Box.of_shape(shape), shape)
    assert (owners > 0).all()


def test_what_makes_no_sense_is_refused(street: U8) -> None:
    tiles = superpixels(street, 16)
    height, width = street.shape[:2]
    for x, y in ((-1, 0), (0, -1), (width, 0), (0, height)):
        for ask in (tiles.tile_at, tiles.missing, tiles.region):
            with pytest.raises(IndexError):
                ask(x, y)
    with pytest.raises(ValueError, match="labels of tile"):
        tiles.add(tiles.tile_at(0, 0), np.zeros((3, 3), np.int32))
    for size in (7, 401):
        with pytest.raises(ValueError, match="8 to 400"):
            superpixels(street, size)


def test_nobody_waits_for_the_library_before_a_tile_is_computed() -> None:
    code = "import sys, app.core.superpixels as tiles; print('skimage' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert result.stdout.strip() == "False"
