"""Models and devices in their dialog: what is known of each, fetching, stopping, and what was tried."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QListWidget,
    QProgressBar,
    QTextBrowser,
    QWidget,
)
from pytestqt.qtbot import QtBot

import app.models.devices_page
import app.models.fetches
import app.models.models_page
from app.desk import Desk
from app.models.flow import ModelFlow
from inference.models import ModelCard, find_card
from tests.app.models.dialog_scene import Store, button, opened, texts


def entry(dialog: QWidget) -> str:
    (models,) = dialog.findChildren(QListWidget)
    return models.currentItem().text()


def test_each_model_says_whether_it_is_here_and_how_large_it_is(flow: ModelFlow) -> None:
    dialog = opened(flow)
    assert entry(dialog) == "bisenetformer-m-ade\nnot here, about 54.2 MB"
    assert button(dialog, "Fetch").text() == "F&etch, about 54.2 MB"
    assert not button(dialog, "Use this model").isVisible()
    flow.show("starter")
    assert entry(dialog) == "starter\nin use"
    assert not button(dialog, "In use").isEnabled()
    assert not button(dialog, "Remove").isVisible()  # it came with the program


def test_the_buttons_below_each_other_end_at_one_line(flow: ModelFlow) -> None:
    dialog = opened(flow, "starter")
    buttons = [button(dialog, "In use"), button(dialog, "Close")]
    assert len({one.mapTo(dialog, one.rect().topRight()).x() for one in buttons}) == 1


def test_a_fetch_shows_how_far_it_is_and_can_be_stopped(qtbot: QtBot, flow: ModelFlow, store: Store) -> None:
    dialog = opened(flow)
    qtbot.mouseClick(button(dialog, "Fetch"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: entry(dialog).endswith("fetching, 25 %"))
    (bar,) = dialog.findChildren(QProgressBar)
    assert (bar.value(), bar.maximum()) == (250, 1000)
    said = "10.0 MB of 40.0 MB, 2.0 MB per second, 15 s left. You may stop: what has come is kept."
    assert said in texts(dialog)
    qtbot.mouseClick(button(dialog, "Stop"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: store.stopped == ["bisenetformer-m-ade"])
    assert "not here" in entry(dialog)
    assert not bar.isVisible()


def test_why_a_fetch_failed_stays_to_be_read_and_it_can_be_tried_again(
    qtbot: QtBot, flow: ModelFlow, store: Store
) -> None:
    store.problem = "The server cannot be reached."
    store.gate.set()
    dialog = opened(flow)
    qtbot.mouseClick(button(dialog, "Fetch"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: store.problem in texts(dialog))
    flow.show("starter")
    assert store.problem not in texts(dialog)
    flow.show("bisenetformer-m-ade")
    assert store.problem in texts(dialog)
    store.problem = ""
    with qtbot.waitSignal(flow.fetches.arrived):
        qtbot.mouseClick(button(dialog, "Fetch"), Qt.MouseButton.LeftButton)
    assert store.asked == ["bisenetformer-m-ade"] * 2


def test_a_fetch_goes_on_while_the_dialog_is_closed(qtbot: QtBot, flow: ModelFlow, store: Store) -> None:
    dialog = opened(flow)
    qtbot.mouseClick(button(dialog, "Fetch"), Qt.MouseButton.LeftButton)
    dialog.close()
    with qtbot.waitSignal(flow.fetches.arrived):
        store.gate.set()


def test_closing_the_window_stops_a_fetch(qtbot: QtBot, flow: ModelFlow, store: Store) -> None:
    dialog = opened(flow)
    qtbot.mouseClick(button(dialog, "Fetch"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(store.asked))
    flow.close()
    assert store.stopped == ["bisenetformer-m-ade"]


def test_a_file_that_is_no_model_is_refused_in_a_sentence(
    qtbot: QtBot, flow: ModelFlow, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "notes.pth"), ""))
    dialog = opened(flow, "starter")
    qtbot.mouseClick(button(dialog, "Weights file"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "notes.pth is no weights file." in texts(dialog))
    assert store.brought == [("notes.pth", None)]


@pytest.mark.parametrize(
    ("chosen", "name"), [("bisenetformer-m-ade", "bisenetformer-m-ade"), ("bisenetformer-s-ade", None)]
)
def test_a_file_becomes_the_model_chosen_where_it_fits_its_network(
    qtbot: QtBot, flow: ModelFlow, store: Store, monkeypatch: pytest.MonkeyPatch, chosen: str, name: str | None
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("mine.pth", ""))
    monkeypatch.setattr(app.models.fetches, "find_card", lambda _file: find_card("bisenetformer-m-ade"))
    dialog = opened(flow, chosen)
    qtbot.mouseClick(button(dialog, "Weights file"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: store.brought == [("mine.pth", name)])


def test_a_model_that_is_here_is_used_at_a_click(
    qtbot: QtBot, flow: ModelFlow, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []
    monkeypatch.setattr(desk, "use_here", lambda choice: used.append(choice.model))
    monkeypatch.setattr(type(desk.model), "name", "another")
    monkeypatch.setattr(desk.model, "card", lambda: find_card("starter"))
    dialog = opened(flow, "starter")
    qtbot.mouseClick(button(dialog, "Use this model"), Qt.MouseButton.LeftButton)
    assert used == ["starter"]


def click_row(qtbot: QtBot, models: QListWidget, row: int) -> None:
    place = models.visualItemRect(models.item(row)).center()
    qtbot.mouseClick(models.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_click_and_the_arrow_keys_show_the_card_of_the_model_they_go_to(qtbot: QtBot, flow: ModelFlow) -> None:
    dialog = opened(flow, "starter")
    (models,) = dialog.findChildren(QListWidget)
    (card,) = dialog.findChildren(QTextBrowser)
    click_row(qtbot, models, 2)
    assert card.toPlainText().startswith("bisenetformer-m-ade")
    assert button(dialog, "Fetch").text() == "F&etch, about 54.2 MB"
    qtbot.keyClick(models, Qt.Key.Key_Down)
    assert card.toPlainText().startswith("bisenetformer-s-ade")
    qtbot.mouseClick(models.viewport(), Qt.MouseButton.LeftButton, pos=models.viewport().rect().bottomLeft())
    assert card.toPlainText().startswith("bisenetformer-s-ade")
    assert button(dialog, "Fetch").text() == "F&etch, about 52.6 MB"


def test_return_fetches_the_model_in_the_list_and_opens_no_other_dialog(
    qtbot: QtBot, flow: ModelFlow, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: asked.append(args) or ("", ""))
    dialog = opened(flow, "starter")
    (models,) = dialog.findChildren(QListWidget)
    qtbot.keyClick(models, Qt.Key.Key_Return)  # it is in use
    click_row(qtbot, models, 2)
    for _ in range(2):  # the second time it is under way, and stays so
        qtbot.keyClick(models, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: store.asked == ["bisenetformer-m-ade"])
    assert not asked
    assert not store.stopped
    assert dialog.isVisible()


@dataclass
class Question:
    answer: int | None = None
    asked: list[str] = field(default_factory=list)

    def __call__(self, _parent: QWidget, *, text: str, default: int, **_: Any) -> int | None:
        assert default == -1, "Return keeps it"
        self.asked.append(text)
        return self.answer


def kept(monkeypatch: pytest.MonkeyPatch, card: ModelCard) -> list[str]:
    """Has the store know `card` alone; the names of those that are removed."""
    removed: list[str] = []
    page = app.models.models_page
    monkeypatch.setattr(page, "known_models", lambda: (find_card("starter"), card))
    monkeypatch.setattr(page.weights_store, "installed", lambda name: card if name == card.name else None)
    monkeypatch.setattr(page.weights_store, "remove", removed.append)
    return removed


def test_a_model_that_may_be_nowhere_else_is_not_removed_without_a_question(
    qtbot: QtBot, flow: ModelFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question()
    monkeypatch.setattr(app.models.models_page, "choose", question)
    starter = find_card("starter")
    mine = replace(starter, name="mine", aliases=(), url=None, lineage={"parent": "starter"})
    removed = kept(monkeypatch, mine)
    dialog = opened(flow, "mine")
    remove = button(dialog, "Remove")
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    question.answer = 0
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: removed == ["mine"])
    said = "mine is published nowhere. It was learned from corrections, and may be nowhere but here."
    assert question.asked == [said, said]


def test_weights_that_can_be_fetched_again_are_removed_at_a_click(
    qtbot: QtBot, flow: ModelFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.models.models_page, "choose", pytest.fail)
    published = find_card("bisenetformer-m-ade")
    removed = kept(monkeypatch, replace(published, file=find_card("starter").file))
    dialog = opened(flow)
    qtbot.mouseClick(button(dialog, "Remove"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: removed == ["bisenetformer-m-ade"])
