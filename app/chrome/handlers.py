"""What each action does: one entry per row of the action table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from app.chrome.actions import PALETTE_ACTIONS, TOOL_ACTIONS, Act
from app.chrome.shortcuts_dialog import ShortcutsDialog
from app.core.document import ViewMode
from app.core.pictures import PictureStatus
from app.core.rules import Where
from app.dialogs import show_about
from app.editing.session import Session

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.main_window import MainWindow

BRUSH_STEP = 1.25
OPACITY_STEP = 0.1
THRESHOLD_STEP = 0.01


Handlers = dict[Act, Callable[..., object]]


def make_handlers(window: MainWindow) -> Handlers:
    """Handlers take no argument; those of checkable actions take the new state."""
    session = window.session
    palettes = {act: _chosen(partial(session.set_overlay, palette=kind)) for kind, act in PALETTE_ACTIONS.items()}
    tools = {act: _chosen(partial(window.use_tool, tool)) for tool, act in TOOL_ACTIONS.items()}
    return _of_files(window) | _of_edits(window) | _of_views(window) | palettes | _of_pictures(window) | tools


def _of_files(window: MainWindow) -> Handlers:
    """Files and help, and what becomes of the window."""
    return {
        Act.OPEN: lambda: window.opening.ask_for_photos(),
        Act.OPEN_FOLDER: lambda: window.opening.ask_for_folder(below=False),
        Act.OPEN_WITH_BELOW: lambda: window.opening.ask_for_folder(below=True),
        Act.OPEN_SAMPLES: lambda: window.opening.open_samples(),
        Act.IMPORT: window.import_flow.ask,
        Act.EXPORT: window.export_current,
        Act.EXPORT_ALL: window.export_all,
        Act.QUIT: window.close,
        Act.SHORTCUTS: lambda: ShortcutsDialog(parent=window).exec(),
        Act.MODELS: lambda: window.models.show(),
        Act.ABOUT: lambda: show_about(parent=window),
        Act.FULL_SCREEN: lambda on: window.set_full_screen(on=on),
    }


def _of_edits(window: MainWindow) -> Handlers:
    """What changes pixels, or what the hand holds."""
    session, canvas = window.session, window.canvas
    return {
        Act.UNDO: lambda: step_back(window),
        Act.REDO: lambda: step_forward(window),
        Act.HISTORY: lambda on: window.show_history(on=on),
        Act.CHOOSE_CLASS: lambda: window.tool_options.choose_class(),
        Act.CLASS_UNLABELLED: lambda: session.set_current_class(0),
        Act.BRUSH_SMALLER: lambda: adjust_tool(window, -1),
        Act.BRUSH_LARGER: lambda: adjust_tool(window, 1),
        Act.NEXT_BEST: lambda: next_best(canvas, 1),
        Act.PREVIOUS_BEST: lambda: next_best(canvas, -1),
        Act.NEXT_RULE: lambda: next_rule(session),
    }


def _of_views(window: MainWindow) -> Handlers:
    """How the picture and its labels are looked at."""
    session, canvas = window.session, window.canvas
    return {
        Act.ZOOM_FIT: canvas.zoom_fit,
        Act.ZOOM_100: lambda: canvas.zoom_to(1.0),
        Act.ZOOM_IN: canvas.zoom_in,
        Act.ZOOM_OUT: canvas.zoom_out,
        Act.OUTLINE: lambda on: session.set_overlay(outline=on),
        Act.PATTERNS: lambda on: session.set_overlay(patterns=on),
        Act.NAMES: lambda on: session.set_overlay(names=on),
        Act.DECIDERS: lambda on: session.set_overlay(deciders=on),
        Act.BARE: lambda: None,  # held, not triggered: the window sees the key itself
        Act.NETWORK_ONLY: lambda: None,
        Act.LESS_OPAQUE: lambda: change_opacity(session, -OPACITY_STEP),
        Act.MORE_OPAQUE: lambda: change_opacity(session, OPACITY_STEP),
        Act.MODE: lambda on: session.set_mode(ViewMode.SEMANTIC if on else ViewMode.SEGMENTS),
        Act.THRESHOLD_DOWN: lambda: change_threshold(session, -THRESHOLD_STEP),
        Act.THRESHOLD_UP: lambda: change_threshold(session, THRESHOLD_STEP),
        Act.SHOW_ALL: lambda: session.set_overlay(hidden=frozenset(), solo=frozenset()),
        Act.SEARCH_LEGEND: window.search_legend,
    }


def _of_pictures(window: MainWindow) -> Handlers:
    """Going from picture to picture, and the network's work on them."""
    return {
        Act.FILTER_PICTURES: window.filter_pictures,
        Act.NEXT: lambda: window.go_to(window.image_list.next_path()),
        Act.PREVIOUS: lambda: window.go_to(window.image_list.previous_path()),
        Act.NEXT_UNFINISHED: lambda: window.picture_work.go_on(),
        Act.DONE: lambda: window.picture_work.finish(PictureStatus.DONE),
        Act.SKIP: lambda: window.picture_work.finish(PictureStatus.SKIPPED),
        Act.BACK_TO_WORK: lambda: window.picture_work.back_to_work(),
        Act.NOTE: lambda: window.picture_work.edit_note(),
        Act.SHOW_FILE: lambda: window.picture_work.show_file(),
        Act.PICTURE_GRID: lambda on: window.image_list.set_grid(on=on),
        Act.PREDICT_AGAIN: window.desk.predict_again,
        Act.PREDICT_ALL: lambda: window.run_flow.predict_all(),
        Act.PREDICT_SHOWN: lambda: window.run_flow.predict_shown(),
        Act.PREDICT_SELECTED: lambda: window.run_flow.predict(window.image_list.selected()),
        Act.LEARN: lambda: window.learn.ask(),
        Act.CANCEL: window.cancel,
    }


