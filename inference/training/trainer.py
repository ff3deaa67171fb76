"""One training run: network, optimiser, average of the weights, and its checkpoint."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import NetworkConfig
from inference.network.decoder import HeadOutput
from inference.network.lite import Lite
from inference.network.paths import PixelFeatures
from inference.training.criterion import AuxiliaryHeads, Losses, LossSettings, Truth, all_losses, teacher_loss
from inference.training.data import F64, Augmentation, DataError, Sample, batch, repeat_factors
from inference.training.schedule import Budget, crop_at, learning_rate_factor, progress


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """What a run is made of, beyond its data and its budget."""

    batch_size: int = 8  # photos of one worker
    workers: int = 1  # see `Trainer`
    crops: tuple[int, ...] = (192, 256, 320)
    learning_rate: float = 3e-4
    backbone_factor: float = 0.25  # of the learning rate: the backbone already knows what pictures look like
    frozen_levels: int = 2  # backbone outputs (of res2..res5) whose layers stay as they are: a quarter less work a step
    weight_decay: float = 0.05
    warm_up: float = 0.03  # share of the run
    largest_gradient: float = 20.0  # norm
    average_decay: float = 0.99  # about the last hundred steps
    teacher_weight: float = 3.0  # of what a teacher says, where there is one, see `Trainer.learn_from`
    rare: float = 0.0  # share of the pictures below which a class draws its pictures more often, see `repeat_factors`
    seed: int = 0
    # Published are 12,544 points a mask. The mask of a crop of 320 pixels has only 1,600 logits to be sampled from, and
    # twelve times the points are twelve times the work of matching and mask losses.
    losses: LossSettings = field(default_factory=lambda: LossSettings(points=1024))
    augmentation: Augmentation = field(default_factory=Augmentation)


class WeightAverage:
    """Exponential moving average of weights and normalisation statistics; short at first, so that it starts useful."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - decay)
            else:
                self.state[name].copy_(value)


