"""What is in hand: kept within its limits, told to whoever shows it, and there again at the next start."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from app.core.rules import PaintRule, Where
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.hand import Hand
from app.editing.session import Session
from app.settings import Settings, Value, load_settings, save_settings
from app.tools import TOOLS, make_tool
from app.tools.base import Tool
from app.tools.options import Choice, Flag, Number

values = (
    st.booleans() | st.integers(-10, 100_000) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)


@pytest.fixture
def hand(qtbot: QtBot) -> Hand:
    return Hand(Settings())


def test_the_brush_keeps_within_its_limits_and_tells_only_of_changes(hand: Hand) -> None:
    told: list[int] = []
    hand.brush_size_changed.connect(told.append)
    for size in (0, 1, 5000, 2000, 40):
        hand.set_brush_size(size)
    assert told == [1, 2000, 40]


def test_the_rule_of_last_time_is_not_carried_over(hand: Hand) -> None:
    told: list[None] = []
    hand.rule_changed.connect(lambda: told.append(None))
    hand.set_rule(where=Where.CLASS, class_id=3)
    hand.set_rule(keep_person=True)
    hand.set_rule(locked=frozenset({5}))
    assert hand.rule == PaintRule(Where.CLASS, 3, keep_person=True, locked=frozenset({5}))
    assert len(told) == 3
    assert Hand(hand.remembered(Settings())).rule == PaintRule()
    with pytest.raises(ValueError, match="151"):
        hand.set_rule(locked=frozenset({151}))
    assert hand.rule.locked == {5}


def test_favourites_keep_their_order_and_are_there_once(hand: Hand) -> None:
    for class_id in (7, 3, 7, 0):
        hand.set_favourite(class_id, on=True)
    assert hand.favourites == (3, 7, 0)
    hand.set_favourite(7, on=False)
    hand.set_favourite(9, on=False)
    assert hand.favourites == (3, 0)


@pytest.mark.parametrize("class_id", [1, 3, 150])
def test_what_is_painted_is_no_longer_hidden(hand: Hand, class_id: int) -> None:
    value = human_value(class_id)
    hand.set_overlay(hidden=frozenset({class_id, 77}))
    hand.reveal(value)
    assert hand.overlay.hidden == {77}
    hand.set_overlay(hidden=frozenset(), solo=frozenset({77}))
    hand.reveal(value)
    assert hand.overlay.solo == {77, class_id}
    told: list[None] = []
    hand.tables_changed.connect(lambda: told.append(None))
    hand.reveal(value)
    assert told == []


@pytest.mark.parametrize("value", [0, HUMAN_UNLABELLED])
def test_what_is_erased_or_given_back_is_no_class_to_be_shown(hand: Hand, value: int) -> None:
    hand.set_overlay(hidden=frozenset({0}), solo=frozenset())
    hand.reveal(value)
    assert hand.overlay.hidden == {0}
    hand.set_overlay(hidden=frozenset(), solo=frozenset({77}))
    hand.reveal(value)
    assert hand.overlay.solo == {77}


def test_an_option_is_told_once_and_remembered(hand: Hand) -> None:
    told: list[str] = []
    hand.tool_value_changed.connect(told.append)
    assert hand.tool_value("brush.shape") is None
    for value in ("square", "square", "round"):
        hand.set_tool_value("brush.shape", value)
    assert told == ["brush.shape", "brush.shape"]
    assert Hand(hand.remembered(Settings())).tool_value("brush.shape") == "round"


def options() -> list[tuple[str, str]]:
    return [(tool_id, option.key) for tool_id, tool in TOOLS.items() for option in tool.options]


@pytest.mark.parametrize(("tool_id", "key"), options())
@given(value=values)
def test_a_tool_never_works_with_a_value_that_its_option_refuses(tool_id: str, key: str, value: Value) -> None:
    """Whatever an older or newer version of the program has left in the settings."""
    hand = Hand(Settings(tool_values=((f"{tool_id}.{key}", value),)))
    option = next(option for option in TOOLS[tool_id].options if option.key == key)
    seen = option_value(TOOLS[tool_id], hand, key)
    assert option.accepts(seen)
    assert seen == (value if option.accepts(value) else option.default)


def option_value(tool: type[Tool], hand: Hand, key: str) -> object:
    """What an instance of the tool would work with."""
    session = MagicMock(tool_value=hand.tool_value, document=None, brush_size=20.0)  # no picture
    return tool(session).value(key)


@pytest.mark.parametrize("tool_id", sorted(TOOLS))
def test_options_are_well_formed(tool_id: str) -> None:
    tool = TOOLS[tool_id]
    keys = [option.key for option in tool.options]
    assert len(keys) == len(set(keys))
    assert 0 < len(tool.hint) <= 90
    for option in tool.options:
        assert option.accepts(option.default)
        assert option.label
        match option:
            case Choice():
                assert len({value for value, _ in option.choices}) == len(option.choices) > 1
            case Number():
                assert option.low < option.high
                assert option.low > 0 or not option.geometric
            case Flag():
                assert not option.label.endswith(":")
        if option.only is not None:
            other = next(known for known in tool.options if known.key == option.only[0])
            assert all(other.accepts(value) for value in option.only[1])


def test_a_number_is_kept_within_its_limits(qtbot: QtBot) -> None:
    session = Session(Settings())
    wand = make_tool("wand", session)
    for wanted, kept in ((999, 255), (-5, 0), (12.6, 13)):
        wand.set_value("tolerance", wanted)
        assert wand.value("tolerance") == kept
        assert isinstance(wand.value("tolerance"), int)


def test_everything_in_hand_is_there_again_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    session = Session(Settings())
    session.set_current_class(42)
    session.set_favourite(7, on=True)
    session.set_class_threshold(3, 0.25)
    session.set_class_threshold(9, 0.5)
    session.set_class_threshold(9, None)
    session.set_tool_value("brush.shape", "square")
    session.set_tool_value("wand.tolerance", 31)
    file = tmp_path / "settings.json"
    save_settings(session.remembered(Settings()), file)
    settings, sentence = load_settings(file)
    assert sentence is None
    again = Session(settings)
    assert again.current_class == 42
    assert again.favourites == (7,)
    assert again.class_thresholds == {3: 0.25}
    assert make_tool("brush", again).value("shape") == "square"
    assert make_tool("wand", again).value("tolerance") == 31
    assert again.remembered(settings) == settings
