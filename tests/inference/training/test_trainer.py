"""A run learns, can be stopped and resumed without a trace, and leaves files anybody can load safely."""

from __future__ import annotations

import argparse
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS, Backbone, NetworkConfig, recognise
from inference.network.paths import backbone_of
from inference.training import __main__ as command
from inference.training import trainer as training
from inference.training.__main__ import main, parser
from inference.training.criterion import LossSettings
from inference.training.data import Augmentation, DataError, repeat_factors
from inference.training.evaluate import View, evaluate
from inference.training.schedule import Steps
from inference.training.trainer import RunFiles, Trainer, TrainingSettings, run, write_checkpoint
from tests.inference.training.labelled_tars import two_tone, write_tar
from tests.inference.training.small_networks import narrow_backbone

SMALL = NetworkConfig(
    backbone=Backbone.LITE0, feature_width=16, decoder_layers=2, ffn_width=32, hidden_width=32, heads=4, queries=8
)
SETTINGS = TrainingSettings(
    batch_size=2,
    crops=(64,),
    learning_rate=3e-3,
    backbone_factor=1.0,
    frozen_levels=0,
    average_decay=0.9,
    losses=LossSettings(points=128),
    augmentation=Augmentation(smallest_scale=1.0, largest_scale=1.2),
)


def test_two_photos_are_learned_by_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow_backbone(monkeypatch)
    samples = [two_tone("a"), two_tone("b", width=64)]
    trainer = Trainer(SMALL, SETTINGS)
    totals = [float(trainer.train_step(samples, 0.1 + step / 60)[0].total) for step in range(50)]
    assert sum(totals[-5:]) < 0.5 * sum(totals[:5])
    trainer.network.load_state_dict(trainer.average.state)
    counted = evaluate(trainer.network.eval(), samples, input_size=64)
    assert counted[View.SEMANTIC].pixel_accuracy > 0.9


def test_a_resumed_run_ends_where_an_unbroken_one_does(tmp_path: Path) -> None:
    samples = [two_tone("a"), two_tone("b"), two_tone("c")]
    unbroken, broken = Trainer(SMALL, SETTINGS), Trainer(SMALL, SETTINGS)
    for step in range(4):
        unbroken.train_step(samples, step / 4)
    for step in range(2):
        broken.train_step(samples, step / 4)
    broken.seconds = 12.5
    broken.save(tmp_path / "checkpoint.pt")

    resumed = Trainer(SMALL, TrainingSettings(**{**vars(SETTINGS), "seed": 0}))
    resumed.resume(tmp_path / "checkpoint.pt")
    for step in range(2, 4):
        resumed.train_step(samples, step / 4)
    for name, value in unbroken.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[name], value, rtol=0, atol=0)
        torch.testing.assert_close(resumed.average.state[name], unbroken.average.state[name], rtol=0, atol=0)
    assert (resumed.step, resumed.seconds) == (4, 12.5)


def test_two_workers_take_the_mean_of_their_gradients() -> None:
    samples = [two_tone(name) for name in "abcd"]
    pair = Trainer(SMALL, TrainingSettings(**{**vars(SETTINGS), "workers": 2}))
    losses, expected = zip(*(pair._gradients(samples, np.ones(4), part, 0.5) for part in range(2)), strict=True)
    pair.optimiser = torch.optim.SGD(pair.trained, lr=0.0)  # the gradients are looked at, nothing moves
    pair.optimiser.param_groups[0]["full_rate"] = 0.0
    told, norm = pair.train_step(samples, 0.5)
    mean = torch.cat([((first + second) / 2).flatten() for first, second in zip(*expected, strict=True)])
    assert norm == pytest.approx(float(mean.norm()), rel=1e-3)
    assert float(told.total) == pytest.approx(float(losses[0].total + losses[1].total) / 2, rel=1e-3)
    assert pair.step == 1


def test_every_worker_has_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them wait for each other on a machine that is busy with other things."""
    threads: list[int] = []
    pair = Trainer(SMALL, replace(SETTINGS, workers=2))
    monkeypatch.setattr(pair, "_gradients", lambda *_: threads.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        pair._work([], np.ones(0), 0.5)
        assert torch.get_num_threads() == 3  # for all that is no worker
    finally:
        torch.set_num_threads(before)
    assert threads == [1, 1]


def test_a_processor_computes_in_full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of them take longer in half of it."""
    trainer, kinds = Trainer(SMALL, SETTINGS), set[torch.dtype]()
    raw = trainer.network.raw

    def look(images: torch.Tensor) -> object:
        found = raw(images)
        kinds.update(part.dtype for part in (*found.heads[-1], *found.features))
        return found

    monkeypatch.setattr(trainer.network, "raw", look)
    trainer.find_gradients([two_tone()], 0.5)
    assert kinds == {torch.float32}


