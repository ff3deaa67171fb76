"""Errors of the core that people are expected to meet: one plain sentence each, and nothing was changed."""

from __future__ import annotations

from pathlib import Path

from inference.errors import ExpectedError


class PatchError(ExpectedError, ValueError):
    """A stored patch that is damaged, or that belongs to another picture."""


class ExportError(ExpectedError):
    """A file that cannot be written."""


class LabelsError(ExpectedError):
    """A file that does not hold ADE labels."""


class ProjectError(ExpectedError):
    """A project's file that cannot be used, read or written.

    `may_pass`: trying again later may help (the disk is full, another window writes, the folder is gone for now).
    """

    def __init__(self, sentence: str, *, may_pass: bool = False) -> None:
        super().__init__(sentence)
        self.may_pass = may_pass


class DamagedProjectError(ProjectError):
    """A project whose file is damaged: what can be read of it may be rescued."""

    def __init__(self, sentence: str, *, file: Path) -> None:
        super().__init__(sentence)
        self.file = file


class HistoryError(ProjectError, ValueError):
    """A step that does not follow what a project keeps of a picture: all of its history has to be written anew."""
