"""`ade-mask-studio doctor` as a person types it, with trials that cost no process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import app.diagnosis
from app.cli import parse, run
from app.commands import ExitCode
from app.core.project import places
from inference.engines import devices, trials
from inference.engines.devices import CudaDevices

FINDS: dict[tuple[str, str], dict[str, Any]] = {
    ("onnx", "cpu"): {"usable": True, "reason": "", "fix": "", "milliseconds": 51.4, "agreement": 1.0},
    ("torch", "cpu"): {"usable": True, "reason": "", "fix": "", "milliseconds": 80.0, "agreement": 0.9991},
    ("torch", "cuda:0"): {
        "usable": False,
        "reason": "PyTorch on cuda:0 crashed: SIGSEGV.",
        "fix": "Install another driver.",
        "milliseconds": None,
        "agreement": None,
    },
    ("onnx", "cuda:0"): {
        "usable": False,
        "reason": "ONNX Runtime cannot use CUDA: the library libcublasLt.so.13 is missing.",
        "fix": 'Install it into the environment of this program: pip install "onnxruntime-gpu[cuda,cudnn]"',
        "milliseconds": None,
        "agreement": None,
    },
}


@pytest.fixture(autouse=True)
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """A machine with one card that does not work; what was asked of a child process."""
    asked: list[tuple[str, str]] = []

    def look_in_child(_card: object, engine: str, device: str, *, may_export: bool) -> dict[str, Any]:
        asked.append((engine, device))
        return {**FINDS[engine, device], "lasting": True}

    card = CudaDevices(1, "", ("Fast Card",), "580.1, CUDA 13.0")
    monkeypatch.setattr(devices, "cuda_devices", lambda: card)
    monkeypatch.setattr(app.diagnosis, "cuda_devices", lambda: card)
    monkeypatch.setattr(trials, "every_pair", lambda: tuple(FINDS))
    monkeypatch.setattr(trials, "look_in_child", look_in_child)
    monkeypatch.setattr(trials, "trials_path", lambda: tmp_path / "trials.json")
    monkeypatch.setattr(app.diagnosis, "machine_line", lambda: "A machine")
    return asked


def test_what_works_what_does_not_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse(["doctor"])) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "NVIDIA    Fast Card (driver 580.1, CUDA 13.0)" in said
    rows = [line.split() for line in said.splitlines()]
    assert ["ONNX", "Runtime", "cpu", "51", "100.00%", "usable"] in rows
    assert ["PyTorch", "cpu", "80", "99.91%", "usable"] in rows
    assert ["PyTorch", "cuda:0", "–", "–", "refused"] in rows
    assert "PyTorch on cuda:0 is refused. PyTorch on cuda:0 crashed: SIGSEGV.\n    Install another driver.\n" in said
    assert "the library libcublasLt.so.13 is missing.\n    Install it into the environment" in said
    assert said.rstrip().endswith("ONNX Runtime on cpu predicts.")


def test_what_is_known_is_not_tried_again_unless_fresh(
    asked: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    run(parse(["doctor"]))
    assert asked == list(FINDS)
    run(parse(["doctor"]))
    assert asked == list(FINDS)
    assert "usable, known" in capsys.readouterr().out
    run(parse(["doctor", "--fresh"]))
    assert asked == list(FINDS) * 2


def test_json_is_plain_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse(["doctor", "--json"])) == ExitCode.DONE
    record = json.loads(capsys.readouterr().out)
    assert record["model"] == "starter"
    assert record["chosen"] == {"engine": "onnx", "device": "cpu"}
    assert [(one["engine"], one["device"], one["usable"]) for one in record["trials"]] == [
        (*pair, found["usable"]) for pair, found in FINDS.items()
    ]
    assert record["trials"][2]["fix"] == "Install another driver."
    assert {"Settings", "Weights", "Errors"} < set(record["places"])
    assert record["problem"] == ""


def test_a_model_that_is_not_here_still_tells_of_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    name = "bisenetformer-l-ade"
    assert run(parse(["doctor", "--model", name])) == ExitCode.NO_RESULT
    said = capsys.readouterr()
    assert "A machine" in said.out
    assert said.err.startswith(f"Nothing here can predict. {name} is not on this machine: ")
    assert f"'ade-mask-studio weights fetch {name}' gets it, or give" in said.err


def test_a_model_that_nobody_knows_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse(["doctor", "--model", "nonsense"])) == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.err.startswith("There is no model called nonsense; there are starter, ")
    assert said.out == ""


def test_nothing_that_can_predict_is_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trials, "every_pair", lambda: (("torch", "cuda:0"),))
    assert run(parse(["doctor"])) == ExitCode.NO_RESULT
    assert capsys.readouterr().out.rstrip().endswith("Nothing here can predict.")


def test_places_are_those_that_the_program_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = app.diagnosis.places()
    assert found["Projects of folders that cannot be written"] == places._data_folder()
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="ascii")
    monkeypatch.setattr(app.diagnosis, "settings_path", lambda: tmp_path / "new" / "settings.json")
    assert app.diagnosis._told(app.diagnosis.places()["Settings"]).endswith("settings.json (not made yet)")
    assert app.diagnosis._told(blocked) == str(blocked)


def test_a_system_without_a_keyring_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    import keyring.backends.fail

    monkeypatch.setattr(keyring, "get_keyring", keyring.backends.fail.Keyring)
    assert app.diagnosis.keyring_line().startswith("There is none on this system")
