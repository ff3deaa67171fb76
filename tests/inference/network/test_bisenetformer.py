"""Properties of the network that no golden output shows."""

from __future__ import annotations

import pytest
import torch

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS, NetworkConfig
from inference.network.decoder import position_code, visible_positions

LITE = CONFIGS["bisenetformer-m-lite"]


@pytest.fixture(scope="module")
def lite() -> BiSeNetFormer:
    torch.manual_seed(0)
    return BiSeNetFormer(LITE).eval()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (64, 200), (1, 1)])
@pytest.mark.parametrize("name", ["bisenetformer-s", "bisenetformer-m-lite", "bisenetformer-m-lite2"])
def test_any_size_gives_masks_of_an_eighth(name: str, height: int, width: int) -> None:
    network = BiSeNetFormer(CONFIGS[name]).eval()
    with torch.inference_mode():
        class_probs, mask_probs = network(torch.full((1, 3, height, width), 127.0))
    assert class_probs.shape == (1, 100, 150)
    assert mask_probs.shape == (1, 100, -(-height // 8), -(-width // 8))


def test_outputs_are_probabilities(lite: BiSeNetFormer) -> None:
    with torch.inference_mode():
        class_probs, mask_probs = lite(255 * torch.rand(2, 3, 64, 96))
    assert (class_probs >= 0).all()
    assert (class_probs.sum(dim=2) < 1).all()  # the rest is "no object"
    assert (mask_probs >= 0).all()
    assert (mask_probs <= 1).all()


def test_pictures_of_a_batch_do_not_influence_each_other(lite: BiSeNetFormer) -> None:
    images = 255 * torch.rand(2, 3, 64, 96)
    with torch.inference_mode():
        together = lite(images)
        alone = lite(images[1:])
    torch.testing.assert_close(together[0][1:], alone[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(together[1][1:], alone[1], rtol=0, atol=1e-5)


def test_every_prediction_head_answers_and_the_last_is_the_networks_answer(lite: BiSeNetFormer) -> None:
    images = 255 * torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        heads = lite.raw(images).heads
        class_probs, mask_probs = lite(images)
    assert len(heads) == 1 + LITE.decoder_layers
    torch.testing.assert_close(heads[-1].class_logits.softmax(dim=2)[..., :150], class_probs)
    torch.testing.assert_close(heads[-1].mask_logits.sigmoid(), mask_probs)


def test_a_query_sees_its_own_mask_or_everything() -> None:
    mask_logits = torch.full((1, 3, 4, 4), -1.0)
    mask_logits[0, 0, :, 2:] = 1.0  # the right half
    mask_logits[0, 2] = 1.0  # everything; query 1 is empty
    visible = visible_positions(mask_logits, torch.zeros(1, 8, 2, 2))
    assert visible[0].tolist() == [[False, True, False, True], [True] * 4, [True] * 4]


def test_position_code_is_the_sine_formula() -> None:
    code = position_code(torch.zeros(1, 8, 3, 5), 256).reshape(3, 5, 256)
    y, x, frequency = 1, 3, 10
    period = 10000.0 ** (2 * frequency / 128)
    angles = torch.tensor([(y + 1) / 3, (x + 1) / 5]) * 2 * torch.pi / period
    found = code[y, x].reshape(2, 64, 2)[:, frequency]
    torch.testing.assert_close(found, torch.stack((angles.sin(), angles.cos()), dim=1), rtol=1e-4, atol=1e-5)


def test_normalisation_is_part_of_the_network() -> None:
    config = NetworkConfig.from_dict(LITE.to_dict() | {"pixel_mean": [0.0] * 3, "pixel_std": [1.0] * 3})
    plain, normalising = BiSeNetFormer(config).eval(), BiSeNetFormer(LITE).eval()
    plain.load_state_dict(normalising.state_dict())
    images = 255 * torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(plain((images - 127) / 128)[0], normalising(images)[0], rtol=0, atol=1e-5)
