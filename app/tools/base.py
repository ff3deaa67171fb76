"""What every tool is: a small state machine of press, moves and release that sees the document through the session.

Tools know no widgets and no screen: positions are image pixels, sizes are image pixels.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import TYPE_CHECKING, Any, ClassVar

from app.core.arrays import U8, Bool
from app.core.geometry import Box, Point
from app.tools.options import Number, Option
from resources.classes import ade_class

if TYPE_CHECKING:
    from app.editing.session import Session
    from app.settings import Value


class Button(Enum):
    """The mouse buttons that tools see; the middle one always pans."""

    LEFT = "left"
    RIGHT = "right"


class Modifier(Flag):
    """The keys held during a pointer event."""

    NONE = 0
    SHIFT = auto()
    CTRL = auto()
    ALT = auto()


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is, in image pixels (possibly outside the picture), and what is held down."""

    x: float
    y: float
    button: Button | None = None
    modifiers: Modifier = Modifier.NONE
    reach: float = 1.0  # image pixels: how far a click may be off what it means

    @property
    def pixel(self) -> tuple[int, int]:
        """The pixel (x, y) under the pointer."""
        return math.floor(self.x), math.floor(self.y)


@dataclass(frozen=True, slots=True)
class Outline:
    """What is drawn at the pointer: a brush of `diameter` image pixels, and a guide line from `anchor` if any."""

    diameter: float
    anchor: Point | None = None
    square: bool = False


@dataclass(frozen=True, slots=True)
class Sketch:
    """A line over the picture while something is being drawn: `points` in image pixels."""

    points: tuple[Point, ...]
    closed: bool = False
    handles: bool = False  # the points can be taken with the pointer
    active: int | None = None  # the handle under the pointer
    tail: Point | None = None  # where the next point would be


class Shows(Enum):
    """What a preview is looked at for."""

    AREA = "area"  # how far something reaches: its outline counts
    CHANGES = "changes"  # pixels here and there: each of them has to be seen


@dataclass(frozen=True, eq=False, slots=True)
class Preview:
    """What a tool would paint, shown over the labels until it is accepted.

    `mask` (h, w) bool is stretched over `box` (image pixels): it may be coarser than the picture. `value` is what
    would be written: a human-layer value, or (h, w) of them. `opacity` of its colours, 0..1: low where one looks at the
    photo to see whether the mask is right. Changes are only those that the rule allows; of an area that is left out
    where it is drawn.
    """

    box: Box
    mask: Bool
    value: int | U8
    opacity: float = 0.75
    shows: Shows = Shows.AREA


@dataclass(frozen=True, slots=True)
class Choices:
    """Answers to go through, shown beside the picture: class id and figures 0..1 of each, under `heads`."""

    title: str
    rows: tuple[tuple[int, *tuple[float, ...]], ...]
    active: int  # of the rows; -1 for none of them
    heads: tuple[str, ...] = ("",)
    tip: str = ""  # what the figures mean


@dataclass(frozen=True, slots=True)
class Look:
    """Another view of the picture that a tool asks for: a box to fill it, or closer (further) by `factor` at `at`."""

    box: Box | None = None
    factor: float = 1.0
    at: Point = (0.0, 0.0)


class Cursor(Enum):
    """The pointer that goes with a tool."""

    PAINT = "paint"  # the outline says it all
    POINT = "point"  # one exact pixel counts
    PICK = "pick"
    HAND = "hand"
    ZOOM = "zoom"


