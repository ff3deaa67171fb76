"""How often a job of learning keeps what it learned, and how often it tells its loss: by the time that both take."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.learning.job import Job
from inference.training import finetune
from inference.training.finetune import Run
from tests.inference.learning.jobs import small_job
from tests.inference.training.small_runs import nothing, settings


class Pretended:
    """Takes a second for each step, whose loss is its number, and so many to be saved."""

    def __init__(self, *, saving: float = 0.0) -> None:
        self.step, self.seconds, self.now, self._saving = 0, 0.0, 100.0, saving
        self.saved: list[int] = []

    def monotonic(self) -> float:
        return self.now

    def find_gradients(self) -> float:
        self.now += 1.0
        return self.step + 1.0

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


def test_a_point_of_the_curve_is_the_mean_since_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune, "TOLD_SECONDS", 3.0)
    job = trained(tmp_path, Pretended(), monkeypatch, steps=7)
    told = [(point.step, point.loss, point.seconds) for point in job.progress()]
    assert told == [(3, 2.0, 3.0), (6, 5.0, 6.0), (7, 7.0, 7.0)]  # the last step is always told
