"""Features that were kept are those the network would find, each with the labels of its own view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.network.bisenetformer import BiSeNetFormer
from inference.preprocess import prepare
from inference.training.data import Sample
from inference.training.features import VIEWS, Features, FoundView, View, is_whole, seen
from tests.inference.training.labelled_tars import two_tone
from tests.inference.training.test_trainer import SMALL

SKY = np.uint8([90, 160, 250])


@pytest.fixture(scope="module")
def network() -> BiSeNetFormer:
    torch.manual_seed(0)
    return BiSeNetFormer(SMALL).eval()


def weighted() -> Sample:
    sample = two_tone("a", height=96, width=128)
    weights = np.full_like(sample.labels, 255)
    weights[:, :64] = 64
    return Sample(sample.name, sample.photo, sample.labels, weights)


def test_labels_and_weights_follow_the_photo_in_every_view() -> None:
    sizes = []
    for view in VIEWS:
        photo, labels, weights = seen(weighted(), view, input_size=64)
        assert photo.shape[:2] == labels.shape == weights.shape
        is_sky = np.abs(photo.astype(int) - SKY).sum(axis=2) < 60
        assert (is_sky == (labels == 3)).mean() > 0.97
        light = weights[:, : weights.shape[1] // 2] if not view.mirrored else weights[:, weights.shape[1] // 2 :]
        assert (light == 64).mean() > 0.95
        assert set(np.unique(weights)) == {64, 255}  # nothing in between
        sizes.append((view, min(labels.shape)))
    assert sizes == [(view, 64 if view.scale == 1 else 48) for view in VIEWS]
    assert len({view.mirrored for view in VIEWS}) == 2


def test_labels_are_never_mixed() -> None:
    sample = weighted()
    labels = np.where(np.indices(sample.labels.shape).sum(axis=0) % 3, 60, 100).astype(np.uint8)
    for view in VIEWS:
        _, found, _ = seen(Sample("a", sample.photo, labels), view, input_size=64)
        assert set(np.unique(found)) == {60, 100}


def test_views_at_the_photos_own_size() -> None:
    assert seen(weighted(), VIEWS[0], input_size=None)[0].shape == (96, 128, 3)
    assert seen(weighted(), View(0.75, False), input_size=None)[0].shape == (72, 96, 3)


def test_every_picture_has_features_of_its_own(network: BiSeNetFormer, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.safetensors" for number in range(2)]
    features = Features(network, [weighted(), two_tone("b", height=96, width=128)], files, input_size=64)
    found = [features.view(picture, 0) for picture in range(2)]
    for picture in range(2):
        features.keep(picture)
        assert equal(features.view(picture, 0), found[picture])
    assert not equal(*found)


def test_the_head_sees_what_the_whole_network_would(network: BiSeNetFormer, tmp_path: Path) -> None:
    features = kept(network, tmp_path)
    features.keep(0)
    found = features.view(0, VIEWS.index(View(1.0, False)))
    photo = torch.from_numpy(prepare(weighted().photo, input_size=64)).permute(2, 0, 1)[None].float()
    looked: list[tuple[torch.Tensor, ...]] = []
    hook = network.pixel_decoder.backbone.register_forward_hook(lambda _module, _given, levels: looked.append(levels))
    with torch.inference_mode():
        wanted = network.raw(photo).heads[-1]
        hook.remove()
        answer = network.head.predictor(network.pixel_decoder.fuse(*found.levels))[-1]
    torch.testing.assert_close(answer.mask_logits, wanted.mask_logits, atol=2e-2, rtol=2e-2)
    torch.testing.assert_close(answer.class_logits, wanted.class_logits, atol=2e-2, rtol=2e-2)
    for level, whole in zip(found.levels, looked[0][1:], strict=True):
        torch.testing.assert_close(level, whole, atol=1e-3, rtol=2e-3)  # but for half precision
    assert found.truth.labels.shape == (1, *photo.shape[2:])
    assert found.truth.weights.unique().tolist() == pytest.approx([64 / 255, 1.0])


def kept(network: BiSeNetFormer, folder: Path, *, pictures: int = 1, most_bytes: int = 10**9) -> Features:
    files = [folder / f"{number}.safetensors" for number in range(pictures)]
    return Features(network, [weighted()] * pictures, files, input_size=64, most_bytes=most_bytes)


def test_features_are_kept_in_half_precision_and_whole_or_not_at_all(network: BiSeNetFormer, tmp_path: Path) -> None:
    features, path = kept(network, tmp_path), tmp_path / "0.safetensors"
    assert [number for number, _room in features.missing()] == [0]
    features.keep(0)
    assert [*features.missing()] == []
    _, *widths = network.pixel_decoder.backbone.widths
    numbers = sum(width * cells for width, cells in zip(widths, (8 * 11, 4 * 6, 2 * 3), strict=True))  # of a view
    assert path.stat().st_size < 2 * len(VIEWS) * (numbers * 2 + 2 * 64 * 88)
    path.write_bytes(path.read_bytes()[:-10])
    assert not is_whole(path)
    assert [number for number, _room in features.missing()] == [0]


def equal(first: FoundView, second: FoundView) -> bool:
    parts = ((*view.levels, view.truth.labels, view.truth.weights) for view in (first, second))
    return all(torch.equal(one, other) for one, other in zip(*parts, strict=True))


@pytest.mark.parametrize("number", range(len(VIEWS)))
def test_what_is_not_kept_is_found_as_it_would_be_kept(network: BiSeNetFormer, tmp_path: Path, number: int) -> None:
    features = kept(network, tmp_path)
    found = features.view(0, number)
    features.keep(0)
    assert equal(features.view(0, number), found)
    assert not found.levels[1].is_inference()  # it is learned from


@pytest.mark.parametrize("part", ["labels", "res4"])
def test_what_makes_no_sense_on_disk_is_found_again(network: BiSeNetFormer, tmp_path: Path, part: str) -> None:
    features, path = kept(network, tmp_path), tmp_path / "0.safetensors"
    wanted = features.view(0, 1)
    features.keep(0)
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    tensors[f"1.{part}"].view(torch.uint8).fill_(255)  # of numbers: not finite
    save_file(tensors, path)
    assert equal(features.view(0, 1), wanted)


def test_files_are_kept_as_far_as_there_is_room(network: BiSeNetFormer, tmp_path: Path) -> None:
    features = kept(network, tmp_path, pictures=5)
    assert features.room == 5
    features.keep(0)
    assert features.room == 5
    size = (tmp_path / "0.safetensors").stat().st_size
    narrow = kept(network, tmp_path, pictures=5, most_bytes=int(2.5 * size))
    assert narrow.room == 2
    for number, room in narrow.missing():
        assert room == 2
        narrow.keep(number)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.safetensors", "1.safetensors"]
    assert [*kept(network, tmp_path, pictures=5, most_bytes=1).missing()] == []


def test_pictures_larger_than_the_first_take_no_more_room(network: BiSeNetFormer, tmp_path: Path) -> None:
    square, panorama = two_tone("a", height=64, width=64), two_tone("b", height=64, width=640)
    files = [tmp_path / f"{number}.safetensors" for number in range(5)]
    most = 700_000
    features = Features(network, [square, *[panorama] * 4], files, input_size=64, most_bytes=most)
    rooms = []
    for number, room in features.missing():
        rooms.append(room)
        features.keep(number)
    sizes = [file.stat().st_size for file in sorted(tmp_path.iterdir())]
    assert most / 2 < sum(sizes) <= most
    assert features.room == len(sizes) == 3 < len(files) < most // sizes[0]
    assert rooms == [5, 5, 4]  # before the first, after a square, and once a panorama is known
