"""What another network says of a crop can be learned from, too."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.decoder import HeadOutput
from inference.training import __main__ as command
from inference.training import trainer as training
from inference.training.criterion import Losses, teacher_loss
from inference.training.data import DataError, Sample
from inference.training.trainer import Trainer
from tests.inference.training.labelled_tars import two_tone, write_tar
from tests.inference.training.small_networks import narrow_backbone
from tests.inference.training.test_trainer import SETTINGS, SMALL


def said(shares: list[list[float]]) -> HeadOutput:
    """Two queries with a cell each, where their masks are 1; of each the shares of two classes, none says nothing."""
    rows = [[math.log(share) for share in row] + [-50.0] for row in shares]
    masks = torch.full((1, 2, 1, 2), -50.0)
    masks[0, 0, 0, 0] = masks[0, 1, 0, 1] = 50.0
    return HeadOutput(torch.tensor([rows]), masks)


def test_what_a_teacher_costs_by_hand() -> None:
    found, wanted = said([[0.5, 0.5], [0.2, 0.8]]), said([[0.9, 0.1], [0.2, 0.8]])
    expected = (0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)) / 2  # the second cell says the same
    assert float(teacher_loss(found, wanted)) == pytest.approx(expected, abs=1e-4)
    assert float(teacher_loss(wanted, wanted)) == pytest.approx(0.0, abs=1e-7)


def test_masks_that_are_nowhere_have_a_finite_cost() -> None:
    found, nowhere = said([[0.5, 0.5], [0.2, 0.8]]), said([[0.9, 0.1], [0.2, 0.8]])
    nowhere.mask_logits.fill_(-200.0)
    assert float(teacher_loss(nowhere, nowhere)) == 0.0
    assert math.isfinite(float(teacher_loss(nowhere, found)))


def unknown(name: str) -> Sample:
    """A photo of which nobody has labelled anything."""
    sample = two_tone(name)
    return Sample(sample.name, sample.photo, np.zeros_like(sample.labels))


def network(seed: int) -> BiSeNetFormer:
    """As it is made: ready to be trained."""
    torch.manual_seed(seed)
    return BiSeNetFormer(SMALL)


def test_where_nothing_is_labelled_the_teacher_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow_backbone(monkeypatch)
    samples, teacher = [unknown("a"), unknown("b")], network(7)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    trainer = Trainer(SMALL, SETTINGS)
    trainer.learn_from(teacher)
    totals = [float(trainer.train_step(samples, 0.1 + step / 40)[0].total) for step in range(30)]
    assert sum(totals[-3:]) < 0.5 * sum(totals[:3])
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())


def test_last_answers_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow_backbone(monkeypatch)
    teacher, answers, compared = network(7), list[HeadOutput](), list[tuple[HeadOutput, HeadOutput]]()
    raw, losses = teacher.raw, training.all_losses

    def answer(images: torch.Tensor) -> object:
        found = raw(images)
        answers.append(found.heads[-1])
        return found

    def count(heads: list[HeadOutput], *rest: Any, **values: Any) -> Losses:
        answers.append(heads[-1])
        return losses(heads, *rest, **values)

    def compare(head: HeadOutput, said: HeadOutput) -> torch.Tensor:
        compared.append((head, said))
        return torch.zeros(())

    monkeypatch.setattr(teacher, "raw", answer)
    monkeypatch.setattr(training, "all_losses", count)
    monkeypatch.setattr(training, "teacher_loss", compare)
    trainer = Trainer(SMALL, SETTINGS)
    trainer.learn_from(teacher)
    trainer.find_gradients([two_tone("a")], 0.1)
    [(head, said_there)], (own, others) = compared, answers
    assert head is own
    assert said_there is others


def test_its_weight_is_a_setting_and_without_it_nothing_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow_backbone(monkeypatch)
    totals = []
    for weight in (0.0, 1.0, 3.0, None):
        trainer = Trainer(SMALL, SETTINGS if weight is None else replace(SETTINGS, teacher_weight=weight))
        if weight is not None:
            trainer.learn_from(network(7))
        totals.append(float(trainer.find_gradients([two_tone("a")], 0.1).total))
    nothing, once, thrice, alone = totals
    assert nothing == alone
    assert thrice - nothing == pytest.approx(3 * (once - nothing), rel=1e-4)
    assert once > nothing


def test_a_checkpoint_from_before_a_setting_was_there_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pt"
    Trainer(SMALL, SETTINGS).save(file)
    content = torch.load(file, weights_only=True)
    del content["settings"]["teacher_weight"]
    torch.save(content, file)
    Trainer(SMALL, SETTINGS).resume(file)
    with pytest.raises(DataError, match=r"began with teacher_weight = 3\.0, not 1\.0"):
        Trainer(SMALL, replace(SETTINGS, teacher_weight=1.0)).resume(file)


def test_the_command_line_brings_a_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teachers: list[BiSeNetFormer] = []
    monkeypatch.setattr(Trainer, "learn_from", lambda _trainer, teacher: teachers.append(teacher))
    monkeypatch.setattr(command, "run", lambda *_, **__: None)
    monkeypatch.setattr(command, "recognise", lambda _shapes: SMALL)
    state = network(7).state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "teacher.safetensors")
    tar = str(write_tar(tmp_path / "tiny.tar", [two_tone()]))
    options = ["train", tar, "--folder", str(tmp_path / "run"), "--steps", "1"]
    assert command.main(options) == 0
    assert not teachers
    assert command.main([*options, "--teacher", str(tmp_path / "teacher.safetensors")]) == 0
    [teacher] = teachers
    assert all(torch.equal(value, state[name]) for name, value in teacher.state_dict().items())
