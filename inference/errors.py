"""Errors that people are expected to meet: each says one plain sentence and leaves everything as it was."""

from __future__ import annotations


class ExpectedError(Exception):
    """`str(error)` is one plain sentence for people; nothing was changed."""


class PhotoError(ExpectedError):
    """A picture that cannot be read."""


class WeightsError(ExpectedError):
    """Weights that cannot be found, read or used."""


class UnknownModelError(WeightsError):
    """Neither a model that is known by this name nor a file: whoever asked meant something else."""


class EngineError(ExpectedError):
    """An engine or a device that cannot do the work.

    `fix` says what a person can do about it, where that is known. What is `lasting` will be refused again until
    something on the machine changes.
    """

    def __init__(self, sentence: str, *, fix: str = "", lasting: bool = True) -> None:
        super().__init__(sentence)
        self.fix = fix
        self.lasting = lasting


class Cancelled(Exception):
    """Nobody waits for the result any more. No error: nothing is said about it."""


def first_line(error: BaseException) -> str:
    """The first line of what a library says, as a sentence; its kind where it says nothing."""
    line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return line if line.endswith(".") else f"{line}."
