"""Training of the whole network on the pictures of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from inference.learning.job import Job
from inference.learning.pictures import weights_of
from inference.network.config import NetworkConfig
from inference.training.criterion import LossSettings
from inference.training.data import Augmentation, Sample
from inference.training.trainer import Trainer, TrainingSettings

COARSEST = 32  # pixels; the sides of a crop are multiples of it


class JobSamples(Sequence[Sample]):
    """The pictures of a job that are trained on and weigh anything, read when they are asked for."""

    def __init__(self, job: Job) -> None:
        self._job = job
        trained = job.indices(held_back=False)
        self.indices = [index for index in trained if job.pictures[index].decided or job.pictures[index].kept]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]  # slices are not needed
        """Raises `JobError` for a damaged picture."""
        picture = self._job.picture(self.indices[index])
        return Sample(picture.name, picture.photo, picture.labels, weights_of(picture, self._job.settings))


@dataclass(frozen=True, kw_only=True)
class WholeSettings:
    """What a run is made of, beyond its data."""

    steps: int
    input_size: int
    learning_rate: float = 1e-4
    batch_size: int = 8
    seed: int = 0

    def training(self) -> TrainingSettings:
        crop = max(2, round(self.input_size / COARSEST)) * COARSEST
        return TrainingSettings(
            batch_size=self.batch_size,
            crops=(crop,),
            learning_rate=self.learning_rate,
            warm_up=0.1,
            average_decay=0.98,
            seed=self.seed,
            losses=LossSettings(points=1024, auxiliary_weight=0.0),
            augmentation=Augmentation(smallest_scale=0.8, largest_scale=1.6),
        )


class WholeTrainer:
    """`Trainer`, told what suits a network that knows its trade and a few pictures.

    The statistics of the normalisation stay as they are: those of a few crops would be worse. There are no auxiliary
    heads: they would begin with chance, and shake what the trunk has learned.
    """

    def __init__(
        self,
        config: NetworkConfig,
        state: dict[str, Tensor],
        samples: Sequence[Sample],
        settings: WholeSettings,
        *,
        device: str,
    ) -> None:
        self._samples, self._steps = samples, settings.steps
        self.trainer = Trainer(config, settings.training(), device=device)
        self.trainer.start_from(state)
        for layer in self.trainer.network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()

    @property
    def step(self) -> int:
        return self.trainer.step

    @property
    def seconds(self) -> float:
        return self.trainer.seconds

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        self.trainer.seconds = seconds

    @property
    def _done(self) -> float:
        """The share 0..1 of the job at which the next step is taken."""
        return (self.step + 1) / (self._steps + 1)

    def find_gradients(self) -> float:
        """The loss of the next step, whose gradients are kept; nothing changes that `save` would write."""
        return float(self.trainer.find_gradients(self._samples, self._done).total)

    def apply_gradients(self) -> None:
        """Take the step."""
        self.trainer.apply_gradients(self._done)

    def weights(self) -> dict[str, Tensor]:
        """The averaged network."""
        return self.trainer.average.state

    def save(self, path: Path) -> None:
        self.trainer.save(path)

    def resume(self, path: Path) -> None:
        self.trainer.resume(path)
