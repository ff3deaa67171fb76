"""Settings survive a round trip, refuse what does not fit, and never overwrite a file they cannot read."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import SCHEMA, Settings, load_settings, save_settings
from inference.learning.settings import LearnSettings

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_every_setting_has_a_rule_that_its_default_obeys() -> None:
    assert {field.name for field in fields(Settings)} == set(SCHEMA)
    for name, rule in SCHEMA.items():
        assert rule(getattr(Settings(), name)), name


def test_learning_begins_with_what_it_would_choose_itself() -> None:
    settings, chosen = Settings(), LearnSettings()
    assert (settings.learn_untouched, settings.learn_score, settings.learn_weight, settings.learn_held_back) == (
        chosen.untouched, chosen.kept_score, chosen.kept_weight, chosen.held_back,
    )  # fmt: skip


def test_round_trip_keeps_only_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "settings.json"
    chosen = replace(Settings(), threshold=0.25, recent_classes=(7, 3), export_folder="/somewhere/else")
    save_settings(chosen, file)
    assert load_settings(file) == (chosen, None)
    assert set(json.loads(file.read_text())) == {"threshold", "recent_classes", "export_folder"}


def test_missing_file_means_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "settings.json") == (Settings(), None)


def test_unreadable_file_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("{ not json")
    settings, sentence = load_settings(file)
    assert settings == Settings()
    assert sentence is not None
    assert "settings.json.unreadable" in sentence
    assert (tmp_path / "settings.json.unreadable").read_text() == "{ not json"
    assert not file.exists()


def test_deeply_nested_file_is_set_aside_too(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("[" * 100_000)
    assert load_settings(file)[0] == Settings()
    assert (tmp_path / "settings.json.unreadable").exists()


def test_one_bad_value_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"threshold": 7, "opacity": 0.3, "brush_size": True, "unknown": 1}))
    settings, sentence = load_settings(file)
    assert settings == replace(Settings(), opacity=0.3)
    assert sentence is None


EDITING = {
    "class_thresholds": ((3, 0.25), (150, 1.0)),
    "favourites": (0, 7, 150),
    "tool_values": (("brush.shape", "square"), ("wand.tolerance", 31), ("ask.level", 0.4), ("ask.own", True)),
    "legend_sort": "-score",
    "tool": "polygon",
}


def test_what_belongs_to_editing_survives_a_round_trip(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    chosen = replace(Settings(), **EDITING)
    save_settings(chosen, file)
    settings, sentence = load_settings(file)
    assert (settings, sentence) == (chosen, None)
    assert hash(settings) == hash(chosen)  # tuples all the way down, as they were
    assert [type(value) for _, value in settings.tool_values] == [str, int, float, bool]


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("class_thresholds", [[0, 0.5]]),
        ("class_thresholds", [[3, 1.5]]),
        ("class_thresholds", [[3]]),
        ("class_thresholds", {"3": 0.5}),
        ("class_thresholds", [[3, None]]),
        ("favourites", [151]),
        ("favourites", [True]),
        ("favourites", 7),
        ("tool_values", [["brush.shape", ["square"]]]),
        ("tool_values", [["brush.shape"]]),
        ("tool_values", [[3, "square"]]),
        ("tool_values", "brush.shape"),
        ("tool", 3),
    ],
)
def test_a_broken_value_falls_back_alone(tmp_path: Path, name: str, broken: object) -> None:
    file = tmp_path / "settings.json"
    save_settings(replace(Settings(), **EDITING), file)
    file.write_text(json.dumps({**json.loads(file.read_text()), name: broken}))
    settings, sentence = load_settings(file)
    assert settings == replace(Settings(), **{**EDITING, name: getattr(Settings(), name)})
    assert sentence is None


@given(stored=st.dictionaries(st.sampled_from(sorted(SCHEMA)), json_values))
def test_nothing_in_the_file_can_make_an_invalid_setting(
    tmp_path_factory: pytest.TempPathFactory, stored: dict[str, object]
) -> None:
    file = tmp_path_factory.mktemp("settings") / "settings.json"
    file.write_text(json.dumps(stored))
    settings, _ = load_settings(file)
    for name, rule in SCHEMA.items():
        assert rule(getattr(settings, name)), name
