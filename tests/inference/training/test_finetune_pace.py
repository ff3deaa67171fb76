"""What a job takes here is told from little work: neither its first moment nor a crowd of the moment counts in full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from inference.learning.events import PaceTold
from inference.learning.settings import LearnSettings, Scope
from inference.training import finetune, finetune_pace, timing
from inference.training.features import VIEWS, Features
from inference.training.finetune import Run
from inference.training.finetune_head import HeadSettings, HeadTrainer
from inference.training.finetune_pace import AROUND, pace
from inference.training.finetune_whole import WholeSettings
from inference.training.timing import CROWD
from tests.inference.learning.jobs import finished_picture, finished_pictures, small_job
from tests.inference.training.small_runs import two_held_back


class Clock:
    """The time, and the processor time of this process."""

    def __init__(self) -> None:
        self.now = self.worked = 0.0

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.worked


class Steps:
    """Each step takes as long as it is said to, on a processor of its own or on one that others want too."""

    def __init__(self, clock: Clock, *seconds: float, share: float = 1.0) -> None:
        self.clock, self.seconds, self.share, self.taken = clock, seconds, share, 0

    def find_gradients(self) -> float:
        seconds = self.seconds[min(self.taken, len(self.seconds) - 1)]
        self.clock.now += seconds
        self.clock.worked += seconds * self.share
        self.taken += 1
        return 1.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (finetune_pace, timing):
        monkeypatch.setattr(module, "time", clock)
    return clock


def step_seconds(steps: Steps, *, device: str = "cpu") -> float:
    return finetune_pace._step_seconds(steps, SimpleNamespace(check=lambda: None, device=device))  # type: ignore[arg-type]


def test_the_first_step_never_counts(clock: Clock) -> None:
    steps = Steps(clock, 50.0, 3.0)
    assert step_seconds(steps) == 3.0
    assert steps.taken == 2  # nobody waits for more of such steps


def test_the_middle_one_of_quick_steps_counts(clock: Clock) -> None:
    steps = Steps(clock, 1.0, 0.125, 0.25, 0.125, 0.25, 0.25, 0.25, 0.25)
    assert step_seconds(steps) == 0.125
    assert steps.taken == 4  # that is enough


@pytest.mark.parametrize(("device", "told"), [("cpu", CROWD * 2.0), ("cuda", 8.0)])
def test_a_crowd_of_the_moment_is_not_told_as_if_it_stayed(clock: Clock, device: str, told: float) -> None:
    assert step_seconds(Steps(clock, 8.0, share=0.25), device=device) == told


def ten_seconds(work: Callable[[], object], _: Run) -> float:
    work()
    return 10.0


def test_what_one_view_takes_is_told_for_all_of_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune_pace, "_step_seconds", lambda *_: 1.0)
    monkeypatch.setattr(finetune_pace, "_seconds_of", ten_seconds)
    job = small_job(tmp_path, settings=LearnSettings(scope=Scope.HEAD, steps=100, device="cpu"))
    told = pace(job, pictures=20, check=lambda: None)  # four are held back, for the parent and four mixes
    assert told.head == AROUND + 16 * 10 + 4 * 5 * 10 + 100 * HeadSettings(steps=1).batch_size
    assert told.all == AROUND + 4 * 5 * 10 + 100 * 10 * WholeSettings(steps=1, input_size=64).batch_size


@pytest.mark.parametrize(("of_half", "sides"), [(0.25, [32, 32, 64, 128]), (1.0, [32, 32, 64])])
def test_of_crops_that_take_long_smaller_ones_tell(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, of_half: float, sides: list[int]
) -> None:
    """Half a second for any crop, and some for each of its pixels: told is what a whole one takes, to the second."""
    looked: list[int] = []

    def whole(_run: object, _parent: object, settings: WholeSettings) -> SimpleNamespace:
        def find_gradients() -> None:
            looked.append(settings.input_size)
            seconds = 0.5 + of_half * (settings.input_size / 64) ** 2
            clock.now, clock.worked = clock.now + seconds, clock.worked + seconds

        assert settings.batch_size == 1
        return SimpleNamespace(find_gradients=find_gradients)

    monkeypatch.setattr(finetune_pace, "_whole", whole)
    settings = WholeSettings(steps=1, input_size=128, batch_size=8)
    asked = SimpleNamespace(settings=LearnSettings(steps=10))
    run = SimpleNamespace(check=lambda: None, device="cpu", whole_settings=lambda: settings, job=asked)
    told = finetune_pace._whole_seconds(run, object(), pictures=5)  # type: ignore[arg-type]
    assert told == pytest.approx(10 * 8 * (0.5 + of_half * 4))
    assert looked == sides


def test_a_smaller_crop_that_took_longer_by_chance_makes_no_crop_shorter(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    settings = WholeSettings(steps=1, input_size=128, batch_size=1)
    steps = iter((Steps(clock, 3.0), Steps(clock, 2.0)))  # of a quarter and of a half
    monkeypatch.setattr(finetune_pace, "_whole", lambda *_: next(steps))
    asked = SimpleNamespace(settings=LearnSettings(steps=10))
    run = SimpleNamespace(check=lambda: None, device="cpu", whole_settings=lambda: settings, job=asked)
    assert finetune_pace._whole_seconds(run, object(), pictures=5) == 20.0  # type: ignore[arg-type]


def test_pictures_for_which_there_is_no_room_take_longer_in_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finetune_pace, "_step_seconds", lambda *_: 1.0)
    monkeypatch.setattr(finetune_pace, "_seconds_of", ten_seconds)
    monkeypatch.setattr(Features, "room", 4)
    settings = LearnSettings(held_back=0.0, steps=100, device="cpu")
    told = pace(small_job(tmp_path, settings=settings), pictures=20, check=lambda: None)
    found_again = (1 - 4 / 20) * 10 / len(VIEWS)
    assert told.head == AROUND + 4 * 10 + 100 * HeadSettings(steps=1).batch_size * (1 + found_again)


@pytest.mark.parametrize(
    ("share", "pictures", "held_back"),
    [
        (0.1, 4, 1),  # one of however few
        (0.2, 22, 5),  # as many as a job may have
        (0.9, 4, 3),  # and something remains to learn from
        (0.5, 6, 2),  # all of them are at hand: those of the job
    ],
)
def test_as_many_are_held_back_as_in_the_whole_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, pictures: int, held_back: int
) -> None:
    monkeypatch.setattr(finetune_pace, "_seconds_of", ten_seconds)
    for part in ("_head_seconds", "_whole_seconds"):
        monkeypatch.setattr(finetune_pace, part, lambda *_, pictures: 1000.0 * pictures)
    monkeypatch.setattr(Run, "try_measuring", lambda *_: None)
    settings = LearnSettings(held_back=share, steps=1, device="cpu")
    told = pace(small_job(tmp_path, settings=settings, pictures=two_held_back()), pictures=pictures, check=lambda: None)
    assert told.head == told.all == AROUND + held_back * 5 * 10 + (pictures - held_back) * 1000


def test_where_nothing_is_held_back_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune_pace, "_step_seconds", lambda *_: 0.0)
    monkeypatch.setattr(finetune_pace, "_seconds_of", ten_seconds)
    tried: list[object] = []
    monkeypatch.setattr(Run, "try_measuring", lambda _, network: tried.append(network))
    settings = LearnSettings(held_back=0.0, steps=1, device="cpu")
    told = pace(small_job(tmp_path, settings=settings, pictures=finished_pictures()), pictures=20, check=lambda: None)
    assert len(tried) == 1  # which prepares what the other work needs
    assert told.head == AROUND + 20 * 10
    assert told.all == AROUND + 10 * WholeSettings(steps=1, input_size=64).batch_size


def test_steps_follow_from_all_pictures_not_from_those_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune_pace, "_step_seconds", lambda *_: 1.0)
    monkeypatch.setattr(finetune_pace, "_seconds_of", ten_seconds)
    settings = LearnSettings(held_back=0.0, device="cpu")
    told = pace(small_job(tmp_path, settings=settings), pictures=60, check=lambda: None)
    steps = settings.resolved(60).steps
    assert steps is not None
    assert steps > (settings.resolved(5).steps or 0)
    assert told.all == AROUND + steps * 10 * WholeSettings(steps=1, input_size=64).batch_size


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")])
def test_what_there_is_no_memory_for_has_no_time_and_the_other_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object, **__: object) -> float:
        raise error

    monkeypatch.setattr(finetune_pace, "_seconds_of", ten_seconds)
    monkeypatch.setattr(finetune_pace, "_head_seconds", lambda *_, **__: 7.0)
    monkeypatch.setattr(finetune_pace, "_whole_seconds", full)
    settings = LearnSettings(held_back=0.0, steps=1, device="cpu")
    told = pace(small_job(tmp_path, settings=settings), pictures=20, check=lambda: None)
    assert told == PaceTold(head=AROUND + 7.0, all=None)


def test_what_else_goes_wrong_is_no_want_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> float:
        raise RuntimeError("CUDNN_STATUS_EXECUTION_FAILED")

    monkeypatch.setattr(finetune_pace, "_head_seconds", fail)
    job = small_job(tmp_path, settings=LearnSettings(held_back=0.0, steps=1, device="cpu"))
    with pytest.raises(RuntimeError, match="CUDNN"):
        pace(job, pictures=20, check=lambda: None)


def test_a_graphics_card_takes_a_whole_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that its memory suffices for one."""
    settings, looked = WholeSettings(steps=1, input_size=128, batch_size=8), list[WholeSettings]()
    monkeypatch.setattr(finetune_pace, "_whole", lambda _run, _parent, settings: looked.append(settings))
    monkeypatch.setattr(finetune_pace, "_step_seconds", lambda *_: 0.5)
    asked = SimpleNamespace(settings=LearnSettings(steps=10))
    run = SimpleNamespace(check=lambda: None, device="cuda", whole_settings=lambda: settings, job=asked)
    assert finetune_pace._whole_seconds(run, object(), pictures=5) == 5.0  # type: ignore[arg-type]
    assert looked == [settings]


