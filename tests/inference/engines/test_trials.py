"""What is tried, what is remembered of it, and what an engine must show before it is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference import engines
from inference.engines import devices, guard, open_engine, trial_child, trials, versions
from inference.engines.devices import CudaDevices
from inference.engines.engine import Answer, Engine, OutOfMemory
from inference.engines.guard import agreement
from inference.engines.trial_child import look
from inference.engines.trials import Trial, must_be_tried, trial_of, try_devices
from inference.errors import EngineError, WeightsError
from tests.inference.engines.opening import STARTER, onnx_engine

GOOD = {"usable": True, "reason": "", "fix": "", "milliseconds": 12.5, "agreement": 0.999, "lasting": True}
BAD = {"usable": False, "reason": "No.", "fix": "Buy one.", "milliseconds": None, "agreement": None, "lasting": True}


class Lying:
    """ONNX Runtime on the CPU that lies about a share of the mask grid's columns."""

    name, device, reason, at_once = "torch", "cuda:0", "", 1

    def __init__(self, share: float) -> None:
        self._share = share
        self._honest = onnx_engine(STARTER)

    def run(self, image: np.ndarray) -> Answer:
        class_probs, mask_probs = (part.copy() for part in self._honest.run(image))
        liar = int(class_probs.max(axis=1).argmin())
        class_probs[liar] = np.eye(150, dtype=np.float32)[149]
        mask_probs[liar] = 0
        cells = mask_probs.reshape(len(mask_probs), -1)
        lied = slice(0, round(self._share * cells.shape[1]))
        cells[:, lied] = 0
        cells[liar, lied] = 1
        return class_probs, mask_probs


class Unsure:
    """Says of every pixel that it may be a class, at a score that no threshold which people use lets through."""

    device, reason, at_once = "cpu", "", 1

    def __init__(self, name: str, *, class_id: int) -> None:
        self.name = name
        self._class_id = class_id

    def run(self, image: np.ndarray) -> Answer:
        class_probs = np.zeros((1, 150), np.float32)
        class_probs[0, self._class_id - 1] = 0.1
        return class_probs, np.ones((1, image.shape[0] // 8, image.shape[1] // 8), np.float32)


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], list[tuple[str, str]]]:
    """Has the child process find this from now on; the list is of what it was asked."""
    asked: list[tuple[str, str]] = []

    def finds(found: dict[str, Any]) -> list[tuple[str, str]]:
        def look_in_child(_card: object, engine: str, device: str, *, may_export: bool) -> dict[str, Any]:
            asked.append((engine, device))
            return dict(found)

        monkeypatch.setattr(trials, "look_in_child", look_in_child)
        return asked

    return finds


# --- the guard -------------------------------------------------------------------------------------------------------


def test_the_reference_agrees_with_itself_and_an_honest_engine_with_it() -> None:
    assert agreement(STARTER, onnx_engine(STARTER)) == 1.0
    assert agreement(STARTER, Lying(0.0)) == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_every_stored_picture_has_to_agree(wrong: int) -> None:
    class LyingOnce(Lying):
        def run(self, image: np.ndarray) -> Answer:
            self._share = 0.02 if next(numbers) == wrong else 0.0
            return super().run(image)

    numbers = count()
    assert 0.975 < agreement(STARTER, LyingOnce(0.0)) < 0.985  # of which the mean over three would be above 0.99


def test_pixels_count_however_low_the_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "reference_engine", lambda _card: Unsure("onnx", class_id=1))
    assert agreement(STARTER, Unsure("torch", class_id=2)) == 0.0
    assert agreement(STARTER, Unsure("torch", class_id=1)) == 1.0


def test_an_engine_that_lies_about_two_in_a_hundred_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    make = trial_child.make_engine

    def lying(card: Any, engine: str, device: str, **more: Any) -> Engine:
        return Lying(0.02) if engine == "torch" else make(card, engine, device, **more)

    monkeypatch.setattr(trial_child, "make_engine", lying)
    found = look(STARTER, "torch", "cuda:0", may_export=False)
    assert found["usable"] is False
    assert 0.975 < found["agreement"] < 0.985
    assert found["reason"].startswith("PyTorch on cuda:0 labels 2.")
    assert found["reason"].endswith("otherwise than the reference engine; up to 1% is accepted.")


