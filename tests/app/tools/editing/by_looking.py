"""Drivers of the tools that look at the photo, at the labels or at the network's answer before they paint."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from app.core import cleanup
from app.core.arrays import U8, Bool
from app.core.parts import Part
from app.core.refine import RefineError, refine_edges
from app.core.soft_masks import Candidate, ranked_queries, soft_mask
from app.core.superpixels import SuperpixelTiles
from app.tools.base import Button, Pointer, class_name
from inference.prediction import Prediction
from tests.app.tools.editing.driver import Driver, LineDriver
from tests.app.tools.editing.model import Paint, Pixel, PlainLabels, Stroke, area_of, connected, paint_of, value_of
from tests.app.tools.editing.pictures import CLASSES, pyramid, sure

if TYPE_CHECKING:
    from tests.app.tools.editing.bench import Bench


class WandDriver(Driver):
    id = "wand"
    numbers: ClassVar = {"tolerance": (0, 12, 60, 255)}

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._start: Pointer | None = None
        self._tolerance = self._before = 0

    def press(self, pointer: Pointer) -> None:
        self.tool.press(pointer)
        picture = self.bench.picture
        if picture is not None and picture.has_photo and picture.holds(pointer.pixel):
            self._start, self._before = pointer, self.tool.value("tolerance")
            self._tolerance = self._before

    def move(self, pointer: Pointer) -> None:
        self.tool.move(pointer)
        if self._start is not None and pointer.button is not None:
            dragged = (pointer.x - self._start.x) / pointer.reach * 2
            self._tolerance = min(max(round(self._before + dragged), 0), 255)

    def release(self, pointer: Pointer) -> None:
        self.bench.act(lambda: self.tool.release(pointer))
        start, picture = self._start, self.bench.picture
        self._start = None
        if start is None or picture is None:
            return
        x, y = start.pixel
        colours = picture.photo.astype(int)
        alike = (abs(colours - colours[y, x]) <= self._tolerance).all(axis=2)
        class_id = self.class_for(start.button)
        text = f"Wand with {class_name(class_id)}" if class_id else "Erase with the wand"
        self.bench.expect(text, [(connected(alike, (x, y)), value_of(class_id))])

    def cancel(self) -> None:
        before = self.tool.value("tolerance") if self._start is None else self._before
        self.tool.cancel()
        assert self.tool.value("tolerance") == before
        self.left_alone()

    def left_alone(self) -> None:
        self._start = None


class SuperpixelsDriver(Driver):
    """Superpixels that have arrived are painted at once, the others as soon as they arrive."""

    id = "superpixels"
    numbers: ClassVar = {"size": (16, 40), "compactness": (10,)}

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._known: SuperpixelTiles | None = None
        self._of: object = None
        self._stroke: Stroke | None = None
        self._waiting: list[tuple[Pixel, int]] = []
        self._held = False
        self._last: Pixel | None = None
        self._value = 0

    def press(self, pointer: Pointer) -> None:
        self.tool.press(pointer)
        waiting, self._waiting = self._waiting if self._open else [], []  # it goes on with this stroke
        class_id = self.class_for(pointer.button)
        text = f"Superpixels with {class_name(class_id)}" if class_id else "Erase superpixels"
        self._value, self._stroke = value_of(class_id), self.editor.begin(text)
        if self._stroke is not None:
            self._stroke.rest = self._rest
        self._waiting, self._held, self._last = waiting, True, None
        self._pass(pointer)

    def move(self, pointer: Pointer) -> None:
        self.tool.move(pointer)
        self._pass(pointer)

    def release(self, pointer: Pointer) -> None:
        self.tool.release(pointer)
        self._held = False
        self._follow()

    def leave(self) -> None:
        self.tool.leave()
        self._follow()

    def cancel(self) -> None:
        self.tool.cancel()
        self.left_alone()

    def left_alone(self) -> None:
        if self._open:
            self.editor.cancel()
        self._held, self._stroke = False, None
        self._waiting.clear()
        picture = self.editor.picture
        if picture is None or not picture.has_photo or pyramid(picture.path) is not self._of:
            self._known = self._of = None

    def options_changed(self) -> None:
        self._follow()

    def delivered(self, labels: object) -> None:
        """A tile that this tool asked for has arrived."""
        assert self._known is not None
        assert isinstance(labels, np.ndarray)
        self._known.add(self.bench.once.tile_of(labels), labels)
        self._follow()

    @property
    def _open(self) -> bool:
        return self._stroke is not None and self._stroke is self.editor.stroke

    def _rest(self) -> Callable[[], list[Paint]] | None:
        """Something else ends the stroke: what waits is painted all the same."""
        tiles, stroke, waiting = self._known, self._stroke, self._waiting
        if tiles is None or stroke is None or not waiting:
            return None
        self._stroke, self._waiting = None, []
        return lambda: [(stroke.picture.whole(*sure(tiles, pixel)), value) for pixel, value in waiting]

    def _tiles(self) -> SuperpixelTiles | None:
        picture = self.bench.picture
        if picture is None or not picture.has_photo:
            return None
        photo, size, compactness = pyramid(picture.path), self.tool.value("size"), self.tool.value("compactness")
        known = self._known
        if known is None or self._of is not photo or (known.size, known.compactness) != (size, compactness):
            self._of, self._known = photo, SuperpixelTiles(photo, size, compactness=compactness)
        return self._known

    def _pass(self, pointer: Pointer) -> None:
        """The stroke goes on in a straight line, by steps of a sixteenth of a superpixel."""
        tiles, (x, y) = self._tiles(), pointer.pixel
        if tiles is not None and self._held and self._open and self._stroke is not None:
            x0, y0 = self._last or (x, y)
            count = max(1, math.ceil(max(abs(x - x0), abs(y - y0)) / max(tiles.grain, tiles.size // 16)))
            for step in range(count + 1):
                pixel = x0 + round((x - x0) * step / count), y0 + round((y - y0) * step / count)
                if self._stroke.picture.holds(pixel):
                    self._waiting.append((pixel, self._value))
            self._last = (x, y)
        self._follow()

    def _follow(self) -> None:
        tiles = self._tiles()
        if not self._open or self._stroke is None:
            self._waiting.clear()
            return
        if tiles is None:  # nothing to follow without a photo
            if not self._held:
                self.editor.end()
            return
        later, regions = [], dict[Pixel, Bool]()
        for pixel, value in self._waiting:
            if not any(mask[pixel[1], pixel[0]] for mask in regions.values()):
                region = tiles.region(*pixel)
                if region is None:
                    later.append((pixel, value))
                    continue
                regions[pixel] = self._stroke.picture.whole(*region)
            mask = next(mask for mask in regions.values() if mask[pixel[1], pixel[0]])
            self.editor.paint(self._stroke, mask, value)
        self._waiting = later
        if not self._held and not later:
            self.editor.end()


class CleanupDriver(LineDriver):
    id = "cleanup"
    numbers: ClassVar = {"size": (2, 40, 900), "radius": (1, 4)}

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._inside: Bool | None = None

    def click(self, start: Pointer) -> None:
        self._inside = None

    def area(self, inside: Bool, start: Pointer) -> None:
        self._inside = inside

    def left_alone(self) -> None:
        super().left_alone()
        self._inside = None

    def accept(self) -> None:
        picture, inside, pending = self.bench.picture, self._inside, self.tool.pending()
        told, looking = self.tool.note(), (self.id, "look") in self.bench.lane.jobs
        if looking:  # nobody does what nobody has seen
            self.tool.accept()
            assert self.tool.pending()
            return
        self.bench.act(self.tool.accept)
        self._inside = None
        if picture is None or not pending:
            return
        paint = [self._paint(part) for part in self._parts(inside)]
        after = self.editor.painted(picture, paint)
        labels = self.editor.label_table(picture)[np.where(after > 0, after, picture.network)]
        changes = int(np.count_nonzero(labels != self.editor.labels(picture)))
        assert f"Changes {changes:,} pixel".replace(",", " ") in told if changes else "Nothing to change" in told
        name = class_name(self.editor_class)
        texts = {"gaps": "Fill gaps", "specks": "Remove specks", "smooth": "Smooth boundaries"}
        self.bench.expect(texts.get(self.tool.value("what"), f"Fill holes of {name}"), paint)

    def _parts(self, inside: Bool | None) -> list[Part]:
        picture = self.bench.picture
        assert picture is not None
        reader = PlainLabels(self.editor.labels(picture))
        area = None if inside is None else area_of(inside)
        size, current = self.tool.value("size"), self.editor_class
        classes = (current,) if self.tool.value("classes") == "current" else None
        match self.tool.value("what"):
            case "gaps":
                return list(cleanup.fill_gaps(reader, area=area))
            case "specks":
                return list(cleanup.remove_specks(reader, size=size, sizes=self._sizes(), classes=classes, area=area))
            case "holes":
                return list(cleanup.fill_holes(reader, class_id=current, size=size, area=area))
            case _:
                return list(cleanup.smooth(reader, radius=self.tool.value("radius"), area=area))

    def _sizes(self) -> dict[int, int]:
        """Of specks of classes that have their own."""
        sizes = {class_id: self.bench.session.tool_value(f"{self.id}.size.{class_id}") for class_id in (0, *CLASSES)}
        return {class_id: size for class_id, size in sizes.items() if isinstance(size, int) and size}

    def _paint(self, part: Part) -> Paint:
        return paint_of(part, self.bench.picture.shape) if self.bench.picture is not None else (part.mask, 0)


class RefineDriver(LineDriver):
    id = "refine"
    numbers: ClassVar = {"band": (2, 8)}

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._inside: Bool | None = None

    def area(self, inside: Bool, start: Pointer) -> None:
        self._inside = inside

    def left_alone(self) -> None:
        super().left_alone()
        self._inside = None

    def accept(self) -> None:
        looking, pending = (self.id, "look") in self.bench.lane.jobs, self.tool.pending()
        self.bench.act(self.tool.accept)
        picture, inside = self.bench.picture, self._inside
        assert self.tool.pending() == (pending and looking)
        if looking or not pending or picture is None or inside is None:
            return
        self._inside = None
        reader = PlainLabels(self.editor.labels(picture))
        try:
            parts = list(refine_edges(picture.photo, reader, area_of(inside), band=self.tool.value("band")))
        except RefineError:
            parts = []
        self.bench.expect("Refine edges", [paint_of(part, picture.shape) for part in parts])


class AskDriver(Driver):
    id = "ask"
    numbers: ClassVar = {"extent": (5, 35, 50, 80, 95)}

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._question: tuple[Pointer, Prediction, tuple[Candidate, ...]] | None = None
        self._active = 0

    def press(self, pointer: Pointer) -> None:
        asked = self._asked()
        if asked is not None and pointer.button is Button.RIGHT:
            self._accept(lambda: self.tool.press(pointer))
            return
        self.tool.press(pointer)
        if asked is not None and math.dist((asked[0].x, asked[0].y), (pointer.x, pointer.y)) <= pointer.reach / 2:
            self._active = (self._active + 1) % len(asked[2])
        else:
            self._ask(pointer)

    def move(self, pointer: Pointer) -> None:
        self.tool.move(pointer)
        asked = self._asked()
        if asked is None or pointer.button is not Button.LEFT:
            return
        if math.dist((asked[0].x, asked[0].y), (pointer.x, pointer.y)) > pointer.reach / 2:
            self._ask(pointer)

    def cancel(self) -> None:
        self.tool.cancel()
        self.left_alone()

    def left_alone(self) -> None:
        self._question = None

    def back(self) -> bool:
        self._question = None
        return self.tool.back()

    def next_best(self, step: int) -> bool:
        asked = self._asked()
        if asked is not None:
            self._active = (self._active + step) % len(asked[2])
        assert self.tool.next_best(step) == (asked is not None)
        return asked is not None

    def accept(self) -> None:
        self._accept(self.tool.accept)

    def _accept(self, deed: Callable[[], object]) -> None:
        asked, picture, active = self._asked(), self.bench.picture, self._active
        level = 1 - self.tool.value("extent") / 100  # of this question
        self.bench.act(deed)
        if asked is None or picture is None:
            return
        candidate = asked[2][active]
        box, mask = soft_mask(asked[1], candidate.query, level)
        if box.empty:
            return
        self._question = None
        class_id = candidate.class_id if self.tool.value("take") == "own" else self.editor_class
        own, name = class_name(candidate.class_id), class_name(class_id)
        text = f"Take {own}" if class_id == candidate.class_id else f"Take {own} as {name}"
        self.bench.expect(text, [(picture.whole(box, mask), value_of(class_id))])

    def _asked(self) -> tuple[Pointer, Prediction, tuple[Candidate, ...]] | None:
        picture, question = self.bench.picture, self._question
        return question if picture is not None and question and picture.prediction is question[1] else None

    def _ask(self, pointer: Pointer) -> None:
        picture = self.bench.picture
        if picture is not None and picture.holds(pointer.pixel) and picture.prediction is not None:
            self._question = (pointer, picture.prediction, ranked_queries(picture.prediction, *pointer.pixel))
            self._active = 0


class CopyDriver(LineDriver):
    id = "copy"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._offered: tuple[U8, Bool] | None = None  # what the previous picture held, and where it is wanted

    def click(self, start: Pointer) -> None:
        self._offer(None)

    def area(self, inside: Bool, start: Pointer) -> None:
        self._offer(inside)

    def left_alone(self) -> None:
        super().left_alone()
        self._offered = None

    def accept(self) -> None:
        offered, pending, path = self._offered, self.tool.pending(), self.bench.previous_path()
        self.bench.act(self.tool.accept)
        self._offered = None
        if offered is not None and pending and path is not None:
            source, inside = offered
            mask = inside if self.tool.value("rest") == "clear" else inside & (source > 0)
            self.bench.expect(f"Copy from {path.name}", [(mask, source)])

    def _offer(self, inside: Bool | None) -> None:
        path, picture = self.bench.previous_path(), self.bench.picture
        previous = None if path is None else self.editor.pictures.get(path)
        self._offered = None
        if picture is None or previous is None or not previous.human.any() or previous.shape != picture.shape:
            return
        self._offered = previous.human.copy(), np.ones(picture.shape, np.bool_) if inside is None else inside
