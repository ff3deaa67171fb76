"""Edge refine on drawn pictures, where the truth is known, and on a photo, where the skyline tells it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core import refine
from app.core.geometry import Box
from app.core.parts import Part
from app.core.refine import RefineError, refine_edges
from app.core.spans import Spans
from inference.photo import read_photo
from tests.core.helpers import spans_of
from tests.core.test_cleanup import Picture

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]
WALL, ROAD, TREE = 1, 7, 5


def everywhere(labels: U8) -> Spans:
    return spans_of(np.ones(labels.shape, bool))


def refined(labels: U8, parts: Iterable[Part]) -> U8:
    return Picture(labels).paint(list(parts))


def disc(center: tuple[int, int], radius: int, shape: tuple[int, int] = (240, 320)) -> Mask:
    ys, xs = np.indices(shape)
    return (xs - center[0]) ** 2 + (ys - center[1]) ** 2 <= radius**2


def picture_of(truth: U8, *, seed: int = 0) -> U8:
    """A noisy photo in which every class has its own colour."""
    colours = np.zeros((256, 3))
    colours[[0, WALL, ROAD, TREE]] = (60, 60, 60), (200, 120, 60), (70, 100, 160), (40, 150, 50)
    noise = np.random.default_rng(seed).normal(0, 12, (*truth.shape, 3))
    return np.clip(colours[truth] + noise, 0, 255).astype(np.uint8)


def off_by(labels: U8, truth: U8) -> float:
    """How far the farthest wrong pixel lies from the true boundary."""
    edge = cv2.morphologyEx(truth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    away = np.asarray(cv2.distanceTransform((~edge).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    return float(away[labels != truth].max(initial=0))


@pytest.mark.parametrize("drawn", [68, 92])
@pytest.mark.parametrize("most_pixels", [refine.MOST_PIXELS, 20_000])
def test_a_boundary_drawn_too_narrow_or_too_wide_finds_the_edge(
    drawn: int, most_pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the full size, and decided on a reduced photo."""
    monkeypatch.setattr(refine, "MOST_PIXELS", most_pixels)
    truth = np.where(disc((160, 120), 80), WALL, ROAD).astype(np.uint8)
    rough = np.where(disc((160, 120), drawn), WALL, ROAD).astype(np.uint8)
    assert off_by(rough, truth) >= 10
    labels = refined(rough, refine_edges(picture_of(truth), Picture(rough), everywhere(rough), band=20))
    assert off_by(labels, truth) <= 1.5
    assert (labels != truth).mean() < 0.003


def test_unlabelled_is_a_side_where_there_is_only_one_class() -> None:
    truth = np.where(disc((160, 120), 80), WALL, 0).astype(np.uint8)
    rough = np.where(disc((163, 118), 74), WALL, 0).astype(np.uint8)
    labels = refined(rough, refine_edges(picture_of(truth), Picture(rough), everywhere(rough), band=16))
    assert off_by(labels, truth) <= 1


def test_only_the_two_classes_in_the_area_and_near_their_boundary_change() -> None:
    truth = np.where(disc((160, 120), 80), WALL, ROAD).astype(np.uint8)
    truth[:, 150:170] = TREE
    rough = np.where(disc((160, 120), 70), WALL, ROAD).astype(np.uint8)
    rough[:, 150:170] = TREE
    box = Box(-20, 60, 300, 200)
    mask = np.random.default_rng(0).random(box.shape) < 0.8
    area = spans_of(mask, corner=(box.x0, box.y0))
    parts = list(refine_edges(picture_of(truth), Picture(rough), area, band=14))
    changed = np.zeros(rough.shape, bool)
    for part in parts:
        assert part.box == part.box.clip(rough.shape)
        changed[part.box.slices] |= part.mask
    allowed = np.zeros(rough.shape, bool)
    allowed[60:200, :300] = mask[:, 20:]
    boundary = disc((160, 120), 70 + 15) & ~disc((160, 120), 70 - 15)
    assert not changed[rough == TREE].any()
    assert not changed[~allowed].any()
    assert not changed[~boundary].any()
    ring = allowed & disc((160, 120), 78) & ~disc((160, 120), 72) & (rough != TREE)
    assert refined(rough, parts)[ring].tolist() == truth[ring].tolist()


def test_the_same_input_gives_the_same_answer() -> None:
    truth = np.where(disc((160, 120), 80), WALL, ROAD).astype(np.uint8)
    rough = np.where(disc((155, 124), 76), WALL, ROAD).astype(np.uint8)
    photo = picture_of(truth, seed=3)
    first, second = (refined(rough, refine_edges(photo, Picture(rough), everywhere(rough), band=12)) for _ in range(2))
    assert (first != rough).any()
    assert np.array_equal(first, second)


