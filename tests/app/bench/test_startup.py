"""The measured starts are real ones: a fresh process, the real window, the real model."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.bench.fresh import ProbeError, probe
from app.bench.network import random_m
from app.bench.startup import start
from inference.engines import open_engine

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def photo(tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # A fresh process finds the packages from any folder only once they are installed.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with Image.open(samples / "coffee.jpg") as picture:
        picture.resize((160, 120)).save(tmp_path / "small.jpg")
    return tmp_path / "small.jpg"


@pytest.mark.slow
def test_a_window_is_painted_then_shows_the_photo_then_its_masks(photo: Path, tmp_path: Path) -> None:
    figures = start("window", photo, cache=tmp_path / "cache")
    assert 0 < figures["window"] <= figures["mask"]
    assert figures["photo"] <= figures["mask"]


def test_the_predict_command_is_measured_to_its_last_file(photo: Path, tmp_path: Path) -> None:
    assert start("predict", photo, cache=tmp_path / "cache")["mask"] > 0


def test_a_start_that_fails_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match=r"A fresh start for measuring \(predict\) failed: "):
        start("predict", tmp_path / "missing.jpg", cache=tmp_path / "cache")


def test_a_fresh_process_knows_nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "asked.py").write_text("import json, os; print(json.dumps({k: v for k, v in os.environ.items()}))")
    found = probe("asked", cache=tmp_path / "own", what="Asking")
    for name in ("CACHE", "CONFIG", "DATA"):  # projects of the samples are kept among the data
        assert found[f"XDG_{name}_HOME"] == str(tmp_path / "own")


def test_random_weights_make_a_network_that_runs(tmp_path: Path) -> None:
    engine, _ = open_engine(random_m(tmp_path), engine="onnx", device="cpu")
    class_probs, mask_probs = engine.run(np.full((64, 64, 3), 127, np.uint8))
    assert class_probs.shape == (100, 150)
    assert mask_probs.shape == (100, 8, 8)
    assert np.isfinite(class_probs).all()