def _chosen(use: Callable[[], object]) -> Callable[..., object]:
    """One of several that exclude each other: the one that is left has nothing to do."""
    return lambda on: use() if on else None


def step_back(window: MainWindow) -> None:
    """What is being drawn goes first, the last corner of a polygon for instance; then what still waits to be computed,
    as by Escape; then what was painted."""
    canvas, session = window.canvas, window.session
    if canvas.step_back():
        return
    waits = session.unfinished and not canvas.mouse.using_tool  # a stroke under the hand is a step like others
    if not (waits and session.cancel_edit()):
        session.undo()


def step_forward(window: MainWindow) -> None:
    """What was taken back of what is being drawn comes first, then what was painted."""
    tool = window.canvas.tool
    if tool is None or not tool.again():
        window.session.redo()


def adjust_tool(window: MainWindow, steps: int) -> None:
    """Make what the tool in hand has most use for larger or smaller: mostly its brush."""
    tool = window.canvas.tool
    if tool is None or tool.sized or not tool.adjust(steps):
        scale_brush(window.session, BRUSH_STEP**steps)


def next_best(canvas: Canvas, step: int) -> None:
    """The next answer (+1), or the one before (-1): the tool's own, else for the segment under the pointer."""
    if not canvas.mouse.using_tool and not (canvas.tool is not None and canvas.tool.next_best(step)):
        canvas.guesses.go(step)


def pick_answer(canvas: Canvas, steps: int) -> None:
    """Go to an answer of the card, wherever the pointer passed on its way there."""
    if not canvas.mouse.using_tool and not (canvas.tool is not None and canvas.tool.next_best(steps)):
        canvas.guesses.pick(steps)


def next_rule(session: Session) -> None:
    """The next answer to where paint may go; over which class is the current one."""
    answers = list(Where)
    where = answers[(answers.index(session.rule.where) + 1) % len(answers)]
    session.set_rule(where=where, class_id=session.current_class)
    session.said.emit(f"Paint may go {session.rule.text()}.")


def scale_brush(session: Session, factor: float) -> None:
    """Make the brush larger or smaller, by one pixel at least."""
    size = round(session.brush_size * factor)
    if size == session.brush_size:
        size += 1 if factor > 1 else -1
    session.set_brush_size(size)


def change_opacity(session: Session, by: float) -> None:
    session.set_overlay(opacity=round(max(0.0, min(1.0, session.overlay.opacity + by)), 2))


def change_threshold(session: Session, by: float) -> None:
    """Move the threshold, where there is one: the semantic view has none."""
    if session.document is not None and session.mode is ViewMode.SEGMENTS:
        session.set_threshold(round(session.document.threshold + by, 2))


def add_class_keys(window: MainWindow) -> None:
    """The digits take the recent classes."""
    for digit in range(1, 10):
        action = QAction(window)
        action.setShortcut(str(digit))
        action.triggered.connect(lambda _checked=False, digit=digit: use_recent_class(window.session, digit))
        window.addAction(action)


def use_recent_class(session: Session, digit: int) -> None:
    """The class that has `digit`, 1..9, among the recent ones; nothing when there are fewer."""
    if digit <= len(session.recent_classes):
        session.set_current_class(session.recent_classes[digit - 1])
