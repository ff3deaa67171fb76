"""Another model: refused, it changes nothing; taken, it answers anew under what a person decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import app.model_in_use
from app.desk import Desk
from app.model_in_use import ModelChoice, ModelInUse
from app.workers.lane import Lane
from inference.errors import WeightsError
from tests.app.desk_scene import FakeSegmenter, Named, correct_corner, predicted


def test_refused_model_leaves_the_one_in_use(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))

    def refuse(*_: str) -> None:
        raise WeightsError("The file is truncated.")

    monkeypatch.setattr(app.model_in_use, "load_segmenter", refuse)
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
    monkeypatch.setattr(app.model_in_use, "load_segmenter", lambda *_: other)
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
