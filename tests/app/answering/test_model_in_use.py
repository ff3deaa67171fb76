"""Another model: refused, it changes nothing; taken, it answers anew under what a person decided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.answering.model_in_use
from app.answering.model_in_use import ModelChoice, ModelInUse
from app.desk import Desk
from app.workers.lane import Lane
from inference.engines import OutOfMemory
from inference.engines.engine import Answer
from inference.engines.memory import FrugalEngine
from inference.errors import WeightsError
from inference.remote_card import REMOTE
from tests.app.desk_scene import FakeSegmenter, Named, correct_corner, predicted


def test_refused_model_leaves_the_one_in_use(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))

    def refuse(*_: str) -> None:
        raise WeightsError("The file is truncated.")

    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", refuse)
    said: list[str] = []
    desk.problem_changed.connect(said.append)
    desk.use_model(ModelChoice("broken.pth"))
    qtbot.waitUntil(lambda: "The file is truncated." in said)
    assert desk.choice == ModelChoice()
    assert predicted(desk, photos[0])
    desk.predict_again()
    qtbot.waitUntil(desk.engine_lane.is_idle)
    assert predicted(desk, photos[0])


def test_another_model_predicts_again_and_keeps_human_pixels(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    correct_corner(desk)
    other = FakeSegmenter(card=Named("other"))
    other.gate.set()
    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", lambda *_: other)
    desk.use_model(ModelChoice("other"))
    qtbot.waitUntil(lambda: 100 in other.seen and predicted(desk, photos[0]))
    assert desk.engine_status is not None
    assert desk.engine_status.model == "other"
    assert desk.session.document is not None
    assert (desk.session.document.labels()[:5, :5] == 7).all()


@pytest.mark.parametrize(
    ("asked", "name"),
    [("starter", "starter"), ("fai-bf-m-ade", "bisenetformer-m-ade"), ("/far/away/mine.safetensors", "mine")],
)
def test_its_name_is_known_before_it_is_loaded(qtbot: QtBot, asked: str, name: str) -> None:
    lane = Lane("engine")
    assert ModelInUse(ModelChoice(asked), lane).name == name


@pytest.mark.parametrize("file", ["gone.safetensors", "cut_off.safetensors"])
def test_where_the_model_of_the_remote_engine_is_not_here_any_more_the_starter_takes_its_place(
    qtbot: QtBot, tmp_path: Path, file: str
) -> None:
    (tmp_path / "cut_off.safetensors").write_bytes(b"8")
    model = ModelInUse(ModelChoice(), Lane("engine"))
    model.choice = ModelChoice(str(tmp_path / file), REMOTE)
    assert model.local == ModelChoice("starter")


def test_what_an_engine_has_to_do_without_is_said_and_stays_to_be_read(
    desk: Desk, photos: list[Path], qtbot: QtBot
) -> None:
    """Out of memory: the answer comes all the same, and nobody is left to wonder why it is coarser."""

    class Full:
        name, device, reason, at_once = "torch", "cuda:0", "cuda:0 is the fastest device here.", 1

        def run(self, image: np.ndarray) -> Answer:
            if image.shape[0] * image.shape[1] > 100 * 100:
                raise OutOfMemory("There is no memory left.")
            return np.zeros((100, 150), np.float32), np.zeros((100, 12, 12), np.float32)

    engine = FrugalEngine(Full(), on_cpu=None)
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    said: list[str] = []
    desk.said.connect(said.append)
    segmenter = desk.model.segmenter()
    segmenter.engine = engine
    desk.model.report()
    assert said == []
    engine.run(np.zeros((128, 128, 3), np.uint8))
    desk.model.report()
    desk.model.report()
    (note,) = engine.notes
    assert said == [note]
    assert desk.engine_status is not None
    assert desk.engine_status.reason == f"cuda:0 is the fastest device here. {note}"