class Trainer:
    """Holds everything that changes during a run; `step` and `seconds` say how far it is.

    With several workers each takes a batch of its own per step, on one thread, and their gradients are averaged. They
    wait for each other once a step; the threads inside one operation would do so thousands of times, which a machine
    busy with other things turns into standing still. (One worker is reproducible to the bit; several share the
    running statistics of the normalisation, where the last one to write wins.)

    Each worker divides its mask losses by the number of masks in its own photos before the mean over the workers is
    taken: a mask in a batch with few of them weighs more than it would in one large batch of all workers' photos.
    """

    def __init__(self, config: NetworkConfig, settings: TrainingSettings, *, device: str = "cpu") -> None:
        torch.manual_seed(settings.seed)
        self.config, self.settings, self.device = config, settings, torch.device(device)
        self.network = BiSeNetFormer(config).to(self.device).train()
        freeze(self.network.pixel_decoder.backbone.layers_up_to(settings.frozen_levels))
        nn.utils.convert_conv2d_weight_memory_format(self.network, torch.channels_last)
        self.auxiliary = AuxiliaryHeads(
            res5_width=self.network.pixel_decoder.backbone.widths[-1],
            feature_width=config.feature_width,
            classes=config.classes,
        ).to(self.device)
        self.average = WeightAverage(self.network, settings.average_decay)
        every = [*self.network.parameters(), *self.auxiliary.parameters()]
        self.trained = [parameter for parameter in every if parameter.requires_grad]
        self.step, self.seconds = 0, 0.0
        self._teacher: BiSeNetFormer | None = None
        self._repeats: tuple[Sequence[Sample], F64] | None = None

    @cached_property
    def optimiser(self) -> torch.optim.Optimizer:
        """Made when it is first needed: PyTorch loads its compiler for it, which takes seconds."""
        return torch.optim.AdamW(parameter_groups(self.network, self.auxiliary, self.settings))

    def start_from(self, state: dict[str, Tensor]) -> None:
        """Begin with these weights of the whole network, names and shapes exactly as it has them."""
        self.network.load_state_dict(state, strict=True)
        self.average = WeightAverage(self.network, self.settings.average_decay)

    def learn_from(self, teacher: BiSeNetFormer) -> None:
        """Let another network say, too, what is on every crop; to be called again for a run that is resumed.

        Its scores should be as they were before any calibration.
        """
        self._teacher = teacher.to(self.device)
        freeze([self._teacher])

    def start_from_run(self, checkpoint: Path) -> None:
        """Begin a new run with what another one learned: its averaged weights, and its heads for the training only."""
        content: dict[str, Any] = torch.load(checkpoint, map_location=self.device, weights_only=True)
        if content["config"] != self.config.to_dict():
            raise DataError(f"The checkpoint {checkpoint} belongs to a network of another configuration.")
        self.start_from(content["average"])
        self.auxiliary.load_state_dict(content["auxiliary"])

    def start_backbone_from(self, state: dict[str, Tensor]) -> None:
        """Begin with ImageNet weights in the lite backbone; the classifier that comes with them is left out.

        Raises `DataError`, and changes nothing, for weights of another size and for a backbone of another kind.
        """
        backbone = self.network.pixel_decoder.backbone
        if not isinstance(backbone, Lite):
            raise DataError("ImageNet weights of EfficientNet-Lite fit the lite networks only.")
        wanted = backbone.net.state_dict()
        found = {name: value for name, value in state.items() if name in wanted and value.shape == wanted[name].shape}
        if found.keys() != wanted.keys():
            raise DataError(f"These ImageNet weights do not fit the backbone {self.config.backbone}.")
        backbone.net.load_state_dict(found, strict=True)
        self.average = WeightAverage(self.network, self.settings.average_decay)

    def train_step(self, samples: Sequence[Sample], done: float) -> tuple[Losses, float]:
        """One step at `done` (0..1) of the run; the mean losses and the gradient's norm before clipping."""
        losses = self.find_gradients(samples, done)
        return losses, self.apply_gradients(done)

    def find_gradients(self, samples: Sequence[Sample], done: float) -> Losses:
        """The mean losses of the next step, whose gradients are kept; neither weights nor optimiser change."""
        worker_losses, worker_gradients = zip(*self._work(samples, self._repeats_of(samples), done), strict=True)
        losses = Losses(*(torch.stack(values).mean() for values in zip(*worker_losses, strict=True)))
        for parameter, gradients in zip(self.trained, zip(*worker_gradients, strict=True), strict=True):
            parameter.grad = torch.stack(gradients).mean(dim=0)
        return losses

    def apply_gradients(self, done: float) -> float:
        """Take the step; the gradient's norm before clipping."""
        norm = nn.utils.clip_grad_norm_(self.trained, self.settings.largest_gradient)
        factor = learning_rate_factor(done, warm_up=self.settings.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = group["full_rate"] * factor
        self.optimiser.step()
        self.average.update(self.network, self.step)
        self.step += 1
        return float(norm)

    def _repeats_of(self, samples: Sequence[Sample]) -> F64:
        """Found once: it looks at every label."""
        if self._repeats is None or self._repeats[0] is not samples:
            rare = self.settings.rare
            self._repeats = samples, repeat_factors(samples, rare=rare) if rare else np.ones(len(samples))
        return self._repeats[1]

    def _work(self, samples: Sequence[Sample], repeats: F64, done: float) -> list[tuple[Losses, tuple[Tensor, ...]]]:
        """What every worker found in this step."""
        workers = self.settings.workers
        parts = range(self.step * workers, (self.step + 1) * workers)
        if workers == 1:
            return [self._gradients(samples, repeats, parts[0], done)]
        with ThreadPoolExecutor(workers, initializer=one_thread_per_operation) as pool:
            return list(pool.map(lambda part: self._gradients(samples, repeats, part, done), parts))

    def _gradients(
        self, samples: Sequence[Sample], repeats: F64, part: int, done: float
    ) -> tuple[Losses, tuple[Tensor, ...]]:
        """Losses and gradients of one worker's photos; `part` counts them from the beginning of the run."""
        settings = self.settings
        photos, labels, weights = batch(
            samples,
            repeats=repeats,
            step=part,
            size=settings.batch_size,
            crop=crop_at(done, settings.crops),
            seed=settings.seed,
            settings=settings.augmentation,
        )
        images = torch.from_numpy(photos).to(self.device).permute(0, 3, 1, 2).float()  # (N, 3, H, W), channels-last
        truth = Truth(
            torch.from_numpy(labels).to(self.device).long(), torch.from_numpy(weights).to(self.device).float() / 255
        )
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + part)

        # Half precision pays on a GPU; most processors emulate it, which costs more than it saves.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            heads, features = self.network.raw(images)
        heads = [HeadOutput(*(logits.float() for logits in head)) for head in heads]
        features = PixelFeatures(*(feature.float() for feature in features))
        auxiliary = self.auxiliary(features, truth)
        losses = all_losses(heads, truth, auxiliary=auxiliary, settings=settings.losses, generator=generator)
        if self._teacher is not None:
            with torch.no_grad():
                said = self._teacher.raw(images).heads[-1]
            losses = losses._replace(total=losses.total + settings.teacher_weight * teacher_loss(heads[-1], said))
        gradients = torch.autograd.grad(losses.total, self.trained)
        return Losses(*(loss.detach() for loss in losses)), gradients

    def save(self, path: Path) -> None:
        """Raises `OSError`, and what PyTorch makes of that; half a checkpoint is never left."""
        content = {
            "config": self.config.to_dict(),
            "settings": asdict(self.settings),
            "network": self.network.state_dict(),
            "auxiliary": self.auxiliary.state_dict(),
            "average": self.average.state,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        write_checkpoint(content, path)

    def resume(self, path: Path) -> None:
        """Continue exactly where `save` left off: batches and point samples are functions of the step alone.

        Raises `DataError` for a checkpoint of another network or of other settings, which would not be continued.
        """
        content: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        if content["config"] != self.config.to_dict():
            raise DataError(f"The checkpoint {path} belongs to a network of another configuration.")
        settings = asdict(self.settings)
        # What a checkpoint does not say was not there to be chosen.
        began: dict[str, Any] = asdict(TrainingSettings()) | content.get("settings", settings)
        if changed := [name for name, value in settings.items() if began.get(name) != value]:
            name = changed[0]
            raise DataError(f"The run in {path} began with {name} = {began.get(name)}, not {settings[name]}.")
        self.network.load_state_dict(content["network"])
        self.auxiliary.load_state_dict(content["auxiliary"])
        self.average.state = content["average"]
        self.optimiser.load_state_dict(content["optimiser"])
        self.step, self.seconds = content["step"], content["seconds"]


def write_checkpoint(content: dict[str, Any], path: Path) -> None:
    """Write beside the place and move it there. Raises `OSError`, and what PyTorch makes of that; then all is as it
    was, and a full disk is no fuller."""
    unfinished = path.with_suffix(".partial")
    try:
        with unfinished.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def one_thread_per_operation() -> None:
    """Said in every worker: the setting belongs to the thread."""
    torch.set_num_threads(1)


def freeze(layers: list[nn.Module]) -> None:
    """No gradients, and normalisation with the statistics the layers came with."""
    for layer in layers:
        layer.eval().requires_grad_(False)


def parameter_groups(network: nn.Module, auxiliary: nn.Module, settings: TrainingSettings) -> list[dict[str, Any]]:
    """Backbone at a fraction of the rate; no weight decay on gains, biases and learned queries."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in [*network.named_parameters(), *auxiliary.named_parameters()]:
        if not parameter.requires_grad:
            continue
        decays = parameter.ndim > 1 and "query_" not in name
        groups.setdefault((".backbone." in name, decays), []).append(parameter)
    return [
        {
            "params": parameters,
            "full_rate": settings.learning_rate * (settings.backbone_factor if in_backbone else 1.0),
            "weight_decay": settings.weight_decay if decays else 0.0,
        }
        for (in_backbone, decays), parameters in groups.items()
    ]


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """Where a run keeps its checkpoint and its log, and how often it writes them."""

    folder: Path
    save_minutes: float = 4.0
    log_steps: int = 20

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"


def run(trainer: Trainer, samples: Sequence[Sample], *, budget: Budget, files: RunFiles) -> None:
    """Train until the budget is used up; the checkpoint is written every few minutes and at the end."""
    files.folder.mkdir(parents=True, exist_ok=True)
    before, saved = time.monotonic(), time.monotonic()
    while (done := progress(budget, step=trainer.step, seconds=trainer.seconds)) < 1:
        losses, norm = trainer.train_step(samples, done)
        now = time.monotonic()
        trainer.seconds += now - before
        before = now
        if trainer.step % files.log_steps == 0:
            write_log(files.log, trainer, losses=losses, norm=norm, done=done)
        if now - saved > 60 * files.save_minutes:
            trainer.save(files.checkpoint)
            saved = now
    trainer.save(files.checkpoint)


def write_log(path: Path, trainer: Trainer, *, losses: Losses, norm: float, done: float) -> None:
    """One JSON line: progress, every loss, the gradient's norm."""
    values = {name: round(float(value), 4) for name, value in losses._asdict().items()}
    place = {"step": trainer.step, "seconds": round(trainer.seconds, 1), "progress": round(done, 4)}
    with path.open("a") as file:
        file.write(json.dumps(place | values | {"norm": round(norm, 3)}) + "\n")