class Tool(ABC):
    """One tool. The canvas calls `press`, then `move` for every position, then `release` or `cancel`.

    `move` also comes between gestures, then with no button. `cancel` puts back what the gesture in hand did, if any.
    A tool that shows something to be accepted is `pending`: Return accepts, Esc cancels. It says `show()` whenever
    what it shows has changed.
    """

    id: ClassVar[str]
    hint: ClassVar[str]  # what mouse and keys do with it, in one line
    options: ClassVar[tuple[Option, ...]] = ()
    cursor: ClassVar[Cursor] = Cursor.POINT
    sized: ClassVar[bool] = False  # it has the session's brush size
    pans: ClassVar[bool] = False  # dragging moves the picture instead

    def __init__(self, session: Session) -> None:
        self.session = session

    @abstractmethod
    def press(self, pointer: Pointer) -> None: ...

    def drags(self) -> bool:
        """Whether moving the pointer before it is let go means something, after the press that was just made."""
        return False

    def skips(self) -> bool:
        """Whether at the moment only the newest position counts, so that others before it may be left out."""
        return False

    def move(self, pointer: Pointer) -> None:
        return

    def release(self, pointer: Pointer) -> None:
        return

    def cancel(self) -> None:
        return

    def put_away(self) -> None:
        """Another tool is taken in hand. What still is pending after this waits until this one is taken again."""
        if self.pending():
            self.cancel()

    def forget(self) -> None:
        """Another picture is shown: what the tool remembers belongs to the last one."""
        self.cancel()

    def leave(self) -> None:
        """The pointer is no longer over the picture's view."""
        return

    def changed(self) -> None:
        """The labels of the picture, the current class or the rule are others now, by whatever means."""
        return

    # --- what waits to be accepted ---------------------------------------------------------------------------------

    def pending(self) -> bool:
        """Whether something waits to be accepted or cancelled."""
        return False

    def acceptable(self) -> bool:
        """Whether accepting would change something, as far as is known; what is still looked for is not."""
        return self.pending()

    def accept(self) -> None:
        """Make what is pending a correction."""
        return

    def back(self) -> bool:
        """Take the last step of what is pending back (a point of a polygon); False when there is none."""
        return False

    def again(self) -> bool:
        """Bring back what `back` took last; False when there is nothing."""
        return False

    def has_again(self) -> bool:
        """Whether `again` would bring something back."""
        return False

    def next_best(self, step: int) -> bool:
        """Go on to the next answer (+1) or back (-1); False when this tool offers none at the moment."""
        return False

    def wheel(self, notches: int) -> bool:
        """The wheel was turned with Ctrl held; False when the tool has no use for it."""
        return self.adjust(notches)

    def adjust(self, steps: int) -> bool:
        """Make the tool's main number larger (+) or smaller (-); False when it has none."""
        return False

    # --- what is shown ---------------------------------------------------------------------------------------------

    def outline(self) -> Outline | None:
        """What the canvas draws at the pointer."""
        return None

    def sketch(self) -> Sketch | None:
        """The line being drawn."""
        return None

    def preview(self) -> Preview | None:
        """What would be painted."""
        return None

    def choices(self) -> Choices | None:
        """The answers one can go through."""
        return None

    def note(self) -> str:
        """What is worth saying of the state the tool is in, in the row above the picture; empty for its usual hint."""
        return ""

    def look(self) -> Look | None:
        """The view that the gesture which just ended asked for."""
        return None

    def show(self) -> None:
        """Say that sketch, preview, choices or note are different now."""
        self.session.tool_changed.emit()

    # --- options ---------------------------------------------------------------------------------------------------

    def value(self, key: str) -> Any:
        """The option `key` of this tool as it is set, or its default, which may go by the picture on screen."""
        option = next(option for option in self.options if option.key == key)
        value = self.session.tool_value(f"{self.id}.{key}")
        if option.accepts(value):
            return value
        document = self.session.document
        if not isinstance(option, Number) or document is None or document.photo is None:
            return option.default
        height, width = document.photo.shape[:2]
        return option.default_in(height * width)

    def set_value(self, key: str, value: Value) -> None:
        """Set an option; a number is kept within its limits."""
        option = next(option for option in self.options if option.key == key)
        if isinstance(option, Number) and isinstance(value, int | float):
            value = min(max(value, option.low), option.high)
            value = round(value) if not option.decimals else round(value, option.decimals)
        self.session.set_tool_value(f"{self.id}.{key}", value)

    def value_changed(self, key: str) -> None:
        """An option was set, by whomever."""
        return


BY_KEYS = "by keys: Ctrl + Return holds the button down"


def class_name(class_id: int) -> str:
    """The class as a person calls it; 0 is unlabelled."""
    return ade_class(class_id).name if class_id else "unlabelled"
