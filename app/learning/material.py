"""What there is to learn from, and what to know of it before one begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.run_progress import pictures
from app.learning.texts import pixels_text, rounded
from inference.learning.job import MINIMUM_PICTURES, Job
from inference.learning.pictures import held_back_of
from inference.learning.settings import Untouched

_FEW = 12  # pictures: of fewer, what they have in common is chance
_NOTHING_NEW = "Nothing was corrected in them, so there is hardly anything new to learn."
_TOO_FEW = "So few may do harm where they have little in common. A dozen is better, some dozens are good."


@dataclass(frozen=True)
class Material:
    """What there is to learn from."""

    done: int = 0  # pictures marked done
    names: Sequence[str] = ()  # of those that can be learned from
    decided: int = 0  # pixels of them that a person decided, an estimate; 0 where not all of them are counted
    refused: tuple[tuple[str, str], ...] = ()  # the others, and why
    corrected: bool = True  # whether anything was corrected in them


def there_text(material: Material) -> str:
    """How much there is."""
    text = f"{pictures(material.done)} marked done" if material.done else "No picture is marked done"
    if material.refused:
        text += f", of which {len(material.refused):,} cannot be used"
    if material.names and material.decided:
        them = "it" if len(material.names) == 1 else "them"
        text += f"; about {pixels_text(rounded(material.decided))} of {them} are yours"
    return f"{text}."


def advice_on(material: Material, *, held_back: float, parent: str, knows: Callable[[str], bool]) -> str:
    """What speaks against learning from it now, although one may; empty where nothing does.

    `held_back`: share 0..1 of the pictures. `knows`: whether the model called `parent` has learned from a picture.
    """
    if len(material.names) < MINIMUM_PICTURES:
        return ""
    if not material.corrected:
        return _NOTHING_NEW
    known = [knows(name) for name in material.names]
    sides = held_back_of(material.names, held_back, known=known)
    if all(taught for taught, out in zip(known, sides, strict=True) if not out):
        return f"{parent} has learned from all of them that are not held back. More that are done teach it more."
    return _TOO_FEW if len(material.names) < _FEW else ""


def without_lesson(job: Job) -> list[tuple[str, str]]:
    """Pictures to learn from of which no pixel counts, and why."""
    sure = "" if job.settings.untouched is Untouched.IGNORE else ", and the network was sure of none"
    return [
        (picture.name, f"{picture.name} teaches nothing: nobody decided a pixel of it{sure}.")
        for picture in job.pictures
        if not picture.held_back and not picture.decided and not picture.kept
    ]