def test_an_engine_that_differs_on_one_in_two_hundred_pixels_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_child, "make_engine", lambda *_args, **_more: Lying(0.005))
    found = look(STARTER, "torch", "cuda:0", may_export=False)
    assert found["usable"] is True
    assert 0.99 <= found["agreement"] < 0.9975
    assert found["milliseconds"] > 0


# --- what is remembered ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", [GOOD, BAD])
def test_what_was_found_is_not_looked_for_again(child: Any, found: dict[str, Any]) -> None:
    asked = child(found)
    first, second = trial_of(STARTER, "torch", "cpu"), trial_of(STARTER, "torch", "cpu")
    assert len(asked) == 1
    assert (first.cached, second.cached) == (False, True)
    assert replace(first, cached=True) == second
    assert (second.usable, second.reason, second.fix) == (found["usable"], found["reason"], found["fix"])
    assert (second.milliseconds, second.agreement) == (found["milliseconds"], found["agreement"])
    assert [path.name for path in trials.trials_path().parent.iterdir()] == ["trials.json"]


def test_fresh_looks_again_and_remembers_that(child: Any) -> None:
    child(BAD)
    trial_of(STARTER, "torch", "cpu")
    asked = child(GOOD)
    assert trial_of(STARTER, "torch", "cpu", fresh=True).usable
    assert trial_of(STARTER, "torch", "cpu").usable
    assert len(asked) == 2


def test_the_oldest_is_forgotten_first(child: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "_KEPT", 2)
    child(GOOD)
    first, second, third = (replace(STARTER, sha256=digit * 64) for digit in "123")
    for card in (first, second, third, second):
        trial_of(card, "torch", "cpu")
    assert [trial_of(card, "torch", "cpu").cached for card in (second, third)] == [True, True]
    assert not trial_of(first, "torch", "cpu").cached


