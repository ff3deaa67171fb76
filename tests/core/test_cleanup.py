"""Clean-up against plain methods on whole small pictures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from app.core import cleanup, cleanup_nearest, cleanup_regions, cleanup_sites
from app.core.cleanup import fill_gaps, fill_holes, remove_specks, smooth
from app.core.geometry import Box
from app.core.parts import Part
from app.core.regions import Connectivity
from app.core.spans import Spans
from tests.core.helpers import spans_of

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Pick = tuple[Box, Mask] | None

STRUCTURES = {Connectivity.EDGES: ndimage.generate_binary_structure(2, 1), Connectivity.CORNERS: np.ones((3, 3))}


class Picture:
    """Labels that are read through boxes, and written while they are."""

    def __init__(self, values: U8) -> None:
        self.values = values.copy()

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.values.shape
        return height, width

    def labels(self, box: Box, /) -> U8:
        assert box == box.clip(self.shape)
        return self.values[box.slices].copy()

    def paint(self, parts: Iterable[Part]) -> U8:
        for part in parts:
            before = self.values[part.box.slices]
            assert part.mask.any()
            assert (part.labels[part.mask] != before[part.mask]).all()
            before[part.mask] = part.labels[part.mask]
        return self.values


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every small picture has several tiles and strips."""
    monkeypatch.setattr(cleanup_nearest, "_REACH", 3)
    monkeypatch.setattr(cleanup_nearest, "_SIDE", 4)
    monkeypatch.setattr(cleanup_nearest, "_MARGIN", 4)
    monkeypatch.setattr(cleanup_sites, "BLOCK", 2)
    monkeypatch.setattr(cleanup_sites, "GROUP", 2)
    monkeypatch.setattr(cleanup_sites, "_ROWS", 6)
    monkeypatch.setattr(cleanup_regions, "_TILE", 8)
    monkeypatch.setattr(cleanup_regions, "_WIDEST_MARGIN", 2)
    monkeypatch.setattr(cleanup, "_TILE", 8)


