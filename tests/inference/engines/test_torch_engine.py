"""PyTorch on devices that this machine need not have: number formats, recordings, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from inference.engines import torch_engine
from inference.engines.devices import CudaDevices
from inference.engines.engine import OutOfMemory
from inference.engines.guard import LEAST_AGREEMENT, agreement
from inference.engines.torch_engine import Answers, Graphs, TorchEngine, check_device, precisions_for
from inference.errors import EngineError
from tests.inference.engines.opening import STARTER
from tests.inference.network.deterministic import picture


@pytest.mark.parametrize(
    ("capability", "precisions"),
    [
        ((9, 0), (torch.float16, torch.bfloat16, torch.float32)),
        ((8, 6), (torch.float16, torch.bfloat16, torch.float32)),
        ((7, 5), (torch.float16, torch.float32)),
        ((6, 1), (torch.float32,)),
    ],
)
def test_the_card_decides_on_the_number_formats(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], precisions: tuple[torch.dtype, ...]
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    assert precisions_for("cuda:0") == precisions


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_elsewhere_it_is_float32(device: str) -> None:
    assert precisions_for(device) == (torch.float32,)


def test_a_format_in_which_the_network_overflows_is_not_used_again() -> None:
    engine = TorchEngine(STARTER, "cpu", reason="")
    used: list[torch.dtype] = []

    def compute(pixels: torch.Tensor) -> Answers:
        used.append(engine._precisions[0])
        bad = float("nan") if used[-1] == torch.float16 else 0.5
        return torch.full((1, 100, 150), bad), torch.full((1, 100, 8, 12), 0.5)

    engine._precisions = (torch.float16, torch.bfloat16, torch.float32)
    engine._compute = compute
    for _ in range(2):
        assert np.isfinite(engine.run(picture(64, 96))[0]).all()
    assert used == [torch.float16, torch.bfloat16, torch.bfloat16]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), MemoryError()])
def test_want_of_memory_is_told_apart(error: Exception) -> None:
    engine = TorchEngine(STARTER, "cpu", reason="")

    def compute(pixels: torch.Tensor) -> Answers:
        raise error

    engine._compute = compute
    with pytest.raises(OutOfMemory, match=r"^PyTorch failed on cpu: .*\.$"):
        engine.run(picture(64, 96))


def test_recordings_make_room_where_there_is_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    emptied: list[bool] = []

    def compute(pixels: torch.Tensor) -> Answers:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(engine._graphs is None))
    engine = TorchEngine(STARTER, "cpu", reason="")
    engine._graphs = Graphs(compute)
    with pytest.raises(OutOfMemory):
        engine.run(picture(64, 96))
    assert emptied == [True]  # the recordings are gone before what they held is given back


@pytest.mark.parametrize(
    ("built_for", "driver", "said", "fix"),
    [
        (None, "580, CUDA 13.0", "this build of it was made without CUDA", "Install a PyTorch with CUDA"),
        (
            "13.0",
            "535, CUDA 12.2",
            r"built for CUDA 13\.0, and the driver \(535, CUDA 12\.2\) does not",
            "newer NVIDIA",
        ),
        ("13.0", "", r"built for CUDA 13\.0, and the driver does not", "newer NVIDIA"),
    ],
)
def test_why_there_is_no_cuda_and_what_helps(
    monkeypatch: pytest.MonkeyPatch, built_for: str | None, driver: str, said: str, fix: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", built_for)
    monkeypatch.setattr(torch_engine, "cuda_devices", lambda: CudaDevices(1, "", ("Card",), driver))
    with pytest.raises(EngineError, match=said) as refused:
        check_device("cuda:0")
    assert fix in refused.value.fix


def test_mps_that_does_not_work_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(EngineError, match="PyTorch cannot use mps here"):
        check_device("mps")


# --- recordings ------------------------------------------------------------------------------------------------------


class Card:
    """A stand-in for a card: what is computed, recorded and replayed, and how long the two take."""

    def __init__(self, *, replay: float = 1.0, off: float = 0.0, refuses: bool = False) -> None:
        self.computed = self.recorded = self.replayed = 0
        self._replay_seconds, self._off, self._refuses = replay, off, refuses

    def compute(self, pixels: torch.Tensor) -> Answers:
        self.computed += 1
        return pixels + 1, pixels + 2

    def record(self, compute: Callable[[torch.Tensor], Answers], pixels: torch.Tensor) -> Callable[..., Answers]:
        self.recorded += 1
        if self._refuses:
            raise RuntimeError("operation not permitted when stream is capturing")

        def replay(pixels: torch.Tensor) -> Answers:
            self.replayed += 1
            return pixels + 1 + self._off, pixels + 2

        return replay

    def seconds(self, work: Callable[[], object]) -> float:
        before = self.replayed
        work()
        return self._replay_seconds if self.replayed > before else 2.0

    def graphs(self) -> Graphs:
        return Graphs(self.compute, record=self.record, seconds=self.seconds)


def pixels(width: int = 8) -> torch.Tensor:
    return torch.zeros(1, 3, 8, width)


def test_a_size_that_comes_up_often_is_replayed() -> None:
    card = Card()
    graphs = card.graphs()
    for _ in range(Graphs.AFTER):
        graphs(pixels())
    assert card.recorded == 1
    before = card.computed, card.replayed
    first, second = graphs(pixels() + 5)
    assert (card.computed, card.replayed) == (before[0], before[1] + 1)
    assert (first == 6).all()
    assert (second == 7).all()
    graphs(pixels(16))
    assert card.recorded == 1  # another size is another matter


@pytest.mark.parametrize("card", [Card(replay=3.0), Card(off=0.1), Card(refuses=True)], ids=["slow", "off", "refused"])
def test_what_does_not_pay_or_differs_or_cannot_be_recorded_is_left_alone(card: Card) -> None:
    graphs = card.graphs()
    for _ in range(3 * Graphs.AFTER):
        first, _ = graphs(pixels())
        assert (first == 1).all()
    assert card.recorded == 1
    assert graphs._recorded == {}


def test_so_many_sizes_are_recorded_and_no_more() -> None:
    card = Card()
    graphs = card.graphs()
    for width in range(8, 8 * 10, 8):
        for _ in range(Graphs.AFTER):
            graphs(pixels(width))
    assert card.recorded == Graphs.MOST


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_half_precision_and_recordings_on_a_card_give_the_labels_of_the_reference() -> None:
    engine = TorchEngine(STARTER, "cuda:0", reason="")
    first = engine.run(picture(288, 432))
    for _ in range(2 * Graphs.AFTER):
        again = engine.run(picture(288, 432))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-3)
    assert agreement(STARTER, engine) >= LEAST_AGREEMENT