@pytest.mark.parametrize(
    "change", ["versions", "environment", "weights", "network", "input size", "device", "second card", "engine"]
)
def test_another_of_anything_that_matters_is_another_trial(
    child: Any, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    asked = child(GOOD)
    trial_of(STARTER, "torch", "cpu")
    card, engine, device = STARTER, "torch", "cpu"
    match change:
        case "versions":
            monkeypatch.setattr(trials, "versions", lambda *_: "torch 99 · driver 999")
        case "environment":
            monkeypatch.setattr(trials, "environment", lambda: "a library more")
        case "weights":
            card = replace(STARTER, sha256="1" * 64)
        case "network":
            card = replace(STARTER, network=replace(STARTER.network, pixel_std=(1.0, 1.0, 1.0)))
        case "input size":
            card = replace(STARTER, input_size=320)
        case "device":
            device = "cuda:0"
        case "second card":  # of the same kind as the first: its versions tell the same
            monkeypatch.setattr(trials, "versions", lambda *_: versions.versions("torch", "cpu"))
            device = "cuda:1"
        case _:
            engine = "onnx"
    assert not trial_of(card, engine, device).cached
    assert len(asked) == 2


@pytest.mark.parametrize(
    "damage",
    [b"", b"\xff\x00", b"[]", b'{"format": 1, "trials": []}', b'{"format": 0, "trials": {}}', b"[" * 100_000],
)
def test_a_damaged_cache_is_as_good_as_none(child: Any, damage: bytes) -> None:
    asked = child(GOOD)
    trial_of(STARTER, "torch", "cpu")
    trials.trials_path().write_bytes(damage)
    assert trial_of(STARTER, "torch", "cpu").usable
    assert trial_of(STARTER, "torch", "cpu").cached
    assert len(asked) == 2


@pytest.mark.parametrize("change", [{"usable": "yes"}, {"agreement": 7}, {"reason": None}, {"milliseconds": None}])
def test_a_damaged_entry_is_left_out(child: Any, change: dict[str, Any]) -> None:
    child(GOOD)
    trial_of(STARTER, "torch", "cpu")
    content = json.loads(trials.trials_path().read_text(encoding="utf-8"))
    (entry,) = content["trials"].values()
    entry.update(change)
    trials.trials_path().write_text(json.dumps(content), encoding="utf-8")
    assert not trial_of(STARTER, "torch", "cpu").cached


def test_a_cache_that_cannot_be_written_costs_another_trial_only(child: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, content: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(trials, "replace_file", refuse)
    asked = child(GOOD)
    assert trial_of(STARTER, "torch", "cpu").usable
    assert trial_of(STARTER, "torch", "cpu").usable
    assert len(asked) == 2


def test_what_may_be_otherwise_in_a_minute_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Engine:
        raise OutOfMemory("Somebody else has all the memory.")

    monkeypatch.setattr(trial_child, "make_engine", full)
    refused = trial_of(STARTER, "torch", "cpu")
    assert refused.reason == "Somebody else has all the memory."
    assert not trials.trials_path().exists()


def test_weights_that_no_engine_can_use_are_an_error_of_their_own(child: Any) -> None:
    child({"weights": "It is cut off."})
    with pytest.raises(WeightsError, match="It is cut off"):
        trial_of(STARTER, "torch", "cpu")
    assert not trials.trials_path().exists()


# --- what waits for a trial ------------------------------------------------------------------------------------------


def test_the_starter_on_the_reference_engine_waits_for_nothing(child: Any) -> None:
    asked = child(BAD)
    engine, attempts = open_engine(STARTER, device="cpu")
    assert (engine.name, attempts, asked) == ("onnx", (), [])
    assert not must_be_tried(STARTER, "onnx", "cpu")


@pytest.mark.parametrize(
    ("file", "engine", "device"),
    [("a.safetensors", "torch", "cpu"), ("a.safetensors", "onnx", "cuda:0"), ("a.ONNX", "onnx", "cpu")],
)
def test_everything_else_is_tried(file: str, engine: str, device: str) -> None:
    assert must_be_tried(replace(STARTER, file=Path(file)), engine, device)


def test_a_device_whose_trial_went_wrong_is_never_touched_by_this_process(
    child: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "cuda_devices", lambda: CudaDevices(1, "", ("Card",), "580"))
    made: list[tuple[str, str]] = []
    make = engines.make_engine

    def making(card: Any, engine: str, device: str, **more: Any) -> Engine:
        made.append((engine, device))
        return make(card, engine, device, **more)

    monkeypatch.setattr(engines, "make_engine", making)
    asked = child({**BAD, "reason": "The device crashed."})
    engine, attempts = open_engine(STARTER)
    assert asked == [("torch", "cuda:0"), ("onnx", "cuda:0")]
    assert made == [("onnx", "cpu")]
    assert engine.reason == "CPU, because the device crashed."
    assert [attempt.fix for attempt in attempts] == ["Buy one.", "Buy one."]
    open_engine(STARTER)
    assert len(asked) == 2  # the second start knows


def test_a_device_asked_for_is_refused_with_its_fix(child: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda_devices", lambda: CudaDevices(1, "", ("Card",), "580"))
    child(BAD)
    with pytest.raises(EngineError, match=r"^No\.$") as refused:
        open_engine(STARTER, device="cuda")
    assert refused.value.fix == "Buy one."


# --- every engine on every device ------------------------------------------------------------------------------------


def test_every_engine_and_device_is_told_of_once_with_a_reason(child: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda_devices", lambda: CudaDevices(0, "no NVIDIA driver was found"))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(trials, "is_installed", lambda engine: engine != "openvino")
    asked = child(GOOD)
    told: list[Trial] = []
    found = try_devices(STARTER, report=told.append)
    assert tuple(told) == found
    usable = {(trial.engine, trial.device) for trial in found if trial.usable}
    assert usable == {("onnx", "cpu"), ("torch", "cpu")}
    assert set(asked) == usable
    refused = {(trial.engine, trial.device): trial for trial in found if not trial.usable}
    assert set(refused) == {("torch", "cuda:0"), ("onnx", "cuda:0"), ("onnx", "tensorrt:0"), ("openvino", "cpu")}
    assert refused["torch", "cuda:0"].reason == "The device cuda:0 cannot be used: no NVIDIA driver was found."
    assert refused["openvino", "cpu"].reason == "OpenVINO is not installed."
    assert refused["openvino", "cpu"].fix == "Install it with: pip install openvino"
