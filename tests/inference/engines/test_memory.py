"""Out of memory: smaller, then on the CPU, said aloud, and never larger again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference import engines
from inference.engines import devices, open_engine
from inference.engines.devices import CudaDevices
from inference.engines.engine import Answer, Engine, OutOfMemory, is_out_of_memory
from inference.engines.memory import FrugalEngine, notes_of, shrunk
from inference.errors import EngineError
from inference.prediction import Prediction
from tests.inference.engines.opening import STARTER, onnx_engine


class Narrow:
    """An engine with room for so many pixels, which remembers what it was given."""

    name, at_once = "torch", 2

    def __init__(self, room: int, *, device: str = "cuda:0", seen: list[tuple[str, int]] | None = None) -> None:
        self.device = device
        self.reason = f"{device} it is."
        self.room = room
        self.seen = [] if seen is None else seen

    def run(self, image: np.ndarray) -> Answer:
        height, width = image.shape[:2]
        self.seen.append((self.device, height * width))
        if height * width > self.room:
            raise OutOfMemory("There is no memory left.")
        return np.zeros((100, 150), np.float32), np.zeros((100, height // 8, width // 8), np.float32)


def picture(height: int = 320, width: int = 480) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def test_with_enough_memory_nothing_is_changed_and_nothing_said() -> None:
    engine = FrugalEngine(Narrow(10**9), on_cpu=None)
    assert engine.run(picture())[1].shape == (100, 40, 60)
    assert notes_of(engine) == ()
    assert (engine.name, engine.device, engine.reason, engine.at_once) == ("torch", "cuda:0", "cuda:0 it is.", 2)


def test_a_smaller_picture_is_tried_and_kept_to() -> None:
    narrow = Narrow(100_000)
    engine = FrugalEngine(narrow, on_cpu=None)
    class_probs, mask_probs = engine.run(picture())
    pixels = [pixels for _, pixels in narrow.seen]
    assert pixels[0] == 320 * 480
    assert len(pixels) == 2
    assert pixels[1] <= pixels[0] // 2
    assert Prediction(class_probs, mask_probs, (640, 960)).labels().shape == (640, 960)
    engine.run(picture())
    engine.run(picture(160, 240))
    assert [pixels for _, pixels in narrow.seen][2:] == [pixels[1], 160 * 240]  # at once, and nothing is made larger
    (note,) = notes_of(engine)
    assert note.startswith("PyTorch ran out of memory on cuda:0, so the network sees pictures of 0.077 megapixels")


def test_the_cpu_takes_over_where_smaller_does_not_help_and_is_given_nothing_larger() -> None:
    seen: list[tuple[str, int]] = []
    opened: list[Engine] = []

    def on_cpu() -> Engine:
        opened.append(Narrow(10**9, device="cpu", seen=seen))
        return opened[-1]

    engine = FrugalEngine(Narrow(0, seen=seen), on_cpu=on_cpu)
    for _ in range(3):
        engine.run(picture())
    assert len(opened) == 1
    assert [device for device, _ in seen] == ["cuda:0"] * 3 + ["cpu"] * 3
    pixels = [pixels for _, pixels in seen]
    assert pixels == sorted(pixels, reverse=True)
    assert (engine.device, engine.reason) == ("cpu", "cpu it is.")
    assert notes_of(engine)[-1] == "cpu it is."


def test_a_picture_that_is_small_already_goes_to_the_cpu_as_it_is() -> None:
    seen: list[tuple[str, int]] = []
    engine = FrugalEngine(Narrow(0, seen=seen), on_cpu=lambda: Narrow(10**9, device="cpu", seen=seen))
    engine.run(picture(64, 64))
    assert seen == [("cuda:0", 64 * 64), ("cpu", 64 * 64)]


@given(st.integers(0, 400_000), st.integers(0, 400_000), st.lists(st.sampled_from([64, 160, 320, 640]), max_size=6))
def test_what_failed_is_never_asked_for_again_with_something_larger(room: int, later: int, sides: list[int]) -> None:
    """Whatever comes, and whoever takes memory away meanwhile."""
    seen: list[tuple[str, int]] = []
    narrow = Narrow(room, seen=seen)
    engine = FrugalEngine(narrow, on_cpu=lambda: Narrow(10**9, device="cpu", seen=seen))
    for side in sides:
        engine.run(picture(side, side))
        narrow.room = min(room, later)
    for index, (device, pixels) in enumerate(seen):
        failed = [asked for place, asked in seen[:index] if place != "cpu" and asked > room]
        assert not failed or pixels < min(failed) or (device, pixels) == ("cpu", min(failed))


def test_where_nothing_helps_it_is_out_of_memory() -> None:
    with pytest.raises(OutOfMemory, match=r"There is no memory left\."):
        FrugalEngine(Narrow(0), on_cpu=None).run(picture())

    def broken() -> Engine:
        raise EngineError("Nothing is installed.")

    with pytest.raises(OutOfMemory, match=r"no memory left\. The CPU cannot take over: Nothing is installed\."):
        FrugalEngine(Narrow(0), on_cpu=broken).run(picture())


def test_another_error_is_not_about_memory() -> None:
    class Broken(Narrow):
        def run(self, image: np.ndarray) -> Answer:
            self.seen.append(("cuda:0", 0))
            raise EngineError("The card fell off the bus.")

    broken = Broken(0)
    engine = FrugalEngine(broken, on_cpu=lambda: Narrow(10**9))
    with pytest.raises(EngineError, match="fell off the bus"):
        engine.run(picture())
    assert len(broken.seen) == 1
    assert notes_of(engine) == ()


def test_pictures_beside_one_another_decide_once() -> None:
    narrow = Narrow(100_000)
    engine = FrugalEngine(narrow, on_cpu=None)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(engine.run, [picture()] * 8))
    assert {mask_probs.shape for _, mask_probs in answers} == {answers[-1][1].shape}
    assert len(notes_of(engine)) == 1


@given(st.integers(4, 200), st.integers(4, 200), st.integers(1, 3_000_000))
def test_a_smaller_picture_is_one_the_network_can_take(rows: int, columns: int, most: int) -> None:
    image = np.zeros((rows * 8, columns * 8, 3), np.uint8)
    small = shrunk(image, most=most)
    height, width = small.shape[:2]
    assert height % 8 == width % 8 == 0
    assert min(height, width) >= 32
    assert height * width <= max(most, 32 * max(height, width))
    assert height <= image.shape[0]
    assert width <= image.shape[1]


@pytest.mark.parametrize(
    ("said", "memory"),
    [
        ("CUDA out of memory. Tried to allocate 20.00 MiB", True),
        ("CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", True),
        ("bad allocation", True),
        ("std::bad_alloc", True),
        ("Failed to allocate memory for requested buffer of size 4096", True),
        ("CUDA failure 2: out of memory ; GPU=0", True),
        ("an illegal memory access was encountered", False),
        ("misaligned address", False),
    ],
)
def test_how_libraries_say_that_there_is_no_memory(said: str, memory: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_out_of_memory(RuntimeError(said)) is memory
    assert is_out_of_memory(MemoryError())


def test_a_full_card_ends_on_the_cpu_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """From `open_engine` to the answer, with a card that has memory for the trial only."""

    class FullCard(Narrow):
        def run(self, image: np.ndarray) -> Answer:
            super().run(image)
            return onnx_engine(STARTER).run(image)

    make = engines.make_engine
    monkeypatch.setattr(devices, "cuda_devices", lambda: CudaDevices(1, "", ("Card",), "580"))
    monkeypatch.setattr(engines, "trial_of", lambda *_args, **_more: SimpleNamespace(usable=True))
    monkeypatch.setattr(
        engines,
        "make_engine",
        lambda card, name, device, **more: (
            FullCard(64 * 96) if device == "cuda:0" else make(card, name, device, **more)
        ),
    )
    engine, attempts = open_engine(STARTER)
    assert (engine.name, engine.device, attempts) == ("torch", "cuda:0", ())
    engine.run(picture())
    assert (engine.name, engine.device) == ("onnx", "cpu")
    assert engine.reason == "CPU, because cuda:0 ran out of memory."
    assert notes_of(engine)[-1] == engine.reason