def test_pictures_with_a_rare_class_are_drawn_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    class Drawn(Exception):
        pass

    drawn: list[object] = []

    def draw(_: object, *, repeats: object, **__: object) -> None:
        drawn.append(repeats)
        raise Drawn

    monkeypatch.setattr(training, "batch", draw)
    samples = [two_tone(str(number)) for number in range(9)]
    samples.append(replace(samples[0], labels=np.full_like(samples[0].labels, 7)))
    for rare in (0.4, 0.0):
        with pytest.raises(Drawn):
            Trainer(SMALL, replace(SETTINGS, rare=rare)).find_gradients(samples, 0.5)
    often, once = drawn
    np.testing.assert_array_equal(often, repeat_factors(samples, rare=0.4))
    assert often[-1] == pytest.approx(2.0)  # type: ignore[index]
    np.testing.assert_array_equal(once, np.ones(10))


def test_the_average_is_that_of_the_weights_after_each_step() -> None:
    trainer = Trainer(SMALL, SETTINGS)
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    for parameter in trainer.trained:
        parameter.grad = torch.ones_like(parameter)
    trainer.apply_gradients(0.5)
    name = "head.predictor.forward_prediction_heads.classifier.weight"
    after = trainer.network.state_dict()[name]
    assert not torch.equal(after, before[name])
    torch.testing.assert_close(trainer.average.state[name], before[name].lerp(after, 0.9))  # short at first


