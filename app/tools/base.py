"""What every tool is: a small state machine of press, moves and release that sees the document through the session.

Tools know no widgets and no screen: positions are image pixels, sizes are image pixels.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import TYPE_CHECKING, ClassVar

from resources.classes import ade_class

if TYPE_CHECKING:
    from app.session import Session


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

    @property
    def pixel(self) -> tuple[int, int]:
        """The pixel (x, y) under the pointer."""
        return math.floor(self.x), math.floor(self.y)


@dataclass(frozen=True, slots=True)
class Outline:
    """What is drawn at the pointer: a brush of `diameter` image pixels, and a guide line from `anchor` if any."""

    diameter: float
    anchor: tuple[float, float] | None = None


class Cursor(Enum):
    """The pointer that goes with a tool."""

    PAINT = "paint"  # the outline says it all
    POINT = "point"  # one exact pixel counts
    PICK = "pick"
    HAND = "hand"


class Tool(ABC):
    """One tool. The canvas calls `press`, then `move` for every position, then `release` or `cancel`.

    `move` also comes between gestures, then with no button. `cancel` puts back what the gesture in hand did, if any.
    """

    id: ClassVar[str]
    cursor: ClassVar[Cursor] = Cursor.POINT
    sized: ClassVar[bool] = False  # it has the session's brush size
    pans: ClassVar[bool] = False  # dragging moves the picture instead

    def __init__(self, session: Session) -> None:
        self.session = session

    @abstractmethod
    def press(self, pointer: Pointer) -> None: ...

    def move(self, pointer: Pointer) -> None:
        return

    def release(self, pointer: Pointer) -> None:
        return

    def cancel(self) -> None:
        return

    def outline(self) -> Outline | None:
        """What the canvas draws at the pointer."""
        return None


def class_name(class_id: int) -> str:
    """The class as a person calls it; 0 is unlabelled."""
    return ade_class(class_id).name if class_id else "unlabelled"
