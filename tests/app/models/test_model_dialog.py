"""Models and devices in their dialog: what is known of each, fetching, stopping, and what was tried."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QFileDialog,
    QLabel,
    QListWidget,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QTextBrowser,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

import app.models.devices_page
import app.models.fetches
import app.models.models_page
from app.answering.model_in_use import EngineStatus
from app.desk import Desk
from app.models.dialog import ModelDialog
from app.models.flow import ModelFlow
from inference.downloads import Progress
from inference.engines.trials import Trial
from inference.errors import Cancelled, WeightsError
from inference.models import ModelCard, find_card


@dataclass
class Store:
    """Stands for the store of weights: a fetch goes on when the test lets it."""

    gate: threading.Event = field(default_factory=threading.Event)
    problem: str = ""
    asked: list[str] = field(default_factory=list)
    brought: list[tuple[str, str | None]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def fetch(self, card: ModelCard, *, progress: Callable[[Progress], None], cancelled: threading.Event) -> ModelCard:
        self.asked.append(card.name)
        progress(Progress(done=10_000_000, total=40_000_000, rate=2e6))
        while not self.gate.wait(0.01):
            if cancelled.is_set():
                self.stopped.append(card.name)
                raise Cancelled
        if self.problem:
            raise WeightsError(self.problem)
        return card

    def add(self, file: Path, *, name: str | None = None) -> ModelCard:
        self.brought.append((file.name, name))
        raise WeightsError(f"{file.name} is no weights file.")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    store = Store()
    monkeypatch.setattr(app.models.fetches.weights_store, "fetch", store.fetch)
    monkeypatch.setattr(app.models.fetches.weights_store, "add", store.add)
    yield store
    store.gate.set()


@pytest.fixture
def flow(qtbot: QtBot, desk: Desk, store: Store) -> Iterator[ModelFlow]:
    window = QWidget()
    qtbot.addWidget(window)
    flow = ModelFlow(desk, window)
    yield flow
    store.gate.set()
    flow.close()


def opened(flow: ModelFlow, name: str = "bisenetformer-m-ade") -> QWidget:
    flow.show(name)
    (dialog,) = flow.parent().findChildren(ModelDialog)
    return dialog


def button(dialog: QWidget, start: str) -> QPushButton:
    (found,) = (one for one in dialog.findChildren(QPushButton) if one.text().replace("&", "").startswith(start))
    return found


def texts(dialog: QWidget) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel))


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


def trial(engine: str, device: str, **facts: Any) -> Trial:
    nothing = {"reason": "", "fix": "", "milliseconds": None, "agreement": None, "versions": "", "cached": False}
    return Trial(engine, device, **{**nothing, **facts})


TRIALS = (
    trial("torch", "cuda:0", usable=False, reason="No NVIDIA driver was found.", fix="Install the driver."),
    trial("onnx", "cpu", usable=True, milliseconds=41.2, agreement=0.9987),
)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each trial believed nothing of earlier ones."""
    asked: list[bool] = []

    def try_devices(_card: ModelCard, *, fresh: bool, report: Callable[[Trial], None]) -> tuple[Trial, ...]:
        asked.append(fresh)
        for trial in TRIALS:
            report(trial)
        return TRIALS

    monkeypatch.setattr(app.models.devices_page, "try_devices", try_devices)
    return asked


def devices(qtbot: QtBot, flow: ModelFlow) -> tuple[QWidget, QTreeWidget]:
    dialog = opened(flow)
    dialog.devices.parent().parent().setCurrentWidget(dialog.devices)
    (table,) = dialog.findChildren(QTreeWidget)
    qtbot.waitUntil(lambda: table.topLevelItemCount() == len(TRIALS) and dialog.is_idle())
    return dialog, table


def test_what_was_tried_is_a_table_with_reasons(qtbot: QtBot, flow: ModelFlow, tried: list[bool]) -> None:
    dialog, table = devices(qtbot, flow)
    rows = [[table.topLevelItem(row).text(column) for column in range(5)] for row in range(2)]
    assert rows == [["PyTorch", "cuda:0", "no", "", ""], ["ONNX Runtime", "cpu", "yes", "41 ms", "99.87 %"]]
    assert [table.topLevelItem(row).text(5) for row in range(2)] == ["No NVIDIA driver was found.", ""]
    assert table.columnWidth(0) > table.fontMetrics().horizontalAdvance("ONNX Runtime"), "all of it is to be read"
    assert "No NVIDIA driver was found.\nInstall the driver." in texts(dialog)
    assert not button(dialog, "Use this one").isEnabled()
    assert tried == [False]