def test_what_cannot_be_written_leaves_the_checkpoint_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pt"
    write_checkpoint({"step": 1, "much": torch.zeros(100_000)}, file)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        write_checkpoint({"step": 2, "much": torch.ones(100_000), "nothing to write": lambda: None}, file)
    assert torch.load(file, weights_only=True)["step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    Trainer(SMALL, SETTINGS).save(tmp_path / "checkpoint.pt")
    other = Trainer(NetworkConfig.from_dict(SMALL.to_dict() | {"queries": 9}), SETTINGS)
    with pytest.raises(DataError, match="another configuration"):
        other.resume(tmp_path / "checkpoint.pt")


def test_a_new_run_begins_with_what_another_one_learned(tmp_path: Path) -> None:
    first = Trainer(SMALL, SETTINGS)
    first.train_step([two_tone("a"), two_tone("b")], 0.5)
    first.save(tmp_path / "checkpoint.pt")
    second = Trainer(SMALL, TrainingSettings(**{**vars(SETTINGS), "seed": 7}))
    second.start_from_run(tmp_path / "checkpoint.pt")
    assert (second.step, second.average.decay) == (0, 0.9)
    for name, value in second.network.state_dict().items():
        torch.testing.assert_close(value, first.average.state[name], rtol=0, atol=0)
    for name, value in second.auxiliary.state_dict().items():
        torch.testing.assert_close(value, first.auxiliary.state_dict()[name], rtol=0, atol=0)
    other = Trainer(NetworkConfig.from_dict(SMALL.to_dict() | {"queries": 9}), SETTINGS)
    with pytest.raises(DataError, match="another configuration"):
        other.start_from_run(tmp_path / "checkpoint.pt")


def test_a_run_is_not_continued_with_other_settings(tmp_path: Path) -> None:
    Trainer(SMALL, SETTINGS).save(tmp_path / "checkpoint.pt")
    other = Trainer(SMALL, replace(SETTINGS, learning_rate=1e-3))
    with pytest.raises(DataError, match=r"began with learning_rate = 0\.003, not 0\.001"):
        other.resume(tmp_path / "checkpoint.pt")


def test_a_run_logs_and_saves(tmp_path: Path) -> None:
    files = RunFiles(folder=tmp_path / "run", log_steps=1)
    trainer = Trainer(SMALL, SETTINGS)
    run(trainer, [two_tone()], budget=Steps(2), files=files)
    lines = [json.loads(line) for line in files.log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert all(line["total"] > 0 for line in lines)
    content = torch.load(files.checkpoint, weights_only=True)
    assert content["step"] == 2
    assert not list(files.folder.glob("*.partial"))


def test_frozen_layers_stay_as_they_were() -> None:
    trainer = Trainer(SMALL, TrainingSettings(**{**vars(SETTINGS), "frozen_levels": 2}))
    parts = nn.ModuleDict({"network": trainer.network, "auxiliary": trainer.auxiliary})
    before = {name: value.clone() for name, value in parts.state_dict().items()}
    trainer.train_step([two_tone()], 0.5)
    after = parts.state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    blocks = {int(name.split("_blocks.")[1].split(".")[0]) for name in moved if "_blocks." in name}
    assert min(blocks) == 5  # blocks 0 to 4 make res2 and res3
    assert not any("_conv_stem" in name for name in moved)
    assert any("running_mean" in name for name in moved)  # of all others
    assert any(name.startswith("auxiliary.") for name in moved)


def test_imagenet_weights_fill_the_backbone_only() -> None:
    trainer = Trainer(SMALL, SETTINGS)
    source = BiSeNetFormer(SMALL).pixel_decoder.backbone.state_dict()
    state = {name.removeprefix("net."): value for name, value in source.items()}
    trainer.start_backbone_from(state | {"_fc.weight": torch.zeros(1000, 1280)})
    torch.testing.assert_close(trainer.network.pixel_decoder.backbone.state_dict(), source)
    torch.testing.assert_close(trainer.average.state, dict(trainer.network.state_dict()), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("given", "other", "sentence"),
    [
        (Backbone.LITE0, Backbone.LITE1, "These ImageNet weights do not fit the backbone lite1."),
        (Backbone.LITE1, Backbone.LITE2, "These ImageNet weights do not fit the backbone lite2."),  # as deep, wider
        (Backbone.LITE0, Backbone.STDC1, "ImageNet weights of EfficientNet-Lite fit the lite networks only."),
    ],
)
def test_imagenet_weights_of_another_backbone_are_refused_and_change_nothing(
    given: Backbone, other: Backbone, sentence: str
) -> None:
    state = backbone_of(given).state_dict()
    trainer = Trainer(replace(SMALL, backbone=other), SETTINGS)
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    with pytest.raises(DataError, match=f"^{re.escape(sentence)}$"):
        trainer.start_backbone_from({name.removeprefix("net."): value for name, value in state.items()})
    torch.testing.assert_close(trainer.network.state_dict(), before, rtol=0, atol=0)


def test_train_export_and_evaluate_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tar = str(write_tar(tmp_path / "tiny.tar", [two_tone("a"), two_tone("b")]))
    folder, weights = tmp_path / "run", tmp_path / "weights.safetensors"
    assert main(["train", tar, "--folder", str(folder), "--steps", "1", "--batch", "2", "--crops", "64"]) == 0
    command = [
        "export",
        str(folder / "checkpoint.pt"),
        str(weights),
        "--calibrate",
        tar,
        "--every",
        "1",
        "--size",
        "64",
    ]
    assert main(command) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["step"] == 1
    assert report["calibrated_on"] == 2

    state = load_file(weights)
    assert recognise({name: tuple(value.shape) for name, value in state.items()}) == CONFIGS["bisenetformer-m-lite"]
    assert {value.dtype for value in state.values()} == {torch.float16, torch.int64}
    assert main(["evaluate", str(weights), tar, "--sizes", "64"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["split"], line["view"], line["pictures"]) for line in lines] == [
        ("tiny", "segments", 2),
        ("tiny", "semantic", 2),
    ]


def options_of(*more: str) -> argparse.Namespace:
    return parser().parse_args(["train", "a.tar", "--folder", "run", "--steps", "1", *more])


def test_points_and_crops_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert options_of().crops == [192, 256, 320]
    assert options_of().points == 1024
    chosen: list[TrainingSettings] = []
    monkeypatch.setattr(command, "run", lambda trainer, *_, **__: chosen.append(trainer.settings))
    tar = str(write_tar(tmp_path / "tiny.tar", [two_tone("a")]))
    assert main(["train", tar, "--folder", str(tmp_path / "run"), "--steps", "1", "--points", "12544"]) == 0
    assert chosen[0].losses.points == 12_544


@pytest.mark.parametrize("points", ["0", "-3", "many"])
def test_a_count_of_points_that_is_none_is_refused(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options_of("--points", points)
    assert "argument --points: " in capsys.readouterr().err


def test_a_batch_of_one_photo_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options_of("--batch", "1")
    assert "argument --batch: 1 is too few, it takes at least 2" in capsys.readouterr().err


def test_a_missing_tar_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", str(tmp_path / "nothing.tar"), "--folder", str(tmp_path), "--steps", "1"]
    assert main(command) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "nothing.tar" in message
