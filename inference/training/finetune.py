"""A job of learning from its first picture to its report, wherever it was left the last time."""

from __future__ import annotations

import json
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from torch import Tensor

from inference.engines.devices import wanted_devices
from inference.engines.torch_engine import check_device
from inference.errors import EngineError
from inference.files import replace_file
from inference.learning.errors import JobError
from inference.learning.events import Event, Stage, StepTold
from inference.learning.job import Job, JobState
from inference.learning.pacing import Pacing
from inference.learning.report import MIXES, UNTRIED_MIX, LearnReport
from inference.learning.settings import Scope
from inference.network.bisenetformer import BiSeNetFormer
from inference.training import calibrate
from inference.training.data import DataError
from inference.training.features import Features
from inference.training.finetune_head import HeadSettings, HeadTrainer
from inference.training.finetune_measure import Measured, Tally, best_mix, changes
from inference.training.finetune_result import load_network, mixed, write_result, write_weights
from inference.training.finetune_whole import JobSamples, WholeSettings, WholeTrainer
from inference.training.timing import timed
from inference.weights import sha256_of

TOLD_SECONDS = 0.25  # between two points of the loss curve, at least
SAVED_SECONDS = (1.0, 20.0)  # between two checkpoints, which is what an end without warning costs
SAVING_SHARE = 0.05  # of the time is spent on them, as long as those limits allow
PATIENCE = 30.0  # seconds for another process of the same job to end
MANY = 50  # pictures whose features are to be found: more of them take a while
ASTRAY = "The training went wrong: its loss is no number any more. A smaller learning rate helps."
OWN_SIZE = 640  # of crops, for networks that see photos at their own size


class Learner(Protocol):
    """What trains, one step after the other; a step changes nothing that is saved before its gradients are applied."""

    seconds: float

    @property
    def step(self) -> int: ...

    def find_gradients(self) -> float: ...

    def apply_gradients(self) -> None: ...

    def weights(self) -> dict[str, Tensor]: ...

    def save(self, path: Path) -> None: ...

    def resume(self, path: Path) -> None: ...


