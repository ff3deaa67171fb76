"""What a file that may hold labels turns out to be, in words, and what can be made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from app.core.import_labels.frames import PhotoFrame
from resources.classes import ade_class

IGNORE = 255  # what files that mark pixels to leave out have there


class Kind(Enum):
    """What is to be said of a file. The first needs no conversion, the next ones allow one, the last ones do not."""

    ADE = "labels as ADE20K stores them"

    PALETTE = "palette"
    COLOUR = "colours of ADE20K"
    THREE_CHANNELS = "three equal channels"
    SIXTEEN_BIT = "16 bits"
    ALPHA = "alpha channel"
    ZERO_BASED = "classes from 0, 255 for pixels to ignore"
    IGNORED = "255 for pixels to ignore"
    UNSURE_NUMBERS = "classes from 0 or from 1"
    TURNED = "as the photo lies in its file"
    UNSURE_TURN = "as the photo lies in its file, or as it is shown"
    SCALED = "the photo's proportions, but not its size"

    WRONG_SIZE = "another size"
    OVER_150 = "values over 150"
    MASK = "a mask"
    FEW_BITS = "2 or 4 bits"
    SEE_THROUGH = "partly transparent"
    OTHER_COLOURS = "colours that are not ADE20K's"
    FULL_ADE = "the full ADE20K"
    NOT_PNG = "a picture of another kind"
    NOT_A_PICTURE = "no picture"
    DAMAGED = "damaged"
    UNREADABLE = "cannot be read"


class Reading(Enum):
    """What in a file stands for the label of a pixel."""

    VALUES = "values"  # the only number that a pixel has
    INDICES = "indices"  # of a palette, whatever its colours
    GREYS = "greys"  # of a palette, or of three equal channels
    COLOURS = "colours"  # the usual ones of ADE20K


class Numbers(Enum):
    """How the numbers in a file stand for labels."""

    ADE = "ade"  # 0 unlabelled, classes from 1
    IGNORED = "ignored"  # the same, with 255 for pixels to ignore
    ZERO_BASED = "zero-based"  # classes from 0, 255 for pixels to ignore


@dataclass(frozen=True, slots=True)
class Conversion:
    """One way to make labels of a file."""

    reading: Reading = Reading.VALUES
    numbers: Numbers = Numbers.ADE
    shared: int = 0  # the class meant by a colour that two classes share, where the file has such a colour
    turn: bool = False  # turn it as the photo's EXIF data turns the photo


PHRASES = {
    Kind.COLOUR: "shows labels in the colours of ADE20K",
    Kind.THREE_CHANNELS: "stores each label in three equal channels",
    Kind.SIXTEEN_BIT: "has 16 bits per pixel",
    Kind.ALPHA: "has an alpha channel",
    Kind.ZERO_BASED: "seems to count classes from 0, with 255 for pixels to ignore",
    Kind.IGNORED: "has 255 for pixels to ignore",
    Kind.UNSURE_NUMBERS: "may count classes from 0 or from 1, to judge by the files beside it",
    Kind.TURNED: "lies as the photo lies in its file, not as it is shown",
    Kind.UNSURE_TURN: "may lie as the photo is shown or as it lies in its file",
}
"""What a file does, in a sentence that begins with its name, for kinds where that is the same for all files."""


@dataclass(frozen=True)
class Finding:
    """What `inspect` found in a file."""

    file: Path
    kinds: tuple[Kind, ...]  # all that is to be said; at least one
    shape: tuple[int, int] | None = None  # (H, W) of the file
    frame: PhotoFrame | None = None  # the photo's, where one was given
    numbers: frozenset[int] = frozenset()  # that occur in the file, by the likeliest reading
    choices: tuple[Conversion, ...] = ()  # what can be made of it, the likeliest first
    sure: bool = False  # whether it is beyond doubt if its classes count from 0 or from 1
    problem: str = ""  # why nothing can be made of it: what follows the file's name in `sentence`

    @property
    def kind(self) -> Kind:
        """The first thing to be said."""
        return self.kinds[0]

    @property
    def ready(self) -> bool:
        """Whether it holds labels as they are, so that nothing has to be decided."""
        return self.kind is Kind.ADE

    @property
    def convertible(self) -> bool:
        """Whether labels can be made of it on request, in one of the ways `choices`."""
        return not self.ready and bool(self.choices)

    @property
    def sentence(self) -> str:
        """What the file is, in one sentence."""
        if self.problem:
            return f"{self.file.name} {self.problem}."
        if self.ready:
            return f"{self.file.name} holds ADE labels."
        phrases = [self._phrase(kind) for kind in self.kinds]
        if shared := sorted({choice.shared for choice in self.choices} - {0}):
            phrases.append(f"has the colour that {_listed([ade_class(twin).name for twin in shared])} share")
        return f"{self.file.name} {_listed(phrases)}."

    def offer(self, choice: Conversion) -> str:
        """What the conversion `choice` does, in one sentence."""
        steps = []
        if choice.reading is not Reading.VALUES:
            steps.append(f"takes its {choice.reading.value} for labels")
        if choice.shared:
            steps.append(f"takes their shared colour for {ade_class(choice.shared).name}")
        if Kind.SIXTEEN_BIT in self.kinds:
            steps.append("keeps 8 bits")
        if Kind.ALPHA in self.kinds:
            steps.append("drops the alpha channel")
        match choice.numbers:
            case Numbers.ZERO_BASED:
                steps.append("adds 1 to each class")
            case Numbers.IGNORED:
                steps.append("keeps each class")
            case Numbers.ADE if Kind.UNSURE_NUMBERS in self.kinds:
                steps.append("keeps each class as it is")
            case Numbers.ADE:
                pass
        if choice.numbers is not Numbers.ADE and IGNORE in self.numbers:
            steps.append("makes 255 unlabelled")
        if choice.turn:
            steps.append("turns it as the photo is turned")
        elif Kind.UNSURE_TURN in self.kinds:
            steps.append("leaves it as it lies")
        if Kind.SCALED in self.kinds and self.frame is not None:
            steps.append(f"brings it to {_size(self.frame.shape)} with hard edges")
        return f"Conversion {_listed(steps)}."

    def _phrase(self, kind: Kind) -> str:
        if kind is Kind.PALETTE:
            return f"is a palette picture whose {self.choices[0].reading.value} look like labels"
        if kind is Kind.SCALED and self.shape is not None and self.frame is not None:
            return f"has {_size(self.shape)} where the photo has {_size(self.frame.shape)}"
        return PHRASES[kind]


def size_problem(shape: tuple[int, int], photo: tuple[int, int]) -> str:
    """Why labels of `shape` (H, W) fit no photo of another shape: the end of a sentence."""
    return f"has {_size(shape)} where the photo has {_size(photo)}, and other proportions"


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"


def _listed(phrases: Sequence[str]) -> str:
    return " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
