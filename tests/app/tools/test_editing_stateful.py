"""Random sequences of everything a person can do while editing, against a plain editor that copies whole pictures.

Every tool and option, every rule for paint, undo, redo and jumps in the history, what is cancelled half way,
thresholds, views, answers of the network, changing the picture, parking, and work in the background that arrives at
any later moment. After each step both show the same. With `--hypothesis-profile=thorough` it looks for longer.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtCore import QCoreApplication, QEvent

import app.editing.session
from app.core.document import ViewMode
from app.core.project.records import ExportedState
from app.core.rules import PaintRule, Where
from app.tools import TOOLS
from app.tools.base import Button, Modifier
from app.tools.options import Choice, Number, Option
from tests.app.tools.editing.agreement import histories_agree, pictures_agree
from tests.app.tools.editing.bench import Bench
from tests.app.tools.editing.drivers import DRIVERS
from tests.app.tools.editing.gestures import (
    FAST,
    SLOW,
    Gesture,
    Meanwhile,
    buttons,
    modifiers,
    places,
    reaches,
    several,
)
from tests.app.tools.editing.hand import Hand
from tests.app.tools.editing.limits import Limits, limits
from tests.app.tools.editing.pictures import ANSWERS, CLASSES, PATHS, ComputedOnce

KEPT_OPEN, KEPT_PREDICTIONS = 2, 3

classes = st.sampled_from((0, *CLASSES))
tools = st.sampled_from(sorted(TOOLS))
paths = st.sampled_from((*PATHS[:2] * 2, *PATHS))  # more often the large ones
modes = st.sampled_from(ViewMode)
thresholds = st.sampled_from((0.0, 0.2, 0.4, 0.5, 0.6, 1.0))
answers = st.integers(0, ANSWERS - 1)
sizes = st.sampled_from((1, 2, 9, 40, 600))
rules = st.builds(
    PaintRule, st.sampled_from(Where), classes, keep_person=st.booleans(), locked=st.frozensets(classes, max_size=2)
)


class Editing(RuleBasedStateMachine):
    """Someone who cannot decide, at a real session."""

    once: ClassVar[ComputedOnce]
    patch: ClassVar[pytest.MonkeyPatch]

    @initialize(
        limits=limits,
        size=sizes,
        path=paths,
        answer=answers,
        tool=tools,
        rule=st.just(PaintRule()) | rules,
    )
    def open(self, *, limits: Limits, size: int, path: Path, answer: int, tool: str, rule: PaintRule) -> None:
        limits.set(self.patch)
        self.bench = Bench(self.once, KEPT_OPEN, KEPT_PREDICTIONS, limits.undo_bytes, limits.sliced)
        self.bench.session.set_brush_size(size)
        self.session, self.editor = self.bench.session, self.bench.editor
        self.hand = Hand(self.bench, tool)
        self.exporting: tuple[Path, ExportedState, tuple[Any, ...]] | None = None
        self.hand.show(path)
        self.bench.attach_photo(path)
        self.bench.predict(path, answer, ViewMode.SEGMENTS)
        self._set_rule(rule)

    def teardown(self) -> None:
        if hasattr(self, "bench"):
            self.session.close_all()
            self.bench.canvas.deleteLater()
            self.session.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    # --- the hand --------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.hand.held is None)
    @rule(button=buttons, place=places, keys=modifiers, reach=reaches)
    def press(self, button: Button, place: tuple[int, int], keys: Modifier, reach: float) -> None:
        self.hand.press(button, place, keys, reach)

    @rule(place=places, keys=modifiers)
    def move(self, place: tuple[int, int], keys: Modifier) -> None:
        self.hand.move(place, keys)
        if self.hand.held is None:
            self.bench.rest(self.hand.at)

    @precondition(lambda self: self.hand.held is not None)
    @rule()
    def release(self) -> None:
        self.hand.release()

    def use(self, gestures: list[Gesture], *, together: bool) -> None:
        """Whole gestures, as they are most of the time: each anywhere, or all of them from one place."""
        for gesture in gestures:
            start = gestures[0].way[0] if together else gesture.way[0]
            if self.hand.held is not None:
                self.hand.release()
            self.hand.take(gesture.tool)
            self.hand.press(gesture.button, start, gesture.keys, gesture.reach)
            half = len(gesture.way) // 2 + 1
            for place in gesture.way[1:half]:
                self.hand.move(place, gesture.keys)
            self._happens(gesture.meanwhile)
            for place in gesture.way[half:]:
                self.hand.move(place, gesture.keys)
            if self.hand.held is not None:
                self.hand.release()
            if gesture.waits:
                self._all_arrives()
            if gesture.accepts:
                self.hand.accept()
            self._happens(gesture.then)
            self.both_agree()

    def _all_arrives(self) -> None:
        for key in list(self.bench.lane.jobs):
            self.hand.deliver(key)
            self.bench.turn()

    def _happens(self, meanwhile: Meanwhile) -> None:
        path = self.editor.current
        if path is None or meanwhile is Meanwhile.NOTHING:
            return
        self.both_agree()
        match meanwhile:
            case Meanwhile.ESCAPE:
                self.hand.escape()
            case Meanwhile.UNDO:
                self.hand.undo()
            case Meanwhile.ANSWER:
                self.hand.predict(path, (self.editor.pictures[path].index + 1) % ANSWERS, self.editor.mode)
            case Meanwhile.THRESHOLD:
                self._set_threshold(0.2 if self.editor.pictures[path].threshold >= 0.5 else 1)
            case Meanwhile.RULE:
                self._set_rule(PaintRule(Where.UNLABELLED) if self.editor.rule == PaintRule() else PaintRule())
            case Meanwhile.OPTION:
                self._set_option(next(iter(self.hand.driver.tool.options), None))
            case Meanwhile.SIZE:
                self.session.set_brush_size(40 if self.session.brush_size != 40 else 9)
            case Meanwhile.WORK:
                self._all_arrives()
            case Meanwhile.EXPORT:
                self._export(path)
            case Meanwhile.OTHER:
                other = PATHS[0] if path == PATHS[-1] else PATHS[PATHS.index(path) ^ 1]
                self.hand.show(other)
                self.hand.attach_photo(other)
        self.both_agree()

    use_any = rule(gestures=several(sorted(TOOLS)), together=st.booleans())(use)
    use_fast = rule(gestures=several(FAST), together=st.booleans())(use)
    use_slow = rule(gestures=several(SLOW), together=st.booleans())(use)

    @rule(key=st.sampled_from(("accept", "escape", "back", "leave")))
    def key(self, key: str) -> None:
        match key:
            case "accept":
                self.hand.accept()
            case "escape":
                self.hand.escape()
            case "back":
                self.hand.does(self.hand.driver.back)
            case "leave" if self.hand.held is None:
                self.hand.does(self.hand.driver.leave)

    @precondition(lambda self: self.hand.held is None)
    @rule(
        place=places,
        steps=st.lists(st.tuples(st.sampled_from((1, 1, -1)), st.booleans()), max_size=3),
        accepts=st.none() | st.booleans(),
    )
    def next_best(self, *, place: tuple[int, int], steps: list[tuple[int, bool]], accepts: bool | None) -> None:
        """J, Shift + J or the card of answers; what is found is kept, or not, or nothing is said of it."""
        self.hand.move(place, Modifier.NONE)
        self.bench.rest(self.hand.at)
        for step, by_card in steps:
            if not self.hand.driver.next_best(step):
                self.bench.guess(step, by_card=by_card)
            self.both_agree()
        if accepts is not None:
            self.hand.accept() if accepts else self.hand.escape()

    @rule(data=st.data(), tool=st.none() | tools)
    def set_tool(self, data: st.DataObject, tool: str | None) -> None:
        """Another tool, or another option of it."""
        if tool is not None:
            self.hand.take(tool)
        if self.hand.driver.tool.options:
            option = data.draw(st.sampled_from(self.hand.driver.tool.options))
            self._set_option(option, data.draw(st.integers(1, 3)))

    def _set_option(self, option: Option | None, further: int = 1) -> None:
        """The value that comes so much later among those worth trying, round and round."""
        values: tuple[Any, ...] = (False, True)
        match option:
            case None:
                return
            case Choice():
                values = tuple(value for value, _ in option.choices)
            case Number():
                values = self.hand.driver.numbers[option.key]
        known = self.hand.driver.tool.value(option.key)
        value = values[(values.index(known) + further) % len(values) if known in values else 0]
        self.hand.does(lambda: self.hand.driver.tool.set_value(option.key, value))
        self.hand.driver.options_changed()

    @rule(class_id=classes, size=sizes)
    def set_hand(self, class_id: int, size: int) -> None:
        self.session.set_brush_size(size)
        self.hand.does(lambda: self.session.set_current_class(class_id))

    # --- what counts -----------------------------------------------------------------------------------------------

    @rule(rule=st.just(PaintRule()) | rules)
    def set_rule(self, rule: PaintRule) -> None:
        self._set_rule(rule)

    def _set_rule(self, rule: PaintRule) -> None:
        self.editor.rule = rule
        changes = {field.name: getattr(rule, field.name) for field in dataclasses.fields(rule)}
        self.hand.does(lambda: self.session.set_rule(**changes))

    @rule(value=thresholds, scope=st.sampled_from((None, None, True, False)))
    def set_threshold(self, *, value: float, scope: bool | None) -> None:
        """For all pictures, or for this one alone."""
        if scope is not None:
            self.editor.set_threshold_scope(for_all=scope)
            self.hand.does(lambda: self.session.set_threshold_scope(for_all=scope))
        self._set_threshold(value)

    def _set_threshold(self, value: float) -> None:
        self.editor.set_threshold(value)
        self.hand.does(lambda: self.session.set_threshold(value))

    @rule(class_id=st.sampled_from(CLASSES), value=st.none() | thresholds)
    def set_class_threshold(self, class_id: int, value: float | None) -> None:
        known = {name: number for name, number in self.editor.class_thresholds.items() if name != class_id}
        self.editor.class_thresholds = known if value is None else {**known, class_id: value}
        self.hand.does(lambda: self.session.set_class_threshold(class_id, value))

    # --- history ---------------------------------------------------------------------------------------------------

    @rule(steps=st.lists(st.booleans(), min_size=1, max_size=4))
    def undo_or_redo(self, steps: list[bool]) -> None:
        for forward in steps:
            if forward:
                self.bench.go_by(1, self.session.redo)
            else:
                self.hand.undo()
            self.both_agree()

    @rule(data=st.data())
    def go_to_step(self, data: st.DataObject) -> None:
        self.editor.end()
        picture = self.editor.picture
        count = 0 if picture is None else len(picture.steps)
        index = data.draw(st.sampled_from((0, count)) | st.integers(0, count + 1))
        self.bench.go_to(index, lambda: self.session.go_to_step(index))

    @rule(path=paths)
    def export(self, path: Path) -> None:
        self._export(path)

    def _export(self, path: Path) -> None:
        """What was written is as the picture was when it began."""
        if self.exporting is not None:
            known, state, expected = self.exporting
            if known in self.editor.pictures:
                self.session.mark_exported(known, state)
                self.editor.exported[known] = expected
                self.editor.pictures[known].saved = expected[0]
            self.exporting = None
        elif path in self.editor.pictures:
            self.exporting = path, self.session.export_state(path), self.editor.export_state(path)

    # --- pictures and the network ----------------------------------------------------------------------------------

    @rule(
        path=paths,
        photo=st.sampled_from((*(True,) * 7, False)),
        answer=answers | answers | answers | st.none(),
        compress=st.integers(0, 2),
    )
    def show(self, *, path: Path, photo: bool, answer: int | None, compress: int) -> None:
        """What is left is compressed beside that, and may be needed again before that is done."""
        self.hand.show(path)
        for _ in self.bench.compressing[:compress]:
            self.bench.compressed()
        if photo:
            self.hand.attach_photo(path)
        if answer is not None:
            self.hand.predict(path, answer, self.editor.mode)

    @precondition(lambda self: self.editor.pictures)
    @rule(data=st.data(), there=st.booleans(), answer=st.none() | answers, mode=modes)
    def arrive(self, *, data: st.DataObject, there: bool, answer: int | None, mode: ViewMode) -> None:
        """A photo or an answer of the network, for the picture on screen or for another."""
        known = list(self.editor.pictures)
        path = known[-1] if there else data.draw(st.sampled_from(known))
        if answer is None:
            self.hand.attach_photo(path)
        else:
            self.hand.predict(path, answer, mode)

    @rule(mode=modes)
    def set_mode(self, mode: ViewMode) -> None:
        """The layer of the other view comes later."""
        self.editor.mode = mode
        self.hand.does(lambda: self.session.set_mode(mode))

    @rule(path=st.none() | st.none() | paths)
    def begin_anew(self, path: Path | None) -> None:
        """All that the network said is forgotten; or everything, and another picture is opened."""
        if path is not None:
            self.editor.close_all()
            self.hand.does(self.session.close_all)
            self.bench.compressing.clear()
            self.hand.held, self.exporting = None, None
            self.hand.driver.left_alone()
            self.both_agree()
            self.hand.show(path)
            self.hand.attach_photo(path)
            return
        self.editor.exported.clear()
        for picture in self.editor.pictures.values():
            self.editor.drop_prediction(picture)
        self.hand.does(self.session.drop_predictions)

    # --- the background --------------------------------------------------------------------------------------------

    @rule()
    def turn(self) -> None:
        """The event loop comes round: another slice of what is being shown."""
        self.hand.does(self.bench.turn)

    @precondition(lambda self: self.bench.lane.jobs)
    @rule(data=st.data(), delivers=st.booleans())
    def work(self, *, data: st.DataObject, delivers: bool) -> None:
        """Something is worked out, and what came of it arrives now or later."""
        key = data.draw(st.sampled_from(list(self.bench.lane.jobs)))
        self.bench.lane.work_on(key)
        if delivers:
            self.hand.deliver(key)

    # --- what must hold after each step ----------------------------------------------------------------------------

    @invariant()
    def both_agree(self) -> None:
        histories_agree(self.bench)
        pictures_agree(self.bench, self.hand.at.pixel)


def test_every_tool_is_driven() -> None:
    assert set(DRIVERS) == set(TOOLS)
    for name, tool in TOOLS.items():
        numbers = {option.key for option in tool.options if isinstance(option, Number)}
        assert numbers == set(DRIVERS[name].numbers), name


def test_editing_agrees_with_a_plain_editor(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asserts nothing itself: `Editing.both_agree` does, after each rule and in the middle of the longer ones, and
    so do the drivers where they know what a tool has to do. It fails where any of them does."""
    monkeypatch.setattr(app.editing.session, "KEPT_OPEN", KEPT_OPEN)
    monkeypatch.setattr(app.editing.session, "KEPT_PREDICTIONS", KEPT_PREDICTIONS)
    Editing.once, Editing.patch = ComputedOnce.install(monkeypatch), monkeypatch
    examples = settings.default.max_examples if settings.default is not None else 100
    run_state_machine_as_test(
        Editing, settings=settings(max_examples=max(1, examples // 2), stateful_step_count=40, deadline=None)
    )
