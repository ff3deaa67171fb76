"""Labelled photos: read as they are, and augmented without photo and labels drifting apart."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.training.data import (
    Augmentation,
    DataError,
    Sample,
    Samples,
    augment,
    batch,
    jitter,
    repeat_factors,
    sample_order,
)
from tests.inference.training.labelled_tars import two_tone, write_tar

NO_COLOUR = Augmentation(brightness=0, contrast=0, saturation=0, hue_degrees=0)


def test_a_tar_gives_back_photos_and_labels(tmp_path: Path) -> None:
    written = [two_tone("b"), two_tone("a", height=48)]
    samples = Samples([write_tar(tmp_path / "some.tar", written)])
    assert samples.names == ("a", "b")
    for sample, original in zip([samples[1], samples[0]], written, strict=True):
        np.testing.assert_array_equal(sample.photo, original.photo)
        np.testing.assert_array_equal(sample.labels, original.labels)


def test_a_file_that_is_no_tar_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.tar"
    path.write_bytes(b"not a tar at all")
    with pytest.raises(DataError, match=r"broken\.tar is not a readable tar"):
        Samples([path])


def test_photos_without_labels_are_not_training_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no photo"):
        Samples([write_tar(tmp_path / "empty.tar", [])])


def test_labels_of_another_size_are_refused(tmp_path: Path) -> None:
    sample = two_tone()
    wrong = Sample("wrong", sample.photo, sample.labels[1:])
    samples = Samples([write_tar(tmp_path / "wrong.tar", [wrong])])
    with pytest.raises(DataError, match="wrong is damaged or its labels have another size"):
        samples[0]


@pytest.mark.parametrize(
    "labels", [np.full((64, 80), 3, np.uint16), np.full((64, 80), 151, np.uint8), np.full((64, 80), 260, np.uint16)]
)
def test_labels_that_are_no_classes_are_refused(tmp_path: Path, labels: np.ndarray) -> None:
    samples = Samples([write_tar(tmp_path / "wide.tar", [Sample("wide", two_tone().photo, labels)])])
    with pytest.raises(DataError, match=r"labels wide\.png hold something other than 8 bits with values up to 150"):
        samples[0]


def test_an_empty_picture_is_damaged(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "empty.tar", "w") as tar:
        for name in ("a.webp", "a.png"):
            tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(DataError, match="a is damaged"):
        Samples([tmp_path / "empty.tar"])[0]


def test_the_same_name_in_two_tars_is_refused(tmp_path: Path) -> None:
    """One would silently hide the other, or lend it its labels."""
    first = write_tar(tmp_path / "first.tar", [two_tone("a"), two_tone("b")])
    second = write_tar(tmp_path / "second.tar", [two_tone("b"), two_tone("c")])
    with pytest.raises(DataError, match=r"second\.tar has a file b\.png, as another of the tars has"):
        Samples([first, second])


@given(seed=st.integers(0, 10_000), crop=st.sampled_from([24, 64, 96]))
def test_augmentation_keeps_photo_and_labels_aligned(seed: int, crop: int) -> None:
    """The colour says the label, so after any crop, scale and mirroring it must still say the same."""
    sample = two_tone()
    photo, labels, weights = augment(sample, crop=crop, random=np.random.default_rng(seed), settings=NO_COLOUR)
    assert photo.shape == (crop, crop, 3)
    assert labels.shape == weights.shape == (crop, crop)
    np.testing.assert_array_equal(weights, np.where(labels > 0, 255, 0))
    bluish = photo[..., 2].astype(int) > photo[..., 0]
    known = labels > 0
    agree = np.where(bluish, 3, 4)[known] == labels[known]
    # Bilinear photo and nearest labels may differ by half a pixel along the horizon, nowhere else.
    assert (~agree).sum() <= 3 * crop
    assert agree.mean() > 0.9


@given(seed=st.integers(0, 10_000))
def test_beyond_the_photo_nothing_is_known(seed: int) -> None:
    smaller = Augmentation(smallest_scale=0.5, largest_scale=0.5, brightness=0, contrast=0, saturation=0, hue_degrees=0)
    photo, labels, weights = augment(two_tone(), crop=64, random=np.random.default_rng(seed), settings=smaller)
    assert (labels[:8] == 0).all()
    assert (weights[:8] == 0).all()
    assert (photo[:8] == 127).all()
    assert (labels[20:40, 20:40] > 0).all()


def test_a_view_is_the_photo_enlarged_to_the_crop_by_its_short_side() -> None:
    """Twice as large, its rows lie where they lie when the photo is resized, to half a pixel."""
    rows = np.broadcast_to((np.arange(32, dtype=np.uint8) * 7)[:, None, None], (32, 48, 3))
    sample = Sample("rows", np.ascontiguousarray(rows), np.ascontiguousarray(rows[..., 0] // 7))
    as_large = Augmentation(smallest_scale=1, largest_scale=1, brightness=0, contrast=0, saturation=0, hue_degrees=0)
    photo, labels, _ = augment(sample, crop=64, random=np.random.default_rng(3), settings=as_large)
    wanted = cv2.resize(sample.photo, (96, 64), interpolation=cv2.INTER_LINEAR)[1:-1, :64]
    assert np.abs(photo[1:-1].astype(int) - wanted).max() <= 1
    np.testing.assert_array_equal(labels, np.repeat(np.arange(32), 2)[:, None].repeat(64, axis=1))


def test_views_begin_anywhere_and_look_both_ways() -> None:
    columns = np.broadcast_to(np.arange(64, dtype=np.uint8)[None, :], (16, 64))
    sample = Sample("columns", np.dstack([columns * 3] * 3), np.ascontiguousarray(columns))
    same = Augmentation(smallest_scale=1, largest_scale=1, brightness=0, contrast=0, saturation=0, hue_degrees=0)
    views = [augment(sample, crop=16, random=np.random.default_rng(seed), settings=same)[1] for seed in range(40)]
    firsts = [int(labels[0].min()) for labels in views]
    assert min(firsts) < 8
    assert max(firsts) > 40
    assert {bool(labels[0, 0] < labels[0, -1]) for labels in views} == {False, True}


def test_fine_texture_is_smoothed_before_a_photo_shrinks_a_lot() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    quarter = Augmentation(
        smallest_scale=0.25, largest_scale=0.25, brightness=0, contrast=0, saturation=0, hue_degrees=0
    )
    sample = Sample("noise", noise, np.full((128, 128), 1, np.uint8))
    photo, labels, _ = augment(sample, crop=128, random=np.random.default_rng(0), settings=quarter)
    assert photo[labels > 0].std() < 0.3 * noise.std()


def test_a_sample_counts_where_it_has_labels() -> None:
    labels = np.array([[0, 3], [7, 0]], np.uint8)
    photo = np.zeros((2, 2, 3), np.uint8)
    assert Sample("a", photo, labels).pixel_weights().tolist() == [[0, 255], [255, 0]]
    weighted = Sample("a", photo, labels, np.array([[9, 100], [0, 0]], np.uint8))
    assert weighted.pixel_weights().tolist() == [[0, 100], [0, 0]]  # no label counts nothing, whatever is claimed
    assert weighted.pixel_weights().dtype == np.uint8


@given(seed=st.integers(0, 10_000), crop=st.sampled_from([24, 64, 96]))
def test_augmentation_takes_the_weights_along(seed: int, crop: int) -> None:
    """Weights that the label determines must still be determined by it, pixel by pixel, at any scale."""
    plain = two_tone()
    weights = np.where(plain.labels == 3, 60, 200).astype(np.uint8)
    views = [
        augment(sample, crop=crop, random=np.random.default_rng(seed), settings=Augmentation(smallest_scale=0.7))
        for sample in (Sample("a", plain.photo, plain.labels, weights), plain)
    ]
    (photo, labels, taken), (same_photo, same_labels, _) = views
    np.testing.assert_array_equal(taken, np.array([0, 0, 0, 60, 200], np.uint8)[labels])
    np.testing.assert_array_equal(photo, same_photo)
    np.testing.assert_array_equal(labels, same_labels)


def test_no_jitter_leaves_the_photo_alone() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    np.testing.assert_array_equal(jitter(photo, random=np.random.default_rng(0), settings=NO_COLOUR), photo)


class Most:
    """Chance that always takes the largest number."""

    def uniform(self, _: float, high: float) -> float:
        return high


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"brightness": 0.5}, [[60, 90, 120], [30, 60, 0]]),
        ({"contrast": 0.5}, [[40, 70, 100], [10, 40, -20]]),  # away from the mean of all, which is 40
        ({"brightness": 0.5, "contrast": 0.5}, [[60, 105, 150], [15, 60, -30]]),
        ({"saturation": 1.0}, [[24, 64, 104], [11, 51, -29]]),  # away from the grey values 56.3 and 29.5
        ({"hue_degrees": 120.0}, [[80, 40, 60], [0, 20, 40]]),  # once around: red becomes green, green becomes blue
    ],
)
def test_light_and_colour_by_hand(change: dict[str, float], wanted: list[list[int]]) -> None:
    photo = np.uint8([[[40, 60, 80], [20, 40, 0]]])
    settings = replace(NO_COLOUR, **change)
    changed = jitter(photo, random=Most(), settings=settings)[0]  # type: ignore[arg-type]
    assert np.abs(changed.astype(int) - np.clip(wanted, 0, 255)).max() <= 1


@given(seed=st.integers(0, 10_000))
def test_saturation_and_hue_leave_grey_alone(seed: int) -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    only_colour = Augmentation(brightness=0, contrast=0)
    changed = jitter(grey, random=np.random.default_rng(seed), settings=only_colour)
    assert np.abs(changed.astype(int) - 100).max() <= 1


def test_every_photo_is_seen_once_an_epoch() -> None:
    first, second = (sample_order(np.ones(6), seed=1, epoch=epoch) for epoch in range(2))
    assert sorted(first) == sorted(second) == list(range(6))
    assert list(first) != list(second)
    assert list(first) != sorted(first)
    assert list(first) != list(sample_order(np.ones(6), seed=2, epoch=0))


@given(repeats=st.lists(st.floats(1, 4), min_size=1, max_size=30), seed=st.integers(0, 1000))
def test_a_photo_is_drawn_as_often_as_it_should_be(repeats: list[float], seed: int) -> None:
    wanted = np.array(repeats)
    passes = [sample_order(wanted, seed=seed, epoch=epoch) for epoch in range(5)]
    assert {len(order) for order in passes} == {round(wanted.sum())}
    scale = round(wanted.sum()) / wanted.sum()
    for order in passes:
        assert (np.abs(np.bincount(order, minlength=len(wanted)) - wanted * scale) < 1 + 1e-6).all()


def test_rare_classes_draw_their_photos_more_often() -> None:
    """Of ten photos one has class 7, that is a tenth; rare is what is in less than four tenths: √(0.4 / 0.1) = 2."""
    common = [sample_of(np.full((10, 10), 1, np.uint8)) for _ in range(9)]
    rare = sample_of(np.full((10, 10), 7, np.uint8))
    np.testing.assert_allclose(repeat_factors([*common, rare], rare=0.4), [1.0] * 9 + [2.0])
    np.testing.assert_allclose(repeat_factors([*common, rare], rare=0.4, most=1.5), [1.0] * 9 + [1.5])
    assert (repeat_factors([*common, sample_of(np.zeros((10, 10), np.uint8))], rare=0.4) == 1).all()
    speck = np.full((100, 100), 1, np.uint8)
    speck[0, :20] = 7  # 0.2 %, and not more
    assert (repeat_factors([*common, sample_of(speck)], rare=0.4) == 1).all()


def test_classes_that_do_not_count_draw_no_photo_more_often() -> None:
    common = [sample_of(np.full((10, 10), 1, np.uint8)) for _ in range(9)]
    labels = np.full((10, 10), 7, np.uint8)
    untrusted = Sample("a", np.zeros((10, 10, 3), np.uint8), labels, np.zeros((10, 10), np.uint8))
    assert (repeat_factors([*common, untrusted], rare=0.4) == 1).all()


def sample_of(labels: np.ndarray) -> Sample:
    return Sample("a", np.zeros((*labels.shape, 3), np.uint8), labels)


def test_a_batch_is_a_function_of_the_step() -> None:
    samples = [two_tone(str(index)) for index in range(3)]

    def at(step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return batch(samples, repeats=np.ones(3), step=step, size=4, crop=32, seed=0, settings=Augmentation())

    photos, labels, weights = at(5)
    assert photos.shape == (4, 32, 32, 3)
    assert labels.shape == weights.shape == (4, 32, 32)
    assert photos.dtype == labels.dtype == weights.dtype == np.uint8
    np.testing.assert_array_equal(weights, np.where(labels > 0, 255, 0))
    np.testing.assert_array_equal(photos, at(5)[0])
    assert (photos != at(6)[0]).any()


def test_batches_follow_the_order_of_the_passes() -> None:
    """Picture k is all of label k + 1. Its passes are five pictures long, batches four: the second spans two."""
    samples = [sample_of(np.full((16, 16), index + 1, np.uint8)) for index in range(4)]
    repeats = np.array([1.0, 1.0, 1.0, 2.0])
    wanted = [int(index) + 1 for epoch in range(3) for index in sample_order(repeats, seed=5, epoch=epoch)]
    small = replace(NO_COLOUR, smallest_scale=1, largest_scale=1)
    seen = []
    for step in range(3):
        _, labels, _ = batch(samples, repeats=repeats, step=step, size=4, crop=16, seed=5, settings=small)
        seen += [int(view.max()) for view in labels]
    assert wanted[:5] != wanted[5:10]
    assert seen == wanted[:12]


def test_another_seed_shows_other_views() -> None:
    first, second = (
        batch([two_tone()], repeats=np.ones(1), step=0, size=2, crop=32, seed=seed, settings=Augmentation())[0]
        for seed in (0, 1)
    )
    assert (first != second).any()