@st.composite
def pictures(draw: st.DrawFn) -> U8:
    """Blocky, noisy, or both, of a few labels, some of them unlabelled."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width, block = draw(st.integers(1, 27)), draw(st.integers(1, 27)), draw(st.integers(1, 9))
    labels = random.choice(np.array([0, 0, 1, 2, 150], np.uint8), (height // block + 1, width // block + 1))
    values = np.kron(labels, np.ones((block, block), np.uint8))[:height, :width]
    noise = random.random(values.shape) < draw(st.sampled_from([0, 0.03, 0.2]))
    return np.where(noise, random.choice(np.array([0, 1, 3], np.uint8), values.shape), values).astype(np.uint8)


@st.composite
def areas(draw: st.DrawFn) -> Pick:
    if draw(st.booleans()):
        return None
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    box = Box.at(
        draw(st.integers(-3, 20)),
        draw(st.integers(-3, 20)),
        width=draw(st.integers(0, 20)),
        height=draw(st.integers(0, 20)),
    )
    return box, random.random(box.shape) < draw(st.sampled_from([0.9, 1]))


def spans(area: Pick) -> Spans | None:
    return None if area is None else spans_of(area[1], corner=area[0][:2])


def inside(area: Pick, shape: tuple[int, int]) -> Mask:
    whole = np.ones(shape, bool)
    if area is not None:
        box, mask = area
        whole[:] = False
        for y, x in zip(*np.nonzero(mask), strict=True):
            if box.contains(x + box.x0, y + box.y0) and Box.of_shape(shape).contains(x + box.x0, y + box.y0):
                whole[y + box.y0, x + box.x0] = True
    return whole


def plain_nearest(values: U8, is_open: Mask, wanted: Mask) -> U8:
    closed = np.argwhere(~is_open)
    result = values.copy()
    for y, x in np.argwhere(is_open & wanted) if len(closed) else ():
        squares = ((closed - (y, x)) ** 2).sum(axis=1)
        candidates = values[tuple(closed[squares == squares.min()].T)]
        result[y, x] = min(candidates, key=lambda label: (label == 0, label))
    return result


def plain_small(same: Mask, largest: int, connectivity: Connectivity, allowed: Mask) -> Mask:
    regions, amount = ndimage.label(same, STRUCTURES[connectivity])
    found = np.zeros(same.shape, bool)
    for region in range(1, amount + 1):
        mask = regions == region
        if mask.sum() <= largest and allowed[mask].all():
            found |= mask
    return found


@given(pictures(), areas())
def test_gaps_take_the_nearest_label(values: U8, area: Pick) -> None:
    expected = plain_nearest(values, values == 0, inside(area, values.shape))
    picture = Picture(values)
    assert np.array_equal(picture.paint(fill_gaps(picture, area=spans(area))), expected)


@pytest.mark.parametrize("seed", range(4))
def test_wide_gaps_are_exact(seed: int) -> None:
    """Runs of hundreds of pixels with few labels around: the distances are those of an exact transform."""
    random = np.random.default_rng(seed)
    values = np.zeros((150, 310), np.uint8)
    values[random.integers(0, 150, 12), random.integers(0, 310, 12)] = random.integers(1, 151, 12)
    sites = ndimage.distance_transform_edt(values == 0, return_distances=False, return_indices=True)
    filled = Picture(values).paint(fill_gaps(Picture(values)))
    own = np.argwhere(values)
    grid = np.argwhere(np.ones(values.shape))
    expected = ((grid - sites.reshape(2, -1).T) ** 2).sum(axis=1)
    got = np.full(len(grid), 10**9)
    for site in own:
        same = filled.reshape(-1) == values[tuple(site)]
        got[same] = np.minimum(got[same], ((grid[same] - site) ** 2).sum(axis=1))
    assert np.array_equal(got, expected)


def by_distances(values: U8) -> U8:
    """What every unlabelled pixel takes, by the exact distance to each class in turn."""
    nearest, filled = np.full(values.shape, 1 << 40), values.copy()
    for label in np.unique(values[values != 0]):
        sites = ndimage.distance_transform_edt(values != label, return_distances=False, return_indices=True)
        squares = ((sites - np.indices(values.shape)) ** 2).sum(axis=0)
        closer = squares < nearest
        nearest[closer], filled[closer] = squares[closer], label
    return filled


@pytest.mark.parametrize("labels", ["dots", "edges", "blocks"])
@pytest.mark.parametrize("seed", range(2))
def test_large_gaps_are_filled_by_blocks_and_still_exact(
    labels: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # blocks, strips and margins as they really are
    random = np.random.default_rng(seed)
    values = np.zeros((509, 723), np.uint8)
    if labels == "dots":
        values[random.integers(0, 509, 40), random.integers(0, 723, 40)] = random.integers(1, 151, 40)
    elif labels == "edges":  # many classes seen from far away: what is nearest changes slowly
        values[:, :2], values[-1] = random.integers(1, 151, (509, 1)), np.repeat(random.integers(1, 9, 241), 3)
    else:
        values[:] = np.kron(random.choice(np.array([0, 0, 0, 0, 3, 7], np.uint8), (8, 12)), np.ones((64, 61)))[
            :509, :723
        ]
    expected = by_distances(values)
    picture = Picture(values)
    assert np.array_equal(picture.paint(fill_gaps(picture)), expected)
    area = np.zeros(values.shape, bool)
    area[100:309, 333:540] = True
    picture = Picture(values)
    part = picture.paint(fill_gaps(picture, area=spans_of(area)))
    assert np.array_equal(part, np.where(area, expected, values)), "also from outside the area, as far as it takes"


def test_a_picture_without_labels_stays() -> None:
    assert list(fill_gaps(Picture(np.zeros((20, 30), np.uint8)))) == []


@given(
    pictures(),
    areas(),
    st.integers(0, 40),
    st.sampled_from(Connectivity),
    st.none() | st.sets(st.sampled_from([0, 1, 2, 3, 150])),
)
def test_specks_take_what_lies_around(
    values: U8, area: Pick, size: int, connectivity: Connectivity, classes: set[int] | None
) -> None:
    allowed = inside(area, values.shape)
    specks = np.zeros(values.shape, bool)
    for label in {1, 2, 3, 150} if classes is None else classes:
        specks |= plain_small(values == label, size - 1, connectivity, allowed)
    expected = plain_nearest(values, specks, specks)
    picture = Picture(values)
    parts = remove_specks(picture, size=size, classes=classes, connectivity=connectivity, area=spans(area))
    assert np.array_equal(picture.paint(parts), expected)


@given(pictures(), areas(), st.integers(1, 30), st.dictionaries(st.sampled_from([0, 1, 2, 3, 150]), st.integers(1, 60)))
def test_a_class_may_have_its_own_size(values: U8, area: Pick, size: int, sizes: dict[int, int]) -> None:
    allowed = inside(area, values.shape)
    specks = np.zeros(values.shape, bool)
    for label in (1, 2, 3, 150):  # unlabelled has none, whatever its size is said to be
        specks |= plain_small(values == label, sizes.get(label, size) - 1, Connectivity.CORNERS, allowed)
    picture = Picture(values)
    parts = remove_specks(picture, size=size, sizes=sizes, area=spans(area))
    assert np.array_equal(picture.paint(parts), plain_nearest(values, specks, specks))


@given(pictures(), areas(), st.integers(0, 60), st.sampled_from([0, 1, 2]))
def test_holes_take_the_class_around(values: U8, area: Pick, size: int, class_id: int) -> None:
    allowed = inside(area, values.shape)
    allowed[[0, -1]] = False
    allowed[:, [0, -1]] = False
    holes = plain_small(values != class_id, size, Connectivity.EDGES, allowed)
    picture = Picture(values)
    parts = fill_holes(picture, class_id=class_id, size=size, area=spans(area))
    assert np.array_equal(picture.paint(parts), np.where(holes, class_id, values))


@given(pictures(), areas(), st.integers(1, 7))
def test_smoothing_is_a_majority_vote(values: U8, area: Pick, radius: int) -> None:
    reach = np.arange(-radius, radius + 1)
    disc = reach[:, None] ** 2 + reach**2 <= radius**2
    labels = np.array(sorted(np.unique(values), key=lambda label: (label == 0, label)))  # no others get a vote
    own = labels[:, None, None] == values
    votes = np.array([ndimage.convolve(mask.astype(int), disc.astype(int), mode="constant") for mask in own])
    most = votes.max(axis=0)
    first = labels[np.argmax(votes == most, axis=0)]
    winner = np.where((votes * own).sum(axis=0) == most, values, first)
    expected = np.where(inside(area, values.shape), winner, values)
    picture = Picture(values)
    assert np.array_equal(picture.paint(smooth(picture, radius=radius, area=spans(area))), expected)


def test_what_does_not_make_sense_is_refused() -> None:
    picture = Picture(np.ones((5, 5), np.uint8))
    for radius in (0, 101):
        with pytest.raises(ValueError, match="radius"):
            list(smooth(picture, radius=radius))
    with pytest.raises(ValueError, match="151"):
        list(remove_specks(picture, size=3, classes=[151]))
    with pytest.raises(ValueError, match="151"):
        list(fill_holes(picture, class_id=151, size=3))


def test_work_can_be_stopped() -> None:
    class Stop(Exception):
        pass

    steps = 0

    def check() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise Stop

    picture = Picture(np.random.default_rng(0).integers(0, 4, (40, 40), dtype=np.uint8))
    for parts in (
        fill_gaps(picture, check=check),
        remove_specks(picture, size=9, check=check),
        fill_holes(picture, class_id=1, size=9, check=check),
        smooth(picture, radius=2, check=check),
    ):
        steps = 0
        with pytest.raises(Stop):
            list(parts)