def test_the_first_picture_that_is_measured_never_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    seconds = iter([50.0, 3.0])

    def measure(*_: object) -> None:
        passed = next(seconds)
        clock.now, clock.worked = clock.now + passed, clock.worked + passed

    monkeypatch.setattr(Run, "try_measuring", measure)
    for part in ("_head_seconds", "_whole_seconds"):
        monkeypatch.setattr(finetune_pace, part, lambda *_, **__: 0.0)
    told = pace(small_job(tmp_path, settings=LearnSettings(device="cpu")), pictures=20, check=lambda: None)
    assert told.head == told.all == AROUND + 4 * 5 * 3.0


class EndedError(Exception):
    """Whoever asked has gone away."""


def end(*_: object, **__: object) -> None:
    raise EndedError


def test_before_every_part_it_is_asked_whether_to_go_on(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Whoever closes the dialog waits for one part at most."""
    order: list[str] = []

    def work() -> None:
        order.append("work")
        clock.now, clock.worked = clock.now + 0.25, clock.worked + 0.25

    learner = SimpleNamespace(find_gradients=work)
    monkeypatch.setattr(finetune_pace, "_whole", lambda *_: learner)
    settings = WholeSettings(steps=1, input_size=128)
    run = SimpleNamespace(
        check=lambda: order.append("asked"),
        device="cpu",
        whole_settings=lambda: settings,
        job=SimpleNamespace(settings=LearnSettings(steps=10)),
    )
    finetune_pace._step_seconds(learner, run)  # type: ignore[arg-type]
    assert order == 4 * ["asked", "work"]
    finetune_pace._whole_seconds(run, object(), pictures=5)  # type: ignore[arg-type]
    assert order == 8 * ["asked", "work"]


def test_what_is_ended_ends_at_once_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "try_measuring", lambda *_: None)
    job = small_job(tmp_path, settings=LearnSettings(held_back=0.0, device="cpu"))
    before = set(job.folder.rglob("*"))
    with pytest.raises(EndedError):
        pace(job, pictures=20, check=end)
    assert set(job.folder.rglob("*")) == before


def test_one_view_is_tried_as_large_as_the_network_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written for that lies where the next run of the job removes it, whatever ends this one."""
    tried: list[HeadTrainer] = []
    lying: list[list[Path]] = []

    def step(learner: HeadTrainer, run: Run) -> float:
        tried.append(learner)
        lying.append([path for path in run.job.folder.glob("pace-*/*") if path.stat().st_size])
        assert learner.features.view(0, 0).truth.labels.shape == (1, 64, 80)
        return 1.0

    monkeypatch.setattr(finetune_pace, "_step_seconds", step)
    monkeypatch.setattr(finetune_pace, "_whole_seconds", lambda *_, **__: 0.0)
    pictures = [finished_picture(f"{number}.jpg", height=96, width=120) for number in range(4)]
    job = small_job(tmp_path, settings=LearnSettings(held_back=0.0, device="cpu"), pictures=pictures)
    pace(job, pictures=20, check=lambda: None)
    assert [learner.settings.batch_size for learner in tried] == [1]
    assert [path.name for path in lying[0]] == ["first.safetensors"]
    assert not list(job.folder.glob("pace-*"))


def test_all_is_tried_where_it_will_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network on the device of the job, and what trains all of it on its pictures."""
    devices: list[str] = []

    def load(*_: object, device: str) -> None:
        devices.append(device)
        raise EndedError

    monkeypatch.setattr(finetune, "device_for", lambda _wanted: "cuda")
    monkeypatch.setattr(finetune_pace, "load_network", load)
    with pytest.raises(EndedError):
        pace(small_job(tmp_path), pictures=20, check=lambda: None)
    assert devices == ["cuda"]
    monkeypatch.setattr(finetune_pace, "WholeTrainer", lambda *given, device: (*given, device))
    run, settings = SimpleNamespace(samples=["a sample"], device="cuda"), WholeSettings(steps=1, input_size=64)
    parent = SimpleNamespace(config="its config", state_dict=lambda: "its weights")
    made = finetune_pace._whole(run, parent, settings)  # type: ignore[arg-type]
    assert made == ("its config", "its weights", ["a sample"], settings, "cuda")