@given(
    seed=st.integers(0, 2**32 - 1),
    band=st.integers(1, 40),
    most_pixels=st.sampled_from([2_000, 8_000, refine.MOST_PIXELS]),
    tile=st.sampled_from([16, 50, 512]),
)
@settings(max_examples=25)
def test_a_pixel_moves_when_the_photo_says_so_and_the_other_class_is_near(
    seed: int, band: int, most_pixels: int, tile: int
) -> None:
    """Tiles, and how far they look, make no difference; a plain search tells which classes are near enough."""
    rng = np.random.default_rng(seed)
    shape = (90, 110)
    truth = np.where(disc((55, 45), 30, shape), WALL, ROAD).astype(np.uint8)
    rough = np.where(disc(tuple(rng.integers(40, 65, 2)), int(rng.integers(15, 40)), shape), WALL, ROAD).astype(
        np.uint8
    )
    rough[rng.random(shape) < 0.02] = TREE
    photo, area = picture_of(truth, seed=seed % 1000), spans_of(rng.random(shape) < 0.9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refine, "MOST_PIXELS", most_pixels)
        everything = refined(rough, refine_edges(photo, Picture(rough), area, band=band))
        patch.setattr(refine, "_FIRST_REACH", int(rng.integers(1, 60)))
        found = refined(rough, refine_edges(photo, Picture(rough), area, band=band))
    away = {side: np.asarray(refine._distance_to(rough == side)) for side in (WALL, ROAD)}
    moved = found != rough
    assert np.array_equal(found, everything)
    assert (away[WALL][moved & (rough == ROAD)] <= band).all()
    assert (away[ROAD][moved & (rough == WALL)] <= band).all()
    assert not moved[rough == TREE].any()


def test_a_boundary_that_is_right_stays() -> None:
    truth = np.full((80, 120), ROAD, np.uint8)
    truth[:, 60:] = WALL
    colours = np.zeros((256, 3), np.uint8)
    colours[[ROAD, WALL]] = (200, 40, 40), (40, 40, 200)
    assert not list(refine_edges(colours[truth], Picture(truth), everywhere(truth), band=10))


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (np.zeros((50, 60), np.uint8), "Fewer than two"),
        (np.full((50, 60), WALL, np.uint8), "Fewer than two"),
        (np.repeat(np.array([WALL, TREE, 9, ROAD], np.uint8), (20, 15, 10, 20))[None].repeat(50, 0), "do not meet"),
        (np.repeat(np.array([WALL, ROAD], np.uint8), (2, 4))[None].repeat(3, 0), "too little"),
    ],
)
def test_nothing_to_refine_is_said(labels: U8, says: str) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*labels.shape, 3), dtype=np.uint8)
    with pytest.raises(RefineError, match=f"(?i){says}"):
        next(refine_edges(photo, Picture(labels), everywhere(labels), band=5))


def test_what_does_not_fit_is_refused() -> None:
    labels = np.full((50, 60), WALL, np.uint8)
    for shape, band in (((50, 61, 3), 5), ((50, 60, 3), 0)):
        with pytest.raises(ValueError, match="band"):
            next(refine_edges(np.zeros(shape, np.uint8), Picture(labels), everywhere(labels), band=band))


def test_work_can_be_stopped() -> None:
    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    labels = np.where(disc((160, 120), 80), WALL, ROAD).astype(np.uint8)
    with pytest.raises(Stop):
        next(refine_edges(picture_of(labels), Picture(labels), everywhere(labels), band=5, check=check))


@pytest.mark.parametrize("shift", [-6, 6])
@pytest.mark.parametrize("most_pixels", [refine.MOST_PIXELS, 15_000])
def test_the_roof_of_a_castle_meets_the_sky(
    shift: int, most_pixels: int, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against a white sky the roof begins, in each column, where the photo darkens first."""
    monkeypatch.setattr(refine, "MOST_PIXELS", most_pixels)
    photo = np.ascontiguousarray(read_photo(samples / "castle.jpg")[180:320, 320:540])
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    skyline = np.argmax(grey < 205, axis=0)
    rows = np.arange(len(grey))[:, None]
    rough = np.where(rows < skyline + shift, 3, 2).astype(np.uint8)
    labels = refined(rough, refine_edges(photo, Picture(rough), everywhere(rough), band=12))
    assert (np.diff(labels.astype(int), axis=0) <= 0).all(), "the sky is above the roof in every column"
    found = np.count_nonzero(labels == 3, axis=0)
    assert np.abs(found - skyline).mean() < 0.8
    assert np.percentile(np.abs(found - skyline), 95) <= 2