def test_all_is_tried_again_on_request(qtbot: QtBot, flow: ModelFlow, tried: list[bool]) -> None:
    dialog, table = devices(qtbot, flow)
    qtbot.waitUntil(button(dialog, "Try all again").isEnabled)
    qtbot.mouseClick(button(dialog, "Try all again"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tried == [False, True] and dialog.is_idle())
    assert table.topLevelItemCount() == len(TRIALS)


def test_one_that_works_can_be_taken(
    qtbot: QtBot, flow: ModelFlow, desk: Desk, tried: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[str, str]] = []
    monkeypatch.setattr(desk, "use_here", lambda choice: taken.append((choice.engine, choice.device)))
    dialog, table = devices(qtbot, flow)
    qtbot.waitUntil(lambda: bool(table.selectedItems()))
    table.setCurrentItem(table.topLevelItem(1))
    qtbot.mouseClick(button(dialog, "Use this one"), Qt.MouseButton.LeftButton)
    assert taken == [("onnx", "cpu")]


def test_a_click_explains_the_device_it_went_to(qtbot: QtBot, flow: ModelFlow, tried: list[bool]) -> None:
    dialog, table = devices(qtbot, flow)
    qtbot.waitUntil(lambda: bool(table.selectedItems()))
    place = table.visualItemRect(table.topLevelItem(1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert button(dialog, "Use this one").isEnabled()
    assert "No NVIDIA driver" not in texts(dialog)


def test_the_one_in_use_is_marked_and_comes_first_to_mind(
    qtbot: QtBot, flow: ModelFlow, desk: Desk, tried: list[bool]
) -> None:
    desk.model.status = EngineStatus("starter", "onnx", "cpu", "CPU, because no NVIDIA driver was found.")
    _dialog, table = devices(qtbot, flow)
    qtbot.waitUntil(lambda: bool(table.selectedItems()))
    assert table.currentItem().text(0) == "ONNX Runtime"
    assert [table.topLevelItem(row).text(5) for row in range(2)] == ["No NVIDIA driver was found.", "in use"]
    desk.model.status = replace(desk.model.status, engine="torch")
    desk.engine_changed.emit(desk.model.status)
    assert table.topLevelItem(1).text(5) == ""


def test_a_row_is_whole_when_it_comes(qtbot: QtBot, flow: ModelFlow, tried: list[bool]) -> None:
    """Qt paints one that changes while it is laid out in part only."""
    changed: list[object] = []
    dialog = opened(flow)
    (table,) = dialog.findChildren(QTreeWidget)
    table.model().dataChanged.connect(lambda *_: changed.append(_))
    devices(qtbot, flow)
    assert table.topLevelItem(0).text(5)
    assert not changed


def test_what_cannot_be_tried_is_said_and_can_be_tried_again(
    qtbot: QtBot, flow: ModelFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise WeightsError("The weights are gone.")

    monkeypatch.setattr(app.models.devices_page, "try_devices", refuse)
    dialog = opened(flow)
    dialog.devices.parent().parent().setCurrentWidget(dialog.devices)
    qtbot.waitUntil(lambda: "The weights are gone." in texts(dialog))
    assert button(dialog, "Try all again").isEnabled()


def test_no_two_things_on_a_page_have_the_same_key(flow: ModelFlow, tried: list[bool]) -> None:
    dialog = opened(flow)
    (tabs,) = dialog.findChildren(QTabWidget)
    always = [tabs.tabText(page) for page in range(tabs.count())] + [button(dialog, "Close").text()]
    for page in range(tabs.count()):
        things = [*tabs.widget(page).findChildren(QAbstractButton), *tabs.widget(page).findChildren(QLabel)]
        texts = always + [thing.text() for thing in things]
        keys = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert len(keys) == len(set(keys)), texts
    assert len(keys) > len(always)
