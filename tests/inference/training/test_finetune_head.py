"""What a step of learning with the decoder alone is made of: which views, whose mean, at what rate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from inference.network.bisenetformer import BiSeNetFormer
from inference.training import finetune_head
from inference.training.data import DataError
from inference.training.features import VIEWS
from inference.training.finetune_head import HeadSettings, HeadTrainer
from inference.training.schedule import learning_rate_factor
from tests.inference.training.test_trainer import SMALL

SETTINGS = HeadSettings(steps=9, batch_size=4, learning_rate=0.5, weight_decay=0.125, largest_gradient=0.5, seed=3)
PICTURES = 3


class Looked:
    """Features of three pictures; a view of one is its picture and its number."""

    def __len__(self) -> int:
        return PICTURES

    def view(self, picture: int, number: int) -> tuple[int, int]:
        return picture, number


@pytest.fixture(scope="module")
def network() -> BiSeNetFormer:
    return BiSeNetFormer(SMALL).train()


def head_trainer(network: BiSeNetFormer, settings: HeadSettings = SETTINGS) -> HeadTrainer:
    return HeadTrainer(network, Looked(), settings)  # type: ignore[arg-type]


def test_every_picture_is_seen_once_in_each_pass_in_any_order_and_any_view(network: BiSeNetFormer) -> None:
    seen = [head_trainer(network)._view(place) for place in range(PICTURES * 40)]
    passes = [seen[start : start + PICTURES] for start in range(0, len(seen), PICTURES)]
    orders = [tuple(picture for picture, _ in one) for one in passes]  # type: ignore[misc]
    assert all(sorted(order) == [0, 1, 2] for order in orders)
    assert len(set(orders)) == 6
    assert len(set(seen)) == PICTURES * len(VIEWS)  # type: ignore[arg-type]
    assert [head_trainer(network)._view(place) for place in range(30)] == seen[:30]
    other = head_trainer(network, replace(SETTINGS, seed=4))
    assert [other._view(place) for place in range(30)] != seen[:30]


def test_a_step_takes_the_mean_of_its_own_views(network: BiSeNetFormer, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, places = head_trainer(network), list[int]()
    weight = network.head.predictor.forward_prediction_heads.classifier.bias

    def loss(_view: object, place: int) -> torch.Tensor:
        places.append(place)
        return weight.sum() * place

    monkeypatch.setattr(trainer, "_loss", loss)
    trainer.step = 2
    with torch.no_grad():
        weight.fill_(1.0)
    for _ in range(2):  # a step that was lost leaves nothing behind
        assert trainer.find_gradients() == pytest.approx(9.5 * len(weight))
        assert weight.grad is not None
        torch.testing.assert_close(weight.grad, torch.full_like(weight, 9.5))
    assert places == [8, 9, 10, 11] * 2


def test_points_are_chosen_by_the_place_alone(network: BiSeNetFormer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def ask(*_: object, **values: Any) -> SimpleNamespace:
        asked.append(values)
        return SimpleNamespace(total=0)

    monkeypatch.setattr(finetune_head, "all_losses", ask)
    monkeypatch.setattr(network.pixel_decoder, "fuse", lambda: None)
    monkeypatch.setattr(network.head.predictor, "forward", lambda _: [SimpleNamespace(mask_logits=torch.zeros(1))])
    trainer = head_trainer(network)
    for place in (4, 5):
        trainer._loss(SimpleNamespace(levels=(), truth=None), place)  # type: ignore[arg-type]
    assert [values["generator"].initial_seed() for values in asked] == [3_000_013, 3_000_014]
    assert all(values["settings"] is SETTINGS.losses and float(values["auxiliary"]) == 0 for values in asked)


def test_a_step_is_as_large_as_the_schedule_and_the_limit_allow(
    network: BiSeNetFormer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, averaged = head_trainer(network), list[int]()
    monkeypatch.setattr(trainer.average, "update", lambda _, step: averaged.append(step))
    decoders = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(decoders.weight)
    decoders.weight.grad = torch.tensor([[3.0, 4.0]])
    trainer.decoders, trainer.step = decoders, 4  # type: ignore[assignment]
    trainer.optimiser = torch.optim.SGD([{"params": [decoders.weight], "full_rate": 2.0}], lr=99.0)
    trainer.apply_gradients()
    rate = 2.0 * learning_rate_factor(5 / 10, warm_up=0.1)
    torch.testing.assert_close(decoders.weight.detach(), -rate * torch.tensor([[0.3, 0.4]]))  # a norm of 0.5
    assert averaged == [4]
    assert trainer.step == 5


def test_what_sees_stays_as_it_is_and_the_rest_learns_at_one_rate(network: BiSeNetFormer) -> None:
    trainer = head_trainer(network)
    backbone = set(network.pixel_decoder.backbone.parameters())
    assert {parameter for parameter in network.parameters() if not parameter.requires_grad} == backbone
    assert not any(layer.training for layer in network.modules())  # the statistics stay
    groups = trainer.optimiser.param_groups
    assert {group["full_rate"] for group in groups} == {0.5}
    assert {group["weight_decay"] for group in groups} == {0.0, 0.125}
    assert sum(len(group["params"]) for group in groups) == len([*network.parameters()]) - len(backbone)


def test_what_it_learned_is_the_average_beside_a_backbone_as_it_was(network: BiSeNetFormer) -> None:
    trainer = head_trainer(network)
    for value in trainer.average.state.values():
        value.fill_(7)
    weights = trainer.weights()
    assert weights.keys() == network.state_dict().keys()
    assert all(bool((weights[name] == 7).all()) for name in trainer.average.state)
    seen = {name: value for name, value in network.state_dict().items() if ".backbone." in name}
    torch.testing.assert_close({name: weights[name] for name in seen}, seen, rtol=0, atol=0)


def test_it_goes_on_as_it_was_left_and_with_other_settings_not_at_all(network: BiSeNetFormer, tmp_path: Path) -> None:
    trainer = head_trainer(network)
    trainer.step, trainer.seconds = 5, 12.5
    trainer.save(tmp_path / "checkpoint.pt")
    later = head_trainer(network)
    later.resume(tmp_path / "checkpoint.pt")
    assert (later.step, later.seconds) == (5, 12.5)
    with pytest.raises(DataError, match="begun with other settings"):
        head_trainer(network, replace(SETTINGS, steps=8)).resume(tmp_path / "checkpoint.pt")
