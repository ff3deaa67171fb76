"""The hand at the bench: one tool at a time, with the keys and the moments that a canvas allows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.core.document import ViewMode
from app.tools.base import Button, Modifier, Pointer
from tests.app.tools.editing.bench import Bench
from tests.app.tools.editing.by_looking import SuperpixelsDriver
from tests.app.tools.editing.driver import Driver
from tests.app.tools.editing.drivers import DRIVERS


class Hand:
    """Places are 64ths of the picture's sides."""

    def __init__(self, bench: Bench, tool: str) -> None:
        self.bench, self.session, self.editor = bench, bench.session, bench.editor
        self.held: Button | None = None
        self.at = Pointer(0, 0)
        self.driver: Driver = DRIVERS[tool](bench)
        self._put_away: dict[str, Driver] = {}  # whose tools have begun something
        self._tile_owner: SuperpixelsDriver | None = None  # who asked for superpixels last
        bench.canvas.set_tool(self.driver.tool)
        bench.session.document_changed.connect(self._forget)

    def pointer(self, place: tuple[int, int], keys: Modifier, reach: float) -> Pointer:
        picture = self.editor.picture
        height, width = (64, 64) if picture is None else picture.shape
        self.at = Pointer(place[0] * width / 64, place[1] * height / 64, self.held, keys, reach)
        return self.at

    def does(self, deed: Callable[[], object]) -> None:
        """Whoever asked for a tile of superpixels while that was done gets it."""
        key = ("superpixels", "tile")
        before = self.bench.lane.jobs.get(key)
        deed()
        if self.bench.lane.jobs.get(key) is not before and isinstance(self.driver, SuperpixelsDriver):
            self._tile_owner = self.driver
        self.bench.look_again()

    def press(self, button: Button, place: tuple[int, int], keys: Modifier, reach: float) -> None:
        self.held = button
        pointer = self.pointer(place, keys, reach)
        self.bench.canvas.guesses.end()
        self.does(lambda: self.driver.press(pointer))

    def move(self, place: tuple[int, int], keys: Modifier) -> None:
        pointer = self.pointer(place, keys, self.at.reach)
        self.does(lambda: self.driver.move(pointer))

    def release(self) -> None:
        pointer, self.held = self.at, None
        self.does(lambda: self.driver.release(pointer))

    def take(self, tool: str) -> None:
        """Another tool; the stroke of the last one is finished first, what it offers is left, or waits for it."""
        if tool == self.driver.id:
            return
        if self.held is not None:
            self.release()
        last, self.driver = self.driver, self._put_away.pop(tool, None) or DRIVERS[tool](self.bench)
        offered = last.tool.pending()
        self.bench.canvas.set_tool(self.driver.tool)
        if last.tool.pending():
            self._put_away[last.id] = last
        elif offered:
            last.left_alone()

    def _forget(self) -> None:
        """What was begun belongs to the picture that was shown."""
        for driver in self._put_away.values():
            driver.tool.forget()
            driver.left_alone()
        self._put_away.clear()

    def accept(self) -> None:
        """Return."""
        if self.driver.tool.pending():
            self.does(self.driver.accept)
        elif self.bench.canvas.guesses.choices() is not None:
            self.bench.canvas.guesses.end()

    def escape(self) -> None:
        if self.held is not None:
            self.held = None
            self.does(self.driver.cancel)
        elif self.driver.tool.pending():
            self.does(self.driver.cancel)
        elif not self.bench.escape_guesses():
            self._cancel_edit()

    def undo(self) -> None:
        """Ctrl + Z: what is being drawn goes first, then what waits to be computed, then what was painted."""
        if self.driver.back():
            return
        picture = self.editor.picture
        running = None if picture is None else picture.running
        waits = self.editor.stroke is not None or (running is not None and running.shows is None)
        assert self.session.unfinished == waits
        if waits and self.held is None:
            self._cancel_edit()
        else:
            self.does(lambda: self.bench.go_by(-1, self.session.undo))

    def _cancel_edit(self) -> None:
        if self.editor.stroke is None:
            self.bench.stop_running()
        self.editor.cancel()
        self.does(self.session.cancel_edit)

    def show(self, path: Path) -> None:
        self.does(lambda: self.bench.show(path))
        self.held = None
        self.driver.left_alone()

    def attach_photo(self, path: Path) -> None:
        self.does(lambda: self.bench.attach_photo(path))
        if path == self.editor.current:
            self.held = None
            self.driver.left_alone()

    def predict(self, path: Path, answer: int, mode: ViewMode) -> None:
        self.does(lambda: self.bench.predict(path, answer, mode))

    def deliver(self, key: object) -> None:
        if key not in self.bench.lane.jobs:
            return  # what arrived before has made it needless
        result = self.bench.lane.deliver(key)
        match key:
            case ("edit", Path() as path):
                self.bench.arrived(path)
            case ("superpixels", "tile") if self._tile_owner is not None:
                self._tile_owner.delivered(result)
