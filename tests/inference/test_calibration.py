"""What a model card says of the scores' calibration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inference.calibration import UNCALIBRATED, Calibration
from inference.errors import WeightsError
from inference.models import find_card, read_card
from inference.network.config import CONFIGS


def card_with(folder: Path, **entries: Any) -> Path:
    file = folder / "card.json"
    network = CONFIGS["bisenetformer-m"].to_dict()
    file.write_text(json.dumps({"name": "mine", "network": network, "input_size": 640} | entries), encoding="utf-8")
    return file


def test_a_card_keeps_it(tmp_path: Path) -> None:
    calibration = Calibration(1.7, -2.75)
    assert read_card(card_with(tmp_path, calibration=calibration.to_dict())).calibration == calibration
    assert find_card("starter").calibration != UNCALIBRATED


@pytest.mark.parametrize("entries", [{}, {"calibration": None}, {"calibration": {}}])
def test_what_is_not_said_was_not_done(tmp_path: Path, entries: dict[str, Any]) -> None:
    assert read_card(card_with(tmp_path, **entries)).calibration == UNCALIBRATED == Calibration(1.0, 0.0)


@pytest.mark.parametrize(
    ("calibration", "said"),
    [
        ({"temperature": "warm"}, "should be two numbers, temperature and no_object_bias"),
        ({"temperature": True}, "should be two numbers"),
        ({"temperature": float("nan")}, "should be two numbers"),
        ({"temperature": float("inf")}, "should be two numbers"),
        ({"no_object_bias": 10**400}, "should be two numbers"),
        ({"temperature": 2.0, "scale": 1.0}, "should be two numbers"),
        ({"temperature": 0}, "should be more than 0"),
        ("warm", "should be a table of entries or null"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, calibration: Any, said: str) -> None:
    with pytest.raises(WeightsError, match=said):
        read_card(card_with(tmp_path, calibration=calibration))
