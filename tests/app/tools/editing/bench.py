"""A real session and a plain editor side by side: what is done to the one is said to the other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.canvas.canvas import Canvas
from app.core.arrays import U8, Bool
from app.core.document import ViewMode
from app.core.patches import Patch, human_snapshot
from app.core.soft_masks import classes_at, probable_classes
from app.core.targets import Scope
from app.editing.session import Session
from app.settings import Settings
from app.tools.base import Pointer, class_name
from inference.errors import ExpectedError
from tests.app.tools.editing.model import Editor, Paint, Picture, Pixel, Running, value_of
from tests.app.tools.editing.pictures import PATHS, ComputedOnce, answer, pyramid
from tests.app.tools.later import Job, Later


class Lane(Later):
    """Work is done at one moment and what came of it arrives at another, in any order; or it never does."""

    def __init__(self) -> None:
        super().__init__()
        self._outcomes: dict[Job, tuple[Callable[[object], None], object]] = {}

    def work_on(self, key: Hashable) -> None:
        job = self.jobs[key]
        if job in self._outcomes:
            return
        try:
            self._outcomes[job] = (job.done, job.work(lambda: None))
        except ExpectedError as error:
            self._outcomes[job] = (job.failed, str(error))  # type: ignore[assignment]

    def deliver(self, key: Hashable) -> object:
        """What came of it."""
        self.work_on(key)
        then, result = self._outcomes.pop(self.jobs.pop(key))
        then(result)
        return result


@dataclass(eq=False)
class Guessing:
    """The answers that J goes through, as they have to be."""

    picture: Picture
    mask: Bool
    rows: tuple[tuple[int, float], ...]
    active: int
    before: int  # the state without an answer
    running: Running | None = None  # the answer on its way


@dataclass(eq=False)
class Compressing:
    """The corrections of a picture that is being parked, as they were."""

    path: Path
    patch: Patch | None
    revision: int
    state: int


@dataclass(eq=False)
class Bench:
    """Everything that both know of."""

    once: ComputedOnce
    kept_open: int
    kept_predictions: int
    undo_bytes: int
    sliced: bool  # what holds up the hand comes to the screen piece by piece
    session: Session = field(init=False)
    editor: Editor = field(init=False)
    lane: Lane = field(default_factory=Lane)
    compressing: list[Compressing] = field(default_factory=list)
    pixel: Pixel | None = None  # that the pointer was over last
    guessing: Guessing | None = None
    _turns: list[Callable[[], None]] = field(default_factory=list)
    _to_compress: list[Path] = field(default_factory=list)
    _job: Job | None = None  # the computed edit of the picture on screen before the last deed

    def __post_init__(self) -> None:
        self.session = Session(Settings())
        self.session.runner = self.lane
        self.session.undo_bytes = self.undo_bytes
        self.session.compress_later = self._to_compress.append
        self.session.previous_path = self.previous_path
        self.session.next_turn = self._turns.append if self.sliced else None
        self.editor = Editor(self.session.threshold, kept_open=self.kept_open, kept_predictions=self.kept_predictions)
        self.canvas = Canvas(self.session)

    @property
    def picture(self) -> Picture | None:
        """The picture on screen, if it can be painted on."""
        return self.editor.shown

    def previous_path(self) -> Path | None:
        place = PATHS.index(self.editor.current) if self.editor.current is not None else 0
        return PATHS[place - 1] if place else None

    # --- what is done to both --------------------------------------------------------------------------------------

    def act(self, deed: Callable[[], object]) -> None:
        """Do something in the application of which `expect` says afterwards what it has to come to."""
        self._job = self.lane.jobs.get(("edit", self.editor.current))
        deed()

    def expect(self, text: str, paint: Sequence[Paint]) -> None:
        """The last deed asked to paint that as one step: it is there now, or it is on its way."""
        self.editor.end()
        picture = self.picture
        if picture is None or picture.running is not None:
            return
        before, after = picture.human, self.editor.painted(picture, paint)
        if self._on_its_way():
            picture.running = Running(text, after)
        else:
            picture.human = after
            self.editor.push(picture, text, before=before)
            self._shows(picture, before)

    def _on_its_way(self) -> bool:
        job = self.lane.jobs.get(("edit", self.editor.current))
        return job is not None and job is not self._job

    def follow_bound(self) -> None:
        """Old steps go only where there is no room for all of them, and not while later ones are undone."""
        pictures = self.editor.pictures.items()
        grown = {path for path, picture in pictures if not all(step.size for step in picture.steps)}
        kept = {path: list(self.session._histories[path].steps()) for path, _ in pictures}
        for path, picture in pictures:
            assert len(kept[path]) <= len(picture.steps)
            for step, real in zip(picture.steps[::-1], kept[path][::-1], strict=False):
                step.size = real.patch.nbytes
        sizes = [step.size for _, picture in pictures for step in picture.steps]
        room = sum(sizes) <= self.undo_bytes and all(sizes)  # one that was too large by itself has no size
        for path, picture in pictures:
            gone = len(picture.steps) - len(kept[path])
            assert not gone or not room
            assert not gone or path in grown or picture.index == len(picture.steps)
            if gone:
                picture.forget(gone)

    def go_to(self, index: int, deed: Callable[[], object]) -> None:
        """`deed` is to go to a step of the history."""
        self._go(lambda _picture: index, deed)

    def go_by(self, steps: int, deed: Callable[[], object]) -> None:
        """`deed` is to redo so many steps, or to undo them when negative."""
        self._go(lambda picture: picture.index + steps, deed)

    def _go(self, where: Callable[[Picture], int], deed: Callable[[], object]) -> None:
        self.editor.end()
        self.act(deed)
        self.follow_bound()  # the stroke under the hand became a step before, for which there may have been no room
        picture = self.picture
        index = 0 if picture is None else where(picture)
        steps = self.editor.steps_to(index)
        if picture is None or not steps:
            return
        if self._on_its_way():
            picture.running = Running("", jump=(picture.index, index, steps))
        else:
            before = picture.human
            self.editor.go(picture, index)
            self._shows(picture, before)

    def arrived(self, path: Path) -> None:
        """What was worked out for a picture is there."""
        picture = self.editor.pictures[path]
        running, picture.running = picture.running, None
        assert running is not None
        before = picture.human
        if running.after is not None:
            picture.human = running.after
            self.editor.push(picture, running.text, before=before)
        elif running.stroke is not None:
            picture.human = self.editor.painted(picture, running.rest())
            self.editor.push(picture, running.text, before=running.stroke.before)
        elif running.jump is not None:
            start, end, steps = running.jump
            if picture.index == start and picture.steps[min(start, end) : max(start, end)] == steps:
                self.editor.go(picture, end)  # else the history had to give steps up meanwhile
        self._shows(picture, before)

    def _shows(self, picture: Picture, before: U8) -> None:
        """What is a step by now may come to the screen slice by slice; until then nothing else may be done."""
        if picture.path in self.session.under_way():
            picture.running = Running("", shows=before)

    def turn(self) -> None:
        """The event loop comes round once."""
        turns, self._turns[:] = list(self._turns), []
        for turn in turns:
            turn()
        self.look_again()

    def look_again(self) -> None:
        """Pictures of which all is shown by now."""
        for path, picture in self.editor.pictures.items():
            if picture.running is not None and picture.running.shows is not None:
                picture.running = picture.running if path in self.session.under_way() else None

    def stop_running(self) -> None:
        """The person did not wait for it."""
        running = None if self.picture is None else self.picture.running
        if self.picture is not None and running is not None and running.shows is None:
            self.picture.running = None
            if running.stroke is not None:
                self.picture.human = running.stroke.before

    # --- pictures --------------------------------------------------------------------------------------------------

    def show(self, path: Path) -> None:
        self._to_compress.clear()
        parked = self.editor.show(path, pyramid(path)[0])
        self.session.show(path)
        for left in parked:
            if left not in self._to_compress:
                self.editor.park(left)
        for left in self._to_compress:
            self._compress(left)

    def _compress(self, path: Path) -> None:
        document = self.session.find(path)
        assert document is not None
        assert document.segment_map is not None
        revision = self.session.export_state(path).revision
        state = self.editor.pictures[path].state
        self.compressing.append(Compressing(path, human_snapshot(document.segment_map), revision, state))

    def compressed(self) -> None:
        """What was compressed for longest has arrived."""
        job = self.compressing.pop(0)
        if self.editor.may_park(job.path, job.state):
            self.editor.park(job.path)
        self.session.park(job.path, job.patch, revision=job.revision)

    def attach_photo(self, path: Path) -> None:
        picture = self.editor.pictures[path]
        picture.has_photo = picture.has_map = True
        self.session.attach_photo(path, pyramid(path))

    def predict(self, path: Path, number: int, mode: ViewMode) -> None:
        prediction, layer, table = answer(self.editor.pictures[path].shape, number, mode)
        self.editor.predict(path, prediction, layer, table, mode)
        self.session.attach_prediction(path, prediction, layer=layer, table=table, mode=mode)

    # --- the answers that J goes through ---------------------------------------------------------------------------

    def guess(self, step: int, *, by_card: bool) -> None:
        """J or Shift + J over the last pixel, where the tool has no use for it, or a click on the card of answers."""
        guesses = self.canvas.guesses
        known = guesses.choices() is not None if by_card else guesses.goes_on
        guessing = self.guessing if known else None
        if guessing is not None:
            self._take_back(guessing)
        elif not by_card:
            guessing = self._begin()
        self.act(lambda: guesses.pick(step) if by_card else guesses.go(step))
        self.guessing = guessing
        if guessing is None:
            assert self.canvas.guesses.choices() is None
            return
        start = max(guessing.active, -1 if step > 0 else 0)
        guessing.active = (start + step) % len(guessing.rows)
        class_id = guessing.rows[guessing.active][0]
        busy = guessing.picture.running is not None
        self.expect(f"Relabel to {class_name(class_id)}", [(guessing.mask, value_of(class_id))])
        guessing.running = None if busy else guessing.picture.running

    def _begin(self) -> Guessing | None:
        picture, at = self.picture, self.pixel
        if picture is None or at is None or not picture.holds(at) or picture.prediction is None:
            return None
        code, label = int(picture.network[at[1], at[0]]), int(self.editor.labels(picture)[at[1], at[0]])
        rows: tuple[tuple[int, float], ...] = ()
        if picture.layer_mode is ViewMode.SEMANTIC:
            rows = classes_at(picture.prediction, *at, 5)
        elif picture.layer_mode is ViewMode.SEGMENTS and code:
            rows = probable_classes(picture.prediction, code - 1, 5)
        active = next((place for place, (class_id, _) in enumerate(rows) if class_id == label), -1)
        semantic = picture.layer_mode is ViewMode.SEMANTIC
        mask = self.editor.target(at, Scope.REGION if semantic else Scope.SEGMENT)
        return Guessing(picture, mask, rows, active, picture.state) if rows and mask is not None else None

    def _take_back(self, guessing: Guessing) -> None:
        """The last answer makes room for the next one."""
        picture = guessing.picture
        if guessing.running is not None and guessing.running is picture.running:
            picture.running = None
        elif picture.state != guessing.before and self.editor.steps_to(picture.index - 1):
            self.editor.go(picture, picture.index - 1)

    def escape_guesses(self) -> bool:
        """Escape while nothing else has a use for it: the answer is taken back."""
        known = self.canvas.guesses.choices() is not None
        picture = None if self.guessing is None else self.guessing.picture
        before = None if picture is None else picture.human
        if known and self.guessing is not None:
            self._take_back(self.guessing)
        assert self.canvas.cancel_gesture() == known
        if known and picture is not None and before is not None:
            self._shows(picture, before)
        self.guessing = None
        return known

    def rest(self, pointer: Pointer) -> None:
        """The pointer is over a pixel."""
        picture = self.picture
        if picture is not None and picture.holds(pointer.pixel):
            self.pixel = pointer.pixel
            self.canvas.guesses.point(pointer.pixel)
        else:
            self.canvas.guesses.point(None)