class Run:
    """One process's part of a job."""

    def __init__(self, job: Job, *, tell: Callable[[Event], None], check: Callable[[], None]) -> None:
        """`check` is called between the parts of the work, and returns when it may go on.

        Raises `EngineError` for a device that is not there.
        """
        self.job, self._tell, self.check = job, tell, check
        self.samples = JobSamples(job)
        self.settings = job.settings.resolved(len(self.samples))
        self.device = device_for(job.settings.device)
        held_back = len(job.indices(held_back=True))
        amounts = {
            **({Stage.FEATURES: len(self.samples)} if self.settings.scope is Scope.HEAD else {}),
            Stage.BEFORE: held_back,
            Stage.TRAINING: self.steps,
            Stage.AFTER: len(MIXES) * held_back,
            Stage.WRITING: 1,
        }
        self.pacing = Pacing(amounts, tell=tell)
        self._spent: float | None = None  # seconds of earlier processes; None before the job belongs to this one
        self._learner: Learner | None = None
        self._saved = 0  # steps that the checkpoint has
        self._changing = threading.Lock()  # the learner, or its checkpoint

    @property
    def steps(self) -> int:
        assert self.settings.steps is not None
        return self.settings.steps

    @property
    def learning_rate(self) -> float:
        assert self.settings.learning_rate is not None
        return self.settings.learning_rate

    def finish(self) -> LearnReport:
        """Do what is left of the job, and keep what was done of it. Raises `JobError`, `WeightsError`, `EngineError`,
        and what the memory and the disk refuse."""
        with self.job.alone(seconds=PATIENCE):
            if (report := self.job.report()) is not None:
                return report
            self._spent = self._read_spent()
            self.job.tidy()
            self.check()
            with self.pacing.beating():
                parent = load_network(self.job.parent.weights(), self.job.parent.own_network, device=self.device)
                try:
                    if self.settings.scope is Scope.HEAD:
                        self._keep_features(parent)
                    before = self.measure(parent, "before", of=self.job.parent.sha256 or "")
                    learner = self._train(parent)
                    return self._result(learner, before)
                finally:
                    self._keep_spent()

    def keep(self) -> None:
        """Write what was learned since the last checkpoint; what else there is was kept when it was found.

        For any thread, whatever the work is doing: the step that is under way is lost, and nothing else. Raises
        `OSError` and what PyTorch raises.
        """
        learner = self._learner
        if learner is not None and learner.step > self._saved:
            self._save(learner)
        if self._spent is not None:
            self._keep_spent()

    def features(self, parent: BiSeNetFormer) -> Features:
        """Of the pictures that are trained on."""
        files = [self.job.features / f"{index:04}.safetensors" for index in self.samples.indices]
        return Features(parent, self.samples, files, input_size=self.job.parent.input_size)

    def _keep_features(self, parent: BiSeNetFormer) -> None:
        features = self.features(parent)
        self.job.features.mkdir(exist_ok=True)
        for place, (number, room) in enumerate(features.missing()):
            self.pacing.begin(Stage.FEATURES, done=number, amount=room)
            self.check()
            if place == 0 and room - number > MANY:
                self._foresee(parent)
            with self.pacing.part():
                features.keep(number)
        self.pacing.begin(Stage.FEATURES, done=features.room, amount=features.room)

    def _foresee(self, parent: BiSeNetFormer) -> None:
        """What a step and a picture held back take, for the time that remains: where there are many pictures, minutes
        pass before there is one of them."""
        settings = self.head_settings()
        learner = HeadTrainer(parent, self.features(parent), replace(settings, batch_size=1))
        parts: tuple[tuple[Stage, Callable[[], object], int], ...] = (
            (Stage.TRAINING, learner.find_gradients, settings.batch_size),
            (Stage.BEFORE, lambda: self.try_measuring(parent), 1),
        )
        with self.pacing.busy():
            for stage, work, times in parts:
                work()  # the first time takes memory and loads libraries
                self.pacing.expect(stage, times * timed(work, device=self.device))

    def measure(self, network: BiSeNetFormer, name: str, *, of: str, earlier: int | None = None) -> Measured | None:
        """The network, whose weights have the hash `of`, on the pictures held back; None where there is none.

        What was counted is kept under the name, picture by picture, so that none is looked at twice. `earlier`: how
        many mixes were measured before this one; None for the parent.
        """
        file, held_back = self.job.folder / f"{name}.npz", self.job.indices(held_back=True)
        tally = Tally.read(file, of=of)
        stage = Stage.BEFORE if earlier is None else Stage.AFTER
        seconds = 0.0 if earlier else tally.seconds  # later ones take as long as the first
        self.pacing.begin(stage, done=(earlier or 0) * len(held_back) + tally.pictures, seconds=seconds)
        for index in held_back[tally.pictures :]:
            self.check()
            began = time.monotonic()
            with self.pacing.part():
                tally.add(network, self.job.picture(index), input_size=self.job.parent.input_size)
                tally.seconds += time.monotonic() - began
                tally.keep(file)
        return tally.measured() if held_back else None

    def try_measuring(self, network: BiSeNetFormer) -> None:
        """On one picture, as `measure` does; nothing is kept."""
        Tally(of="").add(network, self.job.picture(0), input_size=self.job.parent.input_size)

    def learner(self, parent: BiSeNetFormer) -> Learner:
        """What trains, at its beginning; the parent may be trained in place."""
        calibrate.undo(parent.state_dict(), self.job.parent.calibration)
        if self.settings.scope is Scope.HEAD:
            return HeadTrainer(parent, self.features(parent), self.head_settings())
        return WholeTrainer(parent.config, parent.state_dict(), self.samples, self.whole_settings(), device=self.device)

    def whole_settings(self) -> WholeSettings:
        return WholeSettings(
            steps=self.steps,
            input_size=self.job.parent.input_size or OWN_SIZE,
            learning_rate=self.learning_rate,
            seed=self.settings.seed,
        )

    def head_settings(self) -> HeadSettings:
        return HeadSettings(steps=self.steps, learning_rate=self.learning_rate, seed=self.settings.seed)

    def _train(self, parent: BiSeNetFormer) -> Learner:
        with self.pacing.busy():
            learner = self.learner(parent)
            if self.job.state is JobState.UNFINISHED:
                resume(learner, self.job.checkpoint)
        self._learner, self._saved = learner, learner.step
        self.job.forget_progress(after=learner.step)
        self.pacing.begin(Stage.TRAINING, done=learner.step, seconds=learner.seconds)
        told = time.monotonic()
        due = told + SAVED_SECONDS[0]
        losses: list[float] = []
        while learner.step < self.steps:
            self.check()
            with self.pacing.part():
                losses.append(self._one_step(learner))
            now = time.monotonic()
            if now - told >= TOLD_SECONDS or learner.step == self.steps:
                self._tell_step(learner, losses)
                told, losses = now, []
            if now >= due:
                self._save(learner)
                saved = time.monotonic()
                due = saved + float(np.clip((saved - now) / SAVING_SHARE, *SAVED_SECONDS))
        self._save(learner)
        return learner

    def _one_step(self, learner: Learner) -> float:
        """One step and its time; the loss. Raises `JobError` where the training went astray."""
        began = time.monotonic()
        try:
            loss = learner.find_gradients()
        except ValueError as error:  # of the matching, where the network's numbers are none any more
            raise JobError(ASTRAY) from error
        except DataError as error:
            raise JobError(str(error)) from error
        if not np.isfinite(loss):
            raise JobError(ASTRAY)
        with self._changing:
            learner.apply_gradients()
            learner.seconds += time.monotonic() - began
        return loss

    def _tell_step(self, learner: Learner, losses: list[float]) -> None:
        told = StepTold(learner.step, self.steps, float(np.mean(losses)), learner.seconds, self.pacing.left())
        self.job.add_progress(told)
        self._tell(told)
        self.pacing.told()

    def _save(self, learner: Learner) -> None:
        try:
            with self._changing, self.pacing.busy():
                if learner.step > self._saved:
                    learner.save(self.job.checkpoint)
                    self._saved = learner.step
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):  # PyTorch says nothing of what the disk refused
                raise error.__context__ from error
            raise
        self._keep_spent()

    def _result(self, learner: Learner, before: Measured | None) -> LearnReport:
        """Of all mixes of parent and learned weights the one that did best on the pictures held back.

        What counts is measured on the file, loaded as anybody loads it.
        """
        unnamed = self.job.result.parent / ".unnamed.safetensors"
        parent, learned = self._ends(learner)
        after: dict[float, Measured] = {}
        mixes = (UNTRIED_MIX,) if before is None else MIXES
        for place, mix in enumerate(mixes):
            with self.pacing.busy():
                write_weights(mixed(parent, learned, mix), unnamed)
                network = load_network(unnamed, self.job.parent.own_network, device=self.device)
            measured = self.measure(network, f"after-{mix:.0%}", of=sha256_of(unnamed), earlier=place)
            if measured is None:  # then it is run on something at least
                self.try_measuring(network)
            else:
                after[mix] = measured
        best = best_mix(before, after) if before else UNTRIED_MIX
        self.pacing.begin(Stage.WRITING)
        self.check()
        with self.pacing.part():
            if best != mixes[-1]:
                write_weights(mixed(parent, learned, best), unnamed)
            report = replace(self._report(before, after.get(best)), mix=best)
            write_result(self.job, unnamed, report)
        return report

    def _ends(self, learner: Learner) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The weights between which the new model may lie: the parent's and the learned ones, both with the parent's
        calibration."""
        with self.pacing.busy():
            card = self.job.parent
            learned = {name: tensor.detach().cpu().clone() for name, tensor in learner.weights().items()}
            calibrate.apply(learned, card.calibration)
            return dict(load_network(card.weights(), card.own_network, device="cpu").state_dict()), learned

    def _report(self, before: Measured | None, after: Measured | None) -> LearnReport:
        return LearnReport(
            parent=self.job.parent.name,
            name=self.job.name,
            trained=len(self.samples),
            held_back=len(self.job.indices(held_back=True)),
            before=before.scores if before else {},
            after=after.scores if after else {},
            classes=changes(before, after) if before and after else (),
            decided_before=before.decided if before else None,
            decided_after=after.decided if after else None,
            seconds=self._seconds(),
            settings=self.settings,
            known=sum(self.job.pictures[index].known for index in self.job.indices(held_back=True)),
        )

    def _seconds(self) -> float:
        return (self._spent or 0.0) + self.pacing.spent

    def _read_spent(self) -> float:
        try:
            return float(json.loads((self.job.folder / "spent.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return 0.0

    def _keep_spent(self) -> None:
        replace_file(self.job.folder / "spent.json", json.dumps(self._seconds()).encode())


def resume(learner: Learner, checkpoint: Path) -> None:
    """Raises `JobError` for a checkpoint that cannot be gone on with."""
    try:
        learner.resume(checkpoint)
    except DataError as error:
        raise JobError(str(error)) from error
    except (pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise JobError("The checkpoint of the job is damaged; the job has to begin anew.") from error


def device_for(wanted: str) -> str:
    """Where to train. Raises `EngineError` for what cannot."""
    for device in wanted_devices(wanted):
        if device == "cpu" or device.startswith("cuda"):
            try:
                check_device(device)
            except EngineError:
                if wanted != "auto":
                    raise
            else:
                return device
    raise EngineError(f"Nothing can be learned on {wanted}: it takes cpu or cuda.")
