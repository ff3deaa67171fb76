"""The looks of the classes follow the session, before anyone draws them."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.geometry import Box
from app.core.palettes import Palette, distances, usual_styles
from app.core.segment_map import human_value
from app.editing.session import Session
from app.settings import Settings
from tests.app.canvas.scene import predict, show_photo

SKY, PERSON, TREE = 3, 13, 5  # the classes of the scene above the threshold


@pytest.fixture
def session(qtbot: QtBot) -> Session:
    session = Session(Settings(current_class=SKY))
    show_photo(session)
    predict(session)
    return session


def test_the_usual_colours_cost_nothing(session: Session) -> None:
    assert session.styling.styles is usual_styles()
    session.set_threshold(0.1)
    assert session.styling.styles is usual_styles()


def test_the_classes_of_the_picture_and_the_one_in_hand_are_far_apart(session: Session) -> None:
    session.set_current_class(49)
    session.set_overlay(palette=Palette.DISTINCT)
    rows = [SKY, PERSON, TREE, 49]
    apart = distances(session.styling.styles.colours[rows], session.styling.styles.colours[rows])
    assert apart[~np.eye(4, dtype=bool)].min() > 0.14


def test_whoever_draws_after_a_change_finds_the_new_looks(session: Session) -> None:
    seen: list[bool] = []
    session.tables_changed.connect(lambda: seen.append(session.styling.styles is usual_styles()))
    session.set_overlay(palette=Palette.DISTINCT)
    session.set_overlay(palette=Palette.ADE)
    assert seen == [False, True]


def test_it_says_so_only_when_something_changed(session: Session, qtbot: QtBot) -> None:
    session.set_overlay(palette=Palette.COLOUR_BLIND)
    changes: list[int] = []
    session.styling.changed.connect(lambda: changes.append(1))
    session.set_overlay(opacity=0.3)
    session.set_current_class(SKY)
    assert changes == []
    session.set_current_class(77)
    assert changes == [1]


def test_what_is_painted_keeps_its_colour(session: Session) -> None:
    session.set_overlay(palette=Palette.DISTINCT)
    session.set_current_class(90)
    before = session.styling.styles.colours[[SKY, PERSON, TREE, 90]].copy()
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(0, 0, 20, 20), None, human_value(90))
    gesture.paint(Box(20, 0, 40, 20), None, human_value(91))
    gesture.commit()
    session.set_threshold(0.1)  # another class of the network shows
    assert np.array_equal(session.styling.styles.colours[[SKY, PERSON, TREE, 90]], before)


def test_the_looks_are_remembered(session: Session, qtbot: QtBot) -> None:
    session.set_overlay(palette=Palette.COLOUR_BLIND, patterns=True, names=True, deciders=True)
    overlay = Session(session.remembered(Settings())).overlay
    assert (overlay.palette, overlay.patterns, overlay.names) == (Palette.COLOUR_BLIND, True, True)
    assert not overlay.deciders  # a look at something, not a way to work


def test_a_remembered_palette_is_there_before_any_picture(qtbot: QtBot) -> None:
    session = Session(Settings(current_class=49, palette="distinct"))
    assert not np.array_equal(session.styling.styles.colours[49], usual_styles().colours[49])


def test_patterns_are_for_filled_areas(session: Session) -> None:
    session.set_overlay(patterns=True)
    assert session.styling.styles.patterns[[SKY, PERSON, TREE]].tolist() != [0, 0, 0]
    session.set_overlay(outline=True)
    assert not session.styling.styles.patterns.any()
