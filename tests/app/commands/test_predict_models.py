"""`predict` and what answers: models that are not there, weights that are refused, engines that cannot run."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.commands import ExitCode
from inference.engines import OutOfMemory
from inference.engines.engine import Answer
from inference.engines.memory import FrugalEngine
from inference.errors import EngineError
from tests.app.commands.test_predict_command import U8, QuickSegmenter, command, photos, quick

__all__ = ["photos", "quick"]  # fixtures


def test_an_unknown_model_is_wrong_usage(
    photos: Path, tmp_path: Path, quick: QuickSegmenter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(photos, "-o", tmp_path / "out", "--model", "stater") == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "stater" in said
    assert "starter" in said
    assert quick.seen == []
    assert command(photos, "-o", tmp_path / "out", "--model", tmp_path / "none.pth") == ExitCode.USAGE
    assert capsys.readouterr().err == "none.pth does not exist.\n"


def test_an_engine_that_cannot_run_is_a_sentence(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise EngineError("There is no CUDA device here.")

    monkeypatch.setattr("app.commands.predict_job.load_segmenter", refuse)
    assert command(photos, "-o", tmp_path / "out", "--device", "cuda") == ExitCode.NO_RESULT
    assert capsys.readouterr().err.endswith("There is no CUDA device here.\n")


class _Malice:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.marker), "w"))


def test_weights_that_are_a_pickle_with_code_are_refused_and_the_code_never_runs(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, marker = tmp_path / "weights.pth", tmp_path / "it-ran"
    weights.write_bytes(pickle.dumps({"model": _Malice(marker)}, protocol=2))
    assert command(photos, "-o", tmp_path / "out", "--model", weights) == ExitCode.NO_RESULT
    said = capsys.readouterr().err
    assert not marker.exists()
    assert "Traceback" not in said
    assert said.count("\n") == 1
    assert "weights.pth" in said


def test_published_weights_that_are_not_here_are_one_sentence(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(photos, "-o", tmp_path / "out", "--model", "fai-bf-m-ade") == ExitCode.NO_RESULT
    said = capsys.readouterr().err
    assert "bisenetformer-m-ade" in said
    assert said.count("\n") == 1


def test_the_starter_model_really_labels_a_photo(samples: Path, tmp_path: Path) -> None:
    with Image.open(samples / "astronaut.jpg") as photo:
        photo.resize((200, 160)).save(tmp_path / "small.jpg")
    assert command(tmp_path / "small.jpg", "-o", tmp_path / "out", "--json", "--overlay") == ExitCode.DONE
    labels = np.asarray(Image.open(tmp_path / "out" / "small.png"))
    assert labels.shape == (160, 200)
    assert labels.max() <= 150
    assert 13 in labels, "there is a person in this photo"


def test_why_this_engine_and_what_it_has_to_do_without_is_said(
    quick: QuickSegmenter, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full:
        name, device, reason, at_once = "torch", "cuda:0", "cuda:0 is the fastest device here.", 1

        def run(self, image: U8) -> Answer:
            if image.shape[0] > 100:
                raise OutOfMemory("There is no memory left.")
            return np.zeros((100, 150), np.float32), np.zeros((100, 4, 4), np.float32)

    engine = quick.engine = FrugalEngine(Full(), on_cpu=None)
    engine.run(np.zeros((128, 128, 3), np.uint8))
    assert command(photos, "-o", tmp_path / "out") == ExitCode.DONE
    said = capsys.readouterr()
    assert "quick on cuda:0 (torch)" in said.out
    reason, *notes = said.err.splitlines()
    assert reason == "cuda:0 is the fastest device here."
    assert notes[-1:] == list(engine.notes)
