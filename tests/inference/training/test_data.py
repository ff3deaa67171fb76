"""Labelled photos: read as they are, and augmented without photo and labels drifting apart."""

from __future__ import annotations

import tarfile
from pathlib import Path

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
