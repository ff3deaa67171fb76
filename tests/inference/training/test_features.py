"""Features that were kept are those the network would find, each with the labels of its own view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.network.bisenetformer import BiSeNetFormer
from inference.preprocess import prepare
from inference.training.data import Sample
from inference.training.features import VIEWS, FeatureFiles, View, is_whole, keep_features, views_of
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
    for view, photo, labels, weights in views_of(weighted(), input_size=64):
        assert photo.shape[:2] == labels.shape == weights.shape
        is_sky = np.abs(photo.astype(int) - SKY).sum(axis=2) < 60
        assert (is_sky == (labels == 3)).mean() > 0.97
        light = weights[:, : weights.shape[1] // 2] if not view.mirrored else weights[:, weights.shape[1] // 2 :]
        assert (light == 64).mean() > 0.95
        sizes.append((view, min(labels.shape)))
    assert sizes == [(view, 64 if view.scale == 1 else 48) for view in VIEWS]
    assert len({view.mirrored for view in VIEWS}) == 2


def test_views_at_the_photos_own_size() -> None:
    first, *_ = views_of(weighted(), input_size=None)
    assert first[1].shape == (96, 128, 3)


def test_the_head_sees_what_the_whole_network_would(network: BiSeNetFormer, tmp_path: Path) -> None:
    keep_features(network, weighted(), tmp_path / "a.safetensors", input_size=64)
    found = FeatureFiles([tmp_path / "a.safetensors"], device="cpu").view(0, VIEWS.index(View(1.0, False)))
    photo = torch.from_numpy(prepare(weighted().photo, input_size=64)).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        wanted = network.raw(photo).heads[-1]
        answer = network.head.predictor(found.features)[-1]
    torch.testing.assert_close(answer.mask_logits, wanted.mask_logits, atol=2e-2, rtol=2e-2)
    torch.testing.assert_close(answer.class_logits, wanted.class_logits, atol=2e-2, rtol=2e-2)
    assert found.truth.labels.shape == (1, *photo.shape[2:])
    assert found.truth.weights.unique().tolist() == pytest.approx([64 / 255, 1.0])


def test_features_are_kept_in_half_precision_and_whole_or_not_at_all(network: BiSeNetFormer, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    assert not is_whole(path)
    keep_features(network, weighted(), path, input_size=64)
    assert is_whole(path)
    numbers = SMALL.feature_width * (8 * 11 + 4 * 6 + 2 * 3)  # of the first view, at strides 8, 16 and 32
    assert path.stat().st_size < 2 * len(VIEWS) * (numbers * 2 + 2 * 64 * 88)
    path.write_bytes(path.read_bytes()[:-10])
    assert not is_whole(path)
