"""How often a job of learning keeps what it learned, and how often it tells its loss: by the time that both take."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.learning.job import Job, JobError
from inference.training import finetune
from inference.training.finetune import Run
from tests.inference.learning.jobs import small_job
from tests.inference.training.small_runs import nothing, settings

pytestmark = pytest.mark.usefixtures("narrow")


class Pretended:
    """Takes a second for each step, whose loss is its number, and so many to be saved."""

    def __init__(self, *, saving: float = 0.0) -> None:
        self.step, self.seconds, self.now, self._saving = 0, 0.0, 100.0, saving
        self.saved: list[int] = []
        self.astray: int | None = None

    def monotonic(self) -> float:
        return self.now

    def find_gradients(self) -> float:
        self.now += 1.0
        return self.step + 1.0 if self.step != self.astray else float("nan")

    def apply_gradients(self) -> None:
        self.step += 1

    def save(self, _: Path) -> None:
        self.now += self._saving
        self.saved.append(self.step)


def trained(folder: Path, learner: Pretended, monkeypatch: pytest.MonkeyPatch, *, steps: int) -> Job:
    monkeypatch.setattr(finetune, "time", learner)
    monkeypatch.setattr(Run, "learner", lambda *_: learner)
    job = small_job(folder, settings=settings(steps=steps))
    Run(job, tell=lambda _: None, check=nothing)._train(None)  # type: ignore[arg-type]
    return job


@pytest.mark.parametrize(
    ("saving", "saved"),
    [
        (0.0, [*range(1, 46)]),  # once a second at most
        (0.5, [1, 11, 21, 31, 41, 45]),  # a twentieth of the time
        (4.0, [1, 21, 41, 45]),  # every 20 seconds at least
    ],
)
def test_what_was_learned_is_kept_as_often_as_it_costs_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saving: float, saved: list[int]
) -> None:
    learner = Pretended(saving=saving)
    trained(tmp_path, learner, monkeypatch, steps=45)
    assert learner.saved == saved


@pytest.mark.parametrize("astray", [1, 2])
def test_a_loss_that_is_no_number_ends_it_before_it_is_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, astray: int
) -> None:
    learner = Pretended()
    learner.astray = astray
    with pytest.raises(JobError, match="A smaller learning rate helps"):
        trained(tmp_path, learner, monkeypatch, steps=3)
    assert learner.step == astray


@pytest.mark.parametrize("refused", [True, False])
def test_what_the_disk_refused_is_told_whatever_pytorch_makes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    def save(_: Path) -> None:
        try:
            raise OSError(28, "No space left on device") if refused else KeyError("step")
        except (OSError, KeyError):
            raise RuntimeError("unexpected pos 64 vs 0")  # noqa: B904 # as PyTorch does

    learner = Pretended()
    monkeypatch.setattr(learner, "save", save)
    with pytest.raises(OSError if refused else RuntimeError, match="No space left" if refused else "unexpected pos"):
        trained(tmp_path, learner, monkeypatch, steps=3)


def test_a_point_of_the_curve_is_the_mean_since_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune, "TOLD_SECONDS", 3.0)
    job = trained(tmp_path, Pretended(), monkeypatch, steps=7)
    told = [(point.step, point.loss, point.seconds) for point in job.progress()]
    assert told == [(3, 2.0, 3.0), (6, 5.0, 6.0), (7, 7.0, 7.0)]  # the last step is always told
